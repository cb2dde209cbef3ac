/* charset_form: text in the encoding that a form is sent in. */
#include "charset.h"

#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdio.h>

/* The character that a text begins with, and its bytes; 0: none that is UTF-8. */
static unsigned decode(const char *text, size_t left, size_t *n)
{
    const unsigned char *p = (const unsigned char *)text;
    *n = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    unsigned c = p[0] & (0x7fu >> *n);
    bool good = p[0] >= 0xc2 && p[0] < 0xf5 && *n <= left;
    for (size_t i = 1; good && i < *n; i++) {
        good = (p[i] & 0xc0) == 0x80;
        c = c << 6 | (p[i] & 0x3f);
    }
    return good ? c : 0;
}

/* Instead of what could not be converted; *text moves behind it. */
static enum fsock_err replace(const char **text, size_t *left, struct fsk_buf *to)
{
    char reference[16];
    size_t n;
    unsigned c = decode(*text, *left, &n);
    if (!c)
        n = 1;
    int len = snprintf(reference, sizeof reference, "&#%u;", c);
    enum fsock_err err =
        c ? fsk_buf_append(to, reference, (size_t)len) : fsk_buf_append(to, *text, 1);
    *text += n;
    *left -= n;
    return err;
}

/* Append what iconv(3) makes of the text, or of its end (NULL), up to where it stops. */
static enum fsock_err convert(iconv_t cd, const char **text, size_t *left, struct fsk_buf *to)
{
    char room[256], *in = (char *)(uintptr_t)(text ? *text : NULL); /* iconv(3) reads only */
    enum fsock_err err = FSOCK_OK;
    size_t result;
    do {
        char *out = room;
        size_t free = sizeof room;
        result = text ? iconv(cd, &in, left, &out, &free) : iconv(cd, NULL, NULL, &out, &free);
        int why = result == (size_t)-1 ? errno : 0;
        err = fsk_buf_append(to, room, sizeof room - free);
        result = why == E2BIG;
    } while (result && err == FSOCK_OK);
    if (text)
        *text = in;
    return err;
}

enum fsock_err charset_from_utf8(const char *charset, struct fsk_span text, struct fsk_buf *to)
{
    if (strcmp(charset, "UTF-8") == 0)
        return fsk_buf_append(to, text.p, text.n);
    iconv_t cd = iconv_open(charset, "UTF-8");
    if (cd == (iconv_t)-1)
        return errno == ENOMEM ? FSOCK_ERR_MEMORY : FSOCK_ERR_SYSTEM;
    enum fsock_err err = FSOCK_OK;
    while (err == FSOCK_OK && text.n) {
        err = convert(cd, &text.p, &text.n, to);
        if (err == FSOCK_OK && text.n) {
            err = convert(cd, NULL, NULL, to); /* back to ASCII */
            if (err == FSOCK_OK)
                err = replace(&text.p, &text.n, to);
        }
    }
    if (err == FSOCK_OK)
        err = convert(cd, NULL, NULL, to);
    iconv_close(cd);
    return err;
}

const char *charset_name(const char *charset)
{
    static const char *const names[][2] = {
        {"CP1252",       "windows-1252"  },
        {"CP1250",       "windows-1250"  },
        {"CP1251",       "windows-1251"  },
        {"CP1253",       "windows-1253"  },
        {"CP1254",       "windows-1254"  },
        {"CP1255",       "windows-1255"  },
        {"CP1256",       "windows-1256"  },
        {"CP1257",       "windows-1257"  },
        {"CP1258",       "windows-1258"  },
        {"CP874",        "windows-874"   },
        {"CP932",        "Shift_JIS"     },
        {"CP949",        "EUC-KR"        },
        {"BIG5-HKSCS",   "Big5"          },
        {"MACINTOSH",    "macintosh"     },
        {"MAC-CYRILLIC", "x-mac-cyrillic"},
        {"GB18030",      "gb18030"       },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i][0], charset) == 0)
            return names[i][1];
    return charset; /* all others have the same name */
}
