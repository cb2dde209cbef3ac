/*
 * dns_log.h - `fsock dns --log`: the addresses of a log become names; all else stays as it is.
 */
#ifndef FSOCK_CLI_DNS_LOG_H
#define FSOCK_CLI_DNS_LOG_H

#include "dns_run.h"

/* The whole of it, once the run is ready. Returns the exit code. */
int dns_log(struct dns_run *run);

#endif
