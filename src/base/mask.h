/*
 * mask.h - secrets in a stream of bytes become asterisks, byte for byte.
 *
 * What is known: the values of HTTP's header fields for credentials and cookies, folded lines
 * included, and what follows PASS, AUTH, AUTHINFO, APOP, LOGIN and AUTHENTICATE (perhaps behind a
 * tag) in a line of SMTP, POP3, IMAP, NNTP, FTP or Redis. After AUTH and AUTHENTICATE two lines
 * more, which answer the server's challenges, or are Redis' user and password behind their lengths;
 * and lines that a literal ("{8}") brings. Passwords in other places, in a form or at a telnet's
 * prompt, are not known as such.
 *
 * Blanks and the ends of lines stay as they are. A pure machine: it may be fed in pieces of any
 * size.
 */
#ifndef FSK_MASK_H
#define FSK_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FSK_MASK_WORD 20 /* the longest word is "Proxy-Authorization:" */

/* A zeroed one is at the start of a line. */
struct fsk_mask {
    char word[FSK_MASK_WORD]; /* the word that is coming, in lower case */
    uint8_t n;                /* its length so far; more than there is room for: none of ours */
    uint8_t words;            /* of this line, before it; three are many */
    uint8_t lines;            /* so many whole lines are still secret */
    uint8_t kind;             /* of what is up to the end of the line; 0: it is no secret */
    bool folds;               /* the line goes on if the next one begins with a blank */
    bool begun;               /* the line has bytes */
    char first, last;         /* ... of which these are secret ones */
};

/* Overwrite what is secret in the next n bytes of the stream. */
void fsk_mask(struct fsk_mask *mask, char *p, size_t n);

#endif
