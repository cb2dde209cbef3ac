#include "op/query_verdict.h"

#include <errno.h>

#include "base/time.h"
#include "base/trace.h"

#define BUSY        8 /* questions open at a server that may refuse because of them */
#define REFUSALS    4 /* ... and how often it may */
#define REST        (100 * FSOCK_MILLISECOND) /* ... after the first one; then twice as long */
#define DOUBT_DELAY (100 * FSOCK_MILLISECOND) /* for a better answer, if there is one */

bool fsk_no_descriptor(int sys_errno)
{
    return sys_errno == EMFILE || sys_errno == ENFILE;
}

struct fsk_query_note *fsk_query_find_note(struct fsk_query *q, const struct fsk_server *s)
{
    for (unsigned i = 0; i < q->notes; i++)
        if (q->note[i].server == s)
            return &q->note[i];
    return NULL;
}

struct fsk_query_note *fsk_query_note_of(struct fsk_query *q, struct fsk_server *s)
{
    struct fsk_query_note *note = fsk_query_find_note(q, s);
    if (note)
        return note;
    note = &q->note[q->notes < FSK_QUERY_NOTES ? q->notes++ : q->next_note++ % FSK_QUERY_NOTES];
    *note = (struct fsk_query_note){.server = s};
    return note;
}

enum fsk_query_verdict fsk_query_fault(struct fsk_query *q, struct fsk_server *s,
                                       enum fsk_query_trouble what, int detail)
{
    struct fsk_query_note *note = fsk_query_note_of(q, s);
    bool refused =
        what == FSK_TROUBLE_RCODE &&
        (detail == FSK_DNS_REFUSED || detail == FSK_DNS_NOTIMP || detail == FSK_DNS_FORMERR);
    bool may_pass = what == FSK_TROUBLE_STREAM || what == FSK_TROUBLE_MALFORMED ||
                    (what == FSK_TROUBLE_RCODE && !refused);
    note->trouble = what;
    note->detail = detail;
    if (what == FSK_TROUBLE_ERRNO && fsk_no_descriptor(detail))
        return FSK_QUERY_NEXT;
    note->failures++;
    note->out = !may_pass || note->failures >= 2;
    return FSK_QUERY_NEXT;
}

/* It says no while it has many of our questions: perhaps because of that. */
static enum fsk_query_verdict turned_away(struct fsk_query *q, struct fsk_server *s)
{
    enum fsk_query_verdict verdict = fsk_query_fault(q, s, FSK_TROUBLE_RCODE, FSK_DNS_REFUSED);
    struct fsk_query_note *note = fsk_query_note_of(q, s);
    if (s->open >= BUSY && note->failures <= REFUSALS) {
        note->out = false;
        note->rest = q->stub->servers.driver->now + (REST << note->failures);
    }
    return verdict;
}

static void mark_answer(struct fsk_query *q, const struct fsk_server *s,
                        const struct fsk_dns_msg *m)
{
    char rcode[FSK_DNS_WORD], type[FSK_DNS_WORD], name[FSK_DNAME_TEXT];
    if (!fsk_op_trace(&q->op))
        return;
    struct fsk_dname lower = q->what.name;
    fsk_dname_lower(&lower);
    fsk_dname_to_text(&lower, name);
    fsk_mark(fsk_op_trace(&q->op), FSOCK_MARK_ANSWER, q->op.id, -1, 0, m->n,
             fsk_text("server", s->text), fsk_text("name", name),
             fsk_text("type", fsk_dns_type_name(q->what.type, type)),
             fsk_text("rcode", fsk_dns_rcode_name(m->rcode, rcode)),
             fsk_number("records", m->count[0]), fsk_text("cut", m->tc ? "yes" : NULL));
}

/* Keep the message, behind those of the questions before. */
static enum fsock_err keep(struct fsk_query *q, const struct fsk_dns_msg *m)
{
    struct fsk_buf *kept = q->kept;
    struct fsk_dname name;
    enum fsock_err err = kept ? fsk_buf_reserve(kept, m->n + 2) : FSOCK_OK;
    if (!kept || err != FSOCK_OK)
        return err;
    char *p = kept->mem + kept->end;
    p[0] = (char)(m->n >> 8);
    p[1] = (char)m->n;
    memcpy(p + 2, m->p, m->n);
    fsk_dname_copy(&name, &q->what.name);
    fsk_dname_mix_case(&name, q->bits);
    memcpy(p + 2 + FSK_DNS_HEADER, name.b, name.n);
    kept->end += m->n + 2;
    return FSOCK_OK;
}

/* A message that answers the question: what it means for the whole way. */
static enum fsk_query_verdict digest(struct fsk_query *q, struct fsk_server *s,
                                     const struct fsk_dns_msg *m)
{
    struct fsk_dns_result *r = &q->result;
    fsk_dns_digest(m, &q->what, r, q->addr, q->cap);
    if (r->outcome == FSK_DNS_LAME)
        return fsk_query_fault(q, s, FSK_TROUBLE_LAME, 0);
    if (r->outcome == FSK_DNS_FAILED && m->rcode == FSK_DNS_REFUSED)
        return turned_away(q, s);
    if (r->outcome == FSK_DNS_FAILED)
        return fsk_query_fault(q, s, FSK_TROUBLE_RCODE, m->rcode);
    enum fsock_err err = keep(q, m);
    if (err == FSOCK_ERR_MEMORY)
        return fsk_query_fault(q, s, FSK_TROUBLE_ERRNO, ENOMEM);
    if (err != FSOCK_OK)
        return fsk_query_fault(q, s, FSK_TROUBLE_MALFORMED, 0); /* nobody's CNAMEs are so long */
    r->links += q->links;
    r->ttl = r->ttl < q->ttl ? r->ttl : q->ttl;
    q->server = s;
    if (r->outcome == FSK_DNS_ALIAS && r->links <= FSK_DNS_LINKS_MAX) {
        q->state = FSK_QUERY_ALIASED;
        return FSK_QUERY_FOLLOW;
    }
    if (r->outcome == FSK_DNS_ALIAS)
        r->outcome = FSK_DNS_LOOP;
    if (r->outcome == FSK_DNS_LOOP)
        r->ttl = 0;
    q->state = FSK_QUERY_ANSWERED;
    return FSK_QUERY_DONE;
}

/* What to make of a message from this server. */
static enum fsk_query_verdict judge(struct fsk_query *q, const struct fsk_query_slot *slot,
                                    enum fsk_dns_match match, const struct fsk_dns_msg *m)
{
    struct fsk_server *s = slot->question.server;
    if (match == FSK_DNS_MALFORMED)
        return fsk_query_fault(q, s, FSK_TROUBLE_MALFORMED, 0);
    mark_answer(q, s, m);
    if (slot->question.edns && (match == FSK_DNS_OURS_BARE || m->rcode == FSK_DNS_FORMERR ||
                                m->rcode == FSK_DNS_NOTIMP || m->rcode == FSK_DNS_BADVERS)) {
        s->no_edns = true;
        return FSK_QUERY_REPEAT;
    }
    if (match == FSK_DNS_OURS_BARE)
        return fsk_query_fault(q, s, FSK_TROUBLE_RCODE, m->rcode);
    if (m->tc)
        return slot->by_stream ? fsk_query_fault(q, s, FSK_TROUBLE_MALFORMED, 0) : FSK_QUERY_BY_TCP;
    q->by_stream = slot->by_stream;
    return digest(q, s, m);
}

/* Tell the server of the answer. One that turned us away is no sign that it can take more. */
static void account(struct fsk_query_slot *slot, bool turned_away, fsock_time took, fsock_time now)
{
    struct fsk_server *s = slot->question.server;
    if (slot->trying && took >= 0 && slot->question.resent)
        fsk_server_found(s);
    if (!slot->trying)
        fsk_server_late(s, now);
    else if (turned_away)
        fsk_server_lost(s, now);
    else
        fsk_server_answered(s, took, now);
    slot->trying = false;
}

static bool is_over(const struct fsk_query *q)
{
    return q->state == FSK_QUERY_ANSWERED || q->state == FSK_QUERY_ALIASED;
}

static void answered(struct fsk_question *question, enum fsk_dns_match match,
                     const struct fsk_dns_msg *m, fsock_time took)
{
    struct fsk_query_slot *slot = FSK_HOLDER(question, struct fsk_query_slot, question);
    struct fsk_query *q = slot->query;
    if (!is_over(q)) {
        slot->verdict = judge(q, slot, match, m);
        fsk_op_wake(&q->op);
    }
    const struct fsk_query_note *note = fsk_query_find_note(q, question->server);
    fsock_time now = q->stub->servers.driver->now;
    account(slot, note && note->rest > now, slot->by_stream ? -1 : took, now);
}

static void doubted(struct fsk_question *question, enum fsk_dns_match match)
{
    struct fsk_query_slot *slot = FSK_HOLDER(question, struct fsk_query_slot, question);
    struct fsk_query *q = slot->query;
    if (is_over(q))
        return;
    if (!slot->folded && !slot->broken)
        q->try_ends = fsk_time_min(q->try_ends, q->stub->servers.driver->now + DOUBT_DELAY);
    slot->folded |= match == FSK_DNS_OURS_NOT_CASE;
    slot->broken |= match == FSK_DNS_MALFORMED;
    fsk_op_wake(&q->op);
}

static void failed(struct fsk_question *question, int sys_errno)
{
    struct fsk_query_slot *slot = FSK_HOLDER(question, struct fsk_query_slot, question);
    struct fsk_query *q = slot->query;
    struct fsk_server *s = question->server;
    fsock_time now = q->stub->servers.driver->now;
    bool trying = slot->trying, other_cause = sys_errno == ECONNABORTED;
    bool our_fault = sys_errno == ENOMEM || fsk_no_descriptor(sys_errno);
    slot->trying = false;
    bool fetching = slot->by_stream && s->transport == FSK_BY_UDP; /* what was cut off */
    if (trying && (other_cause || fetching || our_fault))
        fsk_server_left(s);
    else if (trying)
        fsk_server_unreachable(s, now);
    if (is_over(q))
        return;
    if (other_cause)
        slot->verdict = FSK_QUERY_REPEAT;
    else if (slot->by_stream && (sys_errno == EPIPE || sys_errno == ECONNRESET || s->why))
        slot->verdict = fsk_query_fault(q, s, FSK_TROUBLE_STREAM, sys_errno);
    else
        slot->verdict = fsk_query_fault(q, s, FSK_TROUBLE_ERRNO, sys_errno);
    if (fsk_no_descriptor(sys_errno))
        fsk_query_note_of(q, s)->rest = now + FSK_NO_DESCRIPTOR_DELAY;
    fsk_op_wake(&q->op);
}

const struct fsk_asker fsk_query_asker = {answered, doubted, failed};
