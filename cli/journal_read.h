/*
 * journal_read.h - the records of a journal (journal_line.h), in the order of its lines.
 *
 * Read is what the file held at the beginning; others may append meanwhile. Damaged lines are
 * passed over and counted. What follows the last newline is no line: a run was killed, or the
 * machine, while it wrote it. At most twice JOURNAL_LINE_MAX bytes are held.
 */
#ifndef FSOCK_CLI_JOURNAL_READ_H
#define FSOCK_CLI_JOURNAL_READ_H

#include "journal_line.h"

enum journal_result {
    JOURNAL_RECORD,
    JOURNAL_END,
    JOURNAL_FOREIGN, /* it has something in it, and doesn't begin as a journal does */
    JOURNAL_FAILED   /* it can't be read: reader->sys_errno */
};

struct journal_reader {
    int fd;
    int sys_errno;
    uint64_t at, end;                /* offsets in the file: read so far, to be read */
    uint64_t whole;                  /* ... where the last line ended that was looked at */
    uint64_t line;                   /* its number, from 1 */
    uint64_t damaged, first_damaged; /* how many lines, and the first one's number */
    bool inside;                     /* of a line that is too long */
    struct fsk_buf buf;
    size_t scanned; /* bytes of buf known to hold no newline */
};

/* Read the first `end` bytes. The descriptor is borrowed; its position doesn't matter. */
void journal_reader_init(struct journal_reader *r, int fd, uint64_t end);
void journal_reader_fini(struct journal_reader *r);

/* The next record; its texts live until the next call. Another result stays. */
enum journal_result journal_read(struct journal_reader *r, struct journal_record *record);

#endif
