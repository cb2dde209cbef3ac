/*
 * site.h - the site that a host belongs to, by the public suffix list that is built into libpsl.
 *
 * Pure functions of a host's name in ASCII, in any case, or of an address in its one form, without
 * brackets.
 */
#ifndef FSK_SITE_H
#define FSK_SITE_H

#include "base/span.h"

/* An IPv4 or IPv6 address. */
bool fsk_site_is_address(struct fsk_span host);

/*
 * The registrable domain that the host is of: "example.co.uk" of "www.shop.example.co.uk"; a part
 * of the host's own text. A dot at the host's end doesn't count. A host that has none (a public
 * suffix, a single label, an address) is its own site.
 */
struct fsk_span fsk_site_of(struct fsk_span host);

/* Whether anybody can have domains below it: "co.uk", "com", "localhost". */
bool fsk_site_is_public_suffix(struct fsk_span host);

/* This machine by its nature: "localhost" and what is below it, 127.0.0.0/8, ::1. */
bool fsk_site_is_loopback(struct fsk_span host);

#endif
