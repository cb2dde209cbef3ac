/*
 * dname.h - domain names: the wire form (RFC 1035 3.1) in a value of 256 bytes, and its text.
 *
 * A name is always absolute: it ends with the empty label of the root. Its bytes are free (RFC 2181
 * 11); only the lengths have limits: 63 a label, 255 in all. Comparisons fold ASCII case and
 * nothing else. No allocation.
 */
#ifndef FSK_DNAME_H
#define FSK_DNAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define FSK_DNAME_MAX  255  /* bytes of the longest name, the root's 0 included */
#define FSK_DNAME_TEXT 1005 /* the longest text: 250 bytes as \DDD, 4 dots, NUL */

struct fsk_dname {
    uint8_t n; /* bytes used, 1 (the root) to 255; 0 only in a zeroed struct, which is no name */
    uint8_t b[FSK_DNAME_MAX]; /* a length byte and as many bytes, ..., 0 */
};

/* As `*to = *from`, but no byte behind the name is looked at. */
static inline void fsk_dname_copy(struct fsk_dname *to, const struct fsk_dname *from)
{
    to->n = from->n;
    memcpy(to->b, from->b, from->n);
}

enum fsk_dname_err {
    FSK_DNAME_OK = 0,
    FSK_DNAME_EMPTY = -1,       /* no text at all; the root is "." */
    FSK_DNAME_EMPTY_LABEL = -2, /* ".example", "a..example" */
    FSK_DNAME_LONG_LABEL = -3,  /* more than 63 bytes between two dots */
    FSK_DNAME_LONG = -4,        /* more than 255 bytes in all */
    FSK_DNAME_BAD_ESCAPE = -5   /* a backslash at the end, before one or two digits, \256 and up */
};

/* "a label is longer than 63 bytes"; never NULL. */
const char *fsk_dname_strerror(enum fsk_dname_err err);

/*
 * From presentation form (RFC 1035 5.1): dots part the labels, \DDD is the byte with that decimal
 * number, \X is X and no dot. A dot at the end is allowed and changes nothing. After an error d->n
 * is 0.
 */
enum fsk_dname_err fsk_dname_from_text(struct fsk_dname *d, struct fsk_span text);

/*
 * To presentation form, with the dot at the end ("." for the root) and a NUL; returns the length
 * without the NUL. All but the printable ASCII characters become \DDD, and those that mean
 * something in zone files get a backslash: the text can't drive a terminal and reads back as the
 * same name.
 */
size_t fsk_dname_to_text(const struct fsk_dname *d, char text[FSK_DNAME_TEXT]);

/* The labels of `head`, then those of `tail`. False if that is too long; then out->n is 0. */
bool fsk_dname_join(struct fsk_dname *out, const struct fsk_dname *head,
                    const struct fsk_dname *tail);

/* The same name, whatever its case (RFC 4343). */
bool fsk_dname_eq(const struct fsk_dname *a, const struct fsk_dname *b);

/* The same bytes: what is asked of an answer to a question whose case was mixed. */
bool fsk_dname_same(const struct fsk_dname *a, const struct fsk_dname *b);

/* Whether d is `zone` or lies below it. Everything lies below the root. */
bool fsk_dname_within(const struct fsk_dname *d, const struct fsk_dname *zone);

/* Labels, the root's not counted: 0 for ".", 2 for "example.com.". */
unsigned fsk_dname_labels(const struct fsk_dname *d);

/* Lower case, so that the bytes can be the key of a map. */
void fsk_dname_lower(struct fsk_dname *d);

/*
 * Give each letter the case that a random bit says ("0x20": 1 bit of the question per letter that
 * an off-path forger must guess, besides the id and the port). `bits` are 32 unpredictable bytes.
 */
void fsk_dname_mix_case(struct fsk_dname *d, const uint8_t bits[32]);

#endif
