#include "page.h"

#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/list.h"
#include "charset.h"
#include "page_walk.h"

enum { ASKED_EVERY = 64 }; /* allocations: a tag or so each */

/*
 * Gumbo has no way to end a parse and takes no NULL from its allocator; and it frees a tree by
 * recursion. So its memory is in a list of ours, and what has to end a parse leaves it by longjmp.
 */
struct block {
    struct fsk_list link;
    size_t size;
    max_align_t bytes[];
};

struct page_doc {
    struct fsk_list blocks;
    size_t used;      /* bytes in them */
    unsigned counted; /* allocations since go_on() was asked */
    const struct page_source *from;
    jmp_buf out;
    enum page_err err;
    const GumboNode *root;
    const char *charset;
    struct fsk_buf text; /* in UTF-8: the tree points into it */
    char *url_text, *base_text;
    struct fsk_url url, base;
};

/* ---- Memory ---------------------------------------------------------------------------------- */

static void *allocate(void *user, size_t n)
{
    struct page_doc *doc = user;
    struct block *block = NULL;
    size_t size = sizeof *block + n;
    if (++doc->counted == ASKED_EVERY) {
        doc->counted = 0;
        if (doc->from->go_on && !doc->from->go_on(doc->from->user))
            doc->err = PAGE_TOO_SLOW;
    }
    if (n > PAGE_MEMORY || size > PAGE_MEMORY - doc->used)
        doc->err = PAGE_TOO_MUCH;
    if (doc->err == PAGE_OK && !(block = malloc(size)))
        doc->err = PAGE_NO_MEMORY;
    if (doc->err != PAGE_OK)
        longjmp(doc->out, 1);
    block->size = size;
    doc->used += size;
    fsk_list_append(&doc->blocks, &block->link);
    return block->bytes;
}

static void deallocate(void *user, void *p)
{
    struct page_doc *doc = user;
    if (!p)
        return;
    struct block *block = (struct block *)((char *)p - offsetof(struct block, bytes));
    doc->used -= block->size;
    fsk_list_remove(&block->link);
    free(block);
}

/* ---- Parsing --------------------------------------------------------------------------------- */

static void parse(struct page_doc *doc)
{
    GumboOptions options = kGumboDefaultOptions;
    struct fsk_span text = fsk_buf_span(&doc->text);
    options.allocator = allocate;
    options.deallocator = deallocate;
    options.userdata = doc;
    options.tab_stop = 1; /* a column is a character */
    options.max_errors = 0;
    if (setjmp(doc->out))
        return;
    doc->root = gumbo_parse_with_options(&options, text.n ? text.p : "", text.n)->document;
}

/* The text in UTF-8. */
static enum page_err decode(struct page_doc *doc, const struct page_source *from)
{
    size_t mark;
    if (from->bytes.n > PAGE_BYTES)
        return PAGE_TOO_LONG;
    doc->charset = charset_of_page(from->bytes, from->content_type, &mark);
    struct fsk_span text = from->bytes;
    if (mark)
        text = fsk_span(text.p + mark, text.n - mark);
    enum fsock_err err = strcmp(doc->charset, "UTF-8") == 0
                             ? fsk_buf_append(&doc->text, text.p, text.n)
                             : charset_to_utf8(doc->charset, text, &doc->text);
    return err == FSOCK_OK            ? PAGE_OK
           : err == FSOCK_ERR_TOO_BIG ? PAGE_TOO_LONG
           : err == FSOCK_ERR_MEMORY  ? PAGE_NO_MEMORY
                                      : PAGE_NO_CHARSET;
}

/* Keep a URL, whose parts point into *text then. No URL leaves *u without a host. */
static bool keep_url(struct fsk_span url, char **text, struct fsk_url *u)
{
    *text = strndup(url.n ? url.p : "", url.n);
    if (*text && fsk_url_parse(fsk_span(*text, url.n), false, u, NULL) != FSK_URL_OK)
        *u = (struct fsk_url){.port = 0};
    return *text;
}

static bool is_web(const struct fsk_url *u)
{
    return u->host.n && (fsk_span_caseeq(u->scheme, FSK_SPAN("http")) ||
                         fsk_span_caseeq(u->scheme, FSK_SPAN("https")));
}

/* The first <base> with a href counts, unless that is no URL. */
static enum page_err find_base(struct page_doc *doc)
{
    char room[PAGE_URL_ROOM];
    struct page_walk walk = page_walk_page(doc);
    doc->base = doc->url;
    for (const GumboNode *node; (node = page_walk_next(&walk));) {
        struct fsk_span href = fsk_span(NULL, 0);
        if (page_tag(node) == GUMBO_TAG_BASE)
            href = page_attribute(node, "href");
        if (!href.p)
            continue;
        if (!keep_url(page_resolve(&doc->url, href, room), &doc->base_text, &doc->base))
            return PAGE_NO_MEMORY;
        if (!is_web(&doc->base))
            doc->base = doc->url;
        break;
    }
    return PAGE_OK;
}

enum page_err page_doc_new(struct page_doc **made, const struct page_source *from)
{
    struct page_doc *doc = calloc(1, sizeof *doc);
    *made = NULL;
    if (!doc)
        return PAGE_NO_MEMORY;
    fsk_list_init(&doc->blocks);
    fsk_buf_init(&doc->text, PAGE_BYTES);
    doc->from = from;
    doc->err = decode(doc, from);
    if (doc->err == PAGE_OK)
        parse(doc);
    if (doc->err == PAGE_OK && !keep_url(from->url, &doc->url_text, &doc->url))
        doc->err = PAGE_NO_MEMORY;
    if (doc->err == PAGE_OK)
        doc->err = find_base(doc);
    enum page_err err = doc->err;
    doc->from = NULL;
    if (err == PAGE_OK)
        *made = doc;
    else
        page_doc_free(doc);
    return err;
}

void page_doc_free(struct page_doc *doc)
{
    if (!doc)
        return;
    FSK_LIST_EACH (link, &doc->blocks)
        free(FSK_HOLDER(link, struct block, link));
    fsk_buf_fini(&doc->text);
    free(doc->url_text);
    free(doc->base_text);
    free(doc);
}

/* ---- What is known of it --------------------------------------------------------------------- */

bool page_is_html(struct fsk_span type)
{
    for (size_t i = 0; i < type.n; i++)
        if (type.p[i] == ';')
            type.n = i;
    type = fsk_span_trim(type);
    return !type.n || fsk_span_caseeq(type, FSK_SPAN("text/html")) ||
           fsk_span_caseeq(type, FSK_SPAN("application/xhtml+xml"));
}

const char *page_err_text(enum page_err err)
{
    static const char *const texts[] = {
        [PAGE_OK] = "",
        [PAGE_TOO_LONG] = "is larger than 8 MiB",
        [PAGE_TOO_MUCH] = "needs more than 128 MiB when it is parsed",
        [PAGE_TOO_SLOW] = "takes too long to parse",
        [PAGE_NO_MEMORY] = "can't be parsed: out of memory",
        [PAGE_LINKED] = "has links of more than 32 MiB",
        [PAGE_FULL] = "has more in it than is kept: 16 MiB of text, 16 of forms, 64 in all",
        [PAGE_NO_CHARSET] = "is in an encoding that this system can't convert",
    };
    return texts[err];
}

const char *page_charset(const struct page_doc *doc)
{
    return doc->charset;
}

const struct fsk_url *page_url(const struct page_doc *doc)
{
    return &doc->url;
}

const struct fsk_url *page_base(const struct page_doc *doc)
{
    return &doc->base;
}

struct page_walk page_walk_page(const struct page_doc *doc)
{
    return page_walk_in(doc->root);
}
