/*
 * get_item_inside.h - an item as get_item.c and get_item_body.c see it; nobody else does.
 */
#ifndef FSOCK_CLI_GET_ITEM_INSIDE_H
#define FSOCK_CLI_GET_ITEM_INSIDE_H

#include "base/buf.h"
#include "get_held.h"
#include "get_item.h"
#include "get_page.h"
#include "get_resume.h"
#include "get_sink.h"
#include "get_submit.h"

struct item {
    struct fsk_list link;    /* in items.used or items.spare */
    struct fsk_list turn;    /* in items.next, in items.back, or it waits for its page */
    struct fsk_buf url;      /* with a NUL behind it */
    struct source_url given; /* what it was made of, but for the text */
    struct rounds_at at;
    bool enough;             /* --check-links: it is there, and no more of it is needed */
    bool again;              /* ... it is asked for by GET, since HEAD was refused */
    bool started;            /* it had left the queue */
    bool stdout_asked;       /* by -o - */
    struct held held;        /* --include=decoded: the body, until the header is known */
    struct get_page *found;  /* what is in the page; NULL: nobody wants to know */
    struct submission *form; /* --submit; NULL: not asked for yet, or never */
    struct visit *visit;     /* it was found in a page; NULL: not asked for yet, or it wasn't */
    struct sink sink;
    uint64_t from;              /* where in the file the answer begins */
    struct resumption *resumed; /* -C; NULL: from the beginning */
    struct outcome *failure;    /* what went wrong here, not on the network; NULL: nothing */
    char room[128];             /* where `url` begins */
};

/* The request for what was found in a page. */
struct visit {
    struct fsock_request request;
    struct referer referer;
};

/* Its URL, as a C string. */
static inline const char *item_url(const struct item *item)
{
    return item->url.mem + item->url.start;
}

/* ---- get_item_body.c ------------------------------------------------------------------------- */

/* Events of the answer that is the item's. What fails here ends the transfer: item->failure. */
void item_on_head(struct items *all, struct item *item, const struct fsock_event *e);
void item_on_data(struct items *all, struct item *item, const struct fsock_event *e);
void item_on_restart(struct items *all, struct item *item, const struct fsock_event *e);

/* The library is content; so must the sink be: all->outcome. */
void item_finish(struct items *all, struct item *item, const struct fsock_response *r);

#endif
