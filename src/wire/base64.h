/*
 * base64.h - base64 (RFC 4648 4), with padding.
 */
#ifndef FSK_BASE64_H
#define FSK_BASE64_H

#include <stddef.h>

/* Room for n encoded bytes, without a NUL. */
#define FSK_BASE64_ROOM(n) (((n) + 2) / 3 * 4)

/* Write FSK_BASE64_ROOM(n) bytes to out, no NUL; returns how many. */
size_t fsk_base64_encode(const void *bytes, size_t n, char *out);

#endif
