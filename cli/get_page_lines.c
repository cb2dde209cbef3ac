/* get_page_lines: what was found in a page, for people and grep. */
#include "get_page.h"
#include "page_facts.h"
#include "page_forms.h"
#include "page_links.h"
#include "page_text.h"

struct lines {
    struct out *to;
    bool fragments;
};

static void found_link(void *user, const struct page_link *link)
{
    struct lines *lines = user;
    out_text(lines->to, link->url);
    if (lines->fragments && link->fragment.p) {
        out_char(lines->to, '#');
        out_text(lines->to, link->fragment);
    }
    out_char(lines->to, '\n');
}

static enum page_err put_links(struct out *to, const struct get_options *o,
                               const struct page_doc *doc, bool images, fsock_time until)
{
    struct page_links_ask ask = get_page_ask(o, images, until);
    struct lines lines = {to, ask.fragments};
    ask.found = found_link;
    ask.user = &lines;
    return page_links(doc, &ask);
}

static void found_fact(void *user, const struct page_fact *fact)
{
    out_text(user, fact->name);
    out_char(user, '\t');
    out_text(user, fact->content);
    out_char(user, '\n');
}

static enum page_err put_title(struct out *to, const struct page_doc *doc)
{
    struct fsk_buf text;
    fsk_buf_init(&text, PAGE_TEXT);
    enum fsock_err err = page_title(doc, &text);
    out_text(to, fsk_buf_span(&text));
    out_char(to, '\n');
    fsk_buf_fini(&text);
    return get_page_err(err);
}

static enum page_err put_text(struct out *to, const struct page_doc *doc)
{
    struct fsk_buf text;
    fsk_buf_init(&text, PAGE_TEXT);
    enum fsock_err err = page_text(doc, &text);
    out_span(to, fsk_buf_span(&text));
    fsk_buf_fini(&text);
    return get_page_err(err);
}

/* ---- Forms ----------------------------------------------------------------------------------- */

static void put_column(struct out *to, struct fsk_span text)
{
    out_char(to, '\t');
    out_text(to, text);
}

static void put_field(struct out *to, const struct page_field *field)
{
    out_str(to, "field");
    put_column(to, fsk_span_str(field->type));
    put_column(to, field->name);
    put_column(to, field->value);
    out_str(to, field->checked ? "\tchecked" : "");
    out_str(to, field->required ? "\trequired" : "");
    out_str(to, field->disabled ? "\tdisabled" : "");
    out_char(to, '\n');
    for (size_t i = 0; i < field->n_options; i++) {
        const struct page_option *option = &field->option[i];
        out_str(to, "option");
        put_column(to, option->value);
        put_column(to, option->text);
        out_str(to, option->selected ? "\tselected" : "");
        out_str(to, option->disabled ? "\tdisabled" : "");
        out_char(to, '\n');
    }
}

static enum page_err put_forms(struct out *to, const struct page_doc *doc)
{
    struct page_forms forms;
    enum page_err err = page_forms_init(&forms, doc);
    for (size_t i = 0; i < forms.n_forms; i++) {
        const struct page_form *form = &forms.form[i];
        out_str(to, "form\t");
        out_u64(to, i + 1);
        put_column(to, form->id.n ? form->id : form->name);
        put_column(to, fsk_span_str(form->method));
        put_column(to, form->action);
        put_column(to, fsk_span_str(form->enctype));
        out_char(to, '\n');
        for (size_t k = 0; k < form->n_fields; k++)
            put_field(to, &form->field[k]);
    }
    page_forms_fini(&forms);
    return err;
}

enum page_err get_page_lines(struct out *to, const struct get_options *o,
                             const struct page_doc *doc, fsock_time until)
{
    if (o->page.links || o->page.images)
        return put_links(to, o, doc, o->page.images, until);
    if (o->page.title)
        return put_title(to, doc);
    if (o->page.text)
        return put_text(to, doc);
    if (o->page.forms)
        return put_forms(to, doc);
    page_facts(doc, found_fact, to);
    return PAGE_OK;
}
