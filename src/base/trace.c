#include "base/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct entry {
    struct fsk_list link;
    struct fsock_mark mark;
    char text[]; /* mark.text points here */
};

static const char *const mark_names[] = {
    [FSOCK_MARK_LOOKUP] = "lookup",     [FSOCK_MARK_QUERY] = "query",
    [FSOCK_MARK_ANSWER] = "answer",     [FSOCK_MARK_ADDRESSES] = "addresses",
    [FSOCK_MARK_CONNECT] = "connect",   [FSOCK_MARK_CONNECTED] = "connected",
    [FSOCK_MARK_PROXY] = "proxy",       [FSOCK_MARK_TLS] = "tls",
    [FSOCK_MARK_REUSE] = "reuse",       [FSOCK_MARK_REQUEST] = "request",
    [FSOCK_MARK_SENT] = "sent",         [FSOCK_MARK_FIRST_BYTE] = "first-byte",
    [FSOCK_MARK_HEAD] = "head",         [FSOCK_MARK_BODY] = "body",
    [FSOCK_MARK_REDIRECT] = "redirect", [FSOCK_MARK_RETRY] = "retry",
    [FSOCK_MARK_LIMIT] = "limit",       [FSOCK_MARK_CLOSE] = "close",
};

const char *fsock_mark_name(enum fsock_mark_kind kind)
{
    return kind >= FSOCK_MARK_LOOKUP && kind <= FSOCK_MARK_CLOSE ? mark_names[kind] : "unknown";
}

void fsk_trace_init(struct fsk_trace *trace)
{
    fsk_list_init(&trace->marks);
    trace->shown = NULL;
}

void fsk_trace_fini(struct fsk_trace *trace)
{
    while (fsk_trace_next(trace))
        ;
}

const struct fsock_mark *fsk_trace_next(struct fsk_trace *trace)
{
    free(trace->shown);
    trace->shown = NULL;
    if (fsk_list_empty(&trace->marks))
        return NULL;
    struct entry *e = FSK_HOLDER(trace->marks.next, struct entry, link);
    fsk_list_remove(&e->link);
    trace->shown = e;
    return &e->mark;
}

void fsk_trace_add(struct fsk_trace *trace, enum fsock_mark_kind kind, uint64_t id, int fd,
                   int sys_errno, uint64_t size, const char *format, ...)
{
    va_list ap, again;
    va_start(ap, format);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, format, ap);
    va_end(ap);
    struct entry *e = n < 0 ? NULL : malloc(sizeof *e + (size_t)n + 1);
    if (e) {
        vsnprintf(e->text, (size_t)n + 1, format, again);
        e->mark = (struct fsock_mark){kind, fsock_now(), id, fd, sys_errno, size, e->text};
        fsk_list_append(&trace->marks, &e->link);
    }
    va_end(again);
}
