#include "view.h"

#include "base/digits.h"
#include "utf8.h"

enum { C_LINE = 12 };

static const char digit[] = "0123456789abcdef";

bool view_by_name(struct fsk_span name, enum view_kind *kind)
{
    static const char *const names[] = {"raw", "hex", "c", "text", "ebcdic", "safe"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (fsk_span_eq(name, fsk_span_str(names[i]))) {
            *kind = (enum view_kind)i;
            return true;
        }
    return false;
}

void view_init(struct view *v, enum view_kind kind, const struct ebcdic *ebcdic)
{
    *v = (struct view){.kind = kind, .ebcdic = ebcdic};
}

/* ---- Hex ------------------------------------------------------------------------------------- */

static void put_offset(struct out *out, uint64_t offset)
{
    char text[16];
    size_t n = 0;
    for (; n < 8 || offset; offset >>= 4)
        text[sizeof text - ++n] = digit[offset & 15];
    out_bytes(out, text + sizeof text - n, n);
}

/* The line that is kept. */
static void put_line(struct view *v, struct out *out)
{
    char text[3 * VIEW_LINE + 2], shown[VIEW_LINE];
    memset(text, ' ', sizeof text);
    for (size_t i = 0; i < v->n; i++) {
        char *at = text + 3 * i + (i >= VIEW_LINE / 2) + 1;
        fsk_hex_write(v->kept + i, 1, at);
        shown[i] = v->kept[i] >= 0x20 && v->kept[i] < 0x7f ? (char)v->kept[i] : '.';
    }
    out_begin(out);
    put_offset(out, v->offset - v->n);
    out_char(out, ' ');
    out_bytes(out, text, sizeof text);
    out_str(out, " |");
    out_bytes(out, shown, v->n);
    out_str(out, "|\n");
    v->n = 0;
}

static void write_hex(struct view *v, struct out *out, struct fsk_span bytes)
{
    while (bytes.n) {
        size_t room = VIEW_LINE - v->n, n = bytes.n < room ? bytes.n : room;
        memcpy(v->kept + v->n, bytes.p, n);
        v->n += n;
        v->offset += n;
        bytes = fsk_span(bytes.p + n, bytes.n - n);
        if (v->n == VIEW_LINE)
            put_line(v, out);
    }
}

/* ---- C --------------------------------------------------------------------------------------- */

static void begin_c(const struct view *v, struct out *out)
{
    if (!v->offset)
        out_str(out, "unsigned char received[] = {");
}

static void write_c(struct view *v, struct out *out, struct fsk_span bytes)
{
    for (size_t i = 0; i < bytes.n; i++) {
        begin_c(v, out);
        out_str(out, v->offset++ % C_LINE ? " 0x" : "\n    0x");
        out_hex(out, bytes.p + i, 1);
        out_char(out, ',');
    }
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void put_hex_escape(struct out *out, uint8_t byte)
{
    out_str(out, "\\x");
    out_hex(out, &byte, 1);
}

/* A byte below 0x80. */
static void put_ascii(const struct view *v, struct out *out, uint8_t byte)
{
    bool safe = v->kind == VIEW_SAFE;
    if ((byte >= 0x20 && byte < 0x7f && (safe || byte != '\\')) || byte == '\n' ||
        (safe && (byte == '\t' || byte == '\r')))
        out_char(out, (char)byte);
    else if (byte == '\\')
        out_str(out, "\\\\");
    else if (byte == '\t')
        out_str(out, "\\t");
    else if (byte == '\r')
        out_str(out, "\\r");
    else
        put_hex_escape(out, byte);
}

/* Could these bytes, which are no character, become one with more behind them? */
static bool begins_character(const uint8_t *p, size_t n)
{
    uint8_t lowest[4] = {0x80, 0x80, 0x80, 0x80}, highest[4] = {0xbf, 0xbf, 0xbf, 0xbf};
    if (n >= 4)
        return false;
    memcpy(lowest, p, n);
    memcpy(highest, p, n);
    return utf8_len(lowest, 4) > n || utf8_len(highest, 4) > n;
}

/* Show what is kept, as far as it is clear what it is; all of it at the `end`. */
static void settle(struct view *v, struct out *out, bool end)
{
    while (v->n) {
        const uint8_t *p = v->kept;
        size_t len = p[0] >= 0x80 ? utf8_len(p, v->n) : 1;
        if (!len && !end && begins_character(p, v->n))
            return;
        if (p[0] < 0x80) {
            put_ascii(v, out, p[0]);
        } else if (len && !utf8_steers(p, len)) {
            out_bytes(out, p, len);
        } else {
            len = len ? len : 1;
            for (size_t i = 0; i < len; i++)
                put_hex_escape(out, p[i]);
        }
        v->n -= len;
        memmove(v->kept, v->kept + len, v->n);
    }
}

/* How many bytes at the beginning are plain ASCII in all views. */
static size_t plain_bytes(struct fsk_span s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= 0x20 && s.p[n] < 0x7f && s.p[n] != '\\')
        n++;
    return n;
}

static void write_text(struct view *v, struct out *out, struct fsk_span bytes)
{
    v->offset += bytes.n;
    for (size_t i = 0; i < bytes.n;) {
        size_t plain = v->n ? 0 : plain_bytes(fsk_span(bytes.p + i, bytes.n - i));
        out_bytes(out, bytes.p + i, plain);
        i += plain;
        if (i < bytes.n) {
            v->kept[v->n++] = (uint8_t)bytes.p[i++];
            settle(v, out, false);
        }
    }
}

static void write_ebcdic(struct view *v, struct out *out, struct fsk_span bytes)
{
    v->offset += bytes.n;
    for (size_t i = 0; i < bytes.n; i++) {
        uint8_t c = v->ebcdic->latin1[(uint8_t)bytes.p[i]];
        if (c < 0x80) {
            put_ascii(v, out, c);
        } else if (c < 0xa0) {
            out_str(out, "\\u00");
            out_hex(out, &c, 1);
            if (c == 0x85)
                out_str(out, "\\\n");
        } else {
            char text[] = {(char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f))};
            out_bytes(out, text, sizeof text);
        }
    }
}

/* ---- All of them ----------------------------------------------------------------------------- */

void view_write(struct view *v, struct out *out, struct fsk_span bytes)
{
    switch (v->kind) {
    case VIEW_RAW:
        v->offset += bytes.n;
        out_span(out, bytes);
        break;
    case VIEW_HEX:
        write_hex(v, out, bytes);
        break;
    case VIEW_C:
        write_c(v, out, bytes);
        break;
    case VIEW_TEXT:
    case VIEW_SAFE:
        write_text(v, out, bytes);
        break;
    case VIEW_EBCDIC:
        write_ebcdic(v, out, bytes);
        break;
    }
}

void view_flush(struct view *v, struct out *out)
{
    if (v->n && v->kind == VIEW_HEX)
        put_line(v, out);
    else
        settle(v, out, true);
}

void view_end(struct view *v, struct out *out)
{
    view_flush(v, out);
    if (v->kind == VIEW_C) {
        begin_c(v, out);
        out_str(out, "\n};\n");
    } else if (v->kind == VIEW_HEX && v->offset) {
        put_offset(out, v->offset);
        out_char(out, '\n');
    }
}

void view_dump(struct view *hex, struct out *out, const struct view_stamp *stamp,
               struct fsk_span bytes)
{
    uint64_t second = stamp->day_us / 1000000;
    out_begin(out);
    out_str(out, stamp->sent ? "> " : "< ");
    out_padded(out, second / 3600 % 24, 2);
    out_char(out, ':');
    out_padded(out, second / 60 % 60, 2);
    out_char(out, ':');
    out_padded(out, second % 60, 2);
    out_char(out, '.');
    out_padded(out, stamp->day_us % 1000000, 6);
    out_str(out, " +");
    out_seconds(out, stamp->since);
    out_char(out, ' ');
    out_u64(out, bytes.n);
    out_str(out, bytes.n == 1 ? " byte\n" : " bytes\n");
    view_write(hex, out, bytes);
    view_flush(hex, out);
}
