/*
 * bytes_escape.h - bytes as text with the escapes of C: `GET / HTTP/1.0\r\n\r\n`.
 *
 *     \a \b \t \n \v \f \r \e    the control bytes 7 to 13, and 27
 *     \\ \" \' \?                the character itself
 *     \0 \17 \377                octal, one to three digits, at most 377
 *     \xd \xFF                   hex, one or two digits; a third one is text
 *     \u20ac \U0001f600          a character, exactly four or eight hex digits, as UTF-8
 *     \ at a line's end          neither the backslash nor the newline (or CR LF) counts
 *
 * All other bytes stand for themselves, NUL and newlines among them. A backslash before anything
 * else is a mistake. So are \u and \U of a surrogate (d800 to dfff) or of more than 10ffff.
 */
#ifndef FSOCK_CLI_BYTES_ESCAPE_H
#define FSOCK_CLI_BYTES_ESCAPE_H

#include "bytes.h"

/* Append the bytes that the text stands for. */
bool bytes_escape_read(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault);

/*
 * The escape at r->at, whose backslash is there: append its bytes and pass it. In C source
 * (`source`) \x takes all hex digits that follow, so that more than two are a mistake.
 */
bool bytes_escape_one(struct bytes_reader *r, bool source);

#endif
