/*
 * talk_packets.h - the way to TLS in protocols of binary messages: LDAP, PostgreSQL and MySQL.
 *
 * The parsers of the servers' messages are pure, and stand here for their tests. Texts in what they
 * give are the server's own bytes.
 */
#ifndef FSOCK_CLI_TALK_PACKETS_H
#define FSOCK_CLI_TALK_PACKETS_H

#include <stdint.h>

#include "talk_speak.h"

enum fsock_err talk_packets_ldap(struct speaker *s);
enum fsock_err talk_packets_postgres(struct speaker *s);
enum fsock_err talk_packets_mysql(struct speaker *s);

/* An LDAP server's word on the request StartTLS. */
struct ldap_answer {
    unsigned result; /* 0: go ahead (RFC 4511 appendix A) */
    struct fsk_span message;
};

/* `body` is what is inside the outermost SEQUENCE. False: it is no ExtendedResponse. */
bool ldap_answer_parse(struct fsk_span body, struct ldap_answer *answer);

/* A MySQL or MariaDB server's first packet. */
struct mysql_greeting {
    bool tls;   /* it offers TLS */
    bool error; /* it is an error instead, whose text is `message` */
    struct fsk_span message;
};

/* `packet` is its payload. False: it is neither greeting nor error. */
bool mysql_greeting_parse(struct fsk_span packet, struct mysql_greeting *greeting);

/* The human-readable field of PostgreSQL's ErrorResponse; all of the body if there is none. */
struct fsk_span postgres_error_text(struct fsk_span body);

#endif
