/* pages_index.c: the front page, the lists of pages, and the counters. */
#include "http.h"
#include "service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A growing text with one item per call of its writer. */
struct text {
    FILE *f;
    char *data;
    size_t len;
};

static void text_open(struct text *t)
{
    t->f = open_memstream(&t->data, &t->len);
    if (!t->f)
        die("memory");
}

static void text_reply(struct text *t, struct conn *c, struct request *r, const char *type)
{
    char headers[128];
    fclose(t->f);
    snprintf(headers, sizeof headers, "Content-Type: %s\r\n", type);
    reply(c, r, 200, headers, t->data, t->len);
    free(t->data);
}

/* Calls each() for every example of a page: "0-3 x" is 0, 1, 2, 3, x. */
static void each_example(const struct page *p, void (*each)(void *, const char *, const char *),
                         void *with)
{
    char words[256], *save, *end;
    if (!*p->examples) {
        each(with, p->path, "");
        return;
    }
    snprintf(words, sizeof words, "%s", p->examples);
    for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        unsigned long from = strtoul(w, &end, 10);
        if (end == w || *end != '-') {
            each(with, p->path, w);
            continue;
        }
        for (unsigned long to = strtoul(end + 1, NULL, 10); from <= to; from++) {
            char n[24];
            snprintf(n, sizeof n, "%lu", from);
            each(with, p->path, n);
        }
    }
}

struct urls {
    char **at;
    size_t count, room;
    const char *scheme;
    int port;
};

static void add_url(void *with, const char *path, const char *arg)
{
    struct urls *u = with;
    if (u->count == u->room) {
        u->room = u->room ? u->room * 2 : 128;
        u->at = xrealloc(u->at, u->room * sizeof *u->at);
    }
    if (asprintf(&u->at[u->count++], "%s://127.0.0.1:%d%s%s", u->scheme, u->port, path, arg) < 0)
        die("memory");
}

/* The pages of all tables whose flags are right. */
static void add_pages(struct urls *u, bool bad)
{
    for (size_t t = 0; page_tables[t]; t++)
        for (const struct page *p = page_tables[t]; p->path; p++)
            if (!(p->flags & PAGE_APART) && bad == !!(p->flags & PAGE_BAD))
                each_example(p, add_url, u);
}

static void urls_reply(struct urls *u, struct conn *c, struct request *r)
{
    struct text t;
    int64_t n = request_number(r, "n", 0);
    if (n <= 0 || n > 10000000)
        n = (int64_t)u->count;
    text_open(&t);
    for (int64_t i = 0; i < n; i++)
        if ((size_t)i < u->count)
            fprintf(t.f, "%s\n", u->at[i]);
        else
            fprintf(t.f, "%s?i=%lld\n", u->at[(size_t)i % u->count], (long long)i);
    text_reply(&t, c, r, "text/plain");
    for (size_t i = 0; i < u->count; i++)
        free(u->at[i]);
    free(u->at);
}

static void add_small(struct urls *u)
{
    static const char *const paths[] = {"/plain/", "/chunked/", "/gzip/", "/br/", "/zstd/"};
    char n[16];
    for (int i = 1; i < 12; i++)
        for (size_t k = 0; k < sizeof paths / sizeof *paths; k++) {
            snprintf(n, sizeof n, "%d", i);
            add_url(u, paths[k], n);
        }
}

static void answer_list(struct conn *c, struct request *r, const char *arg)
{
    struct urls u = {.scheme = "http", .port = service_port("http")};
    (void)arg;
    if (request_number(r, "n", 0) > 0)
        add_small(&u);
    else
        add_pages(&u, false);
    urls_reply(&u, c, r);
}

static void answer_list_https(struct conn *c, struct request *r, const char *arg)
{
    struct urls u = {.scheme = "https", .port = service_port("https")};
    (void)arg;
    if (request_number(r, "n", 0) > 0)
        add_small(&u);
    else
        add_pages(&u, false);
    urls_reply(&u, c, r);
}

static void answer_hostile(struct conn *c, struct request *r, const char *arg)
{
    struct urls u = {.scheme = "http", .port = service_port("http")};
    (void)arg;
    add_pages(&u, true);
    u.scheme = "https";
    u.port = service_port("https");
    add_url(&u, "/https-no-close-notify", "");
    for (struct service *s = services; s->name; s++) {
        bool tls = strncmp(s->name, "tls", 3) == 0;
        if (!s->port || !(tls || strncmp(s->name, "tcp-", 4) == 0))
            continue;
        u.scheme = tls ? "https" : "http";
        u.port = s->port;
        add_url(&u, "/", "");
    }
    urls_reply(&u, c, r);
}

static void add_link(void *with, const char *path, const char *arg)
{
    fprintf(with, " <a href=\"%s%s\">%s%s</a>", path, arg, path, arg);
}

static void answer_index(struct conn *c, struct request *r, const char *arg)
{
    struct text t;
    (void)arg;
    text_open(&t);
    fprintf(t.f, "<!doctype html><meta charset=utf-8><title>fsock-site</title>\n"
                 "<h1>fsock-site</h1>\n<dl>\n");
    for (size_t i = 0; page_tables[i]; i++) {
        for (const struct page *p = page_tables[i]; p->path; p++) {
            fprintf(t.f, "<dt>%s</dt><dd>%s%s:", p->path, p->flags & PAGE_BAD ? "(bad) " : "",
                    p->about);
            each_example(p, add_link, t.f);
            fprintf(t.f, "</dd>\n");
        }
    }
    fprintf(t.f, "</dl>\n");
    text_reply(&t, c, r, "text/html; charset=utf-8");
}

static void answer_stats(struct conn *c, struct request *r, const char *arg)
{
    struct text t;
    const char *comma = "";
    (void)arg;
    text_open(&t);
    fprintf(t.f, "{\"accepted\": %" PRIu64 ", \"requests\": %" PRIu64 ", \"open\": %" PRIu64,
            stats.accepted, stats.requests, stats.open);
    fprintf(t.f, ", \"max_open\": %" PRIu64 ", \"resets\": %" PRIu64, stats.max_open, stats.resets);
    fprintf(t.f, ", \"reuse_deaths\": %" PRIu64 ", \"dns_queries\": %" PRIu64 ", \"pages\": {",
            stats.reuse_deaths, stats.dns_queries);
    for (size_t i = 0; page_tables[i]; i++) {
        for (size_t k = 0; page_tables[i][k].path; k++) {
            if (!page_count(i, k))
                continue;
            fprintf(t.f, "%s\"%s\": %" PRIu64, comma, page_tables[i][k].path, page_count(i, k));
            comma = ", ";
        }
    }
    fprintf(t.f, "}}\n");
    text_reply(&t, c, r, "application/json");
}

static void answer_reset_stats(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    stats = (struct stats){.open = stats.open, .max_open = stats.open};
    page_counts_reset();
    reply_text(c, r, 200, "counters are zero\n");
}

const struct page pages_index[] = {
    {"/",                                                 "", 0, answer_index, "this list, with links"},
    {"/list.txt",                                                  "", PAGE_APART, answer_list, "all good pages as URLs; ?n=N: small ones, N URLs"},
    {"/list-https.txt",                            "", PAGE_APART, answer_list_https, "the same with https"},
    {"/hostile.txt",                                         "", PAGE_APART, answer_hostile, "all bad manners as URLs; ?n=N: N of them"},
    {"/stats",                                         "", PAGE_APART, answer_stats, "counters, as JSON"},
    {"/stats/reset", "", PAGE_APART, answer_reset_stats, "sets them to zero"},
    {0                                  },
};
