/*
 * option.h - reading a command line by a table, one row per option.
 *
 * The same table parses the options, refuses bad values with a sentence that says what would be
 * right, and prints --help. A verb fills a struct with its defaults, and the rows say at which
 * offset each value goes. Understood are -a -b, -ab, -oFILE, -o FILE, --name VALUE, --name=VALUE,
 * --no-name for flags, `-` as an argument and `--` before arguments that begin with a dash.
 * Options and arguments may be mixed. A long name must be given whole. Nothing here looks at the
 * locale.
 */
#ifndef FSOCK_CLI_OPTION_H
#define FSOCK_CLI_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum option_kind {
    OPTION_FLAG,   /* int: 1, or 0 by --no-NAME */
    OPTION_SET,    /* int: becomes the row's `min`; several rows may share one place */
    OPTION_COUNT,  /* int: one more each time it is given */
    OPTION_NUMBER, /* int64_t, from `min` to `max` */
    OPTION_SIZE,   /* int64_t bytes, with k, M, G or T of 1024; from `min` to `max` */
    OPTION_TIME,   /* int64_t nanoseconds: "1.5", "500ms", "2m" */
    OPTION_RATE,   /* double a second: "0.5", "200/s", "30/m", "100/h"; 0: none */
    OPTION_STRING, /* const char *; `choices`, if the value is left out */
    OPTION_LIST,   /* struct option_list: each value is put at its end, tagged with `min` */
    OPTION_ENUM,   /* int: the place of the value among `choices`, "first|second|third" */
    OPTION_HELP    /* stops the parsing */
};

struct option_row {
    char letter;      /* 0: none */
    const char *name; /* without the dashes; NULL: a heading of --help, in `help` */
    const char *arg;  /* the value's name in --help; "[X]": may be left out, and then only --name=X
                         gives it (OPTION_ENUM: without, the first choice) */
    enum option_kind kind;
    size_t at; /* offsetof the value */
    const char *help;
    int64_t min, max;
    const char *choices;
};

struct option_item {
    const char *value;
    int tag;
};

struct option_list {
    struct option_item *item;
    size_t n;
};

struct option_set {
    const char *usage;            /* the lines after "usage: " */
    const char *about;            /* what the verb does, wrapped by hand */
    const struct option_row *row; /* ends with a row whose help is NULL */
    const char *more;             /* the last lines of --help */
};

enum option_result { OPTION_OK, OPTION_SHOW_HELP, OPTION_BAD };

/*
 * Parse argv[1] to argv[argc - 1] into the struct at `into`. What is no option goes into `args` in
 * its order, all values borrowed from argv. OPTION_BAD: `why` says what and what to do instead.
 * Lists that were filled must be freed with option_list_free in every case.
 */
enum option_result option_parse(const struct option_set *set, void *into, int argc,
                                char *const *argv, struct option_list *args, char *why, size_t cap);

/* Put a value at the end. False: out of memory. */
bool option_list_add(struct option_list *list, const char *value, int tag);
void option_list_free(struct option_list *list);

/* Print --help, at most 80 columns wide. */
void option_help(const struct option_set *set, FILE *to);

/*
 * The one of `n` names that is nearest to what was typed, or NULL if none is near: at most a third
 * of the letters differ, or it is the start of exactly one name.
 */
const char *option_nearest(const char *typed, size_t len, const char *const *names, size_t n);

#endif
