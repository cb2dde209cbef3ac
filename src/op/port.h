/*
 * port.h - questions to name servers by UDP: from ports that nobody can guess.
 *
 * A port is an op that owns one UDP socket and the questions that are open on it. A set of ports
 * gives each new question to one of a few ports at random; where there are many, a few dozen at a
 * time, so that they can be sent by one system call. It opens more ports when they are full, and
 * gives a port no more questions when it has had many. A port closes with its last question, or
 * when it has been without any for as long as the owner said; then a set holds no descriptor.
 *
 * A datagram counts only if it comes from the address and port that was asked, and answers an open
 * question of this port (question.h). All others are dropped and counted. An ICMP error for a
 * server fails all questions of that port to it at once.
 */
#ifndef FSK_PORT_H
#define FSK_PORT_H

#include "op/question.h"

#define FSK_PORTS_MAX 128 /* of both families together */
#define FSK_PORTS_FEW 4   /* of a family, that are opened before one is shared */
#define FSK_PORT_RUN  64  /* questions in a row that go to one port */
#define FSK_PORT_QUESTIONS                                                                         \
    500                      /* open at once, while there may be another port: a usual receive     \
                                buffer holds as many answers */
#define FSK_PORT_CROWD 30000 /* open at once, whatever happens: ids stay hard to guess */
#define FSK_PORT_ASKED 20000 /* questions in its life: then it gets no new ones */
#define FSK_PORT_LIFE  (60 * FSOCK_SECOND) /* likewise */

struct fsk_port;

struct fsk_ports {
    struct fsk_driver *driver;
    const struct fsk_asker *asker;
    unsigned max;                         /* ports of one family */
    struct fsk_port *port[FSK_PORTS_MAX]; /* those that were ever open, then NULL */
    struct fsk_rand rand;
    struct fsk_port *turn[2]; /* of each family: which port gets the next questions */
    unsigned run[2];          /* ... and how many */
    bool no_pieces;           /* learned: the kernel can't cut a message into datagrams */
    uint64_t dropped;         /* datagrams that answered no question */
    int64_t linger; /* how long a port without questions stays open: the owner's to set (0) */
};

/* `max` is how many descriptors one family may have: 1 to FSK_PORTS_MAX / 2. */
void fsk_ports_init(struct fsk_ports *ports, struct fsk_driver *driver,
                    const struct fsk_asker *asker, unsigned max);

/* No question may be open. */
void fsk_ports_fini(struct fsk_ports *ports);

/*
 * Open a question: it is sent soon, and the asker told of its end at most once. 0, or an errno if
 * there is no socket to be had; then it is not open. `other_than` is a place to avoid if there is a
 * choice, or NULL.
 */
int fsk_ports_ask(struct fsk_ports *ports, struct fsk_question *q,
                  const struct fsk_questions *other_than);

#endif
