/* loop.h: the one epoll loop of the site: descriptors to watch and alarms to ring.
 *
 * One thread, level-triggered. Times are nanoseconds on the monotonic clock. Nothing here knows
 * what a connection is; whoever embeds a struct watch or a struct alarm gets it back in the call
 * and finds the rest with container_of().
 */
#ifndef SITE_LOOP_H
#define SITE_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))
#define MS(n)                           ((int64_t)(n)*1000000)

/* A descriptor. fd is -1 while there is none; then ready() is never called. */
struct watch {
    int fd;
    uint32_t events; /* what epoll was last told; UINT32_MAX: nothing yet */
    void (*ready)(struct watch *w, uint32_t events);
};

/* A point in time. Unset alarms have slot 0; zeroed memory is an unset alarm. */
struct alarm {
    int64_t when;
    size_t slot;
    void (*ring)(struct alarm *a);
};

/* Sets up epoll. Exits the program if it cannot. */
void loop_open(void);

/* The current time; taken from the clock once per turn of the loop. */
int64_t loop_now(void);

/* Starts watching fd; no event is asked for until watch_set. */
void watch_init(struct watch *w, int fd, void (*ready)(struct watch *, uint32_t));

/* Asks for these epoll events from now on (EPOLLERR and EPOLLHUP always come). */
void watch_set(struct watch *w, uint32_t events);

/* Closes the descriptor; events already fetched for it are dropped. The struct must stay alive
 * until the end of the turn: free it with loop_bury. */
void watch_close(struct watch *w);

/* Sets, moves or clears an alarm; it rings once, at or after its time. */
void alarm_set(struct alarm *a, int64_t when);
void alarm_clear(struct alarm *a);

/* free(ptr) at the end of this turn, when no fetched event can point to it any more. */
void loop_bury(void *ptr);

/* Runs until loop_stop. */
void loop_run(void);
void loop_stop(void);

/* Frees what was buried and the loop itself. */
void loop_close(void);

/* Out of memory or a broken set-up: says why on stderr and exits with 1. */
_Noreturn void die(const char *what);

/* malloc and realloc that exit instead of failing; fresh memory is zeroed by xzalloc. */
void *xzalloc(size_t size);
void *xrealloc(void *ptr, size_t size);

#endif
