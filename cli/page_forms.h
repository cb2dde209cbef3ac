/*
 * page_forms.h - the forms of a page: where each goes, and its fields with their defaults. Pure.
 *
 * What belongs to a form is what browsers send with it: all fields in it, and those elsewhere whose
 * form="..." names it; also those of a form that stands where a table allows none, which leaves it
 * empty in the tree.
 */
#ifndef FSOCK_CLI_PAGE_FORMS_H
#define FSOCK_CLI_PAGE_FORMS_H

#include "base/buf.h"
#include "page.h"

/* All spans live as long as the page and these; p is NULL for attributes that are missing. */

struct page_option {
    struct fsk_span value, text;
    bool selected, disabled;
    size_t at; /* where its text is, while they are collected */
};

struct page_field {
    struct fsk_span name; /* p is NULL: it has none, and is never sent */
    struct fsk_span id;
    const char *type;      /* "text", "hidden", "select", "textarea", "submit" ... */
    struct fsk_span value; /* the default; of a <select> that of the first option chosen */
    bool checked;          /* of a checkbox or radio button */
    bool disabled;         /* it isn't sent */
    bool required, multiple;
    const struct page_option *option; /* of a <select> */
    size_t n_options;
    struct fsk_span action, method, enctype; /* of a button: what it changes of its form */
    size_t form;                             /* the place of its form */
    size_t order;                            /* in the page */
    size_t first_option;                     /* while they are collected */
};

struct page_form {
    struct fsk_span id, name;
    const char *method;      /* "GET", "POST" or "DIALOG" */
    const char *enctype;     /* "application/x-www-form-urlencoded", ... */
    struct fsk_span action;  /* absolute; empty if it leads nowhere */
    struct fsk_span charset; /* accept-charset, as it was written */
    const struct page_field *field;
    size_t n_fields;
    unsigned line, column;
    size_t at; /* where its action is, while they are collected */
};

struct page_forms {
    struct page_form *form;
    struct page_field *field;
    struct page_option *option;
    size_t n_forms, n_fields, n_options;
    struct fsk_buf text; /* of the options, and the actions */
};

/* Unless it is PAGE_OK, `forms` is empty. */
enum page_err page_forms_init(struct page_forms *forms, const struct page_doc *doc);
void page_forms_fini(struct page_forms *forms);

/* What "method" and "enctype" say, of a form or a button, as in struct page_form. */
const char *page_form_method(struct fsk_span method);
const char *page_form_enctype(struct fsk_span enctype);

#endif
