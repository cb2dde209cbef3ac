/*
 * cookie_line.h - a line of a Netscape cookie file, as curl, wget and browsers' extensions write
 * it.
 *
 * Seven fields parted by tabs: the domain, whether its subdomains get the cookie too (TRUE, and
 * then with a dot in front of the domain), the path, whether it is for https alone, when it expires
 * (seconds since 1970; 0: with the session), its name and its value. `#HttpOnly_` in front of the
 * domain says what it says; all other lines that begin with # are comments. The value is what
 * follows the sixth tab, and may be missing with it. SameSite has no place there.
 */
#ifndef FSOCK_CLI_COOKIE_LINE_H
#define FSOCK_CLI_COOKIE_LINE_H

#include <fsock.h>

#include "base/span.h"
#include "out.h"

#define COOKIE_LINE_FIRST "# Netscape HTTP Cookie File\n"

enum cookie_line { COOKIE_LINE_COOKIE, COOKIE_LINE_NOTHING, COOKIE_LINE_BAD };

/*
 * Read a line without its newline (a CR at its end doesn't count). `room` has line.n + 1 bytes, in
 * which the cookie's texts are put. Whether any server could have set it is not asked.
 */
enum cookie_line cookie_line_read(struct fsk_span line, struct fsock_cookie *cookie, char *room);

/* Write one with its newline. */
void cookie_line_write(struct out *out, const struct fsock_cookie *cookie);

#endif
