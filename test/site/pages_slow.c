/* pages_slow.c: pages that take their time, in every place where time can be taken. */
#include "http.h"

#include <string.h>

static void answer_delay(struct conn *c, struct request *r, const char *arg)
{
    unsigned ms = (unsigned)arg_number(&arg);
    say_pause(c, ms);
    reply_text(c, r, 200, "after %u ms\n", ms);
}

static void answer_slow(struct conn *c, struct request *r, const char *arg)
{
    uint64_t bytes = arg_number(&arg);
    unsigned ms = (unsigned)arg_number(&arg);
    reply_head(c, r, 200, "Content-Type: text/plain\r\n", (int64_t)bytes);
    say_drip(c, "slow\n", 5, bytes, 1, ms ? ms : 1);
}

static void answer_pieces(struct conn *c, struct request *r, const char *arg)
{
    uint64_t bytes = arg_number(&arg), piece = arg_number(&arg);
    unsigned ms = (unsigned)arg_number(&arg);
    reply_head(c, r, 200, "Content-Type: text/plain\r\n", (int64_t)bytes);
    say_drip(c, "slow\n", 5, bytes, piece ? piece : 1, ms ? ms : 1);
}

static void answer_drip_head(struct conn *c, struct request *r, const char *arg)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nServer: fsock-site\r\nX-Slow: ";
    (void)r, (void)arg;
    say_drip(c, head, strlen(head), strlen(head), 1, 500);
    say_drip(c, "z", 1, UINT64_MAX, 1, 500);
}

static void answer_drip_body(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Content-Type: text/plain\r\n", 1000000);
    say_drip(c, "z", 1, 1000000, 1, 500);
}

static void answer_drip_chunks(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Transfer-Encoding: chunked\r\n", -1);
    say_drip(c, "1\r\nz\r\n", 6, UINT64_MAX, 1, 500);
}

static void answer_slow_head(struct conn *c, struct request *r, const char *arg)
{
    unsigned ms = (unsigned)arg_number(&arg);
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    (void)r;
    say_drip(c, head, strlen(head), strlen(head), 1, ms ? ms : 1);
    say(c, "slow head\n");
}

static void answer_mute(struct conn *c, struct request *r, const char *arg)
{
    (void)r, (void)arg;
    say_hang(c);
}

static void answer_mute_body(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Content-Type: text/plain\r\n", 1000);
    say_hang(c);
}

static void answer_half_body(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    reply_head(c, r, 200, "Content-Type: text/plain\r\n", 1000);
    say(c, "the beginning of a body, and then nothing\n");
    say_hang(c);
}

static void answer_stop_reading(struct conn *c, struct request *r, const char *arg)
{
    (void)r, (void)arg;
    say_deaf_hang(c);
}

#define SLOW (PAGE_BAD | PAGE_EARLY)

const struct page pages_slow[] = {
    {"/delay/",                                      "20 100", 0, answer_delay, "answers after MS"},
    {"/slow/",                                             "50/2", 0, answer_slow, "BYTES/MS: one byte every MS"},
    {"/pieces/",                            "5000/500/10", 0, answer_pieces, "BYTES/PIECE/MS: a piece every MS"},
    {"/slow-head/",                                       "2", 0, answer_slow_head, "a small answer, a byte of its head every MS"},
    {"/drip-head",                                             "", SLOW, answer_drip_head, "a head that never ends, a byte each half second"},
    {"/drip-body",                 "", SLOW, answer_drip_body, "a body of 1 MB, a byte each half second"},
    {"/drip-chunks",                                     "", SLOW, answer_drip_chunks, "the same in chunks, for ever"},
    {"/mute",                                             "", SLOW, answer_mute, "reads, never answers"},
    {"/mute-body",            "", SLOW, answer_mute_body, "a head that promises 1000 bytes, then silence"},
    {"/half-body",                                  "", SLOW, answer_half_body, "some of the body, then silence"},
    {"/stop-reading",                                             "", SLOW, answer_stop_reading, "reads no more of the request, never answers"},
    {0},
};
