/*
 * dns_summary.h - what a run of `fsock dns` came to: counts, rates, percentiles, the worst servers.
 */
#ifndef FSOCK_CLI_DNS_SUMMARY_H
#define FSOCK_CLI_DNS_SUMMARY_H

#include "dns_run.h"

void dns_summary_print(const struct dns_counts *c, const fsock_dns *dns, struct out *o,
                       fsock_time took);

#endif
