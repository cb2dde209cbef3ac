#include "talk_options.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/span.h"
#include "base/time.h"
#include "ebcdic.h"
#include "option_rows.h"
#include "outcome.h"
#include "talk_starttls.h"
#include "talk_telnet.h"
#include "wire/addr.h"
#include "wire/endpoint.h"

#define AT(member) offsetof(struct talk_options, member)
/* clang-format off */
static const struct option_row rows[] = {
    HEADING("With whom"),
    FLAG('u', "udp", udp, "datagrams: UDP, with -U those of a unix socket"),
    FLAG('U', "unix", unix_path, "the target is a unix socket's path (@NAME: an abstract one)"),
    FLAG('l', "listen", listen, "wait for somebody to connect"),
    FLAG('k', "keep", keep, "with -l: take the next one when one has gone"),
    FLAG('z', "scan", scan, "only see whether the ports are open; PORT may be 20-25,80"),
    SET('4', "ipv4", family, 4, "IPv4 only"),
    SET('6', "ipv6", family, 6, "IPv6 only"),
    FLAG('n', "numeric", numeric, "no name lookups: the host must be an address"),
    TEXT('s', "source", "ADDRESS", source, "come from this address or interface"),
    TEXT('p', "source-port", "PORT", port, "come from this port; with -l: listen at it"),
    TEXT('x', "proxy", "HOST[:PORT]", proxy, "go through this proxy: SOCKS 5, or as -X or its URL says"),
    TEXT('X', "proxy-protocol", "KIND", proxy_kind, "4, 4a, 5 or connect, if -x does not say"),
    TEXT('P', "proxy-user", "USER:PASSWORD", proxy_user, "log in at the proxy"),
    SET(0, "proxy-basic", proxy_auth, FSOCK_AUTH_BASIC, "... by Basic, at once (the default)"),
    SET(0, "proxy-digest", proxy_auth, FSOCK_AUTH_DIGEST, "... by Digest"),
    SET(0, "proxy-anyauth", proxy_auth, FSOCK_AUTH_ANY, "... by the best that it offers"),
    LIST(0, "resolve", "HOST:PORT:ADDR", resolve, 0, "use ADDR for HOST, which may be *"),
    TEXT(0, "dns-servers", "ADDR,...", dns_servers, "ask these name servers"),
    FLAG('b', "broadcast", broadcast, "datagrams may go to broadcast addresses"),
    FLAG(0, "keepalive", keepalive, "probe a silent TCP peer (as the system does)"),
    TIME(0, "keepalive-time", keep_idle, "... after so long, and as often again"),
    FLAG(0, "list", list, "list the transports of targets, and leave"),

    HEADING("TLS"),
    FLAG(0, "tls", tls, "TLS from the start, as tls:// in the target; with -l: --cert's"),
    TEXT(0, "starttls", "PROTOCOL", starttls, "first plain, then TLS: " TALK_STARTTLS_NAMES),
    TEXT(0, "tls-name", "NAME", tls_name, "whom the certificate must name, instead of HOST"),
    FLAG(0, "insecure", insecure, "accept any certificate"),
    TEXT(0, "cacert", "FILE", ca_file, "trust these roots instead of the system's (PEM)"),
    TEXT(0, "cert", "FILE", cert_file, "our certificate (PEM)"),
    TEXT(0, "key", "FILE", key_file, "its key (PEM), if not in --cert's file"),
    TEXT(0, "tls-min", "VERSION", tls_min, "at least 1.0, 1.1, 1.2 or 1.3 (1.2)"),
    TEXT(0, "tls-max", "VERSION", tls_max, "at most"),
    TEXT(0, "alpn", "NAME,...", alpn, "protocols to offer inside"),

    HEADING("What is sent, in this order (none of these: standard input)"),
    LIST(0, "send", "TEXT", pieces, PIECE_TEXT, "TEXT, with escapes: \\r\\n \\t \\x1b \\0 \\\\"),
    LIST(0, "hex", "DIGITS", pieces, PIECE_HEX, "'0d 0a', 0x0d,0x0a, a dump of xxd or hexdump -C; or @FILE"),
    LIST(0, "base64", "TEXT", pieces, PIECE_BASE64, "what it decodes to"),
    LIST(0, "ebcdic", "TEXT", pieces, PIECE_EBCDIC, "TEXT with escapes, in --code-page"),
    LIST(0, "file", "FILE", pieces, PIECE_FILE, "FILE, as it is"),
    LIST(0, "c-array", "FILE[:NAME]", pieces, PIECE_C_ARRAY, "the array of that C source"),
    LIST(0, "stdin", "-", pieces, PIECE_STDIN, "standard input, up to its end; write --stdin -"),
    LIST(0, "wait", "TEXT", pieces, PIECE_WAIT, "nothing, until the peer has sent TEXT (with escapes)"),
    LIST(0, "delay", "TIME", pieces, PIECE_DELAY, "nothing for so long"),
    TEXT(0, "script", "FILE", script, "a dialog: send, expect, starttls, close; see fsock-talk(1)"),
    TEXT(0, "code-page", "NUMBER", code_page, "of EBCDIC: 037, 500 or 1047 (037)"),
    FLAG('C', "crlf", crlf, "standard input's lines end in CR LF"),
    FLAG('d', "no-stdin", no_stdin, "don't read standard input"),
    FLAG('N', "shut", shut, "tell the peer when all is sent (FIN, close_notify)"),
    FLAG(0, "telnet", telnet, "speak telnet: answer its options; a terminal is raw"),
    TEXT(0, "escape", "CHAR", escape, "with --telnet on a terminal: leave by it (^]); none: never"),

    HEADING("What is shown"),
    CHOICE(0, "view", "raw|hex|c|text|ebcdic", view, "raw|hex|c|text|ebcdic", "of what is received"),
    FLAG(0, "raw", raw, "to a terminal, too, as it came"),
    FLAG(0, "dump", dump, "both directions in hex, with the time"),
    FLAG('v', "verbose", verbose, "whom we talk to, certificates, sizes"),
    FLAG(0, "silent", silent, "no errors"),
    FLAG(0, "json", json, "with -z: a JSON object per port"),

    TRACE_ROWS(trace),

    HEADING("Limits (TIME: 1.5, 500ms, 10s, 2m; 0 turns one off)"),
    TIME('w', "timeout", wait, "to open (5s), and afterwards for silence both ways (none)"),
    TIME('q', "quit", quit, "when all is sent, leave after so long"),
    TIME('m', "max-time", max_time, "for all of it (none)"),
    NUMBER(0, "parallel", parallel, 1, 100000, "with -z: ports at once (1000)"),
    TEXT(0, "payload", "TEXT", payload, "with -z -u: the datagram, with escapes (empty)"),
    HELP,
    {.help = NULL},
};
/* clang-format on */

const struct option_set talk_option_set = {
    .usage = "fsock talk [OPTION]... [TRANSPORT://]HOST:PORT\n"
             "       fsock talk [OPTION]... HOST PORT\n"
             "       fsock talk [OPTION]... -U PATH\n"
             "       fsock talk -l [OPTION]... [HOST] PORT\n"
             "       fsock talk -z [OPTION]... HOST PORT[-PORT][,...]",
    .about = "Open a socket to anything and talk: standard input goes to the peer, what the\n"
             "peer sends to standard output, both at once. It is over when both have ended;\n"
             "a terminal is not waited for when the peer has.",
    .row = rows,
    .more = "Exit code: 0; 6 name, 7 refused or unreachable, 28 a limit struck (with -u: no\n"
            "answer), 35 and 60 TLS, 55 and 56 the connection broke. -z with several ports:\n"
            "0 all open, 110 some, 111 none. See fsock-talk(1).",
};

void talk_options_init(struct talk_options *o)
{
    *o = (struct talk_options){
        .view = -1, .wait = -1, .quit = -1, .parallel = 1000, .trace.calls = -1};
    fsock_options_init(&o->options);
}

void talk_options_fini(struct talk_options *o)
{
    option_list_free(&o->words);
    option_list_free(&o->pieces);
    option_list_free(&o->resolve);
    free(o->target);
    free(o->bind);
    free(o->proxy_text);
    free(o->pins);
}

/* ---- What can't go together ------------------------------------------------------------------ */

/* --stdin has a value only so that it keeps its place in the list. */
static bool stdin_is_misspelled(const struct talk_options *o)
{
    for (size_t i = 0; i < o->pieces.n; i++)
        if (o->pieces.item[i].tag == PIECE_STDIN && strcmp(o->pieces.item[i].value, "-") != 0)
            return true;
    return false;
}

/* The target begins with tls://, tlsv1.2:// or ssl://. */
static bool is_tls(const char *target)
{
    return strstr(target, "://") &&
           (strncmp(target, "tls", 3) == 0 || strncmp(target, "ssl:", 4) == 0);
}

static const char *conflict_of_listening(const struct talk_options *o)
{
    if (o->proxy || o->starttls)
        return "-l waits for others, and can't go with -x or --starttls";
    if (is_tls(o->target) && !o->cert_file)
        return "a TLS listener needs a certificate; give it with --cert FILE";
    return NULL;
}

static const char *conflict_of_scan(const struct talk_options *o)
{
    if (o->listen || o->pieces.n || o->script || o->telnet || o->starttls || o->dump)
        return "-z only looks; drop it, or what is to be sent or shown";
    if (o->payload && !o->udp)
        return "--payload is the datagram of -z -u";
    return NULL;
}

static const char *conflict(const struct talk_options *o)
{
    if (o->udp && (o->tls || o->starttls || o->telnet))
        return "-u sends datagrams: TLS and telnet need a stream";
    if (o->tls && o->starttls)
        return "--tls and --starttls both say when TLS begins; drop one of them";
    if (o->listen && o->tls && !o->cert_file)
        return "who listens with --tls needs a certificate; give it with --cert FILE";
    if (o->proxy && (o->udp || o->unix_path))
        return "-x is for TCP: datagrams and unix sockets go by no proxy";
    if (o->keep && !o->listen)
        return "-k keeps listening; it needs -l (to accept any certificate: --insecure)";
    if (o->json && !o->scan)
        return "--json is for -z";
    if (o->payload && !o->scan)
        return "--payload is for -z -u; --send sends a text otherwise";
    if (o->key_file && !o->cert_file)
        return "--key belongs to a certificate; give it with --cert FILE";
    if (o->script && (o->pieces.n || o->telnet))
        return "--script says itself what is sent; drop --send and the like, or put it there";
    if (o->telnet && (o->view >= 0 || o->dump) && o->view != VIEW_RAW)
        return "--telnet shows what the host says; drop --view or --dump";
    if (o->dump && o->view >= 0)
        return "--dump and --view both say what is shown; drop one of them";
    if (o->no_stdin && o->crlf && o->pieces.n == 0)
        return "-C is for standard input, and -d says not to read it; drop one of them";
    if (stdin_is_misspelled(o))
        return "--stdin takes only a dash: --stdin -";
    if (o->scan)
        return conflict_of_scan(o);
    return o->listen ? conflict_of_listening(o) : NULL;
}

/* ---- The target ------------------------------------------------------------------------------ */

static bool has_transport(const char *word)
{
    const char *at = strstr(word, "://");
    return at && at - word > 1;
}

static const char *transport(const struct talk_options *o)
{
    if (o->unix_path)
        return o->udp ? "udg://" : "unix://";
    return o->udp ? "udp://" : o->tls ? "tls://" : "";
}

static bool is_ports(const char *word)
{
    return *word && strspn(word, "0123456789-,") == strlen(word);
}

static const char *nobody(const struct talk_options *o)
{
    return o->listen ? "listen where? give PORT, HOST PORT or -U PATH; port 0 is a free one"
                     : "whom to talk to? give HOST PORT, TRANSPORT://HOST:PORT or -U PATH";
}

/* -l PORT, -l -p PORT, -l HOST PORT, -l HOST:PORT; else TARGET, or HOST PORT. */
static int join_words(struct talk_options *o, char *why, size_t cap)
{
    const char *first = o->words.n ? o->words.item[0].value : NULL;
    const char *second = o->words.n > 1 ? o->words.item[1].value : NULL;
    if (o->listen && !second && o->port && !o->unix_path)
        second = o->port;
    if (o->listen && !first && o->source)
        first = o->source;
    if (o->listen && first && !second && is_ports(first) && !o->unix_path) {
        second = first;
        first = NULL;
    }
    if ((!first && !second) || o->words.n > 2) {
        snprintf(why, cap, "%s",
                 first ? "one target at a time: HOST PORT, or HOST:PORT" : nobody(o));
        return EXIT_USAGE;
    }
    first = first ? first : "";
    const char *scheme = has_transport(first) ? "" : transport(o);
    if (has_transport(first) && (o->udp || o->unix_path || (o->tls && !is_tls(first)))) {
        snprintf(why, cap, "'%s' has its transport; drop -u, -U and --tls", first);
        return EXIT_USAGE;
    }
    if (second && o->unix_path) {
        snprintf(why, cap, "a unix socket's path needs no port: '%s'", second);
        return EXIT_USAGE;
    }
    bool joined = second && !o->scan;
    bool bare6 = joined && strchr(first, ':') && first[0] != '[' && !has_transport(first);
    o->ports = o->scan ? second : NULL;
    if (asprintf(&o->target, "%s%s%s%s%s%s", scheme, bare6 ? "[" : "", first, bare6 ? "]" : "",
                 joined ? ":" : "", joined ? second : "") >= 0)
        return 0;
    o->target = NULL;
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

struct fsk_span talk_host(const struct talk_options *o)
{
    char unused[FSK_ENDPOINT_WHY];
    struct fsk_endpoint e;
    int port = o->ports ? 1 : 0; /* which one is of no account here */
    bool good = fsk_endpoint_parse(fsk_span_str(o->target), port, o->listen, &e, unused);
    return good ? e.host : fsk_span("", 0);
}

/* With -n nobody is asked for a name. */
static int check_numeric(const struct talk_options *o, char *why, size_t cap)
{
    struct fsk_addr address;
    struct fsk_span zone, host = talk_host(o);
    if (!o->numeric || host.n == 0 || fsk_addr_parse(host, &address, &zone) ||
        fsk_addr_parse_loose(host, &address))
        return 0;
    snprintf(why, cap, "-n looks up no name, and '%.*s' is no address", (int)host.n, host.p);
    return EXIT_USAGE;
}

static bool is_port(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && !text[digits] && strtoul(text, NULL, 10) <= 65535;
}

static int join_bind(struct talk_options *o, char *why, size_t cap)
{
    bool at_port = o->port && !o->listen;
    if (o->port && !is_port(o->port)) {
        snprintf(why, cap, "-p needs a port, a number from 0 to 65535, not '%s'", o->port);
        return EXIT_USAGE;
    }
    if (!o->source && !at_port)
        return 0;
    const char *source = o->source ? o->source : "0";
    bool bare6 = at_port && strchr(source, ':') && source[0] != '[';
    if (asprintf(&o->bind, "%s%s%s%s%s", bare6 ? "[" : "", source, bare6 ? "]" : "",
                 at_port ? ":" : "", at_port ? o->port : "") >= 0)
        return 0;
    o->bind = NULL;
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

/* ---- The library's options ------------------------------------------------------------------- */

static int name_proxy(struct talk_options *o, char *why, size_t cap)
{
    static const struct {
        const char *kind, *scheme;
    } kinds[] = {
        {"5",       "socks5h://"},
        {"4",       "socks4://" },
        {"4a",      "socks4a://"},
        {"connect", "http://"   }
    };
    if (!o->proxy) {
        if (o->proxy_kind)
            snprintf(why, cap, "-X says how to speak to a proxy; name it with -x HOST:PORT");
        return o->proxy_kind ? EXIT_USAGE : 0;
    }
    if (has_transport(o->proxy))
        return 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(o->proxy_kind ? o->proxy_kind : "5", kinds[i].kind) == 0) {
            if (asprintf(&o->proxy_text, "%s%s", kinds[i].scheme, o->proxy) >= 0)
                return 0;
            o->proxy_text = NULL;
            snprintf(why, cap, "out of memory");
            return EXIT_MEMORY;
        }
    snprintf(why, cap, "-X knows 4, 4a, 5 and connect, not '%s'", o->proxy_kind);
    return EXIT_USAGE;
}

static int fill_options(struct talk_options *o, char *why, size_t cap)
{
    struct fsock_options *f = &o->options;
    o->pins = calloc(o->resolve.n + 1, sizeof *o->pins);
    if (!o->pins) {
        snprintf(why, cap, "out of memory");
        return EXIT_MEMORY;
    }
    for (size_t i = 0; i < o->resolve.n; i++)
        o->pins[i] = o->resolve.item[i].value;
    f->resolve = o->pins;
    f->connect_timeout = o->wait >= 0 ? o->wait : 5 * FSOCK_SECOND;
    f->read_timeout = 0; /* silence is measured both ways together, here */
    f->family = o->family;
    f->bind = o->bind;
    f->dns_servers = o->dns_servers;
    f->proxy = o->proxy_text ? o->proxy_text : o->proxy;
    f->proxy_user = o->proxy_user;
    f->proxy_auth = (enum fsock_auth)o->proxy_auth;
    f->ca_file = o->ca_file;
    f->cert_file = o->cert_file;
    f->key_file = o->key_file;
    f->insecure = o->insecure;
    f->tls_min = o->tls_min;
    f->tls_max = o->tls_max;
    f->tls_name = o->tls_name;
    f->alpn = o->alpn;
    f->keylog_file = getenv("SSLKEYLOGFILE");
    f->broadcast = o->broadcast;
    f->keepalive = o->keepalive || o->keep_idle > 0;
    f->keep_idle = f->keep_interval = (int)((o->keep_idle + FSOCK_SECOND - 1) / FSOCK_SECOND);
    return 0;
}

static int check_words(const struct talk_options *o, char *why, size_t cap)
{
    const char *text = conflict(o);
    struct ebcdic unused;
    if (!text && o->code_page)
        text = ebcdic_init(&unused, fsk_span_str(o->code_page));
    if (!text)
        text = talk_telnet_unknown(o->escape);
    if (!text && o->starttls)
        text = talk_starttls_unknown(o->starttls);
    if (!text)
        return 0;
    snprintf(why, cap, "%s", text);
    return EXIT_USAGE;
}

int talk_options_check(struct talk_options *o, char *why, size_t cap)
{
    if (o->list)
        return 0;
    int code = join_words(o, why, cap);
    if (!code)
        code = check_words(o, why, cap);
    if (!code)
        code = check_numeric(o, why, cap);
    if (!code)
        code = join_bind(o, why, cap);
    if (!code)
        code = name_proxy(o, why, cap);
    return code ? code : fill_options(o, why, cap);
}
