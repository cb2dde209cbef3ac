/* dns_canned.c: fsock-dns-canned [OPTION]... - a name server that knows every name, fast.
 *
 *     --delay MS       an answer leaves so long after its question came (0)
 *     --whole          write the answer's name out, in small letters
 *     --without LABEL  there is no name whose first label this is: NXDOMAIN
 *
 * Takes a UDP port of 127.0.0.1, prints its number as a line, and answers until it is ended. Each
 * name has one record, a PTR to `h.` and the name itself, so that everybody can tell what the
 * answer has to be. Unless --whole is given that is an `h` and a pointer to the question: the same
 * bytes for every question. What the question brings (its case, its id, an OPT record) comes back.
 *
 * Questions are received into the slots of a ring and become answers there. The delay is the same
 * for all, so the ring is in the order in which they are due.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BATCH      64
#define RING       (1u << 16)
#define QUERY_MAX  512 /* a longer one is cut there */
#define ANSWER_MAX 600 /* header, question, a record with a name, OPT */
#define BUFFER     (16 << 20)

static const uint8_t PTR_HEAD[] = {0xc0, 12, 0, 12, 0, 1, 0, 0, 0x0e, 0x10}; /* TTL 3600 */
static const uint8_t PTR_DATA[] = {0, 4, 1, 'h', 0xc0, 12};
static const uint8_t OPT[] = {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0};

struct slot {
    int64_t due;
    struct sockaddr_in peer;
    size_t len; /* of the answer; 0: nobody gets one */
    uint8_t msg[ANSWER_MAX];
};

static struct slot ring[RING];
static uint64_t head, tail; /* of the answers that wait; they count on and on */
static int64_t delay;       /* nanoseconds */
static bool whole;
static const char *without;

static void die(const char *what)
{
    fprintf(stderr, "fsock-dns-canned: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct slot *slot(uint64_t n)
{
    return &ring[n % RING];
}

/* Where the name that begins at byte 12 ends; 0: it doesn't. */
static size_t name_end(const uint8_t *msg, size_t len)
{
    size_t at = 12;
    while (at < len && msg[at] && msg[at] < 64)
        at += msg[at] + 1u;
    return at < len && msg[at] == 0 && at - 12 < 255 ? at + 1 : 0;
}

static size_t put(uint8_t *msg, size_t at, const void *bytes, size_t len)
{
    memcpy(msg + at, bytes, len);
    return at + len;
}

/* The record's length and data, written out. */
static size_t put_whole(uint8_t *msg, size_t at, size_t name_len)
{
    size_t len = 2 + name_len;
    msg[at++] = (uint8_t)(len >> 8);
    msg[at++] = (uint8_t)len;
    msg[at++] = 1;
    msg[at++] = 'h';
    for (size_t i = 0; i < name_len; i++)
        msg[at++] = (uint8_t)tolower(msg[12 + i]);
    return at;
}

static bool is_missing(const uint8_t *msg)
{
    return without && msg[12] == strlen(without) &&
           strncasecmp((const char *)msg + 13, without, msg[12]) == 0;
}

/* Turns a query into its answer: the answer's length, 0 for what is no query. */
static size_t answer(uint8_t *msg, size_t len)
{
    size_t end = len > 12 ? name_end(msg, len) : 0, at = end + 4;
    if (!end || at > len || msg[2] & 0x80 || msg[4] || msg[5] != 1)
        return 0;
    bool opt = msg[11] != 0, missing = is_missing(msg);
    bool found = !missing && msg[end] == 0 && msg[end + 1] == 12;
    msg[2] = 0x84 | (msg[2] & 1); /* an answer with authority; RD as asked */
    msg[3] = missing ? 3 : 0;
    memset(msg + 6, 0, 6);
    if (found) {
        msg[7] = 1;
        at = put(msg, at, PTR_HEAD, sizeof PTR_HEAD);
        at = whole ? put_whole(msg, at, end - 12) : put(msg, at, PTR_DATA, sizeof PTR_DATA);
    }
    if (opt) {
        msg[11] = 1;
        at = put(msg, at, OPT, sizeof OPT);
    }
    return at;
}

/* Receives what is there, at most a batch; if `wait`, until something is. */
static size_t receive(int fd, bool wait)
{
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    unsigned room = 0;
    for (; room < BATCH && tail + room - head < RING; room++) {
        struct slot *s = slot(tail + room);
        iov[room] = (struct iovec){.iov_base = s->msg, .iov_len = QUERY_MAX};
        msgs[room].msg_hdr = (struct msghdr){.msg_name = &s->peer,
                                             .msg_namelen = sizeof s->peer,
                                             .msg_iov = &iov[room],
                                             .msg_iovlen = 1};
    }
    int n = room ? recvmmsg(fd, msgs, room, wait ? MSG_WAITFORONE : MSG_DONTWAIT, NULL) : 0;
    int64_t due = now() + delay;
    for (int i = 0; i < n; i++) {
        struct slot *s = slot(tail++);
        s->due = due;
        s->len = answer(s->msg, msgs[i].msg_len);
    }
    return n > 0 ? (size_t)n : 0;
}

/* Sends a batch of those that are due. */
static void send_due(int fd)
{
    struct mmsghdr msgs[BATCH];
    struct iovec iov[BATCH];
    unsigned n = 0, sent = 0;
    int64_t t = delay ? now() : INT64_MAX;
    for (; n < BATCH && head < tail && slot(head)->due <= t; head++) {
        struct slot *s = slot(head);
        if (!s->len)
            continue;
        iov[n] = (struct iovec){.iov_base = s->msg, .iov_len = s->len};
        msgs[n].msg_hdr = (struct msghdr){.msg_name = &s->peer,
                                          .msg_namelen = sizeof s->peer,
                                          .msg_iov = &iov[n],
                                          .msg_iovlen = 1};
        n++;
    }
    while (sent < n) {
        int did = sendmmsg(fd, msgs + sent, n - sent, 0);
        sent += did > 0 ? (unsigned)did : 1; /* one that can't be sent is lost */
    }
}

/* Waits for a question or until the first answer is due. */
static void pause_until_due(int fd)
{
    int64_t left = slot(head)->due - now();
    struct timespec t = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (left > 0)
        ppoll(&p, tail - head < RING ? 1 : 0, &t, NULL);
}

static void serve(int fd)
{
    for (;;) {
        bool idle = head == tail;
        if (idle)
            head = tail = 0; /* few slots in use are few lines of cache */
        if (!receive(fd, idle) && !idle)
            pause_until_due(fd);
        send_due(fd);
    }
}

static int open_port(void)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof sa;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = BUFFER;
    if (fd < 0)
        die("socket");
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size); /* what others may have */
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    if (bind(fd, (struct sockaddr *)&sa, sizeof sa) < 0 ||
        getsockname(fd, (struct sockaddr *)&sa, &len) < 0)
        die("bind");
    printf("%d\n", ntohs(sa.sin_port));
    if (fflush(stdout) != 0)
        die("stdout");
    return fd;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"delay",      required_argument, NULL, 'd'},
        {"whole",        no_argument, NULL, 'w'},
        {"without",            required_argument, NULL, 'n'},
        {0},
    };
    for (int c; (c = getopt_long(argc, argv, "", options, NULL)) >= 0;) {
        if (c == 'd') {
            delay = atoi(optarg) * INT64_C(1000000);
        } else if (c == 'w') {
            whole = true;
        } else if (c == 'n') {
            without = optarg;
        } else {
            return 2;
        }
    }
    serve(open_port());
}
