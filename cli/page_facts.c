#include "page_facts.h"

#include "charset.h"
#include "page_walk.h"

enum { NAME_MAX_LEN = 200 };

/* ---- The title ------------------------------------------------------------------------------- */

enum fsock_err page_title(const struct page_doc *doc, struct fsk_buf *to)
{
    struct page_walk walk = page_walk_page(doc);
    const GumboNode *node;
    while ((node = page_walk_next(&walk)))
        if (page_tag(node) == GUMBO_TAG_TITLE)
            break;
    if (!node)
        return FSOCK_OK;
    size_t begin = fsk_buf_len(to);
    enum fsock_err err = FSOCK_OK;
    walk = page_walk_in(node);
    while (err == FSOCK_OK && (node = page_walk_next(&walk)))
        err = page_squeeze(to, page_trim(page_node_text(node)));
    if (fsk_buf_len(to) > begin && to->mem[to->end - 1] == ' ')
        to->end--;
    return err;
}

/* ---- Facts ----------------------------------------------------------------------------------- */

struct teller {
    const struct page_doc *doc;
    void (*found)(void *, const struct page_fact *);
    void *user;
};

static void tell(const struct teller *t, struct fsk_span name, struct fsk_span content)
{
    char lower[NAME_MAX_LEN];
    name = page_trim(name);
    if (!name.n || name.n > sizeof lower || !content.p)
        return;
    for (size_t i = 0; i < name.n; i++)
        lower[i] = fsk_lower(name.p[i]);
    struct page_fact fact = {fsk_span(lower, name.n), page_trim(content)};
    t->found(t->user, &fact);
}

static void look_at_meta(const struct teller *t, const GumboNode *e)
{
    static const char *const attributes[] = {"name", "property", "http-equiv"};
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++) {
        struct fsk_span name = page_attribute(e, attributes[i]);
        if (!page_trim(name).n)
            continue;
        tell(t, name, page_attribute(e, "content"));
        return;
    }
}

static void look_at_link(const struct teller *t, const GumboNode *e)
{
    char room[PAGE_URL_ROOM];
    if (!fsk_span_caseeq(page_trim(page_attribute(e, "rel")), FSK_SPAN("canonical")))
        return;
    struct fsk_span url = page_resolve(page_base(t->doc), page_attribute(e, "href"), room);
    if (url.n)
        tell(t, FSK_SPAN("canonical"), url);
}

void page_facts(const struct page_doc *doc, void (*found)(void *, const struct page_fact *),
                void *user)
{
    const struct teller t = {doc, found, user};
    struct page_walk walk = page_walk_page(doc);
    tell(&t, FSK_SPAN("charset"), fsk_span_str(charset_name(page_charset(doc))));
    for (const GumboNode *node; (node = page_walk_next(&walk));) {
        GumboTag tag = walk.leaving ? GUMBO_TAG_LAST : page_tag(node);
        if (tag == GUMBO_TAG_HTML)
            tell(&t, FSK_SPAN("lang"), page_attribute(node, "lang"));
        else if (tag == GUMBO_TAG_META)
            look_at_meta(&t, node);
        else if (tag == GUMBO_TAG_LINK)
            look_at_link(&t, node);
    }
}

/* ---- What it asks of robots ------------------------------------------------------------------ */

/* Whether one of the words of a list, as in "noindex, nofollow", bars links. */
static bool has_bar(struct fsk_span list)
{
    for (size_t i = 0; i < list.n; i++) {
        size_t from = i;
        while (i < list.n && list.p[i] != ',' && !page_is_blank(list.p[i]))
            i++;
        struct fsk_span word = fsk_span(list.p + from, i - from);
        if (fsk_span_caseeq(word, FSK_SPAN("nofollow")) || fsk_span_caseeq(word, FSK_SPAN("none")))
            return true;
    }
    return false;
}

bool page_bars_links(const struct page_doc *doc)
{
    struct page_walk walk = page_walk_page(doc);
    for (const GumboNode *node; (node = page_walk_next(&walk));)
        if (!walk.leaving && page_tag(node) == GUMBO_TAG_META &&
            fsk_span_caseeq(page_trim(page_attribute(node, "name")), FSK_SPAN("robots")) &&
            has_bar(page_attribute(node, "content")))
            return true;
    return false;
}
