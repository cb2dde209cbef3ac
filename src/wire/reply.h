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
    FSK_REPLY_DOTTED,   /* POP3, NNTP: one line; if that is +OK or 101, all up to one with a dot */
    FSK_REPLY_TAGGED,   /* IMAP: up to a line that begins with the tag, "+" or "* BYE" */
    FSK_REPLY_SIEVE,    /* ManageSieve: up to a line that begins with OK, NO or BYE */
    FSK_REPLY_STRING,   /* ManageSieve: one line, a literal in it included */
    FSK_REPLY_IRC,      /* up to an error, a number from 400 on, or the last line of CAP */
    FSK_REPLY_SSH,      /* up to a line that begins with "SSH-" (RFC 4253 4.2) */
    FSK_REPLY_HEAD,     /* HTTP: up to an empty line */
    FSK_REPLY_STATS,    /* memcached: up to END or an error */
    FSK_REPLY_RESP,     /* Redis: a line, or a bulk string */
    FSK_REPLY_POSTGRES, /* a type and four bytes of length */
    FSK_REPLY_SSL,      /* PostgreSQL: one byte, or an error as any message is */
    FSK_REPLY_MYSQL,    /* three bytes of length and a number */
    FSK_REPLY_LDAP,     /* a SEQUENCE of BER */
    FSK_REPLY_TAG,      /* XMPP: one tag, and a declaration in front of it */
    FSK_REPLY_ELEMENT,  /* XMPP: an element with all that is in it, or the tag that ends all */
    FSK_REPLY_ALL,      /* whatever there is */
    FSK_REPLY_DATAGRAM  /* a datagram; one that is not the answer is dropped */
};

#define FSK_REPLY_LINE_MAX   ((size_t)16 << 10) /* bytes of a line, its end included */
#define FSK_REPLY_PACKET_MAX ((size_t)64 << 10) /* ... of a message that has a length */

struct fsk_reply {
    enum fsk_reply_form form;
    struct fsk_span tag; /* of FSK_REPLY_TAGGED; borrowed */
    size_t at;           /* what comes before has been looked at */
    bool inside;         /* a first line, or a declaration, has been seen */
    bool ending;         /* the line that decides has been seen, but not the end of its literal */
    unsigned depth;      /* elements that are open */
    char code[4];        /* of FSK_REPLY_CODE's first line; "" if it has none */
    size_t last, last_n; /* where the line stands that decides, without its end; of IRC without the
                            prefix, of XMPP the tag or the element */
};

void fsk_reply_init(struct fsk_reply *r, enum fsk_reply_form form, struct fsk_span tag);

/*
 * Look for the answer's end. `bytes` are all that have come since its start, those of the calls
 * before included. > 0: the answer has so many bytes; 0: it is not complete; -1: this is no answer
 * of that form.
 */
ptrdiff_t fsk_reply_scan(struct fsk_reply *r, struct fsk_span bytes);

#endif
