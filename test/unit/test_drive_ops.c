/* The two drivers, by the same tests: ops that start, stop, wake and step each other. */
#include "drive_rig.h"

static void test_child_wakes_parent(void **state)
{
    struct rig *rig = *state;
    struct event a, b;
    struct family f = {
        .children = 2, .child = {&a.op, &b.op}
    };
    event_init(&a, rig, 5 * MS, act_nothing, -1, NULL);
    event_init(&b, rig, 15 * MS, act_nothing, -1, NULL);
    fsk_op_init(&f.op, family_step, fsock_after(10));
    assert_int_equal(finish(rig, &f.op), FSOCK_OK);
    assert_true(a.op.ended && b.op.ended);
    assert_true(f.steps >= 2 && f.steps <= 3); /* its start, and one for each child */
}

/* The child's deadline becomes its parent's; whoever comes first, the child hears it once. */
static void test_child_and_parent_expire(void **state)
{
    struct rig *rig = *state;
    struct reader mute;
    struct family f = {.children = 1, .child = {&mute.op}};
    int p[2];
    make_pair(p);
    reader_init(&mute, p[0], 1, FSOCK_NEVER);
    fsk_op_init(&f.op, family_step, fsock_now() + 30 * MS);
    assert_int_equal(finish(rig, &f.op), FSOCK_ERR_TIMEOUT);
    assert_int_equal(mute.op.deadline, f.op.deadline);
    assert_int_equal(mute.expired, 1);
    assert_int_equal(mute.op.err, FSOCK_ERR_TIMEOUT);
    assert_false(mute.op.running);
    close_pair(rig, p);
}

/* Steps a reader as a part of itself. */
struct outer {
    struct fsk_op op;
    struct reader inner;
};

static enum fsock_err outer_step(struct fsk_op *op, fsock_time now)
{
    struct outer *o = FSK_HOLDER(op, struct outer, op);
    enum fsock_err err = fsk_op_inner(op, &o->inner.op, now);
    return err == FSOCK_ERR_TIMEOUT && !op->expired ? FSOCK_ERR_CANCELED : err;
}

static void run_outer(struct rig *rig, fsock_time outer, fsock_time inner, bool put,
                      enum fsock_err expected)
{
    struct outer o;
    struct event e;
    int p[2];
    make_pair(p);
    fsock_time began = fsock_now();
    reader_init(&o.inner, p[0], 1, fsk_time_limit(began, inner));
    fsk_op_init(&o.op, outer_step, fsk_time_limit(began, outer));
    event_init(&e, rig, 20 * MS, put ? act_put : act_nothing, p[1], NULL);
    start(rig, &e.op);
    assert_int_equal(finish(rig, &o.op), expected);
    assert_int_equal(o.inner.expired, !put);
    assert_true(fsock_now() - began < 20 * MS + SLACK);
    stop(rig, &e.op);
    close_pair(rig, p);
}

static void test_inner(void **state)
{
    struct rig *rig = *state;
    run_outer(rig, 0, 0, true, FSOCK_OK);
    run_outer(rig, 0, 20 * MS, false, FSOCK_ERR_CANCELED); /* the inner one's deadline */
    run_outer(rig, 20 * MS, 0, false, FSOCK_ERR_TIMEOUT);  /* the outer one's */
}

static void act_stop(struct event *e)
{
    fsk_op_stop(e->whom);
    fsk_op_stop(e->whom); /* harmless */
    put_byte(e->fd);
}

/* Neither its descriptor nor its deadline reaches an op that was stopped; it may start again. */
static void test_stop(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    struct event stopper, later;
    int p[2];
    make_pair(p);
    reader_init(&r, p[0], 1, fsock_now() + 150 * MS);
    start(rig, &r.op);
    event_init(&stopper, rig, 5 * MS, act_stop, p[1], &r.op);
    event_init(&later, rig, 200 * MS, act_nothing, -1, NULL);
    finish_all(rig, &stopper.op, &later.op, NULL);
    assert_false(r.op.running);
    assert_int_equal(r.steps, 1);
    assert_int_equal(r.got, 0);
    r.op.deadline = fsock_after(10);
    assert_int_equal(finish(rig, &r.op), FSOCK_OK);
    close_pair(rig, p);
}

static void act_wake(struct event *e)
{
    fsk_op_wake(e->whom);
    if (e->times == 1)
        put_byte(e->fd);
}

/* Being woken for nothing is allowed; so is waking what doesn't run. */
static void test_wake(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    struct event waker;
    int p[2];
    make_pair(p);
    reader_init(&r, p[0], 1, fsock_after(10));
    event_init(&waker, rig, 5 * MS, act_wake, p[1], &r.op);
    waker.every = MS;
    waker.times = 5;
    finish_all(rig, &r.op, &waker.op, NULL);
    assert_int_equal(r.op.err, FSOCK_OK);
    assert_true(r.steps >= 5);
    fsk_op_wake(&r.op);
    close_pair(rig, p);
}

/* Waits for nothing but to be woken: step by step as `moves` says, each noted in `log`. */
struct player {
    struct fsk_op op;
    char letter;
    const char *moves; /* y: yield, f: first, F: first, with an alarm that is due, w: wait */
    char *log;
    struct fsk_op *wakes;
};

static enum fsock_err player_step(struct fsk_op *op, fsock_time now)
{
    struct player *p = FSK_HOLDER(op, struct player, op);
    p->log[strlen(p->log)] = p->letter;
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    if (p->wakes)
        fsk_op_wake(p->wakes);
    op->yield = *p->moves == 'y';
    op->first = *p->moves == 'f' || *p->moves == 'F';
    op->alarm = *p->moves == 'F' ? now : FSOCK_NEVER;
    return *p->moves && *p->moves++ ? FSOCK_AGAIN : FSOCK_OK;
}

static void play(struct rig *rig, const char *a, const char *b, bool wakes, const char *expected)
{
    char log[64] = "";
    struct player one = {.letter = 'a', .moves = a, .log = log};
    struct player two = {.letter = 'b', .moves = b, .log = log};
    fsk_op_init(&one.op, player_step, fsock_after(10));
    fsk_op_init(&two.op, player_step, fsock_after(10));
    two.wakes = wakes ? &one.op : NULL;
    finish_all(rig, &one.op, &two.op, NULL);
    assert_string_equal(log, expected);
}

static void test_order(void **state)
{
    struct rig *rig = *state;
    play(rig, "yyy", "yyy", false, "abababab");
    play(rig, "fff", "yyy", false, "aaaabbbb");
    play(rig, "yff", "yyy", false, "abaaabbb");
    play(rig, "FFFFFFFF", "yyy", false, "aaaaaaaaabbbb");
    play(rig, "yFFyFF", "yyyyy", false, "abaaabaaabbbb");
    play(rig, "www", "yyy", true, "abababab"); /* woken by the other one */
}

/* Two busy ops that wake a third in each of their steps don't keep it from its turn. */
static void test_wake_starves_nobody(void **state)
{
    struct rig *rig = *state;
    char log[64] = "";
    struct player p[3];
    for (int i = 0; i < 3; i++) {
        p[i] = (struct player){.letter = (char)('a' + i), .log = log};
        p[i].moves = i ? "yyyyy" : "wwwww";
        p[i].wakes = i ? &p[0].op : NULL;
        fsk_op_init(&p[i].op, player_step, fsock_after(10));
    }
    finish_all(rig, &p[0].op, &p[1].op, &p[2].op, NULL);
    assert_string_equal(log, "abcabcabcabcabcabc");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_child_wakes_parent),
        BOTH(test_child_and_parent_expire),
        BOTH(test_inner),
        BOTH(test_stop),
        BOTH(test_wake),
        BOTH(test_order),
        BOTH(test_wake_starves_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
