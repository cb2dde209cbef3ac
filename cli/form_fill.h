/*
 * form_fill.h - a form of a page, filled in: what a browser would send when its button is pressed.
 * Pure.
 *
 * Fields keep their defaults, hidden ones too, but for those that have been given. One of these is
 * a field of the form, and a choice one of the choices, or the answer is a sentence that says what
 * there is.
 */
#ifndef FSOCK_CLI_FORM_FILL_H
#define FSOCK_CLI_FORM_FILL_H

#include "form_field.h"
#include "page_forms.h"

#define FORM_WHY 600 /* room for a sentence */

/* One that was given: what FORM_CONTENT names has been read. */
struct form_given {
    struct form_field field;
    struct fsk_span text; /* p is NULL: of FORM_FILE, which is read when it is sent */
};

struct form_ask {
    const char *form;   /* its id, its name or its number; "": see form_choose() */
    const char *button; /* name, id or value of the one to press, or "": none; NULL: the first */
    const struct form_given *given;
    size_t n_given;
};

/* What is sent of a field. */
struct form_entry {
    struct fsk_span name, value;
    const struct form_given *given; /* it has the file, the type, the file's name; NULL: none */
    bool is_file;                   /* it can be one: without `given` none was chosen */
};

struct form_filled {
    const struct page_form *form;
    const struct page_field *button; /* that was pressed; NULL: there is none */
    const char *method, *enctype;    /* the form's, or the button's */
    struct form_entry *entry;
    size_t n, cap;
    char *made; /* names of a picture's coordinates */
};

/* The form that is meant. If `form` is "", the first that has all the fields; if there is none,
 * the first. NULL: `why`. */
const struct page_form *form_choose(const struct page_forms *forms, const struct form_ask *ask,
                                    char why[FORM_WHY]);

/*
 * Fill it in. `charset` is for a hidden field _charset_. FSOCK_OK; FSOCK_ERR_INPUT: `why`;
 * FSOCK_ERR_MEMORY. All in `filled` lives as long as the form and what was given. To be freed in
 * any case.
 */
enum fsock_err form_fill(struct form_filled *filled, const struct page_form *form,
                         const struct form_ask *ask, const char *charset, char why[FORM_WHY]);
void form_filled_fini(struct form_filled *filled);

#endif
