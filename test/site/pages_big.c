/* pages_big.c: bodies larger than memory, made while they are sent; and bombs. */
#include "body.h"
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GIB ((uint64_t)1 << 30)

static void answer_huge(struct conn *c, struct request *r, const char *arg)
{
    uint64_t len = arg_number(&arg);
    reply_head(c, r, 200, "Content-Type: text/plain\r\n", (int64_t)len);
    say_repeat(c, body_huge(), HUGE_BLOCK, len);
}

static void answer_huge_chunked(struct conn *c, struct request *r, const char *arg)
{
    static char *chunk; /* a whole chunk with its framing, sent over and over */
    static const size_t chunk_len = HUGE_BLOCK + 10;
    uint64_t len = arg_number(&arg);
    if (!chunk) {
        chunk = xzalloc(chunk_len);
        memcpy(chunk, "100000\r\n", 8);
        memcpy(chunk + 8, body_huge(), HUGE_BLOCK);
        memcpy(chunk + 8 + HUGE_BLOCK, "\r\n", 2);
    }
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\n", -1);
    say_repeat(c, chunk, chunk_len, len / HUGE_BLOCK * chunk_len);
    size_t rest = (size_t)(len % HUGE_BLOCK);
    if (rest) {
        say(c, "%zx\r\n", rest);
        say_static(c, body_huge(), rest);
        say(c, "\r\n");
    }
    say(c, "0\r\n\r\n");
}

static void send_tape(struct conn *c, struct request *r, struct tape *t, const char *coding)
{
    char headers[128];
    snprintf(headers, sizeof headers, "Content-Encoding: %s\r\n", coding);
    reply_head(c, r, 200, headers, (int64_t)t->total);
    say_bytes(c, t->head, t->head_len);
    say_repeat(c, t->block, t->block_len, t->repeat * t->block_len);
    say_bytes(c, t->tail, t->tail_len);
    tape_free(t);
}

static void answer_huge_gzip(struct conn *c, struct request *r, const char *arg)
{
    struct tape t;
    uint64_t len = arg_number(&arg);
    tape_gzip(&t, false, len > 1024 * GIB ? 1024 * GIB : len);
    send_tape(c, r, &t, "gzip");
}

static void answer_bomb(struct conn *c, struct request *r, const char *arg)
{
    struct tape t;
    (void)arg;
    tape_gzip(&t, true, 10 * GIB);
    send_tape(c, r, &t, "gzip");
}

static void answer_bomb_br(struct conn *c, struct request *r, const char *arg)
{
    struct tape t;
    (void)arg;
    tape_brotli(&t, 10 * 1024);
    send_tape(c, r, &t, "br");
}

static void answer_endless_body(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    r->keep = false;
    reply_head(c, r, 200, "", -1);
    say_repeat(c, body_huge(), HUGE_BLOCK, UINT64_MAX);
}

static void answer_endless_chunks(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\n", -1);
    say_repeat(c, "4\r\nmore\r\n", 9, UINT64_MAX);
}

#define APART_BAD (PAGE_APART | PAGE_BAD)

const struct page pages_big[] = {
    {"/huge/",                           "2147483648", PAGE_APART, answer_huge, "BYTES bytes, as fast as they go"},
    {"/huge-chunked/",                        "2147483648", PAGE_APART, answer_huge_chunked, "the same in 1 MiB chunks"},
    {"/huge-gzip/", "2147483648", PAGE_APART, answer_huge_gzip, "the same as gzip"},
    {"/bomb",                   "", PAGE_BAD, answer_bomb, "10 MB of gzip that hold 10 GiB"},
    {"/bomb-br",                        "", PAGE_BAD, answer_bomb_br, "some KB of Brotli that hold 10 GiB"},
    {"/endless-body",        "", APART_BAD, answer_endless_body, "a body that never ends"},
    {"/endless-chunks",                      "", APART_BAD, answer_endless_chunks, "small chunks without end"},
    {0                       },
};
