/*
 * query.h - one question, put to name servers until one of them answers it: a child op.
 *
 * Servers are asked in turn. One try waits at most a second, and never more than the remaining time
 * / (servers left + 1), then the next server is asked; after the last one comes the first again,
 * until the time is up. A question stays open while other servers are asked, so a slow answer still
 * counts. A server that refuses, can't be reached, sends nonsense or fails twice is asked no more.
 *
 * An answer cut off is fetched by TCP; a server that can't do EDNS is asked without; one that does
 * not keep the case of the question is asked again, from another port and in lower case. Both are
 * remembered of the server.
 */
#ifndef FSK_QUERY_H
#define FSK_QUERY_H

#include "op/port.h"

#define FSK_SERVERS_MAX   8
#define FSK_QUERY_SLOTS   3 /* servers with an open question at once */
#define FSK_QUERY_TRY_MAX FSOCK_SECOND
#define FSK_QUERY_TRY_MIN (200 * FSOCK_MILLISECOND) /* however little time is left, if it is */

struct fsk_server {
    struct fsk_addr addr;
    char text[FSK_ADDR_TEXT]; /* for people: the port only if it is not 53 */
    bool no_edns, folds_case; /* learned */
};

/* Name servers, and how to ask them; shared by all queries of an owner. */
struct fsk_servers {
    struct fsk_ports *ports;
    struct fsk_server server[FSK_SERVERS_MAX];
    unsigned n;          /* at least 1 */
    fsock_time try_max;  /* FSK_QUERY_TRY_MAX or less */
    fsock_time patience; /* with each server that stays silent, all tries together */
    bool rotate;         /* each query begins with another server */
    bool use_tcp;        /* no UDP at all */
    unsigned first;      /* whose turn it is to be asked first */
};

/* Put addr in at the end; false if there is no more room. */
bool fsk_servers_add(struct fsk_servers *servers, const struct fsk_addr *addr);

/* Until when to go on asking them, however late the deadline is. */
fsock_time fsk_servers_until(const struct fsk_servers *servers, fsock_time started);

enum fsk_query_trouble {
    FSK_TROUBLE_NONE, /* it has not answered */
    FSK_TROUBLE_ERRNO,
    FSK_TROUBLE_RCODE,
    FSK_TROUBLE_MALFORMED,
    FSK_TROUBLE_LAME,  /* it does not serve this name and does not ask others */
    FSK_TROUBLE_STREAM /* TCP ended before the answer was complete */
};

/* What became of one server. */
struct fsk_query_note {
    uint8_t tries, failures;
    bool out; /* not to be asked again */
    enum fsk_query_trouble trouble;
    int detail; /* errno or rcode */
};

enum fsk_query_verdict {
    FSK_QUERY_NOTHING,
    FSK_QUERY_DONE,   /* a final answer: `result` is filled in */
    FSK_QUERY_REPEAT, /* to the same server, in another form */
    FSK_QUERY_BY_TCP, /* likewise, by TCP */
    FSK_QUERY_NEXT    /* to the next server */
};

struct fsk_query;
struct fsk_query_stream;

/* A question to one server. */
struct fsk_query_slot {
    struct fsk_question question;
    struct fsk_query *query;
    unsigned server;
    const struct fsk_port *from;    /* where it was asked from; only to be compared */
    enum fsk_query_verdict verdict; /* of what came, not yet acted upon */
};

enum fsk_query_state {
    FSK_QUERY_IDLE,   /* no server's try is running */
    FSK_QUERY_OPEN,   /* `current` has until `try_ends` to answer by UDP */
    FSK_QUERY_STREAM, /* `current` has until `try_ends` to answer by TCP */
    FSK_QUERY_ANSWERED
};

struct fsk_query {
    struct fsk_op op;
    struct fsk_servers *servers;
    struct fsk_dns_query what;
    fsock_time until;      /* when the time is up: may be moved while it runs */
    struct fsk_addr *addr; /* the owner's: where the addresses of A and AAAA answers go */
    size_t cap;

    enum fsk_query_state state;
    fsock_time started, took, try_ends;
    unsigned first, turn, current; /* servers: the first one, tries so far, the one being tried */
    struct fsk_query_slot slot[FSK_QUERY_SLOTS];
    unsigned next_slot;
    struct fsk_query_stream *stream;
    struct fsk_query_note note[FSK_SERVERS_MAX];

    struct fsk_dns_result result; /* of server `current`, if the op ended with FSOCK_OK */
};

/*
 * Ends with FSOCK_OK when a server gave a final answer (FOUND, ALIAS, NODATA, NO_NAME or LOOP in
 * result.outcome); FSOCK_ERR_DNS when none did (see note[]), also when the time is up;
 * FSOCK_ERR_SYSTEM if there was no descriptor to be had all the time. The name's letters get a
 * random case.
 */
void fsk_query_init(struct fsk_query *q, struct fsk_servers *servers, const struct fsk_dname *name,
                    uint16_t type, fsock_time until);

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
