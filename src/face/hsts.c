/*
 * Hosts that want https, for the caller: made, freed, filled and looked into. What requests do with
 * them is in op/hsts.c.
 */
#include <stdlib.h>

#include "base/time.h"
#include "op/hsts.h"

struct copy {
    const char *name;
    int64_t expires;
    bool subdomains;
};

/* A copy: the hosts, with their names behind them in one piece. */
struct fsock_hsts_hosts {
    size_t n, next;
    struct copy host[];
};

fsock_hsts *fsock_hsts_new(void)
{
    struct fsock_hsts *hsts = malloc(sizeof *hsts);
    if (hsts)
        fsk_hsts_init(hsts);
    return hsts;
}

void fsock_hsts_free(fsock_hsts *hsts)
{
    if (!hsts)
        return;
    fsk_hsts_fini(hsts);
    free(hsts);
}

enum fsock_err fsock_hsts_put(fsock_hsts *hsts, const char *host, int64_t expires, int subdomains)
{
    return fsk_hsts_put(hsts, fsk_span_str(host), expires, subdomains != 0,
                        fsk_time_unix() / FSOCK_SECOND);
}

/* ---- Looking --------------------------------------------------------------------------------- */

static int by_name(const void *left, const void *right)
{
    const struct copy *a = left, *b = right;
    return strcmp(a->name, b->name);
}

/* Bytes of all names, each with its NUL. */
static size_t names_of(const struct fsock_hsts *hsts)
{
    size_t bytes = 0;
    FSK_LIST_EACH (link, &hsts->used)
        bytes += FSK_HOLDER(link, const struct fsk_hsts_host, used)->node.key.n + 1;
    return bytes;
}

static void copy_all(const struct fsock_hsts *hsts, struct fsock_hsts_hosts *hosts)
{
    int64_t now = fsk_time_unix() / FSOCK_SECOND;
    char *end = (char *)&hosts->host[hsts->hosts.n];
    *hosts = (struct fsock_hsts_hosts){.n = 0};
    FSK_LIST_EACH (link, &hsts->used) {
        const struct fsk_hsts_host *host = FSK_HOLDER(link, const struct fsk_hsts_host, used);
        if (host->expires <= now)
            continue;
        hosts->host[hosts->n++] = (struct copy){end, host->expires, host->subdomains};
        memcpy(end, host->name, host->node.key.n + 1);
        end += host->node.key.n + 1;
    }
    qsort(hosts->host, hosts->n, sizeof hosts->host[0], by_name);
}

fsock_hsts_hosts *fsock_hsts_known(fsock_hsts *hsts)
{
    pthread_mutex_lock(&hsts->lock);
    struct fsock_hsts_hosts *hosts =
        malloc(sizeof *hosts + hsts->hosts.n * sizeof hosts->host[0] + names_of(hsts));
    if (hosts)
        copy_all(hsts, hosts);
    pthread_mutex_unlock(&hsts->lock);
    return hosts;
}

const char *fsock_hsts_next(fsock_hsts_hosts *hosts, int64_t *expires, int *subdomains)
{
    if (!hosts || hosts->next == hosts->n)
        return NULL;
    const struct copy *host = &hosts->host[hosts->next++];
    *expires = host->expires;
    *subdomains = host->subdomains;
    return host->name;
}

void fsock_hsts_hosts_free(fsock_hsts_hosts *hosts)
{
    free(hosts);
}
