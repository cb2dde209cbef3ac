#include "get_form.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "file.h"
#include "outcome.h"

static int unread(const char *name, int sys_errno, char *why, size_t cap)
{
    snprintf(why, cap, "can't read %s: %s", name, fsk_errno_text(sys_errno));
    return sys_errno == ENOMEM ? EXIT_MEMORY : EXIT_READ;
}

static int no_memory(char *why, size_t cap)
{
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

static int unwritten(int sys_errno, char *why, size_t cap)
{
    if (sys_errno == ENOMEM)
        return no_memory(why, cap);
    snprintf(why, cap, "can't write the body to a temporary file: %s", fsk_errno_text(sys_errno));
    return EXIT_WRITE;
}

/* ---- What was given -------------------------------------------------------------------------- */

static int parse_all(struct get_form *f, const struct get_options *o, char *why, size_t cap)
{
    const struct option_list *list = &o->fields;
    size_t size = 1;
    for (size_t i = 0; i < list->n; i++)
        size += strlen(list->item[i].value) + 1;
    char *room = f->room = malloc(size);
    f->given = calloc(list->n + 1, sizeof *f->given);
    if (!room || !f->given)
        return no_memory(why, cap);
    for (size_t i = 0; i < list->n; i++) {
        const struct option_item *item = &list->item[i];
        struct form_field *field = &f->given[i].field;
        bool good = item->tag == FIELD_LITERAL
                        ? form_field_literal(field, item->value, room, why, cap)
                        : form_field_parse(field, item->value, room, why, cap);
        if (!good)
            return EXIT_USAGE;
        room += strlen(item->value) + 1;
    }
    f->n = list->n;
    return 0;
}

/* The texts, and those in files. */
static int read_texts(struct get_form *f, char *why, size_t cap)
{
    for (size_t i = 0; i < f->n; i++) {
        struct form_given *given = &f->given[i];
        const char *name = given->field.value;
        size_t before = fsk_buf_len(&f->content);
        if (given->field.source == FORM_TEXT)
            given->text = fsk_span_str(name);
        if (given->field.source != FORM_CONTENT)
            continue;
        int sys_errno = file_append(&f->content, name);
        if (sys_errno)
            return unread(name, sys_errno, why, cap);
        given->text = fsk_span("", fsk_buf_len(&f->content) - before);
    }
    const char *at = f->content.mem; /* now that it moves no more */
    for (size_t i = 0; i < f->n; i++) {
        struct form_given *given = &f->given[i];
        if (given->field.source != FORM_CONTENT || !given->text.n)
            continue;
        given->text.p = at;
        at += given->text.n;
    }
    return 0;
}

static bool is_regular(const char *name)
{
    struct stat st;
    return !get_is_dash(name) && stat(name, &st) == 0 && S_ISREG(st.st_mode);
}

/*
 * A form is filled in while the run goes on, and perhaps for many URLs: what could make it wait,
 * and what can be read only once, is read here. A regular file is only looked for.
 */
static int read_uploads(struct get_form *f, char *why, size_t cap)
{
    struct fsk_span all;
    for (size_t i = 0; i < f->n; i++) {
        struct form_given *given = &f->given[i];
        const char *name = given->field.value;
        if (given->field.source != FORM_FILE)
            continue;
        bool regular = is_regular(name);
        uint64_t before = upload_size(&f->upload);
        int sys_errno = !regular                 ? upload_file(&f->upload, name)
                        : access(name, R_OK) < 0 ? errno
                                                 : 0;
        if (sys_errno)
            return unread(name, sys_errno, why, cap);
        if (!regular)
            given->text = fsk_span("", (size_t)(upload_size(&f->upload) - before));
    }
    if (upload_end(&f->upload, &all))
        return unwritten(f->upload.sys_errno, why, cap);
    for (size_t i = 0; i < f->n; i++) {
        struct form_given *given = &f->given[i];
        if (given->field.source != FORM_FILE || !given->text.n)
            continue;
        given->text.p = all.p;
        all.p += given->text.n;
    }
    return 0;
}

/* ---- The body -------------------------------------------------------------------------------- */

static int make_body(struct get_form *f, char *why, size_t cap)
{
    char boundary[FORM_BOUNDARY];
    const char *file;
    int sys_errno;
    struct form_entry *entry = calloc(f->n, sizeof *entry);
    if (!entry)
        return no_memory(why, cap);
    for (size_t i = 0; i < f->n; i++)
        entry[i] = (struct form_entry){.name = fsk_span_str(f->given[i].field.name),
                                       .value = f->given[i].text,
                                       .given = &f->given[i]};
    struct form_content content = {.entry = entry, .n = f->n};
    form_boundary(boundary);
    enum fsock_err err = form_encode_multipart(&content, boundary, &f->upload, &file, &sys_errno);
    free(entry);
    if (err == FSOCK_ERR_SYSTEM)
        return unread(file, sys_errno, why, cap);
    sys_errno = err == FSOCK_OK ? upload_end(&f->upload, &f->body) : ENOMEM;
    snprintf(f->type, sizeof f->type, "multipart/form-data; boundary=%s", boundary);
    return sys_errno ? unwritten(sys_errno, why, cap) : 0;
}

int get_form_open(struct get_form *f, const struct get_options *o, char *why, size_t cap)
{
    *f = (struct get_form){.given = NULL};
    fsk_buf_init(&f->content, GET_FORM_CONTENT);
    upload_init(&f->upload);
    int code = parse_all(f, o, why, cap);
    if (!code)
        code = read_texts(f, why, cap);
    if (!code && f->n)
        code = o->submit ? read_uploads(f, why, cap) : make_body(f, why, cap);
    return code;
}

void get_form_fini(struct get_form *f)
{
    if (!f->given && !f->room)
        return;
    free(f->given);
    free(f->room);
    fsk_buf_fini(&f->content);
    upload_fini(&f->upload);
}
