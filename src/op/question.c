#include "op/question.h"

void fsk_questions_init(struct fsk_questions *place, struct fsk_op *op,
                        const struct fsk_asker *asker, void (*emptied)(struct fsk_questions *))
{
    *place = (struct fsk_questions){.op = op, .asker = asker, .emptied = emptied};
    fsk_list_init(&place->unsent);
}

static struct fsk_question **place_of(struct fsk_questions *place, uint16_t id)
{
    struct fsk_question **at = &place->slot[id & (FSK_QUESTION_SLOTS - 1)];
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    return at;
}

static void take_out(struct fsk_question **at)
{
    struct fsk_question *q = *at;
    *at = q->next;
    fsk_list_remove(&q->unsent);
    q->place->open--;
    q->place = NULL;
}

void fsk_question_open(struct fsk_question *q, struct fsk_questions *place, struct fsk_rand *rand)
{
    struct fsk_question **at;
    do {
        q->id = fsk_rand_16(rand);
        at = place_of(place, q->id);
    } while (*at);
    q->place = place;
    q->next = NULL;
    q->sent = q->resent = 0;
    *at = q;
    place->open++;
    fsk_list_init(&q->unsent);
    fsk_question_resend(q);
}

void fsk_question_resend(struct fsk_question *q)
{
    fsk_list_remove(&q->unsent);
    fsk_list_append(&q->place->unsent, &q->unsent);
    fsk_op_wake(q->place->op);
}

void fsk_question_sent(struct fsk_question *q, fsock_time clock)
{
    fsk_list_remove(&q->unsent);
    *(q->sent ? &q->resent : &q->sent) = clock;
}

void fsk_question_withdraw(struct fsk_question *q)
{
    struct fsk_questions *place = q->place;
    if (!place)
        return;
    take_out(place_of(place, q->id));
    if (!place->open)
        place->emptied(place);
}

/* The query as this question asks it. */
static void query_of(struct fsk_dns_query *query, const struct fsk_question *q)
{
    fsk_dname_copy(&query->name, &q->query->name);
    query->id = q->id;
    query->type = q->query->type;
    query->rd = q->query->rd;
    query->ad = q->query->ad;
    query->edns = q->edns;
    query->mixed_case = q->mixed_case;
    if (!q->mixed_case)
        fsk_dname_lower(&query->name);
}

size_t fsk_question_pack(const struct fsk_question *q, uint8_t packet[FSK_DNS_QUERY_MAX])
{
    struct fsk_dns_query query;
    query_of(&query, q);
    return fsk_dns_build(&query, packet);
}

/* How long the answer that has come took; see question.h. */
static fsock_time round_trip(const struct fsk_question *q, fsock_time clock)
{
    fsock_time shortest = q->server->floor; /* 0: not known; then the longer one is safer */
    bool by_first = !q->resent || !shortest || clock - q->resent < shortest;
    return q->sent && by_first ? clock - q->sent : -1;
}

bool fsk_questions_take(struct fsk_questions *place, const uint8_t *bytes, size_t n,
                        const struct fsk_addr *from, fsock_time clock)
{
    if (n < FSK_DNS_HEADER)
        return false;
    struct fsk_question **at = place_of(place, (uint16_t)(bytes[0] << 8 | bytes[1])), *q = *at;
    if (!q || (from && !fsk_addr_equal(&q->server->addr, from)))
        return false;
    struct fsk_dns_query query;
    struct fsk_dns_msg m;
    query_of(&query, q);
    enum fsk_dns_match match = fsk_dns_read(&m, &query, bytes, n);
    bool doubtful = match == FSK_DNS_OURS_NOT_CASE || (match == FSK_DNS_MALFORMED && from);
    if (doubtful)
        place->asker->doubted(q, match);
    if (match == FSK_DNS_NOT_OURS || doubtful)
        return false;
    take_out(at);
    place->asker->answered(q, match, &m, round_trip(q, clock));
    return true;
}

void fsk_question_fail(struct fsk_question *q, int sys_errno)
{
    struct fsk_questions *place = q->place;
    take_out(place_of(place, q->id));
    place->asker->failed(q, sys_errno);
}

void fsk_questions_fail(struct fsk_questions *place, const struct fsk_addr *server, int sys_errno)
{
    for (unsigned i = 0; i < FSK_QUESTION_SLOTS && place->open; i++)
        for (struct fsk_question **at = &place->slot[i]; *at;) {
            struct fsk_question *q = *at;
            if (server && !fsk_addr_equal(&q->server->addr, server)) {
                at = &q->next;
                continue;
            }
            take_out(at);
            place->asker->failed(q, sys_errno);
        }
}
