/*
 * h1.h - heads of HTTP/1.x responses (RFC 9112): read them, and write what decoding leaves of them.
 *
 * Pure functions over the caller's bytes; results point into them; nothing is allocated. What two
 * readers could understand differently is refused, not guessed: a head that is accepted has one
 * framing. Only bare LF as a line end and obs-fold are forgiven, as RFC 9112 2.2 and 5.2 ask.
 */
#ifndef FSK_H1_H
#define FSK_H1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

/* Ceilings, in bytes without line ends, bytes in all, and fields. */
#define FSK_H1_LINE_MAX   (100 * 1024)
#define FSK_H1_HEAD_MAX   (300 * 1024)
#define FSK_H1_FIELDS_MAX 5000

enum fsk_h1_err {
    FSK_H1_OK,
    FSK_H1_NOT_HTTP, /* not a status line: HTTP/0.9, ICY, or another protocol */
    FSK_H1_BAD_VERSION,
    FSK_H1_BAD_STATUS,
    FSK_H1_NUL,
    FSK_H1_BARE_CR,
    FSK_H1_CONTROL,
    FSK_H1_NO_COLON,
    FSK_H1_BAD_NAME,
    FSK_H1_SPACE_BEFORE_COLON,
    FSK_H1_FOLD_FIRST,
    FSK_H1_BAD_LENGTH,
    FSK_H1_LENGTHS_DIFFER,
    FSK_H1_LENGTH_AND_CODING,
    FSK_H1_BAD_CODING,
    FSK_H1_CODING_IN_1_0,
    FSK_H1_LINE_TOO_LONG,
    FSK_H1_HEAD_TOO_LONG,
    FSK_H1_TOO_MANY_FIELDS,
    FSK_H1_CUT_SHORT, /* fsk_h1_check_fields: the last line has no end */
};

/* What a response's head says. */
struct fsk_h1_head {
    int major, minor;         /* HTTP/1.minor; or "HTTP/2", which has none, as op/h2.h writes it */
    int status;               /* 100 to 999 */
    struct fsk_span reason;   /* may be empty */
    struct fsk_span fields;   /* all field lines with their ends: for fsk_h1_next_field */
    unsigned n_fields;        /* at most FSK_H1_FIELDS_MAX */
    int64_t content_length;   /* -1: none */
    unsigned content_codings; /* elements of Content-Encoding: walk them with fsk_h1_next_listed */
    bool chunked;             /* the last transfer coding is chunked */
    bool other_coding;        /* Transfer-Encoding names more than chunked */
    bool close;               /* Connection: close */
    bool keep_alive;          /* Connection: keep-alive */
    bool rate_limit;          /* a name begins with RateLimit, X-RateLimit or X-Rate-Limit */
};

/* How the body after a head ends (RFC 9112 6.3). */
enum fsk_h1_body {
    FSK_H1_BODY_NONE,
    FSK_H1_BODY_LENGTH,  /* after content_length bytes */
    FSK_H1_BODY_CHUNKED, /* with its last chunk */
    FSK_H1_BODY_CLOSE,   /* when the connection ends */
    FSK_H1_BODY_STREAM,  /* with its stream (HTTP/2) */
};

/*
 * Parse the head of a response from the n bytes received so far. last_n is the n of the previous
 * call for this head, 0 at first; feeding byte by byte costs no more than a few passes.
 * Returns the length of the head with its empty line, 0 if it isn't whole, or -(enum fsk_h1_err).
 * *h is valid after > 0. An error may be reported up to 4 KiB late while the head is partial;
 * FSK_H1_NOT_HTTP comes with the first byte that shows it. One empty line before the status line
 * is skipped.
 *
 * Refused, beyond what the grammar forbids: any control byte but HTAB, space before a colon,
 * Content-Length values that differ (`5, 5` is one value), Content-Length with Transfer-Encoding,
 * chunked twice, with parameters or before another coding, Transfer-Encoding in HTTP/1.0. The
 * coding `identity` of RFC 2616 says nothing and is ignored. "HTTP/2 200" is accepted: who reads
 * from a connection of HTTP/1 has to refuse it.
 */
int fsk_h1_parse(const char *buf, size_t n, size_t last_n, struct fsk_h1_head *h);

/* One sentence without a subject, e.g. `holds two different Content-Length values`. Static. */
const char *fsk_h1_error_text(enum fsk_h1_err err);

/* How the body of this response ends, given the request's method. A 1xx head has no body. */
enum fsk_h1_body fsk_h1_body(const struct fsk_h1_head *h, bool was_head, bool was_connect);

/* True if the connection may carry another request after this response (RFC 9112 9.3). */
bool fsk_h1_persists(const struct fsk_h1_head *h);

/*
 * Walk field lines: start with *pos = 0. False at the end. The value has no white space at its ends
 * and may hold line folds. `fields` are a parsed head's, or were accepted by fsk_h1_check_fields;
 * on other bytes the results are meaningless but within `fields`.
 */
bool fsk_h1_next_field(struct fsk_span fields, size_t *pos, struct fsk_span *name,
                       struct fsk_span *value);

/* From the beginning of a line to that of the next, for walks that see by its first bytes that the
 * field is of no interest. *pos < fields.n. */
void fsk_h1_next_line(struct fsk_span fields, size_t *pos);

/* The value of the first field of that name, in any case; false if there is none. */
bool fsk_h1_find(struct fsk_span fields, struct fsk_span name, struct fsk_span *value);

/* Where fsk_h1_next_listed stands; all zero at first. */
struct fsk_h1_list {
    size_t pos;
    struct fsk_span rest;
};

/*
 * Walk the comma-separated elements of all fields of that name, in order, empty ones skipped
 * (RFC 9110 5.6.1). For fields without quoted strings: Content-Encoding, Connection, Allow, Vary.
 */
bool fsk_h1_next_listed(struct fsk_span fields, struct fsk_span name, struct fsk_h1_list *at,
                        struct fsk_span *element);

/* Check field lines that stand alone, such as trailers, without the empty line that ends them. */
enum fsk_h1_err fsk_h1_check_fields(struct fsk_span fields);

/* A token (RFC 9110 5.6.2): at least one character, and only those a name or a method has. */
bool fsk_h1_valid_token(struct fsk_span s);

/* What was undone to a body, for fsk_h1_decoded_head. */
struct fsk_h1_decoding {
    bool dechunked;
    unsigned content_codings; /* how many, from the last one on */
    int64_t length;           /* of the decoded body; -1: not known, and no Content-Length */
    struct fsk_span trailers; /* accepted by fsk_h1_check_fields; may be empty */
};

/*
 * Write the head as decoding leaves it (RFC 2068 19.4.6): without the codings that were undone (the
 * field too, if none is left), with the trailers behind the fields, and with Content-Length as the
 * last field. Trailers that would change the framing or the coding (Content-Length,
 * Transfer-Encoding, Content-Encoding, Connection) are left out (RFC 9110 6.5.1). `head` is what
 * fsk_h1_parse took. Line ends become CRLF and folds a space. Returns the length, 0 if it doesn't
 * fit: 2 * head.n + 2 * trailers.n + 64 always does.
 */
size_t fsk_h1_decoded_head(struct fsk_span head, const struct fsk_h1_decoding *d, char *out,
                           size_t room);

#endif
