/*
 * get_hsts.h - what --hsts of `fsock get` reads and writes: the hosts that are asked by https
 * alone. There is one list for the run, shared by its threads.
 */
#ifndef FSOCK_CLI_GET_HSTS_H
#define FSOCK_CLI_GET_HSTS_H

#include <fsock.h>

#include "get_options.h"

/*
 * Make it, if --hsts is there, and read its file, which need not be there yet. Returns 0, or the
 * exit code, with the sentence in `why`: the file can't be read, is none of these, or can't be
 * written at the end. *hsts is to be freed in any case.
 */
int get_hsts_open(fsock_hsts **hsts, const struct get_options *o, char *why, size_t cap);

/* At the end: write the file. Returns as get_hsts_open(). */
int get_hsts_save(fsock_hsts *hsts, const struct get_options *o, char *why, size_t cap);

#endif
