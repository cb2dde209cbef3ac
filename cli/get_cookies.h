/*
 * get_cookies.h - the cookies of `fsock get`: those that -b sends or reads, and what -c writes.
 *
 * There is one jar for the run, shared by its threads, if -b FILE or -c asks for it. What -b says
 * itself, NAME=VALUE, is sent besides, and never kept.
 */
#ifndef FSOCK_CLI_GET_COOKIES_H
#define FSOCK_CLI_GET_COOKIES_H

#include <fsock.h>

#include "get_options.h"
#include "out.h"

struct get_cookies {
    fsock_jar *jar; /* NULL: nothing is kept */
    char *own;      /* of all -b NAME=VALUE; NULL: none */
};

/*
 * Read what -b names. Returns 0, or the exit code, with the sentence in `why`: a file can't be
 * read, is none of cookies, or that of -c can't be written. Of -b a file need not be there if there
 * is a -c. To be freed in any case.
 */
int get_cookies_open(struct get_cookies *c, const struct get_options *o, char *why, size_t cap);

/* At the end: write the jar to the file of -c, or to `out`. Returns as get_cookies_open(). */
int get_cookies_save(const struct get_cookies *c, const struct get_options *o, struct out *out,
                     char *why, size_t cap);

/* After get_cookies_open(), or of what is all zero. */
void get_cookies_fini(struct get_cookies *c);

#endif
