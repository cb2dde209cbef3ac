/*
 * script.h - a conversation with a server as a table of moves, and the machine that makes them.
 *
 * A move says something, or nothing, and awaits an answer; the answer is good, bad, or asks for
 * more (a challenge). What that leads to is in the table, too: so a protocol is a page of data. The
 * tables are in script_*.c; service.h says which protocol has which. They are the one place where
 * protocols' words stand: a check goes through all of a table (op/dialog.h), `fsock talk` up to TLS
 * (cli/talk_starttls.h).
 *
 * Pure: no descriptor, no clock. The owner asks for the next turn, does what it says, and reports:
 *
 *     FSK_SCRIPT_SAY   send fsk_buf_span(&s->out) (s->secret: no trace may show it); then _said()
 *     FSK_SCRIPT_HEAR  receive, and give what has come to _heard(); or _ended()
 *     FSK_SCRIPT_TLS   put TLS on the stream, then _secured()
 *     FSK_SCRIPT_WORK  come again: there is more to compute than others should wait for
 *     FSK_SCRIPT_OVER  close; s->err says how it went
 *
 * Bounded: 64 KiB of an answer, 1 MiB of a text that was asked for, 16 KiB of what is learnt, 1,000
 * challenges to a move; what a template says in answer to one is said once.
 *
 * Who listens on the way must not learn a password: without TLS only mechanisms that hide it are
 * taken by themselves. What has come behind the go-ahead for TLS could have been put there by
 * anybody (RFC 3207 4.2). At FSK_SCRIPT_TLS it is in s->in_buf; _secured() throws it away, and the
 * fact "bytes_before_tls" counts it.
 */
#ifndef FSK_SCRIPT_H
#define FSK_SCRIPT_H

#include <fsock.h>

#include "wire/reply.h"
#include "wire/sasl.h"

struct fsk_service;
struct fsk_script;

/* Conditions of a move: all that are set must hold. */
enum {
    FSK_IF_STARTTLS = 1, /* TLS shall be put on now: it is offered, or demanded */
    FSK_IF_RENEWED = 2,  /* TLS was put on: what the server can do has to be asked again */
    FSK_IF_REFUSED = 4,  /* the answer to the move before was bad */
    FSK_IF_SASL = 8,     /* log in by a mechanism, */
    FSK_IF_APOP = 16,    /* ... by POP3's digest, */
    FSK_IF_PASS = 32,    /* ... or by the protocol's own commands */
    FSK_IF_IN = 64,      /* logged in */
    FSK_IF_OUT = 128,    /* nobody wants to log in */
    FSK_IF_RCPT = 256,   /* recipients are to be tried */
    FSK_IF_LIST = 512,   /* POP3: a list of messages is wished for, */
    FSK_IF_RETR = 1024,  /* ... and one message */
    FSK_IF_USER = 4096,  /* somebody wants to log in, */
    FSK_IF_TEXT = 2048   /* something is to be sent, or awaited, that the caller has said */
};

/* What follows a good answer. */
enum fsk_then {
    FSK_THEN_NEXT,
    FSK_THEN_TLS,
    FSK_THEN_IN,  /* the login is done */
    FSK_THEN_EACH /* the same move for the next recipient */
};

/* What a bad answer is. */
enum fsk_bad {
    FSK_BAD_ENDS,  /* the server refuses */
    FSK_BAD_LOGIN, /* ... user or password */
    FSK_BAD_TLS,   /* ... TLS */
    FSK_BAD_OFFER, /* ... which it does not have: it can do without, unless it must have it */
    FSK_BAD_FINE   /* it can do without */
};

enum fsk_verdict {
    FSK_GOOD,
    FSK_MORE, /* a challenge */
    FSK_BAD,
    FSK_WAIT /* not yet: more has to come */
};

struct fsk_move {
    const char *awaited; /* "its greeting": for sentences; NULL: the table's end */
    unsigned when;       /* FSK_IF_*; 0: always */
    const char *say;     /* NULL: nothing. %h our name, %H the host, %/ the path, %u user, %p
                            password, %U %P the same as quoted strings, %a mechanism, %d POP3's
                            digest, %f sender, %r recipient, %n message, %t the caller's text,
                            %D XMPP's domain, %N its namespace */
    enum fsk_reply_form form;
    const char *good; /* the deciding line begins so, in either case: "230|331"; NULL: any does */
    const char *no;   /* a bad one that is of this protocol at all begins so */
    const char *more; /* ... or so: a challenge of SASL, or what is answered by `then_say` */
    const char *then_say;
    const char *offer; /* FSK_IF_STARTTLS: the word for it among what the server offers; NULL: one
                          learns by trying */
    enum fsk_then then;
    enum fsk_bad bad;
    bool secret;                                               /* what is said opens doors */
    bool bye;                                                  /* said after failures, too */
    void (*take)(struct fsk_script *, struct fsk_span answer); /* learn from a good answer */
    enum fsock_err (*build)(struct fsk_script *);              /* instead of `say` */
    enum fsk_verdict (*judge)(struct fsk_script *, struct fsk_span answer); /* instead of `good` */
    enum fsock_err (*respond)(struct fsk_script *, struct fsk_span answer); /* to FSK_MORE */
};

enum fsk_script_turn {
    FSK_SCRIPT_SAY,
    FSK_SCRIPT_HEAR,
    FSK_SCRIPT_TLS,
    FSK_SCRIPT_WORK,
    FSK_SCRIPT_OVER
};

/* What the caller wants. Texts are borrowed, and have passed fsk_wish_check(). */
struct fsk_wish {
    enum fsock_starttls starttls;
    bool login;
    struct fsk_span user, password;
    struct fsk_span mechanism; /* as the server names it, or "APOP", "PASS"; empty: the best */
    struct fsk_span myself;    /* %h */
    struct fsk_span host;      /* %H: with its port, unless that is the service's own */
    struct fsk_span server;    /* the host alone: %D, if there is no path */
    struct fsk_span path;      /* %/ */
    struct fsk_span sender;
    const char *const *recipients; /* ends with NULL; NULL: none */
    uint64_t message;              /* to be fetched; 0: none */
    bool list;
    struct fsk_span send, expect; /* of services that speak no protocol */
};

enum fsk_login { FSK_LOGIN_NONE, FSK_LOGIN_SASL, FSK_LOGIN_APOP, FSK_LOGIN_PASS };

struct fsk_script {
    const struct fsk_service *service;
    const struct fsk_wish *wish;
    const struct fsk_move *move;
    enum fsk_script_turn turn;
    struct fsk_reply reply;
    struct fsk_sasl sasl;
    enum fsk_login login;    /* the way that was chosen */
    unsigned recipient;      /* the next one */
    unsigned more;           /* challenges that the move has answered */
    bool secure;             /* TLS is on, or nobody can listen */
    bool renewed;            /* ... and was put on in the middle */
    int64_t wall, wall_said; /* the owner's: nanoseconds since 1970, when it last heard and said
                                something; 0 if it has no such clock */
    bool answered;           /* the server has said something that was whole */
    bool refused;            /* its last answer was bad */
    bool in;                 /* we are logged in */
    bool closing;            /* it has failed, and we take our leave */
    bool secret;             /* what is to be said opens doors */
    char tag[8];             /* IMAP's */
    unsigned char nonce[FSK_SASL_NONCE];
    unsigned char scramble[20]; /* MySQL's challenge, and by what way it is to be answered */
    char plugin[32];
    struct fsk_buf in_buf, out; /* what has been heard and not yet understood; what is to be said */

    /* What was learnt. */
    char banner[256];     /* "" if there is none */
    char stamp[256];      /* POP3's, with its brackets; "" if there is none */
    struct fsk_buf words; /* what the server offers, each ended by a NUL */
    struct fsk_buf facts; /* key NUL value NUL */
    struct fsk_buf text;  /* a message, a list */

    /* How it went. */
    enum fsock_err err;
    enum fsock_stage stage;
    char why[480]; /* without the peer's name */
};

/* NULL; or what can't be said to any server, in a sentence: a line end in a password. */
const char *fsk_wish_check(const struct fsk_wish *wish);

/*
 * `secure`: TLS is on, or the peer is on this machine by a unix socket. `nonce` is random. To be
 * freed in every case.
 */
void fsk_script_init(struct fsk_script *s, const struct fsk_service *service,
                     const struct fsk_wish *wish, bool secure,
                     const unsigned char nonce[FSK_SASL_NONCE]);
void fsk_script_fini(struct fsk_script *s);

/* What is to be done now. */
enum fsk_script_turn fsk_script_next(struct fsk_script *s);

/* Of a service of datagrams s->out stays as it is: it may get lost, and be sent again. */
void fsk_script_said(struct fsk_script *s);
void fsk_script_heard(struct fsk_script *s, const void *bytes, size_t n);
void fsk_script_ended(struct fsk_script *s); /* the peer has ended the stream */
void fsk_script_secured(struct fsk_script *s);

/* By which way it logs in: "PLAIN", "APOP", "PASS"; "" if by none. */
const char *fsk_script_mechanism(const struct fsk_script *s);

/* What it waits for, "its greeting"; and the stage that this is. */
const char *fsk_script_awaits(const struct fsk_script *s);
enum fsock_stage fsk_script_stage(const struct fsk_script *s);

/* ---- For the tables -------------------------------------------------------------------------- */

/* Whether it must not go on without TLS. */
bool fsk_script_must_have_tls(const struct fsk_script *s);

/* The answer is none of this protocol: it has failed, with a sentence. Returns FSK_BAD. */
enum fsk_verdict fsk_script_other(struct fsk_script *s, struct fsk_span answer);

/* The line that decides, without a code or tag. */
struct fsk_span fsk_script_line(const struct fsk_script *s, struct fsk_span answer);

/* The next line of an answer, without its end. False: there is none. */
bool fsk_script_next_line(struct fsk_span *rest, struct fsk_span *line);

/* Whether the text begins with this, in either case. */
bool fsk_script_begins(struct fsk_span text, const char *with);

void fsk_script_banner(struct fsk_script *s, struct fsk_span text);
void fsk_script_word(struct fsk_script *s, struct fsk_span word);
void fsk_script_text(struct fsk_script *s, struct fsk_span line); /* its end is put behind it */
void fsk_script_fact(struct fsk_script *s, const char *key, struct fsk_span value);

/* It has failed; the first reason stays. */
void fsk_script_fail(struct fsk_script *s, enum fsock_err err, enum fsock_stage stage,
                     const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Bytes of a server's for a sentence: at most 160, those that aren't printable ASCII as \xXX. */
#define FSK_SCRIPT_SHOWN 168
const char *fsk_script_shown(struct fsk_span bytes, char room[FSK_SCRIPT_SHOWN]);

extern const struct fsk_move fsk_moves_open[], fsk_moves_smtp[], fsk_moves_lmtp[], fsk_moves_pop3[],
    fsk_moves_imap[], fsk_moves_sieve[], fsk_moves_ftp[], fsk_moves_nntp[], fsk_moves_irc[],
    fsk_moves_xmpp[], fsk_moves_ldap[], fsk_moves_ssh[], fsk_moves_telnet[], fsk_moves_redis[],
    fsk_moves_memcached[], fsk_moves_http[], fsk_moves_postgres[], fsk_moves_mysql[],
    fsk_moves_ntp[], fsk_moves_dns[], fsk_moves_udp[];

#endif
