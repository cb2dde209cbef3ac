/*
 * bytes_dump.h - the lines of a hex dump: bytes_hex.h, which says what is understood, in its parts.
 */
#ifndef FSOCK_CLI_BYTES_DUMP_H
#define FSOCK_CLI_BYTES_DUMP_H

#include "bytes.h"

enum bytes_dump {
    BYTES_DUMP_NONE,   /* plain digits */
    BYTES_DUMP_COLON,  /* colons end the offsets; two blanks end the bytes */
    BYTES_DUMP_BARE,   /* blanks end the offsets; '|', '>' or three blanks end the bytes */
    BYTES_DUMP_UNSURE, /* the first word may be an offset, or bytes */
};

/* What a text is, judged by its first two lines. */
enum bytes_dump bytes_dump_form(struct fsk_span text);

/* Read a dump of that form. */
bool bytes_dump_read(struct bytes_reader *r, enum bytes_dump form);

#endif
