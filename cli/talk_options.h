/*
 * talk_options.h - the options of `fsock talk`: their table, their defaults, what can't go
 * together, and the target that they name.
 */
#ifndef FSOCK_CLI_TALK_OPTIONS_H
#define FSOCK_CLI_TALK_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "option.h"
#include "trace_log.h"
#include "view.h"

/* What is sent, in the order of the command line: tags of talk_options.pieces. */
enum piece {
    PIECE_TEXT, /* with escapes */
    PIECE_HEX,  /* digits, or a dump */
    PIECE_BASE64,
    PIECE_EBCDIC,  /* text, to be converted */
    PIECE_FILE,    /* a file's bytes */
    PIECE_C_ARRAY, /* FILE or FILE:NAME */
    PIECE_STDIN,
    PIECE_WAIT, /* until the peer has sent this */
    PIECE_DELAY /* so long */
};

/* What the command line said. Flags are 0 or 1; times are nanoseconds; -1 is "not said". */
struct talk_options {
    struct option_list words, pieces, resolve;
    int list, listen, keep, udp, unix_path, scan, numeric, no_stdin, shut, verbose, silent, crlf;
    int tls, insecure, telnet, raw, dump, json, keepalive, broadcast;
    int family, view, proxy_auth;
    const char *source, *port, *proxy, *proxy_kind, *proxy_user;
    const char *dns_servers, *script, *starttls, *code_page, *escape, *payload;
    const char *tls_name, *ca_file, *cert_file, *key_file, *tls_min, *tls_max, *alpn;
    int64_t wait, quit, max_time, parallel, keep_idle;

    /* Of the words, by talk_options_check(). */
    char *target;      /* as the library takes it; NULL for --list */
    const char *ports; /* of -z: "80", "20-25,80"; NULL: the target has its own */
    char *bind;        /* -s and -p; NULL: neither */
    char *proxy_text;  /* -x, with the scheme that -X means; NULL: it has one */
    struct fsock_options options;
    struct trace_options trace;
    struct trace_log *log; /* the verb's; of what options.trace collects */
    const char **pins;     /* of --resolve */
};

extern const struct option_set talk_option_set;

void talk_options_init(struct talk_options *o);
void talk_options_fini(struct talk_options *o);

/* 0; or an exit code, if options can't go together or make no sense: `why` says so. */
int talk_options_check(struct talk_options *o, char *why, size_t cap);

/* The target's host, or "": that it has none, or is wrong, others will say. */
struct fsk_span talk_host(const struct talk_options *o);

#endif
