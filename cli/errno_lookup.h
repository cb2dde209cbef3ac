/*
 * errno_lookup.h - finding codes by what was typed: a number, a name, KIND:CODE, or words.
 *
 *   110          that error number; if there is none, the codes of other kinds with that number
 *   ETIMEDOUT    a name, as it is written; error numbers in any case, and with PHP's SOCKET_
 *   http:503     of a kind: a number, or a name in any case, or else a word to search it for
 *   http:        all of a kind
 * "http:" is all of it anything else is a word to search names, texts and explanations for, in any
 * case
 */
#ifndef FSOCK_CLI_ERRNO_LOOKUP_H
#define FSOCK_CLI_ERRNO_LOOKUP_H

#include <stdbool.h>

#include "base/span.h"
#include "errno_code.h"

#define ERRNO_HITS_MAX 640 /* more than there are codes */

struct errno_hit {
    const struct errno_kind *kind;
    const struct errno_code *code;
};

/* Each code once, in the order in which they were found. */
struct errno_hits {
    struct errno_hit hit[ERRNO_HITS_MAX];
    size_t n;
};

enum errno_found {
    ERRNO_FOUND,
    ERRNO_NOTHING, /* a number or KIND:CODE that there is not */
    ERRNO_A_WORD   /* something to search for */
};

/*
 * Put what the word names into `hits`. `only` limits it to a kind (NULL: none); with `all`, a
 * number means those of every kind.
 */
enum errno_found errno_look_up(struct errno_hits *hits, struct fsk_span word,
                               const struct errno_kind *only, bool all);

/*
 * Put the codes in which all of the words occur into `hits`: first those that have them in their
 * names, then those that have them in names and texts, then those that need their explanations.
 * False: there are none.
 */
bool errno_search(struct errno_hits *hits, const struct fsk_span *words, size_t n,
                  const struct errno_kind *only);

/* All codes of a kind. */
void errno_list(struct errno_hits *hits, const struct errno_kind *kind);

/* The kind of that name, in any case; NULL: there is none. */
const struct errno_kind *errno_kind_named(struct fsk_span name);

/* The number in decimal, perhaps negative. False: it is none, or too long for any code. */
bool errno_number(struct fsk_span word, int *number);

/* A name that was perhaps meant, or NULL. */
const char *errno_nearest(struct fsk_span word);

#endif
