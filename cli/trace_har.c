#include "trace_har.h"

#include <stdio.h>
#include <time.h>

/* ---- Pieces of JSON -------------------------------------------------------------------------- */

static void put_text(struct out *o, const char *before, const char *text)
{
    out_str(o, before);
    out_json_string(o, fsk_span_str(text ? text : ""));
}

/* A URL as the format wants it: what no URL may hold is percent-encoded. */
static void put_url(struct out *o, const char *before, const char *url)
{
    static const char hex[] = "0123456789ABCDEF";
    out_str(o, before);
    out_char(o, '"');
    for (; *url; url++) {
        unsigned char c = (unsigned char)*url;
        const char code[] = {'%', hex[c >> 4], hex[c & 15]};
        if (c > ' ' && c < 0x7f && !strchr("\"<>\\^`{|}", c))
            out_char(o, *url);
        else
            out_bytes(o, code, sizeof code);
    }
    out_char(o, '"');
}

/* Milliseconds with three decimals; negative: -1, which is "not known" or "there was none". */
static void put_ms(struct out *o, const char *before, int64_t ns)
{
    char text[32];
    out_str(o, before);
    if (ns < 0) {
        OUT_LITERAL(o, "-1");
        return;
    }
    snprintf(text, sizeof text, "%lld.%03lld", (long long)(ns / FSOCK_MILLISECOND),
             (long long)(ns / 1000 % 1000));
    out_str(o, text);
}

/* "2026-11-26T01:02:03.456Z" */
static void put_date(struct out *o, const char *before, int64_t wall)
{
    char text[64];
    time_t seconds = (time_t)(wall / FSOCK_SECOND);
    struct tm tm;
    out_str(o, before);
    if (!gmtime_r(&seconds, &tm) || !strftime(text, sizeof text, "\"%Y-%m-%dT%H:%M:%S", &tm))
        snprintf(text, sizeof text, "\"1970-01-01T00:00:00");
    out_str(o, text);
    snprintf(text, sizeof text, ".%03lldZ\"", (long long)(wall % FSOCK_SECOND / FSOCK_MILLISECOND));
    out_str(o, text);
}

/* ---- Headers --------------------------------------------------------------------------------- */

/* The next line of a head, without its end; false: there is none, or the empty one. */
static bool next_line(struct fsk_span *head, struct fsk_span *line)
{
    const char *end = memchr(head->p, '\n', head->n);
    size_t n = end ? (size_t)(end - head->p) : head->n;
    *line = fsk_span(head->p, n && head->p[n - 1] == '\r' ? n - 1 : n);
    n += end != NULL;
    *head = fsk_span(head->p + n, head->n - n);
    return line->n > 0;
}

static bool split(struct fsk_span line, struct fsk_span *name, struct fsk_span *value)
{
    const char *colon = memchr(line.p, ':', line.n);
    if (!colon)
        return false;
    *name = fsk_span(line.p, (size_t)(colon - line.p));
    *value = fsk_span_trim(fsk_span(colon + 1, line.n - name->n - 1));
    return true;
}

static void put_headers(struct out *o, const char *head)
{
    struct fsk_span rest = fsk_span_str(head), line, name, value;
    const char *before = "";
    OUT_LITERAL(o, ",\"headers\":[");
    bool more = head && next_line(&rest, &line); /* the request or status line is no header */
    while (more && next_line(&rest, &line)) {
        if (!split(line, &name, &value))
            continue;
        out_str(o, before);
        OUT_LITERAL(o, "{\"name\":");
        out_json_string(o, name);
        OUT_LITERAL(o, ",\"value\":");
        out_json_string(o, value);
        out_char(o, '}');
        before = ",";
    }
    out_char(o, ']');
}

/* The value of a field, or "". */
static struct fsk_span header(const char *head, struct fsk_span wanted)
{
    struct fsk_span rest = fsk_span_str(head), line, name, value;
    bool more = head && next_line(&rest, &line);
    while (more && next_line(&rest, &line))
        if (split(line, &name, &value) && fsk_span_caseeq(name, wanted))
            return value;
    return fsk_span("", 0);
}

/* "OK" of "HTTP/1.1 200 OK". */
static struct fsk_span reason(const char *head)
{
    struct fsk_span rest = fsk_span_str(head), line;
    if (!head || !next_line(&rest, &line))
        return fsk_span("", 0);
    for (int blanks = 0; line.n; line.p++, line.n--)
        if (line.p[0] == ' ' && ++blanks == 2)
            return fsk_span(line.p + 1, line.n - 1);
    return fsk_span("", 0);
}

static void put_version(struct out *o, const struct trace_exchange *x)
{
    OUT_LITERAL(o, ",\"httpVersion\":\"HTTP/");
    out_str(o, x->http_version && strcmp(x->http_version, "2") == 0 ? "2" : "1.1");
    OUT_LITERAL(o, "\",\"cookies\":[]");
}

static void put_query(struct out *o, const char *url)
{
    const char *p = strchr(url, '?'), *before = "";
    OUT_LITERAL(o, ",\"queryString\":[");
    for (p = p ? p + 1 : ""; *p && *p != '#';) {
        size_t n = strcspn(p, "&#");
        const char *equals = memchr(p, '=', n);
        size_t name = equals ? (size_t)(equals - p) : n, skip = name + (equals != NULL);
        out_str(o, before);
        OUT_LITERAL(o, "{\"name\":");
        out_json_string(o, fsk_span(p, name));
        OUT_LITERAL(o, ",\"value\":");
        out_json_string(o, fsk_span(p + skip, n - skip));
        out_char(o, '}');
        before = ",";
        p += n + (p[n] == '&');
    }
    out_char(o, ']');
}

/* ---- An entry -------------------------------------------------------------------------------- */

static void put_request(struct out *o, const struct trace_exchange *x)
{
    put_text(o, ",\"request\":{\"method\":", x->method ? x->method : "GET");
    put_url(o, ",\"url\":", x->what);
    put_version(o, x);
    put_headers(o, x->request_head);
    put_query(o, x->what);
    OUT_LITERAL(o, ",\"headersSize\":");
    out_i64(o, x->request ? (int64_t)x->request : -1);
    OUT_LITERAL(o, ",\"bodySize\":");
    out_i64(o, x->sent > x->request ? (int64_t)(x->sent - x->request) : 0);
    out_char(o, '}');
}

static void put_response(struct out *o, const struct trace_exchange *x)
{
    struct fsk_span type = header(x->head, FSK_SPAN("Content-Type"));
    OUT_LITERAL(o, ",\"response\":{\"status\":");
    out_i64(o, x->status);
    OUT_LITERAL(o, ",\"statusText\":");
    out_json_string(o, reason(x->head));
    put_version(o, x);
    put_headers(o, x->head);
    OUT_LITERAL(o, ",\"content\":{\"size\":");
    out_u64(o, x->received);
    OUT_LITERAL(o, ",\"mimeType\":");
    out_json_string(o, type.n ? type : FSK_SPAN("x-unknown"));
    OUT_LITERAL(o, "},\"redirectURL\":");
    out_json_string(o, header(x->head, FSK_SPAN("Location")));
    OUT_LITERAL(o, ",\"headersSize\":");
    out_i64(o, x->header ? (int64_t)x->header : -1);
    OUT_LITERAL(o, ",\"bodySize\":");
    out_i64(o, x->status ? (int64_t)x->received : -1);
    if (x->why)
        put_text(o, ",\"_error\":", x->why);
    out_char(o, '}');
}

/* -1 for a stage that there was not; the format counts TLS, and here the proxy, in connect. */
static int64_t took(const struct trace_exchange *x, enum trace_stage stage)
{
    return x->stage[stage].from < 0 ? -1 : trace_stage_took(x, stage);
}

static int64_t at_least_0(int64_t ns)
{
    return ns < 0 ? 0 : ns;
}

static void put_timings(struct out *o, const struct trace_exchange *x)
{
    int64_t connect = took(x, TRACE_CONNECT), tls = took(x, TRACE_TLS);
    if (connect >= 0)
        connect += trace_stage_took(x, TRACE_PROXY) + trace_stage_took(x, TRACE_TLS);
    int64_t stages = at_least_0(took(x, TRACE_LOOKUP)) + at_least_0(connect) +
                     trace_stage_took(x, TRACE_SEND) + trace_stage_took(x, TRACE_WAIT) +
                     trace_stage_took(x, TRACE_BODY);
    int64_t blocked = x->end - x->start - stages;
    put_ms(o, ",\"timings\":{\"blocked\":", at_least_0(blocked));
    put_ms(o, ",\"dns\":", took(x, TRACE_LOOKUP));
    put_ms(o, ",\"connect\":", connect);
    put_ms(o, ",\"ssl\":", tls);
    put_ms(o, ",\"send\":", trace_stage_took(x, TRACE_SEND));
    put_ms(o, ",\"wait\":", trace_stage_took(x, TRACE_WAIT));
    put_ms(o, ",\"receive\":", trace_stage_took(x, TRACE_BODY));
    out_char(o, '}');
    put_ms(o, ",\"time\":", stages > x->end - x->start ? stages : x->end - x->start);
}

static void put_entry(const struct trace_model *m, struct out *o, const struct trace_exchange *x)
{
    put_date(o, "{\"startedDateTime\":", trace_model_wall(m, x->start));
    put_request(o, x);
    put_response(o, x);
    OUT_LITERAL(o, ",\"cache\":{}");
    put_timings(o, x);
    if (x->addr) {
        OUT_LITERAL(o, ",\"serverIPAddress\":");
        out_json_address(o, x->addr);
    }
    if (x->connection) {
        OUT_LITERAL(o, ",\"connection\":\"");
        out_u64(o, x->connection);
        out_char(o, '"');
    }
    OUT_LITERAL(o, ",\"_id\":");
    out_u64(o, x->id);
    out_char(o, '}');
}

void trace_har_write(const struct trace_model *m, struct out *o)
{
    const char *before = "\n";
    OUT_LITERAL(o, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"fsock\",\"version\":\"");
    OUT_LITERAL(o, FSOCK_VERSION "\"},\"pages\":[],\"entries\":[");
    for (size_t i = 0; i < m->n; i++)
        if (m->exchange[i].kind == TRACE_REQUEST) {
            out_str(o, before);
            put_entry(m, o, &m->exchange[i]);
            before = ",\n";
        }
    OUT_LITERAL(o, "\n]}}\n");
}
