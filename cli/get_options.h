/*
 * get_options.h - the options of `fsock get`: their table, their defaults, what can't go together.
 */
#ifndef FSOCK_CLI_GET_OPTIONS_H
#define FSOCK_CLI_GET_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "option.h"
#include "shard.h"
#include "trace_log.h"

enum { DATA_PLAIN, DATA_RAW, DATA_BINARY, DATA_URLENCODE }; /* tags in get_options.data */
enum { FIELD_FORM, FIELD_LITERAL };                         /* ... in get_options.fields */
enum { INCLUDE_RECEIVED, INCLUDE_DECODED };

/* What is to be found in pages (get_page.h). */
struct get_page_options {
    const char *links;
    unsigned kinds; /* of `links`, by get_options_check() */
    int images, text, forms, title, meta, fragments;
};

/* How many of them were given. */
static inline int get_page_wants(const struct get_page_options *p)
{
    return (p->links != NULL) + p->images + p->text + p->forms + p->title + p->meta;
}

/* What the command line said. Flags are 0 or 1; times are nanoseconds; -1 is "not said". */
struct get_options {
    struct option_list urls, lists, outputs, headers, data, resolve, vary, sitemaps, allow, deny,
        cookies, fields;
    const char *submit, *button; /* the form; "": the first that fits */
    const char *since;
    int robots;
    int remote_name, create_dirs, head, query, location, fail, insecure, compressed, raw, http10;
    int adaptive, breaker; /* -1: in a list, the usual */
    int http2;             /* 0, or an FSOCK_HTTP2_ */
    int silent, show_error, retry_all, retry_refused, verbose, json, ordered, progress, summary,
        fast_open;
    int family, include, colour;
    int warm, prove, only_uncached;
    const char *purge; /* the method */
    int64_t batch, pause;
    int public_only, no_wait;
    const char *output_dir, *dump_header, *write_out, *continue_at;
    const char *method, *user_agent, *referer, *user, *range;
    int auth, proxy_auth; /* enum fsock_auth */
    const char *password_file, *password_env, *netrc, *bearer;
    const char *cookie_jar;
    int junk_session;
    const char *proxy, *proxy_user, *no_proxy;
    const char *dns_servers, *unix_socket, *interface;
    int resume, only_failed, repeat;
    int64_t fresh;
    const char *journal, *lock, *merge;
    const char *ca_file, *cert_file, *key_file, *tls_min, *tls_max, *hsts;
    int64_t connect_timeout, read_timeout, max_time, run_time, retry, retry_delay;
    int64_t parallel, per_host, threads, max_redirects, max_body, max_ratio;
    int64_t max_total, max_requests; /* of the run */
    int check_links;
    int64_t depth, max_frames; /* 0: links aren't followed; -1: not said */
    const char *span_hosts;
    const char *shard_text;
    struct shard shard;     /* of shard_text, by get_options_check() */
    double rate, host_rate; /* requests a second */
    int64_t limit_rate, host_limit_rate, delay;
    struct trace_options trace;
    struct get_page_options page;
};

extern const struct option_set get_option_set;

void get_options_init(struct get_options *o);
void get_options_fini(struct get_options *o);

/* False if options can't go together or make no sense: `why` says so. */
bool get_options_check(struct get_options *o, char *why, size_t cap);

/* "-": standard input or output, not a file. */
static inline bool get_is_dash(const char *name)
{
    return name[0] == '-' && !name[1];
}

/* One URL, whose body is what the user wants; else records are. */
static inline bool get_is_single(const struct get_options *o)
{
    return o->urls.n == 1 && !o->lists.n && !o->sitemaps.n && !o->warm && !o->vary.n && !o->depth;
}

/* Whether the links of pages are followed. */
static inline bool get_follows(const struct get_options *o)
{
    return o->depth > 0;
}

/* Whether pages are read at all. */
static inline bool get_page_reads(const struct get_options *o)
{
    return get_page_wants(&o->page) || get_follows(o);
}

/* How often a URL that failed is tried again. */
static inline unsigned get_retries(const struct get_options *o)
{
    return o->retry >= 0 ? (unsigned)o->retry : get_is_single(o) ? 0 : 2;
}

/* Connections to one host at once, at most. Asked to find out by itself, the run may use all. */
static inline int64_t get_per_host(const struct get_options *o)
{
    return o->per_host ? o->per_host : o->adaptive > 0 ? o->parallel : 6;
}

/* Bodies go to files, all or some of them. */
static inline bool get_saves(const struct get_options *o)
{
    return o->outputs.n || o->remote_name;
}

#endif
