/*
 * hsts_line.h - a line of the file of --hsts, as curl writes it. Pure.
 *
 *     example.org "20271126 11:46:27"
 *     .shop.example "unlimited"
 *
 * A host, with a dot in front if its subdomains are meant, too; and when it is forgotten, in UTC.
 * Lines that begin with # are comments.
 */
#ifndef FSOCK_CLI_HSTS_LINE_H
#define FSOCK_CLI_HSTS_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "out.h"

#define HSTS_LINE_HOST 256 /* bytes, with a NUL */

struct hsts_line {
    char host[HSTS_LINE_HOST];
    int64_t expires; /* seconds since 1970; INT64_MAX: never */
    int subdomains;
};

enum hsts_line_kind { HSTS_LINE_ONE, HSTS_LINE_NOTHING, HSTS_LINE_BAD };

/* Read a line without its newline; blanks around it, and a CR at its end, don't count. */
enum hsts_line_kind hsts_line_read(struct fsk_span text, struct hsts_line *line);

/* Write one with its newline. */
void hsts_line_write(struct out *out, const char *host, int64_t expires, int subdomains);

#endif
