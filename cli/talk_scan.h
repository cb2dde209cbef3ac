/*
 * talk_scan.h - `fsock talk -z`: which ports are open.
 */
#ifndef FSOCK_CLI_TALK_SCAN_H
#define FSOCK_CLI_TALK_SCAN_H

#include "talk_options.h"

/* The verb's work, and its exit code. */
int talk_scan(const struct talk_options *o);

#endif
