#include "trace_lines.h"

#include "base/fault.h"

static void put_id(struct out *o, uint64_t id, bool ids)
{
    if (!ids || !id)
        return;
    out_char(o, '[');
    out_u64(o, id);
    out_str(o, "] ");
}

/* A line's place in a field that sets a cookie: it begins one, or goes on in it. */
static bool is_secret(struct fsk_span line, bool before)
{
    static const struct fsk_span name = FSK_SPAN("Set-Cookie:");
    if (line.n && (line.p[0] == ' ' || line.p[0] == '\t'))
        return before;
    return line.n >= name.n && fsk_span_caseeq(fsk_span(line.p, name.n), name);
}

/* What may be shown of such a line: the name, with its colon. */
static struct fsk_span shown_of(struct fsk_span line)
{
    const char *colon = memchr(line.p, ':', line.n);
    bool named = colon && line.p[0] != ' ' && line.p[0] != '\t';
    return fsk_span(line.p, named ? (size_t)(colon + 1 - line.p) : 0);
}

/* Each line of an answer's or, masked already, of a request's head, with `sign` in front; the empty
 * one at its end, too. */
static void put_head(struct out *o, const char *sign, struct fsk_span head, uint64_t id, bool ids,
                     bool mask)
{
    bool secret = false;
    while (head.n) {
        const char *end = memchr(head.p, '\n', head.n);
        struct fsk_span line = fsk_span(head.p, end ? (size_t)(end - head.p) : head.n);
        head = fsk_span(head.p + line.n + (end != NULL), head.n - line.n - (end != NULL));
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        secret = mask && is_secret(line, secret);
        out_str(o, sign);
        put_id(o, id, ids);
        out_text(o, secret ? shown_of(line) : line);
        out_str(o, secret ? " ***" : "");
        out_char(o, '\n');
    }
    out_flush(o);
}

static void put_field(struct out *o, const struct fsock_field *field)
{
    if (!field->text && !field->number)
        return;
    out_char(o, ' ');
    if (field->text) {
        size_t first_line = strcspn(field->text, "\r\n");
        out_text(o, fsk_span(field->text, first_line));
        return;
    }
    out_text(o, fsk_span_str(field->key));
    out_char(o, '=');
    out_i64(o, field->number);
}

void trace_words(struct out *o, const struct fsock_mark *mark)
{
    const struct fsock_field *why = fsock_mark_field(mark, "why"); /* which names the rest, */
    out_str(o, fsock_mark_name(mark->kind));
    for (unsigned i = 0; i < mark->fields; i++)
        if ((!why || &mark->field[i] == why) && strcmp(mark->field[i].key, "head") != 0 &&
            strcmp(mark->field[i].key, "pid") != 0)
            put_field(o, &mark->field[i]);
    const struct fsock_field *pause = fsock_mark_field(mark, "delay_us"); /* ... but this */
    if (pause) {
        out_str(o, ", after ");
        out_interval(o, pause->number * 1000);
    }
    if (mark->size && mark->kind != FSOCK_MARK_ADDRESSES) { /* there it counts addresses */
        out_char(o, ' ');
        out_u64(o, mark->size);
        out_str(o, " bytes");
    }
    if (mark->sys_errno) {
        out_str(o, ": ");
        out_str(o, fsk_errno_text(mark->sys_errno));
    }
}

void trace_mark(struct out *o, const struct fsock_mark *mark, fsock_time started, bool ids)
{
    const struct fsock_field *head = fsock_mark_field(mark, "head");
    if (mark->kind == FSOCK_MARK_CALL)
        return;
    if (mark->kind == FSOCK_MARK_REQUEST && head) {
        put_head(o, "> ", fsk_span_str(head->text), mark->id, ids, false);
        return;
    }
    out_str(o, "* ");
    out_seconds(o, mark->at - started);
    out_char(o, ' ');
    put_id(o, mark->id, ids);
    trace_words(o, mark);
    out_char(o, '\n');
    out_flush(o);
}

void trace_head(struct out *o, const struct fsock_event *e, bool ids, bool mask)
{
    put_head(o, "< ", fsk_span(e->response->head, e->response->head_len), e->id, ids, mask);
}
