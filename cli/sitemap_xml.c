#include "sitemap_xml.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* Between a namespace and a name; expat lets no namespace through that has one. */
#define SEPARATOR '\n'

enum { DEPTH_MAX = 64, TEXT_MAX = SITEMAP_URL_MAX + 1024, NAMESPACE_MAX = 256 };

/* A comment, a tag, a name ... that doesn't end. The parser looks at such a piece from its
 * beginning whenever there are new bytes, so that a long one costs the square of its length. */
enum { PIECE_MAX = 1024 * 1024 };

enum kind { KIND_NONE, KIND_URLSET, KIND_INDEX, KIND_RSS, KIND_ATOM };
enum field { FIELD_NONE, FIELD_URL, FIELD_DATE };

/* What an entry and its fields are called, and how deep it stands. */
/* clang-format off */
static const struct form {
    const char *root, *entry, *url, *date;
    unsigned depth;
} forms[] = {
    [KIND_NONE] = {"", "", "", "", 0},
    [KIND_URLSET] = {"urlset", "url", "loc", "lastmod", 2},
    [KIND_INDEX] = {"sitemapindex", "sitemap", "loc", "lastmod", 2},
    [KIND_RSS] = {"rss", "item", "link", "pubDate", 3},
    [KIND_ATOM] = {"feed", "entry", "link", "updated", 2},
};
/* clang-format on */

struct sitemap_xml {
    XML_Parser parser;
    bool (*found)(void *, struct sitemap_entry *);
    void *user;
    enum kind kind;
    char ns[NAMESPACE_MAX]; /* the root's; all that counts is of it */
    unsigned depth;
    bool inside;      /* an entry is open */
    enum field field; /* its text is being collected */
    struct fsk_buf url, date;
    uint64_t pushed;
    bool stopped;
    char why[200];
};

static void stop(struct sitemap_xml *x)
{
    x->stopped = true;
    XML_StopParser(x->parser, XML_FALSE);
}

static void stop_because(struct sitemap_xml *x, const char *why)
{
    if (!x->stopped)
        snprintf(x->why, sizeof x->why, "%s", why);
    stop(x);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static const char *local_name(const char *name)
{
    const char *end = strrchr(name, SEPARATOR);
    return end ? end + 1 : name;
}

/* Is it of the root's namespace, and called so? */
static bool is_called(const struct sitemap_xml *x, const char *name, const char *wanted)
{
    const char *local = local_name(name);
    size_t n = strlen(x->ns);
    return (size_t)(local - name) == n && memcmp(name, x->ns, n) == 0 && strcmp(local, wanted) == 0;
}

static void on_root(struct sitemap_xml *x, const char *name)
{
    const char *local = local_name(name);
    size_t n = (size_t)(local - name);
    for (enum kind k = KIND_URLSET; k <= KIND_ATOM; k++)
        if (strcmp(local, forms[k].root) == 0)
            x->kind = k;
    if (x->kind != KIND_NONE && n < sizeof x->ns) {
        memcpy(x->ns, name, n);
        return;
    }
    snprintf(x->why, sizeof x->why, "is none: it is XML with the root <%.60s>", local);
    stop(x);
}

/* ---- Entries --------------------------------------------------------------------------------- */

static struct fsk_span without_blanks(struct fsk_span s)
{
    while (s.n && memchr(" \t\r\n", s.p[0], 4))
        s = fsk_span(s.p + 1, s.n - 1);
    while (s.n && memchr(" \t\r\n", s.p[s.n - 1], 4))
        s.n--;
    return s;
}

/* The text of a field, as far as there is room: what is longer than a URL may be is told by that.
 */
static void collect(struct sitemap_xml *x, const char *text, size_t n)
{
    struct fsk_buf *to = x->field == FIELD_URL ? &x->url : &x->date;
    size_t room = TEXT_MAX - fsk_buf_len(to);
    if (fsk_buf_append(to, text, n < room ? n : room) != FSOCK_OK)
        stop_because(x, "can't be read: out of memory");
}

/* Atom: <link href="..."/>, but not rel="self" and the like. */
static void on_atom_link(struct sitemap_xml *x, const char **attributes)
{
    const char *href = NULL, *rel = "alternate";
    for (; attributes[0]; attributes += 2) {
        if (strcmp(attributes[0], "href") == 0)
            href = attributes[1];
        else if (strcmp(attributes[0], "rel") == 0)
            rel = attributes[1];
    }
    if (!href || strcmp(rel, "alternate") != 0 || fsk_buf_len(&x->url))
        return;
    x->field = FIELD_URL;
    collect(x, href, strlen(href));
    x->field = FIELD_NONE;
}

static void end_entry(struct sitemap_xml *x)
{
    struct sitemap_entry entry = {.url = without_blanks(fsk_buf_span(&x->url)),
                                  .is_sitemap = x->kind == KIND_INDEX};
    entry.dated = date_parse(fsk_buf_span(&x->date), &entry.modified);
    x->inside = false;
    if (entry.url.n && !x->found(x->user, &entry))
        stop(x);
}

/* ---- What expat calls ------------------------------------------------------------------------ */

static void XMLCALL on_start(void *user, const char *name, const char **attributes)
{
    struct sitemap_xml *x = user;
    const struct form *f = &forms[x->kind];
    if (++x->depth > DEPTH_MAX)
        stop_because(x, "can't be read: it is nested more than 64 deep");
    if (x->stopped)
        return;
    if (x->depth == 1) {
        on_root(x, name);
    } else if (!x->inside && x->depth == f->depth && is_called(x, name, f->entry)) {
        x->inside = true;
        fsk_buf_clear(&x->url);
        fsk_buf_clear(&x->date);
    } else if (x->inside && x->depth == f->depth + 1) {
        if (x->kind == KIND_ATOM && is_called(x, name, f->url))
            on_atom_link(x, attributes);
        else if (is_called(x, name, f->url) && !fsk_buf_len(&x->url))
            x->field = FIELD_URL;
        else if (is_called(x, name, f->date) && !fsk_buf_len(&x->date))
            x->field = FIELD_DATE;
    }
}

static void XMLCALL on_end(void *user, const char *name)
{
    struct sitemap_xml *x = user;
    unsigned depth = x->depth--;
    (void)name;
    if (x->stopped)
        return;
    if (x->inside && depth == forms[x->kind].depth + 1)
        x->field = FIELD_NONE;
    else if (x->inside && depth == forms[x->kind].depth)
        end_entry(x);
}

static void XMLCALL on_text(void *user, const char *text, int n)
{
    struct sitemap_xml *x = user;
    if (x->field != FIELD_NONE && !x->stopped)
        collect(x, text, (size_t)n);
}

/* What entities can do, grow without end or read files, no sitemap has a use for. */
static void XMLCALL on_entity(void *user, const char *name, int is_parameter, const char *value,
                              int length, const char *base, const char *system_id,
                              const char *public_id, const char *notation)
{
    (void)name, (void)is_parameter, (void)value, (void)length;
    (void)base, (void)system_id, (void)public_id, (void)notation;
    stop_because(user, "can't be read: it declares entities of its own");
}

/* ---- The face -------------------------------------------------------------------------------- */

struct sitemap_xml *sitemap_xml_new(bool (*found)(void *, struct sitemap_entry *), void *user)
{
    struct sitemap_xml *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->found = found;
    x->user = user;
    x->parser = XML_ParserCreateNS(NULL, SEPARATOR);
    if (!x->parser) {
        free(x);
        return NULL;
    }
    fsk_buf_init(&x->url, TEXT_MAX);
    fsk_buf_init(&x->date, TEXT_MAX);
    XML_SetUserData(x->parser, x);
    XML_SetElementHandler(x->parser, on_start, on_end);
    XML_SetCharacterDataHandler(x->parser, on_text);
    XML_SetEntityDeclHandler(x->parser, on_entity);
    return x;
}

void sitemap_xml_free(struct sitemap_xml *x)
{
    if (!x)
        return;
    XML_ParserFree(x->parser);
    fsk_buf_fini(&x->url);
    fsk_buf_fini(&x->date);
    free(x);
}

/* The bytes behind the beginning of the last piece that the parser has seen. */
static uint64_t unread(const struct sitemap_xml *x)
{
    XML_Index at = XML_GetCurrentByteIndex(x->parser);
    return x->pushed - (at > 0 ? (uint64_t)at : 0);
}

bool sitemap_xml_push(struct sitemap_xml *x, struct fsk_span bytes, bool last)
{
    bool good = XML_Parse(x->parser, bytes.p, (int)bytes.n, last) == XML_STATUS_OK;
    x->pushed += bytes.n;
    if (good && unread(x) > PIECE_MAX)
        stop_because(x, "has a comment, a tag or the like that is longer than 1 MiB");
    if (good)
        return !x->stopped;
    if (!x->stopped)
        snprintf(x->why, sizeof x->why, "is no whole XML: %s in line %lu",
                 XML_ErrorString(XML_GetErrorCode(x->parser)),
                 (unsigned long)XML_GetCurrentLineNumber(x->parser));
    x->stopped = true;
    return false;
}

const char *sitemap_xml_why(const struct sitemap_xml *x)
{
    return x->why;
}
