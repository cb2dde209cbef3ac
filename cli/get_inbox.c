#include "get_inbox.h"

#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

bool inbox_init(struct inbox *in, int room)
{
    *in = (struct inbox){.room = room};
    in->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (in->news < 0)
        return false;
    fsk_buf_init(&in->put, INBOX_BYTES + sizeof(struct source_url) + LIST_LINE_MAX);
    fsk_buf_init(&in->taken, INBOX_BYTES + sizeof(struct source_url) + LIST_LINE_MAX);
    pthread_mutex_init(&in->lock, NULL);
    return true;
}

void inbox_fini(struct inbox *in)
{
    close(in->news);
    fsk_buf_fini(&in->put);
    fsk_buf_fini(&in->taken);
    pthread_mutex_destroy(&in->lock);
}

/* A counter of events that is full has its reader awake already. */
static void signal_to(int fd)
{
    (void)!eventfd_write(fd, 1);
}

void inbox_poke(struct inbox *in)
{
    signal_to(in->news);
}

void inbox_calm(struct inbox *in)
{
    eventfd_t unused;
    (void)!eventfd_read(in->news, &unused);
}

/* Each URL is its struct, and its text behind it. */
enum fsock_err inbox_put(struct inbox *in, const struct source_url *u)
{
    enum fsock_err err = FSOCK_AGAIN;
    pthread_mutex_lock(&in->lock);
    bool was_empty = !fsk_buf_len(&in->put);
    in->full = fsk_buf_len(&in->put) > INBOX_BYTES;
    if (!in->full) {
        err = fsk_buf_reserve(&in->put, sizeof *u + u->text.n);
        if (err == FSOCK_OK) {
            fsk_buf_append(&in->put, u, sizeof *u);
            fsk_buf_append(&in->put, u->text.p, u->text.n);
        }
    }
    pthread_mutex_unlock(&in->lock);
    if (was_empty && err == FSOCK_OK)
        inbox_poke(in);
    return err;
}

void inbox_close(struct inbox *in)
{
    pthread_mutex_lock(&in->lock);
    in->closed = true;
    pthread_mutex_unlock(&in->lock);
    inbox_poke(in);
}

/* Swap the buffers; the one taken is empty. False: there is nothing. */
static bool swap(struct inbox *in, bool *closed)
{
    pthread_mutex_lock(&in->lock);
    struct fsk_buf empty = in->taken;
    in->taken = in->put;
    in->put = empty;
    fsk_buf_clear(&in->put);
    bool was_full = in->full;
    in->full = false;
    *closed = in->closed;
    pthread_mutex_unlock(&in->lock);
    if (was_full)
        signal_to(in->room);
    return fsk_buf_len(&in->taken) > 0;
}

enum list_result inbox_next(struct inbox *in, struct source_url *u)
{
    bool closed;
    if (!fsk_buf_len(&in->taken) && !swap(in, &closed))
        return closed ? LIST_END : LIST_WAIT;
    struct fsk_span bytes = fsk_buf_span(&in->taken);
    memcpy(u, bytes.p, sizeof *u);
    u->text.p = bytes.p + sizeof *u;
    fsk_buf_consume(&in->taken, sizeof *u + u->text.n); /* the bytes stay in place */
    return u->why ? LIST_BAD : LIST_LINE;
}
