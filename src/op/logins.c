#include "op/logins.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define HOST_MAX 255 /* bytes of a name that can be looked up */

struct host {
    struct fsk_map_node node; /* key: in lower case */
    struct fsk_list logins;
    char key[];
};

void fsk_logins_init(struct fsock_logins *logins)
{
    *logins = (struct fsock_logins){.n = 0};
    fsk_map_init(&logins->hosts);
    fsk_list_init(&logins->others);
}

static void free_ring(struct fsk_list *ring)
{
    FSK_LIST_EACH (link, ring) {
        struct fsk_login *login = FSK_HOLDER(link, struct fsk_login, link);
        fsk_list_remove(link);
        OPENSSL_cleanse(login, login->size);
        free(login);
    }
}

void fsk_logins_fini(struct fsock_logins *logins)
{
    struct fsk_map_node *node;
    while ((node = fsk_map_next(&logins->hosts, NULL)) != NULL) {
        struct host *host = FSK_HOLDER(node, struct host, node);
        free_ring(&host->logins);
        fsk_map_remove(&logins->hosts, node);
        free(host);
    }
    free_ring(&logins->others);
    fsk_map_fini(&logins->hosts);
}

/* A host's name as a key, in `room`; empty, if it is too long to be one. */
static struct fsk_span key_of(struct fsk_span host, char room[HOST_MAX])
{
    size_t n = host.n <= HOST_MAX ? host.n : 0;
    for (size_t i = 0; i < n; i++)
        room[i] = fsk_lower(host.p[i]);
    return fsk_span(room, n);
}

/* ---- Filling --------------------------------------------------------------------------------- */

/* The ring of a host's; NULL: out of memory. */
static struct fsk_list *ring_of(struct fsock_logins *logins, const char *name)
{
    char room[HOST_MAX];
    if (!name)
        return &logins->others;
    struct fsk_span key = key_of(fsk_span_str(name), room);
    struct fsk_map_node *node = fsk_map_get(&logins->hosts, key);
    if (node)
        return &FSK_HOLDER(node, struct host, node)->logins;
    struct host *host = malloc(sizeof *host + key.n);
    if (!host)
        return NULL;
    memcpy(host->key, key.p, key.n);
    host->node.key = fsk_span(host->key, key.n);
    fsk_list_init(&host->logins);
    if (fsk_map_add(&logins->hosts, &host->node))
        return &host->logins;
    free(host);
    return NULL;
}

enum fsock_err fsk_logins_add(struct fsock_logins *logins, const char *host, struct fsk_span u,
                              struct fsk_span p)
{
    if (logins->n >= FSK_LOGINS_MAX || (host && strlen(host) > HOST_MAX))
        return FSOCK_ERR_TOO_BIG;
    size_t size = sizeof(struct fsk_login) + u.n + p.n;
    struct fsk_list *ring = ring_of(logins, host);
    struct fsk_login *login = ring ? malloc(size) : NULL;
    if (!login)
        return FSOCK_ERR_MEMORY;
    *login = (struct fsk_login){.size = size};
    if (u.n)
        memcpy(login->text, u.p, u.n);
    if (p.n)
        memcpy(login->text + u.n, p.p, p.n);
    login->user = fsk_span(login->text, u.n);
    login->password = fsk_span(login->text + u.n, p.n);
    fsk_list_append(ring, &login->link);
    logins->n++;
    return FSOCK_OK;
}

/* ---- Asking ---------------------------------------------------------------------------------- */

static const struct fsk_login *find_user(const struct fsk_list *ring, struct fsk_span user)
{
    FSK_LIST_EACH (link, ring) {
        const struct fsk_login *login = FSK_HOLDER(link, const struct fsk_login, link);
        if (!user.n || fsk_span_eq(login->user, user))
            return login;
    }
    return NULL;
}

const struct fsk_login *fsk_logins_find(const struct fsock_logins *logins, struct fsk_span host,
                                        struct fsk_span user, bool others_too)
{
    char room[HOST_MAX];
    struct fsk_map_node *node = fsk_map_get(&logins->hosts, key_of(host, room));
    const struct fsk_login *login =
        node ? find_user(&FSK_HOLDER(node, struct host, node)->logins, user) : NULL;
    return login || !others_too ? login : find_user(&logins->others, user);
}
