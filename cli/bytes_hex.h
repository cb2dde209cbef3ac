/*
 * bytes_hex.h - bytes as hex digits, or as a dump that another program made.
 *
 * Plain digits: pairs of hex digits, with nothing between them or with blanks, newlines, commas and
 * colons, and with 0x or \x in front of any run of digits:
 *
 *     0d0a    0d 0a    0D:0A    0x0d, 0x0a    \x0d\x0a    0x160301
 *
 * A run has an even number of digits. `xxd -p` prints plain digits.
 *
 * Dumps: what a text is, is seen from itself. In each line stand an offset, the bytes, and perhaps
 * the bytes as text, which doesn't count:
 *
 *     00000000: 4745 5420 2f0d 0a                        GET /..      xxd, also with -g, -c, -u
 *             0x0000:  4745 5420 2f0d 0a                 GET /..      tcpdump -x, -X
 *     00000000  47 45 54 20 2f 0d 0a                     |GET /..|    hexdump -C
 *     000000 47 45 54 20 2f 0d 0a                        >GET /..<    od -A x -t x1z, od -t x1
 *     0000   47 45 54 20 2f 0d 0a                        GET /..      as Wireshark copies
 *
 * The first offset may be any, since a part of a dump is a dump; the others must fit the bytes that
 * stand before them, so that a lost or half edited line is noticed. A line of a single `*` stands
 * for repetitions of the line above, up to the offset below. A colon ends an offset. Without one, a
 * first word of four digits or more is an offset if text stands beside the bytes, or if the first
 * word of the next line is the offset that belongs there. Seven digits (of od) are octal or
 * decimal, whichever fits.
 *
 * Refused, because the order of bytes in their words can't be seen or is the other one: what
 * hexdump and od print by themselves, words of two bytes or octal numbers (use hexdump -C or xxd);
 * xxd -e and xxd -b, as far as the text beside the digits gives them away. So is a single line of
 * zeros and pairs, `00000000 47 45`, which may or may not begin with an offset. Words without
 * offsets (od -A n) can't be told from plain digits.
 */
#ifndef FSOCK_CLI_BYTES_HEX_H
#define FSOCK_CLI_BYTES_HEX_H

#include "bytes.h"

/* Append the bytes that the text stands for. */
bool bytes_hex_read(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault);

#endif
