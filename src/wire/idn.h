/*
 * idn.h - international host names: U-labels become A-labels (IDNA 2008, UTS 46 non-transitional).
 */
#ifndef FSK_IDN_H
#define FSK_IDN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define FSK_IDN_MAX 256 /* room for any result and its NUL */

/* Whether the name has bytes outside ASCII: others need no conversion. */
bool fsk_idn_needed(struct fsk_span name);

/*
 * Convert a name in UTF-8 to what goes into DNS, SNI and the Host header, in lower case, with a
 * NUL; returns its length without it. 0: it is no possible name, and *why says so in words (a
 * constant). A name of nothing but ASCII is copied as it is, whatever it holds, if it fits.
 */
size_t fsk_idn_to_ascii(struct fsk_span name, char *out, size_t cap, const char **why);

#endif
