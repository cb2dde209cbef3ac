/*
 * drive_rig.h - either driver behind one face, and small ops over socketpairs, for the tests of the
 * drivers and of what runs on them.
 */
#ifndef FSK_TEST_DRIVE_RIG_H
#define FSK_TEST_DRIVE_RIG_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/time.h"
#include "drive/loop.h"
#include "drive/run.h"

#define MS    FSOCK_MILLISECOND
#define SLACK (500 * MS) /* a busy machine's; what is too late is later by far */

/* ---- Either driver --------------------------------------------------------------------------- */

struct rig {
    bool many; /* the loop */
    struct fsk_run run;
    struct fsk_loop loop;
    struct fsk_driver *driver;
};

static inline int rig_setup(void **state)
{
    static struct rig rig;
    rig.many = *state != NULL;
    assert_true(rig.many ? fsk_loop_init(&rig.loop, NULL) : fsk_run_init(&rig.run, NULL));
    rig.driver = rig.many ? &rig.loop.sched.driver : &rig.run.sched.driver;
    *state = &rig;
    return 0;
}

static inline int rig_teardown(void **state)
{
    struct rig *rig = *state;
    if (rig->many)
        fsk_loop_fini(&rig->loop);
    else
        fsk_run_fini(&rig->run);
    return 0;
}

static inline enum fsock_err finish(struct rig *rig, struct fsk_op *op)
{
    if (!rig->many)
        return fsk_run(&rig->run, op);
    assert_true(rig->driver->start(rig->driver, op));
    while (!op->ended)
        assert_int_equal(fsk_loop_step(&rig->loop, fsock_after(10)), FSOCK_OK);
    return op->err;
}

static inline void start(struct rig *rig, struct fsk_op *op)
{
    assert_true(rig->driver->start(rig->driver, op));
}

static inline void stop(struct rig *rig, struct fsk_op *op)
{
    rig->driver->stop(rig->driver, op);
}

static inline void make_pair(int pair[2])
{
    int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    assert_int_equal(socketpair(AF_UNIX, type, 0, pair), 0);
}

static inline void close_pair(struct rig *rig, int pair[2])
{
    for (int i = 0; i < 2; i++) {
        rig->driver->forget_fd(rig->driver, pair[i]);
        close(pair[i]);
    }
}

static inline void put_byte(int fd)
{
    assert_int_equal(write(fd, "x", 1), 1);
}

/* ---- Small ops ------------------------------------------------------------------------------- */

/* Starts its children, and ends when all have ended. */
struct family {
    struct fsk_op op;
    struct fsk_op *child[4];
    unsigned children, steps;
};

static inline enum fsock_err family_step(struct fsk_op *op, fsock_time now)
{
    struct family *f = FSK_HOLDER(op, struct family, op);
    unsigned ended = 0;
    for (unsigned i = 0; i < f->children; i++) {
        if (f->steps == 0)
            fsk_op_start(op, f->child[i]);
        if (op->expired)
            fsk_op_expire(f->child[i], now);
        ended += f->child[i]->ended;
    }
    f->steps++;
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    return ended == f->children ? FSOCK_OK : FSOCK_AGAIN;
}

/* Run these to their ends, side by side; the list ends with NULL. */
static inline void finish_all(struct rig *rig, struct fsk_op *first, ...)
{
    struct family f = {.children = 0};
    va_list ap;
    fsk_op_init(&f.op, family_step, fsock_after(10));
    va_start(ap, first);
    for (struct fsk_op *op = first; op; op = va_arg(ap, struct fsk_op *))
        f.child[f.children++] = op;
    va_end(ap);
    assert_int_equal(finish(rig, &f.op), FSOCK_OK);
}

/* Reads until it has `wanted` bytes. */
struct reader {
    struct fsk_op op;
    int fd;
    size_t wanted, got;
    bool wait_first; /* wait before the first read */
    unsigned steps, expired;
};

static inline enum fsock_err reader_step(struct fsk_op *op, fsock_time now)
{
    struct reader *r = FSK_HOLDER(op, struct reader, op);
    char buf[4096];
    ssize_t n = 1;
    (void)now;
    r->steps++;
    if (op->expired) {
        r->expired++;
        return FSOCK_ERR_TIMEOUT;
    }
    while (!r->wait_first && r->got < r->wanted && (n = read(r->fd, buf, sizeof buf)) > 0)
        r->got += (size_t)n;
    if (n == 0)
        return FSOCK_EOF;
    assert_true(n > 0 || errno == EAGAIN);
    r->wait_first = false;
    if (r->got >= r->wanted && r->wanted)
        return FSOCK_OK;
    fsk_wait_for(&op->wait, r->fd, FSK_READABLE);
    return FSOCK_AGAIN;
}

static inline void reader_init(struct reader *r, int fd, size_t wanted, fsock_time deadline)
{
    *r = (struct reader){.fd = fd, .wanted = wanted};
    fsk_op_init(&r->op, reader_step, deadline);
}

/* Writes `left` bytes. */
struct writer {
    struct fsk_op op;
    int fd;
    size_t left;
    unsigned waits;
};

static inline enum fsock_err writer_step(struct fsk_op *op, fsock_time now)
{
    struct writer *w = FSK_HOLDER(op, struct writer, op);
    static const char bytes[4096];
    (void)now;
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    while (w->left) {
        ssize_t n = write(w->fd, bytes, w->left < sizeof bytes ? w->left : sizeof bytes);
        if (n < 0) {
            assert_int_equal(errno, EAGAIN);
            w->waits++;
            fsk_wait_for(&op->wait, w->fd, FSK_WRITABLE);
            return FSOCK_AGAIN;
        }
        w->left -= (size_t)n;
    }
    return FSOCK_OK;
}

static inline void writer_init(struct writer *w, int fd, size_t left)
{
    *w = (struct writer){.fd = fd, .left = left};
    fsk_op_init(&w->op, writer_step, fsock_after(10));
}

/* Does something at a time, or several times. */
struct event {
    struct fsk_op op;
    fsock_time at, every;
    unsigned times;
    void (*act)(struct event *);
    struct rig *rig;
    int fd;
    struct fsk_op *whom;
};

static inline enum fsock_err event_step(struct fsk_op *op, fsock_time now)
{
    struct event *e = FSK_HOLDER(op, struct event, op);
    if (op->expired)
        return FSOCK_ERR_TIMEOUT;
    if (now >= e->at) {
        e->act(e);
        e->at = now + e->every;
        if (--e->times == 0)
            return FSOCK_OK;
    }
    op->alarm = e->at;
    return FSOCK_AGAIN;
}

static inline void event_init(struct event *e, struct rig *rig, fsock_time delay,
                              void (*act)(struct event *), int fd, struct fsk_op *whom)
{
    *e = (struct event){
        .at = fsock_now() + delay, .times = 1, .act = act, .rig = rig, .fd = fd, .whom = whom};
    fsk_op_init(&e->op, event_step, fsock_after(10));
}

static inline void act_put(struct event *e)
{
    put_byte(e->fd);
}

static inline void act_close(struct event *e)
{
    close(e->fd);
}

static inline void act_nothing(struct event *e)
{
    (void)e;
}

/* Entries of a test table: by the loop, by both. */
#define RIG_TEST(test, name, many)                                                                 \
    {                                                                                              \
        name, test, rig_setup, rig_teardown, many                                                  \
    }
#define LOOP(test) RIG_TEST(test, #test " (loop)", (void *)1)
#define BOTH(test) RIG_TEST(test, #test " (run)", NULL), LOOP(test)

#endif
