/*
 * get_options.h - the options of `fsock get`: their table, their defaults, what can't go together.
 */
#ifndef FSOCK_CLI_GET_OPTIONS_H
#define FSOCK_CLI_GET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "option.h"
#include "trace_log.h"

enum { DATA_PLAIN, DATA_RAW, DATA_BINARY, DATA_URLENCODE }; /* tags in get_options.data */
enum { INCLUDE_RECEIVED, INCLUDE_DECODED };

/* What the command line said. Flags are 0 or 1; times are nanoseconds; -1 is "not said". */
struct get_options {
    struct option_list urls, lists, outputs, headers, data, resolve;
    int remote_name, create_dirs, head, query, location, fail, insecure, compressed, raw, http10;
    int silent, show_error, verbose, json, ordered, progress, summary, fast_open;
    int family, include, colour;
    const char *output_dir, *dump_header, *write_out, *continue_at;
    const char *method, *user_agent, *referer, *user, *range, *cookie;
    const char *proxy, *proxy_user, *no_proxy;
    const char *dns_servers, *unix_socket, *interface;
    const char *ca_file, *cert_file, *key_file, *tls_min, *tls_max;
    int64_t connect_timeout, read_timeout, max_time, run_time;
    int64_t parallel, per_host, threads, max_redirects, max_body, max_ratio;
    double rate, host_rate; /* requests a second */
    int64_t limit_rate, host_limit_rate, delay;
    struct trace_options trace;
};

extern const struct option_set get_option_set;

void get_options_init(struct get_options *o);
void get_options_fini(struct get_options *o);

/* False if options can't go together or make no sense: `why` says so. */
bool get_options_check(const struct get_options *o, char *why, size_t cap);

/* One URL, whose body is what the user wants; else records are. */
static inline bool get_is_single(const struct get_options *o)
{
    return o->urls.n == 1 && !o->lists.n;
}

/* Bodies go to files, all or some of them. */
static inline bool get_saves(const struct get_options *o)
{
    return o->outputs.n || o->remote_name;
}

#endif
