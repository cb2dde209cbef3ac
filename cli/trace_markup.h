/*
 * trace_markup.h - text and numbers inside pictures (SVG and HTML).
 *
 * Whatever comes from a trace goes through markup_text() or markup_short(), be it text between tags
 * or the value of an attribute, which stands between double quotes. What they write is well-formed
 * in XML 1.0 as in HTML, and never ends the place where it stands.
 */
#ifndef FSOCK_CLI_TRACE_MARKUP_H
#define FSOCK_CLI_TRACE_MARKUP_H

#include "out.h"

/*
 * The characters that mean something in markup become references; control characters, those that
 * turn the direction of text around, those that XML forbids and what isn't UTF-8 become \xXX.
 */
void markup_text(struct out *o, struct fsk_span s);

/* The same for a text of several lines, whose ends stay what they are (without CR). */
void markup_lines(struct out *o, struct fsk_span s);

/* The same as markup_text() for at most `most` characters (4 at least), from the middle of which
 * the rest is left out. */
void markup_short(struct out *o, struct fsk_span s, size_t most);

/* A number with so many decimals (9 at most), rounded; zeros at its end are left out. */
void markup_decimal(struct out *o, double v, int decimals);

/* "1,234". */
void markup_number(struct out *o, uint64_t n);

/* "1 failure", "1,234 failures": `many` is "" or the ending of more than one. */
void markup_count(struct out *o, uint64_t n, const char *one, const char *many);

#endif
