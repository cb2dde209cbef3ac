/*
 * check_verdict.h - is a checked service well: by how its check ended, and by the limits of --warn,
 * --critical and --cert-days. Pure.
 */
#ifndef FSOCK_CLI_CHECK_VERDICT_H
#define FSOCK_CLI_CHECK_VERDICT_H

#include "check_options.h"
#include "outcome.h"

/* As Nagios numbers them. */
enum check_state { CHECK_OK, CHECK_WARNING, CHECK_CRITICAL, CHECK_UNKNOWN };

struct check_verdict {
    enum check_state state;
    struct outcome outcome; /* of a warning, too, it is a fine one */
    char warning[160];      /* "" unless it is one */
    int64_t now;            /* seconds since 1970 */
};

/* The outcome refers to the result's fault. */
void check_judge(struct check_verdict *v, const struct check_options *o,
                 const struct fsock_check_result *result, int64_t now);

/* "ok", "warning", ... */
const char *check_state_name(enum check_state state);

/* Whole days until the certificate ends; negative: it has ended. */
int64_t check_days_left(const struct fsock_cert *cert, int64_t now);

#endif
