/* The two drivers, by the same tests: descriptors and time. */
#include "drive_rig.h"

/* ---- Descriptors ----------------------------------------------------------------------------- */

static void test_readable(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    struct event e;
    int p[2];
    make_pair(p);
    reader_init(&r, p[0], 3, fsock_after(10));
    event_init(&e, rig, 5 * MS, act_put, p[1], NULL);
    e.every = 5 * MS;
    e.times = 3;
    finish_all(rig, &r.op, &e.op, NULL);
    assert_int_equal(r.op.err, FSOCK_OK);
    assert_int_equal(r.got, 3);
    assert_true(r.steps <= 4); /* it sleeps between them */
    close_pair(rig, p);
}

static void test_hangup(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    struct event e;
    int p[2];
    make_pair(p);
    reader_init(&r, p[0], 1, fsock_after(10));
    event_init(&e, rig, 5 * MS, act_close, p[1], NULL);
    finish_all(rig, &r.op, &e.op, NULL);
    assert_int_equal(r.op.err, FSOCK_EOF);
    rig->driver->forget_fd(rig->driver, p[0]);
    close(p[0]);
}

/* Each end has a reader and a writer of its own: two ops wait for one descriptor. */
static void test_both_ways(void **state)
{
    const size_t size = 2 << 20;
    struct rig *rig = *state;
    struct reader r[2];
    struct writer w[2];
    int p[2];
    make_pair(p);
    for (int i = 0; i < 2; i++) {
        reader_init(&r[i], p[i], size, fsock_after(10));
        writer_init(&w[i], p[i], size);
    }
    finish_all(rig, &w[0].op, &w[1].op, &r[0].op, &r[1].op, NULL);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(r[i].got, size);
        assert_int_equal(w[i].left, 0);
        assert_true(w[i].waits > 0);
    }
    close_pair(rig, p);
}

/* Waits for two descriptors at once, and notes which had something. */
struct either {
    struct fsk_op op;
    int fd[2];
    char log[8];
};

static enum fsock_err either_step(struct fsk_op *op, fsock_time now)
{
    struct either *e = FSK_HOLDER(op, struct either, op);
    char byte;
    (void)now;
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    for (int i = 0; i < 2; i++) {
        while (read(e->fd[i], &byte, 1) == 1)
            e->log[strlen(e->log)] = (char)('0' + i);
        fsk_wait_for(&op->wait, e->fd[i], FSK_READABLE);
    }
    return strlen(e->log) < 3 ? FSOCK_AGAIN : FSOCK_OK;
}

static void test_two_wants(void **state)
{
    struct rig *rig = *state;
    struct either e = {.log = ""};
    struct event put[3];
    int p[2], q[2];
    make_pair(p);
    make_pair(q);
    e.fd[0] = p[0];
    e.fd[1] = q[0];
    fsk_op_init(&e.op, either_step, fsock_after(10));
    event_init(&put[0], rig, 5 * MS, act_put, q[1], NULL);
    event_init(&put[1], rig, 10 * MS, act_put, p[1], NULL);
    event_init(&put[2], rig, 15 * MS, act_put, q[1], NULL);
    finish_all(rig, &e.op, &put[0].op, &put[1].op, &put[2].op, NULL);
    assert_int_equal(e.op.err, FSOCK_OK);
    assert_int_equal(strlen(e.log), 3);
    assert_non_null(strchr(e.log, '0'));
    close_pair(rig, p);
    close_pair(rig, q);
}

/* epoll knows no regular files: they are always ready. */
static void test_regular_file(void **state)
{
    struct rig *rig = *state;
    FILE *file = tmpfile();
    struct reader r;
    assert_true(file && fputs("hello", file) >= 0);
    rewind(file);
    reader_init(&r, fileno(file), 5, fsock_after(10));
    r.wait_first = true;
    assert_int_equal(finish(rig, &r.op), FSOCK_OK);
    assert_int_equal(r.got, 5);
    rig->driver->forget_fd(rig->driver, fileno(file));
    fclose(file);
}

/* What is there before the first wait, and what comes between two waits, is not lost. */
static void test_ready_before_wait(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    struct event e;
    int p[2], q[2];
    make_pair(p);
    make_pair(q);
    put_byte(p[1]);
    reader_init(&r, p[0], 1, fsock_after(10));
    r.wait_first = true;
    assert_int_equal(finish(rig, &r.op), FSOCK_OK);

    assert_int_equal(read(p[0], &(char){0}, 1), -1); /* it has said EAGAIN */
    put_byte(p[1]);
    struct reader other; /* time goes on, and the driver sleeps, while nobody waits for p */
    reader_init(&other, q[0], 1, fsock_after(10));
    event_init(&e, rig, 5 * MS, act_put, q[1], NULL);
    finish_all(rig, &other.op, &e.op, NULL);
    reader_init(&r, p[0], 1, fsock_after(10));
    r.wait_first = true;
    assert_int_equal(finish(rig, &r.op), FSOCK_OK);
    close_pair(rig, p);
    close_pair(rig, q);
}

static void act_reuse(struct event *e)
{
    struct reader *old = FSK_HOLDER(e->whom, struct reader, op);
    int p[2];
    stop(e->rig, &old->op);
    e->rig->driver->forget_fd(e->rig->driver, old->fd);
    make_pair(p);
    assert_int_equal(dup3(p[0], old->fd, O_CLOEXEC), old->fd); /* closes it, takes its number */
    close(p[0]);
    put_byte(e->fd); /* to the old socket, which lives on in a copy */
    e->fd = p[1];
}

/* A descriptor is closed and its number used again: the old socket's bytes reach nobody. */
static void test_number_reused(void **state)
{
    struct rig *rig = *state;
    struct reader old, new;
    struct event reuse, put;
    int p[2];
    make_pair(p);
    int copy = fcntl(p[0], F_DUPFD_CLOEXEC, 0);
    reader_init(&old, p[0], 1, FSOCK_NEVER);
    start(rig, &old.op);
    event_init(&reuse, rig, 5 * MS, act_reuse, p[1], &old.op);
    finish_all(rig, &reuse.op, NULL);
    unsigned steps = old.steps;
    assert_int_equal(steps, 1);
    reader_init(&new, p[0], 1, fsock_after(10));
    event_init(&put, rig, 20 * MS, act_put, reuse.fd, NULL);
    finish_all(rig, &new.op, &put.op, NULL);
    assert_int_equal(new.op.err, FSOCK_OK);
    assert_true(put.op.ended);
    assert_int_equal(old.steps, steps);
    assert_int_equal(old.got, 0);
    close_pair(rig, p);
    close(reuse.fd);
    close(copy);
}

/* ---- Time ------------------------------------------------------------------------------------ */

static void test_alarm(void **state)
{
    struct rig *rig = *state;
    struct event e;
    fsock_time began = fsock_now();
    event_init(&e, rig, 30 * MS, act_nothing, -1, NULL);
    assert_int_equal(finish(rig, &e.op), FSOCK_OK);
    fsock_time took = fsock_now() - began;
    assert_true(took >= 30 * MS && took < 30 * MS + SLACK);
}

/* A mute peer: one step that is told so, not before the deadline and not long after it. */
static void test_deadline(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    int p[2];
    make_pair(p);
    fsock_time began = fsock_now();
    reader_init(&r, p[0], 1, began + 40 * MS);
    assert_int_equal(finish(rig, &r.op), FSOCK_ERR_TIMEOUT);
    fsock_time took = fsock_now() - began;
    assert_true(took >= 40 * MS && took < 40 * MS + SLACK);
    assert_int_equal(r.expired, 1);
    assert_int_equal(r.steps, 2);
    close_pair(rig, p);
}

/* A peer that drips keeps the op busy, but its deadline stays where it is. */
static void test_drip(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    struct event e;
    int p[2];
    make_pair(p);
    fsock_time began = fsock_now();
    event_init(&e, rig, 0, act_put, p[1], NULL);
    e.every = 2 * MS;
    e.times = 100000;
    start(rig, &e.op);
    reader_init(&r, p[0], 1 << 30, began + 60 * MS);
    assert_int_equal(finish(rig, &r.op), FSOCK_ERR_TIMEOUT);
    fsock_time took = fsock_now() - began;
    assert_true(took >= 60 * MS && took < 60 * MS + SLACK);
    assert_int_equal(r.expired, 1);
    assert_true(r.got > 0);
    stop(rig, &e.op);
    close_pair(rig, p);
}

static void test_deadline_in_the_past(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    int p[2];
    make_pair(p);
    put_byte(p[1]);
    reader_init(&r, p[0], 1, fsock_now() - FSOCK_SECOND);
    assert_int_equal(finish(rig, &r.op), FSOCK_ERR_TIMEOUT);
    assert_int_equal(r.steps, 1);
    assert_int_equal(r.got, 0);
    close_pair(rig, p);
}

#define TIMERS 10000

struct timer {
    struct fsk_op op;
    fsock_time at;
    bool moves; /* it is set to an earlier time first */
    struct timer *stops;
    unsigned fired;
};

struct timers {
    struct fsk_op op;
    bool started;
    unsigned left;
    struct timer timer[TIMERS];
};

static enum fsock_err timer_step(struct fsk_op *op, fsock_time now)
{
    struct timer *t = FSK_HOLDER(op, struct timer, op);
    struct timers *all = FSK_HOLDER(op->parent, struct timers, op);
    if (now < t->at) {
        op->alarm = t->moves ? now + (t->at - now) / 2 : t->at;
        t->moves = false;
        return FSOCK_AGAIN;
    }
    t->fired++;
    all->left--;
    if (t->stops && t->stops->op.running) {
        fsk_op_stop(&t->stops->op);
        all->left--;
    }
    return FSOCK_OK;
}

static enum fsock_err timers_step(struct fsk_op *op, fsock_time now)
{
    struct timers *all = FSK_HOLDER(op, struct timers, op);
    (void)now;
    for (unsigned i = 0; i < TIMERS && !all->started; i++)
        fsk_op_start(op, &all->timer[i].op);
    all->started = true;
    return all->left ? FSOCK_AGAIN : FSOCK_OK;
}

/* Ten thousand at once: none fires before its time, each once, unless another has stopped it. */
static void test_timers(void **state)
{
    static struct timers all;
    struct rig *rig = *state;
    unsigned stopped = 0;
    fsock_time began = fsock_now();
    all.started = false;
    all.left = TIMERS;
    fsk_op_init(&all.op, timers_step, FSOCK_NEVER);
    for (unsigned i = 0; i < TIMERS; i++) {
        struct timer *t = &all.timer[i];
        *t = (struct timer){.at = began + 20 * MS + (i * 7919 % 1000) * MS / 20};
        t->moves = i % 3 == 0;
        t->stops = i % 10 == 0 ? &all.timer[i + 1] : NULL;
        fsk_op_init(&t->op, timer_step, FSOCK_NEVER);
    }
    assert_int_equal(finish(rig, &all.op), FSOCK_OK);
    for (unsigned i = 0; i < TIMERS; i++) {
        assert_false(all.timer[i].op.running);
        assert_true(all.timer[i].fired == 1 || (i % 10 == 1 && all.timer[i].fired == 0));
        stopped += all.timer[i].fired == 0;
    }
    assert_true(stopped > 0 && stopped < TIMERS / 10);
}

/* The loop's own deadline: for those who want to look after something else meanwhile. */
static void test_loop_returns(void **state)
{
    struct rig *rig = *state;
    struct reader r;
    int p[2];
    make_pair(p);
    put_byte(p[1]);
    assert_int_equal(fsk_loop_step(&rig->loop, 0), FSOCK_ERR_TIMEOUT);
    fsock_time until = fsock_now() + 20 * MS;
    assert_int_equal(fsk_loop_step(&rig->loop, until), FSOCK_ERR_TIMEOUT);
    assert_true(fsock_now() >= until && fsock_now() < until + SLACK);
    reader_init(&r, p[0], 2, FSOCK_NEVER);
    start(rig, &r.op);
    assert_int_equal(fsk_loop_step(&rig->loop, 0), FSOCK_OK); /* it is ready, whatever the time */
    assert_int_equal(r.got, 1);
    while (fsk_loop_step(&rig->loop, fsock_now() + 10 * MS) == FSOCK_OK)
        assert_false(r.op.ended);
    put_byte(p[1]);
    while (!r.op.ended)
        assert_int_equal(fsk_loop_step(&rig->loop, fsock_after(10)), FSOCK_OK);
    close_pair(rig, p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(test_readable),
        BOTH(test_hangup),
        BOTH(test_both_ways),
        BOTH(test_two_wants),
        BOTH(test_regular_file),
        BOTH(test_ready_before_wait),
        BOTH(test_number_reused),
        BOTH(test_alarm),
        BOTH(test_deadline),
        BOTH(test_drip),
        BOTH(test_deadline_in_the_past),
        BOTH(test_timers),
        LOOP(test_loop_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
