#include "get_later.h"

#include "base/time.h"

void later_init(struct later *l)
{
    *l = (struct later){.wait = LATER_LEAST};
    spool_init(&l->urls, LATER_ROOM);
}

void later_fini(struct later *l)
{
    spool_fini(&l->urls);
}

enum fsock_err later_put(struct later *l, const struct source_url *u, fsock_time now)
{
    char bytes[sizeof *u + LIST_LINE_MAX];
    if (u->text.n > LIST_LINE_MAX)
        return FSOCK_ERR_TOO_BIG;
    if (!l->urls.n)
        l->next = fsk_time_limit(now, l->wait);
    memcpy(bytes, u, sizeof *u);
    memcpy(bytes + sizeof *u, u->text.p, u->text.n);
    return spool_put(&l->urls, fsk_span(bytes, sizeof *u + u->text.n));
}

/* Whether there is one to come back: of the portion at hand, or of the next one. */
static bool is_due(struct later *l, fsock_time now, bool idle)
{
    if (!l->urls.n || (!l->left && now < l->next && !idle))
        return false;
    if (l->left)
        return true;
    l->left = l->urls.n < LATER_PORTION ? l->urls.n : LATER_PORTION;
    l->next = fsk_time_limit(now, l->wait);
    l->wait = fsk_time_min(2 * l->wait, LATER_MOST);
    return true;
}

enum list_result later_next(struct later *l, fsock_time now, bool idle, struct source_url *u)
{
    struct fsk_span entry;
    if (!is_due(l, now, idle))
        return LIST_WAIT;
    l->left--;
    if (spool_get(&l->urls, &entry) != FSOCK_OK) {
        l->left = l->urls.n = 0;
        return LIST_FAILED;
    }
    memcpy(u, entry.p, sizeof *u);
    u->text.p = entry.p + sizeof *u;
    return LIST_LINE;
}

void later_began(struct later *l, fsock_time now)
{
    l->wait = LATER_LEAST;
    l->next = fsk_time_min(l->next, fsk_time_limit(now, LATER_LEAST));
    l->left += LATER_MORE;
    if (l->left > l->urls.n)
        l->left = l->urls.n;
}
