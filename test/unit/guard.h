/*
 * guard.h - bytes whose end touches a page that can't be read, so that a parser which looks one
 * byte too far dies in its test.
 */
#ifndef FSK_TEST_GUARD_H
#define FSK_TEST_GUARD_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard {
    char *map;
    size_t room; /* bytes before the closed page */
};

/* Room for up to max bytes; the test ends if there is no memory. */
static inline void guard_init(struct guard *g, size_t max)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    g->room = (max / page + 1) * page;
    g->map = mmap(NULL, g->room + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (g->map == MAP_FAILED || mprotect(g->map + g->room, page, PROT_NONE) != 0)
        abort();
}

/* A copy of n bytes whose last one is the last readable byte. Replaces the copy before it. */
static inline char *guard_copy(struct guard *g, const void *bytes, size_t n)
{
    char *p = g->map + g->room - n;
    if (n > g->room)
        abort();
    if (n)
        memcpy(p, bytes, n);
    return p;
}

static inline void guard_fini(struct guard *g)
{
    munmap(g->map, g->room + (size_t)sysconf(_SC_PAGESIZE));
}

#endif
