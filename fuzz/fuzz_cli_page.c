/*
 * Pages: whatever the bytes are, parsing ends within its ceilings, the walk sees each element
 * twice, and links are absolute and as unique as asked. The first byte of the input is the
 * encoding's.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "page_facts.h"
#include "page_forms.h"
#include "page_links.h"
#include "page_text.h"
#include "page_walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void found_link(void *user, const struct page_link *link)
{
    size_t *n = user;
    struct fsk_url u;
    ++*n;
    assert(link->url.n && link->url.n <= PAGE_URL && link->line && link->column);
    assert(!link->web || fsk_url_parse(link->url, false, &u, NULL) == FSK_URL_OK);
    assert(!link->web || !memchr(link->url.p, '#', link->url.n));
}

static void found_anchor(void *user, const struct page_anchor *anchor)
{
    (void)user;
    assert(anchor->name.n && anchor->line && anchor->column);
}

static void walk_all(const struct page_doc *doc)
{
    struct page_walk walk = page_walk_page(doc);
    size_t in = 0, out = 0;
    for (const GumboNode *node; (node = page_walk_next(&walk));) {
        bool element = node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_DOCUMENT;
        in += element && !walk.leaving;
        out += walk.leaving;
        assert(element || !walk.leaving);
    }
    assert(in == out);
}

static void found_fact(void *user, const struct page_fact *fact)
{
    (void)user;
    assert(fact->name.n && fact->content.p);
}

static void read_all(const struct page_doc *doc)
{
    struct fsk_buf text;
    fsk_buf_init(&text, PAGE_TEXT);
    assert(page_text(doc, &text) == FSOCK_OK);
    struct fsk_span all = fsk_buf_span(&text);
    for (size_t i = 0; i < all.n; i++)
        assert((unsigned char)all.p[i] >= ' ' || strchr("\t\n", all.p[i]));
    fsk_buf_clear(&text);
    assert(page_title(doc, &text) == FSOCK_OK);
    fsk_buf_fini(&text);
    page_facts(doc, found_fact, NULL);
}

static void fill_in(const struct page_doc *doc)
{
    struct page_forms forms;
    size_t fields = 0;
    assert(page_forms_init(&forms, doc) == PAGE_OK);
    for (size_t i = 0; i < forms.n_forms; i++) {
        const struct page_form *form = &forms.form[i];
        fields += form->n_fields;
        for (size_t k = 0; k < form->n_fields; k++) {
            const struct page_field *field = &form->field[k];
            size_t selected = 0;
            assert(field->form == i && field->value.p);
            for (size_t o = 0; o < field->n_options; o++)
                selected += field->option[o].selected;
            assert(selected <= 1 || field->multiple);
        }
    }
    assert(fields == forms.n_fields);
    page_forms_fini(&forms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const types[] = {"text/html", "text/html; charset=utf-8",
                                        "text/html; charset=sjis", "text/html; charset=gb18030",
                                        "text/html; charset=iso-2022-jp"};
    struct page_doc *doc;
    size_t all = 0, unique = 0;
    if (!size)
        return 0;
    char *copy = malloc(size); /* of just this size, so that asan sees each step over */
    if (!copy)
        abort();
    memcpy(copy, data + 1, size - 1);
    struct page_source from = {.bytes = fsk_span(copy, size - 1),
                               .content_type = fsk_span_str(types[data[0] % 5]),
                               .url = FSK_SPAN("http://h/d/page")};
    enum page_err err = page_doc_new(&doc, &from);
    free(copy);
    assert((err == PAGE_OK) == (doc != NULL));
    if (!doc)
        return 0;
    struct page_links_ask ask = {
        .kinds = PAGE_LINK_ALL | PAGE_LINK_OTHER, .found = found_link, .user = &all};
    walk_all(doc);
    assert(page_links(doc, &ask) == PAGE_OK);
    ask.unique = true;
    ask.user = &unique;
    assert(page_links(doc, &ask) == PAGE_OK);
    assert(unique <= all && !unique == !all);
    page_anchors(doc, found_anchor, NULL);
    read_all(doc);
    fill_in(doc);
    page_doc_free(doc);
    return 0;
}
