/* One question put to several servers, of which some are bad, under both drivers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "query_rig.h"

/* ---- the next server ---- */

static void silence_makes_room_for_the_next(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_MUTE);
    rig_serve(r, DNS_GOOD);
    struct fsk_query *q = rig_ask(r, "both.example", 900 * MS);
    rig_found(r, q, 1);
    assert_in_range(r->took, 300 * MS, 500 * MS); /* a third of the time: another is left */
    assert_int_equal(q->tries, 2);
    assert_int_equal(r->stub.servers.server[0].lost, 1);
    assert_int_equal(r->stub.servers.server[1].answered, 1);
    assert_true(r->stub.servers.server[1].srtt > 0);
}

static void all_is_tried_until_the_time_is_up(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_MUTE);
    rig_serve(r, DNS_MUTE);
    const struct fsk_query *q = rig_ask(r, "both.example", FSOCK_SECOND);
    assert_int_equal(q->op.err, FSOCK_ERR_DNS);
    assert_in_range(r->took, FSOCK_SECOND, FSOCK_SECOND + 100 * MS);
    assert_true(rig_asked(r, 0) >= 1 && rig_asked(r, 1) >= 1);
    assert_int_equal(rig_asked(r, 0) + rig_asked(r, 1), q->tries);
    assert_true(fsk_query_unheard(q));
    rig_says(q, "no answer from 127.0.0.1:");
    rig_says(q, " and no answer from 127.0.0.1:");
}

static void the_first_ones_late_answer_counts(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD)->limp_ms = 500;
    rig_serve(r, DNS_MUTE);
    rig_found(r, rig_ask(r, "both.example", 1200 * MS), 0);
    assert_in_range(r->took, 490 * MS, 700 * MS);
    assert_int_equal(r->stub.servers.server[0].lost, 0); /* it was late only */
    assert_int_equal(r->stub.servers.server[0].answered, 1);
}

static void servfail_then_the_next(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_SERVFAIL);
    rig_serve(r, DNS_GOOD);
    rig_found(r, rig_ask(r, "both.example", 5 * FSOCK_SECOND), 1);
    assert_true(r->took < 200 * MS);
    assert_int_equal(rig_asked(r, 0), 1);
}

/* Each gets a second chance, and then there is no one left. */
static void all_servfail(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_SERVFAIL);
    rig_serve(r, DNS_SERVFAIL);
    const struct fsk_query *q = rig_ask(r, "both.example", 5 * FSOCK_SECOND);
    assert_int_equal(q->op.err, FSOCK_ERR_DNS);
    assert_true(r->took < 200 * MS);
    assert_int_equal(rig_asked(r, 0), 2);
    assert_int_equal(rig_asked(r, 1), 2);
    assert_false(fsk_query_unheard(q));
    rig_says(q, "says SERVFAIL and 127.0.0.1:");
}

static void bad_answers_then_the_next(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_LAME);
    rig_serve(r, DNS_BROKEN);
    rig_serve(r, DNS_REFUSED);
    rig_serve(r, DNS_GOOD);
    const struct fsk_query *q = rig_ask(r, "both.example", 5 * FSOCK_SECOND);
    rig_found(r, q, 3);
    assert_in_range(r->took, 95 * MS, 400 * MS); /* a broken one may be forged: it is waited for */
    assert_int_equal(q->notes, 4);
    assert_true(q->note[0].out && !q->note[1].out && q->note[2].out);
}

static void those_that_rotate_share(void **state)
{
    struct query_rig *r = *state;
    r->stub.servers.rotate = true;
    for (unsigned i = 0; i < 3; i++)
        rig_serve(r, DNS_GOOD);
    for (unsigned i = 0; i < 9; i++)
        rig_found(r, rig_ask(r, "both.example", FSOCK_SECOND), i % 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(rig_asked(r, i), 3);
}

/* ---- side by side ---- */

static void the_first_good_answer_wins(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD)->limp_ms = 400;
    rig_serve(r, DNS_GOOD);
    rig_serve(r, DNS_GOOD);
    r->stub.servers.race = 2;
    const struct fsk_query *q = rig_ask(r, "both.example", 5 * FSOCK_SECOND);
    rig_found(r, q, 1);
    assert_true(r->took < 300 * MS);
    assert_int_equal(q->tries, 2);
    assert_int_equal(rig_asked(r, 2), 0);
    assert_int_equal(r->stub.servers.server[0].lost, 0); /* nobody waited for it */
}

static void a_bad_first_answer_does_not(void **state)
{
    struct query_rig *r = *state;
    static const enum dns_manner bad[] = {DNS_REFUSED, DNS_SERVFAIL, DNS_BROKEN, DNS_LAME};
    struct dns_server *s = rig_serve(r, DNS_GOOD);
    rig_serve(r, DNS_GOOD)->limp_ms = 100;
    r->stub.servers.race = 2;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        s->manner = bad[i];
        rig_found(r, rig_ask(r, "both.example", 5 * FSOCK_SECOND), 1);
        assert_in_range(r->took, 95 * MS, 300 * MS);
    }
}

static void no_more_race_than_there_are(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_MUTE);
    rig_serve(r, DNS_GOOD);
    r->stub.servers.race = FSK_QUERY_SLOTS;
    const struct fsk_query *q = rig_ask(r, "both.example", FSOCK_SECOND);
    rig_found(r, q, 1);
    assert_int_equal(q->tries, 2);
}

/* ---- REFUSED ---- */

static void refuse_four(const struct dns_asked *asked, struct dns_reply *r)
{
    if (asked->nth < 4) {
        r->flags = 0x8185;
        r->answers = 0;
    } else {
        r->delay_ms = 150;
    }
}

static void refused_while_busy_is_tried_again(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD)->twist = refuse_four;
    for (unsigned i = 0; i < 12; i++)
        rig_query(r, "both.example", 3 * FSOCK_SECOND);
    rig_run(r);
    for (unsigned i = 0; i < 12; i++)
        rig_found(r, &r->q[i], 0);
    assert_int_equal(rig_asked(r, 0), 16);
    assert_int_equal(r->stub.servers.server[0].lost, 4);
    assert_in_range(r->took, 340 * MS, 700 * MS); /* after a while */
}

static void refused_by_an_idle_one_is_final(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_REFUSED);
    const struct fsk_query *q = rig_ask(r, "both.example", 3 * FSOCK_SECOND);
    assert_int_equal(q->op.err, FSOCK_ERR_DNS);
    assert_true(r->took < 150 * MS);
    assert_int_equal(rig_asked(r, 0), 1);
    rig_says(q, "says REFUSED");
}

static void refused_for_ever_comes_to_an_end(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_REFUSED);
    for (unsigned i = 0; i < 30; i++)
        rig_query(r, "both.example", 10 * FSOCK_SECOND);
    rig_run(r);
    for (unsigned i = 0; i < 30; i++)
        assert_int_equal(r->q[i].op.err, FSOCK_ERR_DNS);
    assert_true(rig_asked(r, 0) <= 30 * 5);
    assert_true(r->took < 5 * FSOCK_SECOND);
}

/* ---- CNAMEs, TCP, case ---- */

/* The n-th message that was kept, counted from 0; how long they are all together. */
static void kept(const struct fsk_query *q, unsigned n, struct fsk_dns_msg *m)
{
    struct fsk_span all = fsk_buf_span(q->kept);
    for (;; n--) {
        assert_true(all.n >= 2);
        size_t len = (size_t)((uint8_t)all.p[0] << 8 | (uint8_t)all.p[1]);
        assert_true(all.n >= 2 + len);
        if (!n) {
            assert_int_equal(fsk_dns_parse(m, (const uint8_t *)all.p + 2, len), len);
            return;
        }
        all = fsk_span(all.p + 2 + len, all.n - 2 - len);
    }
}

static void is_named(const struct fsk_dns_msg *m, const char *name)
{
    struct fsk_dname d;
    fsk_dname_from_text(&d, fsk_span_str(name));
    if (!fsk_dname_same(&d, &m->qname))
        fail_msg("it is not %s", name);
}

static void cnames_across_messages(void **state)
{
    struct query_rig *r = *state;
    struct fsk_dns_msg m;
    struct dns_server *s = rig_serve(r, DNS_GOOD);
    static const enum dns_manner manners[] = {DNS_GOOD, DNS_FOLDS};
    for (size_t i = 0; i < 2; i++) {
        s->manner = manners[i];
        const struct fsk_query *q = rig_ask(r, "hOp1.exAmple", FSOCK_SECOND);
        rig_found(r, q, 0);
        assert_int_equal(q->links, 2);
        assert_int_equal(q->result.links, 2);
        assert_int_equal(q->result.ttl, 100);
        assert_int_equal(q->result.found, 1);
        kept(q, 0, &m);
        is_named(&m, "hOp1.exAmple"); /* as it was given, not as it was mixed */
        kept(q, 1, &m);
        is_named(&m, "Hop2.Example");
        kept(q, 2, &m);
        is_named(&m, "hoP3.example");
        assert_int_equal(m.count[FSK_DNS_ANSWER], 1);
        assert_ptr_equal((const char *)m.p + m.n, q->kept->mem + q->kept->end);
    }
    assert_int_equal(rig_asked(r, 0), 3 + 4);
    assert_true(r->stub.servers.server[0].folds_case);
}

static void cnames_in_a_circle(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD);
    const struct fsk_query *q = rig_ask(r, "loop.example", 2 * FSOCK_SECOND);
    assert_int_equal(q->op.err, FSOCK_OK);
    assert_int_equal(q->result.outcome, FSK_DNS_LOOP);
    assert_int_equal(rig_asked(r, 0), FSK_DNS_LINKS_MAX + 1);
}

static void a_no_is_an_answer(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD);
    rig_serve(r, DNS_GOOD);
    const struct fsk_query *q = rig_ask(r, "nx.example", FSOCK_SECOND);
    assert_true(q->op.err == FSOCK_OK && q->result.outcome == FSK_DNS_NO_NAME);
    assert_int_equal(q->result.ttl, 300);
    q = rig_ask(r, "empty.example", FSOCK_SECOND);
    assert_true(q->op.err == FSOCK_OK && q->result.outcome == FSK_DNS_NODATA);
    assert_int_equal(rig_asked(r, 1), 0);
}

static void cut_off_answers_are_fetched(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD);
    const struct fsk_query *q = rig_ask(r, "big.example", FSOCK_SECOND);
    rig_found(r, q, 0);
    assert_true(q->by_stream);
    assert_int_equal(r->server[0].by_tcp, 1);
    assert_int_equal(q->result.found, 1);
    struct fsk_dns_msg m;
    kept(q, 0, &m);
    assert_false(m.tc);
}

/* As servers from before RFC 7766: they answer one question, and close. */
static void one_question_each(void **state)
{
    struct query_rig *r = *state;
    rig_serve_by(r, DNS_GOOD, FSK_BY_TCP);
    for (unsigned i = 0; i < 10; i++)
        rig_query(r, "both.example", 5 * FSOCK_SECOND);
    rig_run(r);
    for (unsigned i = 0; i < 10; i++) {
        rig_found(r, &r->q[i], 0);
        assert_true(r->q[i].by_stream);
    }
    assert_true(r->stub.servers.server[0].one_each);
    assert_int_equal(r->server[0].by_udp, 0);
    assert_in_range(rig_asked(r, 0), 10, 11); /* its close may overtake its first answer */
}

static void needs_recursion(const struct dns_asked *asked, struct dns_reply *r)
{
    r->mute = !asked->rd;
}

static void recursion_is_asked_for_or_not(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD)->twist = needs_recursion;
    rig_found(r, rig_ask(r, "both.example", 300 * MS), 0);
    r->stub.servers.no_recursion = true;
    assert_int_equal(rig_ask(r, "both.example", 300 * MS)->op.err, FSOCK_ERR_DNS);
}

/* ---- many at once ---- */

static void thrice(const struct dns_asked *asked, struct dns_reply *r)
{
    (void)asked;
    r->copies = 2;
}

static void duplicates_are_harmless(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD)->twist = thrice;
    for (unsigned round = 0; round < 5; round++) {
        rig_finish(r);
        for (unsigned i = 0; i < 20; i++)
            rig_query(r, "hop1.example", FSOCK_SECOND);
        rig_run(r);
        for (unsigned i = 0; i < 20; i++)
            rig_found(r, &r->q[i], 0);
    }
    assert_int_equal(rig_asked(r, 0), 300);
    assert_int_equal(r->stub.servers.server[0].answered, 300);
}

static void look_at_the_queue(struct query_rig *r)
{
    unsigned waiting = 0;
    FSK_LIST_EACH (link, &r->stub.servers.queue)
        waiting++;
    assert_int_equal(waiting, 30);
    assert_int_equal(r->stub.servers.server[0].open, 20);
    for (unsigned i = 0; i < 50; i++)
        if (r->q[i].state == FSK_QUERY_WAITING) {
            rig_says(&r->q[i], "have not answered those that were asked before");
            waiting--;
        }
    assert_int_equal(waiting, 0);
}

static void waits_for_room(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD)->limp_ms = 150;
    r->stub.servers.server[0].window = 20;
    for (unsigned i = 0; i < 50; i++)
        rig_query(r, "both.example", 5 * FSOCK_SECOND);
    r->look = look_at_the_queue;
    r->look_at = fsock_now() + 75 * MS;
    rig_run(r);
    for (unsigned i = 0; i < 50; i++) {
        rig_found(r, &r->q[i], 0);
        assert_int_equal(r->q[i].tries, 1);
    }
    assert_true(r->took >= 290 * MS);
}

static void time_is_up_in_the_queue(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_MUTE);
    r->stub.servers.server[0].window = 1;
    rig_query(r, "a.example", 600 * MS);
    rig_query(r, "b.example", 200 * MS);
    rig_run(r);
    assert_int_equal(r->q[1].op.err, FSOCK_ERR_DNS);
    assert_in_range(r->q[1].took, 200 * MS, 300 * MS);
    assert_int_equal(r->q[1].tries, 0);
}

/* The second to wait becomes the first, and has to look at the clock itself. */
static void who_leaves_the_queue_lets_the_next_look(void **state)
{
    struct query_rig *r = *state;
    rig_serve(r, DNS_GOOD);
    for (unsigned how = 0; how < 2; how++) { /* canceled, or its time is up */
        rig_finish(r);
        r->stub.servers.rate = (struct fsk_pace){.interval = 300 * MS, .slack = 0};
        rig_query(r, "a.example", 2 * FSOCK_SECOND);
        rig_query(r, "b.example", how ? 100 * MS : 2 * FSOCK_SECOND);
        rig_query(r, "c.example", 2 * FSOCK_SECOND);
        if (!how)
            r->give_up[1] = fsock_now() + 100 * MS;
        rig_run(r);
        rig_found(r, &r->q[0], 0);
        rig_found(r, &r->q[2], 0);
        assert_int_equal(r->q[1].tries, 0);
        assert_in_range(r->took, 290 * MS, 450 * MS);
    }
}

/* It was woken to take the room that is there now, and is gone before it could. */
static void who_leaves_when_it_was_woken_lets_the_next_in(void **state)
{
    struct query_rig *r = *state;
    struct fsk_servers *all = &r->stub.servers;
    rig_serve(r, DNS_GOOD);
    all->server[0].window = 1;
    fsk_server_try(&all->server[0], fsock_now());
    rig_query(r, "a.example", 2 * FSOCK_SECOND);
    rig_query(r, "b.example", 2 * FSOCK_SECOND);
    r->give_up[0] = fsock_now() + 100 * MS;
    struct fsk_query *a = &r->q[0];
    r->begun = fsock_now();
    fsk_op_init(&r->op, rig_step, FSOCK_NEVER);
    assert_true(r->drivers.driver->start(r->drivers.driver, &r->op));
    for (unsigned i = 0; i < 4; i++)
        fsk_loop_step(&r->drivers.looping, fsock_now() + MS);
    assert_false(fsk_list_empty(&a->wish.link));
    fsk_server_left(&all->server[0]); /* wakes it */
    fsk_query_fini(a);
    r->gone[0] = true;
    while (!r->op.ended)
        fsk_loop_step(&r->drivers.looping, FSOCK_NEVER);
    rig_found(r, &r->q[1], 0);
    assert_true(fsock_now() - r->begun < FSOCK_SECOND);
}

/* At any moment of any way. What is left is looked at by rig_finish(). */
static void fini_at_any_time(void **state)
{
    struct query_rig *r = *state;
    static const char *const names[] = {"hop1.example", "big.example", "mute.example",
                                        "fails.example", "nx.example"};
    rig_serve(r, DNS_GOOD)->limp_ms = 3;
    rig_serve(r, DNS_MUTE);
    r->stub.servers.rotate = true;
    r->stub.servers.race = 2;
    r->stub.servers.server[0].window = 8;
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < 60; i++) {
            rig_query(r, names[i % 5], 200 * MS);
            r->give_up[r->n - 1] = fsock_now() + (fsock_time)(i % 20) * MS;
            if (i % 7 == 6)
                fsk_query_admit(&r->q[r->n - 1]);
        }
        rig_query(r, "never.example", FSOCK_SECOND); /* not even started */
        r->n--;
        rig_run(r);
        fsk_query_fini(&r->q[r->n]);
        rig_finish(r);
    }
    struct timespec nap = {.tv_nsec = 50 * MS};
    nanosleep(&nap, NULL);
    rig_found(r, rig_ask(r, "both.example", 2 * FSOCK_SECOND), 0);
}

#define T(f) TWO_DRIVERS(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(silence_makes_room_for_the_next),
        T(all_is_tried_until_the_time_is_up),
        T(the_first_ones_late_answer_counts),
        T(servfail_then_the_next),
        T(all_servfail),
        T(bad_answers_then_the_next),
        T(those_that_rotate_share),
        T(the_first_good_answer_wins),
        T(a_bad_first_answer_does_not),
        T(no_more_race_than_there_are),
        T(refused_while_busy_is_tried_again),
        T(refused_by_an_idle_one_is_final),
        T(refused_for_ever_comes_to_an_end),
        T(cnames_across_messages),
        T(cnames_in_a_circle),
        T(a_no_is_an_answer),
        T(cut_off_answers_are_fetched),
        T(one_question_each),
        T(recursion_is_asked_for_or_not),
        T(duplicates_are_harmless),
        T(waits_for_room),
        T(time_is_up_in_the_queue),
        T(who_leaves_the_queue_lets_the_next_look),
 /* run can't be stopped between two steps */
        {"who_leaves_when_it_was_woken_lets_the_next_in",
         who_leaves_when_it_was_woken_lets_the_next_in, rig_setup, rig_teardown, &by_loop},
        T(fini_at_any_time),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
