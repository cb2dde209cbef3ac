/* keep.c: a pool of open streams, for the next who wants the same. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "face/given.h"
#include "face/stream.h"

#define KEPT_MOST 64
#define KEPT_LONG (60 * FSOCK_SECOND)
#define KEY_MOST  ((size_t)64 * 1024)

struct kept {
    struct fsk_list link;
    fsock_stream *stream;
    fsock_time until;
};

struct fsock_pool {
    struct fsk_list kept; /* the one kept last in front */
    size_t n, max;
    int64_t idle;
};

fsock_pool *fsock_pool_new(size_t max, fsock_time idle)
{
    fsock_pool *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    fsk_list_init(&p->kept);
    p->max = max ? max : KEPT_MOST;
    p->idle = idle > 0 ? idle : KEPT_LONG;
    return p;
}

/* Out of the pool; the caller's again. */
static fsock_stream *take(fsock_pool *p, struct kept *k)
{
    fsock_stream *stream = k->stream;
    fsk_list_remove(&k->link);
    free(k);
    p->n--;
    return stream;
}

void fsock_pool_free(fsock_pool *p)
{
    if (!p)
        return;
    FSK_LIST_EACH (link, &p->kept)
        fsock_close(take(p, FSK_HOLDER(link, struct kept, link)));
    free(p);
}

size_t fsock_pool_count(const fsock_pool *p)
{
    return p->n;
}

/* ---- What makes two streams the same --------------------------------------------------------- */

static bool add_text(struct fsk_buf *key, const char *text)
{
    char mark = text ? '=' : '-'; /* "" is not NULL */
    return fsk_buf_append(key, &mark, 1) == FSOCK_OK &&
           (!text || fsk_buf_append(key, text, strlen(text) + 1) == FSOCK_OK);
}

static bool add_numbers(struct fsk_buf *key, const struct fsk_endpoint *e,
                        const struct fsock_options *o)
{
    const int numbers[] = {(int)e->transport, e->port,       o->family,     o->fast_open,
                           o->insecure,       o->delay,      o->keepalive,  o->keep_idle,
                           o->keep_interval,  o->keep_count, o->linger,     o->receive_buffer,
                           o->send_buffer,    o->broadcast,  o->reuse_port, o->public_only};
    return fsk_buf_append(key, numbers, sizeof numbers) == FSOCK_OK;
}

static bool add_host(struct fsk_buf *key, struct fsk_span host)
{
    bool good = true;
    for (size_t i = 0; good && i < host.n; i++) {
        char c = fsk_lower(host.p[i]);
        good = fsk_buf_append(key, &c, 1) == FSOCK_OK;
    }
    return good && fsk_buf_append(key, "", 1) == FSOCK_OK;
}

/* All but limits, which are the next caller's own. */
static bool make_key(struct fsk_buf *key, const struct fsk_endpoint *e,
                     const struct fsock_options *o)
{
    const char *texts[] = {e->tls_version, o->bind,        o->dns_servers, o->unix_socket,
                           o->resolv_conf, o->hosts,       o->proxy,       o->proxy_user,
                           o->no_proxy,    o->ca_file,     o->cert_file,   o->key_file,
                           o->tls_min,     o->tls_max,     o->keylog_file, o->tls_name,
                           o->alpn,        o->allow_hosts, o->deny_hosts};
    fsk_buf_init(key, KEY_MOST);
    bool good = add_numbers(key, e, o) && add_host(key, e->host) &&
                fsk_buf_append(key, e->path.p, e->path.n) == FSOCK_OK &&
                fsk_buf_append(key, "", 1) == FSOCK_OK;
    for (size_t i = 0; good && i < sizeof texts / sizeof *texts; i++)
        good = add_text(key, texts[i]);
    for (const char *const *pin = o->resolve; good && pin && *pin; pin++)
        good = add_text(key, *pin);
    return good;
}

/* With its length in front, since it holds NULs. */
static char *copy_key(struct fsk_span key)
{
    char *copy = malloc(sizeof key.n + key.n);
    if (copy) {
        memcpy(copy, &key.n, sizeof key.n);
        memcpy(copy + sizeof key.n, key.p, key.n);
    }
    return copy;
}

static struct fsk_span key_of(const fsock_stream *s)
{
    size_t n;
    memcpy(&n, s->key, sizeof n);
    return fsk_span(s->key + sizeof n, n);
}

/* ---- Out and in ------------------------------------------------------------------------------ */

/* Nothing has come and nothing has ended: what came would answer a question of somebody else's. */
static bool is_quiet(fsock_stream *s)
{
    struct fsk_wait unused = {.wants = 0};
    char byte;
    size_t n;
    return fsk_buf_len(&s->in) == 0 && fsk_buf_len(&s->owed) == 0 && !s->shaking &&
           !s->stream.send_dead && !s->shut &&
           fsk_stream_recv(&s->stream, &byte, 1, &n, FSK_IO_PEEK, &unused) == FSOCK_AGAIN;
}

static void drop_old(fsock_pool *p, fsock_time now)
{
    FSK_LIST_EACH (link, &p->kept) {
        struct kept *k = FSK_HOLDER(link, struct kept, link);
        if (now >= k->until)
            fsock_close(take(p, k));
    }
}

/* A stream that is the same, and lives; NULL: there is none. */
static fsock_stream *find(fsock_pool *p, struct fsk_span key)
{
    FSK_LIST_EACH (link, &p->kept) {
        struct kept *k = FSK_HOLDER(link, struct kept, link);
        if (!fsk_span_eq(key_of(k->stream), key))
            continue;
        fsock_stream *s = take(p, k);
        if (is_quiet(s))
            return s;
        fsock_close(s);
    }
    return NULL;
}

/* As it was when it was opened. */
static void refresh(fsock_stream *s, int64_t silence)
{
    s->deadline = FSOCK_NEVER;
    s->silence = silence;
    s->timed_out = false;
    s->received = s->sent = 0;
    s->fault.err = FSOCK_OK;
}

static enum fsock_err open_by_key(fsock_pool *p, fsock_stream **stream, const char *target,
                                  int port, const struct fsock_options *given, fsock_time deadline,
                                  int *reused, struct fsock_fault *fault)
{
    struct fsk_endpoint e;
    struct fsk_buf key = {.ceiling = 0};
    char why[FSK_ENDPOINT_WHY];
    enum fsock_err err = FSOCK_OK;
    bool keyed =
        fsk_endpoint_parse(fsk_span_str(target), port, false, &e, why) && make_key(&key, &e, given);
    *stream = keyed ? find(p, fsk_buf_span(&key)) : NULL;
    *reused = *stream != NULL;
    if (*stream) {
        refresh(*stream, given->read_timeout);
    } else {
        err = fsock_open(stream, target, port, given, deadline, fault);
        if (err == FSOCK_OK && keyed)
            (*stream)->key = copy_key(fsk_buf_span(&key)); /* without one it won't be kept */
    }
    fsk_buf_fini(&key);
    return err;
}

enum fsock_err fsock_pool_open(fsock_pool *p, fsock_stream **stream, const char *target, int port,
                               const struct fsock_options *options, fsock_time deadline,
                               int *reused, struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    int unasked;
    target = target ? target : "";
    fault = fault ? fault : &unheard;
    reused = reused ? reused : &unasked;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    *stream = NULL;
    *reused = 0;
    enum fsock_err err = fsk_given_options(&given, options, fault);
    if (err != FSOCK_OK)
        return err;
    drop_old(p, fsock_now());
    return open_by_key(p, stream, target, port, &given, deadline, reused, fault);
}

void fsock_pool_keep(fsock_pool *p, fsock_stream *s)
{
    if (!s)
        return;
    fsock_time now = fsock_now();
    drop_old(p, now);
    struct kept *k = s->key && p->n < p->max && is_quiet(s) ? malloc(sizeof *k) : NULL;
    if (!k) {
        fsock_close(s);
        return;
    }
    *k = (struct kept){.stream = s, .until = fsk_time_limit(now, p->idle)};
    fsk_list_prepend(&p->kept, &k->link);
    p->n++;
}
