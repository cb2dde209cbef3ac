#include "wire/resolvconf.h"

#include "base/digits.h"
#include "wire/words.h"

static bool is_comment(struct fsk_span word)
{
    return word.p[0] == '#' || word.p[0] == ';';
}

static void add_server(struct fsk_resolvconf *c, struct fsk_span line)
{
    struct fsk_nameserver s = {.zone = ""};
    struct fsk_span word, zone;

    if (c->servers == FSK_RESOLVCONF_SERVERS || !fsk_next_word(&line, &word) ||
        !fsk_addr_parse(word, &s.addr, &zone) || zone.n >= sizeof s.zone)
        return;
    if (zone.n && s.addr.scope == 0)
        memcpy(s.zone, zone.p, zone.n);
    s.addr.port = 53;
    c->server[c->servers++] = s;
}

/* The words of the line, at most `max` of them, become the search list. */
static void set_search(struct fsk_resolvconf *c, struct fsk_span line, unsigned max)
{
    struct fsk_span word;

    c->has_search = true;
    c->searches = 0;
    while (c->searches < max && fsk_next_word(&line, &word) && !is_comment(word))
        if (fsk_dname_from_text(&c->search[c->searches], word) == FSK_DNAME_OK)
            c->searches++;
}

void fsk_resolvconf_search(struct fsk_resolvconf *c, struct fsk_span text)
{
    set_search(c, text, FSK_RESOLVCONF_SEARCH);
}

/* "name:123" as a number from min to max, into *value; what is no number leaves it as it is. */
static bool number_option(struct fsk_span word, struct fsk_span name, unsigned min, unsigned max,
                          unsigned *value)
{
    unsigned v = 0;

    if (word.n <= name.n || word.p[name.n] != ':' || !fsk_span_eq(fsk_span(word.p, name.n), name))
        return false;
    for (size_t i = name.n + 1; i < word.n; i++) {
        if (!fsk_is_digit(word.p[i]))
            return true;
        if (v <= max)
            v = v * 10 + (unsigned)(word.p[i] - '0');
    }
    if (word.n > name.n + 1)
        *value = v < min ? min : v > max ? max : v;
    return true;
}

static void set_option(struct fsk_resolvconf *c, struct fsk_span word)
{
    const struct {
        struct fsk_span name;
        bool *flag;
    } flags[] = {
        {FSK_SPAN("rotate"),                &c->rotate        },
        {FSK_SPAN("use-vc"),                &c->use_vc        },
        {FSK_SPAN("single-request"),        &c->single_request},
        {FSK_SPAN("single-request-reopen"), &c->single_request},
        {FSK_SPAN("no-aaaa"),               &c->no_aaaa       },
    };

    if (number_option(word, FSK_SPAN("ndots"), 0, FSK_RESOLVCONF_NDOTS, &c->ndots) ||
        number_option(word, FSK_SPAN("timeout"), 1, FSK_RESOLVCONF_TIMEOUT, &c->timeout) ||
        number_option(word, FSK_SPAN("attempts"), 1, FSK_RESOLVCONF_ATTEMPTS, &c->attempts))
        return;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (fsk_span_eq(word, flags[i].name))
            *flags[i].flag = true;
}

void fsk_resolvconf_options(struct fsk_resolvconf *c, struct fsk_span text)
{
    struct fsk_span word;

    while (fsk_next_word(&text, &word) && !is_comment(word))
        set_option(c, word);
}

void fsk_resolvconf_parse(struct fsk_resolvconf *c, struct fsk_span text)
{
    struct fsk_span line, word;

    *c = (struct fsk_resolvconf){.ndots = 1, .timeout = 5, .attempts = 2};
    while (fsk_next_line(&text, &line)) {
        if (!fsk_next_word(&line, &word))
            continue;
        if (fsk_span_eq(word, FSK_SPAN("nameserver")))
            add_server(c, line);
        else if (fsk_span_eq(word, FSK_SPAN("domain")))
            set_search(c, line, 1);
        else if (fsk_span_eq(word, FSK_SPAN("search")))
            set_search(c, line, FSK_RESOLVCONF_SEARCH);
        else if (fsk_span_eq(word, FSK_SPAN("options")))
            fsk_resolvconf_options(c, line);
    }
    if (c->servers == 0)
        add_server(c, FSK_SPAN("127.0.0.1"));
}

void fsk_resolvconf_hostname(struct fsk_resolvconf *c, struct fsk_span hostname)
{
    const char *dot = hostname.n ? memchr(hostname.p, '.', hostname.n) : NULL;
    size_t used = dot ? (size_t)(dot - hostname.p) + 1 : 0;

    set_search(c, dot ? fsk_span(dot + 1, hostname.n - used) : fsk_span(NULL, 0), 1);
}

/* Whether the text ends with a dot that no backslash has taken the meaning from. */
static bool ends_with_dot(struct fsk_span text)
{
    size_t slashes = 0;

    if (text.n == 0 || text.p[text.n - 1] != '.')
        return false;
    while (slashes + 1 < text.n && text.p[text.n - 2 - slashes] == '\\')
        slashes++;
    return slashes % 2 == 0;
}

enum fsk_dname_err fsk_candidates_init(struct fsk_candidates *it, const struct fsk_resolvconf *conf,
                                       struct fsk_span name)
{
    enum fsk_dname_err err;

    *it = (struct fsk_candidates){.conf = conf};
    err = fsk_dname_from_text(&it->name, name);
    if (err != FSK_DNAME_OK)
        return err;
    it->search = !ends_with_dot(name);
    it->as_is_first = !it->search || fsk_dname_labels(&it->name) > conf->ndots;
    return FSK_DNAME_OK;
}

bool fsk_candidates_next(struct fsk_candidates *it, struct fsk_dname *name)
{
    if (it->as_is_first && !it->as_is_done) {
        it->as_is_done = true;
        *name = it->name;
        return true;
    }
    while (it->search && it->next < it->conf->searches) {
        const struct fsk_dname *domain = &it->conf->search[it->next++];
        if (domain->n == 1 && it->as_is_done) /* below the root it is as it is */
            continue;
        if (domain->n == 1)
            it->as_is_done = true;
        if (fsk_dname_join(name, &it->name, domain))
            return true;
    }
    if (it->as_is_done)
        return false;
    it->as_is_done = true;
    *name = it->name;
    return true;
}
