/*
 * hsts.h - read the value of a Strict-Transport-Security field (RFC 6797 6.1).
 *
 * A pure function: it says what is written there. Who may say that is op/hsts.h's question.
 */
#ifndef FSK_HSTS_FIELD_H
#define FSK_HSTS_FIELD_H

#include <stdint.h>

#include "base/span.h"

/* More is as good as this: ten years of seconds. */
#define FSK_HSTS_AGE_MAX (INT64_C(3650) * 24 * 3600)

struct fsk_hsts {
    int64_t max_age; /* seconds; 0: no longer */
    bool subdomains;
};

/*
 * False: the field counts for nothing. It has no max-age, has a directive twice, or a value that is
 * none. Directives that are not known are passed over.
 */
bool fsk_hsts_parse(struct fsk_span text, struct fsk_hsts *hsts);

#endif
