/*
 * check_monitor.h - what `fsock check` tells to monitors: a line as Nagios' plug-ins print it, and
 * metrics as Prometheus reads them.
 */
#ifndef FSOCK_CLI_CHECK_MONITOR_H
#define FSOCK_CLI_CHECK_MONITOR_H

#include "check_targets.h"
#include "check_verdict.h"
#include "out.h"

/* "SMTP OK - mx.example.org ready | time=0.012s;0.2;2;0 cert_days=60;14;;" */
void check_nagios(struct out *o, const struct check_options *options,
                  const struct fsock_check_result *result, const struct check_verdict *verdict);

/* The same of a check that can't begin, on standard output at once. Returns the exit code. */
int check_nagios_mistake(const char *why);

/* Keep what check_prometheus() needs. */
void check_remember(struct check_target *target, const struct fsock_check_result *result,
                    const struct check_verdict *verdict);

/* All that were checked, metric by metric. */
void check_prometheus(struct out *o, const struct check_targets *targets);

#endif
