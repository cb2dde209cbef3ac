/*
 * dns_options.h - the options of `fsock dns`: their table, their defaults, what can't go together.
 *
 * Words of the command line are sorted here: @SERVER, dig's +short and its kin, types in capitals
 * behind a name, and what is to be asked for.
 */
#ifndef FSOCK_CLI_DNS_OPTIONS_H
#define FSOCK_CLI_DNS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/buf.h"
#include "option.h"
#include "trace_log.h"

enum { NAME_ANY, NAME_ADDRESS }; /* tags in dns_options.names: of -x it must be an address */

#define DNS_TYPES_MAX 64

/* What the command line said. Flags are 0 or 1; times are nanoseconds; -1 is "not said". */
struct dns_options {
    struct option_list names, lists, words, types, resolvers;
    int tcp, recurse, insecure;
    int brief, json, ordered, silent, verbose, progress, summary, colour;
    struct trace_options trace;
    int log, append;
    const char *dns_servers, *ca_file, *cache;
    fsock_time started; /* when the program was: --run-time counts from then */
    int64_t max_time, run_time, parallel, rate, server_rate, race, field, cache_min;

    /* Made of the above by dns_options_check(): */
    uint16_t type[DNS_TYPES_MAX]; /* what -t and types in capitals ask for */
    unsigned n_types;             /* 0: the default */
    struct fsk_buf servers;       /* all of them, parted by commas, with a NUL; empty: none named */
    bool single;                  /* one name or address, of the command line, and no block */
};

extern const struct option_set dns_option_set;

void dns_options_init(struct dns_options *o);
void dns_options_fini(struct dns_options *o);

/* 0; or the exit code, with a sentence in `why`, if the command line makes no sense. */
int dns_options_check(struct dns_options *o, char *why, size_t cap);

#endif
