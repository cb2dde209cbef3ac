/* pages_again.c: pages that fail at first and are well when they are asked for again. Each counts
 * by a key of the caller's choice, so that tests don't disturb each other. */
#include "body.h"
#include "http.h"
#include "loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS 4096

/* How often each key was asked for. */
static struct {
    char key[64];
    unsigned times;
} asked[KEYS];

/* Once more: how often before. Forgets, when it is full. */
static unsigned ask(const char *key)
{
    size_t i = 0;
    for (; i < KEYS && asked[i].key[0]; i++)
        if (strncmp(asked[i].key, key, sizeof asked[i].key - 1) == 0)
            return asked[i].times++;
    if (i == KEYS)
        memset(asked, 0, sizeof asked);
    i %= KEYS;
    snprintf(asked[i].key, sizeof asked[i].key, "%s", *key ? key : "-");
    asked[i].times = 1;
    return 0;
}

static size_t put_date(char *out, size_t cap, const char *name, time_t at)
{
    struct tm tm;
    size_t n = (size_t)snprintf(out, cap, "%s: ", name);
    return n + strftime(out + n, cap - n, "%a, %d %b %Y %H:%M:%S GMT\r\n", gmtime_r(&at, &tm));
}

/* ?after=S, ?date=S and ?rate=S say when to come again. */
static void answer_status(struct conn *c, struct request *r, int status)
{
    char headers[512] = "";
    size_t n = 0;
    long after = (long)request_number(r, "after", -1), date = (long)request_number(r, "date", -1);
    long rate = (long)request_number(r, "rate", -1);
    if (after >= 0)
        n += (size_t)snprintf(headers, sizeof headers, "Retry-After: %ld\r\n", after);
    if (date >= 0) {
        n += put_date(headers + n, sizeof headers - n, "Date", time(NULL));
        n += put_date(headers + n, sizeof headers - n, "Retry-After", time(NULL) + date);
    }
    if (rate >= 0)
        snprintf(headers + n, sizeof headers - n, "RateLimit: \"site\";r=0;t=%ld\r\n", rate);
    reply(c, r, status, headers, "come again\n", 11);
}

static void answer_again(struct conn *c, struct request *r, const char *arg)
{
    size_t how_len = strcspn(arg, "/");
    const char *how = arg, *rest = arg + how_len + (arg[how_len] == '/');
    unsigned times = (unsigned)arg_number(&rest), before = ask(rest);
    if (before >= times && how_len == 3 && strncmp(how, "all", 3) == 0)
        answer_status(c, r, 200);
    else if (before >= times)
        reply_text(c, r, 200, "try %u\n", before + 1);
    else if (strncmp(how, "reset", 5) == 0)
        say_reset(c);
    else if (strncmp(how, "fin", 3) == 0)
        say_bare_fin(c);
    else if (strncmp(how, "mute", 4) == 0)
        say_hang(c);
    else
        answer_status(c, r, atoi(how));
}

/* What ?etag= says of the body: "none", "weak", "new" (another one each time), else a strong one.
 */
static int put_etag(char *out, size_t cap, const struct request *r, unsigned before)
{
    if (strstr(r->query, "etag=none"))
        return snprintf(out, cap, "%s", "");
    if (strstr(r->query, "etag=weak"))
        return snprintf(out, cap, "W/\"again\"");
    return snprintf(out, cap, "\"again-%u\"", strstr(r->query, "etag=new") ? before : 0);
}

/* The bytes from `first` on, of which only the first `cut` are sent; UINT64_MAX: all. */
static void send_part(struct conn *c, struct request *r, const char *headers, uint64_t first,
                      uint64_t len, uint64_t cut)
{
    char *body = xzalloc(len + 1);
    body_random(len, body, len);
    uint64_t left = len - first, n = left < cut ? left : cut;
    reply_head(c, r, first ? 206 : 200, headers, (int64_t)left);
    say_bytes(c, body + first, n);
    free(body);
    if (n == left)
        return;
    if (strstr(r->query, "rst"))
        say_reset(c);
    else if (strstr(r->query, "mute"))
        say_hang(c);
    else
        say_bare_fin(c);
}

static void answer_cut(struct conn *c, struct request *r, const char *arg)
{
    uint64_t len = arg_number(&arg), cut = arg_number(&arg), first = 0;
    unsigned times = (unsigned)arg_number(&arg), before = ask(arg);
    const char *range = request_header(r, "Range"), *iff = request_header(r, "If-Range");
    char etag[64], headers[512], sha[65], *body;
    int n = 0;
    len = len < 64 * 1024 * 1024 ? len : 64 * 1024 * 1024;
    if (put_etag(etag, sizeof etag, r, before))
        n = snprintf(headers, sizeof headers, "ETag: %s\r\n", etag);
    body = xzalloc(len + 1);
    body_random(len, body, len);
    body_sha(body, len, sha);
    free(body);
    n += snprintf(headers + n, sizeof headers - (size_t)n, "X-SHA256: %s\r\n", sha);
    if (before && strstr(r->query, "then=")) {
        reply_text(c, r, (int)request_number(r, "then", 404), "it was here\n");
        return;
    }
    if (range && strncmp(range, "bytes=", 6) == 0 && !strstr(r->query, "norange") &&
        (!iff || strcmp(iff, etag) == 0))
        first = strtoull(range + 6, NULL, 10);
    first = first < len ? first : 0;
    if (first)
        snprintf(headers + n, sizeof headers - (size_t)n, "Content-Range: bytes %llu-%llu/%llu\r\n",
                 (unsigned long long)first, (unsigned long long)len - 1, (unsigned long long)len);
    send_part(c, r, headers, first, len, before < times ? cut : UINT64_MAX);
}

/* clang-format off */
const struct page pages_again[] = {
    {"/again/", "", PAGE_APART, answer_again,
     "HOW/N/KEY: fails N times (503..., reset, fin, mute), then 200; ?after=S ?date=S ?rate=S"},
    {"/cut/", "", PAGE_APART, answer_cut,
     "LEN/AT/N/KEY: random bytes, N times cut off after AT; Range; ?etag= ?norange ?rst ?mute ?then="},
    {0},
};
/* clang-format on */
