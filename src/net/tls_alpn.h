/*
 * tls_alpn.h - the protocols that TLS can agree on (RFC 7301): the list as a caller writes it, as
 * TLS sends it, and as C strings.
 *
 * In wire form a list is its names, best first, each behind a byte that is its length.
 */
#ifndef FSK_TLS_ALPN_H
#define FSK_TLS_ALPN_H

#include <fsock.h>

#include "base/span.h"

#define FSK_TLS_ALPN_MAX 1024 /* bytes of a list in wire form, from text */

struct fsk_tls_alpn {
    struct fsk_span wire; /* owned */
    char *names;          /* owned: the same list with NULs for lengths, and one at its end */
};

/*
 * Turn "h2,http/1.1" into wire form, *n bytes of it; NULL gives none. FSOCK_ERR_INPUT with the
 * fault filled in if a name is empty, has more than 255 bytes, or blanks or control bytes, or if
 * the list is too long.
 */
enum fsock_err fsk_tls_alpn_parse(char wire[FSK_TLS_ALPN_MAX], size_t *n, const char *text,
                                  struct fsock_fault *fault);

/* Keep a copy of a list in wire form, which may be empty. False: out of memory. */
bool fsk_tls_alpn_init(struct fsk_tls_alpn *list, struct fsk_span wire);
void fsk_tls_alpn_fini(struct fsk_tls_alpn *list);

/* The name as a C string, which lives as long as the list; NULL if it is not in the list. */
const char *fsk_tls_alpn_find(const struct fsk_tls_alpn *list, struct fsk_span name);

#endif
