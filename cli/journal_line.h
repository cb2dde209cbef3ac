/*
 * journal_line.h - a line of a journal (journal.h): a URL that has ended, and how.
 *
 * A journal is text. Its first line is JOURNAL_FIRST, where 1 is the version of the format; each of
 * the others is nine fields, parted by tabs:
 *
 *     CHECK TIME ERR STATUS EXITCODE SECONDS CACHE VARIANT URL
 *     5b0c9a7e 2026-11-26T04:17:07.123Z ok 200 0 0.012345 HIT mobile https://shop.example/
 *     91d2f0c4 2026-11-26T04:17:08.001Z timeout 000 28 5.000102 - - https://slow.example/
 *
 * CHECK is the CRC-32 of what follows the first tab, in hex: a line that was half written, or lost
 * on its way to the disk, is known by it. TIME is when the URL ended (UTC), ERR the kind of failure
 * or "ok", SECONDS how long it took; CACHE and VARIANT are free texts, "-" if there is none. In the
 * last three control characters and backslashes are \xNN, and nothing else is.
 *
 * Pure functions over the caller's bytes.
 */
#ifndef FSOCK_CLI_JOURNAL_LINE_H
#define FSOCK_CLI_JOURNAL_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define JOURNAL_FIRST "# fsock journal 1\n"

/* A line may be so long, its newline included; a longer one isn't written. */
#define JOURNAL_LINE_MAX ((size_t)1024 * 1024)

struct journal_record {
    int64_t time;                   /* nanoseconds since 1970, of which milliseconds are kept */
    struct fsk_span err;            /* a word of 1 to 32 letters */
    unsigned status;                /* 0: none; at most 999 */
    int exitcode;                   /* 0: all went well; at most 999 */
    int64_t took;                   /* nanoseconds, of which microseconds are kept */
    struct fsk_span cache, variant; /* may be empty */
    struct fsk_span url;
};

/*
 * Append the line. False, and nothing has changed: it would be too long, or there is no memory. A
 * time before 1970 becomes that.
 */
bool journal_write(struct fsk_buf *to, const struct journal_record *r);

/*
 * Read a line, given without its newline. The escapes are undone in place: the bytes of the line
 * change, and the spans of the record point into them. False: it is damaged, or none of ours; then
 * the record is undefined.
 */
bool journal_parse(char *line, size_t n, struct journal_record *r);

#endif
