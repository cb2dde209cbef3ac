/* pages_coded.c: well-behaved content codings, sent whatever the client says it accepts. */
#include "body.h"
#include "http.h"

#include <stdio.h>
#include <string.h>

static void answer_coded(struct conn *c, struct request *r, const char *arg, enum coding coding,
                         const char *name)
{
    const struct body *b = body_coded(coding, (unsigned)arg_number(&arg));
    char headers[256];
    snprintf(headers, sizeof headers,
             "Content-Type: text/plain\r\nContent-Encoding: %s\r\nX-SHA256: %s\r\n", name, b->sha);
    reply_head(c, r, 200, headers, (int64_t)b->len);
    say_static(c, b->data, b->len);
}

static void answer_gzip(struct conn *c, struct request *r, const char *arg)
{
    answer_coded(c, r, arg, GZIP, "gzip");
}

static void answer_x_gzip(struct conn *c, struct request *r, const char *arg)
{
    answer_coded(c, r, arg, GZIP, "X-GZip");
}

static void answer_deflate(struct conn *c, struct request *r, const char *arg)
{
    answer_coded(c, r, arg, DEFLATE, "deflate");
}

static void answer_raw_deflate(struct conn *c, struct request *r, const char *arg)
{
    answer_coded(c, r, arg, RAW_DEFLATE, "deflate");
}

static void answer_br(struct conn *c, struct request *r, const char *arg)
{
    answer_coded(c, r, arg, BR, "br");
}

static void answer_zstd(struct conn *c, struct request *r, const char *arg)
{
    answer_coded(c, r, arg, ZSTD, "zstd");
}

static void answer_stacked(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    answer_coded(c, r, "15", GZIP_BR, "gzip, br");
}

static void answer_multi(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    answer_coded(c, r, "16", MULTI_GZIP, "gzip");
}

static void answer_identity(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    answer_coded(c, r, "8", PLAIN, "identity");
}

static void answer_gzip_chunked(struct conn *c, struct request *r, const char *arg)
{
    unsigned n = (unsigned)arg_number(&arg);
    const struct body *b = body_coded(GZIP, n);
    char headers[256];
    snprintf(headers, sizeof headers,
             "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nX-SHA256: %s\r\n", b->sha);
    reply_head(c, r, 200, headers, -1);
    for (size_t at = 0, step = 1; at < b->len; at += step, step = step * 3 % 4099 + 1) {
        if (step > b->len - at)
            step = b->len - at;
        say(c, "%zx\r\n", step);
        say_bytes(c, b->data + at, step);
        say(c, "\r\n");
    }
    say(c, "0\r\n\r\n");
}

const struct page pages_coded[] = {
    {"/gzip/",                                            "0 1 4 9 12 19", 0, answer_gzip, "text N, gzip"},
    {"/x-gzip/",                                                  "9", 0, answer_x_gzip, "text N, gzip under its old name"},
    {"/deflate/",                                     "0 4 19", 0, answer_deflate, "text N, deflate in the zlib format, as it should"},
    {"/rawdeflate/",                                          "1 4 19", 0, answer_raw_deflate, "text N, bare deflate, as it is often sent"},
    {"/br/",                                                  "0 4 9 19", 0, answer_br, "text N, Brotli"},
    {"/zstd/",                  "0 4 9 19", 0, answer_zstd, "text N, Zstandard"},
    {"/gzip-chunked/",                                         "0 4 19", 0, answer_gzip_chunked, "text N, gzip in many chunks"},
    {"/stacked",                                                  "", 0, answer_stacked, "text 15, gzip and then br"},
    {"/multi-gzip", "", 0, answer_multi, "text 16 in three gzip members, the second one empty"},
    {"/identity",                                      "", 0, answer_identity, "text 8, Content-Encoding: identity"},
    {0                                                 },
};
