/*
 * talk_speak.h - what the dialogs of --starttls share: saying, hearing, and telling what went
 * wrong.
 *
 * Bytes are heard through the stream's own buffer and never taken from it beyond what was asked
 * for. So what a peer has sent too early is still there when TLS begins, and is noticed.
 */
#ifndef FSOCK_CLI_TALK_SPEAK_H
#define FSOCK_CLI_TALK_SPEAK_H

#include <stdbool.h>
#include <stddef.h>

#include <fsock.h>

#include "base/span.h"

#define HEARD_MAX   ((size_t)64 << 10) /* bytes that a server may say before TLS */
#define SPOKEN_LINE ((size_t)4096)     /* of a line, with its end */
#define QUOTE_MAX   240                /* of an answer in a sentence */

struct speaker {
    fsock_stream *stream;
    const char *protocol, *host; /* host: NULL or "": it has none */
    const char *awaited;         /* "its greeting": what is to be heard next, for sentences */
    fsock_time deadline;         /* of all of it */
    size_t heard;                /* bytes */
    struct fsock_fault *fault;
};

/* All of these fill in the fault when they fail. */
enum fsock_err speaker_say(struct speaker *s, const void *bytes, size_t n);
enum fsock_err speaker_hear(struct speaker *s, void *bytes, size_t n);

/* A line, without its CR LF or LF; it is in `room`. */
enum fsock_err speaker_hear_line(struct speaker *s, char room[SPOKEN_LINE], struct fsk_span *line);

/* The server does not want, or speaks something else: FSOCK_ERR_PROTOCOL, with a sentence. */
enum fsock_err speaker_refuse(struct speaker *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ... because this is not what was awaited. */
enum fsock_err speaker_refuse_answer(struct speaker *s, struct fsk_span answer);

/* ... because TLS is not among what it offers; `answer` is what it said instead. */
enum fsock_err speaker_refuse_offer(struct speaker *s, struct fsk_span answer);

#endif
