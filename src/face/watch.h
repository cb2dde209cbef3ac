/*
 * watch.h - descriptors of the caller's, watched along with a loop's ops, each once.
 */
#ifndef FSK_WATCH_H
#define FSK_WATCH_H

#include "op/op.h"

struct fsk_watches {
    struct fsk_driver *driver;
    struct fsk_list armed, ready; /* ready: have fired */
};

void fsk_watches_init(struct fsk_watches *w, struct fsk_driver *driver);

/* End all, without a word. */
void fsk_watches_clear(struct fsk_watches *w);

/* FSOCK_OK, FSOCK_ERR_INPUT (fd is negative) or FSOCK_ERR_MEMORY. */
enum fsock_err fsk_watches_add(struct fsk_watches *w, int fd, unsigned events, void *user);

/* Take one that has fired: true, and what the caller knows it by. */
bool fsk_watches_take(struct fsk_watches *w, void **user);

static inline bool fsk_watches_empty(const struct fsk_watches *w)
{
    return fsk_list_empty(&w->armed);
}

#endif
