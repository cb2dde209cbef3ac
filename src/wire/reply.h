/*
 * reply.h - where an answer ends: the framing of protocols in which a server is asked one thing
 * after the other.
 *
 * An answer is looked for at the start of what has come so far. More may be added and the search
 * goes on where it was; no byte is looked at twice but those of the last line. Pure.
 */
#ifndef FSK_REPLY_H
#define FSK_REPLY_H

#include <stdint.h>

#include "base/span.h"

enum fsk_reply_form {
    FSK_REPLY_NONE,     /* nothing is awaited */
    FSK_REPLY_LINE,     /* one line */
    FSK_REPLY_CODE,     /* "250-..." and the like up to "250 ...": SMTP, FTP (RFC 959 4.2) */
    FSK_REPLY_DOTTED,   /* POP3: one line, or if that is +OK all up to a line with a dot */
    FSK_REPLY_TAGGED,   /* IMAP: up to a line that begins with the tag, "+" or "* BYE" */
    FSK_REPLY_SSH,      /* up to a line that begins with "SSH-" (RFC 4253 4.2) */
    FSK_REPLY_HEAD,     /* HTTP: up to an empty line */
    FSK_REPLY_STATS,    /* memcached: up to END or an error */
    FSK_REPLY_RESP,     /* Redis: a line, or a bulk string */
    FSK_REPLY_BYTE,     /* one byte */
    FSK_REPLY_POSTGRES, /* a type and four bytes of length */
    FSK_REPLY_MYSQL,    /* three bytes of length and a number */
    FSK_REPLY_ALL,      /* whatever there is */
    FSK_REPLY_DATAGRAM  /* a datagram; one that is not the answer is dropped */
};

#define FSK_REPLY_LINE_MAX ((size_t)16 << 10) /* bytes of a line, its end included */

struct fsk_reply {
    enum fsk_reply_form form;
    struct fsk_span tag; /* of FSK_REPLY_TAGGED; borrowed */
    size_t at;           /* what comes before has been looked at */
    bool inside;         /* a first line has been seen */
    char code[4];        /* of FSK_REPLY_CODE's first line; "" if it has none */
    size_t last, last_n; /* where the line stands that decides, without its end */
};

void fsk_reply_init(struct fsk_reply *r, enum fsk_reply_form form, struct fsk_span tag);

/*
 * Look for the answer's end. `bytes` are all that have come since its start, those of the calls
 * before included. > 0: the answer has so many bytes; 0: it is not complete; -1: this is no answer
 * of that form.
 */
ptrdiff_t fsk_reply_scan(struct fsk_reply *r, struct fsk_span bytes);

#endif
