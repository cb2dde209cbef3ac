/*
 * httpdate.h - points in time as HTTP writes them (RFC 9110 5.6.7). A pure function.
 */
#ifndef FSK_HTTPDATE_H
#define FSK_HTTPDATE_H

#include <stdint.h>

#include "base/span.h"

/*
 * Read "Sun, 06 Nov 1994 08:49:37 GMT", or one of the two older forms that everybody still has to
 * understand: "Sunday, 06-Nov-94 08:49:37 GMT" and "Sun Nov  6 08:49:37 1994". *seconds is the
 * seconds since 1970; `now`, in the same unit, decides of which century a year of two digits is.
 * Whether the day of the week is the right one is not asked. False: it is no such date.
 */
bool fsk_httpdate_parse(struct fsk_span text, int64_t now, int64_t *seconds);

/*
 * Read the date of a cookie (RFC 6265 5.1.1), which needs no form: a time, a day, a month and a
 * year in any order and between any other words. Years of two digits are those from 1970 to 2069.
 */
bool fsk_cookiedate_parse(struct fsk_span text, int64_t *seconds);

#endif
