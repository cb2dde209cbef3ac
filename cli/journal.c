#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "lock.h"
#include "out.h"
#include "outcome.h"

enum { BATCH = 1000 };
#define WAITING_MAX ((size_t)8 * 1024 * 1024)

static const fsock_time longest_wait = 100 * FSOCK_MILLISECOND;

/* ---- Opening --------------------------------------------------------------------------------- */

int journal_open(struct journal *j, const char *name, char *why, size_t cap)
{
    struct stat st;
    *j = (struct journal){.name = name, .fd = lock_open(name, O_RDWR | O_APPEND)};
    if (j->fd < 0 && errno == EWOULDBLOCK) {
        snprintf(why, cap, "the journal %s is in use by another run", name);
        return EXIT_USAGE;
    }
    if (j->fd < 0 || fstat(j->fd, &st) < 0) {
        snprintf(why, cap, "can't open the journal %s: %s", name, fsk_errno_text(errno));
        return EXIT_WRITE;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(why, cap, "the journal %s is no regular file; name another one", name);
        return EXIT_USAGE;
    }
    journal_reader_init(&j->old, j->fd, (uint64_t)st.st_size);
    return 0;
}

bool journal_next(struct journal *j, struct journal_record *record)
{
    j->result = journal_read(&j->old, record);
    return j->result == JOURNAL_RECORD;
}

int journal_unreadable(enum journal_result result, const char *name, int sys_errno, char *why,
                       size_t cap)
{
    if (result == JOURNAL_FAILED) {
        snprintf(why, cap, "can't read the journal %s: %s", name, fsk_errno_text(sys_errno));
        return EXIT_READ;
    }
    snprintf(why, cap,
             "%s is no journal, or one of a newer version: it doesn't begin with \"%.*s\"; name "
             "another file",
             name, (int)sizeof JOURNAL_FIRST - 2, JOURNAL_FIRST);
    return EXIT_USAGE;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static int write_batch(struct journal *j)
{
    int sys_errno = write_all(j->fd, j->writing.mem, fsk_buf_len(&j->writing));
    fsk_buf_clear(&j->writing);
    if (!sys_errno && fdatasync(j->fd) < 0 && errno != EINVAL && errno != EROFS)
        sys_errno = errno; /* the two: not for this kind of file */
    return sys_errno;
}

/* Wait until it is time to write. False: never again. Under the lock. */
static bool wait_for_batch(struct journal *j)
{
    while (!j->closing && j->records < BATCH) {
        fsock_time until = j->oldest + longest_wait;
        struct timespec at = {.tv_sec = (time_t)(until / FSOCK_SECOND),
                              .tv_nsec = (long)(until % FSOCK_SECOND)};
        if (!j->records)
            pthread_cond_wait(&j->news, &j->lock);
        else if (pthread_cond_timedwait(&j->news, &j->lock, &at) == ETIMEDOUT)
            break;
    }
    return j->records > 0;
}

static void *write_on(void *arg)
{
    struct journal *j = arg;
    pthread_mutex_lock(&j->lock);
    while (wait_for_batch(j)) {
        struct fsk_buf empty = j->writing;
        j->writing = j->waiting;
        j->waiting = empty;
        j->records = 0;
        pthread_cond_broadcast(&j->room);
        pthread_mutex_unlock(&j->lock);
        int sys_errno = j->sys_errno ? 0 : write_batch(j);
        if (sys_errno)
            j->sys_errno = sys_errno;
        pthread_mutex_lock(&j->lock);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* The clock of the waits is fsock_now()'s. Signals are for the program's first thread. */
static int start_thread(struct journal *j)
{
    pthread_condattr_t clock;
    sigset_t all, before;
    fsk_buf_init(&j->waiting, WAITING_MAX);
    fsk_buf_init(&j->writing, WAITING_MAX);
    pthread_mutex_init(&j->lock, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&j->news, &clock);
    pthread_cond_init(&j->room, NULL);
    pthread_condattr_destroy(&clock);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int sys_errno = pthread_create(&j->thread, NULL, write_on, j);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    j->started = !sys_errno;
    return sys_errno;
}

/* Cut off what follows the last newline; a file that holds nothing begins. */
static int mend(struct journal *j)
{
    if (j->old.whole < j->old.end && ftruncate(j->fd, (off_t)j->old.whole) < 0)
        return errno;
    if (!j->old.whole)
        return write_all(j->fd, JOURNAL_FIRST, sizeof JOURNAL_FIRST - 1);
    return 0;
}

int journal_start(struct journal *j, char *note, size_t cap)
{
    const struct journal_reader *old = &j->old;
    note[0] = '\0';
    if (j->result != JOURNAL_END)
        return journal_unreadable(j->result, j->name, old->sys_errno, note, cap);
    int sys_errno = mend(j);
    if (!sys_errno)
        sys_errno = start_thread(j);
    if (sys_errno) {
        snprintf(note, cap, "can't write the journal %s: %s", j->name, fsk_errno_text(sys_errno));
        return EXIT_WRITE;
    }
    bool torn = old->whole < old->end;
    if (old->damaged)
        snprintf(note, cap,
                 "the journal %s is damaged: %llu line%s, the first of them %llu, can't be read%s",
                 j->name, (unsigned long long)old->damaged, old->damaged == 1 ? "" : "s",
                 (unsigned long long)old->first_damaged,
                 torn ? ", and a half-written one at its end was cut off" : "");
    else if (torn)
        snprintf(note, cap, "the journal %s ended in a half-written line, which was cut off",
                 j->name);
    return 0;
}

void journal_add(struct journal *j, const struct journal_record *r)
{
    pthread_mutex_lock(&j->lock);
    while (!j->sys_errno && !journal_write(&j->waiting, r)) {
        if (!j->records)
            j->sys_errno = ENOMEM;
        else
            pthread_cond_wait(&j->room, &j->lock);
    }
    if (!j->sys_errno) {
        if (!j->records++)
            j->oldest = fsock_now();
        if (j->records == 1 || j->records == BATCH)
            pthread_cond_signal(&j->news);
    }
    pthread_mutex_unlock(&j->lock);
}

int journal_close(struct journal *j)
{
    if (!j->name)
        return 0;
    if (j->started) {
        pthread_mutex_lock(&j->lock);
        j->closing = true;
        pthread_cond_signal(&j->news);
        pthread_mutex_unlock(&j->lock);
        pthread_join(j->thread, NULL);
        pthread_cond_destroy(&j->news);
        pthread_cond_destroy(&j->room);
        pthread_mutex_destroy(&j->lock);
    }
    fsk_buf_fini(&j->waiting);
    fsk_buf_fini(&j->writing);
    journal_reader_fini(&j->old);
    if (j->fd >= 0)
        close(j->fd);
    *j = (struct journal){.sys_errno = j->sys_errno};
    return j->sys_errno;
}
