#include "get_record.h"

#include <stddef.h>

#include "base/fault.h"
#include "wire/h1.h"

enum value_kind { NUMBER, STATUS, SECONDS, TEXT, TEXT_OR_NULL, URL };

/* A field's value, on its way to either form. */
struct value {
    struct fsk_span text;
    int64_t number;
};

/* So many bytes of a key are copied, however long it is: a few instructions instead of a call. */
enum { KEY_ROOM = 32 };

/* What a header says. */
struct seen {
    bool looked;
    size_t lines;
    struct fsk_span content_type;
    struct fsk_cache_look cache;
};

/* A record of which values are taken. */
struct view {
    const struct record *r;
    struct seen seen;
};

struct record_field {
    char key[KEY_ROOM]; /* ,"name": */
    unsigned char key_len;
    enum value_kind kind;
    struct value (*get)(struct view *v, size_t at);
    size_t at; /* offset in struct fsock_response, where `get` reads from it */
};

const struct fsock_response record_no_response = {
    .url = "",
    .method = "",
    .head = "",
    .content_length = -1,
    .tls_version = "",
    .tls_cipher = "",
    .redirect_url = "",
};

/* ---- Looking at the header ------------------------------------------------------------------- */

static void see(struct seen *s, const struct fsock_response *response)
{
    static const struct fsk_span type = FSK_SPAN("Content-Type:");
    struct fsk_span head = fsk_span(response->head, response->head_len), name, value;
    *s = (struct seen){.looked = true};
    for (size_t pos = 0; pos < head.n; s->lines++) {
        const char *p = head.p + pos;
        size_t here = pos;
        fsk_h1_next_line(head, &pos);
        if (here == 0 || head.n - here <= 2)
            continue;
        if (fsk_cache_may_tell(p)) {
            fsk_h1_next_field(head, &here, &name, &value);
            fsk_cache_look_at(&s->cache, name, value);
        } else if ((*p == 'C' || *p == 'c') && !s->content_type.p && pos - here >= type.n &&
                   fsk_span_caseeq(fsk_span(p, type.n), type)) {
            fsk_h1_next_field(head, &here, &name, &s->content_type);
        }
    }
}

/* One look is enough. */
static const struct seen *seen(struct view *v)
{
    if (!v->seen.looked)
        see(&v->seen, v->r->response);
    return &v->seen;
}

enum fsk_cache_verdict record_verdict(const struct fsock_response *response)
{
    struct seen s;
    see(&s, response);
    return s.cache.verdict;
}

/* ---- Getting values -------------------------------------------------------------------------- */

static struct value number(int64_t n)
{
    return (struct value){.number = n};
}

static struct value text(const char *s)
{
    return (struct value){.text = fsk_span_str(s)};
}

static const void *member(struct view *v, size_t at)
{
    return (const char *)v->r->response + at;
}

static struct value get_int(struct view *v, size_t at)
{
    return number(*(const int *)member(v, at));
}

static struct value get_unsigned(struct view *v, size_t at)
{
    return number(*(const unsigned *)member(v, at));
}

static struct value get_u16(struct view *v, size_t at)
{
    return number(*(const uint16_t *)member(v, at));
}

static struct value get_u32(struct view *v, size_t at)
{
    return number(*(const uint32_t *)member(v, at));
}

static struct value get_i64(struct view *v, size_t at)
{
    return number(*(const int64_t *)member(v, at));
}

static struct value get_chars(struct view *v, size_t at)
{
    return text(member(v, at));
}

static struct value get_text(struct view *v, size_t at)
{
    return text(*(const char *const *)member(v, at));
}

static struct value get_schema(struct view *v, size_t at)
{
    (void)v, (void)at;
    return number(RECORD_SCHEMA);
}

static struct value get_url(struct view *v, size_t at)
{
    (void)at;
    return (struct value){.text = v->r->url};
}

static struct value get_effective(struct view *v, size_t at)
{
    (void)at;
    return v->r->response->url && *v->r->response->url ? text(v->r->response->url) : get_url(v, 0);
}

static struct value get_list(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->list);
}

static struct value get_line(struct view *v, size_t at)
{
    (void)at;
    return number((int64_t)v->r->line);
}

static struct value get_number(struct view *v, size_t at)
{
    (void)at;
    return number((int64_t)v->r->number);
}

static struct value get_file(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->file);
}

static struct value get_referer(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->referer);
}

static struct value get_referrer(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->referrer);
}

static struct value get_depth(struct view *v, size_t at)
{
    (void)at;
    return number(v->r->depth);
}

static struct value get_exitcode(struct view *v, size_t at)
{
    (void)at;
    return number(v->r->outcome->exitcode);
}

static struct value get_error(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->outcome->text[0] ? v->r->outcome->text : NULL);
}

static struct value get_hint(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->outcome->hint[0] ? v->r->outcome->hint : NULL);
}

static struct value get_err(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->outcome->err);
}

static struct value get_stage(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->outcome->stage[0] ? v->r->outcome->stage : NULL);
}

static struct value get_errno(struct view *v, size_t at)
{
    (void)at;
    return number(v->r->outcome->sys_errno);
}

static struct value get_version(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->response->version == 20   ? "2"
                : v->r->response->version == 11 ? "1.1"
                : v->r->response->version == 10 ? "1.0"
                                                : "0");
}

static struct value get_scheme(struct view *v, size_t at)
{
    (void)at;
    const char *url = v->r->response->url;
    if (!url || !*url)
        return text(NULL);
    return text(strncmp(url, "https:", 6) == 0 ? "HTTPS" : "HTTP");
}

static struct value get_content_type(struct view *v, size_t at)
{
    (void)at;
    return (struct value){.text = seen(v)->content_type};
}

static struct value get_num_headers(struct view *v, size_t at)
{
    (void)at;
    size_t lines = seen(v)->lines;
    return number(lines > 2 ? (int64_t)lines - 2 : 0); /* without the first and the empty one */
}

static struct value per_second(uint64_t bytes, fsock_time took)
{
    return number(took > 0 ? (int64_t)((double)bytes / ((double)took / 1e9)) : 0);
}

static struct value get_speed_down(struct view *v, size_t at)
{
    (void)at;
    return per_second(v->r->response->size_download, v->r->response->times.total);
}

static struct value get_speed_up(struct view *v, size_t at)
{
    (void)at;
    return per_second(v->r->response->size_upload, v->r->response->times.total);
}

static struct value get_cache(struct view *v, size_t at)
{
    (void)at;
    bool answered = v->r->response->head_len > 0;
    return text(answered ? fsk_cache_verdict_name(seen(v)->cache.verdict) : NULL);
}

static struct value get_cache_before(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->again ? fsk_cache_verdict_name(v->r->cache_before) : NULL);
}

static struct value get_time_before(struct view *v, size_t at)
{
    (void)at;
    return number(v->r->time_before);
}

static struct value get_time_after(struct view *v, size_t at)
{
    (void)at;
    return number(v->r->again ? v->r->response->times.total : 0);
}

static struct value get_variant(struct view *v, size_t at)
{
    (void)at;
    return text(v->r->variant);
}

static struct value get_purge_code(struct view *v, size_t at)
{
    (void)at;
    return number(v->r->purge_status);
}

/* ---- The table ------------------------------------------------------------------------------- */

#define KEY(name) ",\"" name "\":", sizeof(",\"" name "\":") - 1
#define OWN(name, kind, get)                                                                       \
    {                                                                                              \
        KEY(name), kind, get, 0                                                                    \
    }
#define RESPONSE(name, kind, get, where)                                                           \
    {                                                                                              \
        KEY(name), kind, get, offsetof(struct fsock_response, where)                               \
    }
#define TIME(name) RESPONSE("time_" #name, SECONDS, get_i64, times.name)

static const struct record_field fields[] = {
    OWN("schema_version", NUMBER, get_schema),
    OWN("url", URL, get_url),
    OWN("url_effective", URL, get_effective),
    OWN("urlnum", NUMBER, get_number),
    OWN("list", TEXT_OR_NULL, get_list),
    OWN("line", NUMBER, get_line),
    OWN("referrer", URL, get_referrer),
    OWN("depth", NUMBER, get_depth),
    RESPONSE("method", TEXT, get_text, method),
    RESPONSE("http_code", STATUS, get_int, status),
    RESPONSE("response_code", STATUS, get_int, status),
    OWN("http_version", TEXT, get_version),
    OWN("scheme", TEXT_OR_NULL, get_scheme),
    OWN("exitcode", NUMBER, get_exitcode),
    OWN("errormsg", TEXT_OR_NULL, get_error),
    OWN("err", TEXT, get_err),
    OWN("stage", TEXT_OR_NULL, get_stage),
    OWN("errno", NUMBER, get_errno),
    OWN("hint", TEXT_OR_NULL, get_hint),
    OWN("content_type", TEXT_OR_NULL, get_content_type),
    RESPONSE("content_length", NUMBER, get_i64, content_length),
    OWN("filename_effective", TEXT_OR_NULL, get_file),
    TIME(namelookup),
    TIME(connect),
    TIME(appconnect),
    TIME(pretransfer),
    TIME(starttransfer),
    TIME(redirect),
    TIME(total),
    RESPONSE("size_download", NUMBER, get_i64, size_download),
    RESPONSE("size_body", NUMBER, get_i64, size_body),
    RESPONSE("size_header", NUMBER, get_i64, size_header),
    RESPONSE("size_request", NUMBER, get_i64, size_request),
    RESPONSE("size_upload", NUMBER, get_i64, size_upload),
    OWN("speed_download", NUMBER, get_speed_down),
    OWN("speed_upload", NUMBER, get_speed_up),
    RESPONSE("remote_ip", TEXT, get_chars, remote_ip),
    RESPONSE("remote_port", NUMBER, get_u16, remote_port),
    RESPONSE("local_ip", TEXT, get_chars, local_ip),
    RESPONSE("local_port", NUMBER, get_u16, local_port),
    OWN("num_headers", NUMBER, get_num_headers),
    RESPONSE("num_connects", NUMBER, get_unsigned, connects),
    RESPONSE("num_redirects", NUMBER, get_unsigned, redirects),
    RESPONSE("num_retries", NUMBER, get_unsigned, retries),
    RESPONSE("num_repeats", NUMBER, get_unsigned, tries),
    RESPONSE("proxy_used", NUMBER, get_int, proxy_used),
    RESPONSE("resumed", NUMBER, get_int, resumed),
    RESPONSE("redirect_url", URL, get_text, redirect_url),
    OWN("referer", TEXT_OR_NULL, get_referer),
    RESPONSE("ssl_verify_result", NUMBER, get_int, ssl_verify_result),
    RESPONSE("tls_version", TEXT, get_text, tls_version),
    RESPONSE("tls_cipher", TEXT, get_text, tls_cipher),
    OWN("variant", TEXT_OR_NULL, get_variant),
    OWN("cache", TEXT_OR_NULL, get_cache),
    OWN("cache_before", TEXT_OR_NULL, get_cache_before),
    OWN("time_before", SECONDS, get_time_before),
    OWN("time_after", SECONDS, get_time_after),
    OWN("purge_code", STATUS, get_purge_code),
    RESPONSE("tcp_rtt", SECONDS, get_i64, tcp.rtt),
    RESPONSE("tcp_rttvar", SECONDS, get_i64, tcp.rttvar),
    RESPONSE("tcp_retransmits", NUMBER, get_u32, tcp.retransmits),
    RESPONSE("tcp_cwnd", NUMBER, get_u32, tcp.cwnd),
    RESPONSE("tcp_delivery_rate", NUMBER, get_i64, tcp.delivery_rate),
};

_Static_assert(sizeof fields / sizeof *fields == RECORD_FIELDS, "struct record_past has them all");

const struct record_field *record_field(struct fsk_span name)
{
    for (size_t i = 0; i < RECORD_FIELDS; i++) {
        const struct record_field *f = &fields[i];
        if (fsk_span_eq(fsk_span(f->key + 2, (size_t)f->key_len - 4), name))
            return f;
    }
    return NULL;
}

/* ---- Putting values -------------------------------------------------------------------------- */

static void put_tries(struct out *o, const struct fsock_fault *fault)
{
    unsigned n = fault ? fault->tries : 0;
    out_str(o, ",\"tries\":[");
    for (unsigned i = 0; i < n && i < FSOCK_TRIES_MAX; i++) {
        const struct fsock_try *tried = &fault->tried[i];
        out_str(o, i ? ",{\"addr\":\"" : "{\"addr\":\"");
        out_json(o, fsk_span_str(tried->addr));
        out_str(o, "\",\"errno\":");
        out_i64(o, tried->sys_errno);
        out_str(o, ",\"error\":\"");
        out_json(o, fsk_span_str(tried->sys_errno ? fsk_errno_text(tried->sys_errno) : "given up"));
        out_str(o, "\",\"time\":");
        out_seconds(o, tried->took);
        out_char(o, '}');
    }
    out_char(o, ']');
}

static void put_json(struct out *o, enum value_kind kind, struct value v)
{
    if (kind == NUMBER || kind == STATUS) {
        out_i64(o, v.number);
    } else if (kind == SECONDS) {
        out_seconds(o, v.number);
    } else if (!v.text.p && kind == TEXT_OR_NULL) {
        out_bytes(o, "null", 4);
    } else {
        out_char(o, '"');
        if (kind == URL)
            record_url(o, v.text, out_json);
        else
            out_json(o, v.text);
        out_char(o, '"');
    }
}

static void put_key(struct out *o, const struct record_field *f)
{
    char *p = out_room(o, KEY_ROOM);
    memcpy(p, f->key, KEY_ROOM);
    p[0] = f == fields ? '{' : ',';
    out_took(o, p + f->key_len);
}

/* ---- What is as in the record before --------------------------------------------------------- */

static bool is_text(enum value_kind kind)
{
    return kind >= TEXT;
}

/* The number, or how long the text is; -1: there is none. */
static int64_t mark_of(enum value_kind kind, struct value v)
{
    return !is_text(kind) ? v.number : v.text.p ? (int64_t)v.text.n : -1;
}

/*
 * Whether a field, in the last record at `was`, has this value again. A text that was no longer
 * there than it is itself had nothing to be escaped; but a URL may have been masked.
 */
static bool is_again(const struct record_past *past, size_t i, const char *was, struct value v,
                     int64_t mark)
{
    const struct record_field *f = &fields[i];
    if (past->mark[i] != mark || !past->len[i])
        return false;
    if (!is_text(f->kind) || mark <= 0)
        return true;
    return f->kind != URL && past->len[i] == f->key_len + v.text.n + 2 &&
           memcmp(was + f->key_len + 1, v.text.p, v.text.n) == 0;
}

/* The record since `begin` is the last one now; not if a part of it has been written already, or if
 * it is too long. */
static void remember(struct record_past *past, const struct out *o, size_t begin, uint64_t flushes)
{
    size_t n = o->n - begin;
    if (o->flushes == flushes && n <= sizeof past->text)
        memcpy(past->text, o->mem + begin, n);
    else
        memset(past->len, 0, sizeof past->len);
}

static void put_fields(struct out *o, const struct record *r, struct record_past *past)
{
    struct view view = {.r = r};
    const char *was = past->text;
    size_t same = 0; /* bytes from there on that are the same again */
    for (size_t i = 0; i < RECORD_FIELDS; i++) {
        const struct record_field *f = &fields[i];
        struct value v = f->get(&view, f->at);
        size_t len = past->len[i], begin;
        int64_t mark = mark_of(f->kind, v);
        if (is_again(past, i, was + same, v, mark)) {
            same += len;
            continue;
        }
        if (same)
            out_bytes(o, was, same);
        was += same + len;
        same = 0;
        begin = o->n;
        put_key(o, f);
        put_json(o, f->kind, v);
        past->len[i] = (uint16_t)(o->n - begin);
        past->mark[i] = mark;
    }
    out_bytes(o, was, same);
}

void record_json(struct out *o, const struct record *r, struct record_past *past)
{
    struct record_past none;
    if (!past) {
        memset(none.len, 0, sizeof none.len);
        past = &none;
    }
    out_begin(o);
    size_t begin = o->n;
    uint64_t flushes = o->flushes;
    put_fields(o, r, past);
    remember(past, o, begin, flushes);
    put_tries(o, r->outcome->fault);
    out_span(o, r->page);
    out_bytes(o, "}\n", 2);
}

void record_value(struct out *o, const struct record_field *f, const struct record *r)
{
    struct view view = {.r = r};
    struct value v = f->get(&view, f->at);
    if (f->kind == STATUS)
        out_padded(o, (uint64_t)v.number, 3);
    else if (f->kind == NUMBER)
        out_i64(o, v.number);
    else if (f->kind == SECONDS)
        out_seconds(o, v.number);
    else if (f->kind == URL)
        record_url(o, v.text, out_span);
    else
        out_span(o, v.text);
}
