#include "op/probe.h"

#include <errno.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"

#define SENDINGS 3 /* a datagram may be lost */

static enum fsock_err fail(struct fsk_probe *p, enum fsock_err err, enum fsock_stage stage,
                           int sys_errno, const char *why)
{
    return fsk_fault_set(&p->fault, err, stage, sys_errno, "%s %s: %s", fsock_stage_name(stage),
                         p->name, why);
}

/*
 * A port that nobody has can be given to our own socket, which then connects to itself (RFC 9293
 * 3.5, simultaneous open), or hears its own datagram. So nobody was there.
 */
static enum fsock_err met_itself(struct fsk_probe *p)
{
    return fail(p, FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, ECONNREFUSED,
                "refused (only our own socket has this port)");
}

static enum fsock_err opened(struct fsk_probe *p)
{
    struct fsk_layer_info info;
    p->stream = p->dial.stream;
    p->dial.stream.top = NULL;
    fsk_stream_info(&p->stream, &info);
    p->peer = info.remote;
    fsk_dial_fini(&p->dial);
    p->dialling = false;
    fsk_op_clear(&p->op);
    bool itself = info.remote.family && fsk_addr_equal(&info.local, &info.remote);
    return itself ? met_itself(p) : FSOCK_OK;
}

static enum fsock_err dial(struct fsk_probe *p, fsock_time now)
{
    enum fsock_err err = fsk_op_inner(&p->op, &p->dial.op, now);
    p->looked_up = p->dial.looked_up;
    return err == FSOCK_OK ? opened(p) : err;
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

static enum fsock_err failed(struct fsk_probe *p, enum fsock_err err, enum fsock_stage stage)
{
    return fail(p, err, stage, fsk_stream_errno(&p->stream), fsk_stream_why(&p->stream));
}

static enum fsock_err send_it(struct fsk_probe *p, fsock_time now)
{
    size_t n;
    if (p->sent && now < p->again_at)
        return FSOCK_OK;
    enum fsock_err err = fsk_stream_send(&p->stream, p->payload.p ? p->payload.p : "", p->payload.n,
                                         &n, &p->op.wait);
    if (err == FSOCK_AGAIN)
        return err;
    p->again_at = now + p->each;
    p->sent = true;
    return err == FSOCK_OK ? err : failed(p, err, FSOCK_STAGE_SEND);
}

static enum fsock_err receive(struct fsk_probe *p)
{
    struct fsk_driver *d = p->op.driver;
    size_t n;
    enum fsock_err err =
        fsk_stream_recv(&p->stream, d->scratch, d->scratch_size, &n, 0, &p->op.wait);
    if (err == FSOCK_AGAIN)
        return err;
    if (err != FSOCK_OK)
        return failed(p, err, FSOCK_STAGE_RECV);
    p->answer_n = n < d->scratch_size ? n : d->scratch_size;
    p->answer = malloc(p->answer_n + 1);
    if (!p->answer)
        return fail(p, FSOCK_ERR_MEMORY, FSOCK_STAGE_RECV, ENOMEM, "out of memory");
    memcpy(p->answer, d->scratch, p->answer_n);
    return FSOCK_OK;
}

static enum fsock_err ask(struct fsk_probe *p, fsock_time now)
{
    if (p->op.expired)
        return fail(p, FSOCK_ERR_TIMEOUT, FSOCK_STAGE_RECV, ETIMEDOUT,
                    "no answer came, and nobody has refused: it may be open, or filtered");
    enum fsock_err err = send_it(p, now);
    if (err != FSOCK_OK)
        return err;
    err = receive(p);
    if (err == FSOCK_AGAIN)
        p->op.alarm = p->again_at;
    return err;
}

/* ---- Both ------------------------------------------------------------------------------------ */

static enum fsock_err probe(struct fsk_probe *p, fsock_time now)
{
    enum fsock_err err = FSOCK_OK;
    if (p->dialling)
        err = dial(p, now);
    if (err == FSOCK_OK && p->target.datagrams)
        err = ask(p, now);
    return err;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_probe *p = FSK_HOLDER(op, struct fsk_probe, op);
    enum fsock_err err = probe(p, now);
    if (err == FSOCK_AGAIN)
        return err;
    p->ended = fsock_now();
    if (err == FSOCK_OK)
        return err;
    fail(p, err, FSOCK_STAGE_CONNECT, 0, fsock_err_name(err));
    if (p->target.proxy.kind && p->fault.stage == FSOCK_STAGE_CONNECT)
        p->fault.stage = FSOCK_STAGE_PROXY; /* whose port was refused: it tells nothing of ours */
    if (err == FSOCK_ERR_TIMEOUT && op->expired)
        p->fault.limit = FSOCK_LIMIT_CONNECT;
    p->fault.took = p->ended - p->started;
    fsk_fault_advise(&p->fault);
    return err;
}

void fsk_probe_init(struct fsk_probe *p, struct fsk_dialer *dialer, fsock_time now,
                    fsock_time deadline)
{
    p->started = now;
    p->each = deadline == FSOCK_NEVER ? FSOCK_SECOND : (deadline - now) / SENDINGS;
    p->dialling = true;
    fsk_op_init(&p->op, step, deadline);
    fsk_dial_init(&p->dial, dialer, &p->target, deadline, &p->fault);
}

void fsk_probe_close(struct fsk_probe *p)
{
    if (p->dialling)
        fsk_dial_fini(&p->dial);
    p->dialling = false;
    fsk_stream_close(&p->stream);
}

void fsk_probe_fini(struct fsk_probe *p)
{
    fsk_probe_close(p);
    free(p->answer);
    p->answer = NULL;
}
