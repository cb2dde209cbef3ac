/* wait.c: waiting for any of many streams and descriptors, here or in a loop of the caller's. */
#include <stdlib.h>

#include "base/time.h"
#include "drive/poll.h"
#include "face/stream.h"

/* Whether bytes are held above the kernel, where poll can't see them, or no more will come. */
static bool holds_bytes(fsock_stream *s, struct fsk_wait *wait)
{
    char byte;
    size_t n;
    if (fsk_buf_len(&s->in) > s->half_line || s->stream.recv_dead || s->stream.ended)
        return true;
    if (!s->tls)
        return false;
    return fsk_stream_recv(&s->stream, &byte, 1, &n, FSK_IO_PEEK, wait) != FSOCK_AGAIN;
}

/* Go on with the handshake. True: it is over, well or not. */
static bool has_shaken(fsock_stream *s, struct fsk_wait *wait)
{
    if (!s->shaking || s->stream.recv_dead)
        return true;
    enum fsock_err err = s->stream.top->ops->connect(s->stream.top, wait);
    if (err == FSOCK_AGAIN)
        return false;
    if (err == FSOCK_OK)
        fsk_face_shaken(s);
    else
        s->stream.recv_dead = s->stream.send_dead = err;
    return true;
}

/* What has been taken from the caller must get out, even if only reading is waited for. */
static bool has_paid(fsock_stream *s, struct fsk_wait *wait)
{
    size_t n;
    while (fsk_buf_len(&s->owed)) {
        struct fsk_span owed = fsk_buf_span(&s->owed);
        if (fsk_stream_send(&s->stream, owed.p, owed.n, &n, wait) != FSOCK_OK)
            return s->stream.send_dead != FSOCK_OK;
        fsk_buf_consume(&s->owed, n);
    }
    return true;
}

/*
 * What of `wish` a call would now do something about, when `came` is what the descriptor tells; and
 * what to wait for there if that is nothing. Under TLS the descriptor tells less than all, and may
 * have to be written in order to read: it is asked itself.
 */
static unsigned look(fsock_stream *s, unsigned wish, unsigned came, unsigned *events)
{
    struct fsk_wait wait = {.wants = 0};
    unsigned ready = 0;
    *events = 0;
    if (s->deadline != FSOCK_NEVER && fsock_now() >= s->deadline)
        return wish;
    if (has_shaken(s, &wait)) {
        bool paid = has_paid(s, &wait);
        if ((wish & FSK_READABLE) && (holds_bytes(s, &wait) || (came & FSK_READABLE && !s->tls)))
            ready |= FSK_READABLE;
        if ((wish & FSK_WRITABLE) && (s->stream.send_dead || (came & FSK_WRITABLE && paid)))
            ready |= FSK_WRITABLE;
        *events = s->tls ? wish & FSK_WRITABLE : wish;
    }
    for (unsigned i = 0; i < wait.wants; i++)
        *events |= wait.want[i].events;
    return ready;
}

/* ---- For many at once ------------------------------------------------------------------------ */

#define FEW 32 /* for so many no memory is needed */

/* Ask one of them, after the kernel has told what it knows. What to ask the kernel comes in `fd`.
 */
static unsigned look_at(struct fsock_wait_item *item, struct pollfd *fd)
{
    const unsigned wish = item->events & (FSK_READABLE | FSK_WRITABLE);
    unsigned came = fsk_poll_events(fd), events = wish;
    *fd = (struct pollfd){.fd = -1};
    if (!wish || (!item->stream && item->fd < 0))
        return item->ready = 0;
    item->ready = item->stream ? look(item->stream, wish, came, &events) : wish & came;
    if (events)
        *fd = fsk_poll_for(item->stream ? fsock_fd(item->stream) : item->fd, events);
    return item->ready;
}

static fsock_time first_deadline(const struct fsock_wait_item *list, size_t count, fsock_time at)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].stream && list[i].events)
            at = fsk_time_min(at, list[i].stream->deadline);
    return at;
}

/* Where the waiting is marked: with the first stream that has a trace. */
static fsock_trace *trace_of(const struct fsock_wait_item *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i].stream && list[i].stream->run.sched.driver.trace)
            return list[i].stream->run.sched.driver.trace;
    return NULL;
}

static bool any_ready(struct fsock_wait_item *list, size_t count, struct pollfd *fds)
{
    unsigned ready = 0;
    for (size_t i = 0; i < count; i++)
        ready |= look_at(&list[i], &fds[i]);
    return ready != 0;
}

/*
 * The kernel is asked at least once, whoever has bytes inside: so all that are ready are known. It
 * is not made to sleep then, which has its price with many, for nothing if one of them is ready.
 */
static enum fsock_err wait_with(struct pollfd *fds, struct fsock_wait_item *list, size_t count,
                                fsock_time deadline)
{
    (void)any_ready(list, count, fds);
    for (int ms = 0;;) {
        enum fsock_err err = fsk_poll(trace_of(list, count), fds, count, ms);
        if (err != FSOCK_OK)
            return err;
        if (any_ready(list, count, fds))
            return FSOCK_OK;
        fsock_time now = fsock_now();
        if (now >= deadline)
            return FSOCK_ERR_TIMEOUT;
        ms = fsk_time_poll_ms(now, first_deadline(list, count, deadline));
    }
}

enum fsock_err fsock_wait(struct fsock_wait_item *list, size_t count, fsock_time deadline)
{
    struct pollfd few[FEW] = {{.fd = -1}}, *fds = few;
    if (count > FEW && !(fds = calloc(count, sizeof *fds)))
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = wait_with(fds, list, count, deadline);
    if (fds != few)
        free(fds);
    return err;
}

/* ---- For a loop of the caller's -------------------------------------------------------------- */

int fsock_fd(fsock_stream *s)
{
    return fsk_stream_fd(&s->stream);
}

unsigned fsock_wants(fsock_stream *s, unsigned wish)
{
    unsigned events;
    return look(s, wish, 0, &events) ? 0 : events;
}
