#include "page_forms.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"
#include "page_walk.h"

#define TEXT_MOST (2 * PAGE_BYTES) /* of all options; it can't be more than the page */

enum { NOWHERE = -1 };

/* A form by its id; the radio button that is marked by its form and name. */
struct named {
    struct fsk_map_node node;
    size_t at; /* the form's place, or the field's */
    char key[];
};

struct collector {
    const struct page_doc *doc;
    struct page_forms *f;
    size_t cap_forms, cap_fields, cap_options;
    struct fsk_map by_id, marked;
    long begun;          /* forms so far, in the walk for their fields */
    long current, loose; /* the one that is open; one that a table has left empty */
    unsigned disabled;   /* <fieldset disabled> that are open */
    bool in_select;      /* options belong to the last field */
    unsigned groups_off; /* <optgroup disabled> that are open */
    enum page_err err;
};

static void note(struct collector *c, enum fsock_err err)
{
    if (err != FSOCK_OK)
        c->err = err == FSOCK_ERR_MEMORY ? PAGE_NO_MEMORY : PAGE_FULL;
}

/* The array with room for one more behind `n`; NULL: out of memory. */
static void *grow(struct collector *c, void *array, size_t size, size_t n, size_t *cap)
{
    if (n < *cap)
        return array;
    size_t more = *cap ? 2 * *cap : 8;
    void *p = reallocarray(array, more, size);
    if (!p)
        c->err = PAGE_NO_MEMORY;
    *cap = p ? more : *cap;
    return p;
}

/* ---- Forms ----------------------------------------------------------------------------------- */

static bool says(struct fsk_span value, const char *word)
{
    return fsk_span_caseeq(value, fsk_span_str(word));
}

const char *page_form_method(struct fsk_span method)
{
    return says(method, "post") ? "POST" : says(method, "dialog") ? "DIALOG" : "GET";
}

const char *page_form_enctype(struct fsk_span enctype)
{
    return says(enctype, "multipart/form-data") ? "multipart/form-data"
           : says(enctype, "text/plain")        ? "text/plain"
                                                : "application/x-www-form-urlencoded";
}

/* Where a form leads: its URL is kept in the buffer of the options' text. */
static void set_action(struct collector *c, struct page_form *form, const GumboNode *e, size_t *at)
{
    char room[PAGE_URL_ROOM];
    struct fsk_span ref = page_trim(page_attribute(e, "action"));
    /* Without one it is the page's own URL, not <base>'s. */
    const struct fsk_url *base = ref.n ? page_base(c->doc) : page_url(c->doc);
    struct fsk_span url = page_resolve(base, ref, room);
    const char *fragment = url.n ? memchr(url.p, '#', url.n) : NULL;
    *at = fsk_buf_len(&c->f->text);
    form->action.n = fragment ? (size_t)(fragment - url.p) : url.n;
    note(c, fsk_buf_append(&c->f->text, url.p, form->action.n));
}

static void add_form(struct collector *c, const GumboNode *e)
{
    struct page_forms *f = c->f;
    struct page_form *all = grow(c, f->form, sizeof *all, f->n_forms, &c->cap_forms);
    struct fsk_span id = page_attribute(e, "id");
    struct named *named = NULL;
    if (!all)
        return;
    f->form = all;
    struct page_form *form = &all[f->n_forms];
    *form = (struct page_form){.id = id,
                               .name = page_attribute(e, "name"),
                               .method = page_form_method(page_attribute(e, "method")),
                               .enctype = page_form_enctype(page_attribute(e, "enctype")),
                               .charset = page_attribute(e, "accept-charset"),
                               .line = page_line(e),
                               .column = page_column(e)};
    set_action(c, form, e, &form->at);
    if (id.n && !fsk_map_get(&c->by_id, id)) {
        named = malloc(sizeof *named);
        if (named)
            *named = (struct named){.node.key = id, .at = f->n_forms};
        if (!named || !fsk_map_add(&c->by_id, &named->node)) {
            free(named);
            c->err = PAGE_NO_MEMORY;
        }
    }
    f->n_forms++;
}

static void collect_forms(struct collector *c)
{
    struct page_walk walk = page_walk_page(c->doc);
    for (const GumboNode *node; c->err == PAGE_OK && (node = page_walk_next(&walk));)
        if (!walk.leaving && page_tag(node) == GUMBO_TAG_FORM)
            add_form(c, node);
}

/* ---- Fields ---------------------------------------------------------------------------------- */

/* The form that a field belongs to; NOWHERE: none. */
static long form_of(const struct collector *c, const GumboNode *e)
{
    struct fsk_span id = page_attribute(e, "form");
    if (!id.p)
        return c->current != NOWHERE ? c->current : c->loose;
    struct fsk_map_node *node = id.n ? fsk_map_get(&c->by_id, id) : NULL;
    return node ? (long)FSK_HOLDER(node, struct named, node)->at : NOWHERE;
}

/* The type of an <input>; what it isn't, is text. */
static const char *input_type(struct fsk_span type)
{
    static const char *const types[] = {
        "hidden", "text",   "search", "tel",   "url",      "email",         "password", "date",
        "month",  "week",   "time",   "color", "checkbox", "radio",         "file",     "submit",
        "image",  "button", "number", "range", "reset",    "datetime-local"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (says(type, types[i]))
            return types[i];
    return "text";
}

static const char *button_type(struct fsk_span type)
{
    return says(type, "reset") ? "reset" : says(type, "button") ? "button" : "submit";
}

static const char *field_type(GumboTag tag, struct fsk_span type)
{
    switch (tag) {
    case GUMBO_TAG_INPUT:
        return input_type(type);
    case GUMBO_TAG_BUTTON:
        return button_type(type);
    case GUMBO_TAG_SELECT:
        return "select";
    case GUMBO_TAG_TEXTAREA:
        return "textarea";
    default:
        return NULL;
    }
}

/* The text in a <textarea> or an <option>: one node, for no tags count there. */
static struct fsk_span text_in(const GumboNode *e)
{
    const GumboVector *inside = &e->v.element.children;
    return inside->length ? page_node_text(inside->data[0]) : FSK_SPAN("");
}

static struct fsk_span default_value(const GumboNode *e, GumboTag tag, const char *type)
{
    struct fsk_span value = page_attribute(e, "value");
    if (tag == GUMBO_TAG_TEXTAREA)
        return text_in(e);
    if (value.p)
        return value;
    return strcmp(type, "checkbox") == 0 || strcmp(type, "radio") == 0 ? FSK_SPAN("on")
                                                                       : FSK_SPAN("");
}

/* Of the radio buttons of a form that have one name, the last one that is marked stays so. */
static void mark_radio(struct collector *c, const struct page_field *field)
{
    size_t n = sizeof field->form + field->name.n;
    struct named *named = malloc(sizeof *named + n);
    if (!named) {
        c->err = PAGE_NO_MEMORY;
        return;
    }
    memcpy(named->key, &field->form, sizeof field->form);
    memcpy(named->key + sizeof field->form, field->name.p, field->name.n);
    named->node.key = fsk_span(named->key, n);
    named->at = field->order;
    struct fsk_map_node *before = fsk_map_get(&c->marked, named->node.key);
    if (before) {
        free(named);
        named = FSK_HOLDER(before, struct named, node);
        c->f->field[named->at].checked = false;
        named->at = field->order;
    } else if (!fsk_map_add(&c->marked, &named->node)) {
        free(named);
        c->err = PAGE_NO_MEMORY;
    }
}

static void add_field(struct collector *c, const GumboNode *e, GumboTag tag)
{
    struct page_forms *f = c->f;
    const char *type = field_type(tag, page_attribute(e, "type"));
    long form = form_of(c, e);
    c->in_select = false;
    if (form == NOWHERE)
        return;
    struct page_field *all = grow(c, f->field, sizeof *all, f->n_fields, &c->cap_fields);
    if (!all)
        return;
    f->field = all;
    struct page_field *field = &all[f->n_fields];
    *field = (struct page_field){
        .name = page_attribute(e, "name"),
        .id = page_attribute(e, "id"),
        .type = type,
        .value = default_value(e, tag, type),
        .checked = page_attribute(e, "checked").p,
        .disabled = c->disabled || page_attribute(e, "disabled").p,
        .required = page_attribute(e, "required").p,
        .multiple = page_attribute(e, "multiple").p,
        .action = page_attribute(e, "formaction"),
        .method = page_attribute(e, "formmethod"),
        .enctype = page_attribute(e, "formenctype"),
        .form = (size_t)form,
        .order = f->n_fields,
        .first_option = f->n_options,
    };
    f->n_fields++;
    if (field->checked && field->name.n && strcmp(type, "radio") == 0)
        mark_radio(c, field);
    c->in_select = tag == GUMBO_TAG_SELECT;
}

static void add_option(struct collector *c, const GumboNode *e)
{
    struct page_forms *f = c->f;
    struct page_option *all = grow(c, f->option, sizeof *all, f->n_options, &c->cap_options);
    if (!all)
        return;
    f->option = all;
    struct page_option *option = &all[f->n_options++];
    size_t at = fsk_buf_len(&f->text);
    *option = (struct page_option){.value = page_attribute(e, "value"),
                                   .selected = page_attribute(e, "selected").p,
                                   .disabled = c->groups_off || page_attribute(e, "disabled").p,
                                   .at = at};
    note(c, page_squeeze(&f->text, page_trim(text_in(e))));
    option->text.n = fsk_buf_len(&f->text) - at;
    f->field[f->n_fields - 1].n_options++;
}

/* ---- The walk for them ----------------------------------------------------------------------- */

static bool is_of_table(const GumboNode *parent)
{
    GumboTag tag = page_tag(parent);
    return tag == GUMBO_TAG_TABLE || tag == GUMBO_TAG_TBODY || tag == GUMBO_TAG_THEAD ||
           tag == GUMBO_TAG_TFOOT || tag == GUMBO_TAG_TR;
}

static void walk_form(struct collector *c, const GumboNode *e, bool leaving)
{
    if (leaving) {
        bool empty = !e->v.element.children.length && is_of_table(e->parent);
        c->loose = empty ? c->current : NOWHERE;
        c->current = NOWHERE;
    } else {
        c->current = c->begun++;
        c->loose = NOWHERE;
    }
}

/* The fields in the <legend> that begins a disabled <fieldset> can still be used. */
static bool is_spared(const GumboNode *legend)
{
    const GumboNode *parent = legend->parent;
    if (page_tag(parent) != GUMBO_TAG_FIELDSET)
        return false;
    const GumboVector *among = &parent->v.element.children;
    for (size_t i = legend->index_within_parent; i > 0; i--)
        if (((const GumboNode *)among->data[i - 1])->type == GUMBO_NODE_ELEMENT)
            return false;
    /* Only the first one looks through the attributes, of which there may be many. */
    return page_attribute(parent, "disabled").p;
}

static void walk_element(struct collector *c, const GumboNode *e, bool leaving)
{
    GumboTag tag = page_tag(e);
    if (tag == GUMBO_TAG_FORM)
        walk_form(c, e, leaving);
    else if (tag == GUMBO_TAG_FIELDSET && page_attribute(e, "disabled").p)
        c->disabled += leaving ? -1u : 1u;
    else if (tag == GUMBO_TAG_LEGEND && is_spared(e))
        c->disabled += leaving ? 1u : -1u;
    else if (tag == GUMBO_TAG_OPTGROUP && page_attribute(e, "disabled").p)
        c->groups_off += leaving ? -1u : 1u;
    else if (tag == GUMBO_TAG_SELECT && leaving)
        c->in_select = false;
    else if (tag == GUMBO_TAG_OPTION && !leaving && c->in_select)
        add_option(c, e);
    else if (!leaving && field_type(tag, fsk_span(NULL, 0)))
        add_field(c, e, tag);
}

static void collect_fields(struct collector *c)
{
    struct page_walk walk = page_walk_page(c->doc);
    c->current = c->loose = NOWHERE;
    for (const GumboNode *node; c->err == PAGE_OK && (node = page_walk_next(&walk));)
        if (node->type == GUMBO_NODE_ELEMENT)
            walk_element(c, node, walk.leaving);
}

/* ---- Putting it together --------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const struct page_field *x = a, *y = b;
    if (x->form != y->form)
        return x->form < y->form ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

/* Of a choice of one the last that is marked counts, or else the first that can be chosen. */
static void choose(struct page_field *field, struct page_option *option)
{
    struct page_option *chosen = NULL;
    for (size_t i = 0; i < field->n_options; i++) {
        if (!option[i].selected || field->multiple)
            continue;
        if (chosen)
            chosen->selected = false;
        chosen = &option[i];
    }
    for (size_t i = 0; i < field->n_options && !chosen && !field->multiple; i++)
        if (!option[i].disabled)
            chosen = &option[i];
    if (chosen)
        chosen->selected = true;
    for (size_t i = field->n_options; i > 0; i--)
        if (option[i - 1].selected)
            field->value = option[i - 1].value;
}

/* Now that nothing moves any more: what points to what. */
static void connect_all(struct page_forms *f)
{
    const char *text = f->text.mem;
    for (size_t i = 0; i < f->n_options; i++) {
        f->option[i].text.p = f->option[i].text.n ? text + f->option[i].at : "";
        if (!f->option[i].value.p)
            f->option[i].value = f->option[i].text;
    }
    if (f->n_fields)
        qsort(f->field, f->n_fields, sizeof *f->field, compare);
    for (size_t i = f->n_fields; i > 0; i--) {
        struct page_field *field = &f->field[i - 1];
        struct page_form *form = &f->form[field->form];
        if (field->n_options) {
            choose(field, f->option + field->first_option);
            field->option = f->option + field->first_option;
        }
        form->field = field;
        form->n_fields++;
    }
    for (size_t i = 0; i < f->n_forms; i++)
        f->form[i].action.p = f->form[i].action.n ? text + f->form[i].at : "";
}

static void free_named(struct fsk_map *map)
{
    for (struct fsk_map_node *node = fsk_map_next(map, NULL), *next; node; node = next) {
        next = fsk_map_next(map, node);
        free(FSK_HOLDER(node, struct named, node));
    }
    fsk_map_fini(map);
}

enum page_err page_forms_init(struct page_forms *f, const struct page_doc *doc)
{
    struct collector c = {.doc = doc, .f = f};
    *f = (struct page_forms){.form = NULL};
    fsk_buf_init(&f->text, TEXT_MOST);
    fsk_map_init(&c.by_id);
    fsk_map_init(&c.marked);
    collect_forms(&c);
    if (f->n_forms)
        collect_fields(&c);
    free_named(&c.by_id);
    free_named(&c.marked);
    if (c.err != PAGE_OK)
        page_forms_fini(f);
    else
        connect_all(f);
    return c.err;
}

void page_forms_fini(struct page_forms *f)
{
    free(f->form);
    free(f->field);
    free(f->option);
    fsk_buf_fini(&f->text);
    *f = (struct page_forms){.form = NULL};
}
