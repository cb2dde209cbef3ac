/*
 * date.h - dates as sitemaps and feeds write them. Pure.
 *
 * Understood are those of W3C's note on dates and times: 2026, 2026-11, 2026-11-26,
 * 2026-11-26T04:26Z, with seconds and a fraction of them, and an offset instead of the Z or
 * nothing (then UTC is meant); and those of RSS (RFC 822): "Thu, 26 Nov 2026 04:26:15 GMT", the
 * name of the day, the seconds and the zone being optional.
 */
#ifndef FSOCK_CLI_DATE_H
#define FSOCK_CLI_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* A date may leave things open; then it is a whole year, day or minute. */
struct date {
    int64_t first, last; /* the seconds it begins and ends with, since 1970-01-01 00:00 UTC */
};

/* False: it is no date. Years 1 to 9999; blanks around it don't count. */
bool date_parse(struct fsk_span text, struct date *date);

#endif
