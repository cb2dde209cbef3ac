/*
 * transfer_retry.h - the part of a transfer that decides whether it tries again, after what pause,
 * and how it goes on with a body that broke off. Only transfer.c uses it; it moves nothing itself.
 */
#ifndef FSK_TRANSFER_RETRY_H
#define FSK_TRANSFER_RETRY_H

#include "op/transfer.h"

/*
 * t->fault has just happened. True: it is worth another try, to be made at again.until. Of an
 * exchange whose header has been shown, it keeps what going on needs.
 */
bool fsk_transfer_retry_failure(struct fsk_transfer *t, fsock_time now);

/*
 * The header of an answer has come. True: it is not to be shown, but worth another try at
 * again.until. In any case its place is held for as long as the answer says.
 */
bool fsk_transfer_retry_answer(struct fsk_transfer *t, fsock_time now);

/* Its body is to follow the one that broke off; what does the header of the new answer say? */
enum fsk_go_on {
    FSK_GO_ON,      /* the body does, byte after byte: nobody need hear of it */
    FSK_GO_RESTART, /* another body begins, and the owner can begin anew */
    FSK_GO_NOT      /* neither: t->fault says so */
};
enum fsk_go_on fsk_transfer_go_on(struct fsk_transfer *t);

#endif
