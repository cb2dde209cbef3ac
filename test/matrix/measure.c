#include "measure.h"

#include <dirent.h>
#include <errno.h>
#include <time.h>

#define AT_ONCE (LIMIT / 2) /* the latest end of what is refused */
#define CPU_MAX (LIMIT / 2) /* who uses more is not waiting but asking again and again */

/* ---- The sleeper ----------------------------------------------------------------------------- */

static void *sleep_until(void *arg)
{
    struct sleeper *s = arg;
    struct timespec ts = {.tv_sec = (time_t)(s->until / FSOCK_SECOND),
                          .tv_nsec = (long)(s->until % FSOCK_SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
        ;
    s->lag = fsock_now() - s->until;
    return NULL;
}

void sleeper_start(struct sleeper *s, fsock_time until)
{
    s->until = until;
    if (pthread_create(&s->thread, NULL, sleep_until, s) != 0)
        abort();
}

fsock_time sleeper_lag(struct sleeper *s)
{
    pthread_join(s->thread, NULL);
    return s->lag;
}

/* ---- Of the process -------------------------------------------------------------------------- */

int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -1; /* itself */
    if (!dir)
        abort();
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

fsock_time cpu_used(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return ts.tv_sec * FSOCK_SECOND + ts.tv_nsec;
}

/* ---- Judging --------------------------------------------------------------------------------- */

fsock_time lateness(const struct outcome *o)
{
    return o->took - LIMIT - (o->lag > 0 ? o->lag : 0);
}

/* The fault is that of `err`; false, and why, if not. A cell that names nothing has none. */
static bool fault_is_right(const struct cell *c, const struct fsock_fault *f, enum fsock_err err,
                           char *why, size_t cap)
{
    static const enum fsock_limit limits[] = {FSOCK_LIMIT_TOTAL, FSOCK_LIMIT_CONNECT,
                                              FSOCK_LIMIT_READ, FSOCK_LIMIT_TOTAL};
    enum fsock_limit limit = err == FSOCK_ERR_TIMEOUT ? limits[c->which] : FSOCK_LIMIT_NONE;
    char named[128];
    cell_text(c->named, named, sizeof named);
    if (!c->named)
        return true;
    if (f->err != err)
        snprintf(why, cap, "the fault is %s: %s", fsock_err_name(f->err), f->text);
    else if (f->stage != c->stage)
        snprintf(why, cap, "the stage is %s: %s", fsock_stage_name(f->stage), f->text);
    else if (f->limit != limit)
        snprintf(why, cap, "the limit is %d, not %d: %s", f->limit, limit, f->text);
    else if (!strstr(f->text, named) || strstr(f->text, "Success") ||
             strstr(f->text, "in progress"))
        snprintf(why, cap, "the sentence: %s", f->text);
    else
        return true;
    return false;
}

enum verdict judge(const struct driver *d, const struct cell *c, const struct outcome *o, char *why,
                   size_t cap)
{
    const struct fsock_fault *f = &o->fault;
    enum fsock_err err = c->slow && o->err == FSOCK_ERR_TIMEOUT ? o->err : c->err;
    bool timeout = err == FSOCK_ERR_TIMEOUT;
    if (!o->ended)
        snprintf(why, cap, "it never ended: %s", f->text);
    else if (o->err != err)
        return snprintf(why, cap, "it is %s, not %s: %s", fsock_err_name(o->err),
                        fsock_err_name(err), f->text),
               o->err == FSOCK_ERR_TIMEOUT ? LATE : WRONG; /* the peer may have been too late */
    else if (!fault_is_right(c, f, err, why, cap))
        return WRONG;
    else if (o->fds_left != 0)
        snprintf(why, cap, "%d descriptors left open", o->fds_left);
    else if (timeout && o->total < LIMIT)
        snprintf(why, cap, "%.1f ms early", (double)(LIMIT - o->total) / 1e6);
    else if (o->cpu > CPU_MAX && !c->loose)
        snprintf(why, cap, "%.1f ms of the processor", (double)o->cpu / 1e6);
    else if (timeout ? lateness(o) > d->late_max : o->took > (c->slow ? LIMIT : AT_ONCE) + o->lag)
        return snprintf(why, cap, "took %.1f ms (lag %.1f ms): %s", (double)o->took / 1e6,
                        (double)o->lag / 1e6, f->text),
               LATE;
    else
        return why[0] = '\0', GOOD;
    return WRONG;
}
