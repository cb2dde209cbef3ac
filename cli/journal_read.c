#include "journal_read.h"

#include <errno.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

void journal_reader_init(struct journal_reader *r, int fd, uint64_t end)
{
    *r = (struct journal_reader){.fd = fd, .end = end};
    fsk_buf_init(&r->buf, 2 * JOURNAL_LINE_MAX);
}

void journal_reader_fini(struct journal_reader *r)
{
    fsk_buf_fini(&r->buf);
}

/* Read on. False: there is no more, or it can't be read. */
static bool fill(struct journal_reader *r)
{
    uint64_t left = r->end - r->at;
    size_t n = left < CHUNK ? (size_t)left : CHUNK;
    if (!n)
        return false;
    if (fsk_buf_reserve(&r->buf, n) != FSOCK_OK) {
        r->sys_errno = ENOMEM;
        return false;
    }
    ssize_t got;
    do
        got = pread(r->fd, r->buf.mem + r->buf.end, n, (off_t)r->at);
    while (got < 0 && errno == EINTR);
    if (got <= 0) {
        r->sys_errno = got < 0 ? errno : 0;
        r->end = r->at; /* it has become shorter */
        return false;
    }
    r->buf.end += (size_t)got;
    r->at += (uint64_t)got;
    return true;
}

/* The next line, of any length up to the ceiling; a longer one is a line of no bytes. */
static bool next_line(struct journal_reader *r, char **line, size_t *n)
{
    for (;;) {
        size_t len = fsk_buf_len(&r->buf);
        char *start = len ? r->buf.mem + r->buf.start : NULL;
        char *newline =
            len > r->scanned ? memchr(start + r->scanned, '\n', len - r->scanned) : NULL;
        if (newline) {
            *line = start;
            *n = r->inside ? 0 : (size_t)(newline - start);
            size_t taken = (size_t)(newline - start) + 1;
            fsk_buf_consume(&r->buf, taken); /* the bytes stay in place until the next read */
            r->whole = r->at - fsk_buf_len(&r->buf);
            r->scanned = 0;
            r->inside = false;
            r->line++;
            return true;
        }
        r->scanned = len;
        if (len >= JOURNAL_LINE_MAX) {
            fsk_buf_clear(&r->buf);
            r->scanned = 0;
            r->inside = true;
        }
        if (!fill(r))
            return false;
    }
}

static bool is_first(const char *line, size_t n)
{
    return fsk_span_eq(fsk_span(line, n), fsk_span(JOURNAL_FIRST, sizeof JOURNAL_FIRST - 2));
}

/* What is known once there are no more lines. */
static enum journal_result ended(struct journal_reader *r)
{
    if (r->sys_errno)
        return JOURNAL_FAILED;
    return r->line || !r->at ? JOURNAL_END : JOURNAL_FOREIGN;
}

enum journal_result journal_read(struct journal_reader *r, struct journal_record *record)
{
    char *line;
    size_t n;
    while (next_line(r, &line, &n)) {
        if (r->line == 1) {
            if (is_first(line, n))
                continue;
            fsk_buf_clear(&r->buf);
            r->at = r->end;
            r->line = 0;
            return JOURNAL_FOREIGN;
        }
        if (journal_parse(line, n, record))
            return JOURNAL_RECORD;
        if (!r->damaged++)
            r->first_damaged = r->line;
    }
    return ended(r);
}
