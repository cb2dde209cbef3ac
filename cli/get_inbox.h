/*
 * get_inbox.h - URLs on their way from the thread that reads the lists to one that fetches them.
 *
 * One thread puts, one takes. What is put in waits in a buffer of INBOX_BYTES at most; who takes
 * swaps it for an empty one, so that both rarely meet. Each has a descriptor to be watched: `news`
 * becomes readable when there is something to take (or the inbox was closed, or poked), and the
 * putter's own, given to inbox_init(), when there is room again.
 */
#ifndef FSOCK_CLI_GET_INBOX_H
#define FSOCK_CLI_GET_INBOX_H

#include <pthread.h>
#include <stdbool.h>

#include "base/buf.h"
#include "get_source.h"

#define INBOX_BYTES ((size_t)512 * 1024)

struct inbox {
    pthread_mutex_t lock;
    struct fsk_buf put;   /* under the lock */
    struct fsk_buf taken; /* the taker's own */
    bool closed, full;    /* under the lock; full: the putter was turned away */
    int news, room;
};

/* `room` is borrowed: an eventfd. False, with errno: no memory, no descriptor. */
bool inbox_init(struct inbox *in, int room);
void inbox_fini(struct inbox *in);

/* Put in a copy; u->list and u->output are borrowed. FSOCK_OK, FSOCK_AGAIN: full; FSOCK_ERR_MEMORY.
 */
enum fsock_err inbox_put(struct inbox *in, const struct source_url *u);

/* No more will come. */
void inbox_close(struct inbox *in);

/* LIST_LINE, LIST_BAD, LIST_WAIT: watch in->news; LIST_END. The text lives until the next call. */
enum list_result inbox_next(struct inbox *in, struct source_url *u);

/* Make `news` readable, for those who have other news; and take that back before looking. */
void inbox_poke(struct inbox *in);
void inbox_calm(struct inbox *in);

#endif
