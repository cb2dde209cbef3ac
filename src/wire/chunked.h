/*
 * chunked.h - take the chunked transfer coding off a body (RFC 9112 7.1), as the bytes come in.
 *
 * A state machine in a small struct. Nothing is copied or allocated: body data comes out as spans
 * of the caller's input. Any split of the input gives the same bytes. What two readers could
 * understand differently is refused; only bare LF as a line end is forgiven.
 */
#ifndef FSK_CHUNKED_H
#define FSK_CHUNKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* A chunk's line, without its end, has at most this many bytes. */
#define FSK_CHUNKED_LINE_MAX (16 * 1024)

/* The lines of all chunks may have so many bytes more than 16 a chunk and one per byte of body. */
#define FSK_CHUNKED_SLACK (256 * 1024)

/* A useful ceiling for trailers. */
#define FSK_CHUNKED_TRAILERS_MAX (64 * 1024)

enum fsk_chunked_state {
    FSK_CHUNKED_SIZE,     /* in a chunk's size; `line` of its bytes are read */
    FSK_CHUNKED_SPACE,    /* behind a size: white space, then an extension or the line's end */
    FSK_CHUNKED_EXT,      /* in an extension: everything up to the line's end is ignored */
    FSK_CHUNKED_BODY,     /* `left` bytes of data are to come, then a line end */
    FSK_CHUNKED_TRAILERS, /* behind the last chunk; `line` bytes of a trailer line are read */
    FSK_CHUNKED_END,      /* the empty line is read: the body is whole */
};

struct fsk_chunked {
    enum fsk_chunked_state state;
    bool cr;             /* a CR was read: only LF may follow */
    int err;             /* what the decoder died of: it stays dead */
    uint32_t line;       /* bytes of the current line, without its end */
    uint32_t trailers;   /* bytes of trailers so far */
    uint32_t max;        /* and how many there may be */
    uint64_t left;       /* see the states; in FSK_CHUNKED_SIZE, the size so far */
    uint64_t length;     /* of all chunks whose size is read: at FSK_CHUNKED_END, of the body */
    uint64_t line_bytes; /* of all chunk lines, less 16 a chunk */
};

/* What fsk_chunked_next gives, or -(enum fsk_chunked_err). */
enum fsk_chunked_what {
    FSK_CHUNKED_MORE, /* all input is used: come back with more (at the end of input: cut short) */
    FSK_CHUNKED_DATA, /* *data is body */
    FSK_CHUNKED_TRAILER, /* *data is the next piece of the trailers */
    FSK_CHUNKED_DONE,    /* the body is whole; the input from *used on isn't part of it */
};

enum fsk_chunked_err {
    FSK_CHUNKED_OK,
    FSK_CHUNKED_BAD_SIZE,
    FSK_CHUNKED_TOO_LARGE,
    FSK_CHUNKED_BAD_LINE,
    FSK_CHUNKED_BAD_EXT,
    FSK_CHUNKED_NO_LINE_END,
    FSK_CHUNKED_LINE_TOO_LONG,
    FSK_CHUNKED_TOO_MUCH_EXT,
    FSK_CHUNKED_TRAILERS_TOO_LONG,
    FSK_CHUNKED_BARE_CR,
};

/* Ready for the first byte of a body. Trailers may have up to max_trailers bytes, ends included. */
void fsk_chunked_init(struct fsk_chunked *c, uint32_t max_trailers);

/*
 * Decode from in[0..n). *used says how many bytes are done with; call again with those behind until
 * MORE, DONE or an error. *data points into in; it is not empty with DATA and TRAILER, else it is.
 *
 * The pieces of the trailers, one after the other, are field lines with their ends, and without the
 * empty line: fsk_h1_check_fields and fsk_h1_next_field are for them. They are not checked here.
 *
 * Sizes are hex digits in any case with any number of zeros before, up to 2^63 - 1 for the whole
 * body. White space behind a size is skipped; extensions are read over, but may hold no control
 * byte except HTAB. After an error or DONE each call gives the same again and uses nothing.
 */
int fsk_chunked_next(struct fsk_chunked *c, const char *in, size_t n, size_t *used,
                     struct fsk_span *data);

/* One sentence without a subject: `has a chunk size that isn't a hex number`. Static. */
const char *fsk_chunked_error_text(enum fsk_chunked_err err);

#endif
