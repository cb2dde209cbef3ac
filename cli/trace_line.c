#include "trace_line.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include <jansson.h>

#include "trace_event.h"
#include "wire/base64.h"

static const double seconds_max = 9e9; /* of 64 bits of nanoseconds */

void trace_line_init(struct trace_line *l)
{
    *l = (struct trace_line){.json = NULL};
    fsk_buf_init(&l->data, TRACE_LINE_MAX);
}

void trace_line_fini(struct trace_line *l)
{
    json_decref(l->json);
    fsk_buf_fini(&l->data);
    l->json = NULL;
}

static bool bad(struct trace_line *l, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Always false. */
static bool bad(struct trace_line *l, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(l->why, sizeof l->why, format, ap);
    va_end(ap);
    return false;
}

/* ---- Values ---------------------------------------------------------------------------------- */

static bool take_seconds(struct trace_line *l, const char *key, const json_t *value, int64_t *ns)
{
    double seconds = json_is_number(value) ? json_number_value(value) : -1;
    if (!(seconds >= 0 && seconds <= seconds_max))
        return bad(l, "\"%s\" is no number of seconds", key);
    int64_t whole = (int64_t)seconds;
    *ns = whole * FSOCK_SECOND + (int64_t)((seconds - (double)whole) * 1e9 + 0.5);
    return true;
}

static bool take_whole(struct trace_line *l, const char *key, const json_t *value, int64_t min,
                       int64_t max, int64_t *number)
{
    int64_t v = json_is_integer(value) ? json_integer_value(value) : 0;
    if (!json_is_integer(value) || v < min || v > max)
        return bad(l, "\"%s\" is no whole number that makes sense", key);
    *number = v;
    return true;
}

static bool take_count(struct trace_line *l, const char *key, const json_t *value, uint64_t *number)
{
    int64_t v = 0;
    if (!take_whole(l, key, value, 0, INT64_MAX, &v))
        return false;
    *number = (uint64_t)v;
    return true;
}

static bool take_int(struct trace_line *l, const char *key, const json_t *value, int *number)
{
    int64_t v = 0;
    if (!take_whole(l, key, value, 0, INT_MAX, &v))
        return false;
    *number = (int)v;
    return true;
}

/* The number of "ECONNREFUSED"; 0: there is no such error. */
static int errno_by_name(const char *name)
{
    enum { LAST = 200 };
    for (int i = 1; i < LAST; i++) {
        const char *known = strerrorname_np(i);
        if (known && strcmp(known, name) == 0)
            return i;
    }
    return strcmp(name, "EWOULDBLOCK") == 0 ? EAGAIN : strcmp(name, "ENOTSUP") == 0 ? ENOTSUP : 0;
}

static bool take_errno(struct trace_line *l, const char *key, const json_t *value, int *sys_errno)
{
    if (!json_is_string(value))
        return take_int(l, key, value, sys_errno);
    *sys_errno = errno_by_name(json_string_value(value));
    return *sys_errno ? true : bad(l, "\"errno\" is the name of no error");
}

static bool take_data(struct trace_line *l, const json_t *value)
{
    struct fsk_span text = fsk_span(json_string_value(value), json_string_length(value));
    size_t n, at;
    if (!json_is_string(value))
        return bad(l, "\"data\" is no text");
    fsk_buf_clear(&l->data);
    if (fsk_buf_reserve(&l->data, FSK_BASE64_BYTES(text.n)) != FSOCK_OK)
        return bad(l, "out of memory");
    const char *wrong = fsk_base64_decode(text, l->data.mem, &n, &at);
    if (wrong)
        return bad(l, "\"data\" is no Base64: character %zu %s", at + 1, wrong);
    l->mark.data = l->data.mem;
    l->mark.data_len = n;
    return true;
}

static bool take_text(struct trace_line *l, const char *key, const json_t *value, const char **text)
{
    *text = json_string_value(value);
    return *text ? true : bad(l, "\"%s\" is no text", key);
}

/* ---- Marks ----------------------------------------------------------------------------------- */

/* Keys are words; who writes them elsewhere need not escape them. */
static bool is_word(const char *key)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
    size_t n = strspn(key, letters);
    return n && !key[n];
}

static void take_field(struct trace_line *l, const char *key, const json_t *value)
{
    struct fsock_mark *m = &l->mark;
    if (m->fields == TRACE_FIELDS_MAX || !is_word(key))
        return;
    if (json_is_string(value))
        l->field[m->fields++] = (struct fsock_field){key, json_string_value(value), 0};
    else if (json_is_integer(value))
        l->field[m->fields++] = (struct fsock_field){key, NULL, json_integer_value(value)};
}

static bool take_member(struct trace_line *l, const char *key, const json_t *value)
{
    struct fsock_mark *m = &l->mark;
    if (strcmp(key, "event") == 0)
        return true;
    if (strcmp(key, "t") == 0)
        return take_seconds(l, key, value, &m->at);
    if (strcmp(key, "call") == 0)
        return take_text(l, key, value, &m->call);
    if (strcmp(key, "id") == 0)
        return take_count(l, key, value, &m->id);
    if (strcmp(key, "conn") == 0)
        return take_count(l, key, value, &m->connection);
    if (strcmp(key, "fd") == 0)
        return take_int(l, key, value, &m->fd);
    if (strcmp(key, "size") == 0)
        return take_count(l, key, value, &m->size);
    if (strcmp(key, "ret") == 0)
        return take_whole(l, key, value, INT64_MIN, INT64_MAX, &m->result);
    if (strcmp(key, "errno") == 0)
        return take_errno(l, key, value, &m->sys_errno);
    if (strcmp(key, "took") == 0)
        return take_seconds(l, key, value, &m->took);
    if (strcmp(key, "data") == 0)
        return take_data(l, value);
    take_field(l, key, value);
    return true;
}

/* The kind with this name; 0: there is none. */
static enum fsock_mark_kind kind_by_name(const char *name)
{
    for (int kind = FSOCK_MARK_START; kind <= FSOCK_MARK_CALL; kind++)
        if (strcmp(fsock_mark_name((enum fsock_mark_kind)kind), name) == 0)
            return (enum fsock_mark_kind)kind;
    return (enum fsock_mark_kind)0;
}

static enum trace_line_kind take_mark(struct trace_line *l, const char *event)
{
    const char *key;
    json_t *value;
    l->mark = (struct fsock_mark){.kind = kind_by_name(event), .fd = -1, .field = l->field};
    if (!l->mark.kind)
        return TRACE_LINE_OTHER;
    if (!json_object_get(l->json, "t")) {
        bad(l, "it has no \"t\", the time");
        return TRACE_LINE_BAD;
    }
    json_object_foreach(l->json, key, value) if (!take_member(l, key, value)) return TRACE_LINE_BAD;
    if (l->mark.kind != FSOCK_MARK_CALL)
        l->mark.call = NULL;
    else if (!l->mark.call) {
        bad(l, "it has no \"call\", the name of the system call");
        return TRACE_LINE_BAD;
    }
    return TRACE_LINE_MARK;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static bool run_text(struct trace_line *l, const char *key, char *room, size_t size)
{
    const char *text;
    if (!take_text(l, key, json_object_get(l->json, key), &text))
        return false;
    fsk_span_text(fsk_span_str(text), room, size);
    return true;
}

static bool run_args(struct trace_line *l)
{
    const json_t *args = json_object_get(l->json, "args");
    size_t at = 0;
    if (!json_is_array(args))
        return bad(l, "\"args\" is no list");
    for (size_t i = 0; i < json_array_size(args); i++) {
        const char *text;
        if (!take_text(l, "args", json_array_get(args, i), &text))
            return false;
        if (at + 1 < sizeof l->run.args)
            at += (size_t)snprintf(l->run.args + at, sizeof l->run.args - at, "%s%s", i ? " " : "",
                                   text);
    }
    return true;
}

static enum trace_line_kind take_run(struct trace_line *l)
{
    struct trace_run *r = &l->run;
    int64_t schema = 0;
    *r = (struct trace_run){.wall = 0};
    if (!take_whole(l, "schema_version", json_object_get(l->json, "schema_version"), 1, INT64_MAX,
                    &schema))
        return TRACE_LINE_BAD;
    if (schema > TRACE_SCHEMA) {
        bad(l, "the run has schema_version %lld, this is fsock %s, which knows %d",
            (long long)schema, FSOCK_VERSION, TRACE_SCHEMA);
        return TRACE_LINE_NEWER;
    }
    bool good = run_text(l, "run", r->run, sizeof r->run) &&
                take_seconds(l, "time", json_object_get(l->json, "time"), &r->wall) &&
                take_seconds(l, "mono", json_object_get(l->json, "mono"), &r->mono) &&
                run_text(l, "program", r->program, sizeof r->program) &&
                take_whole(l, "pid", json_object_get(l->json, "pid"), 0, INT_MAX, &r->pid) &&
                run_args(l);
    return good ? TRACE_LINE_RUN : TRACE_LINE_BAD;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Whether it has more values than any line needs: each of them takes memory. */
static bool too_many_values(struct fsk_span text)
{
    size_t values = 0;
    bool inside = false; /* of a string */
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == '"')
            inside = !inside;
        else if (c == '\\')
            i += inside;
        else if (!inside)
            values += c == ',' || c == '[' || c == '{';
    }
    return values > TRACE_VALUES_MAX;
}

static bool is_blank(struct fsk_span text)
{
    for (size_t i = 0; i < text.n; i++)
        if (!memchr(" \t\r\n", text.p[i], 4))
            return false;
    return true;
}

static bool load(struct trace_line *l, struct fsk_span text)
{
    json_error_t error;
    if (too_many_values(text))
        return bad(l, "it has more than %d values", TRACE_VALUES_MAX);
    l->json = json_loadb(text.p, text.n, 0, &error);
    if (!l->json)
        return bad(l, "it is no JSON: %s", error.text);
    return json_is_object(l->json) ? true : bad(l, "it is no JSON object");
}

enum trace_line_kind trace_line_parse(struct trace_line *l, struct fsk_span text)
{
    const char *event;
    json_decref(l->json);
    l->json = NULL;
    if (text.n > TRACE_LINE_MAX) {
        bad(l, "it is longer than 16 MiB");
        return TRACE_LINE_BAD;
    }
    if (is_blank(text))
        return TRACE_LINE_OTHER;
    if (!load(l, text) || !take_text(l, "event", json_object_get(l->json, "event"), &event))
        return TRACE_LINE_BAD;
    return strcmp(event, "run") == 0 ? take_run(l) : take_mark(l, event);
}
