/*
 * dns_record.h - one question's end as the user is told: lines, the data alone, or a JSON object.
 */
#ifndef FSOCK_CLI_DNS_RECORD_H
#define FSOCK_CLI_DNS_RECORD_H

#include <fsock.h>

#include "base/span.h"
#include "out.h"

/*
 * What became of a question; or of an input that asked for nothing, which has a status of the
 * command's own.
 */
struct dns_record {
    struct fsk_span name; /* as it was given */
    const char *type;     /* "A"; "" if the input asked for nothing */
    const char *status;   /* "NOERROR", ... ; "INVALID" */
    int exitcode;
    const char *err;                   /* the class, as in fsock_err_name() */
    const char *text;                  /* the sentence; "" if there is an answer */
    const struct fsock_answer *answer; /* NULL: it was never asked */
};

/*
 * A line per record: NAME, TYPE, STATUS, TTL and DATA, parted by tabs; without records one line
 * with "-" for TTL and the sentence, if there is one, for DATA. For a terminal in columns, and in
 * colour if asked.
 */
void dns_record_lines(struct out *o, const struct dns_record *r, bool terminal, bool colour);

/* The data of each record, a line each. */
void dns_record_short(struct out *o, const struct dns_record *r);

/* A JSON object and a newline. */
void dns_record_json(struct out *o, const struct dns_record *r);

#endif
