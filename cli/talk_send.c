/* talk_send.c: the conversation's way to the peer: carrying out the plan. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "base/fault.h"
#include "base/time.h"
#include "outcome.h"
#include "talk_relay.h"

#define CHUNK      16384 /* bytes that are read to be converted, or sent as a datagram */
#define COPY_BYTES ((uint64_t)1024 * 1024)

static const struct step *step_of(const struct relay *r)
{
    return r->at < r->plan->n ? &r->plan->step[r->at] : NULL;
}

static void next_step(struct relay *r)
{
    fsock_close(r->file);
    r->file = NULL;
    r->begun = false;
    r->at++;
}

fsock_stream *relay_source(const struct relay *r)
{
    const struct step *step = step_of(r);
    if (!step || !r->begun || r->securing)
        return NULL;
    return step->kind == STEP_STDIN ? r->in : step->kind == STEP_FILE ? r->file : NULL;
}

bool relay_has_sent_all(const struct relay *r)
{
    return r->all_sent != 0 && !r->left.n && !fsk_buf_len(&r->to_peer);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

/* The peer may have said why, and that is still to be read. */
static void sending_failed(struct relay *r)
{
    const struct fsock_fault *f = fsock_last_fault(r->peer);
    r->send_failed = true;
    fsk_buf_clear(&r->to_peer);
    r->left.n = 0;
    snprintf(r->why, sizeof r->why, "%s", f->text);
    snprintf(r->hint, sizeof r->hint, "%s", f->hint);
    r->send_code = exitcode_of(f->err, f->stage);
    if (r->datagrams || r->peer_ended)
        relay_end(r, r->send_code, "%s", r->why);
}

/* Send some of these; how many have gone. */
static size_t give(struct relay *r, struct fsk_span bytes)
{
    size_t n;
    enum fsock_err err = fsock_write(r->peer, bytes.p, bytes.n, &n, FSOCK_NOW);
    show_sent(&r->show, fsk_span(bytes.p, n));
    r->sent += n;
    r->asked |= err == FSOCK_OK;
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        sending_failed(r);
    return n;
}

/* What is ready goes first: false if nothing has. */
static bool drain(struct relay *r)
{
    size_t n = 0;
    if (fsk_buf_len(&r->to_peer)) {
        n = give(r, fsk_buf_span(&r->to_peer));
        if (!r->send_failed)
            fsk_buf_consume(&r->to_peer, n);
    } else if (r->left.n) {
        n = give(r, r->left);
        if (!r->send_failed)
            r->left = fsk_span(r->left.p + n, r->left.n - n);
    }
    return n > 0;
}

/* Lines end in CR LF, if they did not. */
static enum fsock_err add_crlf(struct relay *r, struct fsk_span bytes)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; err == FSOCK_OK && i < bytes.n; i++) {
        if (bytes.p[i] == '\n' && !r->after_cr)
            err = fsk_buf_append(&r->to_peer, "\r", 1);
        if (err == FSOCK_OK)
            err = fsk_buf_append(&r->to_peer, bytes.p + i, 1);
        r->after_cr = bytes.p[i] == '\r';
    }
    return err;
}

/* Files go as they are. */
static bool wants_crlf(const struct relay *r)
{
    return r->o->crlf && step_of(r)->kind == STEP_STDIN;
}

bool relay_copies_source(const struct relay *r)
{
    return !r->telnet && !wants_crlf(r) && !r->o->dump && !r->datagrams;
}

/* Into the buffer, as the options want it; *used bytes of it. */
static enum fsock_err convert(struct relay *r, struct fsk_span bytes, size_t *used)
{
    *used = bytes.n;
    if (r->telnet)
        return talk_telnet_send(r->telnet, bytes, used);
    if (wants_crlf(r))
        return add_crlf(r, bytes);
    return fsk_buf_append(&r->to_peer, bytes.p, bytes.n);
}

/* ---- Sources --------------------------------------------------------------------------------- */

static bool source_ended(struct relay *r)
{
    if (r->telnet)
        (void)fsk_telnet_send_rest(&r->telnet->telnet); /* there is room for a byte or two */
    next_step(r);
    return true;
}

static bool source_failed(struct relay *r, fsock_stream *source)
{
    const struct fsock_fault *f = fsock_last_fault(source);
    const struct step *step = step_of(r);
    relay_end(r, EXIT_READ, "can't read %s: %s",
              step->kind == STEP_STDIN ? "standard input" : step->path,
              fsk_errno_text(f->sys_errno));
    return false;
}

/* As they are, within the kernel where it can be done. */
static bool copy_source(struct relay *r, fsock_stream *source)
{
    uint64_t n;
    enum fsock_err err = flow_copy(&r->sending, source, r->peer, COPY_BYTES, &n);
    r->sent += n;
    if (err == FSOCK_EOF)
        return source_ended(r);
    if (err == FSOCK_OK || err == FSOCK_AGAIN)
        return n > 0;
    if (fsock_last_fault(source)->err != FSOCK_OK)
        return source_failed(r, source);
    sending_failed(r);
    return true;
}

/* What was read and found no room in the buffer stays for the next time. */
static bool read_source(struct relay *r, fsock_stream *source)
{
    char bytes[CHUNK];
    size_t n = 0, used;
    enum fsock_err err = FSOCK_OK;
    if (fsk_buf_len(&r->unconverted) == 0) {
        err = fsock_read(source, bytes, sizeof bytes, &n, FSOCK_NOW);
        if (err == FSOCK_OK)
            err = fsk_buf_append(&r->unconverted, bytes, n);
    }
    if (err == FSOCK_EOF)
        return source_ended(r);
    if (err == FSOCK_AGAIN)
        return false;
    if (err != FSOCK_OK)
        return source_failed(r, source);
    err = convert(r, fsk_buf_span(&r->unconverted), &used);
    fsk_buf_consume(&r->unconverted, used);
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        relay_end(r, EXIT_MEMORY, "out of memory");
    if (r->telnet && r->telnet->leave)
        relay_end(r, EXIT_FINE, "%s", "");
    return true;
}

/* A FIFO that nobody has opened for writing yet reads as if it had ended. */
static bool has_begun(struct relay *r)
{
    struct fsock_wait_item item = {r->file, -1, FSOCK_READABLE, 0};
    if (!r->file_begun)
        r->file_begun = fsock_wait(&item, 1, FSOCK_NOW) != FSOCK_ERR_TIMEOUT;
    return r->file_begun;
}

static bool from_source(struct relay *r)
{
    fsock_stream *source = relay_source(r);
    if (source == r->file && !has_begun(r))
        return false;
    return relay_copies_source(r) ? copy_source(r, source) : read_source(r, source);
}

static void open_file(struct relay *r, const char *path)
{
    struct fsock_fault fault;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK); /* FIFOs have limits, too */
    r->file_begun = false;
    if (fd < 0)
        relay_end(r, EXIT_READ, "can't read %s: %s", path, fsk_errno_text(errno));
    else if (fsock_open_fd(&r->file, fd, 1, &fault) != FSOCK_OK)
        relay_end(r, EXIT_MEMORY, "%s", fault.text);
}

/* ---- Steps ----------------------------------------------------------------------------------- */

static void begin_step(struct relay *r, const struct step *step)
{
    fsock_time now = fsock_now();
    r->begun = true;
    r->until = FSOCK_NEVER;
    switch (step->kind) {
    case STEP_SEND:
        r->left = step->bytes;
        r->empty_left = r->datagrams && !step->bytes.n;
        break;
    case STEP_FILE:
        open_file(r, step->path);
        break;
    case STEP_EXPECT:
        r->until = fsk_time_limit(now, step->time);
        break;
    case STEP_DELAY:
        r->until = now + step->time;
        break;
    default:
        break;
    }
}

static bool send_empty(struct relay *r)
{
    size_t n;
    enum fsock_err err = fsock_write(r->peer, "", 0, &n, FSOCK_NOW);
    if (err == FSOCK_AGAIN)
        return false;
    r->empty_left = false;
    r->asked = true;
    if (err != FSOCK_OK)
        sending_failed(r);
    return true;
}

/* Telnet has its own writing; else the bytes go out from where they are. */
static bool send_bytes(struct relay *r)
{
    if (r->telnet && r->left.n) {
        size_t used;
        enum fsock_err err = fsk_telnet_send(&r->telnet->telnet, r->left.p, r->left.n, &used);
        r->left = fsk_span(r->left.p + used, r->left.n - used);
        return used > 0 || err == FSOCK_OK;
    }
    if (r->empty_left)
        return send_empty(r);
    if (r->left.n)
        return false;
    next_step(r);
    return true;
}

static bool expect(struct relay *r, const struct step *step)
{
    struct fsk_span heard = fsk_buf_span(&r->heard);
    const char *at = heard.n ? memmem(heard.p, heard.n, step->bytes.p, step->bytes.n) : NULL;
    if (!at)
        return false;
    fsk_buf_consume(&r->heard, (size_t)(at - heard.p) + step->bytes.n);
    next_step(r);
    return true;
}

static bool secured(struct relay *r, enum fsock_err err)
{
    r->securing = err == FSOCK_AGAIN;
    if (err == FSOCK_OK)
        next_step(r);
    else if (err != FSOCK_AGAIN)
        relay_end_by_fault(r, fsock_last_fault(r->peer));
    return err == FSOCK_OK;
}

static bool tell_end(struct relay *r)
{
    enum fsock_err err = fsock_shut(r->peer, FSOCK_NOW);
    if (err == FSOCK_AGAIN)
        return false;
    r->shut = true;
    if (err != FSOCK_OK)
        sending_failed(r);
    return true;
}

/* The plan is over. */
static bool rest(struct relay *r)
{
    if (r->o->shut && !r->shut)
        return tell_end(r);
    if (r->all_sent)
        return false;
    r->all_sent = fsock_now();
    return true;
}

static bool carry_out(struct relay *r)
{
    const struct step *step = step_of(r);
    if (!step)
        return rest(r);
    if (!r->begun)
        begin_step(r, step);
    if (r->code >= 0)
        return false;
    switch (step->kind) {
    case STEP_SEND:
        return send_bytes(r);
    case STEP_FILE:
    case STEP_STDIN:
        return from_source(r);
    case STEP_EXPECT:
        return expect(r, step);
    case STEP_DELAY:
        if (fsock_now() < r->until)
            return false;
        next_step(r);
        return true;
    case STEP_STARTTLS:
        return secured(r, fsock_start_tls(r->peer, NULL, &r->o->options, FSOCK_NOW));
    case STEP_SHUT:
        if (!r->shut && !tell_end(r))
            return false;
        next_step(r);
        return true;
    case STEP_CLOSE:
        relay_end(r, EXIT_FINE, "%s", "");
        break;
    }
    return false;
}

/* Telnet answers for as long as it hears; after the end of what is sent nobody can be told. */
static void forget_answers(struct relay *r)
{
    if (r->shut || r->send_failed)
        fsk_buf_clear(&r->to_peer);
}

bool relay_send(struct relay *r)
{
    bool moved = false;
    forget_answers(r);
    if (r->send_failed)
        return false;
    if (r->securing)
        return secured(r, fsock_handshake(r->peer, FSOCK_NOW));
    for (bool more = true; more && r->code < 0 && !r->send_failed;) {
        bool waiting = fsk_buf_len(&r->to_peer) || (r->left.n && !r->telnet);
        more = waiting ? drain(r) : carry_out(r);
        moved |= more;
        if (moved && fsock_now() - r->turn > 10 * FSOCK_MILLISECOND)
            break; /* the other direction has its turn */
    }
    return moved;
}
