/*
 * check_options.h - the options of `fsock check`: their table, their defaults, what can't go
 * together.
 */
#ifndef FSOCK_CLI_CHECK_OPTIONS_H
#define FSOCK_CLI_CHECK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "base/buf.h"
#include "option.h"
#include "trace_log.h"

/* What the command line said. Flags are 0 or 1; times are nanoseconds. */
struct check_options {
    struct option_list targets, lists, resolve, recipients;
    int family, insecure, json, silent, verbose, starttls, list_mail, services, proxy_auth;
    int nagios, prometheus;
    const char *user, *password_file, *password_env, *netrc, *mechanism, *name, *sender;
    const char *send, *expect;
    const char *proxy, *proxy_user, *dns_servers, *tls_name, *ca_file, *cert_file, *key_file,
        *tls_min, *tls_max;
    int64_t max_time, connect_timeout, read_timeout, parallel, message;
    int64_t warn, critical, cert_days, every;

    /* Of these, by check_options_check(). */
    struct fsock_options options;
    struct fsk_buf send_bytes, expect_bytes;
    const char **pins, **rcpt;
    struct trace_options trace;
};

extern const struct option_set check_option_set;

void check_options_init(struct check_options *o);
void check_options_fini(struct check_options *o);

/* 0; or an exit code, if options can't go together or make no sense: `why` says so. */
int check_options_check(struct check_options *o, char *why, size_t cap);

/* One target, whose failure is the run's. */
static inline bool check_is_single(const struct check_options *o)
{
    return o->targets.n == 1 && !o->lists.n;
}

#endif
