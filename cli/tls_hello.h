/*
 * tls_hello.h - what the first messages of TLS say (RFC 5246, 6066, 7301, 8446), read from outside.
 *
 * Pure functions on bytes that anybody may have sent. They look at what a handshake shows
 * unencrypted: which name is meant, what is offered, and what is chosen.
 */
#ifndef FSOCK_CLI_TLS_HELLO_H
#define FSOCK_CLI_TLS_HELLO_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum { TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2 };

struct tls_hello {
    bool server;
    bool retry;       /* the server asks for another ClientHello */
    uint16_t version; /* the highest one offered, or the one chosen */
    uint16_t cipher;  /* of a server */
    char name[256];   /* server_name, of a client; "" if there is none */
    char alpn[64];    /* what a client offers, with commas between, or a server has chosen */
};

/* A handshake message, with its four bytes of type and length. False: it isn't a whole hello. */
bool tls_hello_parse(struct tls_hello *hello, struct fsk_span message);

/* Room for a number that has no name. */
#define TLS_WORD 16

/* "TLSv1.3", "TLS_AES_128_GCM_SHA256", "handshake_failure": a constant, or written to room. */
const char *tls_version_word(uint16_t version, char room[TLS_WORD]);
const char *tls_cipher_word(uint16_t cipher, char room[TLS_WORD]);
const char *tls_alert_word(uint8_t alert, char room[TLS_WORD]);

#endif
