/*
 * query.h - one question, put to name servers until one of them answers it: an op.
 *
 * Servers are asked in turn. One try waits as long as the server's round trips so far suggest, at
 * most a second, and never more than the remaining time / (servers left + 1); then the next server
 * is asked; after the last one comes the first again, until the time is up. A question stays open
 * while other servers are asked, so a slow answer still counts. A server that refuses, can't be
 * reached, sends nonsense or fails twice is asked no more, but one that refuses while it is busy
 * with others of our questions gets another chance. Several servers may be asked side by side.
 *
 * An answer cut off is fetched by TCP; a server that can't do EDNS is asked without; one whose
 * answer differs in case has a moment to send another, in case that one was forged, and is then
 * asked again, from another port and in lower case. Both are remembered of the server. CNAMEs that
 * lead out of an answer are asked for in turn, at most FSK_DNS_LINKS_MAX.
 */
#ifndef FSK_QUERY_H
#define FSK_QUERY_H

#include "base/buf.h"
#include "op/channel.h"
#include "op/port.h"

#define FSK_QUERY_SLOTS   4 /* servers with an open question at once */
#define FSK_QUERY_NOTES   8 /* servers whose troubles are remembered */
#define FSK_QUERY_TRY_MAX FSOCK_SECOND
#define FSK_QUERY_TRY_MIN (200 * FSOCK_MILLISECOND) /* however little time is left, if it is */
#define FSK_QUERY_KEPT    ((size_t)1024 * 1024)     /* a ceiling for struct fsk_query's `kept` */

/* A stub resolver (RFC 9499): what all queries of an owner share. */
struct fsk_stub {
    struct fsk_servers servers;
    struct fsk_ports ports;
    struct fsk_channels channels;
};

/* The servers are the owner's to fill in after this. `ports_max` as in fsk_ports_init(). */
void fsk_stub_init(struct fsk_stub *stub, struct fsk_driver *driver, unsigned ports_max);

/* No query may be running. */
void fsk_stub_fini(struct fsk_stub *stub);

enum fsk_query_trouble {
    FSK_TROUBLE_NONE, /* it has not answered */
    FSK_TROUBLE_ERRNO,
    FSK_TROUBLE_RCODE,
    FSK_TROUBLE_MALFORMED,
    FSK_TROUBLE_LAME,  /* it does not serve this name and does not ask others */
    FSK_TROUBLE_STREAM /* TCP or TLS ended before the answer was complete */
};

/* What became of one server. */
struct fsk_query_note {
    struct fsk_server *server;
    enum fsk_query_trouble trouble;
    int detail; /* errno or rcode */
    uint8_t tries, failures;
    bool out;        /* not to be asked again */
    fsock_time rest; /* not to be asked again before */
};

enum fsk_query_verdict {
    FSK_QUERY_NOTHING,
    FSK_QUERY_DONE,   /* a final answer: `result` is filled in */
    FSK_QUERY_FOLLOW, /* CNAMEs that lead elsewhere */
    FSK_QUERY_REPEAT, /* to the same server, in another form */
    FSK_QUERY_BY_TCP, /* likewise, by TCP */
    FSK_QUERY_NEXT    /* to the next server */
};

struct fsk_query;

/* A question to one server. */
struct fsk_query_slot {
    struct fsk_question question;
    struct fsk_query *query;
    const struct fsk_questions *from; /* where it was asked from; only to be compared */
    bool by_stream;
    bool trying;                    /* of the try that runs: its server has been told of it */
    bool folded;                    /* an answer has come that differs in case */
    bool broken;                    /* one has come that is malformed */
    bool again;                     /* sent more than once: the round trip can't be measured */
    enum fsk_query_verdict verdict; /* of what came, not yet acted upon */
};

enum fsk_query_state {
    FSK_QUERY_WAITING, /* for room at the servers */
    FSK_QUERY_IDLE,    /* no try is running */
    FSK_QUERY_OPEN,    /* the try that runs has until `try_ends` */
    FSK_QUERY_ALIASED, /* a CNAME leads elsewhere: result.target */
    FSK_QUERY_ANSWERED
};

struct fsk_query {
    struct fsk_op op;
    struct fsk_stub *stub;
    fsock_time until;      /* when the time is up: may be moved while it runs */
    struct fsk_addr *addr; /* the owner's: where the addresses of A and AAAA answers go */
    size_t cap;
    struct fsk_buf *kept; /* the owner's: each message that counted, after its length in 2 bytes,
                             with the question in its own case; NULL: none is kept */

    enum fsk_query_state state;
    bool coming; /* it has a place at the servers, and has not used it yet */
    bool by_stream;
    fsock_time started, took, try_ends;
    unsigned first, tries, links; /* links: CNAMEs followed to other questions */
    uint32_t ttl;                 /* the least of those */
    struct fsk_servers_wish wish; /* WAITING: in the servers' queue */
    unsigned slots, next_slot;    /* slots: of slot[], have been used */
    unsigned notes, next_note;    /* likewise */
    struct fsk_server *server;    /* whose answer it is, if the op ended with FSOCK_OK */

    /* Not zeroed at the start, since thousands of these wait at once. */
    uint8_t bits[32]; /* of the name's random case: mixed again, it is what it was */
    struct fsk_dns_query what;
    struct fsk_dns_result result; /* with FSOCK_OK; links and ttl are those of the whole way */
    struct fsk_query_slot slot[FSK_QUERY_SLOTS];
    struct fsk_query_note note[FSK_QUERY_NOTES];
};

/*
 * Ends with FSOCK_OK when a server gave a final answer (FOUND, NODATA, NO_NAME or LOOP in
 * result.outcome); FSOCK_ERR_DNS when none did (see note[]), also when the time is up;
 * FSOCK_ERR_SYSTEM if there was no descriptor to be had all the time. The name's letters get a
 * random case. A step that finds no room at the servers waits for it in their queue.
 */
void fsk_query_init(struct fsk_query *q, struct fsk_stub *stub, const struct fsk_dname *name,
                    uint16_t type, fsock_time until);

/*
 * Give it a place at the servers now, so that its first step needn't look: for an owner who has
 * asked fsk_servers_room(), before any other query does.
 */
void fsk_query_admit(struct fsk_query *q);

/* Stops it and closes its questions. */
void fsk_query_fini(struct fsk_query *q);

/*
 * What has gone wrong so far, in words:
 * "no answer from 192.0.2.53 (3 tries in 1.00 s) and 192.0.2.54 refused".
 */
void fsk_query_describe(const struct fsk_query *q, fsock_time now, char *text, size_t cap);

/* Whether no server could be reached, or none has said a word, and that is not our own fault. */
bool fsk_query_unheard(const struct fsk_query *q);

#endif
