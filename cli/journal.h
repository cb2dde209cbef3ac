/*
 * journal.h - a run's memory: a file that says of each URL that has ended how it did.
 *
 * Lines (journal_line.h) are only ever appended: with the first run that names the file, and with
 * each later one. They are collected, written and brought to the disk (fdatasync) by a thread of
 * the journal's own, 100 ms after the oldest of them came, or when there are 1,000: a disk that is
 * slow holds up no deadline. If it can't keep up with 8 MiB of lines, who adds waits. A killed run
 * therefore loses what it did in its last tenth of a second, or since the batch before was given to
 * the disk, which is done again.
 *
 * The file is locked while a run has it, and is its owner's alone (mode 0600), since URLs can hold
 * passwords. A file that is not empty and doesn't begin as a journal does is refused, and left as
 * it is.
 *
 * A run opens it, takes what it holds by journal_next(), starts it, and adds to it from any thread.
 */
#ifndef FSOCK_CLI_JOURNAL_H
#define FSOCK_CLI_JOURNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include <fsock.h>

#include "journal_read.h"

struct journal {
    const char *name; /* NULL: there is no journal */
    int fd;
    struct journal_reader old;
    enum journal_result result; /* of the last look at what it holds */

    pthread_t thread;
    bool started;
    pthread_mutex_t lock;
    pthread_cond_t news, room; /* there is something to be written; it is being written */
    struct fsk_buf waiting;    /* under the lock, as the next three */
    size_t records;            /* in it */
    fsock_time oldest;         /* when the first of them came */
    bool closing;
    struct fsk_buf writing; /* the thread's own */
    _Atomic int sys_errno;  /* it couldn't be written, and what was added since is lost; or 0 */
};

/*
 * Open and lock the file; it is made if it isn't there. The name is borrowed. Returns 0, or the
 * exit code, with the sentence in `why`: it isn't a regular file, or another run has it. To be
 * closed, whatever is returned.
 */
int journal_open(struct journal *j, const char *name, char *why, size_t cap);

/* The next record of those that were there. False: that was all, or it can't be read. */
bool journal_next(struct journal *j, struct journal_record *record);

/*
 * After journal_next() has said false: from here on records can be added. A line that a killed run
 * has left half written is cut off; if that or something else is worth a word, `note` is a sentence
 * (else empty). Returns 0, or the exit code, with the sentence in `note`.
 */
int journal_start(struct journal *j, char *note, size_t cap);

/* Add a record. In any thread. */
void journal_add(struct journal *j, const struct journal_record *r);

/* Write all that waits, and let go of the file. 0, or the errno of what couldn't be written. */
int journal_close(struct journal *j);

/* What a result other than JOURNAL_RECORD and JOURNAL_END means: the exit code, and the sentence.
 */
int journal_unreadable(enum journal_result result, const char *name, int sys_errno, char *why,
                       size_t cap);

#endif
