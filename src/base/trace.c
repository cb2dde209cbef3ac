#include "base/trace.h"

#include <stdlib.h>
#include <string.h>

#include "base/mask.h"
#include "base/time.h"

#define FDS_MAX (1 << 20) /* a descriptor beyond is nobody's */
#define LAYERS  3         /* of bytes: the socket's, those of TLS, those of TLS within TLS */

/* What of the bytes is secret: each layer has a stream of them in each direction. */
struct masks {
    struct fsk_mask in[LAYERS], out[LAYERS];
};

/* What is known of a descriptor. */
struct holder {
    uint64_t connection, id;
    struct masks *masks; /* NULL until bytes are kept */
};

struct fsock_trace {
    unsigned flags;
    bool news;
    unsigned char *mem; /* entries from `begin` to `end`; realloc keeps them aligned */
    size_t begin, end, cap;
    struct holder *holder; /* by descriptor */
    size_t holders;
    uint64_t connections, streams, lost;
};

/* In memory: itself, its fields (whose texts are offsets from it), texts, data; then the next. */
struct entry {
    struct fsock_mark mark;
    size_t size; /* of all of it */
    struct fsock_field field[];
};

static const char *const mark_names[] = {
    [FSOCK_MARK_START] = "start",
    [FSOCK_MARK_LOOKUP] = "lookup",
    [FSOCK_MARK_QUERY] = "query",
    [FSOCK_MARK_ANSWER] = "answer",
    [FSOCK_MARK_ADDRESSES] = "addresses",
    [FSOCK_MARK_CONNECT] = "connect",
    [FSOCK_MARK_CONNECTED] = "connected",
    [FSOCK_MARK_PROXY] = "proxy",
    [FSOCK_MARK_TLS] = "tls",
    [FSOCK_MARK_REUSE] = "reuse",
    [FSOCK_MARK_REQUEST] = "request",
    [FSOCK_MARK_SENT] = "sent",
    [FSOCK_MARK_FIRST_BYTE] = "first-byte",
    [FSOCK_MARK_HEAD] = "head",
    [FSOCK_MARK_BODY] = "body",
    [FSOCK_MARK_REDIRECT] = "redirect",
    [FSOCK_MARK_RETRY] = "retry",
    [FSOCK_MARK_LIMIT] = "limit",
    [FSOCK_MARK_DONE] = "done",
    [FSOCK_MARK_CLOSE] = "close",
    [FSOCK_MARK_PLAIN_OUT] = "plain-out",
    [FSOCK_MARK_PLAIN_IN] = "plain-in",
    [FSOCK_MARK_CALL] = "call",
};

const char *fsock_mark_name(enum fsock_mark_kind kind)
{
    return kind >= FSOCK_MARK_START && kind <= FSOCK_MARK_CALL ? mark_names[kind] : "unknown";
}

const struct fsock_field *fsock_mark_field(const struct fsock_mark *mark, const char *key)
{
    for (unsigned i = 0; i < mark->fields; i++)
        if (strcmp(mark->field[i].key, key) == 0)
            return &mark->field[i];
    return NULL;
}

fsock_trace *fsock_trace_new(unsigned flags)
{
    fsock_trace *t = calloc(1, sizeof *t);
    if (t)
        t->flags = flags;
    return t;
}

void fsock_trace_free(fsock_trace *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->holders; i++)
        free(t->holder[i].masks);
    free(t->holder);
    free(t->mem);
    free(t);
}

uint64_t fsock_trace_lost(const fsock_trace *t)
{
    return t->lost;
}

bool fsk_trace_wants_data(const fsock_trace *t)
{
    return t && t->flags & FSOCK_TRACE_DATA;
}

bool fsk_trace_wants_calls(const fsock_trace *t)
{
    return t && !(t->flags & FSOCK_TRACE_NO_CALLS);
}

bool fsk_trace_wants_headers(const fsock_trace *t)
{
    return t && t->flags & FSOCK_TRACE_HEADERS;
}

bool fsk_trace_masks(const fsock_trace *t)
{
    return !(t->flags & FSOCK_TRACE_SECRETS);
}

uint64_t fsk_trace_stream(fsock_trace *t)
{
    return t ? ++t->streams : 0;
}

bool fsk_trace_news(fsock_trace *t)
{
    bool news = t && t->news;
    if (news)
        t->news = false;
    return news;
}

/* ---- Who has a descriptor -------------------------------------------------------------------- */

static struct holder *holder_of(fsock_trace *t, int fd)
{
    return fd >= 0 && (size_t)fd < t->holders ? &t->holder[fd] : NULL;
}

static struct holder *make_holder(fsock_trace *t, int fd)
{
    if (fd >= 0 && fd < FDS_MAX && (size_t)fd >= t->holders) {
        size_t n = (size_t)fd * 2 + 16;
        struct holder *more = realloc(t->holder, n * sizeof *more);
        if (!more)
            return NULL;
        memset(more + t->holders, 0, (n - t->holders) * sizeof *more);
        t->holder = more;
        t->holders = n;
    }
    return holder_of(t, fd);
}

static void put_holder(struct holder *h, uint64_t connection, uint64_t id)
{
    free(h->masks);
    *h = (struct holder){.connection = connection, .id = id};
}

void fsk_trace_socket(fsock_trace *t, int fd, uint64_t id)
{
    struct holder *h = t ? make_holder(t, fd) : NULL;
    if (h)
        put_holder(h, ++t->connections, id);
}

void fsk_trace_owner(fsock_trace *t, int fd, uint64_t id)
{
    struct holder *h = t ? holder_of(t, fd) : NULL;
    if (h)
        h->id = id;
}

void fsk_trace_closed(fsock_trace *t, int fd)
{
    struct holder *h = t ? holder_of(t, fd) : NULL;
    if (h)
        put_holder(h, 0, 0);
}

/* ---- Marks ----------------------------------------------------------------------------------- */

/* Room for n bytes behind the last entry; NULL: there is none. */
static void *room(fsock_trace *t, size_t n)
{
    if (t->begin == t->end)
        t->begin = t->end = 0;
    if (n > t->cap - t->end && t->begin > t->cap / 2) {
        memmove(t->mem, t->mem + t->begin, t->end - t->begin);
        t->end -= t->begin;
        t->begin = 0;
    }
    if (n > t->cap - t->end) {
        size_t cap = t->cap ? t->cap : 4096;
        while (cap - t->end < n && cap <= FSK_TRACE_MAX)
            cap *= 2;
        unsigned char *mem = cap <= FSK_TRACE_MAX ? realloc(t->mem, cap) : NULL;
        if (!mem)
            return NULL;
        t->mem = mem;
        t->cap = cap;
    }
    return t->mem + t->end;
}

static size_t aligned(size_t n)
{
    return (n + _Alignof(struct entry) - 1) / _Alignof(struct entry) * _Alignof(struct entry);
}

/* How many bytes an entry takes, and how many fields it has. */
static size_t measure(const struct fsock_mark *m, const struct fsock_field *field, size_t fields,
                      unsigned *n)
{
    size_t size = m->data_len;
    *n = 0;
    for (size_t i = 0; i < fields && *n < FSOCK_FIELDS_MAX; i++)
        if (field[i].key) {
            *n += 1;
            size += field[i].text ? strlen(field[i].text) + 1 : 0;
        }
    return aligned(size + sizeof(struct entry) + *n * sizeof(struct fsock_field));
}

/* The mask of the stream of bytes that the mark's are a part of. NULL: they can't be masked. */
static struct fsk_mask *mask_of(fsock_trace *t, const struct fsock_mark *m, unsigned layer)
{
    bool came = m->kind == FSOCK_MARK_PLAIN_IN || (m->call && m->call[0] == 'r');
    struct holder *h = layer < LAYERS ? make_holder(t, m->fd) : NULL;
    if (h && !h->masks)
        h->masks = calloc(1, sizeof *h->masks);
    if (!h || !h->masks)
        return NULL;
    return came ? &h->masks->in[layer] : &h->masks->out[layer];
}

/* The texts' places are told by `number` until they are read: memory may move. Returns the end. */
static char *fill(struct entry *e, const struct fsock_field *field)
{
    unsigned n = 0;
    char *p = (char *)&e->field[e->mark.fields];
    for (; n < e->mark.fields; field++) {
        if (!field->key)
            continue;
        e->field[n] = *field;
        if (field->text) {
            size_t len = strlen(field->text) + 1;
            memcpy(p, field->text, len);
            e->field[n].number = p - (char *)e;
            p += len;
        }
        n++;
    }
    return p;
}

/* Bytes that are lost are a part of their stream, too. */
static void pass_over(struct fsk_mask *mask, const char *p, size_t n)
{
    char copy[512];
    for (size_t piece; n; p += piece, n -= piece) {
        piece = n < sizeof copy ? n : sizeof copy;
        memcpy(copy, p, piece);
        fsk_mask(mask, copy, piece);
    }
}

/* Bytes that can't be masked are left out. */
static void add(fsock_trace *t, const struct fsock_mark *m, const struct fsock_field *field,
                size_t fields, unsigned layer)
{
    unsigned n;
    size_t size = measure(m, field, fields, &n);
    struct fsk_mask *mask = m->data && fsk_trace_masks(t) ? mask_of(t, m, layer) : NULL;
    struct entry *e = room(t, size);
    if (!e) {
        t->lost++;
        if (mask)
            pass_over(mask, m->data, m->data_len);
        return;
    }
    e->mark = *m;
    e->mark.fields = n;
    e->size = size;
    if (!m->at)
        e->mark.at = fsock_now();
    struct holder *h = holder_of(t, m->fd);
    if (h) {
        e->mark.connection = h->connection;
        e->mark.id = m->id ? m->id : h->id;
    }
    char *behind = fill(e, field);
    if (m->data && (mask || !fsk_trace_masks(t)))
        memcpy(behind, m->data, m->data_len);
    else
        e->mark.data = NULL, e->mark.data_len = 0;
    if (mask)
        fsk_mask(mask, behind, m->data_len);
    t->end += size;
    t->news = true;
}

static const char *limit_name(enum fsock_limit limit)
{
    static const char *const names[] = {
        [FSOCK_LIMIT_NONE] = NULL,
        [FSOCK_LIMIT_CONNECT] = "connect",
        [FSOCK_LIMIT_READ] = "read",
        [FSOCK_LIMIT_TOTAL] = "total",
        [FSOCK_LIMIT_BODY] = "body",
        [FSOCK_LIMIT_RATIO] = "ratio",
        [FSOCK_LIMIT_REDIRECTS] = "redirects",
        [FSOCK_LIMIT_REQUESTS] = "requests",
        [FSOCK_LIMIT_BYTES] = "bytes",
    };
    return (size_t)limit < sizeof names / sizeof *names ? names[limit] : NULL;
}

void fsk_trace_add(fsock_trace *t, const struct fsock_mark *m, const struct fsock_field *field,
                   size_t fields)
{
    add(t, m, field, fields, 0);
}

void fsk_trace_plain(fsock_trace *t, enum fsock_mark_kind kind, int fd, unsigned layer,
                     const void *p, size_t n)
{
    const struct fsock_mark m = {.kind = kind, .fd = fd, .size = n, .data = p, .data_len = n};
    add(t, &m, NULL, 0, layer);
}

void fsk_mark_done(fsock_trace *t, uint64_t id, const struct fsock_fault *fault)
{
    const char *limit = fault && fault->err != FSOCK_OK ? limit_name(fault->limit) : NULL;
    if (limit)
        fsk_mark(t, FSOCK_MARK_LIMIT, id, -1, 0, 0, fsk_text("limit", limit),
                 fsk_text("stage", fsock_stage_name(fault->stage)));
    if (!fault || fault->err == FSOCK_OK)
        fsk_mark(t, FSOCK_MARK_DONE, id, -1, 0, 0, FSK_NO_FIELD);
    else
        fsk_mark(t, FSOCK_MARK_DONE, id, -1, fault->sys_errno, 0,
                 fsk_text("err", fsock_err_name(fault->err)),
                 fsk_text("stage", fsock_stage_name(fault->stage)), fsk_text("why", fault->text));
}

const struct fsock_mark *fsock_trace_next(fsock_trace *t)
{
    if (t->begin == t->end)
        return NULL;
    struct entry *e = (struct entry *)(void *)(t->mem + t->begin);
    t->begin += e->size;
    char *p = (char *)&e->field[e->mark.fields];
    for (unsigned i = 0; i < e->mark.fields; i++)
        if (e->field[i].text) {
            e->field[i].text = (char *)e + e->field[i].number;
            e->field[i].number = 0;
            p = (char *)e->field[i].text + strlen(e->field[i].text) + 1;
        }
    e->mark.field = e->field;
    if (e->mark.data)
        e->mark.data = p;
    return &e->mark;
}
