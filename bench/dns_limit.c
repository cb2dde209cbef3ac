/* dns_limit.c: fsock-dns-limit PORT WINDOW FILE - how fast a client of a name server can be at all.
 *
 * Asks 127.0.0.1 at the port for the PTR record of each address in the file (IPv4, one a line) and
 * keeps WINDOW questions open, 64 or more. It counts the answers and looks at nothing in them: no
 * id, no name, no data. Ends with 1 and the number of answers if none has come for a second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define BATCH  64
#define ANSWER 1024
#define BUFFER (4 << 20)

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_iov[BATCH], in_iov[BATCH];
static uint8_t queries[BATCH][96], answers[BATCH][ANSWER];

static void die(const char *what)
{
    fprintf(stderr, "fsock-dns-limit: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int open_port(int port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct timeval silence = {.tv_sec = 1};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), size = BUFFER;
    if (fd < 0 || connect(fd, (struct sockaddr *)&sa, sizeof sa) < 0)
        die("connect");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
    return fd;
}

/* Writes the question for an address: its length. */
static size_t put_query(uint8_t *msg, unsigned id, const char *address)
{
    static const char REST[] = "\7in-addr\4arpa\0\0\14\0"; /* ends in 1: the class */
    uint8_t part[4];
    size_t at = 12;
    if (inet_pton(AF_INET, address, part) != 1) {
        fprintf(stderr, "fsock-dns-limit: %s is no address\n", address);
        exit(2);
    }
    memcpy(msg, (uint8_t[]){(uint8_t)(id >> 8), (uint8_t)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}, 12);
    for (int i = 3; i >= 0; i--) {
        msg[at] = part[i] >= 100 ? 3 : part[i] >= 10 ? 2 : 1;
        size_t len = msg[at++];
        for (unsigned n = part[i], k = 0; k < len; k++, n /= 10)
            msg[at + len - 1 - k] = (uint8_t)('0' + n % 10);
        at += len;
    }
    memcpy(msg + at, REST, sizeof REST);
    msg[at + sizeof REST - 1] = 1;
    return at + sizeof REST;
}

/* Reads up to a batch of addresses and asks for them: how many there were. */
static unsigned ask(int fd, FILE *list, unsigned asked)
{
    char line[64];
    unsigned n = 0, sent = 0;
    while (n < BATCH && fgets(line, sizeof line, list)) {
        line[strcspn(line, "\n")] = 0;
        out_iov[n] = (struct iovec){queries[n], put_query(queries[n], asked + n, line)};
        n++;
    }
    while (sent < n) {
        int did = sendmmsg(fd, out + sent, n - sent, 0);
        if (did < 0)
            die("send");
        sent += (unsigned)did;
    }
    return n;
}

int main(int argc, char **argv)
{
    if (argc != 4 || atoi(argv[2]) < BATCH) {
        fprintf(stderr, "usage: fsock-dns-limit PORT WINDOW FILE\n");
        return 2;
    }
    int fd = open_port(atoi(argv[1]));
    unsigned window = (unsigned)atoi(argv[2]), asked = 0, answered = 0;
    FILE *list = fopen(argv[3], "re");
    if (!list)
        die(argv[3]);
    for (int i = 0; i < BATCH; i++) {
        in_iov[i] = (struct iovec){answers[i], ANSWER};
        out[i].msg_hdr = (struct msghdr){.msg_iov = &out_iov[i], .msg_iovlen = 1};
        in[i].msg_hdr = (struct msghdr){.msg_iov = &in_iov[i], .msg_iovlen = 1};
    }
    for (bool more = true; more || answered < asked;) {
        while (more && asked - answered + BATCH <= window) {
            unsigned n = ask(fd, list, asked);
            asked += n;
            more = n == BATCH;
        }
        if (answered == asked)
            continue;
        int n = recvmmsg(fd, in, BATCH, MSG_WAITFORONE, NULL);
        if (n < 0) {
            printf("%u answers to %u questions\n", answered, asked);
            return 1;
        }
        answered += (unsigned)n;
    }
    return 0;
}
