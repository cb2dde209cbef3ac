#include "trace_call.h"

#include <errno.h>
#include <limits.h>

enum { DATA_SHOWN = 32, ARGS_MAX = 6 };

/* What an argument is made of. */
enum form {
    NONE, /* no more arguments */
    FD,
    DATA,
    SIZE,
    FIELD,    /* its text or number */
    MAYBE,    /* ... left out if there is none */
    FLAGS,    /* ... 0 if there are none */
    ADDRESS,  /* ... NULL if there is none */
    BRACKETED /* [...] */
};

struct arg {
    enum form form;
    const char *key;
};

enum { NETWORK = 1, WAIT = 2 };

struct call {
    const char *name;
    unsigned traits;
    struct arg arg[ARGS_MAX];
    const char *came; /* the field that tells what came with the result; "size"; or NULL */
};

#define FLAGS_AND_ADDRESS                                                                          \
    {FLAGS, "flags"},                                                                              \
    {                                                                                              \
        MAYBE, "addr"                                                                              \
    }
#define MOVE                                                                                       \
    {                                                                                              \
        {FD, NULL}, {DATA, NULL}, {SIZE, NULL}, FLAGS_AND_ADDRESS                                  \
    }
#define READ                                                                                       \
    {                                                                                              \
        {FD, NULL}, {DATA, NULL},                                                                  \
        {                                                                                          \
            SIZE, NULL                                                                             \
        }                                                                                          \
    }
#define MESSAGES                                                                                   \
    {                                                                                              \
        {FD, NULL}, {DATA, NULL}, {FIELD, "messages"}, FLAGS_AND_ADDRESS                           \
    }
#define OPTION                                                                                     \
    {                                                                                              \
        {FD, NULL}, {FIELD, "level"}, {FIELD, "option"},                                           \
        {                                                                                          \
            BRACKETED, "value"                                                                     \
        }                                                                                          \
    }
#define NAME                                                                                       \
    {                                                                                              \
        {FD, NULL},                                                                                \
        {                                                                                          \
            FIELD, "addr"                                                                          \
        }                                                                                          \
    }
#define POLL                                                                                       \
    {                                                                                              \
        {BRACKETED, "fds"},                                                                        \
        {                                                                                          \
            FIELD, "timeout"                                                                       \
        }                                                                                          \
    }
#define EPOLL                                                                                      \
    {                                                                                              \
        {FD, NULL},                                                                                \
        {                                                                                          \
            FIELD, "timeout"                                                                       \
        }                                                                                          \
    }
#define SOCKET                                                                                     \
    {                                                                                              \
        {FIELD, "family"}, {FIELD, "type"},                                                        \
        {                                                                                          \
            FIELD, "protocol"                                                                      \
        }                                                                                          \
    }

/* clang-format off */
static const struct call calls[] = {
    {"accept",        NETWORK, {{FD, NULL}, {ADDRESS, "addr"}}, NULL},
    {"accept4",       NETWORK, {{FD, NULL}, {ADDRESS, "addr"}, {FLAGS, "flags"}}, NULL},
    {"bind",          NETWORK, NAME, NULL},
    {"close",         0,       {{FD, NULL}}, NULL},
    {"connect",       NETWORK, NAME, NULL},
    {"epoll_create1", 0,       {{FLAGS, "flags"}}, NULL},
    {"epoll_ctl",     0,       {{FD, NULL}, {FIELD, "op"}, {FIELD, "target"}, {FIELD, "events"}}, NULL},
    {"epoll_pwait",   WAIT,    EPOLL, "ready"},
    {"epoll_wait",    WAIT,    EPOLL, "ready"},
    {"fcntl",         0,       {{FD, NULL}, {FIELD, "cmd"}, {MAYBE, "flags"}}, NULL},
    {"getpeername",   NETWORK, NAME, NULL},
    {"getsockname",   NETWORK, NAME, NULL},
    {"getsockopt",    NETWORK, OPTION, NULL},
    {"listen",        NETWORK, {{FD, NULL}, {FIELD, "backlog"}}, NULL},
    {"poll",          WAIT,    POLL, "ready"},
    {"ppoll",         WAIT,    POLL, "ready"},
    {"pselect6",      WAIT,    POLL, "ready"},
    {"read",          0,       READ, NULL},
    {"readv",         0,       READ, NULL},
    {"recv",          NETWORK, MOVE, NULL},
    {"recvfrom",      NETWORK, MOVE, NULL},
    {"recvmmsg",      NETWORK, MESSAGES, "size"},
    {"recvmsg",       NETWORK, MOVE, NULL},
    {"select",        WAIT,    POLL, "ready"},
    {"send",          NETWORK, MOVE, NULL},
    {"sendfile",      NETWORK, {{FIELD, "to"}, {FD, NULL}, {SIZE, NULL}}, NULL},
    {"sendmmsg",      NETWORK, MESSAGES, "size"},
    {"sendmsg",       NETWORK, MOVE, NULL},
    {"sendto",        NETWORK, MOVE, NULL},
    {"setsockopt",    NETWORK, OPTION, NULL},
    {"shutdown",      NETWORK, {{FD, NULL}, {FIELD, "how"}}, NULL},
    {"socket",        NETWORK, SOCKET, NULL},
    {"socketpair",    NETWORK, {{FIELD, "family"}, {FIELD, "type"}, {FIELD, "protocol"}, {BRACKETED, "second"}}, NULL},
    {"splice",        0,       {{FD, NULL}, {FIELD, "to"}, {SIZE, NULL}, {FLAGS, "flags"}}, NULL},
    {"write",         0,       READ, NULL},
    {"writev",        0,       READ, NULL},
};
/* clang-format on */

static const struct call *find(const char *name)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(calls[i].name, name) == 0)
            return &calls[i];
    return NULL;
}

bool trace_call_is_network(const char *name)
{
    const struct call *call = find(name);
    return call && call->traits & NETWORK;
}

bool trace_call_is_wait(const char *name)
{
    const struct call *call = find(name);
    return call && call->traits & WAIT;
}

/* ---- Arguments ------------------------------------------------------------------------------- */

/* One byte of data; what follows it tells how much of an octal number must be written. */
static void put_byte(struct out *o, unsigned char c, bool digit_follows)
{
    static const char letters[] = "\tt\nn\vv\ff\rr\"\"\\\\";
    const char *letter = c ? memchr(letters, c, sizeof letters - 1) : NULL;
    if (c >= ' ' && c < 0x7f && c != '"' && c != '\\') {
        out_char(o, (char)c);
        return;
    }
    out_char(o, '\\');
    if (letter) {
        out_char(o, letter[1]);
        return;
    }
    if (c >= 0100 || digit_follows)
        out_char(o, (char)('0' + (c >> 6)));
    if (c >= 010 || digit_follows)
        out_char(o, (char)('0' + (c >> 3 & 7)));
    out_char(o, (char)('0' + (c & 7)));
}

static void put_data(struct out *o, const struct fsock_mark *m)
{
    const unsigned char *p = m->data;
    size_t shown = m->data_len < DATA_SHOWN ? m->data_len : DATA_SHOWN;
    bool more = m->data_len > shown || (m->result > 0 && (uint64_t)m->result > shown);
    if (!m->data && m->result != 0) {
        out_str(o, "...");
        return;
    }
    out_char(o, '"');
    for (size_t i = 0; i < shown; i++)
        put_byte(o, p[i], i + 1 < shown && p[i + 1] >= '0' && p[i + 1] <= '7');
    out_str(o, more ? "\"..." : "\"");
}

static void put_value(struct out *o, const struct fsock_field *field)
{
    if (field->text)
        out_text(o, fsk_span_str(field->text));
    else
        out_i64(o, field->number);
}

/* An option's value: of SO_ERROR the error's name. */
static void put_bracketed(struct out *o, const struct fsock_mark *m,
                          const struct fsock_field *field)
{
    const struct fsock_field *option = fsock_mark_field(m, "option");
    bool is_error = option && option->text && strcmp(option->text, "SO_ERROR") == 0;
    const char *name = is_error && !field->text && field->number > 0 && field->number < INT_MAX
                           ? strerrorname_np((int)field->number)
                           : NULL;
    out_char(o, '[');
    if (name)
        out_str(o, name);
    else
        put_value(o, field);
    out_char(o, ']');
}

static void put_fd(struct out *o, int fd)
{
    if (fd >= 0)
        out_i64(o, fd);
    else
        out_str(o, "...");
}

static void put_arg(struct out *o, const struct arg *arg, const struct fsock_mark *m)
{
    const struct fsock_field *field = arg->key ? fsock_mark_field(m, arg->key) : NULL;
    if (arg->form == FD)
        put_fd(o, m->fd);
    else if (arg->form == DATA)
        put_data(o, m);
    else if (arg->form == SIZE)
        out_u64(o, m->size);
    else if (!field)
        out_str(o, arg->form == FLAGS ? "0" : arg->form == ADDRESS ? "NULL" : "...");
    else if (arg->form == BRACKETED)
        put_bracketed(o, m, field);
    else
        put_value(o, field);
}

static void put_known(struct out *o, const struct call *call, const struct fsock_mark *m)
{
    for (const struct arg *arg = call->arg; arg < call->arg + ARGS_MAX && arg->form; arg++) {
        if (arg->form == MAYBE && !fsock_mark_field(m, arg->key))
            continue;
        out_str(o, arg > call->arg ? ", " : "");
        put_arg(o, arg, m);
    }
}

/* All that the mark says. */
static void put_unknown(struct out *o, const struct fsock_mark *m)
{
    const char *comma = "";
    if (m->fd >= 0) {
        out_i64(o, m->fd);
        comma = ", ";
    }
    for (unsigned i = 0; i < m->fields; i++) {
        if (strcmp(m->field[i].key, "pid") == 0)
            continue;
        out_str(o, comma);
        out_text(o, fsk_span_str(m->field[i].key));
        out_char(o, '=');
        put_value(o, &m->field[i]);
        comma = ", ";
    }
    if (m->data) {
        out_str(o, comma);
        put_data(o, m);
        comma = ", ";
    }
    if (m->size) {
        out_str(o, comma);
        out_u64(o, m->size);
    }
}

/* ---- Results --------------------------------------------------------------------------------- */

static void put_errno(struct out *o, int sys_errno)
{
    const char *name = strerrorname_np(sys_errno), *text = strerrordesc_np(sys_errno);
    out_char(o, ' ');
    if (name && text) {
        out_str(o, name);
        out_str(o, " (");
        out_str(o, text);
        out_char(o, ')');
    } else {
        out_str(o, "errno ");
        out_i64(o, sys_errno);
    }
}

static void put_came(struct out *o, const char *key, const struct fsock_mark *m)
{
    const struct fsock_field *field = fsock_mark_field(m, key);
    if (strcmp(key, "size") == 0) {
        out_str(o, " [");
        out_u64(o, m->size);
        out_str(o, " bytes]");
    } else if (field && field->text && *field->text) {
        out_str(o, " [");
        put_value(o, field);
        out_char(o, ']');
    }
}

void trace_call_put(struct out *o, const struct fsock_mark *m)
{
    const struct call *call = find(m->call);
    out_begin(o);
    out_text(o, fsk_span_str(m->call));
    out_char(o, '(');
    if (call)
        put_known(o, call, m);
    else
        put_unknown(o, m);
    out_str(o, ") = ");
    out_i64(o, m->result);
    if (m->sys_errno)
        put_errno(o, m->sys_errno);
    if (call && call->came && m->result > 0)
        put_came(o, call->came, m);
    if (m->took) {
        out_str(o, " <");
        out_seconds(o, m->took);
        out_char(o, '>');
    }
}
