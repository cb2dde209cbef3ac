/*
 * talk_scan_record.h - a port's verdict as the user is told: a line, or a JSON object.
 */
#ifndef FSOCK_CLI_TALK_SCAN_RECORD_H
#define FSOCK_CLI_TALK_SCAN_RECORD_H

#include <fsock.h>

#include "base/span.h"
#include "out.h"

struct scan_record {
    const char *target;    /* as the library was given it */
    struct fsk_span host;  /* a name, an address without brackets, or a unix socket's path */
    uint16_t port;         /* 0: it has none */
    const char *transport; /* "tcp" */
    const char *state;     /* "open", as in fsock_reach_name(), or "canceled" */
    int exitcode;
    const char *text; /* the sentence; "" if it is open */
    const struct fsock_probe_event *event;
};

/*
 * HOST, PORT ("-" for none), STATE, the milliseconds until the verdict, and, unless it is open, the
 * sentence; parted by tabs, for a terminal in columns.
 */
void scan_record_line(struct out *o, const struct scan_record *r, bool terminal);

/* A JSON object and a newline. */
void scan_record_json(struct out *o, const struct scan_record *r);

#endif
