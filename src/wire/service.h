/*
 * service.h - the services that can be checked, and how one is written: "smtp://mx.example.org".
 *
 *     SERVICE://[USER@]HOST[:PORT][/PATH]    without a service: tcp
 *     unix://PATH
 *
 * A password does not belong in a target, which everybody on the machine can read. Pure functions
 * over the caller's bytes.
 */
#ifndef FSK_SERVICE_H
#define FSK_SERVICE_H

#include "wire/endpoint.h"
#include "wire/script.h"

/* What a service has. */
enum {
    FSK_CAN_SASL = 1, /* logins by mechanisms, */
    FSK_CAN_PASS = 2, /* ... by its own commands */
    FSK_CAN_APOP = 4,
    FSK_CAN_RCPT = 8,
    FSK_CAN_RETR = 16,
    FSK_CAN_TEXT = 32,      /* it is told what to say */
    FSK_CAN_EXPECT = 128,   /* it is told what to wait for */
    FSK_CAN_LATER = 64,     /* TLS can be put on in the middle */
    FSK_AMONG_SERVERS = 256 /* XMPP: we speak as another server */
};

struct fsk_service {
    const char *name;
    uint16_t port; /* 0: it must be given */
    enum fsk_transport transport;
    const char *protocol; /* "SMTP": for sentences */
    const struct fsk_move *moves;
    unsigned can; /* FSK_CAN_* */
};

struct fsk_service_target {
    const struct fsk_service *service;
    struct fsk_endpoint endpoint;
    struct fsk_span user; /* empty: none is there */
    struct fsk_span path; /* with its slash; empty: none */
};

/*
 * Split and check `text`; the spans point into it. False: `why` is a sentence.
 */
bool fsk_service_parse(struct fsk_span text, struct fsk_service_target *target,
                       char why[FSK_ENDPOINT_WHY]);

/* The one of that name in any case; NULL: there is none. */
const struct fsk_service *fsk_service_find(struct fsk_span name);

/* NULL; or what the service has no use for, a sentence. */
const char *fsk_service_refuses(const struct fsk_service *service, const struct fsk_wish *wish);

/* All of them, as written in targets; ends with NULL. */
const char *const *fsk_service_names(void);

#endif
