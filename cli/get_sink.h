/*
 * get_sink.h - where one body goes: nowhere, standard output, or a file that is whole or not there.
 *
 * A file is written as NAME.part and renamed to NAME when the body is complete, so that NAME is
 * never half-written; what stood there before stays until then. When a transfer fails, NAME.part is
 * removed, unless it can be continued: then it stays, and beside it NAME.part.meta, which holds the
 * URL and the validator (a strong ETag, or Last-Modified) that a resumption needs for If-Range. The
 * same note is made once a body has a megabyte, so that not even a crash loses much. It is a file
 * and no extended attribute because not every file system has those.
 *
 * NAME.part is locked (flock) while it is written. Whoever finds it locked, another transfer or
 * another process, writes NAME.part.N instead, which is never resumed; the last to end wins the
 * name. Where NAME is no regular file (/dev/null, a FIFO), it is written directly.
 */
#ifndef FSOCK_CLI_GET_SINK_H
#define FSOCK_CLI_GET_SINK_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/span.h"
#include "out.h"
#include "outcome.h"

enum sink_kind {
    SINK_NONE,   /* dropped */
    SINK_STDOUT, /* standard output */
    SINK_DIRECT, /* something that can't be renamed */
    SINK_PART,   /* NAME.part, resumable */
    SINK_PRIVATE /* NAME.part.N */
};

struct sink {
    enum sink_kind kind;
    struct out *out; /* SINK_STDOUT */
    int fd;          /* of the file; -1: not open */
    char *name;      /* the final name; NULL: no file */
    char *part;      /* the name while it is written */
    char *validator; /* of the answer; NULL: it can't be continued */
    uint64_t size;   /* bytes in the file */
    bool noted;      /* NAME.part.meta is there */
};

/* What NAME.part holds, and where to go on. */
struct sink_rest {
    uint64_t size;
    char validator[512];
};

void sink_init(struct sink *s);

/* Let go of everything without a word; an open file counts as failed. */
void sink_fini(struct sink *s);

/* Write to `out`, which is borrowed. */
void sink_to_stdout(struct sink *s, struct out *out);

/* Write to the file `name` in `dir` (NULL: where we are). False: out of memory. */
bool sink_to_file(struct sink *s, const char *dir, const char *name);

/* True if an earlier run has left something of this URL to continue. */
bool sink_rest(const struct sink *s, const char *url, struct sink_rest *rest);

/*
 * Open the file for an answer: empty, or at `from` bytes to continue (else 0). `validator` may be
 * empty. Failures here and below end in `o`, with exit code 23; they return false.
 */
bool sink_open(struct sink *s, uint64_t from, struct fsk_span validator, bool create_dirs,
               struct outcome *o);

bool sink_write(struct sink *s, const char *url, const void *p, size_t n, struct outcome *o);

/* Whether what was written can be taken back. */
static inline bool sink_restarts(const struct sink *s)
{
    return s->kind != SINK_STDOUT && s->kind != SINK_DIRECT;
}

/* Take back all but the first `keep` bytes; the file is to be opened again. */
bool sink_restart(struct sink *s, uint64_t keep, struct outcome *o);

/* The body is complete: the file gets its name. */
bool sink_commit(struct sink *s, struct outcome *o);

/* The body failed: keep what can be continued, remove the rest. */
void sink_abandon(struct sink *s, const char *url);

#endif
