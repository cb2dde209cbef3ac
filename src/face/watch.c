#include "face/watch.h"

#include <stdlib.h>

struct watch {
    struct fsk_op op;
    struct fsk_watches *owner;
    struct fsk_list link;
    bool armed;
    int fd;
    unsigned events;
    void *user;
};

void fsk_watches_init(struct fsk_watches *w, struct fsk_driver *driver)
{
    w->driver = driver;
    fsk_list_init(&w->armed);
    fsk_list_init(&w->ready);
}

static void free_watch(struct watch *w)
{
    fsk_op_stop(&w->op);
    w->op.driver->forget_fd(w->op.driver, w->fd); /* the caller may close it now */
    fsk_list_remove(&w->link);
    free(w);
}

void fsk_watches_clear(struct fsk_watches *w)
{
    FSK_LIST_EACH (link, &w->armed)
        free_watch(FSK_HOLDER(link, struct watch, link));
    FSK_LIST_EACH (link, &w->ready)
        free_watch(FSK_HOLDER(link, struct watch, link));
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct watch *w = FSK_HOLDER(op, struct watch, op);
    (void)now;
    if (!w->armed) {
        w->armed = true;
        fsk_wait_for(&op->wait, w->fd, w->events);
        return FSOCK_AGAIN;
    }
    fsk_list_remove(&w->link);
    fsk_list_append(&w->owner->ready, &w->link);
    return FSOCK_OK;
}

enum fsock_err fsk_watches_add(struct fsk_watches *w, int fd, unsigned events, void *user)
{
    if (fd < 0)
        return FSOCK_ERR_INPUT;
    struct watch *watch = malloc(sizeof *watch);
    if (!watch)
        return FSOCK_ERR_MEMORY;
    *watch = (struct watch){.owner = w, .fd = fd, .events = events, .user = user};
    fsk_op_init(&watch->op, step, FSOCK_NEVER);
    fsk_list_append(&w->armed, &watch->link);
    watch->op.driver = w->driver;
    if (w->driver->start(w->driver, &watch->op))
        return FSOCK_OK;
    free_watch(watch);
    return FSOCK_ERR_MEMORY;
}

bool fsk_watches_take(struct fsk_watches *w, void **user)
{
    if (fsk_list_empty(&w->ready))
        return false;
    struct watch *watch = FSK_HOLDER(w->ready.next, struct watch, link);
    *user = watch->user;
    free_watch(watch);
    return true;
}
