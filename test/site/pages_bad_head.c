/* pages_bad_head.c: heads that no server should send. */
#include "http.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Heads that are constant bytes. All are sent as they are; then the connection closes. */
struct raw {
    const char *path, *bytes;
    size_t len;
};
#define RAW(path, bytes)                                                                           \
    {                                                                                              \
        path, bytes, sizeof(bytes) - 1                                                             \
    }
#define OK "HTTP/1.1 200 OK\r\n"

static const struct raw raws[] = {
    RAW("/two-lengths", OK "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
    RAW("/list-length", OK "Content-Length: 5, 6\r\n\r\nhello!"),
    RAW("/same-lengths", OK "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/length-and-chunked",
        OK "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    RAW("/negative-length", OK "Content-Length: -1\r\n\r\nhello"),
    RAW("/plus-length", OK "Content-Length: +5\r\n\r\nhello"),
    RAW("/hex-length", OK "Content-Length: 0x5\r\n\r\nhello"),
    RAW("/empty-length", OK "Content-Length:\r\n\r\nhello"),
    RAW("/overflow-length", OK "Content-Length: 18446744073709551621\r\n\r\nhello"),
    RAW("/bare-cr", OK "X-One: 1\rContent-Length: 3\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/nul-header", OK "X-Nul: a\0b\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/nul-name", OK "X-N\0l: a\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/space-colon", OK "Content-Length : 5\r\n\r\nhello"),
    RAW("/space-first", OK " X-Space: 1\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/no-colon", OK "what is this\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/no-name", OK ": nameless\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/obs-fold", OK "X-Fold: one\r\n two\r\n\tthree\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/te-unknown", OK "Transfer-Encoding: martian\r\n\r\nhello"),
    RAW("/te-twice", OK "Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    RAW("/te-not-last", OK "Transfer-Encoding: chunked, gzip\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    RAW("/lf-only", "HTTP/1.1 200 OK\nContent-Length: 5\n\nhello"),
    RAW("/no-reason", "HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/http09", "<html>no head at all</html>\n"),
    RAW("/http10", "HTTP/1.0 200 OK\r\n\r\nan old server's body\n"),
    RAW("/http2-line", "HTTP/2 200\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/http9-line", "HTTP/9.9 200 OK\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/short-status", "HTTP/1.1 20\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/long-status", "HTTP/1.1 2000 OK\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/status-words", "HTTP/1.1 twohundred OK\r\nContent-Length: 5\r\n\r\nhello"),
    RAW("/status-101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: martian\r\n\r\nhello"),
    RAW("/icy", "ICY 200 OK\r\nicy-name: a radio\r\n\r\nhello"),
    RAW("/garbage", "\x00\xff\x80\x7f garbage \r\r\n\n\x1b[2J\r\n\r\n\x01\x02"),
    RAW("/empty-reply", ""),
    RAW("/head-fin", OK "Content-Ty"),
    RAW("/body-on-204", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"),
};

static void answer_raw(struct conn *c, struct request *r, const char *arg)
{
    (void)arg;
    r->keep = false;
    for (size_t i = 0; i < sizeof raws / sizeof *raws; i++)
        if (strcmp(raws[i].path, r->path) == 0)
            say_static(c, raws[i].bytes, raws[i].len);
}

static void answer_endless_header(struct conn *c, struct request *r, const char *arg)
{
    static char junk[65536];
    (void)r, (void)arg;
    memset(junk, 'x', sizeof junk);
    say(c, OK "X-Endless: ");
    say_repeat(c, junk, sizeof junk, UINT64_MAX);
}

static void answer_endless_headers(struct conn *c, struct request *r, const char *arg)
{
    (void)r, (void)arg;
    say(c, OK);
    say_repeat(c, "X-More: and more\r\n", 18, UINT64_MAX);
}

static void answer_endless_1xx(struct conn *c, struct request *r, const char *arg)
{
    static const char interim[] = "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n";
    (void)r, (void)arg;
    say_repeat(c, interim, sizeof interim - 1, UINT64_MAX);
}

static void answer_many_headers(struct conn *c, struct request *r, const char *arg)
{
    uint64_t n = arg_number(&arg);
    (void)r;
    say(c, OK);
    for (uint64_t i = 0; i < n && i < 1000000; i++)
        say(c, "X-%llu: %llu\r\n", (unsigned long long)i, (unsigned long long)i);
    say(c, "Content-Length: 5\r\n\r\nhello");
}

static void answer_big_header(struct conn *c, struct request *r, const char *arg)
{
    static char junk[4096];
    (void)r;
    memset(junk, 'x', sizeof junk);
    say(c, OK "X-Big: ");
    say_repeat(c, junk, sizeof junk, arg_number(&arg));
    say(c, "\r\nContent-Length: 5\r\n\r\nhello");
}

static void answer_reset_head(struct conn *c, struct request *r, const char *arg)
{
    (void)r, (void)arg;
    say(c, "HTTP/1.1 200 OK\r\nContent-");
    say_reset(c);
}

static void answer_reset(struct conn *c, struct request *r, const char *arg)
{
    (void)r, (void)arg;
    say_reset(c);
}

#define R(path, about)                                                                             \
    {                                                                                              \
        path, "", PAGE_BAD, answer_raw, about                                                      \
    }
#define BAD PAGE_BAD

const struct page pages_bad_head[] = {
    R("/two-lengths", "two Content-Length that differ"),
    R("/list-length", "Content-Length: 5, 6"),
    R("/same-lengths", "two Content-Length that agree: may be accepted"),
    R("/length-and-chunked", "both framings: chunked wins, or an error"),
    R("/negative-length", "Content-Length: -1"),
    R("/plus-length", "Content-Length: +5"),
    R("/hex-length", "Content-Length: 0x5"),
    R("/empty-length", "Content-Length without a value"),
    R("/overflow-length", "Content-Length of 2^64 + 5"),
    R("/bare-cr", "a CR alone inside a header line"),
    R("/nul-header", "a NUL in a value"),
    R("/nul-name", "a NUL in a name"),
    R("/space-colon", "a space between name and colon"),
    R("/space-first", "the first header line starts with a space"),
    R("/no-colon", "a header line without a colon"),
    R("/no-name", "a header line that starts with its colon"),
    R("/obs-fold", "a folded header: obsolete, may be accepted"),
    R("/te-unknown", "Transfer-Encoding: martian"),
    R("/te-twice", "Transfer-Encoding: chunked, chunked"),
    R("/te-not-last", "chunked is not the last transfer coding"),
    R("/lf-only", "lines that end in LF alone: may be accepted"),
    R("/no-reason", "a status line without a reason and its space: may be accepted"),
    R("/http09", "a body without any head"),
    R("/http10", "HTTP/1.0, ends with the connection: must be accepted"),
    R("/http2-line", "HTTP/2 in the status line"),
    R("/http9-line", "HTTP/9.9 in the status line"),
    R("/short-status", "a status of two digits"),
    R("/long-status", "a status of four digits"),
    R("/status-words", "a status in words"),
    R("/status-101", "an upgrade that nobody asked for"),
    R("/icy", "a radio's status line"),
    R("/garbage", "bytes of no meaning"),
    R("/empty-reply", "FIN before the first byte"),
    R("/head-fin", "FIN in the middle of the head"),
    R("/body-on-204", "a body where none may be: the connection must not be used again"),
    {"/endless-header",                "", BAD, answer_endless_header, "a header line that never ends"},
    {"/endless-headers",                             "", BAD, answer_endless_headers, "header lines without end"},
    {"/endless-1xx", "", BAD, answer_endless_1xx, "interim heads without end"},
    {"/many-headers/",               "10000", BAD, answer_many_headers, "N header lines"},
    {"/big-header/",                             "1000000", BAD, answer_big_header, "a header line of BYTES"},
    {"/reset-head",      "", BAD, answer_reset_head, "RST in the middle of the head"},
    {"/reset",                   "", BAD, answer_reset, "RST instead of an answer"},
    {0                            },
};
