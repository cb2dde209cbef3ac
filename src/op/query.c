#include "op/query.h"

#include <errno.h>

#include "base/time.h"
#include "op/query_stream.h"

#define NO_SOCKET_DELAY (50 * FSOCK_MILLISECOND)  /* until a descriptor may be free again */
#define TAIL            (100 * FSOCK_MILLISECOND) /* too little for a try: the last one gets it */

bool fsk_servers_add(struct fsk_servers *servers, const struct fsk_addr *addr)
{
    if (servers->n == FSK_SERVERS_MAX)
        return false;
    struct fsk_server *s = &servers->server[servers->n++];
    *s = (struct fsk_server){.addr = *addr};
    if (addr->port == 53)
        fsk_addr_format(addr, s->text);
    else
        fsk_addr_format_port(addr, s->text);
    return true;
}

fsock_time fsk_servers_until(const struct fsk_servers *servers, fsock_time started)
{
    return started + servers->patience * servers->n;
}

/* ---- what came ---- */

/* It is about us, not about the server, and may pass. */
static bool no_descriptor(int sys_errno)
{
    return sys_errno == EMFILE || sys_errno == ENFILE;
}

static enum fsk_query_verdict trouble(struct fsk_query *q, unsigned server,
                                      enum fsk_query_trouble what, int detail)
{
    struct fsk_query_note *note = &q->note[server];
    bool may_pass =
        what == FSK_TROUBLE_STREAM || (what == FSK_TROUBLE_RCODE && detail != FSK_DNS_REFUSED &&
                                       detail != FSK_DNS_NOTIMP && detail != FSK_DNS_FORMERR);
    note->trouble = what;
    note->detail = detail;
    if (what == FSK_TROUBLE_ERRNO && no_descriptor(detail))
        return FSK_QUERY_NEXT;
    note->failures++;
    note->out = !may_pass || note->failures >= 2;
    return FSK_QUERY_NEXT;
}

static void mark_answer(struct fsk_query *q, unsigned server, const struct fsk_dns_msg *m)
{
    char rcode[FSK_DNS_WORD], type[FSK_DNS_WORD];
    if (q->op.trace)
        fsk_mark(q->op.trace, FSOCK_MARK_ANSWER, q->op.id, -1, 0, m->n, "%s %s %s, %u records%s",
                 q->servers->server[server].text, fsk_dns_type_name(q->what.type, type),
                 fsk_dns_rcode_name(m->rcode, rcode), m->count[0], m->tc ? ", cut off" : "");
}

/* What to make of a message from this server. */
static enum fsk_query_verdict judge(struct fsk_query *q, unsigned server,
                                    const struct fsk_dns_query *asked, enum fsk_dns_match match,
                                    const struct fsk_dns_msg *m, bool by_tcp)
{
    struct fsk_server *s = &q->servers->server[server];
    if (match == FSK_DNS_MALFORMED || match == FSK_DNS_NOT_OURS)
        return trouble(q, server, FSK_TROUBLE_MALFORMED, 0);
    mark_answer(q, server, m);
    if (match == FSK_DNS_OURS_NOT_CASE && !by_tcp) {
        s->folds_case = true;
        return FSK_QUERY_REPEAT;
    }
    if (asked->edns && (match == FSK_DNS_OURS_BARE || m->rcode == FSK_DNS_FORMERR ||
                        m->rcode == FSK_DNS_NOTIMP || m->rcode == FSK_DNS_BADVERS)) {
        s->no_edns = true;
        return FSK_QUERY_REPEAT;
    }
    if (match == FSK_DNS_OURS_BARE)
        return trouble(q, server, FSK_TROUBLE_RCODE, m->rcode);
    if (m->tc)
        return by_tcp ? trouble(q, server, FSK_TROUBLE_MALFORMED, 0) : FSK_QUERY_BY_TCP;
    fsk_dns_digest(m, asked, &q->result, q->addr, q->cap);
    if (q->result.outcome == FSK_DNS_LAME)
        return trouble(q, server, FSK_TROUBLE_LAME, 0);
    if (q->result.outcome == FSK_DNS_FAILED)
        return trouble(q, server, FSK_TROUBLE_RCODE, m->rcode);
    q->current = server;
    q->state = FSK_QUERY_ANSWERED;
    return FSK_QUERY_DONE;
}

static struct fsk_dns_query as_asked(const struct fsk_query *q, unsigned server, uint16_t id)
{
    struct fsk_dns_query asked = q->what;
    asked.id = id;
    asked.edns = !q->servers->server[server].no_edns;
    return asked;
}

static void answered(struct fsk_question *question, enum fsk_dns_match match,
                     const struct fsk_dns_msg *m)
{
    struct fsk_query_slot *slot = FSK_HOLDER(question, struct fsk_query_slot, question);
    struct fsk_query *q = slot->query;
    if (q->state == FSK_QUERY_ANSWERED)
        return;
    struct fsk_dns_query asked = as_asked(q, slot->server, question->id);
    asked.edns = question->edns;
    slot->verdict = judge(q, slot->server, &asked, match, m, false);
    fsk_op_wake(&q->op);
}

static void failed(struct fsk_question *question, int sys_errno)
{
    struct fsk_query_slot *slot = FSK_HOLDER(question, struct fsk_query_slot, question);
    slot->verdict = trouble(slot->query, slot->server, FSK_TROUBLE_ERRNO, sys_errno);
    fsk_op_wake(&slot->query->op);
}

/* ---- asking ---- */

static void mark_query(struct fsk_query *q, const char *how)
{
    char name[FSK_DNAME_TEXT], type[FSK_DNS_WORD];
    if (!q->op.trace)
        return;
    struct fsk_dname lower = q->what.name;
    fsk_dname_lower(&lower);
    fsk_dname_to_text(&lower, name);
    fsk_mark(q->op.trace, FSOCK_MARK_QUERY, q->op.id, -1, 0, 0, "%s %s %s%s",
             q->servers->server[q->current].text, fsk_dns_type_name(q->what.type, type), name, how);
}

/* The slot whose question to the current server is open; else one to be used for it. */
static struct fsk_query_slot *slot_for(struct fsk_query *q)
{
    for (unsigned i = 0; i < FSK_QUERY_SLOTS; i++)
        if (q->slot[i].question.port && q->slot[i].server == q->current)
            return &q->slot[i];
    for (unsigned i = 0; i < FSK_QUERY_SLOTS; i++)
        if (!q->slot[i].question.port)
            return &q->slot[i];
    struct fsk_query_slot *oldest = &q->slot[q->next_slot++ % FSK_QUERY_SLOTS];
    fsk_question_withdraw(&oldest->question);
    return oldest;
}

/* How long this server may take; it and `left` - 1 others are still to be asked in this round. */
static fsock_time slice(const struct fsk_query *q, unsigned left, fsock_time now)
{
    fsock_time rest = q->until - now;
    fsock_time t = rest / (left + 1);
    if (t < FSK_QUERY_TRY_MIN)
        t = FSK_QUERY_TRY_MIN;
    if (t > q->servers->try_max)
        t = q->servers->try_max;
    return rest - t < TAIL ? rest : t;
}

/* No way to ask `current`. Without a free descriptor its try is a short sleep. */
static void cannot_ask(struct fsk_query *q, int sys_errno, fsock_time now)
{
    trouble(q, q->current, FSK_TROUBLE_ERRNO, sys_errno);
    q->state = FSK_QUERY_IDLE;
    if (no_descriptor(sys_errno)) {
        q->state = FSK_QUERY_OPEN;
        q->try_ends = now + NO_SOCKET_DELAY;
    }
}

static void ask_by_udp(struct fsk_query *q, const struct fsk_port *other_than, fsock_time now)
{
    const struct fsk_server *s = &q->servers->server[q->current];
    struct fsk_query_slot *slot = slot_for(q);
    slot->verdict = FSK_QUERY_NOTHING;
    q->state = FSK_QUERY_OPEN;
    mark_query(q, "");
    if (slot->question.port) {
        fsk_question_resend(&slot->question);
        return;
    }
    slot->query = q;
    slot->server = q->current;
    slot->question = (struct fsk_question){.query = &q->what,
                                           .server = s->addr,
                                           .edns = !s->no_edns,
                                           .mixed_case = !s->folds_case,
                                           .answered = answered,
                                           .failed = failed};
    int err = fsk_ports_ask(q->servers->ports, &slot->question, other_than);
    slot->from = slot->question.port;
    if (err)
        cannot_ask(q, err, now);
}

static void ask_by_tcp(struct fsk_query *q, fsock_time now)
{
    struct fsk_dns_query asked = as_asked(q, q->current, fsk_rand_16(&q->servers->ports->rand));
    q->stream = fsk_query_stream_new(&asked, &q->servers->server[q->current].addr, q->try_ends);
    mark_query(q, " by TCP");
    q->state = FSK_QUERY_STREAM;
    if (!q->stream)
        cannot_ask(q, ENOMEM, now);
}

/* Begin a try at the next server that is not out. False: there is none. */
static bool ask_next(struct fsk_query *q, fsock_time now)
{
    const struct fsk_servers *s = q->servers;
    unsigned left = 0;
    for (unsigned i = 0; i < s->n && !left; i++) {
        unsigned place = q->turn++ % s->n;
        q->current = (q->first + place) % s->n;
        if (q->note[q->current].out)
            continue;
        for (unsigned j = place; j < s->n; j++)
            left += !q->note[(q->first + j) % s->n].out;
    }
    if (!left)
        return false;
    struct fsk_query_note *note = &q->note[q->current];
    note->tries++;
    if (note->trouble == FSK_TROUBLE_ERRNO && no_descriptor(note->detail))
        note->trouble = FSK_TROUBLE_NONE;
    q->try_ends = now + slice(q, left, now);
    if (s->use_tcp)
        ask_by_tcp(q, now);
    else
        ask_by_udp(q, NULL, now);
    return true;
}

/* Act on what came since the last step. */
static void react(struct fsk_query *q, fsock_time now)
{
    for (unsigned i = 0; i < FSK_QUERY_SLOTS && q->state == FSK_QUERY_OPEN; i++) {
        struct fsk_query_slot *slot = &q->slot[i];
        enum fsk_query_verdict verdict = slot->verdict;
        slot->verdict = FSK_QUERY_NOTHING;
        if (verdict == FSK_QUERY_REPEAT || verdict == FSK_QUERY_BY_TCP) {
            q->current = slot->server;
            q->try_ends = now + slice(q, 1, now);
            if (verdict == FSK_QUERY_BY_TCP)
                ask_by_tcp(q, now);
            else
                ask_by_udp(q, slot->from, now);
        } else if (verdict == FSK_QUERY_NEXT && slot->server == q->current) {
            q->state = FSK_QUERY_IDLE;
        }
    }
}

/* FSOCK_AGAIN, or what came of the stream is in the state. */
static enum fsock_err step_stream(struct fsk_query *q, fsock_time now)
{
    struct fsk_query_stream *s = q->stream;
    struct fsk_span answer;
    enum fsock_err err = fsk_query_stream_step(s, &q->op, now, &answer);
    if (err == FSOCK_AGAIN && now < q->try_ends)
        return err;
    enum fsk_query_verdict verdict = FSK_QUERY_NEXT;
    q->state = FSK_QUERY_IDLE;
    if (err == FSOCK_OK) {
        struct fsk_dns_msg m;
        enum fsk_dns_match match = fsk_dns_read(&m, &s->query, (const uint8_t *)answer.p, answer.n);
        verdict = judge(q, q->current, &s->query, match, &m, true);
    } else if (s->sys_errno && s->sys_errno != ETIMEDOUT) {
        cannot_ask(q, s->sys_errno, now);
    } else {
        trouble(q, q->current, FSK_TROUBLE_STREAM, 0);
    }
    fsk_query_stream_free(s);
    q->stream = NULL;
    fsk_op_clear(&q->op);
    if (verdict == FSK_QUERY_REPEAT)
        ask_by_tcp(q, now);
    return FSOCK_OK;
}

/* ---- the op ---- */

static void close_all(struct fsk_query *q)
{
    for (unsigned i = 0; i < FSK_QUERY_SLOTS; i++)
        fsk_question_withdraw(&q->slot[i].question);
    fsk_query_stream_free(q->stream);
    q->stream = NULL;
}

static enum fsock_err end(struct fsk_query *q, fsock_time now)
{
    q->took = now - q->started;
    close_all(q);
    if (q->state == FSK_QUERY_ANSWERED)
        return FSOCK_OK;
    for (unsigned i = 0; i < q->servers->n; i++) {
        const struct fsk_query_note *note = &q->note[i];
        if (note->trouble == FSK_TROUBLE_ERRNO && note->detail == ENOMEM)
            return FSOCK_ERR_MEMORY;
        if (note->tries && (note->trouble != FSK_TROUBLE_ERRNO || !no_descriptor(note->detail)))
            return FSOCK_ERR_DNS;
    }
    return FSOCK_ERR_SYSTEM;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_query *q = FSK_HOLDER(op, struct fsk_query, op);
    for (;;) {
        if (q->state == FSK_QUERY_OPEN)
            react(q, now);
        if (q->state == FSK_QUERY_ANSWERED || op->expired || now >= q->until)
            return end(q, now);
        if (q->state == FSK_QUERY_STREAM && step_stream(q, now) == FSOCK_AGAIN)
            break;
        if (q->state == FSK_QUERY_OPEN && now < q->try_ends)
            break;
        if (q->state == FSK_QUERY_OPEN)
            q->state = FSK_QUERY_IDLE;
        if (q->state == FSK_QUERY_IDLE && !ask_next(q, now))
            return end(q, now);
    }
    op->alarm = fsk_time_min(q->try_ends, q->until);
    return FSOCK_AGAIN;
}

void fsk_query_init(struct fsk_query *q, struct fsk_servers *servers, const struct fsk_dname *name,
                    uint16_t type, fsock_time until)
{
    uint8_t bits[32];
    *q = (struct fsk_query){
        .servers = servers, .until = until, .started = servers->ports->driver->now};
    fsk_op_init(&q->op, step, FSOCK_NEVER);
    q->what = (struct fsk_dns_query){
        .name = *name, .type = type, .rd = true, .edns = true, .mixed_case = true};
    fsk_rand_bytes(&servers->ports->rand, bits, sizeof bits);
    fsk_dname_mix_case(&q->what.name, bits);
    q->first = servers->first;
    if (servers->rotate)
        servers->first = (servers->first + 1) % servers->n;
}

void fsk_query_fini(struct fsk_query *q)
{
    fsk_op_stop(&q->op);
    close_all(q);
}
