#include "get_sitemap.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/time.h"
#include "wire/url.h"

struct sitemap_name {
    struct fsk_map_node node; /* key: the URL in its normal form */
    struct sitemap_name *next;
    const struct sitemap_name *root; /* the one that the user has given; it has an origin: */
    struct fsk_url origin;
    const char *list; /* the index it stands in; NULL: none */
    uint64_t line;
    unsigned deep;
    char text[]; /* as it was written, with a NUL; then the key */
};

bool sitemaps_since(const char *text, int64_t now, int64_t *since)
{
    int64_t before;
    struct date date;
    if (date_parse(fsk_span_str(text), &date))
        *since = date.first;
    else if (fsk_time_parse(fsk_span_str(text), &before))
        *since = (now - before) / FSOCK_SECOND;
    else
        return false;
    return true;
}

/* ---- Sitemaps that wait ---------------------------------------------------------------------- */

static const char no_memory[] = "can't be read: out of memory";

/* Whether a URL is of the same site as the sitemap that the user has given. */
static bool is_foreign(const struct sitemap_name *name, struct fsk_span url)
{
    struct fsk_url u;
    return fsk_url_parse(url, true, &u, NULL) != FSK_URL_OK ||
           !fsk_url_same_origin(&name->root->origin, &u);
}

/* Put one at the end of those that wait, unless it has been seen. NULL, or why not. */
static const char *add(struct sitemaps *s, struct fsk_span url, const struct sitemap_name *index,
                       uint64_t line)
{
    char key[FSK_URL_ROOM(SITEMAP_URL_MAX)];
    struct fsk_url u;
    size_t n = 0;
    if (url.n <= SITEMAP_URL_MAX && fsk_url_parse(url, true, &u, NULL) == FSK_URL_OK) {
        u.has_fragment = false;
        n = fsk_url_normalise(&u, key, sizeof key);
    }
    if (n && fsk_map_get(&s->seen, fsk_span(key, n)))
        return NULL;
    size_t size = sizeof(struct sitemap_name) + url.n + 1 + n;
    if (s->seen.n == SITEMAPS_MOST || size > SITEMAPS_BYTES - s->seen_bytes)
        return "leads to more than 50,000 sitemaps; the rest isn't read";
    struct sitemap_name *name = malloc(size);
    if (!name)
        return no_memory;
    *name = (struct sitemap_name){.root = index ? index->root : name,
                                  .list = index ? index->text : NULL,
                                  .line = line,
                                  .deep = index ? index->deep + 1 : 0};
    memcpy(name->text, url.p, url.n);
    name->text[url.n] = '\0';
    name->node.key = fsk_span(memcpy(name->text + url.n + 1, key, n), n);
    (void)!fsk_url_parse(fsk_span(name->text, url.n), true, &name->origin, NULL);
    if (!fsk_map_add(&s->seen, &name->node)) {
        free(name);
        return no_memory;
    }
    s->seen_bytes += size;
    if (s->last)
        s->last->next = name;
    else
        s->first = name;
    s->last = name;
    return NULL;
}

/* ---- Records --------------------------------------------------------------------------------- */

/* One that can't be read, or not to its end. */
static void record_failure(struct sitemaps *s, const struct sitemap_name *name,
                           const struct fsock_response *response, const struct outcome *outcome)
{
    struct record r = {
        .url = fsk_span_str(name->text),
        .list = name->list,
        .line = name->line,
        .number = (*s->numbered)++,
        .response = response,
        .outcome = outcome,
    };
    struct check_link link = {
        .page = name->list, .given = true, .line = (unsigned)name->line, .url = r.url};
    s->failed++;
    report_record(s->report, &r);
    check_sitemap(s->check, &link, response, outcome);
}

/* The fetch of one has ended with `err`, or never began. */
static void end(struct sitemaps *s, const struct sitemap_name *name, enum fsock_err err,
                const struct fsock_fault *fault, const char *why,
                const struct fsock_response *response)
{
    struct outcome outcome;
    outcome_fine(&outcome);
    if (why[0]) {
        outcome_fail(&outcome, EXIT_WEIRD, "sitemap", 0, "the sitemap %s", why);
    } else if (err != FSOCK_OK) {
        char text[sizeof outcome.text + 16];
        outcome_fault(&outcome, fault, name->text, s->o->ca_file);
        snprintf(text, sizeof text, "the sitemap: %s", outcome.text);
        fsk_span_text(fsk_span_str(text), outcome.text, sizeof outcome.text);
    }
    if (outcome.exitcode == EXIT_FINE)
        s->read++;
    else
        record_failure(s, name, response, &outcome);
}

/* ---- Reading --------------------------------------------------------------------------------- */

static void reader_fails(struct sitemap_reader *reader, const char *why)
{
    if (!reader->why[0])
        snprintf(reader->why, sizeof reader->why, "%s", why);
}

/* Put a URL into the spool. */
static void keep(struct sitemap_reader *reader, const struct sitemap_entry *entry)
{
    struct sitemaps *s = reader->all;
    struct source_url u = {.list = reader->name->text,
                           .line = entry->number,
                           .why = entry->why,
                           .marked = true,
                           .found = true};
    char bytes[sizeof u + SITEMAP_URL_MAX];
    u.text.n = entry->url.n;
    u.foreign = is_foreign(reader->name, entry->url);
    memcpy(bytes, &u, sizeof u);
    memcpy(bytes + sizeof u, entry->url.p, entry->url.n);
    enum fsock_err err = spool_put(&s->urls, fsk_span(bytes, sizeof u + entry->url.n));
    if (err == FSOCK_OK)
        s->found++;
    else
        reader_fails(reader, err == FSOCK_ERR_MEMORY ? no_memory : "can't be kept: no room");
}

static void on_found(void *user, const struct sitemap_entry *entry)
{
    struct sitemap_reader *reader = user;
    struct sitemaps *s = reader->all;
    if (entry->dated && entry->modified.last < s->since) {
        s->older++;
    } else if (!entry->is_sitemap || entry->why) {
        keep(reader, entry);
    } else if (reader->name->deep == SITEMAPS_DEEP) {
        reader_fails(reader, "is an index below 5 others; those it lists aren't read");
    } else {
        const char *why = add(s, entry->url, reader->name, entry->number);
        if (why)
            reader_fails(reader, why);
    }
}

static void on_head(struct sitemap_reader *reader, const struct fsock_event *e)
{
    sitemap_free(reader->parser);
    reader->parser = sitemap_new(fsk_span_str(e->response->url), on_found, reader);
    if (!reader->parser)
        reader_fails(reader, no_memory);
}

static void on_data(struct sitemap_reader *reader, const struct fsock_event *e)
{
    if (!reader->why[0] && !sitemap_push(reader->parser, fsk_span(e->data, e->len)))
        reader_fails(reader, sitemap_why(reader->parser));
}

static void on_done(struct sitemap_reader *reader, const struct fsock_event *e)
{
    struct sitemaps *s = reader->all;
    if (e->err == FSOCK_OK && !reader->why[0] && reader->parser && !sitemap_finish(reader->parser))
        reader_fails(reader, sitemap_why(reader->parser));
    end(s, reader->name, e->err, e->fault, reader->why, e->response);
    sitemap_free(reader->parser);
    reader->parser = NULL;
    reader->name = NULL;
    s->running--;
}

static void on_event(struct errand *errand, const struct fsock_event *e)
{
    struct sitemap_reader *reader = FSK_HOLDER(errand, struct sitemap_reader, errand);
    switch (e->kind) {
    case FSOCK_EVENT_HEAD:
        on_head(reader, e);
        break;
    case FSOCK_EVENT_DATA:
        on_data(reader, e);
        break;
    case FSOCK_EVENT_DONE:
        on_done(reader, e);
        return;
    default:
        break;
    }
    if (reader->why[0])
        fsock_fetch_cancel(reader->all->errands->fetch, e->id);
}

/* ---- Feeding --------------------------------------------------------------------------------- */

static struct sitemap_reader *free_reader(struct sitemaps *s)
{
    for (unsigned i = 0; i < SITEMAPS_AT_ONCE; i++)
        if (!s->reader[i].name)
            return &s->reader[i];
    return NULL;
}

void sitemaps_work(struct sitemaps *s)
{
    while (s->first && s->running < SITEMAPS_AT_ONCE && s->urls.bytes < SITEMAPS_ENOUGH) {
        struct sitemap_reader *reader = free_reader(s);
        struct sitemap_name *name = s->first;
        struct fsock_fault fault = {.err = FSOCK_OK};
        struct fsk_span url = fsk_span_str(name->text);
        *reader = (struct sitemap_reader){.all = s, .errand.on_event = on_event};
        enum fsock_err err = errand_start(s->errands, &reader->errand, url,
                                          name->deep && is_foreign(name, url), &fault);
        if (err == FSOCK_AGAIN)
            return;
        s->first = name->next;
        if (!s->first)
            s->last = NULL;
        if (err == FSOCK_OK) {
            reader->name = name;
            s->running++;
        } else {
            if (fault.err == FSOCK_OK)
                fsk_fault_set(&fault, err, FSOCK_STAGE_NONE, 0, "out of memory");
            end(s, name, err, &fault, "", &record_no_response);
        }
    }
}

/* The spool's file has failed: those in it are lost, and nobody shall think the run was whole. */
static enum list_result spool_broke(struct sitemaps *s)
{
    char text[256];
    snprintf(text, sizeof text, "can't keep the URLs of sitemaps in a temporary file: %s",
             s->urls.sys_errno ? fsk_errno_text(s->urls.sys_errno) : "out of memory");
    if (!s->broken)
        report_say(s->report, text);
    s->broken = true;
    s->first = s->last = NULL;
    return s->running ? LIST_WAIT : LIST_END;
}

enum list_result sitemaps_next(struct sitemaps *s, struct source_url *u)
{
    struct fsk_span entry;
    enum fsock_err err = s->urls.sys_errno ? FSOCK_ERR_SYSTEM : spool_get(&s->urls, &entry);
    if (err == FSOCK_AGAIN)
        return s->running || s->first ? LIST_WAIT : LIST_END;
    if (err != FSOCK_OK)
        return spool_broke(s);
    memcpy(u, entry.p, sizeof *u);
    u->text.p = entry.p + sizeof *u;
    return u->why ? LIST_BAD : LIST_LINE;
}

/* ---- Before and after ------------------------------------------------------------------------ */

bool sitemaps_init(struct sitemaps *s, const struct get_options *o, struct errands *errands,
                   struct report *report, struct check *check, _Atomic uint64_t *numbered)
{
    *s = (struct sitemaps){.o = o,
                           .errands = errands,
                           .report = report,
                           .check = check,
                           .numbered = numbered,
                           .since = INT64_MIN};
    fsk_map_init(&s->seen);
    spool_init(&s->urls, SITEMAPS_SPOOL);
    if (o->since)
        sitemaps_since(o->since, fsk_time_unix(), &s->since);
    for (size_t i = 0; i < o->sitemaps.n; i++)
        if (add(s, fsk_span_str(o->sitemaps.item[i].value), NULL, 0))
            return false;
    return true;
}

void sitemaps_fini(struct sitemaps *s)
{
    if (!s->o)
        return;
    for (unsigned i = 0; i < SITEMAPS_AT_ONCE; i++)
        sitemap_free(s->reader[i].parser);
    for (struct fsk_map_node *node = fsk_map_next(&s->seen, NULL), *next; node; node = next) {
        next = fsk_map_next(&s->seen, node);
        free(FSK_HOLDER(node, struct sitemap_name, node));
    }
    fsk_map_fini(&s->seen);
    spool_fini(&s->urls);
}

const char *sitemaps_text(const struct sitemaps *s, char *text, size_t cap)
{
    text[0] = '\0';
    if (!s->read && !s->failed)
        return text;
    int n = snprintf(text, cap, "%llu sitemap%s", (unsigned long long)(s->read + s->failed),
                     s->read + s->failed == 1 ? "" : "s");
    if (s->failed)
        n += snprintf(text + n, cap - (size_t)n, " (%llu failed)", (unsigned long long)s->failed);
    n += snprintf(text + n, cap - (size_t)n, ", %llu URL%s", (unsigned long long)s->found,
                  s->found == 1 ? "" : "s");
    if (s->older)
        snprintf(text + n, cap - (size_t)n, ", %llu passed over (--since)",
                 (unsigned long long)s->older);
    return text;
}
