/*
 * query_verdict.h - what a query makes of what comes from servers: answers, errors, nonsense. A
 * part of query.c, which acts upon it in its next step.
 */
#ifndef FSK_QUERY_VERDICT_H
#define FSK_QUERY_VERDICT_H

#include "op/query.h"

/* Told of what becomes of the questions of all queries; leaves verdicts in their slots. */
extern const struct fsk_asker fsk_query_asker;

/* Note what was wrong with a server. Returns FSK_QUERY_NEXT. */
enum fsk_query_verdict fsk_query_fault(struct fsk_query *q, struct fsk_server *s,
                                       enum fsk_query_trouble what, int detail);

/* The note of a server; NULL: there is none. */
struct fsk_query_note *fsk_query_find_note(struct fsk_query *q, const struct fsk_server *s);

/* The same, made if there is none: in the place of another one's where there is no more room. */
struct fsk_query_note *fsk_query_note_of(struct fsk_query *q, struct fsk_server *s);

/* Until a descriptor may be free again. */
#define FSK_NO_DESCRIPTOR_DELAY (50 * FSOCK_MILLISECOND)

/* An errno that is about us, not about the server, and may pass. */
bool fsk_no_descriptor(int sys_errno);

#endif
