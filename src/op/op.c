#include "op/op.h"

void fsk_op_init(struct fsk_op *op, enum fsock_err (*step)(struct fsk_op *, fsock_time now),
                 fsock_time deadline)
{
    *op = (struct fsk_op){.step = step, .deadline = deadline, .alarm = FSOCK_NEVER};
    fsk_list_init(&op->link);
}

struct fsk_op *fsk_op_root(struct fsk_op *op)
{
    while (op->outer)
        op = op->outer;
    return op;
}

enum fsock_err fsk_op_step(struct fsk_op *op, fsock_time now)
{
    fsk_op_clear(op);
    if (now >= op->deadline)
        op->expired = true;
    enum fsock_err err = op->step(op, now);
    assert(!(op->expired && err == FSOCK_AGAIN));
    if (err != FSOCK_AGAIN) {
        op->ended = true;
        op->err = err;
    }
    return err;
}

enum fsock_err fsk_op_inner(struct fsk_op *outer, struct fsk_op *inner, fsock_time now)
{
    inner->outer = outer;
    inner->driver = outer->driver;
    inner->id = outer->id;
    inner->expired = outer->expired;
    enum fsock_err err = fsk_op_step(inner, now);
    if (err == FSOCK_AGAIN) {
        for (unsigned i = 0; i < inner->wait.wants; i++)
            fsk_wait_for(&outer->wait, inner->wait.want[i].fd, inner->wait.want[i].events);
        fsock_time alarm = inner->alarm < inner->deadline ? inner->alarm : inner->deadline;
        if (alarm < outer->alarm)
            outer->alarm = alarm;
        outer->yield |= inner->yield;
        outer->first |= inner->first;
    }
    return err;
}

void fsk_op_start(struct fsk_op *parent, struct fsk_op *child)
{
    struct fsk_op *root = fsk_op_root(parent);
    child->parent = root;
    child->id = root->id;
    if (child->deadline > parent->deadline)
        child->deadline = parent->deadline;
    if (!root->driver->start(root->driver, child)) {
        child->ended = true;
        child->err = FSOCK_ERR_MEMORY;
        fsk_op_wake(root);
    }
}

void fsk_op_stop(struct fsk_op *op)
{
    if (op->running)
        op->driver->stop(op->driver, op);
}

void fsk_op_expire(struct fsk_op *child, fsock_time now)
{
    if (!child->running)
        return;
    fsk_op_stop(child);
    child->expired = true;
    fsk_op_step(child, now);
}

void fsk_op_wake(struct fsk_op *op)
{
    op = fsk_op_root(op);
    if (op->running)
        op->driver->wake(op->driver, op);
}
