/*
 * get_variant.h - the variants of a page: --vary NAME=VALUE,VALUE, several of them multiplied.
 *
 * A cache keeps an answer for each value of the headers that it varies by, so a page is warm only
 * if it has been asked for with each. A variant is a list of headers: those of the command line,
 * with one value for each name that varies.
 *
 * VALUEs are separated by commas; "\," is a comma. An empty one means that the header isn't sent.
 * For User-Agent, "mobile" and "desktop" stand for the words of such a browser.
 */
#ifndef FSOCK_CLI_GET_VARIANT_H
#define FSOCK_CLI_GET_VARIANT_H

#include <stddef.h>

#include "option.h"

enum { VARIANTS_MOST = 100 };

struct variant {
    char *name;           /* "accept-language=de; user-agent=mobile" */
    const char **headers; /* as in struct fsock_request */
};

struct variants {
    struct variant *v;
    size_t n;     /* 0: nothing varies */
    char **lines; /* those that the headers point to; NULL-terminated */
};

/*
 * `headers` are those that all have, NULL-terminated and borrowed; of a name that varies they count
 * nothing. Returns 0, or the exit code, with the sentence in `why`. To be freed in any case.
 */
int variants_init(struct variants *all, const struct option_list *vary, const char *const *headers,
                  char *why, size_t cap);

/* After variants_init(), or of what is all zero. */
void variants_fini(struct variants *all);

#endif
