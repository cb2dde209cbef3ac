#include "op/query.h"

#include <errno.h>

#include "base/time.h"
#include "base/trace.h"
#include "op/query_verdict.h"

#define TAIL      (100 * FSOCK_MILLISECOND) /* too little for a try: the last one gets it */
#define LEFT_MOST 8                         /* servers that the remaining time is shared by */

void fsk_stub_init(struct fsk_stub *stub, struct fsk_driver *driver, unsigned ports_max)
{
    fsk_servers_init(&stub->servers, driver);
    fsk_ports_init(&stub->ports, driver, &fsk_query_asker, ports_max);
    fsk_channels_init(&stub->channels, driver, &fsk_query_asker);
}

void fsk_stub_fini(struct fsk_stub *stub)
{
    fsk_ports_fini(&stub->ports);
    fsk_channels_fini(&stub->channels);
    fsk_servers_fini(&stub->servers);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void mark_query(struct fsk_query *q, const struct fsk_server *s, bool by_stream)
{
    char name[FSK_DNAME_TEXT], type[FSK_DNS_WORD];
    if (!fsk_op_trace(&q->op))
        return;
    struct fsk_dname lower = q->what.name;
    fsk_dname_lower(&lower);
    fsk_dname_to_text(&lower, name);
    fsk_mark(fsk_op_trace(&q->op), FSOCK_MARK_QUERY, q->op.id, -1, 0, 0,
             fsk_text("server", s->text), fsk_text("name", name),
             fsk_text("type", fsk_dns_type_name(q->what.type, type)),
             fsk_text("transport", s->transport == FSK_BY_TLS ? "tls"
                                   : by_stream                ? "tcp"
                                                              : "udp"));
}

/* Close the slot's question, and let its server know that nobody waits. */
static void leave(struct fsk_query_slot *slot)
{
    if (slot->trying)
        fsk_server_left(slot->question.server);
    slot->trying = false;
    fsk_question_withdraw(&slot->question);
}

/* The slot whose question to this server is open; else one to be used for it. */
static struct fsk_query_slot *slot_for(struct fsk_query *q, const struct fsk_server *s)
{
    for (unsigned i = 0; i < q->slots; i++)
        if (q->slot[i].question.place && q->slot[i].question.server == s)
            return &q->slot[i];
    for (unsigned i = 0; i < q->slots; i++)
        if (!q->slot[i].question.place)
            return &q->slot[i];
    if (q->slots < FSK_QUERY_SLOTS) {
        q->slot[q->slots] = (struct fsk_query_slot){.query = q};
        return &q->slot[q->slots++];
    }
    struct fsk_query_slot *oldest = &q->slot[q->next_slot++ % FSK_QUERY_SLOTS];
    leave(oldest);
    return oldest;
}

/* How long this try may take; `left` servers are still to be asked in this round. */
static fsock_time slice(const struct fsk_query *q, unsigned left, fsock_time patience,
                        fsock_time now)
{
    if (q->until == FSOCK_NEVER)
        return patience;
    fsock_time rest = q->until - now, t = rest / (left + 1);
    if (t < FSK_QUERY_TRY_MIN)
        t = FSK_QUERY_TRY_MIN;
    t = fsk_time_min(t, patience);
    return rest - t < TAIL ? rest : t;
}

/* No way to ask it. Without a free descriptor the try is a short sleep. */
static void cannot_ask(struct fsk_query *q, struct fsk_server *s, int sys_errno, fsock_time now)
{
    fsk_query_fault(q, s, FSK_TROUBLE_ERRNO, sys_errno);
    if (fsk_no_descriptor(sys_errno)) {
        q->state = FSK_QUERY_OPEN;
        q->try_ends = now + FSK_NO_DESCRIPTOR_DELAY;
    }
}

/* Put the question to this server, once more if it is open there. */
static void ask(struct fsk_query *q, struct fsk_server *s, bool by_stream,
                const struct fsk_questions *other_than, fsock_time now)
{
    struct fsk_query_slot *slot = slot_for(q, s);
    int err = 0;
    slot->verdict = FSK_QUERY_NOTHING;
    mark_query(q, s, by_stream);
    if (slot->question.place && slot->by_stream == by_stream) {
        if (!by_stream)
            fsk_question_resend(&slot->question);
    } else {
        leave(slot);
        slot->by_stream = by_stream;
        slot->question = (struct fsk_question){.query = &q->what,
                                               .server = s,
                                               .edns = !s->no_edns,
                                               .mixed_case = !s->folds_case && !by_stream};
        slot->folded = slot->broken = false;
        err = by_stream ? fsk_channels_ask(&q->stub->channels, &slot->question)
                        : fsk_ports_ask(&q->stub->ports, &slot->question, other_than);
        slot->from = slot->question.place;
    }
    if (err) {
        cannot_ask(q, s, err, now);
        return;
    }
    if (!slot->trying)
        fsk_server_try(s, now);
    slot->trying = true;
    q->state = FSK_QUERY_OPEN;
}

/* What speaks against asking it next; UINT32_MAX: it is out. */
static unsigned cost(struct fsk_query *q, struct fsk_server *s, fsock_time now)
{
    const struct fsk_query_note *note = fsk_query_find_note(q, s);
    unsigned cost = fsk_server_aside(s, now) ? 1000 : 0;
    if (!note)
        return cost;
    if (note->out)
        return UINT32_MAX;
    return cost + 2u * note->tries + (note->rest > now);
}

/* The server to ask next, and in *left how many more are to be asked in this round; or NULL. */
static struct fsk_server *choose(struct fsk_query *q, unsigned *left, fsock_time now)
{
    struct fsk_servers *all = &q->stub->servers;
    struct fsk_server *best = fsk_servers_turn(all, now);
    unsigned least = best ? cost(q, best, now) : UINT32_MAX;
    unsigned looks = all->n < 64 ? all->n : 64;
    *left = all->n;
    if (least > 0) {
        least = UINT32_MAX;
        for (unsigned i = 0; i < looks; i++) {
            struct fsk_server *s =
                &all->server[(q->first + q->tries * (looks < all->n) + i) % all->n];
            unsigned its = cost(q, s, now);
            *left = its < least ? 1 : *left + (its == least);
            if (its < least) {
                least = its;
                best = s;
            }
        }
    }
    *left = *left < LEFT_MOST ? *left : LEFT_MOST;
    return least == UINT32_MAX ? NULL : best;
}

/* The place that was kept for it is used, or no longer needed. */
static void use_place(struct fsk_query *q)
{
    q->stub->servers.coming -= q->coming;
    q->coming = false;
}

/* Begin a try at the next server, or at as many as race. False: there is none. */
static bool ask_next(struct fsk_query *q, fsock_time now)
{
    const struct fsk_servers *all = &q->stub->servers;
    unsigned race = all->race ? all->race : 1, left;
    q->state = FSK_QUERY_IDLE;
    use_place(q);
    for (unsigned i = 0; i < race; i++) {
        struct fsk_server *s = choose(q, &left, now);
        struct fsk_query_note *note = s ? fsk_query_note_of(q, s) : NULL;
        if (!s || (i > 0 && slot_for(q, s)->trying))
            break;
        if (note->rest > now) { /* all that are left are to be left alone for a while */
            q->state = FSK_QUERY_OPEN;
            q->try_ends = note->rest;
            return true;
        }
        if (note->trouble == FSK_TROUBLE_ERRNO && fsk_no_descriptor(note->detail))
            note->trouble = FSK_TROUBLE_NONE;
        fsock_time patience = fsk_time_min(all->try_max, fsk_server_patience(s, note->tries));
        fsock_time ends = now + slice(q, left, patience, now);
        q->try_ends = i == 0 || ends > q->try_ends ? ends : q->try_ends;
        note->tries++;
        q->tries++;
        ask(q, s, all->use_tcp || s->transport != FSK_BY_UDP, NULL, now);
    }
    return q->state == FSK_QUERY_OPEN || choose(q, &left, now);
}

/* Act on what came since the last step. */
static void react(struct fsk_query *q, fsock_time now)
{
    bool news = false, trying = false;
    for (unsigned i = 0; i < q->slots && q->state == FSK_QUERY_OPEN; i++) {
        struct fsk_query_slot *slot = &q->slot[i];
        enum fsk_query_verdict verdict = slot->verdict;
        slot->verdict = FSK_QUERY_NOTHING;
        news |= verdict == FSK_QUERY_NEXT;
        if (verdict == FSK_QUERY_REPEAT || verdict == FSK_QUERY_BY_TCP) {
            struct fsk_server *s = slot->question.server;
            q->try_ends = now + slice(q, 1, q->stub->servers.try_max, now);
            ask(q, s, slot->by_stream || verdict == FSK_QUERY_BY_TCP, slot->from, now);
        }
        trying |= slot->trying;
    }
    if (news && !trying && q->state == FSK_QUERY_OPEN)
        q->state = FSK_QUERY_IDLE;
}

/* Nobody has answered in time, or well; one who did, but for the case, is asked in another way. */
static void try_over(struct fsk_query *q, fsock_time now)
{
    q->state = FSK_QUERY_IDLE;
    for (unsigned i = 0; i < q->slots; i++) {
        struct fsk_query_slot *slot = &q->slot[i];
        struct fsk_server *s = slot->question.server;
        if (slot->folded && slot->question.place && q->state == FSK_QUERY_IDLE) {
            const struct fsk_questions *from = slot->from;
            s->folds_case = true;
            leave(slot);
            q->try_ends = now + slice(q, 1, q->stub->servers.try_max, now);
            ask(q, s, false, from, now);
        } else if (slot->broken && slot->question.place) {
            fsk_query_fault(q, s, FSK_TROUBLE_MALFORMED, 0);
            leave(slot);
        } else if (slot->trying) {
            slot->trying = false;
            fsk_server_lost(s, now);
        }
    }
}

/* Random case, for an attacker to guess. */
static void mix_case(struct fsk_query *q)
{
    fsk_rand_bytes(&q->stub->ports.rand, q->bits, (q->what.name.n + 7u) / 8);
    fsk_dname_mix_case(&q->what.name, q->bits);
}

/* Go on with the name that the CNAMEs lead to. */
static void follow(struct fsk_query *q)
{
    for (unsigned i = 0; i < q->slots; i++)
        leave(&q->slot[i]);
    q->what.name = q->result.target;
    mix_case(q);
    q->links = q->result.links;
    q->ttl = q->result.ttl;
    q->state = FSK_QUERY_IDLE;
}

/* ---- the op ---------------------------------------------------------------------------------- */

/* Whoever is first in the queue watches the clock for all: let the next one do that. */
static void leave_queue(struct fsk_query *q)
{
    struct fsk_list *queue = &q->stub->servers.queue;
    bool first = queue->next == &q->wish.link;
    fsk_list_remove(&q->wish.link);
    if (first && !fsk_list_empty(queue)) /* and there may be room for it now */
        fsk_op_wake(FSK_HOLDER(queue->next, struct fsk_servers_wish, link)->op);
}

static enum fsock_err end(struct fsk_query *q)
{
    q->took = fsock_now() - q->started; /* to be told: a turn's time stamp is too coarse */
    leave_queue(q);
    for (unsigned i = 0; i < q->slots; i++)
        leave(&q->slot[i]);
    if (q->state == FSK_QUERY_ANSWERED)
        return FSOCK_OK;
    bool tried = false, in_vain = true; /* in_vain: there was no descriptor to be had, ever */
    for (unsigned i = 0; i < q->notes; i++) {
        const struct fsk_query_note *note = &q->note[i];
        bool ours = note->trouble == FSK_TROUBLE_ERRNO;
        if (ours && note->detail == ENOMEM)
            return FSOCK_ERR_MEMORY;
        tried |= note->tries > 0;
        in_vain &= !note->tries || (ours && fsk_no_descriptor(note->detail));
    }
    return tried && in_vain ? FSOCK_ERR_SYSTEM : FSOCK_ERR_DNS;
}

/* Whether a new question may go out; else it stands in the queue, and the alarm is set. */
static bool has_room(struct fsk_query *q, fsock_time now)
{
    struct fsk_servers *servers = &q->stub->servers;
    bool first = servers->queue.next == &q->wish.link || fsk_list_empty(&servers->queue);
    fsock_time when = first ? fsk_servers_room(servers, now) : FSOCK_NEVER;
    if (when > now) {
        if (fsk_list_empty(&q->wish.link))
            fsk_list_append(&servers->queue, &q->wish.link);
        q->op.alarm = fsk_time_min(when, q->until);
        return false;
    }
    leave_queue(q);
    q->state = FSK_QUERY_IDLE;
    return true;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_query *q = FSK_HOLDER(op, struct fsk_query, op);
    for (;;) {
        if (q->state == FSK_QUERY_OPEN)
            react(q, now);
        if (q->state == FSK_QUERY_ANSWERED || op->expired || now >= q->until)
            return end(q);
        if (q->state == FSK_QUERY_WAITING && !has_room(q, now))
            return FSOCK_AGAIN;
        if (q->state == FSK_QUERY_ALIASED)
            follow(q);
        if (q->state == FSK_QUERY_OPEN && now < q->try_ends)
            break;
        if (q->state == FSK_QUERY_OPEN)
            try_over(q, now);
        if (q->state == FSK_QUERY_IDLE && !ask_next(q, now))
            return end(q);
    }
    op->alarm = fsk_time_min(q->try_ends, q->until);
    return FSOCK_AGAIN;
}

void fsk_query_init(struct fsk_query *q, struct fsk_stub *stub, const struct fsk_dname *name,
                    uint16_t type, fsock_time until)
{
    struct fsk_servers *servers = &stub->servers;
    memset(q, 0, offsetof(struct fsk_query, bits));
    q->stub = stub;
    q->until = until;
    q->started = servers->driver->now;
    q->ttl = UINT32_MAX;
    fsk_op_init(&q->op, step, FSOCK_NEVER);
    q->wish.op = &q->op;
    fsk_list_init(&q->wish.link);
    fsk_dname_copy(&q->what.name, name);
    q->what.type = type;
    q->what.rd = !servers->no_recursion;
    q->what.ad = false;
    q->what.edns = q->what.mixed_case = true;
    mix_case(q);
    q->first = servers->first;
    if (servers->rotate)
        servers->first = (servers->first + 1) % servers->n;
}

void fsk_query_admit(struct fsk_query *q)
{
    q->state = FSK_QUERY_IDLE;
    q->coming = true;
    q->stub->servers.coming++;
}

void fsk_query_fini(struct fsk_query *q)
{
    fsk_op_stop(&q->op);
    if (!q->stub)
        return;
    use_place(q);
    leave_queue(q);
    for (unsigned i = 0; i < q->slots; i++)
        leave(&q->slot[i]);
}
