#include "trace_read.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"

enum { CHUNK = 65536 };

struct trace_reader {
    int fd, alarm, sys_errno;
    struct out *out;
    bool ended;
    bool inside; /* of a line that is too long: its rest is passed over */
    bool newer;  /* of a run that we can't read */
    uint64_t number;
    struct fsk_buf buf;
    size_t scanned; /* bytes of buf known to hold no newline */
    struct trace_line line;
};

struct trace_reader *trace_reader_new(int fd)
{
    struct trace_reader *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->fd = fd;
    r->alarm = -1;
    fsk_buf_init(&r->buf, TRACE_LINE_MAX + CHUNK + 2);
    trace_line_init(&r->line);
    return r;
}

void trace_reader_free(struct trace_reader *r)
{
    if (!r)
        return;
    trace_line_fini(&r->line);
    fsk_buf_fini(&r->buf);
    free(r);
}

void trace_reader_alarm(struct trace_reader *r, int alarm)
{
    r->alarm = alarm;
}

void trace_reader_flush(struct trace_reader *r, struct out *out)
{
    r->out = out;
}

int trace_reader_errno(const struct trace_reader *r)
{
    return r->sys_errno;
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static void end_by(struct trace_reader *r, int sys_errno)
{
    r->sys_errno = sys_errno;
    r->ended = true;
}

/* Wait until there are bytes. False: there won't be. */
static bool wait_for_bytes(struct trace_reader *r)
{
    struct fsock_wait_item list[] = {
        {NULL, r->fd,    FSOCK_READABLE, 0},
        {NULL, r->alarm, FSOCK_READABLE, 0},
    };
    enum fsock_err err = fsock_wait(list, 2, FSOCK_NEVER);
    if (err != FSOCK_OK)
        end_by(r, ENOMEM);
    else if (list[1].ready)
        end_by(r, EINTR);
    return !r->ended;
}

static void read_on(struct trace_reader *r)
{
    if (fsk_buf_reserve(&r->buf, CHUNK) != FSOCK_OK) {
        end_by(r, ENOMEM);
        return;
    }
    if (r->out)
        out_flush(r->out);
    if (!wait_for_bytes(r))
        return;
    ssize_t n = read(r->fd, r->buf.mem + r->buf.end, CHUNK);
    if (n > 0)
        r->buf.end += (size_t)n;
    else if (n == 0)
        r->ended = true;
    else if (errno != EAGAIN && errno != EINTR)
        end_by(r, errno);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* Take n bytes off the buffer. They stay in place until the next are read. */
static struct fsk_span take(struct trace_reader *r, size_t n)
{
    struct fsk_span text = fsk_span(r->buf.mem + r->buf.start, n);
    r->scanned = 0;
    fsk_buf_consume(&r->buf, n);
    return text;
}

/* The next line, with its newline, or so much of it that it is too long; empty: there is none. */
static struct fsk_span next_line(struct trace_reader *r)
{
    for (;;) {
        size_t len = fsk_buf_len(&r->buf), more = len - r->scanned;
        const char *start = more ? r->buf.mem + r->buf.start : NULL;
        const char *end = more ? memchr(start + r->scanned, '\n', more) : NULL;
        if (end)
            return take(r, (size_t)(end - start) + 1);
        if (r->ended || len > TRACE_LINE_MAX + 1)
            return take(r, len);
        r->scanned = len;
        read_on(r);
    }
}

/* What a line is. */
static enum trace_line_kind look(struct trace_reader *r, struct fsk_span text)
{
    bool whole = text.p[text.n - 1] == '\n', inside = r->inside;
    r->inside = !whole && !r->ended;
    r->number += !inside;
    if (inside)
        return TRACE_LINE_OTHER;
    enum trace_line_kind kind = trace_line_parse(&r->line, fsk_span(text.p, text.n - whole));
    if (kind == TRACE_LINE_RUN || kind == TRACE_LINE_NEWER)
        r->newer = kind == TRACE_LINE_NEWER;
    else if (r->newer)
        return TRACE_LINE_OTHER;
    return kind;
}

enum trace_read_result trace_read_next(struct trace_reader *r, struct trace_run *run,
                                       const struct fsock_mark **mark, char *why, size_t cap)
{
    for (;;) {
        struct fsk_span text = next_line(r);
        if (!text.n)
            return TRACE_READ_END;
        switch (look(r, text)) {
        case TRACE_LINE_RUN:
            *run = r->line.run;
            return TRACE_READ_RUN;
        case TRACE_LINE_MARK:
            *mark = &r->line.mark;
            return TRACE_READ_MARK;
        case TRACE_LINE_NEWER:
        case TRACE_LINE_BAD:
            snprintf(why, cap, "line %llu: %s", (unsigned long long)r->number, r->line.why);
            return TRACE_READ_BAD;
        case TRACE_LINE_OTHER:
            break;
        }
    }
}
