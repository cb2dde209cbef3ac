#include "op/realm.h"

#include <stdlib.h>

struct fsk_realm_site {
    struct fsk_map_node node;
    struct fsk_list realms;
    size_t n;
    char key[];
};

void fsk_realms_init(struct fsk_realms *realms)
{
    *realms = (struct fsk_realms){.n = 0};
    fsk_map_init(&realms->sites);
    fsk_list_init(&realms->used);
}

/* Take it out, and its site, too, if that was the last one. */
static void forget(struct fsk_realms *realms, struct fsk_realm *realm)
{
    struct fsk_realm_site *site = realm->site;
    fsk_list_remove(&realm->link);
    fsk_list_remove(&realm->used);
    realms->n--;
    site->n--;
    fsk_realm_free(realm);
    if (site->n)
        return;
    fsk_map_remove(&realms->sites, &site->node);
    free(site);
}

void fsk_realms_fini(struct fsk_realms *realms)
{
    FSK_LIST_EACH (link, &realms->used)
        forget(realms, FSK_HOLDER(link, struct fsk_realm, used));
    fsk_map_fini(&realms->sites);
}

/* ---- One realm ------------------------------------------------------------------------------- */

static struct fsk_span put(char **end, struct fsk_span text)
{
    struct fsk_span copy = fsk_span(*end, text.n);
    if (text.n)
        memcpy(*end, text.p, text.n);
    *end += text.n;
    return copy;
}

struct fsk_realm *fsk_realm_new(bool basic, const struct fsk_digest *digest, struct fsk_span path,
                                struct fsk_rand *rand)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    while (path.n && path.p[path.n - 1] != '/')
        path.n--;
    struct fsk_realm *realm = malloc(sizeof *realm + digest->realm.n + digest->nonce.n +
                                     digest->opaque.n + digest->algorithm.n + path.n);
    if (!realm)
        return NULL;
    *realm = (struct fsk_realm){.basic = basic, .digest = *digest};
    fsk_list_init(&realm->link);
    fsk_list_init(&realm->used);
    char *end = realm->text;
    realm->digest.realm = put(&end, digest->realm);
    realm->digest.nonce = put(&end, digest->nonce);
    realm->digest.opaque = put(&end, digest->opaque);
    realm->digest.algorithm = put(&end, digest->algorithm);
    realm->dir = put(&end, path);
    fsk_rand_bytes(rand, realm->cnonce, sizeof realm->cnonce);
    for (size_t i = 0; i < sizeof realm->cnonce; i++)
        realm->cnonce[i] = letters[(unsigned char)realm->cnonce[i] % 64];
    return realm;
}

struct fsk_realm *fsk_realm_renew(const struct fsk_realm *realm, struct fsk_span nonce,
                                  struct fsk_rand *rand)
{
    struct fsk_digest digest = realm->digest;
    digest.nonce = nonce;
    return fsk_realm_new(realm->basic, &digest, realm->dir, rand);
}

void fsk_realm_free(struct fsk_realm *realm)
{
    free(realm);
}

/* ---- All of them ----------------------------------------------------------------------------- */

static struct fsk_realm_site *site_of(const struct fsk_realms *realms, struct fsk_span key)
{
    struct fsk_map_node *node = fsk_map_get(&realms->sites, key);
    return node ? FSK_HOLDER(node, struct fsk_realm_site, node) : NULL;
}

static struct fsk_realm_site *new_site(struct fsk_realms *realms, struct fsk_span key)
{
    struct fsk_realm_site *site = malloc(sizeof *site + key.n);
    if (!site)
        return NULL;
    *site = (struct fsk_realm_site){.n = 0};
    fsk_list_init(&site->realms);
    if (key.n)
        memcpy(site->key, key.p, key.n);
    site->node.key = fsk_span(site->key, key.n);
    if (fsk_map_add(&realms->sites, &site->node))
        return site;
    free(site);
    return NULL;
}

static bool is_below(struct fsk_span path, struct fsk_span dir)
{
    return path.n >= dir.n && fsk_span_eq(fsk_span(path.p, dir.n), dir);
}

/* It has been used: it is the first of its site, and the last that makes room. */
static void use(struct fsk_realms *realms, struct fsk_realm *realm)
{
    fsk_list_remove(&realm->link);
    fsk_list_remove(&realm->used);
    fsk_list_prepend(&realm->site->realms, &realm->link);
    fsk_list_append(&realms->used, &realm->used);
}

struct fsk_realm *fsk_realms_find(struct fsk_realms *realms, struct fsk_span key,
                                  struct fsk_span path, bool basic_too)
{
    struct fsk_realm_site *site = site_of(realms, key);
    struct fsk_realm *best = NULL, *last = NULL;
    if (!site)
        return NULL;
    FSK_LIST_EACH (link, &site->realms) {
        struct fsk_realm *realm = FSK_HOLDER(link, struct fsk_realm, link);
        if (realm->basic && !basic_too)
            continue;
        if (is_below(path, realm->dir) && (!best || realm->dir.n > best->dir.n))
            best = realm;
        if (!last && !realm->basic)
            last = realm;
    }
    best = best ? best : last;
    if (best)
        use(realms, best);
    return best;
}

void fsk_realms_keep(struct fsk_realms *realms, struct fsk_span key, struct fsk_realm *realm)
{
    struct fsk_realm_site *site = site_of(realms, key);
    if (!site)
        site = new_site(realms, key);
    if (!site) {
        fsk_realm_free(realm);
        return;
    }
    realm->site = site;
    site->n++; /* from here on the site stays */
    realms->n++;
    FSK_LIST_EACH (link, &site->realms) {
        struct fsk_realm *other = FSK_HOLDER(link, struct fsk_realm, link);
        if (other->basic == realm->basic && fsk_span_eq(other->digest.realm, realm->digest.realm))
            forget(realms, other);
    }
    use(realms, realm);
    if (site->n > FSK_REALM_SITE)
        forget(realms, FSK_HOLDER(site->realms.prev, struct fsk_realm, link));
    if (realms->n > FSK_REALM_ALL)
        forget(realms, FSK_HOLDER(realms->used.next, struct fsk_realm, used));
}
