#include "sitemap.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "sitemap_xml.h"
#include "wire/decode.h"
#include "wire/robots.h"
#include "wire/url.h"
#include "wire/words.h"

enum { UNPACKED = 16384, SHOWN = 200, RATIO = 250 };

/* What the bytes turned out to be. */
enum form { FORM_UNKNOWN, FORM_XML, FORM_LINES, FORM_ROBOTS };

struct sitemap {
    void (*found)(void *, const struct sitemap_entry *);
    void *user;
    struct fsk_url base;   /* in url */
    char *url;             /* a copy */
    unsigned char magic;   /* the first byte, while it may be gzip's */
    bool begun, packed;    /* the first byte has come; it is gzip */
    struct fsk_decode *gz; /* NULL: not packed */
    enum form form;
    uint64_t bytes, entries;
    struct sitemap_xml *xml;
    struct fsk_buf line; /* of FORM_LINES and FORM_ROBOTS: without its end */
    bool line_long;
    bool any_line;
    char why[256]; /* "": all is well */
};

static bool fail(struct sitemap *s, const char *why)
{
    if (!s->why[0])
        snprintf(s->why, sizeof s->why, "%s", why);
    return false;
}

const char *sitemap_why(const struct sitemap *s)
{
    return s->why;
}

/* ---- Entries --------------------------------------------------------------------------------- */

static bool too_long(struct sitemap *s, struct sitemap_entry *entry)
{
    entry->why = "the URL is longer than 8 KiB";
    entry->url.n = entry->url.n < SHOWN ? entry->url.n : SHOWN;
    s->found(s->user, entry);
    return true;
}

/* An entry is complete: entry->url as it was written. */
static bool give_out(struct sitemap *s, struct sitemap_entry *entry)
{
    char out[FSK_URL_ROOM(2 * SITEMAP_URL_MAX)];
    if (s->entries == SITEMAP_ENTRIES)
        return fail(s, "has more than 50,000 URLs; the rest isn't read");
    entry->number = ++s->entries;
    if (entry->url.n > SITEMAP_URL_MAX)
        return too_long(s, entry);
    size_t n = fsk_url_resolve(&s->base, entry->url, out, sizeof out);
    entry->url = fsk_span(out, n);
    if (!n || n > SITEMAP_URL_MAX)
        return too_long(s, entry);
    s->found(s->user, entry);
    return true;
}

static bool on_xml_entry(void *arg, struct sitemap_entry *entry)
{
    return give_out(arg, entry);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static bool has_scheme(struct fsk_span s)
{
    return (s.n > 7 && fsk_span_caseeq(fsk_span(s.p, 7), FSK_SPAN("http://"))) ||
           (s.n > 8 && fsk_span_caseeq(fsk_span(s.p, 8), FSK_SPAN("https://")));
}

static bool on_line(struct sitemap *s, struct fsk_span text)
{
    struct sitemap_entry entry = {.is_sitemap = s->form == FORM_ROBOTS};
    while (text.n && fsk_is_blank(text.p[0]))
        text = fsk_span(text.p + 1, text.n - 1);
    while (text.n && fsk_is_blank(text.p[text.n - 1]))
        text.n--;
    if (!text.n || text.p[0] == '#')
        return true;
    if (s->form == FORM_ROBOTS)
        return !fsk_robots_sitemap(&text, &entry.url) || give_out(s, &entry);
    if (!s->any_line && !has_scheme(text))
        return fail(s, "is none: it begins neither as XML nor with a URL");
    s->any_line = true;
    entry.url = text;
    return give_out(s, &entry);
}

/* The line that was collected. Its beginning is enough to say that it is too long. */
static bool end_line(struct sitemap *s)
{
    bool good = on_line(s, fsk_buf_span(&s->line));
    fsk_buf_clear(&s->line);
    return good;
}

static bool push_lines(struct sitemap *s, struct fsk_span bytes)
{
    while (bytes.n) {
        const char *end = memchr(bytes.p, '\n', bytes.n);
        size_t n = end ? (size_t)(end - bytes.p) : bytes.n;
        size_t room = SITEMAP_URL_MAX + 1024 - fsk_buf_len(&s->line);
        if (fsk_buf_append(&s->line, bytes.p, n < room ? n : room) != FSOCK_OK)
            return fail(s, "can't be read: out of memory");
        bytes = fsk_span(bytes.p + n, bytes.n - n);
        if (!end)
            return true;
        bytes = fsk_span(bytes.p + 1, bytes.n - 1);
        if (!end_line(s))
            return false;
    }
    return true;
}

/* ---- What it is ------------------------------------------------------------------------------ */

/* Marks of the encoding, and blanks, stand before either form. */
static struct fsk_span skip_start(struct fsk_span bytes)
{
    while (bytes.n && (fsk_is_blank(bytes.p[0]) || memchr("\n\xef\xbb\xbf", bytes.p[0], 4)))
        bytes = fsk_span(bytes.p + 1, bytes.n - 1);
    return bytes;
}

static bool find_form(struct sitemap *s, struct fsk_span bytes)
{
    if (fsk_span_eq(s->base.path, FSK_SPAN("/robots.txt")) && bytes.p[0] != '<') {
        s->form = FORM_ROBOTS;
    } else if (memchr("<\xfe\xff\0", bytes.p[0], 4)) { /* the latter three are UTF-16's */
        s->form = FORM_XML;
        s->xml = sitemap_xml_new(on_xml_entry, s);
        if (!s->xml)
            return fail(s, "can't be read: out of memory");
    } else {
        s->form = FORM_LINES;
    }
    return true;
}

/* Bytes that are not packed (any more). */
static bool push_plain(struct sitemap *s, struct fsk_span bytes)
{
    s->bytes += bytes.n;
    if (s->bytes > SITEMAP_BYTES)
        return fail(s, "is larger than 50 MiB; the rest isn't read");
    if (s->form == FORM_UNKNOWN) {
        bytes = skip_start(bytes);
        if (!bytes.n)
            return true;
        if (!find_form(s, bytes))
            return false;
    }
    if (s->form != FORM_XML)
        return push_lines(s, bytes);
    return sitemap_xml_push(s->xml, bytes, false) || fail(s, sitemap_xml_why(s->xml));
}

static bool push_packed(struct sitemap *s, struct fsk_span bytes)
{
    char out[UNPACKED];
    size_t made;
    enum fsk_decode_err err;
    do {
        err = fsk_decode_push(s->gz, &bytes, out, sizeof out, &made);
        if (made && !push_plain(s, fsk_span(out, made)))
            return false;
    } while (err == FSK_DECODE_FULL);
    if (err == FSK_DECODE_OK)
        return true;
    snprintf(s->why, sizeof s->why, "can't be unpacked: %s", fsk_decode_error_text(err));
    return false;
}

/* The first two bytes say whether it is a gzip file. */
static bool begin(struct sitemap *s, struct fsk_span *bytes)
{
    const struct fsk_decode_limits limits = {.max_ratio = RATIO};
    struct fsk_span bad, magic = FSK_SPAN("\x1f");
    bool first = s->magic || bytes->p[0] == '\x1f';
    if (!s->magic && first) {
        s->magic = 0x1f;
        *bytes = fsk_span(bytes->p + 1, bytes->n - 1);
        if (!bytes->n)
            return true;
    }
    s->begun = true;
    if (!first)
        return true;
    if (bytes->p[0] != '\x8b')
        return push_plain(s, magic);
    if (fsk_decode_new(&s->gz, FSK_SPAN("gzip"), &limits, &bad) != FSK_DECODE_OK)
        return fail(s, "can't be read: out of memory");
    return push_packed(s, magic);
}

/* ---- The public face ------------------------------------------------------------------------- */

struct sitemap *sitemap_new(struct fsk_span url,
                            void (*found)(void *, const struct sitemap_entry *), void *user)
{
    struct sitemap *s = calloc(1, sizeof *s);
    char *copy = malloc(url.n + 1);
    if (!s || !copy) {
        free(s);
        free(copy);
        return NULL;
    }
    memcpy(copy, url.p, url.n);
    *s = (struct sitemap){.found = found, .user = user, .url = copy};
    fsk_buf_init(&s->line, SITEMAP_URL_MAX + 1024);
    if (fsk_url_parse(fsk_span(copy, url.n), true, &s->base, NULL) != FSK_URL_OK)
        fail(s, "has no URL of its own");
    return s;
}

void sitemap_free(struct sitemap *s)
{
    if (!s)
        return;
    fsk_decode_free(s->gz);
    sitemap_xml_free(s->xml);
    fsk_buf_fini(&s->line);
    free(s->url);
    free(s);
}

bool sitemap_push(struct sitemap *s, struct fsk_span bytes)
{
    if (s->why[0])
        return false;
    if (!bytes.n)
        return true;
    if (!s->begun && (!begin(s, &bytes) || !bytes.n))
        return !s->why[0];
    return s->gz ? push_packed(s, bytes) : push_plain(s, bytes);
}

bool sitemap_finish(struct sitemap *s)
{
    if (s->why[0])
        return false;
    if (s->gz) {
        enum fsk_decode_err err = fsk_decode_finish(s->gz);
        if (err != FSK_DECODE_OK) {
            snprintf(s->why, sizeof s->why, "can't be unpacked: %s", fsk_decode_error_text(err));
            return false;
        }
    }
    if (s->form == FORM_XML)
        return sitemap_xml_push(s->xml, fsk_span(NULL, 0), true) ||
               fail(s, sitemap_xml_why(s->xml));
    if (s->form == FORM_UNKNOWN && s->magic && !s->begun)
        return fail(s, "is none: it begins neither as XML nor with a URL");
    return s->form == FORM_UNKNOWN || end_line(s);
}
