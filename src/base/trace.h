/*
 * trace.h - timeline marks: what happened, when, on which descriptor.
 *
 * A struct fsk_trace collects marks until they are read with fsk_trace_next. Off is a NULL pointer,
 * and costs a comparison: call it through fsk_mark(). Marks read the clock; decisions never do.
 */
#ifndef FSK_TRACE_H
#define FSK_TRACE_H

#include <fsock.h>

#include "base/list.h"

struct fsk_trace {
    struct fsk_list marks; /* unread, oldest first */
    void *shown;           /* the mark that was read last: freed by the next read */
};

void fsk_trace_init(struct fsk_trace *trace);
void fsk_trace_fini(struct fsk_trace *trace);

/* The next unread mark, or NULL; it lives until the next call. */
const struct fsock_mark *fsk_trace_next(struct fsk_trace *trace);

void fsk_trace_add(struct fsk_trace *trace, enum fsock_mark_kind kind, uint64_t id, int fd,
                   int sys_errno, uint64_t size, const char *format, ...)
    __attribute__((format(printf, 7, 8)));

/* Mark, if the trace is on. A mark that finds no memory is lost: a trace never fails a run. */
#define fsk_mark(trace, ...)                                                                       \
    do {                                                                                           \
        if (trace)                                                                                 \
            fsk_trace_add(trace, __VA_ARGS__);                                                     \
    } while (0)

#endif
