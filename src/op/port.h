/*
 * port.h - questions to name servers by UDP: from ports and with ids that nobody can guess.
 *
 * A port is an op that owns one UDP socket and knows the questions that are open on it, from one to
 * a thousand. A set of ports gives each new question to one of a few ports at random, opens more
 * when they are full, and gives a port no more questions when it has had many. A port closes with
 * its last question: a set without questions holds no descriptor.
 *
 * A datagram counts only if it comes from the address and port that was asked, with the id of an
 * open question there, and repeats that question (fsk_dns_read). All others are dropped. An
 * ICMP error for a server fails all questions of that port to it at once.
 */
#ifndef FSK_PORT_H
#define FSK_PORT_H

#include "base/rand.h"
#include "op/op.h"
#include "wire/dnsmsg.h"

#define FSK_PORTS_MAX      64    /* of both families together */
#define FSK_PORTS_FEW      4     /* of a family, that are opened before one is shared */
#define FSK_PORT_QUESTIONS 1000  /* open at once, while there may be another port */
#define FSK_PORT_CROWD     30000 /* open at once, whatever happens: ids stay hard to guess */
#define FSK_PORT_ASKED     5000  /* questions in its life: then it gets no new ones */
#define FSK_PORT_LIFE      (60 * FSOCK_SECOND) /* likewise */
#define FSK_PORT_SLOTS     512                 /* of its table of questions; a power of two */

struct fsk_port;

/*
 * One question to one server. The asker sets the first part, which stays unchanged while the
 * question is open. It closes before the asker is told, who must not call anything of this header
 * from inside answered() and failed(): note what happened, and wake an op.
 */
struct fsk_question {
    const struct fsk_dns_query *query; /* name and type; what else it holds is not used */
    struct fsk_addr server;
    bool edns;
    bool mixed_case; /* false: asked in lower case, and case counts for nothing in the answer */

    /* Any match but FSK_DNS_NOT_OURS. The message is gone afterwards. */
    void (*answered)(struct fsk_question *, enum fsk_dns_match, const struct fsk_dns_msg *);

    /* It could not be sent, or ICMP says that it did not arrive. */
    void (*failed)(struct fsk_question *, int sys_errno);

    /* The port's own. */
    struct fsk_port *port; /* NULL: the question is not open */
    struct fsk_question *next;
    struct fsk_list unsent;
    uint16_t id;
};

struct fsk_ports {
    struct fsk_driver *driver;
    unsigned max; /* ports of one family */
    struct fsk_port *port[FSK_PORTS_MAX];
    struct fsk_rand rand;
};

/* `max` is how many descriptors one family may have: 1 to FSK_PORTS_MAX / 2. */
void fsk_ports_init(struct fsk_ports *ports, struct fsk_driver *driver, unsigned max);

/* No question may be open. */
void fsk_ports_fini(struct fsk_ports *ports);

/*
 * Open a question: it is sent soon, and answered() or failed() is called at most once. 0, or an
 * errno if there is no socket to be had; then it is not open. `other_than` is a port to avoid if
 * there is a choice, or NULL.
 */
int fsk_ports_ask(struct fsk_ports *ports, struct fsk_question *q,
                  const struct fsk_port *other_than);

/* Send an open question once more: the same id from the same port. */
void fsk_question_resend(struct fsk_question *q);

/* Close it; harmless if it isn't open. */
void fsk_question_withdraw(struct fsk_question *q);

#endif
