/*
 * get_form.h - the fields of -F and --form-string: for the form of --submit, or a body by
 * themselves.
 */
#ifndef FSOCK_CLI_GET_FORM_H
#define FSOCK_CLI_GET_FORM_H

#include "form_encode.h"
#include "get_options.h"
#include "upload.h"

#define GET_FORM_CONTENT ((size_t)64 * 1024 * 1024) /* of all NAME=<FILE */

struct get_form {
    struct form_given *given;
    size_t n;
    char *room;             /* their strings */
    struct fsk_buf content; /* of NAME=<FILE */
    struct upload upload;   /* the body; with --submit what is uploaded and no regular file */
    struct fsk_span body;   /* without --submit; empty: there is none */
    char type[FORM_TYPE];   /* its Content-Type */
};

/*
 * Read all that was given; without --submit, make the body of it. 0, or the exit code with the
 * sentence in `why`. To be freed in any case.
 */
int get_form_open(struct get_form *f, const struct get_options *o, char *why, size_t cap);

/* After get_form_open(). */
void get_form_fini(struct get_form *f);

#endif
