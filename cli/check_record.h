/*
 * check_record.h - what `fsock check` tells of one target: a line, or a JSON object.
 */
#ifndef FSOCK_CLI_CHECK_RECORD_H
#define FSOCK_CLI_CHECK_RECORD_H

#include <fsock.h>

#include "check_verdict.h"
#include "out.h"

struct check_record {
    const struct fsock_check_result *result;
    const struct check_verdict *verdict;
    bool dated; /* a line begins with the time */
};

/*
 * "TARGET STATE MS TEXT", parted by tabs, or for a terminal by blanks in columns. The text that was
 * asked for, a message, stands behind it.
 */
void check_record_line(struct out *o, const struct check_record *r, bool terminal);
void check_record_json(struct out *o, const struct check_record *r);

#endif
