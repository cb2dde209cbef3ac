/*
 * get.h - the verb `get`: what its files share. Read get.c first.
 *
 *   get.c          the run: options, then one loop that feeds URLs and takes events
 *   get_options.c  the options: their table, their defaults, what can't go together
 *   get_request.c  options into the library's structs: headers, bodies, limits
 *   transfer.c     one URL from the list to its record
 */
#ifndef FSOCK_CLI_GET_H
#define FSOCK_CLI_GET_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/buf.h"
#include "list.h"
#include "option.h"
#include "out.h"
#include "outcome.h"
#include "progress.h"
#include "summary.h"

enum { DATA_PLAIN, DATA_RAW, DATA_BINARY, DATA_URLENCODE }; /* tags in get_options.data */
enum { INCLUDE_RECEIVED, INCLUDE_DECODED };
enum { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

/* What the command line said. Flags are 0 or 1; times are nanoseconds; -1 is "not said". */
struct get_options {
    struct option_list urls, lists, outputs, headers, data, resolve;
    int remote_name, create_dirs, head, query, location, fail, insecure, compressed, raw, http10;
    int silent, show_error, verbose, json, progress, summary, fast_open;
    int family, include, colour;
    const char *output_dir, *dump_header, *write_out, *continue_at;
    const char *method, *user_agent, *referer, *user, *range, *cookie;
    const char *proxy, *proxy_user, *no_proxy;
    const char *dns_servers, *unix_socket, *interface;
    const char *ca_file, *cert_file, *key_file, *tls_min, *tls_max;
    int64_t connect_timeout, read_timeout, max_time, run_time;
    int64_t parallel, per_host, max_redirects, max_body, max_ratio;
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

/* What the library's structs point to. */
struct get_request {
    struct fsock_options options;
    struct fsock_request request;
    const char **headers, **resolve;
    struct fsk_buf body; /* of -d and its kin; with -G the query */
    char *added[3];      /* headers made of -A, -e and -b */
};

/*
 * Fill it in. Returns 0, or the exit code, with the sentence in `why` (-d @FILE can't be read).
 */
int get_request_init(struct get_request *r, const struct get_options *o, char *why, size_t cap);
void get_request_fini(struct get_request *r);

struct transfer;

/* A run. */
struct get {
    struct get_options o;
    struct get_request ask;
    fsock_fetch *fetch;
    fsock_time run_deadline;

    struct list list;
    size_t next_url;   /* of o.urls */
    bool *marked;      /* for each of o.urls: -O's name must be a marked one; NULL: none must */
    bool lists_ended;  /* nothing more to read */
    bool list_waits;   /* its descriptor is being watched */
    bool list_failed;  /* one could not be read to its end */
    bool busy;         /* feeding stopped only to give others a turn */
    uint64_t numbered; /* URLs seen so far */

    struct transfer *spare;   /* a free list */
    struct transfer *waiting; /* read from the list; the queue was full */
    size_t open;              /* transfers that the library has */

    bool single, stopping, over; /* over: --run-time struck */
    int interrupted;             /* the signal, or 0 */
    int exitcode;                /* of a single URL */
    int dump_fd;                 /* -D; -1: none */
    bool terminal, colour;       /* standard output */
    fsock_time started, flushed;
    uint64_t moved; /* body bytes so far, of all transfers */
    uint64_t expected;
    struct outcome outcome; /* of the transfer at hand */
    struct summary summary;
    struct progress progress;
    struct out out, err;
};

/* A sentence on standard error: "fsock: get: ..." */
void get_say(struct get *g, const char *text);

/* End the run early; `why` goes into the records of what was going on. */
void get_stop(struct get *g, const char *why);

int get_main(int argc, char **argv);

#endif
