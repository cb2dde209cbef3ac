/*
 * transfer.h - one URL's whole life: exchange after exchange, under one budget.
 *
 * It takes a connection to the URL's place from the pool, or dials one; sends the request; follows
 * redirects as far as asked, unless they lead in a circle; logs in where that is asked for; repeats
 * a request that died on a kept connection before its first byte; tries again, after a rest, what
 * failed for a reason that may pass. It is an op for the driver; after each of its steps that has
 * something for its owner, http->shown points to it.
 *
 * The clocks start with fsk_transfer_start. Redirects and repeats have no budgets of their own: the
 * total limit covers all, and each dial has the connect limit within it.
 */
#ifndef FSK_TRANSFER_H
#define FSK_TRANSFER_H

#include "op/aim.h"
#include "op/challenger.h"
#include "op/exchange.h"
#include "op/http.h"
#include "op/pool_share.h"

enum fsk_transfer_state {
    FSK_TRANSFER_AT_PLACE,    /* waits for a lease of the place of its next exchange */
    FSK_TRANSFER_AT_DIAL,     /* has the lease; the connection is being made */
    FSK_TRANSFER_AT_EXCHANGE, /* has the connection */
    FSK_TRANSFER_AT_REST,     /* will try again: no lease, no connection, an alarm */
    FSK_TRANSFER_AT_END
};

enum fsk_transfer_event {
    FSK_TRANSFER_NONE,
    FSK_TRANSFER_HEAD,
    FSK_TRANSFER_DATA,
    FSK_TRANSFER_RESTART, /* all data so far is void; the head comes next */
    FSK_TRANSFER_RETURN   /* its rest is over: it is to be given a lease, by fsk_transfer_resume */
};

/* What becomes of the answer at hand. */
enum fsk_transfer_then {
    FSK_THEN_SHOW,     /* it is for the owner */
    FSK_THEN_REDIRECT, /* it is passed over, */
    FSK_THEN_LOG_IN,   /* and so it is here, */
    FSK_THEN_REST      /* and here */
};

/* What it takes to try again. */
struct fsk_again {
    fsock_time until; /* AT_REST: when it is over */
    char why[48];     /* the last failure */
    bool aside;       /* AT_REST: it counts in http->resting; the owner gives it its next lease */
    bool returning;   /* and has been told that it can */

    /* Of a body that broke off after its header had been shown. */
    enum fsock_err broke;      /* how; FSOCK_OK: there is none */
    enum fsock_limit limit;    /* likewise */
    const char *broke_why;     /* in words */
    struct fsk_buf head;       /* the header */
    struct fsk_span validator; /* in there; empty: the body can only begin anew */
    bool as_coded;             /* it has a content coding that is not undone */
    uint64_t base;             /* which byte was the first to be shown */
    uint64_t from;             /* which is the next to ask for; 0: all */
    uint64_t made, received;   /* bytes of it so far */
};

struct fsk_transfer {
    struct fsk_op op; /* after its end, op.err is the result and `fault` says more */
    struct fsk_http *http;
    void *owner; /* the owner's own */
    const struct fsock_request *request;
    struct fsock_fault fault;
    struct fsock_response response; /* for the owner to show; its texts live in here */
    enum fsk_transfer_state state;

    /* For the owner, after a step that set http->shown. */
    enum fsk_transfer_event event;
    struct fsk_span data;

    struct fsk_aim aim;
    const char *method; /* of the next request; redirects change it */
    bool with_body;
    bool foreign;    /* it has left the origin of the caller's URL */
    bool cross_site; /* redirects have led from one site to another */
    enum fsk_transfer_then then;
    bool showing;  /* of the exchange at hand: the owner sees its answer */
    bool head_due; /* the owner has heard of a restart, and not yet of the header */
    bool fresh;    /* no kept connection for the next exchange */
    bool give_up;  /* the caller wants its end: `fault` is set */
    struct fsk_again again;
    struct fsk_challenger server, proxy;
    struct fsk_buf user;      /* user and password of the URL, decoded */
    enum fsk_h1_body framing; /* of the answer whose header is in the response */
    struct fsk_lease lease;
    struct fsk_conn *conn;
    bool reused;         /* conn was a kept one, or is a stream of one that was there */
    enum fsk_hope hope;  /* what it waits for, under its lease; for somebody's dial */
    fsock_time hoped;    /* ... since then; 0: not */
    unsigned missed;     /* ... when so many had come to nothing */
    struct fsk_buf head; /* of the request */
    fsock_time started;
    struct fsk_buf location;   /* response.redirect_url */
    struct fsk_buf chain;      /* what was asked before redirects, see transfer_chain.h */
    bool dialling, exchanging; /* the two below are initialised */
    struct fsk_dial dial;      /* from here on nothing is zeroed in vain */
    struct fsk_exchange exchange;
    char head_room[512]; /* where `head` begins */
};

/* Nothing is known of the answer yet; no text is NULL but `head`. */
void fsk_response_init(struct fsock_response *response, const char *method);

/*
 * Take aim; nothing moves yet. The request has passed fsk_request_check. Errors as fsk_aim_init's,
 * in t->fault; the transfer is to be freed (fini) in every case.
 */
enum fsock_err fsk_transfer_init(struct fsk_transfer *t, struct fsk_http *http, struct fsk_span url,
                                 const struct fsock_request *request, uint64_t id);

/*
 * Start the clocks: its op is ready for a driver. `lease` (may be NULL: it will ask for one itself)
 * is taken over; one of another place, since https has become another scheme meanwhile, is given
 * back. It ends no later than `deadline`.
 */
void fsk_transfer_start(struct fsk_transfer *t, struct fsk_lease *lease, fsock_time deadline);

/* After FSK_TRANSFER_RETURN: go on. `lease` is taken over; NULL: it will ask for one itself. */
void fsk_transfer_resume(struct fsk_transfer *t, struct fsk_lease *lease);

/* End it with its next step, as FSOCK_ERR_CANCELED: "canceled: WHY". */
void fsk_transfer_cancel(struct fsk_transfer *t, const char *why);

/* Stop the op, and part with connection and lease; what is known of the answer stays. */
void fsk_transfer_close(struct fsk_transfer *t);

/* Closes it, and frees the rest. */
void fsk_transfer_fini(struct fsk_transfer *t);

#endif
