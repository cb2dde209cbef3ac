/*
 * spool.h - what must wait, in its order: first in, first out, in a file that has no name.
 *
 * Entries are bytes of any kind. Up to SPOOL_PIECE of them stand in memory at each end; what is
 * between lies in an unlinked file in $TMPDIR, which is made when it is needed, and gives back what
 * has been read. So a spool of a million entries costs no more memory than one of a thousand, and
 * one that never holds much touches no disk.
 */
#ifndef FSOCK_CLI_SPOOL_H
#define FSOCK_CLI_SPOOL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define SPOOL_PIECE ((size_t)64 * 1024)
#define SPOOL_ENTRY ((size_t)256 * 1024) /* the longest entry */

struct spool {
    struct fsk_buf first, last; /* the oldest; those not yet in the file */
    int fd;                     /* -1: none was needed so far */
    uint64_t read, written;     /* the file's bytes from read to written are between them */
    uint64_t bytes, ceiling;    /* what all of it has, and may have */
    uint64_t n;                 /* entries that wait */
    int sys_errno;              /* the file has failed: no more are taken */
    bool lost;                  /* ... and those in it can't be read */
};

/* `ceiling`: bytes at most, four for each entry included. */
void spool_init(struct spool *s, uint64_t ceiling);

/* After spool_init(), or of what is all zero. */
void spool_fini(struct spool *s);

/*
 * Put a copy at the end. FSOCK_OK; FSOCK_AGAIN: there is no room now; FSOCK_ERR_TOO_BIG: longer
 * than SPOOL_ENTRY; FSOCK_ERR_SYSTEM: the file (s->sys_errno); FSOCK_ERR_MEMORY.
 */
enum fsock_err spool_put(struct spool *s, struct fsk_span entry);

/*
 * Take out the first. FSOCK_OK, and it lives until the next call; FSOCK_AGAIN: there is none;
 * FSOCK_ERR_SYSTEM: those that are left are lost; FSOCK_ERR_MEMORY.
 */
enum fsock_err spool_get(struct spool *s, struct fsk_span *entry);

#endif
