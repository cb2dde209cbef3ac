#include "get_names.h"

#include <strings.h>

#include <openssl/evp.h>

#include "base/digits.h"
#include "utf8.h"

enum { MARK = 12, EXTENSION_MAX = 16 };

/* The last segment of the path, still encoded. */
static struct fsk_span last_segment(struct fsk_span url)
{
    size_t end = 0, start;
    while (end < url.n && url.p[end] != '?' && url.p[end] != '#')
        end++;
    size_t path = 0; /* the first slash behind "scheme://", or of a URL without a scheme */
    for (size_t i = 0; i + 2 < end && url.p[i] != '/'; i++)
        if (url.p[i] == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/')
            path = i + 3;
    while (path < end && url.p[path] != '/')
        path++;
    for (start = end; start > path && url.p[start - 1] != '/'; start--)
        ;
    return fsk_span(url.p + start, end - start);
}

/* The length of the character at p if it may stand in a name, or 0. */
static size_t harmless(const unsigned char *p, size_t n)
{
    if (p[0] < 0x80)
        return p[0] >= 0x20 && p[0] != 0x7f && !strchr("/\\:*?\"<>|", p[0]);
    size_t len = utf8_len(p, n);
    return utf8_steers(p, len) ? 0 : len;
}

/* Decode and clean as much of the segment as fits; says whether it was too long. */
static size_t clean(struct fsk_span segment, char name[NAME_SIZE], bool *cut)
{
    unsigned char raw[1024];
    size_t n = 0, i = 0, len = 0;
    for (; i < segment.n && n < sizeof raw; i++) {
        int high = i + 2 < segment.n && segment.p[i] == '%' ? fsk_hex_value(segment.p[i + 1]) : -1;
        int low = high >= 0 ? fsk_hex_value(segment.p[i + 2]) : -1;
        raw[n++] = (unsigned char)(low >= 0 ? high << 4 | low : segment.p[i]);
        if (low >= 0)
            i += 2;
    }
    *cut = i < segment.n;
    for (size_t at = 0; at < n;) {
        size_t good = harmless(raw + at, n - at), out = good ? good : 1;
        if (len + out > NAME_LONGEST) {
            *cut = true;
            break;
        }
        if (good)
            memcpy(name + len, raw + at, good);
        else
            name[len] = '_';
        len += out;
        at += out;
    }
    return len;
}

static bool reserved(const char *name, size_t n)
{
    static const char *const words[] = {"CON", "PRN", "AUX", "NUL", "COM", "LPT"};
    size_t stem = 0;
    while (stem < n && name[stem] != '.')
        stem++;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bool numbered = i >= 4;
        if (stem == (numbered ? 4u : 3u) && strncasecmp(name, words[i], 3) == 0)
            return !numbered || (name[3] >= '1' && name[3] <= '9');
    }
    return false;
}

static bool ends_in(const char *name, size_t n, const char *ending)
{
    size_t len = strlen(ending);
    return n >= len && strncasecmp(name + n - len, ending, len) == 0;
}

/* Cut at most to `n` bytes, between characters. */
static size_t shorten(const char *name, size_t len, size_t n)
{
    if (len <= n)
        return len;
    while (n && ((unsigned char)name[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* '-' and MARK letters of the hash, put before the extension. */
static size_t mark(struct fsk_span url, char *name, size_t len)
{
    static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
    unsigned char digest[EVP_MAX_MD_SIZE] = {0};
    char text[1 + MARK], extension[EXTENSION_MAX];
    const char *fragment = memchr(url.p, '#', url.n);
    size_t n = fragment ? (size_t)(fragment - url.p) : url.n;
    EVP_Digest(url.p, n, digest, NULL, EVP_sha256(), NULL);
    text[0] = '-';
    for (unsigned i = 0; i < MARK; i++) {
        unsigned bit = 5 * i, two = (unsigned)digest[bit / 8] << 8 | digest[bit / 8 + 1];
        text[1 + i] = alphabet[two >> (11 - bit % 8) & 31];
    }
    size_t dot = len;
    while (dot > 1 && name[dot - 1] != '.' && len - dot < EXTENSION_MAX)
        dot--;
    size_t tail = dot > 1 && name[dot - 1] == '.' && dot < len ? len - dot + 1 : 0;
    if (tail > EXTENSION_MAX)
        tail = 0;
    memcpy(extension, name + len - tail, tail);
    size_t stem = shorten(name, len - tail, NAME_LONGEST - tail - sizeof text);
    memcpy(name + stem, text, sizeof text);
    memcpy(name + stem + sizeof text, extension, tail);
    return stem + sizeof text + tail;
}

void names_of_url(struct fsk_span url, bool marked, char name[NAME_SIZE])
{
    bool cut = false;
    size_t len = clean(last_segment(url), name, &cut);
    if (!len) {
        memcpy(name, "index.html", 10);
        len = 10;
    }
    for (size_t i = 0; i < len && (name[i] == '.' || name[i] == '-'); i++)
        name[i] = '_';
    if (reserved(name, len)) {
        len = shorten(name, len, NAME_LONGEST - 1);
        memmove(name + 1, name, len++);
        name[0] = '_';
    }
    for (size_t i = len; i && (name[i - 1] == '.' || name[i - 1] == ' '); i--)
        name[i - 1] = '_';
    if (ends_in(name, len, ".part") || ends_in(name, len, ".meta")) {
        len = shorten(name, len, NAME_LONGEST - 1);
        name[len++] = '_';
    }
    if (marked || cut)
        len = mark(url, name, len);
    name[len] = '\0';
}
