#include "trace_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/list.h"

const char *const trace_stage_names[TRACE_STAGES] = {
    [TRACE_LOOKUP] = "lookup", [TRACE_CONNECT] = "connect", [TRACE_PROXY] = "proxy",
    [TRACE_TLS] = "tls",       [TRACE_SEND] = "send",       [TRACE_WAIT] = "wait",
    [TRACE_BODY] = "body",
};

/* An exchange that goes on: where it is. */
struct open {
    struct fsk_map_node node;
    uint64_t key[2]; /* run, id */
    size_t at;
};

struct text {
    struct fsk_map_node node;
    char s[];
};

void trace_model_init(struct trace_model *m)
{
    *m = (struct trace_model){.n = 0};
    fsk_map_init(&m->open);
    fsk_map_init(&m->texts);
}

static void free_nodes(struct fsk_map *map)
{
    struct fsk_map_node *node, *next;
    for (node = fsk_map_next(map, NULL); node; node = next) {
        next = fsk_map_next(map, node);
        free(node); /* the first member of its holder */
    }
    fsk_map_fini(map);
}

void trace_model_fini(struct trace_model *m)
{
    free_nodes(&m->open);
    free_nodes(&m->texts);
    free(m->exchange);
    free(m->run);
    free(m->offset);
}

/* ---- Texts ----------------------------------------------------------------------------------- */

/* The same text, kept. NULL stays NULL; without memory "". */
static const char *keep_span(struct trace_model *m, struct fsk_span s)
{
    struct fsk_map_node *node = fsk_map_get(&m->texts, s);
    if (node)
        return FSK_HOLDER(node, struct text, node)->s;
    struct text *t = malloc(sizeof *t + s.n + 1);
    if (t) {
        fsk_span_text(s, t->s, s.n + 1);
        t->node.key = fsk_span(t->s, s.n);
        if (fsk_map_add(&m->texts, &t->node))
            return t->s;
    }
    free(t);
    m->starved = true;
    return "";
}

static const char *keep(struct trace_model *m, const char *s)
{
    return s ? keep_span(m, fsk_span_str(s)) : NULL;
}

static const char *text_of(struct trace_model *m, const struct fsock_mark *mark, const char *key)
{
    const struct fsock_field *f = fsock_mark_field(mark, key);
    return f ? keep(m, f->text) : NULL;
}

static int64_t number_of(const struct fsock_mark *mark, const char *key, int64_t otherwise)
{
    const struct fsock_field *f = fsock_mark_field(mark, key);
    return f && !f->text ? f->number : otherwise;
}

/* The host in a URL, a target, or a question. */
static struct fsk_span host_in(struct fsk_span s)
{
    const char *scheme = memmem(s.p, s.n, "://", 3);
    if (scheme)
        s = fsk_span(scheme + 3, s.n - (size_t)(scheme + 3 - s.p));
    size_t n = 0;
    while (n < s.n && !strchr("/?# ", s.p[n]))
        n++;
    const char *at = memrchr(s.p, '@', n);
    if (at) {
        n -= (size_t)(at + 1 - s.p);
        s.p = at + 1;
    }
    return fsk_span(s.p, n);
}

/* ---- Exchanges ------------------------------------------------------------------------------- */

static struct open *find_open(struct trace_model *m, uint64_t id)
{
    const uint64_t key[2] = {m->runs, id};
    struct fsk_map_node *node = fsk_map_get(&m->open, fsk_span((const char *)key, sizeof key));
    return node ? FSK_HOLDER(node, struct open, node) : NULL;
}

/* One more, at the end. NULL: out of memory. */
static struct trace_exchange *add_exchange(struct trace_model *m, uint64_t id, int64_t at)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 64;
        struct trace_exchange *more = realloc(m->exchange, cap * sizeof *more);
        if (!more) {
            m->starved = true;
            return NULL;
        }
        m->exchange = more;
        m->cap = cap;
    }
    struct trace_exchange *x = &m->exchange[m->n++];
    *x = (struct trace_exchange){.kind = TRACE_STREAM,
                                 .run = m->runs ? m->runs - 1 : 0,
                                 .part = 1,
                                 .id = id,
                                 .start = at,
                                 .end = at,
                                 .what = "",
                                 .host = "",
                                 .rtt_us = -1};
    for (unsigned i = 0; i < TRACE_STAGES; i++)
        x->stage[i] = (struct trace_span){-1, -1};
    return x;
}

static struct trace_exchange *begin(struct trace_model *m, uint64_t id, int64_t at)
{
    struct trace_exchange *x = add_exchange(m, id, at);
    struct open *o = x ? malloc(sizeof *o) : NULL;
    if (!o) {
        m->starved = true;
        return NULL;
    }
    *o = (struct open){
        .key = {m->runs, id},
          .at = m->n - 1
    };
    o->node.key = fsk_span((const char *)o->key, sizeof o->key);
    if (fsk_map_add(&m->open, &o->node))
        return x;
    free(o);
    m->starved = true;
    return NULL;
}

/* The next part of an exchange, after a redirect or a failure. */
static struct trace_exchange *begin_part(struct trace_model *m, struct open *o, int64_t at)
{
    size_t before = o->at;
    struct trace_exchange *x = add_exchange(m, o->key[1], at);
    if (!x)
        return NULL;
    struct trace_exchange *last = &m->exchange[before];
    last->end = at;
    last->again = last->ended = true;
    x->kind = last->kind;
    x->part = last->part + 1;
    x->what = last->what;
    x->host = last->host;
    o->at = m->n - 1;
    return x;
}

static void end(struct trace_model *m, struct open *o)
{
    fsk_map_remove(&m->open, &o->node);
    free(o);
}

static void name(struct trace_model *m, struct trace_exchange *x, const struct fsock_mark *mark)
{
    const struct fsock_field *url = fsock_mark_field(mark, "url");
    const struct fsock_field *target = fsock_mark_field(mark, "target");
    const struct fsock_field *question = fsock_mark_field(mark, "name");
    const struct fsock_field *type = fsock_mark_field(mark, "type");
    if (url && url->text) {
        x->kind = TRACE_REQUEST;
        x->what = keep(m, url->text);
    } else if (target && target->text) {
        x->what = keep(m, target->text);
    } else if (question && question->text) {
        char text[1400];
        int n = snprintf(text, sizeof text, "%.1200s %.100s", question->text,
                         type && type->text ? type->text : "");
        x->kind = TRACE_QUESTION;
        x->what = keep_span(m, fsk_span(text, (size_t)n));
    } else {
        return;
    }
    x->host = keep_span(m, host_in(fsk_span_str(x->what)));
}

/* ---- Stages ---------------------------------------------------------------------------------- */

static void open_stage(struct trace_exchange *x, enum trace_stage stage, int64_t at)
{
    if (x->stage[stage].from < 0)
        x->stage[stage] = (struct trace_span){at, at};
}

static void close_stage(struct trace_exchange *x, enum trace_stage stage, int64_t at)
{
    open_stage(x, stage, at);
    if (x->stage[stage].to < at)
        x->stage[stage].to = at;
}

/* One of which only the end is told: it began when the one before it had ended. */
static void put_stage(struct trace_exchange *x, enum trace_stage stage, int64_t at)
{
    int64_t from = x->start;
    for (unsigned i = 0; i < (unsigned)stage; i++)
        if (x->stage[i].to > from)
            from = x->stage[i].to;
    if (x->stage[stage].from < 0)
        x->stage[stage] = (struct trace_span){from, at};
    else
        x->stage[stage].to = at;
}

/* What goes on when an exchange ends, ended with it. */
static void close_last(struct trace_exchange *x, int64_t at)
{
    for (unsigned i = TRACE_STAGES; i-- > 0;)
        if (x->stage[i].from >= 0) {
            if (x->stage[i].to == x->stage[i].from)
                x->stage[i].to = at;
            return;
        }
    if (x->kind == TRACE_QUESTION)
        x->stage[TRACE_LOOKUP] = (struct trace_span){x->start, at};
}

static void take_tls(struct trace_model *m, struct trace_exchange *x, const struct fsock_mark *mark,
                     int64_t at)
{
    put_stage(x, TRACE_TLS, at);
    x->tls_version = text_of(m, mark, "version");
    x->tls_cipher = text_of(m, mark, "cipher");
    x->alpn = text_of(m, mark, "alpn");
    x->resumed = number_of(mark, "resumed", 0) != 0;
}

static void take_request(struct trace_model *m, struct trace_exchange *x,
                         const struct fsock_mark *mark, int64_t at)
{
    const struct fsock_field *url = fsock_mark_field(mark, "url");
    x->kind = TRACE_REQUEST;
    x->method = text_of(m, mark, "method");
    x->request_head = text_of(m, mark, "head");
    x->request = mark->size;
    if (url && url->text)
        name(m, x, mark);
    open_stage(x, TRACE_SEND, at);
}

static void take_first_byte(struct trace_exchange *x, int64_t at)
{
    put_stage(x, TRACE_WAIT, at);
    open_stage(x, TRACE_BODY, at);
}

static void take_done(struct trace_model *m, struct trace_exchange *x,
                      const struct fsock_mark *mark, int64_t at)
{
    close_last(x, at);
    x->err = text_of(m, mark, "err");
    x->failed_stage = text_of(m, mark, "stage");
    x->why = text_of(m, mark, "why");
    if (mark->sys_errno)
        x->sys_errno = keep(m, fsk_errno_text(mark->sys_errno));
    x->failed = x->err != NULL || mark->sys_errno != 0;
    x->ended = true;
}

static void take_close(struct trace_exchange *x, const struct fsock_mark *mark)
{
    x->rtt_us = number_of(mark, "rtt_us", -1);
    x->retransmits = number_of(mark, "retransmits", 0);
}

/* What a mark says of the way to the peer. */
static void take_way(struct trace_model *m, struct trace_exchange *x, const struct fsock_mark *mark,
                     int64_t at)
{
    switch (mark->kind) {
    case FSOCK_MARK_LOOKUP:
        open_stage(x, TRACE_LOOKUP, at);
        break;
    case FSOCK_MARK_QUERY:
        x->queries++;
        open_stage(x, TRACE_LOOKUP, at);
        break;
    case FSOCK_MARK_ANSWER:
        x->server = text_of(m, mark, "server");
        x->rcode = text_of(m, mark, "rcode");
        break;
    case FSOCK_MARK_ADDRESSES:
        close_stage(x, TRACE_LOOKUP, at);
        break;
    case FSOCK_MARK_CONNECT:
        x->attempts++;
        open_stage(x, TRACE_CONNECT, at);
        break;
    case FSOCK_MARK_CONNECTED:
        close_stage(x, TRACE_CONNECT, at);
        if (!mark->sys_errno)
            x->addr = text_of(m, mark, "addr");
        break;
    case FSOCK_MARK_PROXY:
        put_stage(x, TRACE_PROXY, at);
        break;
    case FSOCK_MARK_TLS:
        take_tls(m, x, mark, at);
        break;
    case FSOCK_MARK_REUSE:
        x->reused = true;
        break;
    default:
        break;
    }
}

/* What a mark says of an exchange: of what is said there, and of its beginning and end. */
static void take(struct trace_model *m, struct trace_exchange *x, const struct fsock_mark *mark,
                 int64_t at)
{
    switch (mark->kind) {
    case FSOCK_MARK_START:
        name(m, x, mark);
        break;
    case FSOCK_MARK_REQUEST:
        take_request(m, x, mark, at);
        break;
    case FSOCK_MARK_SENT:
        close_stage(x, TRACE_SEND, at);
        open_stage(x, TRACE_WAIT, at);
        x->sent = mark->size;
        break;
    case FSOCK_MARK_FIRST_BYTE:
        take_first_byte(x, at);
        break;
    case FSOCK_MARK_HEAD:
        x->status = (int)number_of(mark, "status", 0);
        x->http_version = text_of(m, mark, "version");
        x->head = text_of(m, mark, "head");
        x->header = mark->size;
        break;
    case FSOCK_MARK_BODY:
        close_stage(x, TRACE_BODY, at);
        x->received = mark->size;
        break;
    case FSOCK_MARK_DONE:
        take_done(m, x, mark, at);
        break;
    case FSOCK_MARK_CLOSE:
        take_close(x, mark);
        break;
    default:
        take_way(m, x, mark, at);
    }
}

/* ---- Marks ----------------------------------------------------------------------------------- */

/* From 0 to what can be added and subtracted safely: 36 years. */
static int64_t within(int64_t ns)
{
    return ns < 0 ? 0 : ns > INT64_MAX / 8 ? INT64_MAX / 8 : ns;
}

void trace_model_run(struct trace_model *m, const struct trace_run *run)
{
    struct trace_run *runs = realloc(m->run, (m->runs + 1) * sizeof *runs);
    if (runs)
        m->run = runs;
    int64_t *offsets = realloc(m->offset, (m->runs + 1) * sizeof *offsets);
    if (offsets)
        m->offset = offsets;
    if (!runs || !offsets) {
        m->starved = true;
        return;
    }
    runs[m->runs] = *run;
    offsets[m->runs] = m->runs ? within(run->wall - runs[0].wall) : 0;
    m->runs++;
}

/* Whether this mark begins another part: something was sent before, and it is sent again. */
static bool begins_part(const struct trace_exchange *x, const struct fsock_mark *mark)
{
    if (mark->kind == FSOCK_MARK_REDIRECT || mark->kind == FSOCK_MARK_RETRY)
        return true;
    return mark->kind == FSOCK_MARK_REQUEST && x->stage[TRACE_SEND].from >= 0;
}

void trace_model_mark(struct trace_model *m, const struct fsock_mark *mark)
{
    int64_t at = within(mark->at) + (m->runs ? m->offset[m->runs - 1] : 0);
    if (!mark->id || mark->kind == FSOCK_MARK_CALL)
        return;
    struct open *o = find_open(m, mark->id);
    if (!o && mark->kind == FSOCK_MARK_CLOSE)
        return; /* of a connection whose exchange has ended */
    if (o && mark->kind == FSOCK_MARK_START) {
        end(m, o);
        o = NULL;
    }
    struct trace_exchange *x = o ? &m->exchange[o->at] : begin(m, mark->id, at);
    if (o && x && begins_part(x, mark)) {
        x->repeated |= mark->kind == FSOCK_MARK_RETRY;
        if (mark->kind != FSOCK_MARK_REDIRECT || x->stage[TRACE_BODY].from >= 0)
            close_last(x, at);
        x = begin_part(m, o, at);
        if (x && mark->kind == FSOCK_MARK_REDIRECT)
            name(m, x, mark);
    }
    if (!x)
        return;
    if (mark->connection)
        x->connection = mark->connection;
    if (at > x->end)
        x->end = at;
    take(m, x, mark, at);
    if (mark->kind == FSOCK_MARK_DONE && (o = find_open(m, mark->id)) != NULL)
        end(m, o);
}

static int by_start(const void *a, const void *b)
{
    const struct trace_exchange *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->part < y->part ? -1 : x->part > y->part;
}

/* Marks may have come in any order: nothing ends before it begins, or is outside of the whole. */
static void tidy(struct trace_exchange *x)
{
    for (unsigned i = 0; i < TRACE_STAGES; i++) {
        struct trace_span *s = &x->stage[i];
        if (s->from < 0)
            continue;
        s->to = s->to < s->from ? s->from : s->to;
        x->start = s->from < x->start ? s->from : x->start;
        x->end = s->to > x->end ? s->to : x->end;
    }
    x->end = x->end < x->start ? x->start : x->end;
}

bool trace_model_end(struct trace_model *m)
{
    free_nodes(&m->open);
    fsk_map_init(&m->open);
    for (size_t i = 0; i < m->n; i++)
        tidy(&m->exchange[i]);
    if (m->n)
        qsort(m->exchange, m->n, sizeof *m->exchange, by_start);
    return !m->starved;
}

int64_t trace_model_wall(const struct trace_model *m, int64_t at)
{
    if (!m->runs)
        return 0;
    return m->run[0].wall > INT64_MAX - at ? INT64_MAX : m->run[0].wall + at;
}
