/*
 * base64.h - base64 and base64url (RFC 4648 4 and 5).
 */
#ifndef FSK_BASE64_H
#define FSK_BASE64_H

#include <stddef.h>

#include "base/span.h"

/* Room for n encoded bytes, without a NUL. */
#define FSK_BASE64_ROOM(n) (((n) + 2) / 3 * 4)

/* Write FSK_BASE64_ROOM(n) bytes to out, no NUL, with padding; returns how many. */
size_t fsk_base64_encode(const void *bytes, size_t n, char *out);

/* Room for what n characters decode to. */
#define FSK_BASE64_BYTES(n) ((n) / 4 * 3 + 2)

/*
 * Decode to `out`, which has room for FSK_BASE64_BYTES(text.n) bytes; *n of them are written. Both
 * alphabets are taken, but not mixed in one text. Blanks, tabs, CR and LF are passed over. Padding
 * may be left out, as base64url does; what there is of it must be all of it, and at the end.
 *
 * NULL; or what is wrong with the character at text.p[*at], half a sentence.
 */
const char *fsk_base64_decode(struct fsk_span text, void *out, size_t *n, size_t *at);

#endif
