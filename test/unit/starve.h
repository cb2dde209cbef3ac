/*
 * starve.h - memory runs out: the n-th allocation of the library fails, once or with all that
 * follow.
 *
 * The linker puts the functions here in place of malloc and its relatives (--wrap, see
 * meson.build), for what is linked statically: the library, and not its libraries. Allocations are
 * counted while `armed`, in one thread only.
 */
#ifndef FSK_TEST_STARVE_H
#define FSK_TEST_STARVE_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#define N_MAX 3000

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t each);
void *__real_realloc(void *p, size_t n);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t each);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);
void __wrap_free(void *p);

static bool armed;         /* allocations are counted */
static unsigned long left; /* until one fails; 0: none will */
static bool struck;        /* it has failed */
static bool for_good;      /* and so do all that follow */
static long held;          /* allocations not yet freed */

static inline bool fails(void)
{
    if (!armed)
        return false;
    if (left && --left == 0)
        struck = true;
    else if (!(struck && for_good))
        return false;
    errno = ENOMEM;
    return true;
}

static inline void *counted(void *p)
{
    if (armed && p)
        held++;
    return p;
}

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : counted(__real_malloc(n));
}

void *__wrap_calloc(size_t n, size_t each)
{
    return fails() ? NULL : counted(__real_calloc(n, each));
}

void *__wrap_realloc(void *p, size_t n)
{
    if (fails())
        return NULL;
    return p ? __real_realloc(p, n) : counted(__real_realloc(p, n));
}

char *__wrap_strdup(const char *s)
{
    return fails() ? NULL : counted(__real_strdup(s));
}

char *__wrap_strndup(const char *s, size_t n)
{
    return fails() ? NULL : counted(__real_strndup(s, n));
}

void __wrap_free(void *p)
{
    if (armed && p)
        held--;
    __real_free(p);
}

/* Begin to count: the n-th allocation will fail. */
static inline void starve(unsigned long n)
{
    held = 0;
    left = n;
    struck = false;
    armed = true;
}

#endif
