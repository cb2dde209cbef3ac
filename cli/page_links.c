#include "page_links.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"
#include "page_walk.h"

/* ---- Kinds ----------------------------------------------------------------------------------- */

static const struct {
    const char *word;
    unsigned kinds;
} words[] = {
    {"a",      PAGE_LINK_A     },
    {"img",    PAGE_LINK_IMG   },
    {"script", PAGE_LINK_SCRIPT},
    {"css",    PAGE_LINK_CSS   },
    {"frame",  PAGE_LINK_FRAME },
    {"media",  PAGE_LINK_MEDIA },
    {"link",   PAGE_LINK_LINK  },
    {"all",    PAGE_LINK_ALL   },
    {"other",  PAGE_LINK_OTHER },
};

enum { WORDS = sizeof words / sizeof *words };

const char *page_link_word(enum page_link_kind kind)
{
    for (size_t i = 0; i < WORDS; i++)
        if (words[i].kinds == (unsigned)kind)
            return words[i].word;
    return "";
}

static unsigned kinds_of_word(struct fsk_span word)
{
    for (size_t i = 0; i < WORDS; i++)
        if (fsk_span_eq(word, fsk_span_str(words[i].word)))
            return words[i].kinds;
    return 0;
}

unsigned page_link_kinds(struct fsk_span text, struct fsk_span *bad)
{
    unsigned kinds = 0;
    for (size_t i = 0; i <= text.n; i++) {
        size_t from = i;
        while (i < text.n && text.p[i] != ',')
            i++;
        *bad = fsk_span(text.p + from, i - from);
        unsigned more = kinds_of_word(*bad);
        if (!more)
            return 0;
        kinds |= more;
    }
    return kinds == PAGE_LINK_OTHER ? PAGE_LINK_OTHER | PAGE_LINK_ALL : kinds;
}

enum { ASKED_EVERY = 256 };

/* ---- One link -------------------------------------------------------------------------------- */

struct known {
    struct fsk_map_node node; /* key: kind, URL and, if it counts, fragment */
    char key[];
};

struct finder {
    const struct page_links_ask *ask;
    const struct fsk_url *base;
    const GumboNode *element;
    struct fsk_map known;
    size_t bytes;     /* of all URLs so far */
    unsigned counted; /* links since go_on() was asked */
    enum page_err err;
    char room[PAGE_URL_ROOM];
};

/* Whether there was one like it. */
static bool is_known(struct finder *f, const struct page_link *link)
{
    size_t fragment = f->ask->fragments && link->fragment.p ? link->fragment.n + 1 : 0;
    size_t n = 1 + link->url.n + fragment;
    struct known *known = malloc(sizeof *known + n);
    if (!known) {
        f->err = PAGE_NO_MEMORY;
        return true;
    }
    known->key[0] = (char)link->kind;
    memcpy(known->key + 1, link->url.p, link->url.n + fragment); /* it stands behind the URL */
    known->node.key = fsk_span(known->key, n);
    bool there = fsk_map_get(&f->known, known->node.key);
    if (!there && !fsk_map_add(&f->known, &known->node)) {
        f->err = PAGE_NO_MEMORY;
        there = true;
    }
    if (there)
        free(known);
    return there;
}

static void split_fragment(struct page_link *link)
{
    const char *hash = memchr(link->url.p, '#', link->url.n);
    if (!hash)
        return;
    size_t n = (size_t)(hash - link->url.p);
    link->fragment = fsk_span(hash + 1, link->url.n - n - 1);
    link->url.n = n;
}

static bool is_web(struct fsk_span url)
{
    struct fsk_url u;
    return fsk_url_parse(url, false, &u, NULL) == FSK_URL_OK &&
           (fsk_span_caseeq(u.scheme, FSK_SPAN("http")) ||
            fsk_span_caseeq(u.scheme, FSK_SPAN("https")));
}

static void found_link(struct finder *f, enum page_link_kind kind, struct fsk_span ref,
                       struct fsk_span text)
{
    ref = page_trim(ref);
    if (!ref.p || !(f->ask->kinds & (unsigned)kind) || f->err != PAGE_OK)
        return;
    if (ref.n && ref.p[0] == '#' && !f->ask->fragments)
        return;
    struct page_link link = {.kind = kind,
                             .url = page_resolve(f->base, ref, f->room),
                             .text = text,
                             .line = page_line(f->element),
                             .column = page_column(f->element)};
    if (++f->counted == ASKED_EVERY) {
        f->counted = 0;
        if (f->ask->go_on && !f->ask->go_on(f->ask->until))
            f->err = PAGE_TOO_SLOW;
    }
    f->bytes += link.url.n ? link.url.n : ref.n < PAGE_URL ? PAGE_URL : 0; /* it took as long */
    if (f->bytes > PAGE_LINKS)
        f->err = PAGE_LINKED;
    if (!link.url.n || f->err != PAGE_OK)
        return;
    link.web = is_web(link.url);
    if (link.web)
        split_fragment(&link);
    else if (!(f->ask->kinds & PAGE_LINK_OTHER))
        return;
    if (!f->ask->unique || !is_known(f, &link))
        f->ask->found(f->ask->user, &link);
}

/* ---- Elements -------------------------------------------------------------------------------- */

/* The URLs of a srcset: "a.png 1x, b.png 2x"; a URL may have commas in it, but not at its end. */
static void found_srcset(struct finder *f, struct fsk_span set, struct fsk_span text)
{
    for (size_t i = 0; i < set.n;) {
        while (i < set.n && (page_is_blank(set.p[i]) || set.p[i] == ','))
            i++;
        size_t from = i, depth = 0;
        while (i < set.n && !page_is_blank(set.p[i]))
            i++;
        size_t end = i;
        while (end > from && set.p[end - 1] == ',')
            end--;
        if (end > from)
            found_link(f, PAGE_LINK_IMG, fsk_span(set.p + from, end - from), text);
        bool described = end == i;
        for (; described && i < set.n && (set.p[i] != ',' || depth); i++) {
            depth += set.p[i] == '(';
            depth -= set.p[i] == ')' && depth;
        }
    }
}

/* Is one of the words of a list, as in rel, this one? */
static bool has_word(struct fsk_span list, struct fsk_span word)
{
    for (size_t i = 0; i < list.n; i++) {
        size_t from = i;
        while (i < list.n && !page_is_blank(list.p[i]))
            i++;
        if (fsk_span_caseeq(fsk_span(list.p + from, i - from), word))
            return true;
    }
    return false;
}

/* The URL in <meta http-equiv=refresh content="5; url='/next'">. */
static struct fsk_span refresh_url(struct fsk_span content)
{
    size_t i = 0;
    while (i < content.n && content.p[i] != ';' && content.p[i] != ',')
        i++;
    if (i == content.n)
        return fsk_span(NULL, 0);
    i++;
    struct fsk_span url = page_trim(fsk_span(content.p + i, content.n - i));
    if (url.n > 3 && fsk_span_caseeq(fsk_span(url.p, 3), FSK_SPAN("url"))) {
        struct fsk_span value = page_trim(fsk_span(url.p + 3, url.n - 3));
        if (value.n && value.p[0] == '=')
            url = page_trim(fsk_span(value.p + 1, value.n - 1));
    }
    if (url.n && (url.p[0] == '"' || url.p[0] == '\'')) {
        const char *end = memchr(url.p + 1, url.p[0], url.n - 1);
        url = fsk_span(url.p + 1, end ? (size_t)(end - url.p) - 1 : url.n - 1);
    }
    return url.n ? url : fsk_span(NULL, 0);
}

/* What has one attribute with a URL, and of what kind that is. */
static const struct {
    GumboTag tag;
    const char *attribute;
    enum page_link_kind kind;
} plain[] = {
    {GUMBO_TAG_A,      "href",       PAGE_LINK_A     },
    {GUMBO_TAG_AREA,   "href",       PAGE_LINK_A     },
    {GUMBO_TAG_IMG,    "src",        PAGE_LINK_IMG   },
    {GUMBO_TAG_BODY,   "background", PAGE_LINK_IMG   },
    {GUMBO_TAG_VIDEO,  "poster",     PAGE_LINK_IMG   },
    {GUMBO_TAG_VIDEO,  "src",        PAGE_LINK_MEDIA },
    {GUMBO_TAG_AUDIO,  "src",        PAGE_LINK_MEDIA },
    {GUMBO_TAG_SOURCE, "src",        PAGE_LINK_MEDIA },
    {GUMBO_TAG_TRACK,  "src",        PAGE_LINK_MEDIA },
    {GUMBO_TAG_EMBED,  "src",        PAGE_LINK_MEDIA },
    {GUMBO_TAG_OBJECT, "data",       PAGE_LINK_MEDIA },
    {GUMBO_TAG_SCRIPT, "src",        PAGE_LINK_SCRIPT},
    {GUMBO_TAG_IFRAME, "src",        PAGE_LINK_FRAME },
    {GUMBO_TAG_FRAME,  "src",        PAGE_LINK_FRAME },
};

static void look_at(struct finder *f, GumboTag tag)
{
    const GumboNode *e = f->element;
    struct fsk_span alt = page_attribute(e, "alt");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
        if (plain[i].tag == tag)
            found_link(f, plain[i].kind, page_attribute(e, plain[i].attribute), alt);
    if (tag == GUMBO_TAG_IMG || tag == GUMBO_TAG_SOURCE)
        found_srcset(f, page_attribute(e, "srcset"), alt);
    if (tag == GUMBO_TAG_INPUT && fsk_span_caseeq(page_attribute(e, "type"), FSK_SPAN("image")))
        found_link(f, PAGE_LINK_IMG, page_attribute(e, "src"), alt);
    if (tag == GUMBO_TAG_LINK) {
        struct fsk_span rel = page_attribute(e, "rel");
        bool css = has_word(rel, FSK_SPAN("stylesheet"));
        found_link(f, css ? PAGE_LINK_CSS : PAGE_LINK_LINK, page_attribute(e, "href"), rel);
    }
    if (tag == GUMBO_TAG_META &&
        fsk_span_caseeq(page_attribute(e, "http-equiv"), FSK_SPAN("refresh")))
        found_link(f, PAGE_LINK_LINK, refresh_url(page_attribute(e, "content")),
                   FSK_SPAN("refresh"));
}

enum page_err page_links(const struct page_doc *doc, const struct page_links_ask *ask)
{
    struct finder *f = calloc(1, sizeof *f);
    if (!f)
        return PAGE_NO_MEMORY;
    f->ask = ask;
    f->base = page_base(doc);
    fsk_map_init(&f->known);
    struct page_walk walk = page_walk_page(doc);
    while (f->err == PAGE_OK && (f->element = page_walk_next(&walk))) {
        GumboTag tag = page_tag(f->element);
        if (!walk.leaving && tag != GUMBO_TAG_LAST && !page_is_copy(f->element))
            look_at(f, tag);
    }
    for (struct fsk_map_node *node = fsk_map_next(&f->known, NULL), *next; node; node = next) {
        next = fsk_map_next(&f->known, node);
        free(FSK_HOLDER(node, struct known, node));
    }
    fsk_map_fini(&f->known);
    enum page_err err = f->err;
    free(f);
    return err;
}

/* ---- Anchors --------------------------------------------------------------------------------- */

void page_anchors(const struct page_doc *doc,
                  void (*found)(void *user, const struct page_anchor *anchor), void *user)
{
    struct page_walk walk = page_walk_page(doc);
    for (const GumboNode *node; (node = page_walk_next(&walk));) {
        if (walk.leaving || node->type != GUMBO_NODE_ELEMENT || page_is_copy(node))
            continue;
        struct page_anchor anchor = {page_attribute(node, "id"), page_line(node),
                                     page_column(node)};
        if (anchor.name.n)
            found(user, &anchor);
        anchor.name =
            page_tag(node) == GUMBO_TAG_A ? page_attribute(node, "name") : fsk_span(NULL, 0);
        if (anchor.name.n)
            found(user, &anchor);
    }
}
