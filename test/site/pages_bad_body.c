/* pages_bad_body.c: bodies that break off, lie about their length, or don't decode. */
#include "body.h"
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void answer_reset_body(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "", 1000);
    say(c, "the beginning of a body\n");
    say_reset(c);
}

static void answer_truncated(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "", 1000);
    say(c, "the beginning of a body\n");
    say_close(c);
}

static void answer_close_reset(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    r->keep = false;
    reply_head(c, r, 200, "", -1);
    say(c, "a body that ends with the connection, but how\n");
    say_reset(c);
}

static void answer_no_close_notify(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    r->keep = false;
    reply_head(c, r, 200, "", -1);
    say(c, "a body that ends with a bare FIN\n");
    say_bare_fin(c);
}

static void answer_too_much(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Connection: keep-alive\r\n", 5);
    say(c, "helloHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
}

/* Chunked bodies that go wrong; sent as they are after a good head. */
static const struct {
    const char *path, *chunks;
} chunkeds[] = {
    {"/truncated-chunked", "5\r\nhello\r\n64\r\nthe beginning"      },
    {"/no-last-chunk",     "5\r\nhello\r\n"                         },
    {"/half-last-chunk",   "5\r\nhello\r\n0\r\n"                    },
    {"/bad-chunk",         "5\r\nhello\r\nxyz\r\nhello\r\n0\r\n\r\n"},
    {"/bad-chunk-end",     "5\r\nhelloworld\r\n0\r\n\r\n"           },
    {"/negative-chunk",    "-5\r\nhello\r\n0\r\n\r\n"               },
    {"/hex-chunk",         "0x5\r\nhello\r\n0\r\n\r\n"              },
    {"/empty-chunk",       "\r\nhello\r\n0\r\n\r\n"                 },
    {"/huge-chunk-size",   "10000000000000005\r\nhello\r\n0\r\n\r\n"},
    {"/lf-chunk",          "5\nhello\n0\n\n"                        },
    {"/bare-cr-chunk",     "5\rx\nhello\r\n0\r\n\r\n"               },
};

static void answer_chunked(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    r->keep = false;
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\n", -1);
    for (size_t i = 0; i < sizeof chunkeds / sizeof *chunkeds; i++)
        if (strcmp(chunkeds[i].path, r->path) == 0)
            say(c, "%s", chunkeds[i].chunks);
}

static void answer_endless_ext(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\n", -1);
    say(c, "5");
    say_repeat(c, ";ext=and-more", 13, UINT64_MAX);
}

static void answer_endless_trailers(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\n", -1);
    say(c, "5\r\nhello\r\n0\r\n");
    say_repeat(c, "X-More: and more\r\n", 18, UINT64_MAX);
}

static void send_coded(struct conn *c, struct request *r, const char *coding, const char *data,
                       size_t len)
{
    char headers[256];
    snprintf(headers, sizeof headers, "Content-Encoding: %s\r\n", coding);
    reply(c, r, 200, headers, data, len);
}

/* Sends the gzip of text 12 with its last bytes cut off, or with one byte changed. */
static void send_damaged(struct conn *c, struct request *r, size_t cut, size_t flip_from_end)
{
    const struct body *b = body_coded(GZIP, 12);
    char *copy = xzalloc(b->len);
    memcpy(copy, b->data, b->len);
    if (flip_from_end)
        copy[b->len - flip_from_end] ^= 0x55;
    send_coded(c, r, "gzip", copy, b->len - cut);
    free(copy);
}

static void answer_bad_gzip(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    send_damaged(c, r, 0, body_coded(GZIP, 12)->len / 2);
}

static void answer_bad_crc(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    send_damaged(c, r, 0, 8);
}

static void answer_bad_isize(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    send_damaged(c, r, 0, 4);
}

static void answer_truncated_gzip(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    send_damaged(c, r, 1000, 0);
}

static void answer_no_crc(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    send_damaged(c, r, 8, 0);
}

static void answer_truncated_br(struct conn *c, struct request *r, const char *arg)
{
    const struct body *b = body_coded(BR, 12);
    (void)arg;
    send_coded(c, r, "br", b->data, b->len / 2);
}

static void answer_truncated_zstd(struct conn *c, struct request *r, const char *arg)
{
    const struct body *b = body_coded(ZSTD, 12);
    (void)arg;
    send_coded(c, r, "zstd", b->data, b->len / 2);
}

static void answer_gzip_tail(struct conn *c, struct request *r, const char *arg)
{
    const struct body *b = body_coded(GZIP, 9);
    (void)arg;
    char *copy = xzalloc(b->len + 16);
    memcpy(copy, b->data, b->len);
    memcpy(copy + b->len, "trailing garbage", 16);
    send_coded(c, r, "gzip", copy, b->len + 16);
    free(copy);
}

static void answer_not(struct conn *c, struct request *r, const char *arg)
{
    send_coded(c, r, arg, "this is plain text\n", 19);
}

static void answer_not_gzip(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    answer_not(c, r, "gzip");
}

static void answer_empty_coded(struct conn *c, struct request *r, const char *arg)
{
    send_coded(c, r, arg, "", 0);
}

/* A frame of five bytes that asks for a window of 2 TiB. */
static void answer_zstd_window(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    send_coded(c, r, "zstd", "\x28\xb5\x2f\xfd\x00\xf8\x29\0\0hello", 14);
}

static void answer_many_codings(struct conn *c, struct request *r, const char *arg)
{
    char codings[4096] = "gzip";
    (void)r, (void)arg;
    for (int i = 0; i < 300; i++)
        strcat(codings, ", gzip");
    say(c, "HTTP/1.1 200 OK\r\nContent-Encoding: %s\r\nContent-Length: 5\r\n\r\nhello", codings);
}

#define BAD PAGE_BAD
#define C(path, about)                                                                             \
    {                                                                                              \
        path, "", PAGE_BAD, answer_chunked, about                                                  \
    }

const struct page pages_bad_body[] = {
    {"/reset-body",                                                                     "", BAD, answer_reset_body, "RST in the middle of a body"},
    {"/truncated",                                                                              "", BAD, answer_truncated, "FIN before Content-Length is reached"},
    {"/close-reset",                                                    "", BAD, answer_close_reset, "a close-delimited body ended by RST"},
    {"/https-no-close-notify",                                                                      "", BAD | PAGE_APART, answer_no_close_notify,
     "over TLS a close-delimited body without close_notify; over plain HTTP it's fine"},
    {"/too-much-body",                                                                              "", BAD, answer_too_much, "more than Content-Length: a smuggled answer"},
    C("/truncated-chunked", "FIN in the middle of a chunk"),
    C("/no-last-chunk", "FIN instead of the last chunk"),
    C("/half-last-chunk", "FIN before the last chunk's empty line"),
    C("/bad-chunk", "a chunk size that is no number"),
    C("/bad-chunk-end", "a chunk longer than its size"),
    C("/negative-chunk", "a chunk of -5"),
    C("/hex-chunk", "a chunk of 0x5"),
    C("/empty-chunk", "a chunk size that isn't there"),
    C("/huge-chunk-size", "a chunk of 2^64 + 5"),
    C("/lf-chunk", "chunk lines that end in LF alone: may be accepted"),
    C("/bare-cr-chunk", "a CR alone in a chunk line"),
    {"/endless-chunk-ext",                                           "", BAD, answer_endless_ext, "a chunk extension that never ends"},
    {"/endless-trailers",                                                                    "", BAD, answer_endless_trailers, "trailers without end"},
    {"/bad-gzip",                                                                              "", BAD, answer_bad_gzip, "gzip with a byte changed in the middle"},
    {"/bad-crc-gzip",                                            "", BAD, answer_bad_crc, "gzip with a wrong CRC"},
    {"/bad-isize-gzip",                                                          "", BAD, answer_bad_isize, "gzip with a wrong length in its trailer"},
    {"/truncated-gzip",                                                                 "", BAD, answer_truncated_gzip,
     "gzip that breaks off; Content-Length fits"},
    {"/no-crc-gzip", "", BAD, answer_no_crc, "gzip without its trailer"},
    {"/gzip-tail",                                                                  "", BAD, answer_gzip_tail, "garbage after the gzip member: may be accepted"},
    {"/truncated-br",                                                                              "", BAD, answer_truncated_br, "Brotli that breaks off"},
    {"/truncated-zstd",                                    "", BAD, answer_truncated_zstd, "Zstandard that breaks off"},
    {"/zstd-window",                                                              "", BAD, answer_zstd_window, "Zstandard that asks for a window of 2 TiB"},
    {"/not/",                                                                              "gzip br zstd deflate martian", BAD, answer_not, "plain text that claims CODING"},
    {"/not-gzip",                                              "", BAD, answer_not_gzip, "plain text that claims gzip"},
    {"/empty/",                                                               "gzip br zstd deflate", BAD, answer_empty_coded,
     "no byte at all that claims CODING"},
    {"/many-codings",                                                                              "", BAD, answer_many_codings, "Content-Encoding: gzip, gzip, ... 301 times"},
    {0                                                          },
};
