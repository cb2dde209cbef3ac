/*
 * transfer.h - one URL on its way from the list to its record.
 *
 * A transfer is made when its URL is read and ends with transfer_done() or transfer_refuse(), which
 * write the record. Spare ones are kept: a run of a million URLs makes as many as are open at once.
 */
#ifndef FSOCK_CLI_TRANSFER_H
#define FSOCK_CLI_TRANSFER_H

#include "get.h"

/* A URL of the command line, or a line of a list (good or bad). NULL: out of memory. */
struct transfer *transfer_of_argument(struct get *g, size_t index);
struct transfer *transfer_of_line(struct get *g, const struct list_line *line);

/*
 * Hand it to the library. FSOCK_OK, or if the queue is full FSOCK_AGAIN: once more after
 * FSOCK_EVENT_ROOM. Any other result has ended it, with its record.
 */
enum fsock_err transfer_add(struct get *g, struct transfer *t);

/* End one that was never handed over, with a record that says why. */
void transfer_refuse(struct get *g, struct transfer *t, const char *why);

/* End one without a record. */
void transfer_drop(struct get *g, struct transfer *t);

/* An event of a transfer: START, HEAD, DATA or DONE. */
void transfer_event(struct get *g, const struct fsock_event *e);

/* Free the spare ones. */
void transfer_free_spare(struct get *g);

#endif
