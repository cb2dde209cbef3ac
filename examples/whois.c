/*
 * whois.c - the smallest protocol there is (RFC 3912): a line there, text back until the end.
 *
 *     whois example.org
 *     whois 192.0.2.1 whois.ripe.net
 *
 * Every call has the same deadline: all of it takes ten seconds at most, however the server drips.
 */
#include <fsock.h>
#include <stdio.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "whois: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "whois: %s\n", fault->hint);
    return 1;
}

int main(int argc, char **argv)
{
    fsock_time deadline = fsock_after(10);
    struct fsock_fault fault;
    fsock_stream *server;
    char some[4096];
    size_t n;

    if (argc < 2 || argc > 3) {
        fprintf(stderr, "usage: whois NAME [SERVER[:PORT]]\n");
        return 2;
    }
    const char *host = argc > 2 ? argv[2] : "whois.iana.org";
    if (fsock_open(&server, host, 43, NULL, deadline, &fault) != FSOCK_OK)
        return complain(&fault);

    enum fsock_err err = fsock_printf(server, deadline, "%s\r\n", argv[1]);
    while (err == FSOCK_OK) {
        err = fsock_read(server, some, sizeof some, &n, deadline);
        fwrite(some, 1, n, stdout);
    }
    if (err != FSOCK_EOF)
        complain(fsock_last_fault(server));
    fsock_close(server);
    return err != FSOCK_EOF;
}
