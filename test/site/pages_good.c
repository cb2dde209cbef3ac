/* pages_good.c: well-behaved pages: texts in every framing, statuses, echo, ranges. */
#include "body.h"
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sha_line(char line[128], const char *sha)
{
    snprintf(line, 128, "X-SHA256: %s\r\n", sha);
}

static void answer_plain(struct conn *c, struct request *r, const char *arg)
{
    const struct body *b = body_text((unsigned)arg_number(&arg));
    char headers[256], sha[128];
    sha_line(sha, b->sha);
    snprintf(headers, sizeof headers, "Content-Type: text/plain\r\n%s", sha);
    reply_head(c, r, 200, headers, (int64_t)b->len);
    say_static(c, b->data, b->len);
}

/* Chunks of growing and shrinking sizes, some with extensions; trailers if asked for. */
static void say_chunks(struct conn *c, const char *data, size_t len, unsigned n, bool trailers)
{
    static const size_t steps[] = {1, 7, 100, 1024, 3, 4096, 65536, 16, 1000};
    for (size_t at = 0, i = n; at < len; i++) {
        size_t step = steps[i % 9];
        if (step > len - at)
            step = len - at;
        say(c,
            i % 3 == 0   ? "%zx;part=%zu;why=\"a; b\"\r\n"
            : i % 3 == 1 ? "%zX\r\n"
                         : "00%zx\r\n",
            step, i);
        say_bytes(c, data + at, step);
        say(c, "\r\n");
        at += step;
    }
    say(c, "0\r\n%s\r\n", trailers ? "X-Trailer: yes\r\nX-Length: some\r\n" : "");
}

static void answer_chunked(struct conn *c, struct request *r, const char *arg)
{
    unsigned n = (unsigned)arg_number(&arg);
    const struct body *b = body_text(n);
    char headers[256];
    snprintf(headers, sizeof headers,
             "Content-Type: text/plain\r\nX-SHA256: %s\r\nTransfer-Encoding: chunked\r\n", b->sha);
    reply_head(c, r, 200, headers, -1);
    say_chunks(c, b->data, b->len, n, n % 2);
}

static void answer_trailers(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\nTrailer: X-Trailer, X-Length\r\n", -1);
    say_chunks(c, "a body with trailers\n", 21, 0, true);
}

static void answer_status(struct conn *c, struct request *r, const char *arg)
{
    int status = (int)arg_number(&arg);
    const char *headers = "Content-Type: text/plain\r\n";
    if (status < 200 || status > 999)
        status = 400;
    if (status == 401)
        headers = "WWW-Authenticate: Basic realm=\"site\"\r\n";
    if (status == 429 || status == 503)
        headers = "Retry-After: 1\r\n";
    char text[64];
    int n = snprintf(text, sizeof text, "status %d\n", status);
    reply(c, r, status, headers, text, (size_t)n);
}

static void answer_empty(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply(c, r, 204, "", "", 0);
}

static void answer_head_only(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    if (strcmp(r->method, "HEAD") != 0)
        reply_text(c, r, 405, "only HEAD is answered here\n");
    else
        reply_head(c, r, 200, "X-Head: only\r\n", 123456);
}

static void answer_echo(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    size_t head = strlen(r->raw);
    char *text = xzalloc(head + r->kept_len);
    memcpy(text, r->raw, head);
    if (r->kept_len)
        memcpy(text + head, r->kept, r->kept_len);
    reply(c, r, 200, "Content-Type: text/plain\r\n", text, head + r->kept_len);
    free(text);
}

static void answer_upload(struct conn *c, struct request *r, const char *arg)
{
    char sha[65];
    (void)arg;
    request_sha(r, sha);
    reply_text(c, r, 200, "%s %llu %s\n", r->method, (unsigned long long)r->body_len, sha);
}

/* first-last, first-, -suffix: false if the range has nothing of the body. */
static bool parse_range(const char *spec, uint64_t len, uint64_t *first, uint64_t *last)
{
    char *end;
    *last = len - 1;
    if (*spec == '-') {
        uint64_t n = strtoull(spec + 1, NULL, 10);
        *first = n < len ? len - n : 0;
        return n > 0 && len > 0;
    }
    *first = strtoull(spec, &end, 10);
    if (*end == '-' && end[1] && strtoull(end + 1, NULL, 10) < *last)
        *last = strtoull(end + 1, NULL, 10);
    return *first < len && *first <= *last;
}

static void answer_range(struct conn *c, struct request *r, const char *arg)
{
    uint64_t len = arg_number(&arg), first = 0, last = 0;
    const char *range = request_header(r, "Range"), *iff = request_header(r, "If-Range");
    char etag[64], headers[512], *body;
    if (len > 64 * 1024 * 1024)
        len = 64 * 1024 * 1024;
    snprintf(etag, sizeof etag, "\"range-%llu\"", (unsigned long long)len);
    body = xzalloc(len + 1);
    body_random(len, body, len);
    int n = snprintf(headers, sizeof headers, "ETag: %s\r\nAccept-Ranges: bytes\r\n", etag);
    if (!range || strncmp(range, "bytes=", 6) != 0 || strchr(range, ',') ||
        (iff && strcmp(iff, etag) != 0)) {
        reply(c, r, 200, headers, body, len);
    } else if (!parse_range(range + 6, len, &first, &last)) {
        snprintf(headers + n, sizeof headers - (size_t)n, "Content-Range: bytes */%llu\r\n",
                 (unsigned long long)len);
        reply(c, r, 416, headers, "", 0);
    } else {
        snprintf(headers + n, sizeof headers - (size_t)n, "Content-Range: bytes %llu-%llu/%llu\r\n",
                 (unsigned long long)first, (unsigned long long)last, (unsigned long long)len);
        reply(c, r, 206, headers, body + first, last - first + 1);
    }
    free(body);
}

static void answer_auth(struct conn *c, struct request *r, const char *arg)
{
    const char *auth = request_header(r, "Authorization");
    (void)arg;
    if (auth && strcmp(auth, "Basic dXNlcjpwYXNz") == 0)
        reply_text(c, r, 200, "welcome, user\n");
    else
        reply(c, r, 401, "WWW-Authenticate: Basic realm=\"site\"\r\n", "who are you?\n", 13);
}

/* Asks for Digest and believes each answer; how it is checked is test/e2e's business. */
static void answer_digest(struct conn *c, struct request *r, const char *arg)
{
    const char *auth = request_header(r, "Authorization");
    (void)arg;
    if (auth && strncmp(auth, "Digest ", 7) == 0)
        reply(c, r, 200, "Authentication-Info: nextnonce=\"b\"\r\n", "welcome\n", 8);
    else
        reply(c, r, 401, "WWW-Authenticate: Digest realm=\"site\", nonce=\"a\", qop=auth\r\n",
              "who are you?\n", 13);
}

static void answer_type(struct conn *c, struct request *r, const char *arg)
{
    static const struct {
        const char *name, *type, *body;
    } types[] = {
        {"text",   "text/plain; charset=utf-8",      "plain text\n"                            },
        {"html",   "text/html; charset=utf-8",       "<!doctype html><title>t</title><p>text\n"},
        {"json",   "application/json",               "{\"text\": 1}\n"                         },
        {"latin1", "text/plain; charset=iso-8859-1", "caf\xe9\n"                               },
        {"binary", "application/octet-stream",       "\x01\x02\xff\xfe"                        },
        {"escape", "text/plain",                     "a terminal \x1b[31mescape\x1b[0m\x07\n"  },
    };
    char headers[128];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(arg, types[i].name) != 0)
            continue;
        snprintf(headers, sizeof headers, "Content-Type: %s\r\n", types[i].type);
        reply(c, r, 200, headers, types[i].body, strlen(types[i].body));
        return;
    }
    reply_text(c, r, 404, "no such type\n");
}

static void answer_sized(struct conn *c, struct request *r, const char *arg)
{
    uint64_t len = arg_number(&arg);
    reply_head(c, r, 200, "Content-Type: application/octet-stream\r\n", (int64_t)len);
    say_repeat(c, body_huge(), HUGE_BLOCK, len);
}

static void answer_body_sha(struct conn *c, struct request *r, const char *arg)
{
    uint64_t seed = arg_number(&arg), len = arg_number(&arg);
    char headers[128], sha[65];
    if (len > 64 * 1024 * 1024)
        len = 64 * 1024 * 1024;
    char *body = xzalloc(len + 1);
    body_random(seed, body, len);
    body_sha(body, len, sha);
    sha_line(headers, sha);
    reply(c, r, 200, headers, body, len);
    free(body);
}

static void answer_cookie(struct conn *c, struct request *r, const char *arg)
{
    char headers[256];
    snprintf(headers, sizeof headers,
             "Set-Cookie: site=%.100s; Path=/\r\nSet-Cookie: other=1; HttpOnly\r\n",
             *arg ? arg : "1");
    reply(c, r, 200, headers, "two cookies\n", 12);
}

const struct page pages_good[] = {
    {"/plain/",                                           "0-19", 0, answer_plain, "text N (0-19), 0 to 200 KiB, with Content-Length"},
    {"/chunked/",                                                  "0-19", 0, answer_chunked, "text N in chunks; extensions, odd N: trailers"},
    {"/trailers", "", 0, answer_trailers, "chunks and announced trailers"},
    {"/status/",                                         "200 201 404 410 500", 0, answer_status, "this status"},
    {"/empty",                                                  "", 0, answer_empty, "204, no body"},
    {"/head-only",    "", PAGE_APART, answer_head_only, "answers HEAD with a large Content-Length"},
    {"/echo",                                         "", 0, answer_echo, "the request as it was heard: line, headers, 64 KiB of body"},
    {"/upload",                                                  "", PAGE_APART, answer_upload, "method, length and SHA-256 of the request's body"},
    {"/range/",                    "0 1000 100000", 0, answer_range, "N random bytes; Range, If-Range, ETag"},
    {"/auth-basic",                                          "", PAGE_APART, answer_auth, "401 unless user:pass"},
    {"/auth-digest",                                                  "", PAGE_APART, answer_digest, "401 until Digest comes"},
    {"/type/",                                      "text html json latin1 binary escape", 0, answer_type, "this Content-Type"},
    {"/sized/",                                            "1 65536 1000000", 0, answer_sized, "exactly N bytes"},
    {"/body-sha/",                                                  "1/1000 2/300000", 0, answer_body_sha, "SEED/BYTES: random; X-SHA256"},
    {"/set-cookie/",                                     "x", 0, answer_cookie, "sets two cookies"},
    {0                                       },
};
