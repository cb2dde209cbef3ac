/*
 * transfer_response.h - what a transfer finds out, written down for the caller as it goes. Only
 * transfer.c uses it.
 */
#ifndef FSK_TRANSFER_RESPONSE_H
#define FSK_TRANSFER_RESPONSE_H

#include "op/transfer.h"

#define FSK_TCP_FRESH (10 * FSOCK_MILLISECOND)

/* The connection that it has, and how long the dial took that made it. */
void fsk_transfer_note_stream(struct fsk_transfer *t);
void fsk_transfer_note_dial(struct fsk_transfer *t);

/* What TCP knows of the connection. What it knew less than FSK_TCP_FRESH ago will do: a list's
 * exchanges on a kept connection are often shorter, and each question is a system call. */
void fsk_transfer_note_tcp(struct fsk_transfer *t, fsock_time now);

/* The header of an answer that is for the owner, or is a redirect. */
void fsk_transfer_note_head(struct fsk_transfer *t);

/* Where a redirect points that is not followed. */
void fsk_transfer_note_location(struct fsk_transfer *t, struct fsk_span location);

/* The exchange is over: the counters, into which redirects and retries count. */
void fsk_transfer_note_end(struct fsk_transfer *t);

#endif
