/*
 * get_item.h - an item: one URL of the command line or of a list, on its way to its record.
 *
 * It is made when its URL is read, and ends with the DONE event of the library's transfer, or by
 * item_refuse(): either writes the record. In between its body goes where it belongs. What the
 * library gives back becomes a URL again, for later. Spare items are kept: a run of a million URLs
 * makes as many as are open at once.
 */
#ifndef FSOCK_CLI_GET_ITEM_H
#define FSOCK_CLI_GET_ITEM_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/list.h"
#include "get_follow.h"
#include "get_later.h"
#include "get_report.h"
#include "get_request.h"
#include "get_rounds.h"
#include "get_source.h"
#include "journal.h"
#include "outcome.h"

struct item;

/* What the items of a run share. */
struct items {
    const struct get_options *o;
    const struct get_request *ask;
    fsock_fetch *fetch;
    struct report *report;
    const struct rounds *rounds, *abroad;
    struct journal *journal; /* NULL: none */
    size_t open;             /* handed over, and not ended */
    struct fsk_list used, spare;
    struct fsk_list next; /* those of `used` whose next round is to be asked for */
    struct page *page[2]; /* of the URL at hand; [true]: of those that come back; NULL: none */
    struct later *later;
    struct follow *follow;
    struct fsk_list back;   /* those of `used` that were given back, and can't wait there */
    fsock_time back_at;     /* when to ask for them again */
    size_t waiting;         /* those that wait for their page's turn */
    bool cut_short;         /* the run ends early: those that had not begun get no record, */
    bool stopped;           /* and the library was told to stop those that had */
    bool over;              /* ... because --run-time struck */
    struct outcome outcome; /* of the item at hand */
};

/* All is borrowed. */
void items_init(struct items *all, const struct get_options *o, const struct get_request *ask,
                const struct rounds *rounds, const struct rounds *abroad, fsock_fetch *fetch,
                struct report *report, struct journal *journal, struct later *later);

/* After items_init(), or of what is all zero. The library must have let go of every item. */
void items_fini(struct items *all);

/* A URL of the source's, good or bad. NULL: out of memory. */
struct item *item_of_url(struct items *all, const struct source_url *u);

/*
 * Hand it to the library, as soon as those before it of the same page have ended. FSOCK_OK, or if
 * the queue is full FSOCK_AGAIN: once more after the next event. Any other result has ended it,
 * with its record.
 */
enum fsock_err item_add(struct items *all, struct item *item);

/*
 * Hand over what goes on with another round; to be called before others are. FSOCK_AGAIN if the
 * queue is full.
 */
enum fsock_err items_go_on(struct items *all);

/* End one of a list that was never handed over, with a record that says why. */
void item_refuse(struct items *all, struct item *item, const char *why);

/* The same of one that its site's robots.txt forbids. */
void item_deny(struct items *all, struct item *item, const char *why);

/* End one without a record. */
void item_drop(struct items *all, struct item *item);

/* Ask once more for those that the library gave back, and that `later` could not take. */
void items_return(struct items *all);

/* An event of an item's: START, HEAD, DATA, RESTART, BACK or DONE. */
void item_event(struct items *all, const struct fsock_event *e);

#endif
