/*
 * check_record.h - what `fsock check` tells of one target: a line, or a JSON object.
 */
#ifndef FSOCK_CLI_CHECK_RECORD_H
#define FSOCK_CLI_CHECK_RECORD_H

#include <fsock.h>

#include "out.h"
#include "outcome.h"

struct check_record {
    const struct fsock_check_result *result;
    const struct outcome *outcome;
    const char *state; /* "ok", "critical", ... */
    int64_t now;       /* seconds since 1970, for the days that a certificate has left */
};

/*
 * "TARGET STATE MS TEXT", parted by tabs, or for a terminal by blanks in columns. The text that was
 * asked for, a message, stands behind it.
 */
void check_record_line(struct out *o, const struct check_record *r, bool terminal);
void check_record_json(struct out *o, const struct check_record *r);

/* Whole days until the certificate ends; negative: it has ended. */
int64_t check_days_left(const struct fsock_cert *cert, int64_t now);

#endif
