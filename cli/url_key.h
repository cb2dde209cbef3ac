/*
 * url_key.h - when two URLs are the same: the text by which they are known.
 *
 * It is the URL in its normal form (wire/url.h) without its fragment, which no server sees. What is
 * no URL is known by its bytes. Requests for the same URL that differ otherwise have a variant,
 * which is a part of the key.
 */
#ifndef FSOCK_CLI_URL_KEY_H
#define FSOCK_CLI_URL_KEY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/span.h"

#define URL_KEY_MAX ((size_t)1024 * 1024)

/* Put the key into the buffer, in place of what is there. False: no memory, or beyond its ceiling.
 */
bool url_key(struct fsk_buf *key, struct fsk_span url, struct fsk_span variant);

#endif
