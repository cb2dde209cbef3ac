/*
 * talk_script.h - the lines of a script of `fsock talk`, one after the other.
 *
 *     # what a line is
 *     WORD [VALUE]
 *
 * Blanks around a line, and around its value, don't count, nor does a CR at its end or a byte order
 * mark in front of the first one. Blank lines and those that begin with # are none. Quotes, single
 * or double, around a value keep the blanks at its ends; they are no part of it. A quote of the
 * same kind within them needs a backslash, and one that begins a value must end it: so nothing is
 * guessed. talk_plan.h lists the words.
 *
 * Pure: nothing is opened or converted here. The text is the caller's; a NUL is written behind each
 * value, where a blank, a quote or the line's end was, so that a path is a C string in its place.
 */
#ifndef FSOCK_CLI_TALK_SCRIPT_H
#define FSOCK_CLI_TALK_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"
#include "talk_options.h"

/* What a line says: an enum piece that the command line has, too, or one of these. */
enum script_word {
    WORD_EXPECT = PIECE_DELAY + 1,
    WORD_LIMIT,
    WORD_STARTTLS,
    WORD_SHUT,
    WORD_CLOSE
};

struct script {
    char *text;      /* all of it */
    char *at, *end;  /* what is still to be read */
    unsigned number; /* of the last line, from 1 */
};

struct script_line {
    int what;         /* enum piece or enum script_word */
    const char *word; /* as it is written */
    struct fsk_span value;
};

enum script_result { SCRIPT_LINE, SCRIPT_END, SCRIPT_BAD };

/* text[n] must be the caller's, too: a NUL may be written there. */
void script_init(struct script *s, char *text, size_t n);

/* The next line that says something. SCRIPT_BAD: `why` has a sentence, without the place. */
enum script_result script_next(struct script *s, struct script_line *line, char *why, size_t cap);

#endif
