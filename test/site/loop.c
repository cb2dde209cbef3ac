#include "loop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

static int epoll_fd = -1;
static int64_t now;
static bool stopped;
static struct {
    struct alarm **at; /* at[1..count], a binary heap by time */
    size_t count, room;
} heap;
static struct {
    void **at;
    size_t count, room;
} graves;

_Noreturn void die(const char *what)
{
    fprintf(stderr, "fsock-site: %s: %s\n", what, errno ? strerror(errno) : "failed");
    exit(1);
}

void *xzalloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        die("memory");
    return p;
}

void *xrealloc(void *ptr, size_t size)
{
    void *p = realloc(ptr, size ? size : 1);
    if (!p)
        die("memory");
    return p;
}

static void read_clock(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    now = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void loop_open(void)
{
    epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        die("epoll");
    read_clock();
}

int64_t loop_now(void)
{
    return now;
}

void watch_init(struct watch *w, int fd, void (*ready)(struct watch *, uint32_t))
{
    w->fd = fd;
    w->events = UINT32_MAX;
    w->ready = ready;
}

void watch_set(struct watch *w, uint32_t events)
{
    if (w->fd < 0 || w->events == events)
        return;
    struct epoll_event ev = {.events = events, .data.ptr = w};
    int op = w->events == UINT32_MAX ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    if (epoll_ctl(epoll_fd, op, w->fd, &ev) < 0)
        die("epoll_ctl");
    w->events = events;
}

void watch_close(struct watch *w)
{
    if (w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}

static void heap_put(size_t slot, struct alarm *a)
{
    heap.at[slot] = a;
    a->slot = slot;
}

static void heap_up(size_t slot, struct alarm *a)
{
    for (; slot > 1 && heap.at[slot / 2]->when > a->when; slot /= 2)
        heap_put(slot, heap.at[slot / 2]);
    heap_put(slot, a);
}

static void heap_down(size_t slot, struct alarm *a)
{
    for (;;) {
        size_t kid = slot * 2;
        if (kid < heap.count && heap.at[kid + 1]->when < heap.at[kid]->when)
            kid++;
        if (kid > heap.count || heap.at[kid]->when >= a->when)
            break;
        heap_put(slot, heap.at[kid]);
        slot = kid;
    }
    heap_put(slot, a);
}

void alarm_clear(struct alarm *a)
{
    size_t slot = a->slot;
    if (!slot)
        return;
    a->slot = 0;
    struct alarm *last = heap.at[heap.count--];
    if (last == a)
        return;
    heap_down(slot, last);
    heap_up(last->slot, last);
}

void alarm_set(struct alarm *a, int64_t when)
{
    alarm_clear(a);
    a->when = when;
    if (heap.count + 2 > heap.room) {
        heap.room = heap.room ? heap.room * 2 : 64;
        heap.at = xrealloc(heap.at, heap.room * sizeof *heap.at);
    }
    heap_up(++heap.count, a);
}

void loop_bury(void *ptr)
{
    if (graves.count == graves.room) {
        graves.room = graves.room ? graves.room * 2 : 64;
        graves.at = xrealloc(graves.at, graves.room * sizeof *graves.at);
    }
    graves.at[graves.count++] = ptr;
}

static int sleep_ms(void)
{
    if (!heap.count)
        return -1;
    int64_t left = heap.at[1]->when - now;
    if (left <= 0)
        return 0;
    return left > MS(60000) ? 60000 : (int)((left + MS(1) - 1) / MS(1));
}

void loop_run(void)
{
    struct epoll_event got[256];
    while (!stopped) {
        read_clock();
        int n = epoll_wait(epoll_fd, got, 256, sleep_ms());
        if (n < 0 && errno != EINTR)
            die("epoll_wait");
        read_clock();
        for (int i = 0; i < n; i++) {
            struct watch *w = got[i].data.ptr;
            if (w->fd >= 0)
                w->ready(w, got[i].events);
        }
        while (heap.count && heap.at[1]->when <= now && !stopped) {
            struct alarm *a = heap.at[1];
            alarm_clear(a);
            a->ring(a);
        }
        while (graves.count)
            free(graves.at[--graves.count]);
    }
}

void loop_close(void)
{
    while (graves.count)
        free(graves.at[--graves.count]);
    free(heap.at);
    free(graves.at);
    close(epoll_fd);
}

void loop_stop(void)
{
    stopped = true;
}
