/*
 * tail_udp.c - a receiver of datagrams that prints who sent them and what they say; of syslog's
 * (RFC 5424) also how severe it is.
 *
 *     tail_udp udp://127.0.0.1:5514
 *     logger --server 127.0.0.1 --port 5514 --udp hello
 *
 * It waits for ever, so the limit of silence is taken off.
 */
#include <ctype.h>
#include <fsock.h>
#include <stdio.h>
#include <string.h>

static const char *const severities[] = {"emergency", "alert",  "critical", "error",
                                         "warning",   "notice", "info",     "debug"};

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "tail_udp: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "tail_udp: %s\n", fault->hint);
    return 1;
}

/* Control bytes become dots: anybody may send here. */
static void show(const char *sender, char *text, size_t n, int cut)
{
    unsigned priority;
    int skip = 0;
    while (n && (text[n - 1] == '\n' || text[n - 1] == '\0'))
        n--;
    text[n] = '\0';
    printf("%s ", sender);
    if (sscanf(text, "<%3u>%n", &priority, &skip) == 1 && skip)
        printf("%s ", severities[priority % 8]);
    for (size_t i = (size_t)skip; i < n; i++)
        putchar(iscntrl((unsigned char)text[i]) ? '.' : text[i]);
    printf("%s\n", cut ? " (and more)" : "");
    fflush(stdout);
}

int main(int argc, char **argv)
{
    struct fsock_fault fault;
    struct fsock_address from;
    fsock_stream *socket;
    enum fsock_err err;
    char text[2048];
    size_t n;

    if (argc != 2) {
        fprintf(stderr, "usage: tail_udp TARGET\n");
        return 2;
    }
    if (fsock_bind(&socket, argv[1], 0, NULL, fsock_after(5), &fault) != FSOCK_OK)
        return complain(&fault);
    fsock_set_silence(socket, 0);
    fprintf(stderr, "tail_udp: listening at %s\n", fsock_inspect(socket)->local);

    do {
        err = fsock_recv_from(socket, text, sizeof text - 1, &n, &from, FSOCK_NEVER);
        if (err == FSOCK_OK || err == FSOCK_ERR_TOO_BIG)
            show(from.text, text, n < sizeof text ? n : sizeof text - 1, err != FSOCK_OK);
    } while (err == FSOCK_OK || err == FSOCK_ERR_TOO_BIG);
    complain(fsock_last_fault(socket));
    fsock_close(socket);
    return 1;
}
