#include "net/tls_session.h"

#include <stdlib.h>

struct peer {
    struct fsk_map_node node;
    struct fsk_list sessions; /* oldest first; never empty */
    unsigned n;
    char key[];
};

struct session {
    struct fsk_list in_all, in_peer;
    struct peer *peer;
    fsock_time expires;
    bool once; /* a TLS 1.3 ticket */
    SSL_SESSION *ssl;
};

#define SESSION_OF(link, member) FSK_HOLDER(link, struct session, member)

void fsk_tls_sessions_init(struct fsk_tls_sessions *cache)
{
    fsk_map_init(&cache->peers);
    fsk_list_init(&cache->all);
    cache->n = 0;
}

static void drop_peer_if_empty(struct fsk_tls_sessions *cache, struct peer *peer)
{
    if (peer->n > 0)
        return;
    fsk_map_remove(&cache->peers, &peer->node);
    free(peer);
}

static void drop(struct fsk_tls_sessions *cache, struct session *s)
{
    fsk_list_remove(&s->in_all);
    fsk_list_remove(&s->in_peer);
    cache->n--;
    s->peer->n--;
    drop_peer_if_empty(cache, s->peer);
    SSL_SESSION_free(s->ssl);
    free(s);
}

void fsk_tls_sessions_fini(struct fsk_tls_sessions *cache)
{
    while (!fsk_list_empty(&cache->all))
        drop(cache, SESSION_OF(cache->all.next, in_all));
    fsk_map_fini(&cache->peers);
}

static struct peer *find(const struct fsk_tls_sessions *cache, struct fsk_span key)
{
    struct fsk_map_node *node = fsk_map_get(&cache->peers, key);
    return node ? FSK_HOLDER(node, struct peer, node) : NULL;
}

static struct peer *find_or_add(struct fsk_tls_sessions *cache, struct fsk_span key)
{
    struct peer *peer = find(cache, key);
    if (peer)
        return peer;
    peer = malloc(sizeof *peer + key.n);
    if (!peer)
        return NULL;
    memcpy(peer->key, key.p, key.n);
    peer->node.key = fsk_span(peer->key, key.n);
    fsk_list_init(&peer->sessions);
    peer->n = 0;
    if (!fsk_map_add(&cache->peers, &peer->node)) {
        free(peer);
        return NULL;
    }
    return peer;
}

/* How long it may be used: what the client would keep it, and what the server said. */
static fsock_time lifetime(const SSL_SESSION *session)
{
    int64_t seconds = SSL_SESSION_get_timeout(session);
    int64_t hint = (int64_t)SSL_SESSION_get_ticket_lifetime_hint(session);
    if (SSL_SESSION_has_ticket(session) && hint > 0 && hint < seconds)
        seconds = hint;
    return seconds * FSOCK_SECOND;
}

static struct session *new_session(SSL_SESSION *ssl, fsock_time now)
{
    struct session *s = SSL_SESSION_is_resumable(ssl) ? malloc(sizeof *s) : NULL;
    if (!s)
        return NULL;
    SSL_SESSION_up_ref(ssl);
    s->ssl = ssl;
    s->expires = now + lifetime(ssl);
    s->once = SSL_SESSION_get_protocol_version(ssl) >= TLS1_3_VERSION;
    fsk_list_init(&s->in_all);
    fsk_list_init(&s->in_peer);
    return s;
}

void fsk_tls_sessions_put(struct fsk_tls_sessions *cache, struct fsk_span key, SSL_SESSION *session,
                          fsock_time now)
{
    struct peer *peer = find_or_add(cache, key);
    struct session *s = peer ? new_session(session, now) : NULL;
    if (!s) {
        if (peer)
            drop_peer_if_empty(cache, peer);
        return;
    }
    s->peer = peer;
    peer->n++;
    cache->n++;
    fsk_list_append(&peer->sessions, &s->in_peer);
    fsk_list_append(&cache->all, &s->in_all);
    /* One session that can be used again is enough. */
    while (peer->n > (s->once ? FSK_TLS_TICKETS : 1))
        drop(cache, SESSION_OF(peer->sessions.next, in_peer));
    if (cache->n > FSK_TLS_SESSIONS)
        drop(cache, SESSION_OF(cache->all.next, in_all));
}

SSL_SESSION *fsk_tls_sessions_take(struct fsk_tls_sessions *cache, struct fsk_span key,
                                   fsock_time now)
{
    struct peer *peer;
    while ((peer = find(cache, key))) {
        struct session *s = SESSION_OF(peer->sessions.prev, in_peer);
        /* A connection that failed has marked its session as bad. */
        bool good = now < s->expires && SSL_SESSION_is_resumable(s->ssl);
        SSL_SESSION *session = good && SSL_SESSION_up_ref(s->ssl) ? s->ssl : NULL;
        if (!session || s->once)
            drop(cache, s);
        if (session)
            return session;
    }
    return NULL;
}

void fsk_tls_sessions_forget(struct fsk_tls_sessions *cache, struct fsk_span key)
{
    for (struct peer *peer; (peer = find(cache, key));)
        drop(cache, SESSION_OF(peer->sessions.next, in_peer));
}
