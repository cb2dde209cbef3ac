#include "peer_h2.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DRIP_MS 100
#define DEAF_MS 5000

enum {
    DATA = 0,
    HEADERS = 1,
    RST_STREAM = 3,
    SETTINGS = 4,
    PING = 6,
    GOAWAY = 7,
    WINDOW_UPDATE = 8,
    CONTINUATION = 9
};
enum { ACK = 1, END_HEADERS = 4 };

#define STATUS_200     "\x88"                     /* of HPACK's static table (RFC 7541 A) */
#define FIELD          "\x00\x01x\x01y"           /* "x: y", not for the table */
#define LONG_FIELD     STATUS_200 "\x00\x01x\x7e" /* ... and 126 bytes are to follow */
#define NO_WINDOW      "\x00\x04\x00\x00\x00\x00" /* SETTINGS_INITIAL_WINDOW_SIZE */
#define GREAT_WINDOW   "\x00\x04\x7f\xff\xff\xff"
#define INTERNAL_ERROR "\x00\x00\x00\x02"

static void pause_ms(long ms)
{
    struct timespec ts = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

static int put(int fd, const void *bytes, size_t n)
{
    return send(fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n;
}

static int put_head(int fd, size_t n, unsigned type, unsigned flags, unsigned stream)
{
    const unsigned char head[9] = {
        (unsigned char)(n >> 16),      (unsigned char)(n >> 8),      (unsigned char)n,
        (unsigned char)type,           (unsigned char)flags,         (unsigned char)(stream >> 24),
        (unsigned char)(stream >> 16), (unsigned char)(stream >> 8), (unsigned char)stream};
    return put(fd, head, sizeof head);
}

static int put_frame(int fd, unsigned type, unsigned flags, unsigned stream, const void *payload,
                     size_t n)
{
    return put_head(fd, n, type, flags, stream) && put(fd, payload, n);
}

/* The same frame each tenth of a second. */
static void drip(int fd, unsigned type, unsigned flags, unsigned stream, const void *payload,
                 size_t n)
{
    while (put_frame(fd, type, flags, stream, payload, n))
        pause_ms(DRIP_MS);
}

static int take(int fd, void *bytes, size_t n)
{
    return recv(fd, bytes, n, MSG_WAITALL) == (ssize_t)n;
}

/* Passes over what comes, up to the head of a request: its stream; 0: there is none. */
static unsigned take_request(int fd)
{
    unsigned char head[9], payload[16384];
    for (;;) {
        if (!take(fd, head, sizeof head))
            return 0;
        size_t n = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
        if (n > sizeof payload || (n && !take(fd, payload, n)))
            return 0;
        if (head[3] == HEADERS)
            return (unsigned)head[5] << 24 | (unsigned)head[6] << 16 | (unsigned)head[7] << 8 |
                   head[8];
    }
}

/* Reads until the client has enough. */
static void wait_for_end(int fd)
{
    char bytes[4096];
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
}

static void answer_head(int fd, enum h2_manner manner, unsigned stream)
{
    switch (manner) {
    case H2_PINGS:
        drip(fd, PING, 0, 0, "12345678", 8);
        break;
    case H2_HALF_FRAME:
        if (put_head(fd, 1000, HEADERS, END_HEADERS, stream) && put(fd, LONG_FIELD, 5))
            while (put(fd, "y", 1))
                pause_ms(DRIP_MS);
        break;
    case H2_CONTINUED:
        if (put_frame(fd, HEADERS, 0, stream, STATUS_200, 1))
            drip(fd, CONTINUATION, 0, stream, FIELD, 5);
        break;
    case H2_REFUSED:
        put_frame(fd, RST_STREAM, 0, stream, INTERNAL_ERROR, 4);
        break;
    case H2_GONE:
        put_frame(fd, GOAWAY, 0, 0, "\x00\x00\x00\x00\x00\x00\x00\x00", 8);
        break;
    case H2_DEAF:
        if (put_frame(fd, WINDOW_UPDATE, 0, 0, "\x3f\xff\xff\xff", 4))
            pause_ms(DEAF_MS);
        break;
    default:
        break;
    }
}

static void answer_body(int fd, enum h2_manner manner, unsigned stream)
{
    if (!put_frame(fd, HEADERS, END_HEADERS, stream, STATUS_200, 1) ||
        !put_frame(fd, DATA, 0, stream, "hello", 5))
        return;
    if (manner == H2_BYTES)
        drip(fd, DATA, 0, stream, "x", 1);
    if (manner == H2_EMPTY)
        drip(fd, DATA, 0, stream, "", 0);
    if (manner == H2_CUT)
        shutdown(fd, SHUT_WR);
}

void serve_h2(int fd, enum h2_manner manner)
{
    char preface[24];
    const char *window = manner == H2_DEAF ? GREAT_WINDOW : NO_WINDOW;
    size_t n = manner == H2_DEAF || manner == H2_SHUT_WINDOW ? 6 : 0;
    if (manner != H2_SILENT) {
        unsigned stream = take(fd, preface, sizeof preface) &&
                                  put_frame(fd, SETTINGS, 0, 0, window, n) &&
                                  put_frame(fd, SETTINGS, ACK, 0, "", 0)
                              ? take_request(fd)
                              : 0;
        if (stream && manner >= H2_HALF_BODY && manner <= H2_CUT)
            answer_body(fd, manner, stream);
        else if (stream)
            answer_head(fd, manner, stream);
    }
    wait_for_end(fd);
}
