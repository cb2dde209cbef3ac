/*
 * talk_lines.h - dialogs of protocols that speak in lines, as tables.
 *
 * A move says something, or nothing, and awaits an answer. Protocols differ in how an answer of
 * several lines ends and in how it says yes: that is the answer's form, and the text with which its
 * last line begins.
 */
#ifndef FSOCK_CLI_TALK_LINES_H
#define FSOCK_CLI_TALK_LINES_H

#include "talk_speak.h"

enum answer_form {
    ANSWER_LINE,   /* one line: POP3, IMAP's greeting */
    ANSWER_REPLY,  /* "250-..." and the like, up to "250 ...": SMTP, FTP, NNTP */
    ANSWER_TAGGED, /* up to a line with IMAP's tag, or the server's BYE */
    ANSWER_SIEVE,  /* up to a line that begins with OK, NO or BYE */
    ANSWER_IRC     /* up to an error, or the numeric that is awaited; a prefix doesn't count */
};

struct move {
    const char *say;  /* with its CR LF; NULL: nothing */
    const char *name; /* "its greeting": of the answer, for sentences; NULL: the table's end */
    enum answer_form form;
    const char *good;  /* its last line begins so, in either case */
    const char *offer; /* one of its lines must be this word or begin with it; NULL: none */
};

extern const struct move talk_moves_smtp[], talk_moves_lmtp[], talk_moves_pop3[], talk_moves_imap[],
    talk_moves_ftp[], talk_moves_nntp[], talk_moves_sieve[], talk_moves_irc[];

/* Make all the moves of a table. */
enum fsock_err talk_lines(struct speaker *s, const struct move *moves);

#endif
