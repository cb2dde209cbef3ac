/*
 * trace_lines.h - what -v prints: a line per timeline mark, the headers sent and received.
 */
#ifndef FSOCK_CLI_TRACE_LINES_H
#define FSOCK_CLI_TRACE_LINES_H

#include <stdbool.h>

#include <fsock.h>

#include "out.h"

/*
 * "* 0.012345 connect 192.0.2.1:80"; with `ids` "* 0.012345 [7] connect ...". A request's head
 * instead has "> " in front of each line.
 */
void trace_mark(struct out *o, const struct fsock_mark *mark, fsock_time started, bool ids);

/* The mark's name and what it says, on one line, without a newline: "connect 192.0.2.1:80". */
void trace_words(struct out *o, const struct fsock_mark *mark);

/* Each line of an answer's header, with "< " in front; with `mask` the cookies in it as "***". */
void trace_head(struct out *o, const struct fsock_event *e, bool ids, bool mask);

#endif
