/*
 * ebcdic.h - EBCDIC, the code of mainframes, as Latin-1: code pages 037, 500 and 1047.
 *
 * Each of the three has the 256 characters of Latin-1, its control characters among them, at other
 * places: so that every byte has its partner, and a way there and back changes nothing. Of the line
 * ends, LF is 0x25, CR 0x0d, and NEL (U+0085), with which mainframes end lines, 0x15.
 *
 * The pages come from iconv(3), once; a struct ebcdic is two tables, and needs no clean-up.
 */
#ifndef FSOCK_CLI_EBCDIC_H
#define FSOCK_CLI_EBCDIC_H

#include "bytes.h"

struct ebcdic {
    uint8_t latin1[256]; /* the character of an EBCDIC byte */
    uint8_t ebcdic[256]; /* and the other way */
};

/* Make the tables of a page: "037", "500" or "1047". NULL, or why not: a sentence. */
const char *ebcdic_init(struct ebcdic *e, struct fsk_span page);

/* Convert n bytes in place. */
void ebcdic_to_latin1(const struct ebcdic *e, void *bytes, size_t n);
void ebcdic_from_latin1(const struct ebcdic *e, void *bytes, size_t n);

/* Append UTF-8 text as EBCDIC. A character above U+00FF, or a byte of none, is a mistake. */
bool ebcdic_read(const struct ebcdic *e, struct fsk_span text, struct fsk_buf *bytes,
                 struct bytes_fault *fault);

#endif
