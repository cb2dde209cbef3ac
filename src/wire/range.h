/*
 * range.h - what it takes to go on with a body that broke off (RFC 9110 13.1.5, 14.4). Pure
 * functions over the field lines of a parsed head (h1.h).
 */
#ifndef FSK_RANGE_H
#define FSK_RANGE_H

#include <stdint.h>

#include "base/span.h"

/* Content-Range of a 206: "bytes 500-999/1234". */
struct fsk_range {
    uint64_t first, last;
    int64_t total; /* -1: "*" */
};

/* False: there is none, or none that can be understood. */
bool fsk_range_find(struct fsk_span fields, struct fsk_range *range);

/*
 * What If-Range may hold: a strong ETag, or a Last-Modified that is at least a second before the
 * Date. The empty span: nothing that proves that two bodies are the same, byte by byte.
 */
struct fsk_span fsk_range_validator(struct fsk_span fields);

/* Whether a Range field can ask for this, behind "bytes=": 0-499, 500-, -500, several with commas.
 */
bool fsk_range_is_good(struct fsk_span ranges);

#endif
