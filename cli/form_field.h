/*
 * form_field.h - what -F says: a field of a form, by curl's rules. Pure.
 *
 *     NAME=VALUE                 a text
 *     NAME=<FILE                 a text that is in a file
 *     NAME=@FILE                 a file to be uploaded, with its name and type
 *     ...;type=TYPE;filename=F   for any of them
 *
 * A value that has a ';' stands in "", where \" and \\ are " and \.
 */
#ifndef FSOCK_CLI_FORM_FIELD_H
#define FSOCK_CLI_FORM_FIELD_H

#include <stdbool.h>
#include <stddef.h>

enum form_source { FORM_TEXT, FORM_CONTENT, FORM_FILE };

struct form_field {
    const char *name;
    enum form_source source;
    const char *value;           /* the text, or the file's name; "-" is standard input */
    const char *type, *filename; /* NULL: not said */
};

/*
 * `text` as -F has it. The strings are in `room`, of strlen(text) + 1 bytes. False: `why`, one
 * sentence.
 */
bool form_field_parse(struct form_field *field, const char *text, char *room, char *why,
                      size_t cap);

/* The same of --form-string: all behind the first '=' is the text. */
bool form_field_literal(struct form_field *field, const char *text, char *room, char *why,
                        size_t cap);

/* The type of a file, by the end of its name; NULL: it isn't known. */
const char *form_field_type(const char *filename);

#endif
