#include "dns_options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/time.h"
#include "colour.h"
#include "dns_target.h"
#include "list.h"
#include "option_rows.h"
#include "outcome.h"

#define AT(member)  offsetof(struct dns_options, member)
#define SERVERS_MAX ((size_t)16 * 1024 * 1024) /* bytes of all name servers' names */

/* clang-format off */
static const struct option_row rows[] = {
    HEADING("What to ask for"),
    LIST('i', "input-file", "FILE", lists, 0,
         "names, addresses or blocks of them, one a line; - is standard input"),
    LIST('t', "type", "TYPE,...", types, 0, "types to ask names for (A,AAAA); TYPE65280 works, too"),
    LIST('x', "reverse", "ADDRESS", names, NAME_ADDRESS, "the name of an address, as dig -x"),

    HEADING("Whom to ask (HOST, HOST:PORT, tcp://HOST, tls://HOST#NAME)"),
    LIST('r', "resolvers", "FILE", resolvers, 0, "name servers, one a line; - is standard input"),
    TEXT(0, "dns-servers", "HOST,...", dns_servers, "name servers, as @HOST"),
    NUMBER(0, "race", race, 1, 4, "ask N of them at once; the first good answer counts (1)"),
    FLAG(0, "tcp", tcp, "by TCP"),
    FLAG(0, "recurse", recurse, "let them ask others (on; see --no-recurse)"),
    TEXT(0, "cacert", "FILE", ca_file, "tls://: trust these roots instead of the system's (PEM)"),
    FLAG('k', "insecure", insecure, "tls://: accept any certificate"),

    HEADING("Limits (TIME: 1.5, 500ms, 10s, 2m; 0 turns one off)"),
    TIME('m', "max-time", max_time, "for a question, with all its tries (10s)"),
    TIME(0, "run-time", run_time, "for all of them (none)"),
    NUMBER('P', "parallel", parallel, 1, 100000,
           "questions open at once at most (30000; servers get as many as they bear)"),
    NUMBER(0, "rate", rate, 1, 10000000, "questions a second at most, retries included"),
    NUMBER(0, "server-rate", server_rate, 1, 10000000, "... for each server"),

    TRACE_ROWS(trace),

    HEADING("What is told"),
    FLAG(0, "short", brief, "the data of the records only, as dig +short"),
    FLAG(0, "json", json, "a JSON object per question"),
    FLAG(0, "ordered", ordered, "in the order of the input, not as answers come"),
    FLAG('v', "verbose", verbose, "what happens, as it happens"),
    FLAG('s', "silent", silent, "no progress, no summary"),
    FLAG(0, "progress", progress, "the progress line on a terminal (on; see --no-progress)"),
    FLAG(0, "summary", summary, "the summary at the end (on in a list; see --no-summary)"),
    CHOICE(0, "color", "WHEN", colour, COLOUR_CHOICES, "auto, always or never"),

    HEADING("Logs"),
    FLAG(0, "log", log, "put names for the addresses of a log: of -i, or of standard input"),
    NUMBER(0, "field", field, 1, 1000, "which field of a line holds the address (1)"),
    FLAG(0, "append", append, "keep the address, and put /NAME behind it"),
    TEXT(0, "cache", "FILE", cache, "keep the names for later runs, until they expire"),
    TIME(0, "cache-min", cache_min, "... and at least so long (0)"),
    HELP,
    {.help = NULL},
};
/* clang-format on */

const struct option_set dns_option_set = {
    .usage = "fsock dns [OPTION]... [@SERVER]... NAME|ADDRESS|BLOCK... [TYPE...]\n"
             "       fsock dns [OPTION]... [@SERVER]... -i FILE\n"
             "       fsock dns --log [OPTION]... [@SERVER]... [-i FILE]",
    .about = "Look up names, addresses (their names) and blocks of addresses (192.0.2.0/24),\n"
             "one or a million, straight from name servers. One line per record:\n"
             "NAME TYPE STATUS TTL DATA.",
    .row = rows,
    .more = "Exit code: for one name 0 with an answer (NODATA and NXDOMAIN are answers), 6\n"
            "with none, 28 if the time was up, 3 if it can't be asked for; for several 0 all\n"
            "fine, 110 some failed, 111 all failed. See fsock-dns(1).",
};

void dns_options_init(struct dns_options *o)
{
    *o = (struct dns_options){
        .recurse = 1,
        .progress = 1,
        .summary = -1,
        .trace.calls = -1,
        .started = fsock_now(),
        .max_time = 10 * FSOCK_SECOND,
        .parallel = 30000,
        .race = 1,
        .field = -1,
        .cache_min = -1,
    };
    fsk_buf_init(&o->servers, SERVERS_MAX);
}

void dns_options_fini(struct dns_options *o)
{
    struct option_list *lists[] = {&o->names, &o->lists, &o->words, &o->types, &o->resolvers};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        option_list_free(lists[i]);
    fsk_buf_fini(&o->servers);
}

/* ---- words ----------------------------------------------------------------------------------- */

static int bad(char *why, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int bad(char *why, size_t cap, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, cap, format, ap);
    va_end(ap);
    return EXIT_USAGE;
}

static int out_of_memory(char *why, size_t cap)
{
    snprintf(why, cap, "out of memory");
    return EXIT_MEMORY;
}

static bool add_server(struct dns_options *o, const char *name, size_t len)
{
    return (!fsk_buf_len(&o->servers) || fsk_buf_puts(&o->servers, ",") == FSOCK_OK) &&
           fsk_buf_append(&o->servers, name, len) == FSOCK_OK;
}

/* NULL, or what is wrong with it: half a sentence. Type 0 is none (RFC 6895 3.1). */
static const char *add_type(struct dns_options *o, const char *text, size_t len)
{
    int type = fsock_dns_type(text, len);
    if (type <= 0)
        return "is no type of records; there are A, MX, TXT and so on, and TYPE1 to TYPE65535";
    if (o->n_types == DNS_TYPES_MAX)
        return "is one type too many; there may be 64";
    o->type[o->n_types++] = (uint16_t)type;
    return NULL;
}

/* dig's words. False: none of those that mean something here. */
static bool dig_word(struct dns_options *o, const char *word)
{
    if (strcmp(word, "+short") == 0)
        o->brief = 1;
    else if (strcmp(word, "+tcp") == 0 || strcmp(word, "+vc") == 0)
        o->tcp = 1;
    else if (strcmp(word, "+norecurse") == 0 || strcmp(word, "+norec") == 0)
        o->recurse = 0;
    else
        return false;
    return true;
}

/* A type in capitals, behind a name: `example.org MX`. */
static bool is_type(const struct dns_options *o, const char *word)
{
    return o->names.n && strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(word) &&
           fsock_dns_type(word, strlen(word)) > 0;
}

static int sort_words(struct dns_options *o, char *why, size_t cap)
{
    for (size_t i = 0; i < o->words.n; i++) {
        const char *word = o->words.item[i].value;
        const char *wrong = NULL;
        bool good = true;
        if (word[0] == '@' && !word[1])
            return bad(why, cap, "@ needs the name server's address or name");
        if (word[0] == '+' && !dig_word(o, word))
            return bad(why, cap,
                       "of dig's words, only +short, +tcp and +norecurse mean something "
                       "here, not '%s'; --help lists the options",
                       word);
        if (word[0] == '@')
            good = add_server(o, word + 1, strlen(word + 1));
        else if (is_type(o, word))
            wrong = add_type(o, word, strlen(word));
        else if (word[0] != '+')
            good = option_list_add(&o->names, word, NAME_ANY);
        if (!good)
            return out_of_memory(why, cap);
        if (wrong)
            return bad(why, cap, "'%s' %s", word, wrong);
    }
    return 0;
}

static int read_types(struct dns_options *o, char *why, size_t cap)
{
    for (size_t i = 0; i < o->types.n; i++)
        for (const char *at = o->types.item[i].value, *end;; at = end + 1) {
            end = at + strcspn(at, ",");
            const char *wrong = add_type(o, at, (size_t)(end - at));
            if (wrong)
                return bad(why, cap, "-t: '%.*s' %s", (int)(end - at), at, wrong);
            if (!*end)
                break;
        }
    return 0;
}

/* ---- servers --------------------------------------------------------------------------------- */

/* Wait until the list can be read. False: the run's time is over, or memory is out. */
static bool wait_for_list(const struct dns_options *o, struct list *list)
{
    struct fsock_wait_item item = {NULL, list->fd, FSOCK_READABLE, 0};
    enum fsock_err err = fsock_wait(&item, 1, fsk_time_limit(o->started, o->run_time));
    list_ready(list);
    if (err != FSOCK_OK)
        list->sys_errno = err == FSOCK_ERR_TIMEOUT ? ETIMEDOUT : ENOMEM;
    return err == FSOCK_OK;
}

/* The servers of a file, one a line. */
static int read_resolvers(struct dns_options *o, const struct option_item *name, char *why,
                          size_t cap)
{
    struct list list;
    struct list_line line;
    struct option_item item = *name;
    struct option_list names = {&item, 1};
    enum list_result result;
    bool good = true, in_time = true, fits = true;
    list_init(&list, &names);
    while (good && in_time && fits && (result = list_next(&list, &line)) != LIST_END &&
           result != LIST_FAILED) {
        if (result == LIST_WAIT)
            in_time = wait_for_list(o, &list);
        else if (result == LIST_LINE)
            fits = add_server(o, line.text.p, line.text.n);
        else
            good = result == LIST_MORE;
    }
    int sys_errno = list.sys_errno;
    list_fini(&list);
    if (good && in_time && fits && result == LIST_END)
        return 0;
    snprintf(why, cap, "can't read the name servers of %s: %s", name->value,
             !good                    ? "a line is too long, or holds a NUL byte"
             : !fits                  ? "they are too many; there is room for 16 MiB of names"
             : sys_errno != ETIMEDOUT ? fsk_errno_text(sys_errno)
                                      : "the time is over (--run-time raises this limit)");
    return sys_errno == ETIMEDOUT ? EXIT_TIMEOUT : EXIT_READ;
}

static int gather_servers(struct dns_options *o, char *why, size_t cap)
{
    const char *unreadable = list_unreadable(&o->resolvers);
    if (unreadable) {
        snprintf(why, cap, "can't read the name servers of %s: %s", unreadable,
                 fsk_errno_text(errno));
        return EXIT_READ;
    }
    for (size_t i = 0; i < o->resolvers.n; i++) {
        int code = read_resolvers(o, &o->resolvers.item[i], why, cap);
        if (code)
            return code;
    }
    if (o->resolvers.n && !fsk_buf_len(&o->servers))
        return bad(why, cap, "there is no name server in %s", o->resolvers.item[0].value);
    if (o->dns_servers && !add_server(o, o->dns_servers, strlen(o->dns_servers)))
        return out_of_memory(why, cap);
    return fsk_buf_terminate(&o->servers) == FSOCK_OK ? 0 : out_of_memory(why, cap);
}

/* ---- all together ---------------------------------------------------------------------------- */

static bool reads_stdin(const struct option_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->item[i].value, "-") == 0)
            return true;
    return false;
}

/* What can't go together, and what to do instead; NULL if all is well. */
static const char *conflict(const struct dns_options *o)
{
    if (!o->log && !o->names.n && !o->lists.n)
        return "no name; give one, or a list of them with -i FILE, or a log with --log";
    if (o->log && o->names.n)
        return "--log reads a log; names of the command line have no place in it";
    if (o->log && (o->brief || o->json || o->n_types))
        return "--log prints the log; --short, --json and -t can't go with it";
    if (!o->log && (o->append || o->cache || o->field >= 0 || o->cache_min >= 0))
        return "--field, --append, --cache and --cache-min belong to --log";
    if (o->cache_min >= 0 && !o->cache)
        return "--cache-min says how long names stay in a file; name it with --cache FILE";
    if (o->cache && !*o->cache)
        return "--cache needs the name of a file";
    if (o->brief && o->json)
        return "--short and --json both say what a record looks like; drop one of them";
    if (reads_stdin(&o->resolvers) && (reads_stdin(&o->lists) || (o->log && !o->lists.n)))
        return "standard input can't be both the name servers (-r -) and what is looked up";
    return NULL;
}

static bool is_block(const struct option_item *name)
{
    struct dns_target target;
    return name->tag == NAME_ANY && !dns_target_init(&target, fsk_span_str(name->value), NULL, 0) &&
           target.block;
}

int dns_options_check(struct dns_options *o, char *why, size_t cap)
{
    int code = read_types(o, why, cap);
    if (!code)
        code = sort_words(o, why, cap);
    const char *text = code ? NULL : conflict(o);
    if (text)
        return bad(why, cap, "%s", text);
    o->single = o->names.n == 1 && !o->lists.n && !o->log && !is_block(&o->names.item[0]);
    return code ? code : gather_servers(o, why, cap);
}
