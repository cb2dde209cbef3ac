#include "op/hsts.h"

#include <stdlib.h>

#include "wire/h1.h"
#include "wire/hsts.h"
#include "wire/site.h"

void fsk_hsts_init(struct fsock_hsts *hsts)
{
    pthread_mutex_init(&hsts->lock, NULL);
    fsk_map_init(&hsts->hosts);
    fsk_list_init(&hsts->used);
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* In lower case, without the dot at its end. Empty: it is no name of a host. */
static struct fsk_span name_of(struct fsk_span host, char out[FSK_HSTS_HOST_MAX])
{
    static const char others[] = "-._";
    if (host.n && host.p[host.n - 1] == '.')
        host.n--;
    if (!host.n || host.n > FSK_HSTS_HOST_MAX || host.p[0] == '.' || fsk_site_is_address(host))
        return fsk_span(out, 0);
    for (size_t i = 0; i < host.n; i++) {
        out[i] = fsk_lower(host.p[i]);
        bool good = (out[i] >= 'a' && out[i] <= 'z') || (out[i] >= '0' && out[i] <= '9') ||
                    memchr(others, out[i], sizeof others - 1);
        if (!good)
            return fsk_span(out, 0);
    }
    return fsk_span(out, host.n);
}

static struct fsk_hsts_host *find(const struct fsock_hsts *hsts, struct fsk_span name)
{
    struct fsk_map_node *node = fsk_map_get(&hsts->hosts, name);
    return node ? FSK_HOLDER(node, struct fsk_hsts_host, node) : NULL;
}

/* ---- In and out ------------------------------------------------------------------------------ */

static void drop(struct fsock_hsts *hsts, struct fsk_hsts_host *host)
{
    fsk_map_remove(&hsts->hosts, &host->node);
    fsk_list_remove(&host->used);
    free(host);
}

void fsk_hsts_fini(struct fsock_hsts *hsts)
{
    FSK_LIST_EACH (link, &hsts->used)
        drop(hsts, FSK_HOLDER(link, struct fsk_hsts_host, used));
    fsk_map_fini(&hsts->hosts);
    pthread_mutex_destroy(&hsts->lock);
}

/* A new one. NULL: out of memory. */
static struct fsk_hsts_host *add(struct fsock_hsts *hsts, struct fsk_span name)
{
    struct fsk_hsts_host *host = malloc(sizeof *host + name.n + 1);
    if (!host)
        return NULL;
    if (hsts->hosts.n >= FSK_HSTS_MAX)
        drop(hsts, FSK_HOLDER(hsts->used.next, struct fsk_hsts_host, used));
    memcpy(host->name, name.p, name.n);
    host->name[name.n] = '\0';
    host->node.key = fsk_span(host->name, name.n);
    if (!fsk_map_add(&hsts->hosts, &host->node)) {
        free(host);
        return NULL;
    }
    fsk_list_append(&hsts->used, &host->used);
    return host;
}

static enum fsock_err put(struct fsock_hsts *hsts, struct fsk_span name, int64_t expires,
                          bool subdomains, int64_t now)
{
    struct fsk_hsts_host *host = find(hsts, name);
    if (expires <= now) {
        if (host)
            drop(hsts, host);
        return FSOCK_OK;
    }
    host = host ? host : add(hsts, name);
    if (!host)
        return FSOCK_ERR_MEMORY;
    host->expires = expires;
    host->subdomains = subdomains;
    return FSOCK_OK;
}

enum fsock_err fsk_hsts_put(struct fsock_hsts *hsts, struct fsk_span given, int64_t expires,
                            bool subdomains, int64_t now)
{
    char text[FSK_HSTS_HOST_MAX];
    struct fsk_span name = name_of(given, text);
    if (!name.n)
        return FSOCK_ERR_INPUT;
    pthread_mutex_lock(&hsts->lock);
    enum fsock_err err = put(hsts, name, expires, subdomains, now);
    pthread_mutex_unlock(&hsts->lock);
    return err;
}

/* ---- Answers and requests -------------------------------------------------------------------- */

enum fsock_err fsk_hsts_take(struct fsock_hsts *hsts, struct fsk_span fields, struct fsk_span host,
                             int64_t now)
{
    struct fsk_span value;
    struct fsk_hsts said;
    if (!fsk_h1_find(fields, FSK_SPAN("Strict-Transport-Security"), &value) ||
        !fsk_hsts_parse(value, &said))
        return FSOCK_OK;
    enum fsock_err err = fsk_hsts_put(hsts, host, now + said.max_age, said.subdomains, now);
    return err == FSOCK_ERR_INPUT ? FSOCK_OK : err;
}

/* What holds for a name, if it has not expired. */
static bool holds(struct fsock_hsts *hsts, struct fsk_span name, bool below, int64_t now)
{
    struct fsk_hsts_host *host = find(hsts, name);
    if (host && host->expires <= now) {
        drop(hsts, host);
        host = NULL;
    }
    if (!host || (below && !host->subdomains))
        return false;
    fsk_list_remove(&host->used);
    fsk_list_append(&hsts->used, &host->used);
    return true;
}

bool fsk_hsts_knows(struct fsock_hsts *hsts, struct fsk_span given, int64_t now)
{
    char text[FSK_HSTS_HOST_MAX];
    struct fsk_span name = name_of(given, text);
    bool known = false;
    pthread_mutex_lock(&hsts->lock);
    for (struct fsk_span at = name; at.n && !known;) {
        known = holds(hsts, at, at.n < name.n, now);
        const char *dot = memchr(at.p, '.', at.n);
        size_t gone = dot ? (size_t)(dot - at.p) + 1 : at.n;
        at = fsk_span(at.p + gone, at.n - gone);
    }
    pthread_mutex_unlock(&hsts->lock);
    return known;
}
