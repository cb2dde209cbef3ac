/*
 * upload.h - the body of a request, put together of texts and files.
 *
 * A small one is in memory. One of more than UPLOAD_SMALL bytes goes to an unlinked file in
 * $TMPDIR, and is mapped from there: so memory does not grow with the files, its length is known
 * even of a pipe, and each try sends the same bytes, whatever becomes of the files meanwhile.
 */
#ifndef FSOCK_CLI_UPLOAD_H
#define FSOCK_CLI_UPLOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"

#define UPLOAD_SMALL ((size_t)1024 * 1024)

struct upload {
    struct fsk_buf last; /* what is not in the file */
    int fd;              /* -1: there is none */
    uint64_t written;
    void *map;     /* after upload_end(); NULL: all is in `last` */
    int sys_errno; /* of the temporary file, or ENOMEM: no more is taken */
};

void upload_init(struct upload *u);

/* After upload_init(), or of what is all zero but for `fd`, or is after this. */
void upload_fini(struct upload *u);

/* Append a text. What fails is in u->sys_errno. */
void upload_text(struct upload *u, struct fsk_span text);

/* Append a file; "-" is standard input. The errno of reading it, or 0. */
int upload_file(struct upload *u, const char *name);

/* So many bytes so far. */
static inline uint64_t upload_size(const struct upload *u)
{
    return u->written + fsk_buf_len(&u->last);
}

/* That was all: where it is, until upload_fini(). 0 or u->sys_errno. */
int upload_end(struct upload *u, struct fsk_span *body);

#endif
