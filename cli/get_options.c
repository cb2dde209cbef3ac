#include "get_options.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <fsock.h>

#include "colour.h"
#include "get_login.h"
#include "get_sitemap.h"
#include "get_writeout.h"
#include "option_rows.h"
#include "page_links.h"
#include "wire/hostlist.h"
#include "wire/range.h"

#define AT(member) offsetof(struct get_options, member)
/* clang-format off */
static const struct option_row rows[] = {
    HEADING("What to fetch"),
    LIST('i', "input-file", "FILE", lists, 0, "a list of URLs, one a line; - is standard input"),
    LIST(0, "sitemap", "URL", sitemaps, 0, "the URLs of this sitemap, and of those it lists"),
    TEXT(0, "since", "TIME", since, "of sitemaps only what has changed since: 2d, 2026-11-01"),
    NUMBER(0, "depth", depth, 1, 1000, "follow the links of pages, so many steps, within the host"),
    FLAG(0, "check-links", check_links, "tell which links are broken, in pages up to --depth (1)"),
    TEXT(0, "span-hosts", "HOST,...", span_hosts, "with --depth, to these hosts, too"),
    NUMBER(0, "max-frames", max_frames, 0, 100, "with --depth, frames in frames, so many (5)"),
    FLAG(0, "robots", robots, "ask robots.txt first (on for URLs found; see --no-robots)"),
    NUMBER('P', "parallel", parallel, 1, 100000, "transfers at once (64)"),
    NUMBER(0, "per-host", per_host, 1, 100000, "connections to one host at once (6)"),
    FLAG(0, "adaptive", adaptive, "as many at once as a host bears; in a list on, up to --per-host"),
    FLAG(0, "breaker", breaker, "set hosts aside that can't be reached (on in a list)"),
    TEXT(0, "shard", "I/N", shard_text, "of the URLs the I-th of N parts alone: 1/8 to 8/8, or auto"),
    NUMBER(0, "threads", threads, 1, 256, "loops that fetch, each in a thread of its own (1)"),

    HEADING("How fast at most (RATE: 0.5, 200/s, 30/m, 100/h; 0: no limit)"),
    RATE(0, "rate", rate, "requests of the run"),
    RATE(0, "host-rate", host_rate, "the same for each host"),
    TIME(0, "delay", delay, "between the starts of two requests to one host, at least"),
    SPEED(0, "limit-rate", limit_rate, "bytes a second of the run (500, 64k, 10M)"),
    SPEED(0, "host-limit-rate", host_limit_rate, "the same for each host"),
    NUMBER(0, "batch", batch, 1, 1000000000, "URLs to a batch, then --pause"),
    TIME(0, "pause", pause, "from the end of one batch to the start of the next"),

    HEADING("Where it goes"),
    LIST('o', "output", "FILE", outputs, 0, "the body to FILE; a second -o is for the second URL"),
    FLAG('O', "remote-name", remote_name, "the body to a file named after the URL"),
    TEXT(0, "output-dir", "DIR", output_dir, "the directory for -o and -O; made if it is missing"),
    FLAG(0, "create-dirs", create_dirs, "make the directories that -o names"),
    TEXT('C', "continue-at", "-", continue_at, "continue what an earlier run left as FILE.part"),
    CHOICE(0, "include", "[received|decoded]", include, "received|decoded",
           "the answer's header before the body: as received, or as it is after decoding"),
    TEXT('D', "dump-header", "FILE", dump_header, "write the received headers to FILE"),

    HEADING("What is in a page (with --json in its record, else in place of the body)"),
    TEXT_OR(0, "links", "[KIND,...]", page.links, "a",
            "URLs: of a, img, script, css, frame, media, link, all; other: mailto and such"),
    FLAG(0, "fragments", page.fragments, "with --links, with what stands behind #"),
    FLAG(0, "images", page.images, "the URLs of pictures"),
    FLAG(0, "text", page.text, "what there is to read"),
    FLAG(0, "forms", page.forms, "forms, and their fields with defaults and choices"),
    FLAG(0, "title", page.title, "the title"),
    FLAG(0, "meta", page.meta, "what <meta> says, charset, lang and canonical URL"),

    HEADING("A form of a page"),
    TEXT_OR(0, "submit", "[FORM]", submit, "",
            "send it, with its defaults and -F; its id, name or number, else the first that fits"),
    TEXT(0, "button", "NAME", button, "press this one of its buttons; '': none (the first)"),

    HEADING("The request"),
    LIST('H', "header", "LINE", headers, 0,
         "add the header 'Name: value'; 'Name:' removes one, 'Name;' sends it empty"),
    TEXT('X', "request", "METHOD", method, "the method, kept across redirects"),
    FLAG('I', "head", head, "ask for the header only (HEAD)"),
    LIST('d', "data", "DATA", data, DATA_PLAIN, "send DATA (POST); @FILE: a file, without line ends"),
    LIST(0, "data-raw", "DATA", data, DATA_RAW, "as -d, but @ means nothing"),
    LIST(0, "data-binary", "DATA", data, DATA_BINARY, "as -d, but @FILE is sent as it is"),
    LIST(0, "data-urlencode", "DATA", data, DATA_URLENCODE,
         "as -d, percent-encoded; NAME=TEXT, =TEXT, TEXT, NAME@FILE, @FILE"),
    LIST('F', "form", "NAME=VALUE", fields, FIELD_FORM,
         "a field of a form (POST, multipart); NAME=@FILE uploads, NAME=<FILE reads a text"),
    LIST(0, "form-string", "NAME=VALUE", fields, FIELD_LITERAL, "as -F, but @, < and ; mean nothing"),
    FLAG('G', "get", query, "put the data of -d into the URL's query instead"),
    TEXT('A', "user-agent", "NAME", user_agent, "the User-Agent header"),
    TEXT('e', "referer", "URL", referer, "the Referer header"),
    LIST('b', "cookie", "DATA", cookies, 0, "send the cookies 'NAME=VALUE; ...'; without =: a file of them"),
    TEXT('c', "cookie-jar", "FILE", cookie_jar, "keep cookies, and write them to FILE at the end; - is stdout"),
    FLAG('j', "junk-session-cookies", junk_session, "leave those of a session out of what -b reads"),
    TEXT('r', "range", "RANGE", range, "a part of the body: 0-499, 500- or -500"),
    FLAG('L', "location", location, "follow redirects (on with --submit; see --no-location)"),
    NUMBER(0, "max-redirs", max_redirects, 0, 1000, "redirects to follow at most (20)"),
    FLAG(0, "no-wait", no_wait, "send it whole, and leave without the answer"),
    FLAG(0, "compressed", compressed, "ask for compressed bodies (on; see --no-compressed)"),
    FLAG(0, "raw", raw, "hand out compressed bodies as they are"),
    SET('0', "http1.0", http10, 1, "ask in HTTP/1.0"),
    SET(0, "http1.1", http2, 0, "ask in HTTP/1.1"),
    SET(0, "http2", http2, FSOCK_HTTP2_TLS, "HTTP/2 from https servers that speak it (on)"),
    SET(0, "http2-prior-knowledge", http2, FSOCK_HTTP2_PRIOR,
        "HTTP/2 also without TLS, where nobody can be asked for it"),

    HEADING("Logging in (at the hosts of the URLs; redirects to others go without)"),
    TEXT('u', "user", "USER[:PASSWORD]", user, "who; the password better comes from elsewhere:"),
    TEXT(0, "password-file", "FILE", password_file, "the first line of FILE; -: standard input"),
    TEXT(0, "password-env", "NAME", password_env, "the environment variable NAME; else you are asked"),
    TEXT_OR('n', "netrc", "[FILE]", netrc, "", "FILE has user and password by host (~/.netrc)"),
    TEXT(0, "netrc-file", "FILE", netrc, "another name for --netrc=FILE"),
    SET(0, "basic", auth, FSOCK_AUTH_BASIC, "by Basic, at once (the default)"),
    SET(0, "digest", auth, FSOCK_AUTH_DIGEST, "by Digest, which shows nobody the password"),
    SET(0, "anyauth", auth, FSOCK_AUTH_ANY, "by the best that the server offers"),
    TEXT(0, "bearer", "TOKEN", bearer, "by a token; @FILE: the first line of FILE"),
    TEXT(0, "oauth2-bearer", "TOKEN", bearer, "another name for --bearer"),

    HEADING("A site's cache"),
    FLAG(0, "warm", warm, "drop the bodies, and tell what each answer says of the cache"),
    LIST(0, "vary", "NAME=A,B", vary, 0,
         "ask with each of these values of the header; several are multiplied"),
    TEXT_OR(0, "purge", "[METHOD]", purge, "PURGE", "ask the cache to forget each URL first"),
    FLAG(0, "only-uncached", only_uncached, "look by HEAD first; what is in the cache is not fetched"),
    FLAG(0, "prove", prove, "ask again afterwards; what is not from the cache then has failed"),

    HEADING("Limits (TIME: 1.5, 500ms, 10s, 2m; 0 turns one off)"),
    TIME(0, "connect-timeout", connect_timeout,
         "for name lookup, every address, proxy and TLS together (5s)"),
    TIME(0, "read-timeout", read_timeout, "for silence while sending or receiving (30s)"),
    TIME('m', "max-time", max_time, "for a URL as a whole (60s in a list, else none)"),
    TIME(0, "run-time", run_time, "for all URLs together (none)"),
    SIZE(0, "max-total", max_total, "for all that is received, before decoding (none)"),
    NUMBER(0, "max-requests", max_requests, 1, 1000000000000, "for the requests of all URLs together (none)"),
    SIZE(0, "max-body", max_body, "for a decoded body (none)"),
    SIZE(0, "max-filesize", max_body, "another name for --max-body"),
    NUMBER(0, "max-ratio", max_ratio, 1, 1000000, "decoded bytes per received byte at most"),

    HEADING("Trying again (failures that may pass; 408, 429, 500, 502, 503 and 504)"),
    NUMBER(0, "retry", retry, 0, 1000, "so often for each URL (2 in a list, else 0)"),
    TIME(0, "retry-delay", retry_delay, "pause before the first, at most; doubled each time (500ms)"),
    FLAG(0, "retry-all-methods", retry_all, "POST and all other methods, too"),
    FLAG(0, "retry-all-errors", retry_all, "another name for --retry-all-methods"),
    SET(0, "retry-connrefused", retry_refused, 1, "refused connections, too (as --retry always does)"),

    HEADING("Connections"),
    SET('4', "ipv4", family, 4, "IPv4 only"),
    SET('6', "ipv6", family, 6, "IPv6 only"),
    LIST(0, "resolve", "HOST:PORT:ADDR", resolve, 0,
         "use ADDR (or several: ADDR,ADDR) for HOST, which may be *"),
    TEXT(0, "dns-servers", "ADDR,...", dns_servers, "ask these name servers (IP or IP:PORT)"),
    TEXT(0, "interface", "NAME", interface, "come from this interface or local address"),
    TEXT(0, "unix-socket", "PATH", unix_socket, "connect to this socket, whatever the host"),
    FLAG(0, "tcp-fastopen", fast_open, "TCP Fast Open"),
    TEXT('x', "proxy", "URL", proxy, "http, https, socks4, socks4a, socks5 or socks5h proxy; '': none"),
    TEXT('U', "proxy-user", "USER:PASSWORD", proxy_user, "log in at the proxy"),
    SET(0, "proxy-basic", proxy_auth, FSOCK_AUTH_BASIC, "... by Basic, at once (the default)"),
    SET(0, "proxy-digest", proxy_auth, FSOCK_AUTH_DIGEST, "... by Digest"),
    SET(0, "proxy-anyauth", proxy_auth, FSOCK_AUTH_ANY, "... by the best that it offers"),
    TEXT(0, "noproxy", "HOST,...", no_proxy, "no proxy for these hosts"),

    HEADING("Where not to go (redirects are held to it, too)"),
    FLAG(0, "public-only", public_only, "no loopback, private or other special address"),
    LIST(0, "allow", "HOST,...", allow, 0, "these hosts alone: NAME, .DOMAIN, *.BELOW, ADDR/BITS"),
    LIST(0, "deny", "HOST,...", deny, 0, "never these; ADDR/BITS also where names lead there"),

    HEADING("TLS"),
    FLAG('k', "insecure", insecure, "accept any certificate"),
    TEXT(0, "cacert", "FILE", ca_file, "trust these roots instead of the system's (PEM)"),
    TEXT(0, "cert", "FILE", cert_file, "our certificate (PEM)"),
    TEXT(0, "key", "FILE", key_file, "its key (PEM), if not in --cert's file"),
    TEXT(0, "tls-min", "VERSION", tls_min, "at least 1.0, 1.1, 1.2 or 1.3 (1.2)"),
    TEXT(0, "tls-max", "VERSION", tls_max, "at most"),
    TEXT(0, "hsts", "FILE", hsts, "https where sites have asked for it; FILE keeps which; '': this run"),

    HEADING("What was done before"),
    TEXT(0, "journal", "FILE", journal, "keep in FILE how each URL ended"),
    FLAG(0, "resume", resume, "pass over what the journal has"),
    FLAG(0, "only-failed", only_failed, "fetch what failed the last time; all such without a list"),
    TIME(0, "fresh", fresh, "pass over what was fetched well less than TIME ago"),
    FLAG(0, "repeat", repeat, "fetch a URL as often as it stands in a list"),
    TEXT(0, "lock", "FILE", lock, "run only if no other run has this lock"),
    TEXT(0, "merge", "OUT", merge, "fetch nothing: join journals, given in place of URLs, in OUT"),

    TRACE_ROWS(trace),
    FLAG(0, "trace-headers", trace.headers,
         "with headers (on for a single URL; see --no-trace-headers)"),

    HEADING("What is told"),
    FLAG('f', "fail", fail, "a status of 400 and above is a failure (in a list it always is)"),
    FLAG(0, "json", json, "a JSON object per URL"),
    FLAG(0, "ordered", ordered, "records in the order of the URLs, not as they end"),
    TEXT('w', "write-out", "FORMAT", write_out, "a text of your own per URL, as curl's; @FILE"),
    FLAG('v', "verbose", verbose, "what happens, as it happens"),
    FLAG('s', "silent", silent, "no errors, no progress, no summary"),
    FLAG('S', "show-error", show_error, "errors, even with -s"),
    FLAG(0, "progress", progress, "the progress line on a terminal (on; see --no-progress)"),
    FLAG(0, "summary", summary, "the summary at the end (on in a list; see --no-summary)"),
    CHOICE(0, "color", "WHEN", colour, COLOUR_CHOICES, "auto, always or never"),
    HELP,
    {.help = NULL},
};
/* clang-format on */

const struct option_set get_option_set = {
    .usage = "fsock get [OPTION]... URL...\n       fsock get [OPTION]... -i FILE\n"
             "       fsock get [OPTION]... --sitemap URL",
    .about = "Fetch a URL, or a list of any length. One URL's body goes to standard output;\n"
             "with several, or a list, a record per URL does, and bodies go where -o or -O\n"
             "say.",
    .row = rows,
    .more = "Exit code: for one URL curl's numbers (6 name, 7 connect, 22 status, 28 time,\n"
            "60 certificate); for several 0 all fine, 110 some failed, 111 all failed.\n"
            "See fsock-get(1).",
};

void get_options_init(struct get_options *o)
{
    *o = (struct get_options){
        .compressed = 1,
        .progress = 1,
        .summary = -1,
        .trace = {.calls = -1, .headers = -1},
        .include = -1,
        .robots = -1,
        .location = -1,
        .connect_timeout = 5 * FSOCK_SECOND,
        .read_timeout = 30 * FSOCK_SECOND,
        .max_time = -1,
        .retry = -1,
        .retry_delay = -1,
        .pause = -1,
        .max_total = -1,
        .parallel = 64,
        .adaptive = -1,
        .http2 = FSOCK_HTTP2_TLS,
        .breaker = -1,
        .threads = 1,
        .max_redirects = 20,
        .auth = -1,
        .max_frames = -1,
    };
}

void get_options_fini(struct get_options *o)
{
    struct option_list *lists[] = {&o->urls,  &o->lists,   &o->outputs, &o->headers,
                                   &o->data,  &o->resolve, &o->vary,    &o->sitemaps,
                                   &o->allow, &o->deny,    &o->cookies, &o->fields};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        option_list_free(lists[i]);
}

/* Is one of them this value? */
static bool lists(const struct option_list *list, const char *value)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i].value, value) == 0)
            return true;
    return false;
}

/* An empty value where that would mean nothing: a script's variable that isn't set, most often. */
static const char *empty_conflict(const struct get_options *o)
{
    if (lists(&o->outputs, ""))
        return "-o needs the name of a file, or - for standard output";
    if (lists(&o->lists, ""))
        return "-i needs the name of a file, or - for standard input";
    if (lists(&o->sitemaps, ""))
        return "--sitemap needs a URL";
    if (lists(&o->allow, ""))
        return "--allow needs a host; an empty list would allow none";
    if (lists(&o->deny, ""))
        return "--deny needs a host; an empty list would deny none";
    if (o->output_dir && !*o->output_dir)
        return "--output-dir needs the name of a directory; . is this one";
    if (o->cookie_jar && !*o->cookie_jar)
        return "-c needs the name of a file, or - for standard output";
    return NULL;
}

/* Is one of the -b a file? */
static bool names_cookies(const struct get_options *o)
{
    for (size_t i = 0; i < o->cookies.n; i++)
        if (o->cookies.item[i].value[0] && !strchr(o->cookies.item[i].value, '='))
            return true;
    return false;
}

/* Is one of the -H of this name? */
static bool names_header(const struct get_options *o, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < o->headers.n; i++) {
        const char *line = o->headers.item[i].value;
        if (strncasecmp(line, name, n) == 0 && (line[n] == ':' || line[n] == ';'))
            return true;
    }
    return false;
}

/* Does this -d, or this -F, read standard input? */
static bool data_reads_it(const struct option_item *data)
{
    const char *value = data->value;
    if (data->tag == DATA_URLENCODE)
        value += strcspn(value, "=@");
    return data->tag != DATA_RAW && strcmp(value, "@-") == 0;
}

static bool field_reads_it(const struct option_item *field)
{
    const char *value = strchr(field->value, '=');
    if (!value || field->tag != FIELD_FORM || (value[1] != '@' && value[1] != '<'))
        return false;
    return value[2] == '-' && (!value[3] || value[3] == ';');
}

/* How many want to read standard input, which only the first would find full. */
static unsigned count_readers(const struct get_options *o)
{
    unsigned n = o->password_file && get_is_dash(o->password_file);
    n += o->bearer && strcmp(o->bearer, "@-") == 0;
    n += o->write_out && strcmp(o->write_out, "@-") == 0;
    for (size_t i = 0; i < o->lists.n; i++)
        n += get_is_dash(o->lists.item[i].value);
    for (size_t i = 0; i < o->cookies.n; i++)
        n += get_is_dash(o->cookies.item[i].value);
    for (size_t i = 0; i < o->data.n; i++)
        n += data_reads_it(&o->data.item[i]);
    for (size_t i = 0; i < o->fields.n; i++)
        n += field_reads_it(&o->fields.item[i]);
    return n;
}

/* conflict(), of what has to do with earlier runs. */
static const char *journal_conflict(const struct get_options *o)
{
    if (o->merge && (o->lists.n || o->sitemaps.n || o->journal || o->lock))
        return "--merge only joins journals: fsock get --merge OUT JOURNAL...";
    if (o->merge && (!*o->merge || get_is_dash(o->merge)))
        return "--merge needs the name of the file to be made";
    if (o->merge && !o->urls.n)
        return "--merge needs the journals that it is to join";
    if (!o->journal && (o->resume || o->only_failed || o->fresh))
        return "--resume, --only-failed and --fresh go by a journal; say which with --journal FILE";
    if (o->journal && (!*o->journal || get_is_dash(o->journal)))
        return "--journal needs the name of a file, which is read and written";
    if (o->resume && o->fresh)
        return "--resume passes over all that the journal has, however old; drop it or --fresh";
    if (o->journal && o->query)
        return "-G changes each URL, and a journal has them as they were given; drop one of them";
    if (o->lock && (!*o->lock || get_is_dash(o->lock)))
        return "--lock needs the name of a file";
    if (o->lock && o->journal && strcmp(o->lock, o->journal) == 0)
        return "--journal locks its file by itself; drop --lock";
    return NULL;
}

/* The same of what is about a cache. */
static const char *cache_conflict(const struct get_options *o)
{
    if ((o->purge || o->prove || o->only_uncached) && !o->warm)
        return "--purge, --prove and --only-uncached belong to --warm; add that";
    if (o->warm && (get_saves(o) || o->include >= 0))
        return "--warm drops the bodies; it can't go with -o, -O or --include";
    if (o->vary.n && get_saves(o))
        return "with --vary a URL has several bodies, too many for one file; leave out -o and -O";
    if (o->warm && o->data.n && !o->query)
        return "caches keep no answers to -d; leave it out, or add -G";
    if (o->only_uncached && o->purge)
        return "after --purge nothing is in the cache; leave out --only-uncached";
    if (o->only_uncached && (o->head || o->method))
        return "--only-uncached asks by HEAD, then by GET; it can't go with -I or -X";
    if (o->batch && o->pause < 0)
        return "--batch says how many URLs there are from pause to pause; add --pause TIME";
    if (o->pause >= 0 && !o->batch)
        return "--pause is from one batch to the next; add --batch N";
    return NULL;
}

/* The same of what is to be found in pages. */
static const char *page_conflict(const struct get_options *o)
{
    int wants = get_page_wants(&o->page);
    if (o->page.fragments && !o->page.links)
        return "--fragments is about --links; add that";
    if (!wants)
        return NULL;
    if (o->head || o->no_wait || o->warm || o->continue_at)
        return "-I, --no-wait, --warm and -C get no whole page in which something could be found";
    if (wants > 1 && !o->json)
        return "of --links, --images, --text, --forms, --title and --meta only one can take the "
               "place of the body; for more add --json";
    if (!get_is_single(o) && !o->json && !get_saves(o))
        return "what is found in the pages of a list needs a place: add --json for the records, "
               "or -O for files";
    if (o->raw)
        return "in a compressed body nothing can be found; leave out --raw";
    if (!o->json && o->include >= 0)
        return "what is found in a page takes the place of its body, and of --include";
    return NULL;
}

/* The same of forms. */
static const char *form_conflict(const struct get_options *o)
{
    bool sends = o->fields.n || o->submit;
    if (o->button && !o->submit)
        return "--button is one of the form that --submit sends; add that";
    if (sends && (o->data.n || o->query))
        return "-F and --submit make the body by themselves; leave out -d and -G";
    if (sends && (o->head || o->continue_at))
        return "-F and --submit send something; they can't go with -I and -C";
    if (sends && names_header(o, "Content-Type"))
        return "with -F and --submit the Content-Type is the form's; leave out that -H";
    if (o->fields.n && (o->warm || o->vary.n))
        return "caches keep no answers to -F; leave it out";
    if (!o->submit)
        return NULL;
    if (o->method)
        return "the method is the form's; leave out -X";
    if (o->warm || o->vary.n || o->no_wait || o->range)
        return "--submit can't go with --warm, --vary, --no-wait and -r";
    return NULL;
}

/* The same of links that are followed. */
static const char *follow_conflict(const struct get_options *o)
{
    struct fsk_span bad;
    if (!o->depth && (o->span_hosts || o->max_frames >= 0))
        return "--span-hosts and --max-frames are about links that are followed; add --depth N";
    if (!o->depth)
        return NULL;
    if (o->span_hosts && !fsk_hostlist_is_sound(fsk_span_str(o->span_hosts), &bad))
        return "--span-hosts needs hosts, as --allow: NAME, .DOMAIN, *.BELOW, ADDR";
    if (o->head || o->no_wait || o->warm || o->raw || o->continue_at || o->range)
        return "-I, -r, -C, --raw, --no-wait and --warm get no whole pages whose links could be "
               "followed";
    if (o->data.n || o->method || o->fields.n || o->submit)
        return "links are followed by GET; leave out -d, -X, -F and --submit";
    if (o->location > 0)
        return "--depth follows redirects, too, each as a URL with a record; leave out -L";
    if (o->resume || o->only_failed || o->fresh)
        return "what --resume, --only-failed and --fresh pass over shows no links; leave them out, "
               "or --depth";
    if (o->check_links && (get_saves(o) || get_page_wants(&o->page) || o->dump_header))
        return "--check-links keeps nothing of the pages; leave out -o, -O, -D, --links and its "
               "like";
    if (o->check_links && (o->write_out || o->ordered || o->vary.n))
        return "--check-links has a report of its own; leave out -w, --ordered and --vary";
    if (o->shard_text)
        return "the links of a page may be in any shard; leave out --shard";
    if (o->threads > 1)
        return "--depth follows links in one thread; use --threads 1";
    return NULL;
}

/* What can't go together, and what to do instead; NULL if all is well. */
static const char *conflict(const struct get_options *o)
{
    bool records = !get_is_single(o) || o->json;
    const char *text = journal_conflict(o);
    int64_t unused;
    if (text || o->merge)
        return text;
    if (!o->urls.n && !o->lists.n && !o->sitemaps.n && !o->only_failed)
        return "no URL; give one, or a list of them with -i FILE";
    if (count_readers(o) > 1)
        return "standard input can be read only once; let all but one of those that read it have a "
               "file";
    if (o->since && !o->sitemaps.n)
        return "--since is about the URLs of sitemaps; give one with --sitemap URL";
    if (o->since && !sitemaps_since(o->since, 0, &unused))
        return "--since needs a time or a date: 12h, 2d, 2026-11-01, 2026-11-01T12:00Z";
    if (o->outputs.n && !o->urls.n)
        return "-o names the file of one URL; for a list use -O, with --output-dir DIR";
    if (o->outputs.n > o->urls.n)
        return "there are more -o than URLs; give one for each URL";
    if (records && lists(&o->outputs, "-"))
        return "with -o - the body would get mixed with the records; use -o FILE";
    if (o->json && o->write_out)
        return "--json and -w both say what a record looks like; drop one of them";
    if (o->head && o->data.n && !o->query)
        return "-I asks for the header only and can't send -d; add -G, or use -X";
    if (o->continue_at && strcmp(o->continue_at, "-") != 0)
        return "-C knows only '-': continue where FILE.part ends";
    if (o->continue_at && !o->outputs.n && !o->remote_name)
        return "-C - continues a file; say which with -o FILE or -O";
    if (o->continue_at && (o->include >= 0 || o->head || o->range || o->data.n))
        return "-C - can't go with --include, -I, -r or -d";
    if (o->include == INCLUDE_DECODED && o->raw)
        return "--include=decoded can't go with --raw";
    if (o->range && !fsk_range_is_good(fsk_span_str(o->range)))
        return "-r needs a part of the body, counted from 0: 0-499, 500- or -500";
    if (o->cookie_jar && get_is_dash(o->cookie_jar) && records)
        return "with -c - the cookies would get mixed with the records; use -c FILE";
    if (o->junk_session && !names_cookies(o))
        return "-j is about a file of cookies; name one with -b FILE";
    if (o->hsts && get_is_dash(o->hsts))
        return "--hsts needs a file that can be read and written, or '' for this run alone";
    if (o->public_only && o->unix_socket)
        return "--unix-socket is no public address; drop it, or --public-only";
    if (o->threads > 1 && (o->trace.file || o->verbose))
        return "--trace and -v tell of one thread; use --threads 1";
    if (o->no_wait && (get_saves(o) || o->continue_at || o->dump_header || o->include >= 0))
        return "--no-wait gets no answer: it can't go with -o, -O, -C, -D or --include";
    if (o->no_wait && (o->location || o->head || o->warm))
        return "--no-wait gets no answer: it can't go with -L, -I or --warm";
    if (o->shard_text && get_is_single(o))
        return "--shard is a part of several; one URL is fetched without it";
    if (o->max_total == 0)
        return "with --max-total 0 nothing could be received; leave it out for no limit";
    if (!get_retries(o) && (o->retry_delay >= 0 || o->retry_all || o->retry_refused))
        return "how to try again is said, but not how often; add --retry N";
    if (o->key_file && !o->cert_file)
        return "--key belongs to a certificate; give it with --cert FILE";
    return NULL;
}

bool get_options_check(struct get_options *o, char *why, size_t cap)
{
    struct fsk_span bad;
    if (o->location < 0)
        o->location = o->submit != NULL;
    if (o->check_links && !o->depth)
        o->depth = 1;
    const char *text = empty_conflict(o);
    text = text ? text : conflict(o);
    text = text ? text : cache_conflict(o);
    text = text ? text : page_conflict(o);
    text = text ? text : form_conflict(o);
    text = text ? text : follow_conflict(o);
    text = text ? text : get_login_conflict(o);
    if (text) {
        snprintf(why, cap, "%s", text);
        return false;
    }
    if (o->max_frames < 0)
        o->max_frames = 5;
    if (o->shard_text && !shard_parse(&o->shard, o->shard_text, why, cap))
        return false;
    if (o->page.links) {
        o->page.kinds = page_link_kinds(fsk_span_str(o->page.links), &bad);
        if (!o->page.kinds) {
            snprintf(why, cap,
                     "--links knows a, img, script, css, frame, media, link, all and "
                     "other, but not '%.*s'",
                     (int)(bad.n < 40 ? bad.n : 40), bad.p);
            return false;
        }
    }
    if (o->write_out && o->write_out[0] != '@' && !writeout_check(o->write_out, &bad)) {
        snprintf(why, cap, "-w knows no %.*s; fsock-get(1) lists what it knows", (int)bad.n, bad.p);
        return false;
    }
    return true;
}
