#include "op/dialog.h"

#include <errno.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/rand.h"
#include "base/time.h"
#include "net/tls_peer.h"
#include "wire/service.h"

#define TURNS 64 /* of a step; then others may go */

static enum fsock_err fail(struct fsk_dialog *d, enum fsock_err err, enum fsock_stage stage,
                           int sys_errno, const char *why)
{
    return fsk_fault_set(&d->fault, err, stage, sys_errno, "%s %s: %s", fsock_stage_name(stage),
                         d->name, why);
}

/* ---- Opening --------------------------------------------------------------------------------- */

/* TLS is on: what there is to know of it. */
static enum fsock_err note_tls(struct fsk_dialog *d)
{
    struct fsk_layer_info info;
    fsk_stream_info(&d->stream, &info);
    snprintf(d->tls_version, sizeof d->tls_version, "%s", info.tls_version ? info.tls_version : "");
    snprintf(d->tls_cipher, sizeof d->tls_cipher, "%s", info.tls_cipher ? info.tls_cipher : "");
    enum fsock_err err = fsk_tls_cert_new(&d->cert, d->stream.top);
    return err == FSOCK_OK ? err
                           : fail(d, err, FSOCK_STAGE_TLS, 0, "the certificate can't be kept");
}

static enum fsock_err opened(struct fsk_dialog *d)
{
    struct fsk_layer_info info;
    struct fsk_rand rand = {.left = 0};
    unsigned char nonce[FSK_SASL_NONCE];
    d->stream = d->dial.stream;
    d->dial.stream.top = NULL;
    fsk_stream_info(&d->stream, &info);
    d->peer = info.remote;
    d->looked_up = d->dial.looked_up;
    d->connected = d->dial.connected;
    d->secured = d->dial.secured;
    fsk_dial_fini(&d->dial);
    d->dialling = false;
    fsk_op_clear(&d->op);
    fsk_rand_bytes(&rand, nonce, sizeof nonce);
    fsk_script_init(&d->script, d->service, &d->wish, d->target.tls || d->target.path.n, nonce);
    d->scripted = true;
    return d->target.tls ? note_tls(d) : FSOCK_OK;
}

static enum fsock_err dial(struct fsk_dialog *d, fsock_time now)
{
    enum fsock_err err = fsk_op_inner(&d->op, &d->dial.op, now);
    d->looked_up = d->dial.looked_up;
    d->connected = d->dial.connected;
    if (err == FSOCK_OK)
        return opened(d);
    if (err == FSOCK_ERR_TIMEOUT && d->fault.limit == FSOCK_LIMIT_NONE && d->dial.op.expired)
        d->fault.limit = d->op.expired ? FSOCK_LIMIT_TOTAL : FSOCK_LIMIT_CONNECT;
    return err;
}

/* ---- Turns ----------------------------------------------------------------------------------- */

/* The stream has failed. */
static enum fsock_err broken(struct fsk_dialog *d, enum fsock_err err, enum fsock_stage stage)
{
    char why[400];
    snprintf(why, sizeof why, "%s, while waiting for %s", fsk_stream_why(&d->stream),
             fsk_script_awaits(&d->script));
    return fail(d, err, stage, fsk_stream_errno(&d->stream), why);
}

static enum fsock_err say(struct fsk_dialog *d)
{
    struct fsk_span out = fsk_buf_span(&d->script.out);
    size_t n = 0;
    enum fsock_err err = FSOCK_OK;
    while (d->said < out.n && err == FSOCK_OK) {
        err = fsk_stream_send_to(&d->stream, out.p + d->said, out.n - d->said, &n,
                                 d->script.secret ? FSK_IO_SECRET : 0, NULL, &d->op.wait);
        d->said += err == FSOCK_OK ? n : 0;
    }
    if (err == FSOCK_AGAIN)
        return err;
    if (err != FSOCK_OK && d->script.err == FSOCK_OK && !d->script.move->bye)
        return broken(d, err, FSOCK_STAGE_SEND);
    d->said = 0;
    fsk_script_said(&d->script); /* of the last words nobody asks whether they have arrived */
    return FSOCK_OK;
}

/* A datagram may be lost, and so may its answer: it is said again every second. */
static enum fsock_err exchange(struct fsk_dialog *d, fsock_time now)
{
    struct fsk_driver *driver = d->op.driver;
    struct fsk_span out = fsk_buf_span(&d->script.out);
    size_t n;
    enum fsock_err err = FSOCK_OK;
    if (out.n && now >= d->again_at) {
        err = fsk_stream_send(&d->stream, out.p, out.n, &n, &d->op.wait);
        if (err != FSOCK_OK)
            return err == FSOCK_AGAIN ? err : broken(d, err, FSOCK_STAGE_SEND);
        d->script.wall_said = fsk_time_unix();
        d->again_at = now + FSOCK_SECOND;
    }
    if (d->script.turn == FSK_SCRIPT_SAY)
        fsk_script_said(&d->script);
    err = fsk_stream_recv(&d->stream, driver->scratch, driver->scratch_size, &n, 0, &d->op.wait);
    if (err == FSOCK_AGAIN)
        d->op.alarm = d->again_at;
    if (err != FSOCK_OK)
        return err == FSOCK_AGAIN ? err : broken(d, err, FSOCK_STAGE_DIALOG);
    d->script.wall = fsk_time_unix();
    fsk_script_heard(&d->script, driver->scratch,
                     n < driver->scratch_size ? n : driver->scratch_size);
    return FSOCK_OK;
}

static enum fsock_err hear(struct fsk_dialog *d, fsock_time now)
{
    struct fsk_driver *driver = d->op.driver;
    size_t n;
    enum fsock_err err =
        fsk_stream_recv(&d->stream, driver->scratch, driver->scratch_size, &n, 0, &d->op.wait);
    if (err == FSOCK_AGAIN)
        return err;
    if (err == FSOCK_EOF) {
        fsk_script_ended(&d->script);
        return FSOCK_OK;
    }
    if (err != FSOCK_OK)
        return broken(d, err, fsk_script_stage(&d->script));
    d->moved = now;
    fsk_script_heard(&d->script, driver->scratch,
                     n < driver->scratch_size ? n : driver->scratch_size);
    return FSOCK_OK;
}

static enum fsock_err shake(struct fsk_dialog *d, fsock_time now)
{
    const struct fsk_target *t = &d->target;
    if (!d->shaking)
        d->stream.top = fsk_tls_new(d->stream.top, d->dialer->tls,
                                    t->tls_name.n ? t->tls_name : t->host, t->port);
    d->shaking = true;
    struct fsk_layer *top = d->stream.top;
    if (!top)
        return fail(d, FSOCK_ERR_MEMORY, FSOCK_STAGE_TLS, ENOMEM, "out of memory");
    enum fsock_err err = top->ops->connect(top, &d->op.wait);
    if (err == FSOCK_AGAIN)
        return err;
    if (err != FSOCK_OK)
        return fail(d, err, FSOCK_STAGE_TLS, top->sys_errno, fsk_stream_why(&d->stream));
    d->shaking = false;
    d->starttls = true;
    d->moved = now;
    d->secured = fsock_now();
    fsk_tls_mark(top, d->op.id);
    err = note_tls(d);
    if (err == FSOCK_OK)
        fsk_script_secured(&d->script);
    return err;
}

/* How the script says that it went. */
static enum fsock_err over(struct fsk_dialog *d)
{
    const struct fsk_script *s = &d->script;
    if (s->err == FSOCK_OK)
        return FSOCK_OK;
    return fail(d, s->err, s->stage, 0, s->why);
}

static enum fsock_err turn(struct fsk_dialog *d, enum fsk_script_turn turn, fsock_time now)
{
    if (d->target.datagrams)
        return exchange(d, now);
    switch (turn) {
    case FSK_SCRIPT_SAY:
        return say(d);
    case FSK_SCRIPT_HEAR:
        return hear(d, now);
    case FSK_SCRIPT_TLS:
        return shake(d, now);
    default:
        d->op.yield = true;
        return FSOCK_AGAIN;
    }
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static enum fsock_err struck(struct fsk_dialog *d, enum fsock_limit limit, fsock_time now)
{
    char why[200], when[32];
    bool tls = d->shaking;
    const struct fsk_move *move = d->script.move;
    if (d->script.err != FSOCK_OK || (move && move->bye))
        return over(d); /* only the last words have not gone out */
    snprintf(why, sizeof why, "%s has not come after %s",
             tls ? "the end of the TLS handshake" : fsk_script_awaits(&d->script),
             fsk_time_text(when, sizeof when, now - d->started));
    d->fault.limit = limit;
    return fail(d, FSOCK_ERR_TIMEOUT, tls ? FSOCK_STAGE_TLS : fsk_script_stage(&d->script),
                ETIMEDOUT, why);
}

static enum fsock_err wait_on(struct fsk_dialog *d, fsock_time now)
{
    fsock_time until = fsk_time_limit(d->moved, d->silence);
    if (d->op.yield)
        return FSOCK_AGAIN;
    if (now >= until)
        return struck(d, FSOCK_LIMIT_READ, now);
    d->op.alarm = fsk_time_min(d->op.alarm, until);
    return FSOCK_AGAIN;
}

/* ---- The op ---------------------------------------------------------------------------------- */

/* Note when a part of it was over. */
static void keep_time(struct fsk_dialog *d)
{
    const struct fsk_script *s = &d->script;
    if (!d->greeted && s->answered)
        d->greeted = fsock_now();
    if (!d->in && s->in)
        d->in = fsock_now();
}

static enum fsock_err converse(struct fsk_dialog *d, fsock_time now)
{
    for (unsigned i = 0; i < TURNS; i++) {
        enum fsk_script_turn next = fsk_script_next(&d->script);
        keep_time(d);
        if (next == FSK_SCRIPT_OVER)
            return over(d);
        if (d->op.expired)
            return struck(d, FSOCK_LIMIT_TOTAL, now);
        enum fsock_err err = turn(d, next, now);
        if (err == FSOCK_AGAIN)
            return wait_on(d, now);
        if (err != FSOCK_OK)
            return err;
    }
    d->op.yield = true;
    return FSOCK_AGAIN;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_dialog *d = FSK_HOLDER(op, struct fsk_dialog, op);
    enum fsock_err err = FSOCK_OK;
    if (d->dialling) {
        err = dial(d, now);
        d->moved = now;
    }
    if (err == FSOCK_OK)
        err = converse(d, now);
    if (err == FSOCK_AGAIN)
        return err;
    d->ended = fsock_now();
    if (err == FSOCK_OK)
        return err;
    fail(d, err, FSOCK_STAGE_CONNECT, 0, fsock_err_name(err));
    d->fault.took = d->ended - d->started;
    fsk_fault_advise(&d->fault);
    return err;
}

void fsk_dialog_init(struct fsk_dialog *d, struct fsk_dialer *dialer, fsock_time now,
                     fsock_time connect_by, fsock_time deadline)
{
    d->started = now;
    d->dialer = dialer;
    d->dialling = true;
    fsk_op_init(&d->op, step, deadline);
    fsk_dial_init(&d->dial, dialer, &d->target, fsk_time_min(connect_by, deadline), &d->fault);
}

void fsk_dialog_close(struct fsk_dialog *d)
{
    if (d->dialling)
        fsk_dial_fini(&d->dial);
    d->dialling = false;
    fsk_stream_close(&d->stream);
}

void fsk_dialog_fini(struct fsk_dialog *d)
{
    fsk_dialog_close(d);
    if (d->scripted)
        fsk_script_fini(&d->script);
    d->scripted = false;
    fsk_tls_cert_free(d->cert);
    d->cert = NULL;
}
