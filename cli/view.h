/*
 * view.h - how received bytes are shown: as they are, in hex, as C, as text.
 *
 * A view is fed bytes as they come and writes to a struct out. However the bytes are cut, the
 * output is the same; what isn't complete is kept for the next call: a line of hex, a character of
 * UTF-8. view_flush() shows it at once, when nothing more is expected for a while.
 *
 *     raw     the bytes
 *     hex     as hexdump -C: `00000000  47 45 54 20  ...  |GET |`, and the count at the end
 *     c       an array: `unsigned char received[] = {`, twelve bytes a line, `};`
 *     text    UTF-8 with the escapes of C, `\\`, `\t`, `\x1b`; newlines are newlines
 *     ebcdic  the same of the bytes as Latin-1
 *     safe    UTF-8 without what could drive a terminal
 *
 * A line of hex that is flushed stands for itself; the next begins at the offset behind it. No line
 * is left out, even if it repeats the one above.
 *
 * Text escapes backslashes, control characters (C0, DEL, C1) other than newline, and what isn't
 * UTF-8. EBCDIC does, too, those of C1 as `\u0085`; that one, the newline of mainframes, is
 * followed by a backslash and a newline, which count for nothing when it is read back. Safe leaves
 * tab, CR and backslashes as they are, so that it is for the eye alone.
 *
 * bytes_hex.h reads hex back, bytes_c.h c, bytes_escape.h text, and ebcdic_read() after that
 * ebcdic: all of them exactly. No clock, no allocation.
 */
#ifndef FSOCK_CLI_VIEW_H
#define FSOCK_CLI_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "base/span.h"
#include "ebcdic.h"
#include "out.h"

enum view_kind { VIEW_RAW, VIEW_HEX, VIEW_C, VIEW_TEXT, VIEW_EBCDIC, VIEW_SAFE };

#define VIEW_LINE 16 /* bytes in a line of hex */

struct view {
    enum view_kind kind;
    const struct ebcdic *ebcdic;
    uint64_t offset;         /* bytes shown or kept so far */
    uint8_t kept[VIEW_LINE]; /* of hex: the line; of text: the beginning of a character */
    size_t n;                /* how many */
};

/* The kind by its name: "raw", "hex", "c", "text", "ebcdic", "safe". False: there is no such. */
bool view_by_name(struct fsk_span name, enum view_kind *kind);

/* Begin. `ebcdic`, which is borrowed, is for VIEW_EBCDIC alone. */
void view_init(struct view *v, enum view_kind kind, const struct ebcdic *ebcdic);

/* Show bytes. `out` isn't flushed. */
void view_write(struct view *v, struct out *out, struct fsk_span bytes);

/* Show what is kept. Half a character is no character, then. */
void view_flush(struct view *v, struct out *out);

/* The end: show what is kept, and what ends the view (also of no bytes at all). */
void view_end(struct view *v, struct out *out);

/* What a line of --dump says of bytes. */
struct view_stamp {
    bool sent;
    uint64_t day_us;  /* local time: microseconds since midnight */
    fsock_time since; /* since the line before; negative is 0 */
};

/*
 * The bytes as --dump shows them: a line `> 12:00:01.123456 +0.000123 16 bytes` ('<': received),
 * and lines of hex. `hex` is of VIEW_HEX, one for each direction, since each has its offsets.
 */
void view_dump(struct view *hex, struct out *out, const struct view_stamp *stamp,
               struct fsk_span bytes);

#endif
