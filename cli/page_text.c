#include "page_text.h"

#include <stdio.h>

#include "page_walk.h"
#include "utf8.h"

enum { LISTS = 16, INDENT_MOST = 40 }; /* deeper lists are numbered as those above them */

struct list {
    bool ordered;
    long next;
};

struct writer {
    struct fsk_buf *to;
    enum fsock_err err;
    bool begun;       /* something has been written */
    unsigned breaks;  /* line ends to come before the next word */
    bool space, cell; /* a space, a tab; if the line doesn't end first */
    bool line_begins; /* the mark of an item was the last that was written */
    unsigned pre;     /* <pre> that are open */
    unsigned indent;  /* columns */
    unsigned lists;   /* that are open */
    struct list list[LISTS];
};

/* ---- Writing --------------------------------------------------------------------------------- */

static void put(struct writer *w, const char *p, size_t n)
{
    if (w->err == FSOCK_OK)
        w->err = fsk_buf_append(w->to, p, n);
}

static void put_indent(struct writer *w, unsigned columns)
{
    static const char spaces[INDENT_MOST + 1] = "                                        ";
    put(w, spaces, columns < INDENT_MOST ? columns : INDENT_MOST);
}

/* At least so many line ends before what follows; two are an empty line. */
static void end_line(struct writer *w, unsigned breaks)
{
    if (breaks > w->breaks)
        w->breaks = breaks;
    w->space = w->cell = false;
}

/* What has to come between the last word and the next. */
static void come_to(struct writer *w, unsigned indent)
{
    if (!w->begun || (w->breaks && !w->line_begins)) {
        for (unsigned i = 0; w->begun && i < w->breaks; i++)
            put(w, "\n", 1);
        put_indent(w, indent);
    } else if (w->cell) {
        put(w, "\t", 1);
    } else if (w->space && !w->line_begins) {
        put(w, " ", 1);
    }
    w->begun = true;
    w->breaks = 0;
    w->space = w->cell = w->line_begins = false;
}

/* How long the character at p is, and whether it is one to be dropped, or a space. */
static size_t next_character(const char *p, size_t n, bool *dropped, bool *space)
{
    const unsigned char *c = (const unsigned char *)p;
    size_t len = *c < 0x80 ? 1 : utf8_len(c, n);
    bool soft_hyphen = len == 2 && c[0] == 0xc2 && c[1] == 0xad;
    bool line_end = len == 3 && c[0] == 0xe2 && c[1] == 0x80 && (c[2] | 1) == 0xa9;
    bool steers = *c < ' ' || *c == 0x7f || utf8_steers(c, len);
    *space = line_end || (len == 2 && c[0] == 0xc2 && c[1] == 0xa0);
    *dropped = soft_hyphen || (steers && !line_end && !page_is_blank(*p));
    return len ? len : 1;
}

static void put_words(struct writer *w, struct fsk_span text)
{
    for (size_t i = 0, n; i < text.n && w->err == FSOCK_OK; i += n) {
        bool dropped, space;
        n = next_character(text.p + i, text.n - i, &dropped, &space);
        if (dropped)
            continue;
        if (space || page_is_blank(text.p[i])) {
            w->space = true;
            continue;
        }
        come_to(w, w->indent);
        put(w, text.p + i, n);
    }
}

static void put_as_it_is(struct writer *w, struct fsk_span text)
{
    for (size_t i = 0, n; i < text.n && w->err == FSOCK_OK; i += n) {
        bool dropped, space;
        n = next_character(text.p + i, text.n - i, &dropped, &space);
        if (text.p[i] == '\n') {
            w->breaks++;
            w->space = false;
        } else if (!dropped && text.p[i] != '\r' && text.p[i] != '\f') {
            w->line_begins &= !w->breaks;
            come_to(w, w->indent);
            put(w, space ? " " : text.p + i, space ? 1 : n);
        }
    }
}

static void put_text(struct writer *w, struct fsk_span text)
{
    if (w->pre)
        put_as_it_is(w, text);
    else
        put_words(w, text);
}

/* ---- Elements -------------------------------------------------------------------------------- */

/* How an element stands among others. */
enum layout {
    INLINE,
    LINE,  /* on lines of its own */
    BLOCK, /* ... with an empty line around it */
    UNSEEN
};

/* All others are INLINE. */
/* clang-format off */
static const unsigned char layouts[GUMBO_TAG_LAST + 1] = {
    [GUMBO_TAG_P] = BLOCK, [GUMBO_TAG_H1] = BLOCK, [GUMBO_TAG_H2] = BLOCK, [GUMBO_TAG_H3] = BLOCK,
    [GUMBO_TAG_H4] = BLOCK, [GUMBO_TAG_H5] = BLOCK, [GUMBO_TAG_H6] = BLOCK,
    [GUMBO_TAG_BLOCKQUOTE] = BLOCK, [GUMBO_TAG_DL] = BLOCK, [GUMBO_TAG_FIGURE] = BLOCK,
    [GUMBO_TAG_HR] = BLOCK, [GUMBO_TAG_OL] = BLOCK, [GUMBO_TAG_PRE] = BLOCK,
    [GUMBO_TAG_LISTING] = BLOCK, [GUMBO_TAG_TABLE] = BLOCK, [GUMBO_TAG_UL] = BLOCK,
    [GUMBO_TAG_MENU] = BLOCK, [GUMBO_TAG_DIR] = BLOCK,
    [GUMBO_TAG_HTML] = LINE, [GUMBO_TAG_BODY] = LINE, [GUMBO_TAG_ADDRESS] = LINE,
    [GUMBO_TAG_ARTICLE] = LINE, [GUMBO_TAG_ASIDE] = LINE, [GUMBO_TAG_CAPTION] = LINE,
    [GUMBO_TAG_CENTER] = LINE, [GUMBO_TAG_DD] = LINE, [GUMBO_TAG_DETAILS] = LINE,
    [GUMBO_TAG_DIV] = LINE, [GUMBO_TAG_DT] = LINE, [GUMBO_TAG_FIELDSET] = LINE,
    [GUMBO_TAG_FIGCAPTION] = LINE, [GUMBO_TAG_FOOTER] = LINE, [GUMBO_TAG_FORM] = LINE,
    [GUMBO_TAG_HEADER] = LINE, [GUMBO_TAG_HGROUP] = LINE, [GUMBO_TAG_LEGEND] = LINE,
    [GUMBO_TAG_LI] = LINE, [GUMBO_TAG_MAIN] = LINE, [GUMBO_TAG_NAV] = LINE,
    [GUMBO_TAG_SECTION] = LINE, [GUMBO_TAG_SUMMARY] = LINE, [GUMBO_TAG_TBODY] = LINE,
    [GUMBO_TAG_TFOOT] = LINE, [GUMBO_TAG_THEAD] = LINE, [GUMBO_TAG_TR] = LINE,
    [GUMBO_TAG_HEAD] = UNSEEN, [GUMBO_TAG_TITLE] = UNSEEN, [GUMBO_TAG_SCRIPT] = UNSEEN,
    [GUMBO_TAG_STYLE] = UNSEEN, [GUMBO_TAG_SELECT] = UNSEEN, [GUMBO_TAG_DATALIST] = UNSEEN,
    [GUMBO_TAG_TEXTAREA] = UNSEEN, [GUMBO_TAG_IFRAME] = UNSEEN, [GUMBO_TAG_NOEMBED] = UNSEEN,
    [GUMBO_TAG_OBJECT] = UNSEEN, [GUMBO_TAG_AUDIO] = UNSEEN, [GUMBO_TAG_VIDEO] = UNSEEN,
    [GUMBO_TAG_CANVAS] = UNSEEN,
};
/* clang-format on */

static enum layout layout_of(GumboTag tag)
{
    return (enum layout)layouts[tag];
}

/* Whether a style says "display: none", however it is written. */
static bool hides(struct fsk_span style)
{
    static const char wanted[] = "display:none";
    size_t n = 0;
    for (size_t i = 0; i < style.n && wanted[n]; i++) {
        char c = fsk_lower(style.p[i]);
        if (page_is_blank(c))
            continue;
        n = c == wanted[n] ? n + 1 : c == wanted[0];
    }
    return !wanted[n];
}

static bool is_hidden(const GumboNode *e)
{
    if (e->v.element.tag_namespace == GUMBO_NAMESPACE_SVG)
        return true;
    return layout_of(page_tag(e)) == UNSEEN || page_attribute(e, "hidden").p ||
           hides(page_attribute(e, "style"));
}

/* ---- Lists ----------------------------------------------------------------------------------- */

/* A number as in start="7"; `other` if it is none. */
static long number_of(struct fsk_span text, long other)
{
    long v = 0;
    bool minus = text.n && text.p[0] == '-';
    size_t i = minus;
    for (; i < text.n && i < 9 && text.p[i] >= '0' && text.p[i] <= '9'; i++)
        v = 10 * v + (text.p[i] - '0');
    return i == (size_t)minus ? other : minus ? -v : v;
}

static bool is_list(GumboTag tag)
{
    return tag == GUMBO_TAG_UL || tag == GUMBO_TAG_OL || tag == GUMBO_TAG_MENU ||
           tag == GUMBO_TAG_DIR;
}

static void begin_list(struct writer *w, const GumboNode *e)
{
    if (w->lists < LISTS)
        w->list[w->lists] = (struct list){.ordered = page_tag(e) == GUMBO_TAG_OL,
                                          .next = number_of(page_attribute(e, "start"), 1)};
    w->lists++;
}

static void begin_item(struct writer *w, const GumboNode *e)
{
    char mark[32] = "* ";
    unsigned i = w->lists < LISTS ? w->lists : LISTS;
    struct list *list = i ? &w->list[i - 1] : NULL;
    if (list && list->ordered) {
        list->next = number_of(page_attribute(e, "value"), list->next);
        snprintf(mark, sizeof mark, "%ld. ", list->next++);
    }
    w->line_begins = false;
    come_to(w, w->indent < 2 ? 0 : w->indent - 2);
    put(w, mark, strlen(mark));
    w->line_begins = true;
}

/* ---- The walk -------------------------------------------------------------------------------- */

static bool is_indented(GumboTag tag)
{
    return is_list(tag) || tag == GUMBO_TAG_BLOCKQUOTE || tag == GUMBO_TAG_DD;
}

/* Around an element: lists in lists have no empty lines. */
static void border(struct writer *w, GumboTag tag)
{
    enum layout layout = layout_of(tag);
    if (layout == BLOCK && is_list(tag) && w->lists)
        layout = LINE;
    if (layout != INLINE)
        end_line(w, layout == BLOCK ? 2 : 1);
}

static void enter(struct writer *w, const GumboNode *e, GumboTag tag)
{
    border(w, tag);
    w->indent += is_indented(tag) ? 2 : 0;
    w->pre += tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING;
    if (is_list(tag))
        begin_list(w, e);
    else if (tag == GUMBO_TAG_LI)
        begin_item(w, e);
    else if (tag == GUMBO_TAG_BR)
        end_line(w, w->breaks < 2 ? w->breaks + 1 : 2);
    else if (tag == GUMBO_TAG_IMG)
        put_text(w, page_attribute(e, "alt"));
}

static void leave(struct writer *w, GumboTag tag)
{
    w->indent -= is_indented(tag) ? 2 : 0;
    w->pre -= tag == GUMBO_TAG_PRE || tag == GUMBO_TAG_LISTING;
    w->lists -= is_list(tag);
    if (tag == GUMBO_TAG_TD || tag == GUMBO_TAG_TH)
        w->cell = w->begun && !w->breaks;
    border(w, tag);
}

enum fsock_err page_text(const struct page_doc *doc, struct fsk_buf *to)
{
    struct writer w = {.to = to};
    struct page_walk walk = page_walk_page(doc);
    for (const GumboNode *node; w.err == FSOCK_OK && (node = page_walk_next(&walk));) {
        struct fsk_span text = page_node_text(node);
        if (text.p) {
            put_text(&w, text);
        } else if (node->type == GUMBO_NODE_ELEMENT) {
            if (is_hidden(node))
                walk.skip = true;
            else if (walk.leaving)
                leave(&w, page_tag(node));
            else
                enter(&w, node, page_tag(node));
        }
    }
    if (w.begun)
        put(&w, "\n", 1);
    return w.err;
}
