/*
 * c_token.h - the words, numbers, literals and marks of C source, one after the other.
 *
 * Comments and lines of the preprocessor are passed over; a backslash at a line's end is a blank
 * between two tokens (within a word or a number it isn't understood). Mistakes are told as
 * bytes.h says.
 */
#ifndef FSOCK_CLI_C_TOKEN_H
#define FSOCK_CLI_C_TOKEN_H

#include "bytes.h"

enum c_kind {
    C_END,
    C_WORD,
    C_NUMBER,
    C_CHARACTER, /* a character constant */
    C_STRING,    /* a literal; its bytes come by c_token_bytes() */
    C_MARK,      /* anything else: one byte, or an operator that ends with '=' */
};

struct c_token {
    enum c_kind kind;
    size_t at;            /* where it begins */
    struct fsk_span text; /* its bytes in the source */
    char mark;            /* the byte, or '?' for an operator of two */
};

/* A zeroed lexer with a reader stands at the reader's place. */
struct c_lexer {
    struct bytes_reader *r; /* r->at is behind the last token */
};

bool c_token_next(struct c_lexer *lexer, struct c_token *t);

/* The value of a C_NUMBER; false, with the fault, for fractions and what is no number. */
bool c_token_number(struct c_lexer *lexer, const struct c_token *t, uint64_t *value);

/* Append the bytes of a C_STRING, without a NUL at its end, or the byte of a C_CHARACTER. */
bool c_token_bytes(struct c_lexer *lexer, const struct c_token *t);

#endif
