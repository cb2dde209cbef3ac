#include "check_options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytes_escape.h"
#include "option_rows.h"
#include "outcome.h"

#define TEXT_MAX ((size_t)32 << 10)

#define AT(member) offsetof(struct check_options, member)
/* clang-format off */
static const struct option_row rows[] = {
    HEADING("What is checked"),
    LIST('i', "input", "FILE", lists, 0, "the targets in FILE, one a line; -: standard input"),
    FLAG(0, "services", services, "list the services of targets, and leave"),
    CHOICE(0, "starttls", "WHEN", starttls, "auto|try|require|no",
           "TLS in the middle: try it, require it, no; auto: require it to log in"),
    TEXT(0, "helo", "NAME", name, "who we say we are ([127.0.0.1])"),
    LIST(0, "rcpt", "ADDRESS", recipients, 0, "smtp, lmtp: is mail to it accepted? none is sent"),
    TEXT(0, "mail-from", "ADDRESS", sender, "... from ADDRESS (the empty one)"),
    FLAG(0, "list", list_mail, "pop3: list the messages"),
    NUMBER(0, "retr", message, 1, INT64_C(4294967295), "pop3: show message N"),
    TEXT(0, "send", "TEXT", send, "tcp, tls, unix, udp: say TEXT, with escapes: \\r\\n \\x1b \\0"),
    TEXT(0, "expect", "TEXT", expect, "... and wait until the peer has said TEXT"),

    HEADING("Logging in"),
    TEXT('u', "user", "USER", user, "who; the password comes from elsewhere, never from here:"),
    TEXT(0, "password-file", "FILE", password_file, "the first line of FILE; -: standard input"),
    TEXT(0, "password-env", "NAME", password_env, "the environment variable NAME"),
    TEXT_OR(0, "netrc", "[FILE]", netrc, "", "FILE has user and password by host (~/.netrc)"),
    TEXT(0, "auth", "WAY", mechanism,
         "SCRAM-SHA-256, PLAIN, LOGIN, CRAM-MD5, XOAUTH2, APOP or PASS (the best)"),

    HEADING("How"),
    SET('4', "ipv4", family, 4, "IPv4 only"),
    SET('6', "ipv6", family, 6, "IPv6 only"),
    LIST(0, "resolve", "HOST:PORT:ADDR", resolve, 0, "use ADDR for HOST, which may be *"),
    TEXT(0, "dns-servers", "ADDR,...", dns_servers, "ask these name servers"),
    TEXT('x', "proxy", "URL", proxy, "go through this proxy"),
    TEXT(0, "proxy-user", "USER:PASSWORD", proxy_user, "log in at the proxy"),
    SET(0, "proxy-basic", proxy_auth, FSOCK_AUTH_BASIC, "... by Basic, at once (the default)"),
    SET(0, "proxy-digest", proxy_auth, FSOCK_AUTH_DIGEST, "... by Digest"),
    SET(0, "proxy-anyauth", proxy_auth, FSOCK_AUTH_ANY, "... by the best that it offers"),
    TEXT(0, "tls-name", "NAME", tls_name, "whom the certificate must name, instead of the host"),
    FLAG('k', "insecure", insecure, "accept any certificate"),
    TEXT(0, "cacert", "FILE", ca_file, "trust these roots instead of the system's (PEM)"),
    TEXT(0, "cert", "FILE", cert_file, "our certificate (PEM)"),
    TEXT(0, "key", "FILE", key_file, "its key (PEM), if not in --cert's file"),
    TEXT(0, "tls-min", "VERSION", tls_min, "at least 1.0, 1.1, 1.2 or 1.3 (1.2)"),
    TEXT(0, "tls-max", "VERSION", tls_max, "at most"),

    HEADING("What is told"),
    TIME(0, "warn", warn, "a check that takes so long is a warning, ..."),
    TIME(0, "critical", critical, "... or a failure"),
    NUMBER(0, "cert-days", cert_days, 0, 36500, "fewer days of the certificate left: a warning"),
    TIME(0, "every", every, "again and again; what has changed is told"),
    FLAG(0, "json", json, "a JSON object per target"),
    FLAG(0, "nagios", nagios, "a line and an exit code as of a plug-in of Nagios"),
    FLAG(0, "prometheus", prometheus, "metrics for Prometheus, when all are done"),
    FLAG('v', "verbose", verbose, "each step, on standard error"),
    FLAG('s', "silent", silent, "no sentences on standard error"),
    TRACE_ROWS(trace),

    HEADING("Limits (TIME: 1.5, 500ms, 10s, 2m; 0 turns one off)"),
    TIME('m', "max-time", max_time, "for each target, all together (10s)"),
    TIME(0, "connect-timeout", connect_timeout, "... until its connection is open (5s)"),
    TIME(0, "read-timeout", read_timeout, "... in which nothing comes (5s)"),
    NUMBER('P', "parallel", parallel, 1, 100000, "targets at once (500)"),
    HELP,
    {.help = NULL},
};
/* clang-format on */

const struct option_set check_option_set = {
    .usage = "fsock check [OPTION]... SERVICE://[USER@]HOST[:PORT]...\n"
             "       fsock check [OPTION]... -i FILE",
    .about = "Is it up, and does the login work? Each target is greeted, asked what it can do,\n"
             "put under TLS where that is offered, and logged in at if a user is named; a\n"
             "line tells what came of it. No mail is sent, and none is deleted.",
    .row = rows,
    .more = "Exit code: 0; of one target 6 name, 7 refused or unreachable, 8 not that\n"
            "service, 22 the server refuses, 28 a limit struck, 35 and 60 TLS, 67 the login;\n"
            "of several 110 some failed, 111 all. See fsock-check(1).",
};

void check_options_init(struct check_options *o)
{
    *o = (struct check_options){
        .max_time = 10 * FSOCK_SECOND,
        .connect_timeout = 5 * FSOCK_SECOND,
        .read_timeout = 5 * FSOCK_SECOND,
        .parallel = 500,
        .trace.calls = -1,
    };
    fsock_options_init(&o->options);
    fsk_buf_init(&o->send_bytes, TEXT_MAX);
    fsk_buf_init(&o->expect_bytes, TEXT_MAX);
}

void check_options_fini(struct check_options *o)
{
    option_list_free(&o->targets);
    option_list_free(&o->lists);
    option_list_free(&o->resolve);
    option_list_free(&o->recipients);
    fsk_buf_fini(&o->send_bytes);
    fsk_buf_fini(&o->expect_bytes);
    free(o->pins);
    free(o->rcpt);
}

/* ---- What can't go together ------------------------------------------------------------------ */

static const char *conflict(const struct check_options *o)
{
    bool secret = o->password_file || o->password_env;
    if (!o->targets.n && !o->lists.n)
        return "what is to be checked? give SERVICE://HOST, or a list with -i FILE";
    if (o->password_file && o->password_env)
        return "--password-file and --password-env both say where the password is; drop one";
    if (o->netrc && (secret || o->user))
        return "--netrc has users and passwords of its own; drop -u and the password";
    if (o->key_file && !o->cert_file)
        return "--key belongs to a certificate; give it with --cert FILE";
    if (o->sender && !o->recipients.n)
        return "--mail-from is for --rcpt";
    if (o->nagios + o->prometheus + o->json > 1)
        return "--json, --nagios and --prometheus are three ways to tell the same; choose one";
    if (o->nagios && !check_is_single(o))
        return "Nagios asks about one service at a time; give one target";
    if (o->every && (o->nagios || o->prometheus))
        return "--every does not end, and --nagios and --prometheus tell at the end; drop one";
    if (o->critical && o->warn > o->critical)
        return "--warn comes before --critical; give it a shorter time";
    for (size_t i = 0; i < o->lists.n; i++)
        if (o->password_file && strcmp(o->password_file, "-") == 0 &&
            strcmp(o->lists.item[i].value, "-") == 0)
            return "standard input can't be both the list and the password";
    return NULL;
}

static int unescape(const char *name, const char *text, struct fsk_buf *into, char *why, size_t cap)
{
    struct bytes_fault mistake;
    if (!text || bytes_escape_read(fsk_span_str(text), into, &mistake))
        return 0;
    snprintf(why, cap, "%s: %s", name, mistake.why);
    return EXIT_USAGE;
}

/* The values of a list, with a NULL at the end. NULL: out of memory. */
static const char **values(const struct option_list *list)
{
    const char **v = calloc(list->n + 1, sizeof *v);
    for (size_t i = 0; v && i < list->n; i++)
        v[i] = list->item[i].value;
    return v;
}

static int fill_options(struct check_options *o, char *why, size_t cap)
{
    struct fsock_options *f = &o->options;
    o->pins = values(&o->resolve);
    o->rcpt = values(&o->recipients);
    if (!o->pins || !o->rcpt) {
        snprintf(why, cap, "out of memory");
        return EXIT_MEMORY;
    }
    f->resolve = o->pins;
    f->total_timeout = o->max_time;
    f->connect_timeout = o->connect_timeout;
    f->read_timeout = o->read_timeout;
    f->family = o->family;
    f->dns_servers = o->dns_servers;
    f->proxy = o->proxy;
    f->proxy_user = o->proxy_user;
    f->proxy_auth = (enum fsock_auth)o->proxy_auth;
    f->ca_file = o->ca_file;
    f->cert_file = o->cert_file;
    f->key_file = o->key_file;
    f->insecure = o->insecure;
    f->tls_name = o->tls_name;
    f->tls_min = o->tls_min;
    f->tls_max = o->tls_max;
    f->keylog_file = getenv("SSLKEYLOGFILE");
    return 0;
}

int check_options_check(struct check_options *o, char *why, size_t cap)
{
    if (o->services)
        return 0;
    const char *text = conflict(o);
    if (text) {
        snprintf(why, cap, "%s", text);
        return EXIT_USAGE;
    }
    int code = unescape("--send", o->send, &o->send_bytes, why, cap);
    if (!code)
        code = unescape("--expect", o->expect, &o->expect_bytes, why, cap);
    return code ? code : fill_options(o, why, cap);
}
