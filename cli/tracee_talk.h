/*
 * tracee_talk.h - what is known of the conversation on one socket of a traced program.
 *
 * A part of struct tracee_conn; tracee_mean.h fills it in. A socket that has said nothing yet holds
 * no memory but this.
 */
#ifndef FSOCK_CLI_TRACEE_TALK_H
#define FSOCK_CLI_TRACEE_TALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/mask.h"
#include "http_watch.h"
#include "net/sock.h"
#include "tls_hello.h"
#include "tls_watch.h"

enum talk_kind {
    TALK_UNKNOWN, /* no byte has passed yet */
    TALK_HTTP,
    TALK_TLS, /* its handshake */
    TALK_DNS, /* over TCP */
    TALK_OTHER
};

#define TALK_QUESTIONS 16

/* A request that is not yet answered. */
struct talk_question {
    uint64_t id;
    bool head, connect; /* its method */
};

/* HTTP: both directions, and what is still to be answered, the oldest first. */
struct talk_http {
    struct http_watch request, response;
    struct talk_question question[TALK_QUESTIONS];
    unsigned questions;
    uint64_t newest;   /* the id of the request that goes out */
    uint64_t asked;    /* bytes of the newest request */
    uint64_t answered; /* ... of the oldest one's response, from its last header on */
    bool begun;        /* the first byte of that response has come */
};

struct talk_tls {
    struct tls_watch client, server; /* by who speaks */
    struct tls_hello offer, choice;
};

struct talk_dns {
    struct fsk_buf out, in;
};

struct tracee_talk {
    uint64_t id; /* what goes on; 0: nothing */
    int fd;      /* of the last call */
    bool server; /* it was accepted: requests come in */
    bool connecting, open, sent, answered;
    bool from_lookup; /* the id is that of the lookup which told the address */
    enum talk_kind kind;
    unsigned uses;
    uint64_t out, in; /* bytes since the connection was opened */
    char peer[FSK_SOCKADDR_TEXT];
    struct fsk_addr addr; /* the same as number; family 0: it is no IP address */
    struct fsk_mask mask_out, mask_in;
    struct talk_http *http; /* with TALK_HTTP, and so on */
    struct talk_tls *tls;
    struct talk_dns *dns;
};

void tracee_talk_init(struct tracee_talk *talk);
void tracee_talk_fini(struct tracee_talk *talk);

/* It was open before anybody looked. */
void tracee_talk_found(struct tracee_talk *talk, const struct fsk_sockaddr *peer);

/* Who is at the other end. */
void tracee_talk_peer(struct tracee_talk *talk, const struct fsk_sockaddr *peer);

/* From now on it is of this kind. False: out of memory, and then it is TALK_OTHER. */
bool tracee_talk_turn(struct tracee_talk *talk, enum talk_kind kind);

#endif
