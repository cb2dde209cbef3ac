/*
 * servers.h - the name servers of one owner: which there are, how each is doing, whose turn it is.
 *
 * Each try at a server is told here: when it begins, and how it ends. That gives a server its round
 * trip time (smoothed as in RFC 6298), and a window: how many tries may be open at it at once. The
 * window opens while answers come, none are lost, no queue grows at the server, we have time to
 * spare, and more is answered the wider it is; it closes when tries are lost or turned away. So a
 * fast server is kept busy, a slow one is not flooded, and none loses questions to our haste. New
 * questions wait for room; tries after the first don't.
 *
 * A server that stays silent is set aside for a while, then probed by a single question.
 */
#ifndef FSK_SERVERS_H
#define FSK_SERVERS_H

#include "base/list.h"
#include "base/pace.h"
#include "net/sock.h"
#include "op/op.h"
#include "wire/nameserver.h"

#define FSK_WINDOW_FIRST 128   /* questions that a server nothing is known of may get at once */
#define FSK_WINDOW_LEAST 8     /* ... one that loses more than it answers */
#define FSK_WINDOW_LOSSY 64    /* ... one that loses some: nets may lose what servers would not */
#define FSK_WINDOW_MOST  30000 /* in all ports together there are more ids than that */

struct fsk_servers;

/* An op that waits for room in a queue: woken when there may be some. */
struct fsk_servers_wish {
    struct fsk_list link;
    struct fsk_op *op;
};

struct fsk_server {
    struct fsk_addr addr;
    struct fsk_sockaddr sockaddr; /* the same */
    enum fsk_by transport;
    char *host;                   /* by TLS: the name to verify; NULL: the address */
    char text[FSK_ADDR_TEXT + 8]; /* for people: "tls://" and so on, the port if it is unusual */
    bool no_edns, folds_case;     /* learned */
    bool one_each;                /* learned: a connection bears one question only */
    char *why; /* what its last TCP or TLS connection failed of, in words; NULL: nothing */
    struct fsk_list channels; /* struct fsk_channel: its open connections */

    /* How it is doing. */
    fsock_time srtt, rttvar; /* 0: not known yet */
    fsock_time floor;        /* the shortest round trip of all */
    fsock_time heard;        /* when it last answered */
    unsigned open, window;   /* tries under way, and how many there may be */
    unsigned silent;         /* tries lost since it last answered */
    fsock_time aside;        /* set aside until then; 0: it is not */
    int64_t sentence;        /* for how long, when it is the next time */
    uint64_t asked, answered, lost;

    /* The round of tries that the window is judged by. */
    struct {
        unsigned size, answered, lost, most; /* most: open at once */
        fsock_time began, fastest;
        uint64_t sleeps; /* of the driver, when it began */
    } round;
    bool growing_fast; /* nothing has been lost yet */

    /* The round in which most was answered a second, of late, and the window that it had. */
    struct {
        double rate; /* answers per nanosecond */
        unsigned window;
        fsock_time at;
    } best;

    struct fsk_pace rate, burst; /* the caller's limit; no more at once than the window can bear */
    struct fsk_servers *owner;
    struct fsk_list roomy; /* in the owner's ring */
};

struct fsk_servers {
    struct fsk_driver *driver;
    struct fsk_server *server;
    unsigned n;
    unsigned cap;

    /* How to ask them; set by the owner. */
    fsock_time try_max;  /* one try waits so long at most */
    fsock_time patience; /* with each server that stays silent, all tries together */
    bool rotate;         /* each question begins with another server, not with the first */
    bool use_tcp;        /* no UDP at all */
    bool no_recursion;   /* they are asked for what they know themselves */
    unsigned race;       /* asked side by side; 0 counts as 1 */
    struct fsk_pace rate;
    int64_t server_interval; /* the pace of each; 0: no limit */

    unsigned first;        /* rotate: whose turn it is to be asked first */
    struct fsk_list roomy; /* servers that would take a question, the next one first */
    struct fsk_list queue; /* struct fsk_servers_wish: new questions that wait for room */
    unsigned coming;       /* new questions that will go out as soon as their ops step */
    unsigned aside;        /* how many are set aside */
    fsock_time back;       /* when the first of those comes back */
};

void fsk_servers_init(struct fsk_servers *servers, struct fsk_driver *driver);
void fsk_servers_fini(struct fsk_servers *servers);

/*
 * Put one in at the end, before any question is asked. `host` may be empty, and is copied. False:
 * out of memory.
 */
bool fsk_servers_add(struct fsk_servers *servers, const struct fsk_addr *addr,
                     enum fsk_by transport, struct fsk_span host);

/* Until when to go on asking them, however late the deadline is. */
fsock_time fsk_servers_until(const struct fsk_servers *servers, fsock_time started);

/*
 * When a new question may go out: `now` or earlier is at once, FSOCK_NEVER when a try has ended
 * (which wakes who waits in `queue`).
 */
fsock_time fsk_servers_room(struct fsk_servers *servers, fsock_time now);

/*
 * Of those with room, the one whose turn it is, and its turn is over; NULL if there is none, or if
 * they are asked in their order.
 */
struct fsk_server *fsk_servers_turn(struct fsk_servers *servers, fsock_time now);

/* Whether it is set aside. */
bool fsk_server_aside(struct fsk_server *s, fsock_time now);

/* How long to wait for an answer before it is asked again, for the n-th time (from 0). */
fsock_time fsk_server_patience(const struct fsk_server *s, unsigned n);

/* A try begins. */
void fsk_server_try(struct fsk_server *s, fsock_time now);

/* It ends: by an answer after `took` (negative: not known, it was asked more than once), ... */
void fsk_server_answered(struct fsk_server *s, fsock_time took, fsock_time now);

/* ... by none in its time, or by one that says "not now", ... */
void fsk_server_lost(struct fsk_server *s, fsock_time now);

/* ... by the news that it can't be reached, ... */
void fsk_server_unreachable(struct fsk_server *s, fsock_time now);

/* ... or because nobody wants it any more. */
void fsk_server_left(struct fsk_server *s);

/* An answer to a try that had been given up. */
void fsk_server_late(struct fsk_server *s, fsock_time now);

/* A try that was taken for lost was not: its answer has come during the next one. */
void fsk_server_found(struct fsk_server *s);

#endif
