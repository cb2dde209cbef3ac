#include "charset.h"

#include <errno.h>
#include <iconv.h>

#include "utf8.h"

enum { LABEL_MAX = 40 };

static const char utf8[] = "UTF-8", windows_1252[] = "CP1252";

/* The labels of the Encoding Standard, and what iconv(3) calls the encoding that each stands for.
 */
/* clang-format off */
static const struct charset {
    const char *name, *labels;
} charsets[] = {
    {utf8, "unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8"},
    {windows_1252, "ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 "
        "iso8859-1 iso88591 iso_8859-1 iso_8859-1:1987 l1 latin1 us-ascii windows-1252 x-cp1252"},
    {"IBM866", "866 cp866 csibm866 ibm866"},
    {"ISO-8859-2", "csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 "
        "iso_8859-2:1987 l2 latin2"},
    {"ISO-8859-3", "csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 "
        "iso_8859-3:1988 l3 latin3"},
    {"ISO-8859-4", "csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 "
        "iso_8859-4:1988 l4 latin4"},
    {"ISO-8859-5", "csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 "
        "iso_8859-5 iso_8859-5:1988"},
    {"ISO-8859-6", "arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 "
        "iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987"},
    {"ISO-8859-7", "csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 "
        "iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 sun_eu_greek"},
    {"ISO-8859-8", "csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e "
        "iso-8859-8-i iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 logical visual"},
    {"ISO-8859-10", "csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6"},
    {"ISO-8859-13", "iso-8859-13 iso8859-13 iso885913"},
    {"ISO-8859-14", "iso-8859-14 iso8859-14 iso885914"},
    {"ISO-8859-15", "csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9"},
    {"ISO-8859-16", "iso-8859-16"},
    {"KOI8-R", "cskoi8r koi koi8 koi8-r koi8_r"},
    {"KOI8-U", "koi8-ru koi8-u"},
    {"MACINTOSH", "csmacintosh mac macintosh x-mac-roman"},
    {"MAC-CYRILLIC", "x-mac-cyrillic x-mac-ukrainian"},
    {"CP874", "dos-874 iso-8859-11 iso8859-11 iso885911 tis-620 windows-874"},
    {"CP1250", "cp1250 windows-1250 x-cp1250"},
    {"CP1251", "cp1251 windows-1251 x-cp1251"},
    {"CP1253", "cp1253 windows-1253 x-cp1253"},
    {"CP1254", "cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 "
        "iso_8859-9:1989 l5 latin5 windows-1254 x-cp1254"},
    {"CP1255", "cp1255 windows-1255 x-cp1255"},
    {"CP1256", "cp1256 windows-1256 x-cp1256"},
    {"CP1257", "cp1257 windows-1257 x-cp1257"},
    {"CP1258", "cp1258 windows-1258 x-cp1258"},
    {"GB18030", "chinese csgb2312 csiso58gb231280 gb18030 gb2312 gb_2312 gb_2312-80 gbk "
        "iso-ir-58 x-gbk"},
    {"BIG5-HKSCS", "big5 big5-hkscs cn-big5 csbig5 x-x-big5"},
    {"EUC-JP", "cseucpkdfmtjapanese euc-jp x-euc-jp"},
    {"ISO-2022-JP", "csiso2022jp iso-2022-jp"},
    {"CP932", "csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis"},
    {"CP949", "cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 "
        "ksc5601 ksc_5601 windows-949"},
    {"UTF-16BE", "unicodefffe utf-16be"},
    {"UTF-16LE", "csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le"},
};
/* clang-format on */

/* ---- Labels ---------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r' && c != '\v');
}

static bool has_label(const char *labels, const char *label, size_t n)
{
    for (const char *p = labels; (p = strstr(p, label)); p++)
        if ((p == labels || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
            return true;
    return false;
}

const char *charset_of_label(struct fsk_span label)
{
    char text[LABEL_MAX + 1];
    while (label.n && is_blank(label.p[0]))
        label.p++, label.n--;
    while (label.n && is_blank(label.p[label.n - 1]))
        label.n--;
    if (!label.n || label.n > LABEL_MAX)
        return NULL;
    for (size_t i = 0; i < label.n; i++) {
        text[i] = fsk_lower(label.p[i]);
        if (text[i] <= ' ')
            return NULL;
    }
    text[label.n] = '\0';
    for (size_t i = 0; i < sizeof charsets / sizeof *charsets; i++)
        if (has_label(charsets[i].labels, text, label.n))
            return charsets[i].name;
    return NULL;
}

struct fsk_span charset_parameter(struct fsk_span type)
{
    static const struct fsk_span name = FSK_SPAN("charset=");
    for (size_t i = 0; i < type.n;) {
        /* Up to the next ';' that stands outside quotes. */
        size_t from = i;
        bool quoted = false;
        for (; i < type.n && (quoted || type.p[i] != ';'); i++) {
            if (type.p[i] == '"')
                quoted = !quoted;
            else if (quoted && type.p[i] == '\\' && i + 1 < type.n)
                i++;
        }
        struct fsk_span part = fsk_span_trim(fsk_span(type.p + from, i - from));
        i++;
        if (part.n <= name.n || !fsk_span_caseeq(fsk_span(part.p, name.n), name))
            continue;
        part = fsk_span(part.p + name.n, part.n - name.n);
        if (part.n >= 2 && part.p[0] == '"' && part.p[part.n - 1] == '"')
            part = fsk_span(part.p + 1, part.n - 2);
        return part;
    }
    return fsk_span(NULL, 0);
}

/* ---- A page's encoding ----------------------------------------------------------------------- */

static bool is_utf8(struct fsk_span s)
{
    for (size_t i = 0; i < s.n;) {
        const unsigned char *p = (const unsigned char *)s.p + i;
        size_t n = *p < 0x80 ? 1 : utf8_len(p, s.n - i);
        if (!n)
            return false;
        i += n;
    }
    return true;
}

static const char *charset_of_mark(struct fsk_span bytes, size_t *mark)
{
    *mark = 3;
    if (bytes.n >= 3 && memcmp(bytes.p, "\xef\xbb\xbf", 3) == 0)
        return utf8;
    *mark = 2;
    if (bytes.n >= 2 && memcmp(bytes.p, "\xfe\xff", 2) == 0)
        return "UTF-16BE";
    if (bytes.n >= 2 && memcmp(bytes.p, "\xff\xfe", 2) == 0)
        return "UTF-16LE";
    *mark = 0;
    return NULL;
}

const char *charset_of_page(struct fsk_span bytes, struct fsk_span content_type, size_t *mark)
{
    const char *charset = charset_of_mark(bytes, mark);
    if (!charset)
        charset = charset_of_label(charset_parameter(content_type));
    if (!charset)
        charset = charset_declared(bytes);
    if (!charset)
        charset = is_utf8(bytes) ? utf8 : windows_1252;
    return charset;
}

/* ---- Conversion ------------------------------------------------------------------------------ */

/* Room for about as much as there is to come, or what the ceiling leaves of it. */
static enum fsock_err make_room(struct fsk_buf *to, size_t left, size_t *room)
{
    size_t most = to->ceiling - fsk_buf_len(to);
    *room = left < 64 ? 64 : left;
    *room = *room < most ? *room : most;
    return *room || !left ? fsk_buf_reserve(to, *room) : FSOCK_ERR_TOO_BIG;
}

static enum fsock_err convert(iconv_t cd, struct fsk_span bytes, struct fsk_buf *to)
{
    char *in = (char *)(uintptr_t)bytes.p; /* iconv(3) reads only */
    size_t left = bytes.n, room;
    bool flush = false;
    while (!flush) {
        enum fsock_err err = make_room(to, left, &room);
        if (err != FSOCK_OK)
            return err;
        flush = !left;
        size_t offered = room, before = left;
        char *out = to->mem ? to->mem + to->end : NULL;
        size_t bad = iconv(cd, flush ? NULL : &in, &left, &out, &room);
        to->end += offered - room;
        if (bad != (size_t)-1)
            continue;
        if (errno == E2BIG && (flush || (room == offered && left == before)))
            return FSOCK_ERR_TOO_BIG; /* not even one character fits */
        if (errno == E2BIG)
            continue;
        err = fsk_buf_puts(to, "\xef\xbf\xbd");
        if (err != FSOCK_OK)
            return err;
        if (left) /* what follows may begin anew with the next byte */
            in++, left--;
    }
    return FSOCK_OK;
}

enum fsock_err charset_to_utf8(const char *charset, struct fsk_span bytes, struct fsk_buf *to)
{
    iconv_t cd = iconv_open(utf8, charset);
    if (cd == (iconv_t)-1)
        return errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM;
    enum fsock_err err = convert(cd, bytes, to);
    iconv_close(cd);
    return err;
}
