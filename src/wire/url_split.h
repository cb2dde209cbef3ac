/*
 * url_split.h - a URI reference cut at its delimiters (RFC 3986 appendix B), unchecked. For url*.c.
 */
#ifndef FSK_URL_SPLIT_H
#define FSK_URL_SPLIT_H

#include "base/span.h"

struct fsk_url_parts {
    struct fsk_span scheme, authority, path, query, fragment; /* without their delimiters */
    bool has_scheme, has_authority, has_query, has_fragment;
};

/* Any bytes can be split. Without `scheme`, a colon is never the end of a scheme. */
void fsk_url_split(struct fsk_span s, bool scheme, struct fsk_url_parts *r);

#endif
