/* stream.c: how the calls of a stream run, and how they fail. */
#include "face/stream.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "net/tls_peer.h"

#define RECORD_MAX 16384 /* bytes that TLS seals at once (RFC 8446 5.1) */

fsock_stream *fsk_face_stream_new(const char *name, enum fsk_transport transport,
                                  fsock_trace *trace, struct fsock_fault *fault)
{
    fsock_stream *s = calloc(1, sizeof *s);
    if (s)
        s->name = strdup(name);
    if (!s || !s->name || !fsk_run_init(&s->run, trace)) {
        fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
        if (s)
            free(s->name);
        free(s);
        return NULL;
    }
    s->id = fsk_trace_stream(trace);
    fsk_mark(trace, FSOCK_MARK_START, s->id, -1, 0, 0, fsk_text("target", name));
    s->transport = transport;
    s->deadline = FSOCK_NEVER;
    fsk_buf_init(&s->in, FSK_STREAM_READ);
    fsk_buf_init(&s->owed, RECORD_MAX);
    return s;
}

void fsock_set_deadline(fsock_stream *s, fsock_time deadline)
{
    s->deadline = deadline;
}

void fsock_set_silence(fsock_stream *s, fsock_time silence)
{
    s->silence = silence;
}

void fsk_face_received(fsock_stream *s, uint64_t bytes)
{
    if (!s->received && bytes)
        fsk_mark(fsk_face_trace(s), FSOCK_MARK_FIRST_BYTE, s->id, fsk_stream_fd(&s->stream), 0,
                 bytes, FSK_NO_FIELD);
    s->received += bytes;
}

/* ---- Running --------------------------------------------------------------------------------- */

/* One step, without a driver that could sleep. */
static enum fsock_err try_now(fsock_stream *s, struct fsk_io *io)
{
    fsock_time now = fsock_now();
    io->op.driver = &s->run.sched.driver;
    if (now >= s->deadline)
        io->op.deadline = now;
    enum fsock_err err = fsk_op_step(&io->op, now);
    return err == FSOCK_AGAIN && io->done ? FSOCK_OK : err;
}

enum fsock_err fsk_face_run(fsock_stream *s, struct fsk_io *io, fsock_time deadline)
{
    io->owed = &s->owed;
    io->silence = s->silence;
    if (deadline == FSOCK_NOW)
        return try_now(s, io);
    io->op.deadline = fsk_time_min(deadline, s->deadline);
    return fsk_run(&s->run, &io->op);
}

void fsk_face_shaken(fsock_stream *s)
{
    s->shaking = false;
    fsk_tls_mark(s->stream.top, s->id);
}

enum fsock_err fsk_face_shake(fsock_stream *s, fsock_time deadline)
{
    struct fsk_io io;
    if (!s->shaking)
        return FSOCK_OK;
    if (s->stream.recv_dead)
        return fsk_face_done(s, s->stream.recv_dead, FSOCK_STAGE_TLS, NULL);
    fsk_io_init(&io, FSK_IO_SHAKE, &s->stream, FSOCK_NEVER);
    enum fsock_err err = fsk_face_run(s, &io, deadline);
    if (err == FSOCK_OK)
        fsk_face_shaken(s);
    else if (err != FSOCK_AGAIN && err != FSOCK_ERR_TIMEOUT)
        s->stream.recv_dead = s->stream.send_dead = err;
    return fsk_face_done(s, err, FSOCK_STAGE_TLS, &io);
}

enum fsock_err fsock_handshake(fsock_stream *s, fsock_time deadline)
{
    return fsk_face_shake(s, deadline);
}

size_t fsk_face_owe(fsock_stream *s, const char *p, size_t n)
{
    n = n < RECORD_MAX ? n : RECORD_MAX;
    bool sealed = s->tls && !s->stream.send_dead && fsk_buf_len(&s->owed) == 0;
    if (!sealed)
        return 0;
    if (fsk_buf_append(&s->owed, p, n) == FSOCK_OK)
        return n;
    s->stream.send_dead = FSOCK_ERR_MEMORY; /* other bytes would go out in the place of these */
    return 0;
}

/* ---- Ending ---------------------------------------------------------------------------------- */

/* What an end tells of who is there. */
static void note_reach(fsock_stream *s, enum fsock_err err, enum fsock_stage stage)
{
    if (!fsk_transport_datagrams(s->transport))
        return;
    if (err == FSOCK_OK && stage == FSOCK_STAGE_RECV)
        s->reach = FSOCK_REACH_OPEN;
    else if (err == FSOCK_OK && stage == FSOCK_STAGE_SEND)
        s->asked = true;
    else if (err == FSOCK_ERR_TIMEOUT && s->asked && s->reach == FSOCK_REACH_UNKNOWN)
        s->reach = FSOCK_REACH_NO_ANSWER;
    else if (err == FSOCK_ERR_CONNECT)
        s->reach = fsock_reach_of(&s->fault);
}

static void begin_fault(fsock_stream *s)
{
    s->fault.err = FSOCK_OK;
    s->fault.limit = FSOCK_LIMIT_NONE;
    s->fault.took = 0;
    s->fault.tries = 0;
    s->fault.text[0] = s->fault.hint[0] = '\0';
}

enum fsock_err fsk_face_fail(fsock_stream *s, enum fsock_err err, enum fsock_stage stage,
                             int sys_errno, const char *format, ...)
{
    char why[400];
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, sizeof why, format, ap);
    va_end(ap);
    begin_fault(s);
    fsk_fault_set(&s->fault, err, stage, sys_errno, "%s %.200s: %s", fsock_stage_name(stage),
                  s->name, why);
    if (err != FSOCK_ERR_TIMEOUT) /* what to say depends on the limit, which is not known here */
        fsk_fault_advise(&s->fault);
    return err;
}

static enum fsock_err limit_struck(fsock_stream *s, enum fsock_stage stage, const struct fsk_io *io)
{
    char when[32];
    const char *to_whom = stage == FSOCK_STAGE_SEND ? "the peer took nothing" : "nothing came";
    if (io && io->limit == FSOCK_LIMIT_READ)
        fsk_face_fail(s, FSOCK_ERR_TIMEOUT, stage, ETIMEDOUT, "%s for %s", to_whom,
                      fsk_time_text(when, sizeof when, io->silence));
    else if (io && io->limit == FSOCK_LIMIT_TOTAL)
        fsk_face_fail(s, FSOCK_ERR_TIMEOUT, stage, ETIMEDOUT, "the time is up");
    else
        fsk_face_fail(s, FSOCK_ERR_TIMEOUT, stage, ETIMEDOUT, "%s", fsk_stream_why(&s->stream));
    s->fault.limit = io ? io->limit : FSOCK_LIMIT_NONE;
    fsk_fault_advise(&s->fault);
    return FSOCK_ERR_TIMEOUT;
}

enum fsock_err fsk_face_done(fsock_stream *s, enum fsock_err err, enum fsock_stage stage,
                             const struct fsk_io *io)
{
    s->timed_out = err == FSOCK_ERR_TIMEOUT;
    if (err == FSOCK_AGAIN)
        return err;
    if (s->timed_out)
        limit_struck(s, stage, io);
    else if (err == FSOCK_ERR_MEMORY && !s->stream.recv_dead)
        fsk_face_fail(s, err, stage, ENOMEM, "out of memory");
    else if (err != FSOCK_OK && err != FSOCK_EOF)
        fsk_face_fail(s, err, stage, fsk_stream_errno(&s->stream), "%s",
                      fsk_stream_why(&s->stream));
    note_reach(s, err, stage);
    return err;
}
