/*
 * ptr_by_hand.c - the name of an address, asked for by hand: a DNS question (RFC 1035) is written
 * byte by byte, sent as a datagram, and its answer is picked apart.
 *
 *     ptr_by_hand 192.0.2.7 192.0.2.53
 *
 * A second is waited three times, and then it says what is known of the server: open, refused, or
 * no answer. fsock_lookup() does this properly; here it shows datagrams.
 */
#include <ctype.h>
#include <fsock.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

typedef unsigned char byte;

enum { HEADER = 12, QUESTION = 64 };

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "ptr_by_hand: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "ptr_by_hand: %s\n", fault->hint);
    return 1;
}

/* A header with the id and one question: 7.2.0.192.in-addr.arpa, PTR, IN. Returns its length. */
static size_t write_question(byte q[QUESTION], const byte id[2], const unsigned ip[4])
{
    static const byte start[] = {1, 0, 0, 1, 0, 0, 0, 0, 0, 0}; /* recursion is desired */
    static const char end[] = "\7in-addr\4arpa\0\0\14\0\1";
    size_t n = HEADER;
    memcpy(q, id, 2);
    memcpy(q + 2, start, sizeof start);
    for (int i = 3; i >= 0; i--) {
        q[n] = (byte)sprintf((char *)q + n + 1, "%u", ip[i]);
        n += 1u + q[n];
    }
    memcpy(q + n, end, sizeof end - 1);
    return n + sizeof end - 1;
}

/* The name at `at`; compressed ones go on elsewhere. Returns what follows it, 0 if it is broken. */
static size_t read_name(const byte *a, size_t n, size_t at, char name[256])
{
    size_t len = 0, after = 0;
    for (int steps = 0; at < n && steps < 128; steps++) {
        size_t label = a[at];
        if (label >= 0xc0 && at + 1 < n) {
            after = after ? after : at + 2;
            at = (label & 0x3f) << 8 | a[at + 1];
            continue;
        }
        if (label > 63 || at + label >= n || len + label > 254)
            return 0;
        for (size_t i = 1; i <= label; i++)
            name[len++] = isgraph(a[at + i]) ? (char)a[at + i] : '?';
        name[len++] = label ? '.' : '\0';
        at += 1 + label;
        if (label == 0)
            return after ? after : at;
    }
    return 0;
}

/* The PTR record of an answer whose question has `at` bytes. 0: there is none. */
static int find_name(const byte *a, size_t n, size_t at, char name[256])
{
    for (unsigned left = (unsigned)a[6] << 8 | a[7]; left > 0; left--) {
        at = read_name(a, n, at, name);
        if (at == 0 || at + 10 > n)
            return 0;
        if (a[at] == 0 && a[at + 1] == 12)
            return read_name(a, n, at + 10, name) != 0;
        at += 10 + ((size_t)a[at + 8] << 8 | a[at + 9]);
    }
    return 0;
}

/* Ask, and wait a second; what answers something else is passed over. */
static enum fsock_err ask(fsock_stream *server, const byte *q, size_t len, byte a[512], size_t *n)
{
    fsock_time deadline = fsock_after(1);
    enum fsock_err err = fsock_write(server, q, len, NULL, deadline);
    while (err == FSOCK_OK) {
        err = fsock_read(server, a, 512, n, deadline);
        if (err == FSOCK_OK && *n >= len && memcmp(a, q, 2) == 0 && (a[2] & 0x80) &&
            memcmp(a + HEADER, q + HEADER, len - HEADER) == 0)
            break;
    }
    return err;
}

int main(int argc, char **argv)
{
    byte id[2], question[QUESTION], answer[512];
    unsigned ip[4];
    size_t n = 0;
    char name[256], more;
    struct fsock_fault fault;
    fsock_stream *server;

    if (argc != 3 ||
        sscanf(argv[1], "%3u.%3u.%3u.%3u%c", &ip[0], &ip[1], &ip[2], &ip[3], &more) != 4 ||
        ip[0] > 255 || ip[1] > 255 || ip[2] > 255 || ip[3] > 255) {
        fprintf(stderr, "usage: ptr_by_hand IPV4-ADDRESS SERVER[:PORT]\n");
        return 2;
    }
    if (getrandom(id, sizeof id, 0) != sizeof id) { /* a guess must not pass for an answer */
        perror("ptr_by_hand: getrandom");
        return 1;
    }
    snprintf(name, sizeof name, "udp://%.200s", argv[2]);
    if (fsock_open(&server, name, 53, NULL, fsock_after(3), &fault) != FSOCK_OK)
        return complain(&fault);

    size_t len = write_question(question, id, ip);
    enum fsock_err err = FSOCK_ERR_TIMEOUT;
    for (int tries = 0; tries < 3 && err == FSOCK_ERR_TIMEOUT; tries++)
        err = ask(server, question, len, answer, &n);
    printf("server %s: %s\n", fsock_inspect(server)->peer,
           fsock_reach_name(fsock_inspect(server)->reach));
    int found = err == FSOCK_OK && find_name(answer, n, len, name);
    if (err != FSOCK_OK)
        complain(fsock_last_fault(server));
    else if (found)
        printf("%s %s\n", argv[1], name);
    else
        printf("%s has no name (rcode %d)\n", argv[1], answer[3] & 15);
    fsock_close(server);
    return !found;
}
