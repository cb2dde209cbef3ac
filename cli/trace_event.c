#include "trace_event.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/digits.h"
#include "wire/base64.h"

/* ---- In place -------------------------------------------------------------------------------- */

/* Each writes at p, where there is room, and returns the end. */

static inline char *put(char *p, const char *text, size_t n)
{
    memcpy(p, text, n);
    return p + n;
}

#define PUT(p, literal) put(p, literal, sizeof(literal) - 1)

/* A name of ours: a word, without anything to escape. */
static inline char *put_name(char *p, const char *name)
{
    enum { LONGEST = 32 };
    for (unsigned i = 0; i < LONGEST && name[i]; i++)
        *p++ = name[i];
    return p;
}

static char *put_unsigned(char *p, uint64_t number)
{
    return p + fsk_decimal_write(number, p);
}

/* ,"KEY": */
static char *put_key(char *p, const char *key)
{
    p = put_name(PUT(p, ",\""), key);
    return PUT(p, "\":");
}

static char *put_number(char *p, const char *key, int64_t number)
{
    p = put_key(p, key);
    if (number < 0)
        *p++ = '-';
    return put_unsigned(p, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

/* Seconds with all nine decimals; before the start of the run is 0. */
static char *put_seconds(char *p, int64_t ns)
{
    uint64_t t = ns > 0 ? (uint64_t)ns : 0;
    p = put_unsigned(p, t / FSOCK_SECOND);
    *p++ = '.';
    fsk_decimal_padded(t % FSOCK_SECOND, p, 9);
    return p + 9;
}

static char *put_errno(char *p, int sys_errno)
{
    const char *name = strerrorname_np(sys_errno);
    if (!name)
        return put_number(p, "errno", sys_errno);
    p = put_name(PUT(p, ",\"errno\":\""), name);
    return PUT(p, "\"");
}

/* {"t":1.234567890,"event":"call","call":"sendto","id":7,"conn":3,"fd":9 */
static char *put_beginning(char *p, const struct fsock_mark *m, fsock_time started)
{
    p = put_seconds(PUT(p, "{\"t\":"), m->at - started);
    p = put_name(PUT(p, ",\"event\":\""), fsock_mark_name(m->kind));
    if (m->call)
        p = put_name(PUT(p, "\",\"call\":\""), m->call);
    p = PUT(p, "\"");
    if (m->id)
        p = put_unsigned(PUT(p, ",\"id\":"), m->id);
    if (m->connection)
        p = put_unsigned(PUT(p, ",\"conn\":"), m->connection);
    if (m->fd >= 0)
        p = put_unsigned(PUT(p, ",\"fd\":"), (uint64_t)m->fd);
    return p;
}

static char *put_end(char *p, const struct fsock_mark *m)
{
    if (m->size)
        p = put_unsigned(PUT(p, ",\"size\":"), m->size);
    if (m->call)
        p = put_number(p, "ret", m->result);
    if (m->sys_errno)
        p = put_errno(p, m->sys_errno);
    if (m->took)
        p = put_seconds(PUT(p, ",\"took\":"), m->took);
    return p;
}

/* ---- Of any length --------------------------------------------------------------------------- */

static void put_text(struct out *o, const char *key, const char *text)
{
    char *p = put_key(out_room(o, OUT_ROOM), key);
    *p++ = '"';
    out_took(o, p);
    out_json(o, fsk_span_str(text));
    out_char(o, '"');
}

static void put_field(struct out *o, const struct fsock_field *field)
{
    if (field->text)
        put_text(o, field->key, field->text);
    else
        out_took(o, put_number(out_room(o, OUT_ROOM), field->key, field->number));
}

static void put_data(struct out *o, const unsigned char *p, size_t n)
{
    out_str(o, ",\"data\":\"");
    while (n) {
        enum { PIECE = 3 * 256 };
        char text[FSK_BASE64_ROOM(PIECE)];
        size_t piece = n < PIECE ? n : PIECE;
        out_bytes(o, text, fsk_base64_encode(p, piece, text));
        p += piece;
        n -= piece;
    }
    out_char(o, '"');
}

void trace_put_mark(struct out *o, const struct fsock_mark *m, fsock_time started)
{
    out_begin(o);
    out_took(o, put_beginning(out_room(o, OUT_ROOM), m, started));
    for (unsigned i = 0; i < m->fields; i++)
        put_field(o, &m->field[i]);
    out_took(o, put_end(out_room(o, OUT_ROOM), m));
    if (m->data)
        put_data(o, m->data, m->data_len);
    out_bytes(o, "}\n", 2);
}

void trace_put_run(struct out *o, const char *run, fsock_time wall, fsock_time mono,
                   const char *const *args)
{
    char *p = PUT(out_room(o, OUT_ROOM), "{\"event\":\"run\"");
    p = put_number(p, "schema_version", TRACE_SCHEMA);
    out_took(o, p);
    put_text(o, "run", run);
    p = put_seconds(PUT(out_room(o, OUT_ROOM), ",\"time\":"), wall);
    p = put_seconds(PUT(p, ",\"mono\":"), mono);
    out_took(o, put_number(p, "pid", getpid()));
    put_text(o, "program", "fsock " FSOCK_VERSION);
    out_str(o, ",\"args\":[");
    for (const char *const *arg = args; *arg; arg++) {
        out_str(o, arg == args ? "\"" : ",\"");
        out_json(o, fsk_span_str(*arg));
        out_char(o, '"');
    }
    out_str(o, "]}\n");
}
