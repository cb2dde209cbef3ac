/*
 * get_names.h - a file name for a URL (-O): safe, readable, and always the same for the same URL.
 *
 * The plain name is the last segment of the path, percent-decoded, without the query; a path that
 * ends in '/' gives index.html. What a file name should not hold becomes '_': control characters,
 * bytes that aren't UTF-8, the characters / \ : * ? " < > |, dots and dashes at its start, dots and
 * blanks at its end. Names that Windows reserves (CON, NUL, COM1, ...) get a '_' in front, and one
 * that ends in .part or .meta a '_' behind. It is at most NAME_LONGEST bytes long.
 *
 * Many URLs have the same plain name. A marked name therefore holds twelve letters and digits of
 * the URL's SHA-256 (60 bits, in the alphabet of RFC 4648's base32) before its extension:
 * page-q3vb6yzk4mra.html. It depends on the URL (without its fragment) alone, so that it doesn't
 * change from run to run nor with the order of a list, and costs no memory.
 */
#ifndef FSOCK_CLI_GET_NAMES_H
#define FSOCK_CLI_GET_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

#define NAME_LONGEST 200
#define NAME_SIZE    (NAME_LONGEST + 1)

/* Write the name and a NUL; a plain name that had to be cut short is marked too. */
void names_of_url(struct fsk_span url, bool marked, char name[NAME_SIZE]);

#endif
