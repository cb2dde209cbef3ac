/*
 * trace.h - writing marks into a trace (fsock/trace.h).
 *
 * Off is a NULL pointer, and costs a comparison: write through fsk_mark(). Marks read the clock;
 * decisions never do. Marks stand one behind the other in one buffer, so that ten of them an
 * exchange cost no allocation.
 *
 * A socket that is new is told to the trace (fsk_trace_socket), and who uses it at the moment
 * (fsk_trace_owner): system calls, which know a descriptor only, are then marked with both numbers.
 */
#ifndef FSK_TRACE_H
#define FSK_TRACE_H

#include <fsock.h>

#include <stdbool.h>

#define FSK_TRACE_MAX ((size_t)64 * 1024 * 1024)

/* A field of a mark. A text that is NULL leaves the field out. */
static inline struct fsock_field fsk_text(const char *key, const char *text)
{
    return (struct fsock_field){text ? key : NULL, text, 0};
}

static inline struct fsock_field fsk_number(const char *key, int64_t number)
{
    return (struct fsock_field){key, NULL, number};
}

/* No field. */
#define FSK_NO_FIELD                                                                               \
    {                                                                                              \
        NULL, NULL, 0                                                                              \
    }

/*
 * Write `mark` with its fields, of which those without a key are left out, and its data, all
 * copied; keys and `call` are borrowed for ever. The time is now unless mark->at is given; the
 * connection is the descriptor's, and so is an id of 0. Data whose secrets can't be masked, since
 * it belongs to no descriptor or memory is short, is left out.
 */
void fsk_trace_add(fsock_trace *trace, const struct fsock_mark *mark,
                   const struct fsock_field *field, size_t fields);

/*
 * The marks PLAIN_OUT and PLAIN_IN: bytes that TLS seals or has opened. `layer` is 1 for TLS on the
 * socket, 2 for TLS within that: each is a stream of its own, as are the socket's own bytes, to
 * which the masks of secrets stick. Not for a trace that keeps no bytes.
 */
void fsk_trace_plain(fsock_trace *trace, enum fsock_mark_kind kind, int fd, unsigned layer,
                     const void *p, size_t n);

/* Mark, if the trace is on; fields as fsk_text() and so on, one at least. */
#define fsk_mark(trace, kind_, id_, fd_, errno_, size_, ...)                                       \
    do {                                                                                           \
        if (trace) {                                                                               \
            const struct fsock_field fsk_fields_[] = {__VA_ARGS__};                                \
            const struct fsock_mark fsk_mark_ = {.kind = (kind_),                                  \
                                                 .id = (id_),                                      \
                                                 .fd = (fd_),                                      \
                                                 .sys_errno = (errno_),                            \
                                                 .size = (size_)};                                 \
            fsk_trace_add(trace, &fsk_mark_, fsk_fields_,                                          \
                          sizeof fsk_fields_ / sizeof *fsk_fields_);                               \
        }                                                                                          \
    } while (0)

/*
 * Something has ended: the mark DONE, and LIMIT before it if one struck. `fault` with its err set
 * says how it failed; NULL, or FSOCK_OK in it: it did not.
 */
void fsk_mark_done(fsock_trace *trace, uint64_t id, const struct fsock_fault *fault);

/* A number for a stream: they are counted from 1. */
uint64_t fsk_trace_stream(fsock_trace *trace);

/* Whether marks wait that fsk_trace_news() has not yet told of. Asking is telling. */
bool fsk_trace_news(fsock_trace *trace);

/* Whether it keeps system calls, bytes, headers; and whether it masks what is secret. */
bool fsk_trace_wants_calls(const fsock_trace *trace);
bool fsk_trace_wants_data(const fsock_trace *trace);
bool fsk_trace_wants_headers(const fsock_trace *trace);
bool fsk_trace_masks(const fsock_trace *trace);

/* A new socket: the next connection. `id` as in fsk_trace_owner(). NULL is fine, in both. */
void fsk_trace_socket(fsock_trace *trace, int fd, uint64_t id);

/* From now on, what happens to fd belongs to `id`; 0: to nobody. */
void fsk_trace_owner(fsock_trace *trace, int fd, uint64_t id);

/* fd is closed: its number is nobody's until it is given out again. */
void fsk_trace_closed(fsock_trace *trace, int fd);

#endif
