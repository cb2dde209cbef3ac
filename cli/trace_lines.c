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

/* Each line of a head, with `sign` in front; the empty one at its end, too. */
static void put_head(struct out *o, const char *sign, struct fsk_span head, uint64_t id, bool ids)
{
    while (head.n) {
        const char *end = memchr(head.p, '\n', head.n);
        struct fsk_span line = fsk_span(head.p, end ? (size_t)(end - head.p) : head.n);
        head = fsk_span(head.p + line.n + (end != NULL), head.n - line.n - (end != NULL));
        if (line.n && line.p[line.n - 1] == '\r')
            line.n--;
        out_str(o, sign);
        put_id(o, id, ids);
        out_text(o, line);
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
        put_head(o, "> ", fsk_span_str(head->text), mark->id, ids);
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

void trace_head(struct out *o, const struct fsock_event *e, bool ids)
{
    put_head(o, "< ", fsk_span(e->response->head, e->response->head_len), e->id, ids);
}
