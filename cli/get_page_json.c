/* get_page_json: what was found in a page, as members of its record. */
#include "get_page.h"
#include "page_facts.h"
#include "page_forms.h"
#include "page_links.h"
#include "page_text.h"

/* A list that is being written. */
struct list {
    struct out *to;
    bool begun, fragments;
};

static void next_in(struct list *list)
{
    out_str(list->to, list->begun ? ",{" : "{");
    list->begun = true;
}

/* "name":"text", with what is in front of it; nothing if there is no text. */
static void put_text(struct out *to, const char *key, struct fsk_span text)
{
    if (!text.p)
        return;
    out_str(to, key);
    out_json_string(to, text);
}

static void put_flag(struct out *to, const char *key, bool value)
{
    out_str(to, key);
    out_str(to, value ? "true" : "false");
}

/* ---- Links ----------------------------------------------------------------------------------- */

static void put_place(struct out *to, unsigned line, unsigned column)
{
    OUT_LITERAL(to, ",\"line\":");
    out_u64(to, line);
    OUT_LITERAL(to, ",\"column\":");
    out_u64(to, column);
}

static void found_link(void *user, const struct page_link *link)
{
    struct list *list = user;
    struct out *to = list->to;
    if (to->sys_errno)
        return; /* there is too much already, and one text may belong to very many links */
    next_in(list);
    OUT_LITERAL(to, "\"url\":\"");
    out_json(to, link->url);
    if (list->fragments && link->fragment.p) {
        out_char(to, '#');
        out_json(to, link->fragment);
    }
    OUT_LITERAL(to, "\",\"kind\":\"");
    out_str(to, page_link_word(link->kind));
    out_char(to, '"');
    put_text(to,
             link->kind == PAGE_LINK_IMG || link->kind == PAGE_LINK_A ? ",\"alt\":" : ",\"rel\":",
             link->text);
    put_place(to, link->line, link->column);
    out_char(to, '}');
}

static enum page_err put_links(struct out *to, const struct get_options *o,
                               const struct page_doc *doc, bool images, fsock_time until)
{
    struct page_links_ask ask = get_page_ask(o, images, until);
    struct list list = {.to = to, .fragments = ask.fragments};
    ask.found = found_link;
    ask.user = &list;
    out_char(to, '[');
    enum page_err err = page_links(doc, &ask);
    out_char(to, ']');
    return err;
}

/* ---- Title, text, facts ---------------------------------------------------------------------- */

static enum page_err put_buf(struct out *to, const struct page_doc *doc,
                             enum fsock_err (*get)(const struct page_doc *, struct fsk_buf *))
{
    struct fsk_buf text;
    fsk_buf_init(&text, PAGE_TEXT);
    enum fsock_err err = get(doc, &text);
    out_json_string(to, fsk_buf_span(&text));
    fsk_buf_fini(&text);
    return get_page_err(err);
}

static void found_fact(void *user, const struct page_fact *fact)
{
    struct list *list = user;
    next_in(list);
    put_text(list->to, "\"name\":", fact->name);
    put_text(list->to, ",\"content\":", fact->content);
    out_char(list->to, '}');
}

static enum page_err put_facts(struct out *to, const struct page_doc *doc)
{
    struct list list = {.to = to};
    out_char(to, '[');
    page_facts(doc, found_fact, &list);
    out_char(to, ']');
    return PAGE_OK;
}

/* ---- Forms ----------------------------------------------------------------------------------- */

static void put_options(struct out *to, const struct page_field *field)
{
    struct list list = {.to = to};
    OUT_LITERAL(to, ",\"options\":[");
    for (size_t i = 0; i < field->n_options; i++) {
        const struct page_option *option = &field->option[i];
        next_in(&list);
        put_text(to, "\"value\":", option->value);
        put_text(to, ",\"text\":", option->text);
        put_flag(to, ",\"selected\":", option->selected);
        put_flag(to, ",\"disabled\":", option->disabled);
        out_char(to, '}');
    }
    out_char(to, ']');
}

static void put_field(struct out *to, const struct page_field *field)
{
    OUT_LITERAL(to, "\"type\":\"");
    out_str(to, field->type);
    out_char(to, '"');
    put_text(to, ",\"name\":", field->name);
    put_text(to, ",\"id\":", field->id);
    put_text(to, ",\"value\":", field->value);
    if (strcmp(field->type, "checkbox") == 0 || strcmp(field->type, "radio") == 0)
        put_flag(to, ",\"checked\":", field->checked);
    if (field->disabled)
        put_flag(to, ",\"disabled\":", true);
    if (field->required)
        put_flag(to, ",\"required\":", true);
    if (field->multiple)
        put_flag(to, ",\"multiple\":", true);
    if (strcmp(field->type, "select") == 0)
        put_options(to, field);
}

static void put_form(struct out *to, const struct page_form *form, size_t number)
{
    struct list list = {.to = to};
    OUT_LITERAL(to, "\"number\":");
    out_u64(to, number);
    put_text(to, ",\"id\":", form->id);
    put_text(to, ",\"name\":", form->name);
    put_text(to, ",\"method\":", fsk_span_str(form->method));
    put_text(to, ",\"action\":", form->action);
    put_text(to, ",\"enctype\":", fsk_span_str(form->enctype));
    put_text(to, ",\"accept_charset\":", form->charset);
    put_place(to, form->line, form->column);
    OUT_LITERAL(to, ",\"fields\":[");
    for (size_t i = 0; i < form->n_fields; i++) {
        next_in(&list);
        put_field(to, &form->field[i]);
        out_char(to, '}');
    }
    out_char(to, ']');
}

static enum page_err put_forms(struct out *to, const struct page_doc *doc)
{
    struct list list = {.to = to};
    struct page_forms forms;
    enum page_err err = page_forms_init(&forms, doc);
    out_char(to, '[');
    for (size_t i = 0; i < forms.n_forms; i++) {
        next_in(&list);
        put_form(to, &forms.form[i], i + 1);
        out_char(to, '}');
    }
    out_char(to, ']');
    page_forms_fini(&forms);
    return err;
}

/* ---- All ------------------------------------------------------------------------------------- */

enum member { TITLE, META, LINKS, IMAGES, TEXT, FORMS };

static enum page_err put_value(struct out *to, enum member member, const struct get_options *o,
                               const struct page_doc *doc, fsock_time until)
{
    switch (member) {
    case TITLE:
        return put_buf(to, doc, page_title);
    case META:
        return put_facts(to, doc);
    case LINKS:
    case IMAGES:
        return put_links(to, o, doc, member == IMAGES, until);
    case TEXT:
        return put_buf(to, doc, page_text);
    case FORMS:
        return put_forms(to, doc);
    }
    return PAGE_OK;
}

enum page_err get_page_json(struct out *to, const struct get_options *o, const struct page_doc *doc,
                            const char *why, fsock_time until)
{
    const struct {
        bool wanted;
        const char *key;
    } members[] = {
        [TITLE] = {o->page.title,  ",\"title\":" },
          [META] = {o->page.meta,   ",\"meta\":"  },
        [LINKS] = {o->page.links,  ",\"links\":" },
          [IMAGES] = {o->page.images, ",\"images\":"},
        [TEXT] = {o->page.text,   ",\"text\":"  },
          [FORMS] = {o->page.forms,  ",\"forms\":" },
    };
    enum page_err err = PAGE_OK;
    for (enum member m = TITLE; m <= FORMS && err == PAGE_OK; m++) {
        if (!members[m].wanted)
            continue;
        out_str(to, members[m].key);
        if (doc)
            err = put_value(to, m, o, doc, until);
        else
            out_str(to, "null");
    }
    OUT_LITERAL(to, ",\"page_error\":");
    if (why)
        out_json_string(to, fsk_span_str(why));
    else
        out_str(to, "null");
    return err;
}
