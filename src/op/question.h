/*
 * question.h - one question to one server, and the table of those that are open at one place: on a
 * UDP port (port.h), or on a TCP or TLS connection (channel.h).
 *
 * A question has an id that nobody can guess. A message answers it if it has that id and repeats
 * the question (fsk_dns_read); from where it came is the place's business.
 */
#ifndef FSK_QUESTION_H
#define FSK_QUESTION_H

#include "base/rand.h"
#include "op/servers.h"
#include "wire/dnsmsg.h"

#define FSK_QUESTION_SLOTS 512 /* of a table; a power of two */

struct fsk_questions;

/*
 * The asker sets the first part, which stays unchanged while the question is open. It is closed by
 * the time that the asker is told of its end.
 */
struct fsk_question {
    const struct fsk_dns_query *query; /* name, type and rd; what else it holds is not used */
    struct fsk_server *server;
    bool edns;
    bool mixed_case; /* false: asked in lower case, and case counts for nothing in the answer */

    /* The place's own. */
    uint16_t id;
    fsock_time sent, resent;     /* the first time and the last one, by the clock; 0: not yet */
    struct fsk_questions *place; /* NULL: the question is not open */
    struct fsk_question *next;
    struct fsk_list unsent;
};

/*
 * Who is told of answers, one for all questions of an owner. None of these may call anything that
 * opens or closes questions: note what happened, and wake an op.
 */
struct fsk_asker {
    /* FSK_DNS_OURS or FSK_DNS_OURS_BARE; by TCP and TLS FSK_DNS_MALFORMED, too. The message is gone
     * afterwards. `took` is the round trip. A question that was sent again is answered so soon
     * after that, if it is the first one's answer, that it can't be the second's; else `took` can't
     * be told: negative. */
    void (*answered)(struct fsk_question *, enum fsk_dns_match, const struct fsk_dns_msg *,
                     fsock_time took);

    /* A datagram with the right id is broken (FSK_DNS_MALFORMED), or differs in the case of letters
     * (FSK_DNS_OURS_NOT_CASE): it may be a forger's guess, or the server may be as bad as that. It
     * has been dropped; the question is still open. */
    void (*doubted)(struct fsk_question *, enum fsk_dns_match);

    /* It could not be sent, or did not arrive. ECONNABORTED: the connection ended after it had
     * carried answers, which says nothing of this question. */
    void (*failed)(struct fsk_question *, int sys_errno);
};

struct fsk_questions {
    struct fsk_op *op; /* the place's: woken when there is something to send */
    const struct fsk_asker *asker;
    void (*emptied)(struct fsk_questions *); /* the last one has been withdrawn */
    unsigned open;
    struct fsk_list unsent;
    struct fsk_question *slot[FSK_QUESTION_SLOTS]; /* by id */
};

void fsk_questions_init(struct fsk_questions *place, struct fsk_op *op,
                        const struct fsk_asker *asker, void (*emptied)(struct fsk_questions *));

/* Open it: it is sent when the place's op steps. There must be fewer than 60,000. */
void fsk_question_open(struct fsk_question *q, struct fsk_questions *place, struct fsk_rand *rand);

/* Send an open question once more: the same id from the same place. */
void fsk_question_resend(struct fsk_question *q);

/* It has gone out now, by the clock. */
void fsk_question_sent(struct fsk_question *q, fsock_time clock);

/* Close it; harmless if it isn't open. */
void fsk_question_withdraw(struct fsk_question *q);

/* Write it as a packet; its length. */
size_t fsk_question_pack(const struct fsk_question *q, uint8_t packet[FSK_DNS_QUERY_MAX]);

/*
 * A message has come, at `clock`, from `from` if that is to be compared (else NULL). False: it
 * answers nothing here, and is to be dropped. Else the question is closed, and its asker told.
 */
bool fsk_questions_take(struct fsk_questions *place, const uint8_t *bytes, size_t n,
                        const struct fsk_addr *from, fsock_time clock);

/* Fail all questions to the server at this address (NULL: to any). */
void fsk_questions_fail(struct fsk_questions *place, const struct fsk_addr *server, int sys_errno);

/* Fail this one. */
void fsk_question_fail(struct fsk_question *q, int sys_errno);

#endif
