#include "trace_event.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "wire/base64.h"

static void put_key(struct out *o, const char *key)
{
    out_str(o, ",\"");
    out_str(o, key);
    out_str(o, "\":");
}

static void put_text(struct out *o, const char *key, const char *text)
{
    put_key(o, key);
    out_char(o, '"');
    out_json(o, fsk_span_str(text));
    out_char(o, '"');
}

static void put_number(struct out *o, const char *key, int64_t number)
{
    put_key(o, key);
    out_i64(o, number);
}

/* Seconds with all nine decimals; before the start of the run is 0. */
static void put_seconds(struct out *o, int64_t ns)
{
    uint64_t t = ns > 0 ? (uint64_t)ns : 0;
    out_u64(o, t / FSOCK_SECOND);
    out_char(o, '.');
    out_padded(o, t % FSOCK_SECOND, 9);
}

static void put_errno(struct out *o, int sys_errno)
{
    const char *name = strerrorname_np(sys_errno);
    if (name)
        put_text(o, "errno", name);
    else
        put_number(o, "errno", sys_errno);
}

static void put_data(struct out *o, const unsigned char *p, size_t n)
{
    put_key(o, "data");
    out_char(o, '"');
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
    out_str(o, "{\"t\":");
    put_seconds(o, m->at - started);
    put_text(o, "event", fsock_mark_name(m->kind));
    if (m->call)
        put_text(o, "call", m->call);
    if (m->id)
        put_number(o, "id", (int64_t)m->id);
    if (m->connection)
        put_number(o, "conn", (int64_t)m->connection);
    if (m->fd >= 0)
        put_number(o, "fd", m->fd);
    for (unsigned i = 0; i < m->fields; i++)
        if (m->field[i].text)
            put_text(o, m->field[i].key, m->field[i].text);
        else
            put_number(o, m->field[i].key, m->field[i].number);
    if (m->size)
        put_number(o, "size", (int64_t)m->size);
    if (m->call)
        put_number(o, "ret", m->result);
    if (m->sys_errno)
        put_errno(o, m->sys_errno);
    if (m->took) {
        put_key(o, "took");
        put_seconds(o, m->took);
    }
    if (m->data)
        put_data(o, m->data, m->data_len);
    out_str(o, "}\n");
}

void trace_put_run(struct out *o, const char *run, fsock_time wall, fsock_time mono,
                   const char *const *args)
{
    out_str(o, "{\"event\":\"run\",\"schema_version\":");
    out_u64(o, TRACE_SCHEMA);
    put_text(o, "run", run);
    put_key(o, "time");
    put_seconds(o, wall);
    put_key(o, "mono");
    put_seconds(o, mono);
    put_text(o, "program", "fsock " FSOCK_VERSION);
    put_number(o, "pid", getpid());
    put_key(o, "args");
    out_char(o, '[');
    for (const char *const *arg = args; *arg; arg++) {
        out_str(o, arg == args ? "\"" : ",\"");
        out_json(o, fsk_span_str(*arg));
        out_char(o, '"');
    }
    out_str(o, "]}\n");
}
