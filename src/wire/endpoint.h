/*
 * endpoint.h - the text of a target, "tls://example.org:443", split and checked.
 *
 * Pure functions over the caller's bytes. How a target is written stands in <fsock/stream.h>.
 */
#ifndef FSK_ENDPOINT_H
#define FSK_ENDPOINT_H

#include <stdint.h>

#include "base/span.h"

enum fsk_transport { FSK_TCP, FSK_UDP, FSK_TLS, FSK_UNIX, FSK_UDG };

struct fsk_endpoint {
    enum fsk_transport transport;
    const char *tls_version; /* "1.2": this one only; NULL: any */
    struct fsk_span host;    /* without brackets, maybe with a zone; empty for unix and udg */
    uint16_t port;
    struct fsk_span path; /* of unix and udg, in which a leading @ is still a @ */
};

/* Room for any sentence, with its NUL. */
#define FSK_ENDPOINT_WHY 400

/*
 * Split `text`. `port` is the one given besides, 0 if none was. `listening` allows no host, which
 * means every address, and port 0. The spans point into text. False: `why` is a sentence.
 */
bool fsk_endpoint_parse(struct fsk_span text, int port, bool listening, struct fsk_endpoint *e,
                        char why[FSK_ENDPOINT_WHY]);

/* Datagrams, not a stream. */
static inline bool fsk_transport_datagrams(enum fsk_transport t)
{
    return t == FSK_UDP || t == FSK_UDG;
}

/* By a path, not an address. */
static inline bool fsk_transport_local(enum fsk_transport t)
{
    return t == FSK_UNIX || t == FSK_UDG;
}

/* "tcp", ...: as in targets. */
const char *fsk_transport_name(enum fsk_transport t);

/* All that a target may begin with, in a list that ends with NULL. */
extern const char *const fsk_transport_names[];

#endif
