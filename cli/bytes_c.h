/*
 * bytes_c.h - the bytes of an array in C source.
 *
 *     static const uint8_t hello[] = { 0x16, 0x03, 'A', 10, 017, -1, (uint8_t)0x80u, };
 *     const char *request = "GET / HTTP/1.0\r\n"
 *                           "\r\n";
 *
 * An array is a name with [] behind it, or a * in front and a literal behind the =, wherever in the
 * source it stands; what else is there is passed over, as are comments and the lines of the
 * preprocessor (both sides of an #if, therefore). A text that begins with a value, a literal or a
 * brace is the inside of an array without a name.
 *
 * Values are numbers (decimal, hex, octal, 0b101; suffixes u and l), character constants and string
 * literals, whose escapes are those of bytes_escape.h, and which may have u8 in front. A sign,
 * parentheses and casts may stand before a value, braces around some of them. From -128 to 255 all
 * are bytes. A size that is written as a number counts: zeros fill the array up to it, as in C. The
 * NUL at the end of a literal belongs to the array only so.
 *
 * Refused, each with what to do instead: elements of more than a byte (uint16_t, int, L"..."),
 * names and expressions for values, a name for the size, designators, more than one dimension.
 */
#ifndef FSOCK_CLI_BYTES_C_H
#define FSOCK_CLI_BYTES_C_H

#include "bytes.h"

/*
 * Append the bytes of the array `name`; NULL: of the only one. If there are more, and no name, the
 * fault tells theirs.
 */
bool bytes_c_read(struct fsk_span source, const char *name, struct fsk_buf *bytes,
                  struct bytes_fault *fault);

#endif
