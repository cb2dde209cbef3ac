/*
 * errno_article.h - the tables of the article whose functions fsock replaces, and PHP's constants.
 *
 * They are facts and offered unchanged, whatever this machine's C library says: numbers 0 to 133 of
 * Linux with their texts (table 1), the texts of a later machine (table 2), and the names of
 * numbers that the article lists. test/data has the same as JSON.
 */
#ifndef FSOCK_CLI_ERRNO_ARTICLE_H
#define FSOCK_CLI_ERRNO_ARTICLE_H

#include <stdbool.h>
#include <stddef.h>

#define ERRNO_ARTICLE_MAX 133 /* the last number */

/* The text of a number in table 1 or 2; NULL: it has none. */
const char *errno_article_text(unsigned table, int number);

struct errno_constant {
    int number;
    const char *name; /* "EPERM"; PHP's is SOCKET_EPERM */
    bool in_article;  /* else PHP alone has it */
};

/* The i-th constant, from 0, in the order of their numbers. False: there are no more. */
bool errno_article_constant(size_t i, struct errno_constant *constant);

#endif
