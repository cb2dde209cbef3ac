#include "page_walk.h"

static const GumboVector *children(const GumboNode *node)
{
    if (node->type == GUMBO_NODE_DOCUMENT)
        return &node->v.document.children;
    return node->type == GUMBO_NODE_ELEMENT ? &node->v.element.children : NULL;
}

struct page_walk page_walk_in(const GumboNode *top)
{
    return (struct page_walk){.top = top};
}

/* What follows a node that is done with. */
static const GumboNode *step_over(struct page_walk *w)
{
    const GumboNode *node = w->node;
    if (node == w->top)
        return NULL;
    const GumboVector *among = children(node->parent);
    size_t next = node->index_within_parent + 1;
    w->leaving = next >= among->length;
    return w->leaving ? node->parent : among->data[next];
}

const GumboNode *page_walk_next(struct page_walk *w)
{
    const GumboVector *inside = w->node && !w->leaving ? children(w->node) : NULL;
    if (!w->node)
        w->node = w->top;
    else if (inside && inside->length && !w->skip)
        w->node = inside->data[0];
    else if (inside)
        w->leaving = true;
    else
        w->node = step_over(w);
    w->skip = false;
    return w->node;
}

GumboTag page_tag(const GumboNode *node)
{
    if (node->type != GUMBO_NODE_ELEMENT || node->v.element.tag_namespace != GUMBO_NAMESPACE_HTML)
        return GUMBO_TAG_LAST;
    return node->v.element.tag;
}

struct fsk_span page_attribute(const GumboNode *element, const char *name)
{
    if (element->type != GUMBO_NODE_ELEMENT)
        return fsk_span(NULL, 0);
    const GumboAttribute *a = gumbo_get_attribute(&element->v.element.attributes, name);
    return fsk_span_str(a ? a->value : NULL);
}

struct fsk_span page_node_text(const GumboNode *node)
{
    bool text = node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_WHITESPACE ||
                node->type == GUMBO_NODE_CDATA;
    return fsk_span_str(text ? node->v.text.text : NULL);
}

struct fsk_span page_trim(struct fsk_span s)
{
    while (s.n && page_is_blank(s.p[0]))
        s.p++, s.n--;
    while (s.n && page_is_blank(s.p[s.n - 1]))
        s.n--;
    return s;
}

enum fsock_err page_squeeze(struct fsk_buf *to, struct fsk_span text)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; i < text.n && err == FSOCK_OK;) {
        size_t from = i;
        bool blank = page_is_blank(text.p[i]);
        while (i < text.n && page_is_blank(text.p[i]) == blank)
            i++;
        struct fsk_span had = fsk_buf_span(to);
        if (!blank)
            err = fsk_buf_append(to, text.p + from, i - from);
        else if (had.n && had.p[had.n - 1] != ' ')
            err = fsk_buf_append(to, " ", 1);
    }
    return err;
}

/* ---- URLs ------------------------------------------------------------------------------------ */

/* How long the scheme of a reference is, with its colon; 0: it has none. */
static size_t scheme_len(struct fsk_span ref)
{
    for (size_t i = 0; i < ref.n; i++) {
        char c = fsk_lower(ref.p[i]);
        bool letter = c >= 'a' && c <= 'z';
        if (c == ':')
            return i ? i + 1 : 0;
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || (c && strchr("+-.", c)))))
            break;
    }
    return 0;
}

static bool is_web(struct fsk_span scheme)
{
    return fsk_span_caseeq(scheme, FSK_SPAN("http:")) ||
           fsk_span_caseeq(scheme, FSK_SPAN("https:"));
}

/* As browsers read a reference, into `clean`, which has PAGE_URL bytes. */
static struct fsk_span clean_ref(struct fsk_span ref, char *clean)
{
    size_t n = 0;
    bool path = true; /* before a query or a fragment */
    size_t scheme = scheme_len(ref);
    bool web = !scheme || is_web(fsk_span(ref.p, scheme));
    for (size_t i = 0; i < ref.n; i++) {
        char c = ref.p[i];
        if (c == '\t' || c == '\n' || c == '\r')
            continue;
        if (c == '?' || c == '#')
            path = false;
        clean[n++] = c == '\\' && path && web ? '/' : c;
    }
    return fsk_span(clean, n);
}

/* Whether nothing but the scheme of the base stands before a path: browsers take no notice of it.
 */
static bool has_idle_scheme(struct fsk_span ref, size_t scheme, const struct fsk_url *base)
{
    bool authority = ref.n >= scheme + 2 && ref.p[scheme] == '/' && ref.p[scheme + 1] == '/';
    return !authority && fsk_span_caseeq(fsk_span(ref.p, scheme - 1), base->scheme);
}

struct fsk_span page_resolve(const struct fsk_url *base, struct fsk_span ref, char *room)
{
    char clean[PAGE_URL];
    ref = page_trim(ref);
    if (ref.n > sizeof clean)
        return fsk_span(NULL, 0);
    ref = clean_ref(ref, clean);
    size_t scheme = scheme_len(ref);
    if (!base->host.n && !scheme)
        return fsk_span(NULL, 0);
    if (scheme && !is_web(fsk_span(ref.p, scheme))) {
        memcpy(room, ref.p, ref.n);
        return fsk_span(room, ref.n);
    }
    if (scheme && base->host.n && has_idle_scheme(ref, scheme, base))
        ref = fsk_span(ref.p + scheme, ref.n - scheme);
    size_t n = fsk_url_resolve(base, ref, room, PAGE_URL_ROOM);
    return fsk_span(room, n > PAGE_URL ? 0 : n);
}
