/*
 * errno_options.h - the options of `fsock errno`: their table, their defaults, what can't go
 * together.
 */
#ifndef FSOCK_CLI_ERRNO_OPTIONS_H
#define FSOCK_CLI_ERRNO_OPTIONS_H

#include <stdint.h>

#include "errno_code.h"
#include "option.h"

struct errno_options {
    struct option_list words;
    int all, kind; /* kind: its place in errno_kinds; -1: not said */
    int64_t table; /* -1: not said */
    int live, constants, json, colour;
};

extern const struct option_set errno_option_set;

/*
 * Parse the command line; negative numbers are words, not options. The result is option_parse()'s;
 * OPTION_BAD with a sentence in `why`.
 */
enum option_result errno_options_parse(struct errno_options *o, int argc, char *const *argv,
                                       char *why, size_t cap);
void errno_options_fini(struct errno_options *o);

#endif
