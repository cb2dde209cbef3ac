/*
 * tls_watch.h - one direction of a TLS connection, as somebody sees it who doesn't have the keys.
 *
 * Fed the bytes as they pass, in pieces of any size, it tells of the records what can be seen: the
 * hello, whole; that encrypted data begin; an alert that isn't encrypted. A pure machine; it keeps
 * no more than one hello.
 *
 *     while ((what = tls_watch_next(&w, &bytes)) != TLS_MORE)
 *         ...
 */
#ifndef FSOCK_CLI_TLS_WATCH_H
#define FSOCK_CLI_TLS_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define TLS_HELLO_MAX ((size_t)64 * 1024)

enum tls_what {
    TLS_MORE,   /* all bytes are used */
    TLS_HELLO,  /* fsk_buf_span(&w->hello) is a handshake message: tls_hello_parse() */
    TLS_SEALED, /* a record of application data begins */
    TLS_ALERT,  /* w->alert, which stands in the clear */
    TLS_BROKEN  /* these are no records; nothing more will be told */
};

struct tls_watch {
    unsigned char head[5]; /* of the record that is coming */
    uint8_t have;          /* how much of the head is there */
    uint8_t type, alert;
    uint16_t left;  /* bytes of the record that are still to come */
    bool greeted;   /* the hello has been told of */
    bool encrypted; /* what comes now can't be read */
    bool broken;
    struct fsk_buf hello;
};

void tls_watch_init(struct tls_watch *w);
void tls_watch_fini(struct tls_watch *w);

/* Another hello will come in this direction: the server has asked for it, or for its answer. */
void tls_watch_again(struct tls_watch *w);

/* Go through *bytes, which loses from its front what is done with. */
enum tls_what tls_watch_next(struct tls_watch *w, struct fsk_span *bytes);

/* Whether this is how a client begins, as far as it is there: a handshake record of TLS. */
bool tls_begins(struct fsk_span bytes);

#endif
