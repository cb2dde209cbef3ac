/*
 * decode.h - undo the content codings of an HTTP body (RFC 9110 8.4), as a stream.
 *
 * A decoder is a stack of codings built from a Content-Encoding list. Bytes are pushed in at one
 * end and come out decoded in the caller's buffer, in pieces of any size on both sides, for a body
 * of any size. It knows gzip and x-gzip (RFC 1952), deflate (RFC 1950, and the bare RFC 1951 that
 * some servers send under that name), br (RFC 7932), zstd (RFC 8878, windows as in RFC 9659) and
 * identity. Uses ISA-L, libbrotlidec, libzstd; no fd, no clock.
 *
 * Memory: about 90 KiB for each gzip or deflate, 16 KiB between two codings, all taken by
 * fsk_decode_new. The br and zstd libraries take their window when the stream has named it: at most
 * 16 MiB for br, 8 MiB for zstd.
 *
 *     struct fsk_decode *d;
 *     err = fsk_decode_new(&d, FSK_SPAN("gzip"), NULL, &bad);
 *     for each piece of the body:
 *         do {
 *             err = fsk_decode_push(d, &piece, out, sizeof(out), &made);
 *             use the `made` bytes at out
 *         } while (err == FSK_DECODE_FULL);
 *         if (err) ...
 *     err = fsk_decode_finish(d);
 */
#ifndef FSK_DECODE_H
#define FSK_DECODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

enum fsk_decode_err {
    FSK_DECODE_OK = 0,    /* all the input is used, and all that it makes has been handed out */
    FSK_DECODE_FULL,      /* no error: that is enough for one call, there may be more; call again */
    FSK_DECODE_UNKNOWN,   /* the list names a coding that is not known here */
    FSK_DECODE_TOO_MANY,  /* the list names more than FSK_DECODE_DEPTH codings */
    FSK_DECODE_MEMORY,    /* an allocation failed */
    FSK_DECODE_NOT_GZIP,  /* said to be gzip; its first two bytes say that it is not */
    FSK_DECODE_HEADER,    /* a gzip, zlib or zstd header that asks for what doesn't exist */
    FSK_DECODE_DATA,      /* the compressed data is damaged */
    FSK_DECODE_CHECKSUM,  /* the data decodes to something other than what was encoded */
    FSK_DECODE_LENGTH,    /* so it does, by the length that gzip stores */
    FSK_DECODE_WINDOW,    /* zstd: needs a window above the 8 MiB that RFC 9659 allows */
    FSK_DECODE_TRUNCATED, /* the input ended before the compressed data did */
    FSK_DECODE_TOO_BIG,   /* decodes to more than max_body bytes */
    FSK_DECODE_BOMB       /* decodes to more than max_ratio times its size */
};

/* Codings in one list; identity doesn't count. */
#define FSK_DECODE_DEPTH 5

/*
 * Output bytes for each input byte. No honest page comes near; DEFLATE can reach 1032, br and
 * zstd a hundred times that.
 */
#define FSK_DECODE_RATIO 1000

/* The ratio is looked at only once a coding has made more than this many bytes. */
#define FSK_DECODE_RATIO_FLOOR (1024 * 1024)

/*
 * max_body is exact: that many bytes come out, and FSK_DECODE_TOO_BIG if there is one more.
 *
 * max_ratio guards against small bodies that decode to huge ones. It compares what each coding of
 * the stack has made with the encoded bytes that the whole stack has used, after every step of at
 * most 256 KiB; so just where it strikes depends on the sizes of the pieces.
 */
struct fsk_decode_limits {
    uint64_t max_body;  /* bytes; 0 = no limit */
    uint32_t max_ratio; /* output bytes for each input byte; 0 = no limit */
};

struct fsk_decode;

/*
 * Make a decoder for a Content-Encoding list: the field's value, or several joined by commas, in
 * any letter case. An empty list means identity. NULL limits mean no max_body and
 * FSK_DECODE_RATIO. Returns FSK_DECODE_OK and the decoder in *d, to be freed with
 * fsk_decode_free; or UNKNOWN, TOO_MANY or MEMORY, and NULL in *d. After UNKNOWN or TOO_MANY, *bad
 * is the list's member at fault, and points into content_encoding.
 */
enum fsk_decode_err fsk_decode_new(struct fsk_decode **d, struct fsk_span content_encoding,
                                   const struct fsk_decode_limits *limits, struct fsk_span *bad);

/* NULL is fine. */
void fsk_decode_free(struct fsk_decode *d);

/*
 * Decode from *in, which is moved on past the bytes used, to out[0 .. cap). *made is how many bytes
 * were written, after an error too. cap may be as small as 1.
 *
 * OK: in->n is 0 and nothing is held back; push more or finish. FULL: the buffer is full, or much
 * was used and little came of it, so that the caller may look at the clock: make room and call
 * again with the rest of *in, even if that is empty. Anything else is an error, for good: each
 * later call gives it again. NOT_GZIP comes before any output and at the second byte of the body at
 * the latest, so a caller who wants to pass such a body on as it is has only to keep those.
 */
enum fsk_decode_err fsk_decode_push(struct fsk_decode *d, struct fsk_span *in, char *out,
                                    size_t cap, size_t *made);

/*
 * The input has ended. To be called after a push that returned OK, or none. Returns OK if every
 * coding had reached its end, or the body was of no bytes at all (an answer to HEAD, a 304);
 * TRUNCATED if not; or the error that the decoder died of. Bytes behind the end of the compressed
 * data are ignored, as by gzip(1).
 */
enum fsk_decode_err fsk_decode_finish(struct fsk_decode *d);

/* One sentence, without a full stop; never NULL. */
const char *fsk_decode_error_text(enum fsk_decode_err err);

#endif
