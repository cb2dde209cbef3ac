/*
 * check_run.h - a run of `fsock check`: targets go in as the library takes them, records come out.
 */
#ifndef FSOCK_CLI_CHECK_RUN_H
#define FSOCK_CLI_CHECK_RUN_H

#include "check_options.h"
#include "check_secret.h"

/* Returns the exit code. */
int check_run(const struct check_options *o, struct check_secret *secret);

#endif
