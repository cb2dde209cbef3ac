#include "form_fill.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "charset.h"

/* ---- Sentences ------------------------------------------------------------------------------- */

/* A sentence in the making: what doesn't fit is left out, and what a page says in it is text. */
struct sentence {
    char *p;
    size_t n;
    unsigned listed;
};

static void say(struct sentence *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(struct sentence *s, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(s->p + s->n, FORM_WHY - s->n, format, ap);
    va_end(ap);
    s->n += (size_t)n < FORM_WHY - s->n ? (size_t)n : FORM_WHY - s->n - 1;
}

/* One of a list; the list ends with "..." before the room does. */
static void list(struct sentence *s, struct fsk_span name)
{
    const size_t most = 60, end = FORM_WHY - 80;
    if (s->n > end)
        return;
    say(s, "%s", s->listed++ ? ", " : "");
    for (size_t i = 0; i < name.n && i < most; i++)
        say(s, "%c", (unsigned char)name.p[i] < ' ' || name.p[i] == 0x7f ? '?' : name.p[i]);
    say(s, "%s", name.n > most || s->n > end ? "..." : "");
}

static struct fsk_span name_of(const struct page_form *form)
{
    return form->id.n ? form->id : form->name;
}

/* ---- Which form ------------------------------------------------------------------------------ */

static bool is_sent(const struct page_field *field)
{
    const char *type = field->type;
    return field->name.n && strcmp(type, "submit") != 0 && strcmp(type, "image") != 0 &&
           strcmp(type, "reset") != 0 && strcmp(type, "button") != 0;
}

static bool has_name(const struct page_field *field, const struct form_given *given)
{
    return fsk_span_eq(field->name, fsk_span_str(given->field.name));
}

static bool has_field(const struct page_form *form, const struct form_given *given)
{
    for (size_t i = 0; i < form->n_fields; i++)
        if (is_sent(&form->field[i]) && has_name(&form->field[i], given))
            return true;
    return false;
}

static const struct page_form *first_with_all(const struct page_forms *forms,
                                              const struct form_ask *ask)
{
    for (size_t i = 0; i < forms->n_forms; i++) {
        size_t k = 0;
        while (k < ask->n_given && has_field(&forms->form[i], &ask->given[k]))
            k++;
        if (k == ask->n_given)
            return &forms->form[i];
    }
    return &forms->form[0];
}

const struct page_form *form_choose(const struct page_forms *forms, const struct form_ask *ask,
                                    char why[FORM_WHY])
{
    struct sentence s = {why, 0, 0};
    struct fsk_span wanted = fsk_span_str(ask->form);
    if (!forms->n_forms) {
        say(&s, "the page has no form");
        return NULL;
    }
    if (!wanted.n)
        return first_with_all(forms, ask);
    for (size_t i = 0; i < forms->n_forms; i++)
        if (fsk_span_eq(forms->form[i].id, wanted) || fsk_span_eq(forms->form[i].name, wanted))
            return &forms->form[i];
    char *end;
    unsigned long number = strtoul(ask->form, &end, 10);
    if (ask->form[0] >= '1' && ask->form[0] <= '9' && !*end && number <= forms->n_forms)
        return &forms->form[number - 1];
    say(&s, "the page has no form '%.100s', but %zu: ", ask->form, forms->n_forms);
    for (size_t i = 0; i < forms->n_forms; i++) {
        struct fsk_span name = name_of(&forms->form[i]);
        char text[32];
        snprintf(text, sizeof text, "%zu", i + 1);
        list(&s, name.n ? name : fsk_span_str(text));
    }
    return NULL;
}

/* ---- What is sent ---------------------------------------------------------------------------- */

struct filler {
    struct form_filled *filled;
    const struct form_ask *ask;
    const char *charset;
    bool *used; /* for each that was given */
    bool no_memory;
};

static void add(struct filler *f, const struct form_entry *entry)
{
    struct form_filled *filled = f->filled;
    if (filled->n == filled->cap) {
        size_t more = filled->cap ? 2 * filled->cap : 16;
        void *p = reallocarray(filled->entry, more, sizeof *filled->entry);
        f->no_memory |= !p;
        if (!p)
            return;
        filled->entry = p;
        filled->cap = more;
    }
    filled->entry[filled->n++] = *entry;
}

static void add_text(struct filler *f, const struct page_field *field, struct fsk_span value)
{
    struct form_entry entry = {.name = field->name, .value = value};
    add(f, &entry);
}

/* The first that was given for this field, from `i` on; n_given: none. */
static size_t next_given(const struct filler *f, const struct page_field *field, size_t i)
{
    while (i < f->ask->n_given && !has_name(field, &f->ask->given[i]))
        i++;
    return i;
}

static bool is_given(const struct filler *f, const struct page_field *field)
{
    return next_given(f, field, 0) < f->ask->n_given;
}

/* Whether a choice of this value is wanted. */
static bool is_wanted(struct filler *f, const struct page_field *field, struct fsk_span value)
{
    const struct form_ask *ask = f->ask;
    bool wanted = false;
    for (size_t i = next_given(f, field, 0); i < ask->n_given; i = next_given(f, field, i + 1)) {
        const struct form_given *given = &ask->given[i];
        if (given->field.source == FORM_FILE || !fsk_span_eq(given->text, value))
            continue;
        f->used[i] = wanted = true;
    }
    return wanted;
}

static void fill_check(struct filler *f, const struct page_field *field, bool given)
{
    if (given ? is_wanted(f, field, field->value) : field->checked)
        add_text(f, field, field->value);
    for (size_t i = 0; given && i < f->ask->n_given; i++) /* NAME= takes the mark away */
        if (has_name(field, &f->ask->given[i]) && f->ask->given[i].field.source != FORM_FILE &&
            !f->ask->given[i].text.n)
            f->used[i] = true;
}

static void fill_select(struct filler *f, const struct page_field *field, bool given)
{
    for (size_t i = 0; i < field->n_options; i++) {
        const struct page_option *option = &field->option[i];
        bool chosen =
            given ? is_wanted(f, field, option->value) : option->selected && !option->disabled;
        if (!chosen)
            continue;
        add_text(f, field, option->value);
        if (!field->multiple)
            return;
    }
}

static void fill_file(struct filler *f, const struct page_field *field)
{
    struct form_entry entry = {.name = field->name, .value = FSK_SPAN(""), .is_file = true};
    for (size_t i = next_given(f, field, 0); i < f->ask->n_given; i = next_given(f, field, i + 1)) {
        const struct form_given *given = &f->ask->given[i];
        if (f->used[i])
            continue;
        f->used[i] = true;
        entry.given = given;
        entry.value = given->field.source == FORM_FILE ? entry.value : given->text;
        add(f, &entry);
        if (!field->multiple)
            return;
    }
    if (!entry.given)
        add(f, &entry);
}

/* Browsers let no line end into a field of one line. */
static bool has_one_line(const struct page_field *field)
{
    return strcmp(field->type, "textarea") != 0 && strcmp(field->type, "hidden") != 0;
}

static struct fsk_span without_line_end(struct fsk_span text)
{
    while (text.n && (text.p[text.n - 1] == '\n' || text.p[text.n - 1] == '\r'))
        text.n--;
    return text;
}

static void fill_text(struct filler *f, const struct page_field *field)
{
    struct form_entry entry = {.name = field->name, .value = field->value};
    size_t i = next_given(f, field, 0);
    while (i < f->ask->n_given && (f->used[i] || f->ask->given[i].field.source == FORM_FILE))
        i = next_given(f, field, i + 1);
    if (i < f->ask->n_given) {
        f->used[i] = true;
        entry.given = &f->ask->given[i];
        entry.value = f->ask->given[i].text;
        if (has_one_line(field))
            entry.value = without_line_end(entry.value);
    } else if (strcmp(field->type, "hidden") == 0 &&
               fsk_span_eq(field->name, FSK_SPAN("_charset_"))) {
        entry.value = fsk_span_str(charset_name(f->charset));
    }
    add(f, &entry);
}

/* A picture that was pressed sends where: at its corner. */
static void fill_image(struct filler *f, const struct page_field *field)
{
    size_t n = field->name.n ? field->name.n + 2 : 1;
    char *made = f->filled->made = malloc(2 * n);
    f->no_memory |= !made;
    for (size_t i = 0; made && i < 2; i++) {
        char *name = made + i * n;
        if (field->name.n) {
            memcpy(name, field->name.p, field->name.n);
            name[n - 2] = '.';
        }
        name[n - 1] = i ? 'y' : 'x';
        struct form_entry entry = {.name = fsk_span(name, n), .value = FSK_SPAN("0")};
        add(f, &entry);
    }
}

static void fill_button(struct filler *f, const struct page_field *field)
{
    if (strcmp(field->type, "image") == 0)
        fill_image(f, field);
    else if (field->name.n)
        add_text(f, field, field->value);
}

static void fill_field(struct filler *f, const struct page_field *field)
{
    if (field == f->filled->button) {
        fill_button(f, field);
        return;
    }
    bool given = is_sent(field) && is_given(f, field);
    if (!is_sent(field) || (field->disabled && !given))
        return;
    if (strcmp(field->type, "checkbox") == 0 || strcmp(field->type, "radio") == 0)
        fill_check(f, field, given);
    else if (strcmp(field->type, "select") == 0)
        fill_select(f, field, given);
    else if (strcmp(field->type, "file") == 0)
        fill_file(f, field);
    else
        fill_text(f, field);
}

/* ---- The button ------------------------------------------------------------------------------ */

static bool is_button(const struct page_field *field)
{
    return strcmp(field->type, "submit") == 0 || strcmp(field->type, "image") == 0;
}

/* The button that is pressed. False: there is none such. */
static bool press(struct form_filled *filled, const struct form_ask *ask, char why[FORM_WHY])
{
    const struct page_form *form = filled->form;
    struct sentence s = {why, 0, 0};
    struct fsk_span wanted = fsk_span_str(ask->button);
    if (ask->button && !wanted.n)
        return true;
    for (size_t i = 0; i < form->n_fields; i++) {
        const struct page_field *field = &form->field[i];
        if (!is_button(field) || (field->disabled && !ask->button))
            continue;
        filled->button = field;
        if (!ask->button || fsk_span_eq(field->name, wanted) || fsk_span_eq(field->id, wanted) ||
            fsk_span_eq(field->value, wanted))
            return true;
    }
    if (!ask->button)
        return true;
    say(&s, "the form has no button '%.100s'%s", ask->button,
        filled->button ? "; it has " : ", nor any other");
    for (size_t i = 0; i < form->n_fields; i++) {
        const struct page_field *field = &form->field[i];
        if (is_button(field))
            list(&s, field->name.n ? field->name : field->value);
    }
    return false;
}

/* ---- What was given in vain ------------------------------------------------------------------ */

static void tell_choices(struct sentence *s, const struct page_form *form,
                         const struct form_given *given)
{
    for (size_t i = 0; i < form->n_fields; i++) {
        const struct page_field *field = &form->field[i];
        if (!is_sent(field) || !has_name(field, given))
            continue;
        if (!strcmp(field->type, "checkbox") || !strcmp(field->type, "radio"))
            list(s, field->value);
        for (size_t k = 0; k < field->n_options; k++)
            list(s, field->option[k].value);
    }
}

/* Why this one has found no field to go to. */
static void blame(const struct page_form *form, const struct form_given *given, char why[FORM_WHY])
{
    struct sentence s = {why, 0, 0};
    const struct page_field *field = NULL;
    const char *name = given->field.name;
    for (size_t i = 0; i < form->n_fields && !field; i++)
        if (is_sent(&form->field[i]) && has_name(&form->field[i], given))
            field = &form->field[i];
    if (!field) {
        say(&s, "the form has no field '%.100s'; it has ", name);
        for (size_t i = 0; i < form->n_fields; i++)
            if (is_sent(&form->field[i]) &&
                (!i || !fsk_span_eq(form->field[i - 1].name, form->field[i].name)))
                list(&s, form->field[i].name);
        say(&s, "%s", s.listed ? "" : "none");
    } else if (given->field.source == FORM_FILE && strcmp(field->type, "file") != 0) {
        say(&s, "the field '%.100s' takes no file; %.100s=<FILE sends what is in it", name, name);
    } else if (!strcmp(field->type, "select") || !strcmp(field->type, "checkbox") ||
               !strcmp(field->type, "radio")) {
        say(&s, "the field '%.100s' has no choice '%.100s' that is left; it has ", name,
            given->field.value);
        tell_choices(&s, form, given);
    } else {
        say(&s, "the field '%.100s' is given more often than the form has it", name);
    }
}

/* ---- All ------------------------------------------------------------------------------------- */

enum fsock_err form_fill(struct form_filled *filled, const struct page_form *form,
                         const struct form_ask *ask, const char *charset, char why[FORM_WHY])
{
    struct filler f = {.filled = filled, .ask = ask, .charset = charset};
    *filled = (struct form_filled){.form = form, .method = form->method, .enctype = form->enctype};
    if (!press(filled, ask, why))
        return FSOCK_ERR_INPUT;
    const struct page_field *button = filled->button;
    if (button && button->method.p)
        filled->method = page_form_method(button->method);
    if (button && button->enctype.p)
        filled->enctype = page_form_enctype(button->enctype);
    f.used = calloc(ask->n_given + 1, sizeof *f.used);
    f.no_memory = !f.used;
    for (size_t i = 0; i < form->n_fields && !f.no_memory; i++)
        fill_field(&f, &form->field[i]);
    size_t unused = 0;
    while (!f.no_memory && unused < ask->n_given && f.used[unused])
        unused++;
    free(f.used);
    if (f.no_memory)
        return FSOCK_ERR_MEMORY;
    if (unused == ask->n_given)
        return FSOCK_OK;
    blame(form, &ask->given[unused], why);
    return FSOCK_ERR_INPUT;
}

void form_filled_fini(struct form_filled *filled)
{
    free(filled->entry);
    free(filled->made);
    *filled = (struct form_filled){.form = NULL};
}
