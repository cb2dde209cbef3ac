/*
 * warm.c - what a pool of open streams saves: the same server is asked again and again, and only
 * the first time has to connect and shake hands (PHP's pfsockopen).
 *
 *     warm tls://example.org:443 5
 */
#include <fsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "warm: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "warm: %s\n", fault->hint);
    return 1;
}

/* A HEAD request: the answer is a header, which ends with an empty line. */
static enum fsock_err ask(fsock_stream *server, const char *host, char status[200],
                          fsock_time deadline)
{
    char line[4096] = "";
    size_t n;
    enum fsock_err err =
        fsock_printf(server, deadline, "HEAD / HTTP/1.1\r\nHost: %s\r\n\r\n", host);
    if (err == FSOCK_OK)
        err = fsock_read_line(server, line, sizeof line, &n, deadline);
    line[strcspn(line, "\r\n")] = '\0';
    snprintf(status, 200, "%.199s", line);
    while (err == FSOCK_OK && strcmp(line, "\r\n") != 0)
        err = fsock_read_line(server, line, sizeof line, &n, deadline);
    return err;
}

/*
 * The stream goes back to the pool if all is well; else nobody should get it again. A server may
 * hang up on a kept stream at the very moment it is asked: that alone is tried once more.
 */
static int once(fsock_pool *pool, const char *target, fsock_time deadline)
{
    fsock_time began = fsock_now();
    const char *host = strstr(target, "://");
    struct fsock_fault fault;
    fsock_stream *server;
    char status[200];
    int reused;

    if (fsock_pool_open(pool, &server, target, 0, NULL, deadline, &reused, &fault) != FSOCK_OK)
        return complain(&fault);
    enum fsock_err err = ask(server, host ? host + 3 : target, status, deadline);
    if (err == FSOCK_OK) {
        printf("%s %.2f ms: %s\n", reused ? "reused" : "opened",
               (double)(fsock_now() - began) / FSOCK_MILLISECOND, status);
        fsock_pool_keep(pool, server);
        return 0;
    }
    int again = reused && (err == FSOCK_EOF || err == FSOCK_ERR_RESET);
    if (!again && err == FSOCK_EOF)
        fprintf(stderr, "warm: the server hung up within its header\n");
    else if (!again)
        complain(fsock_last_fault(server));
    fsock_close(server);
    return again ? once(pool, target, deadline) : 1;
}

int main(int argc, char **argv)
{
    int times = argc == 3 ? atoi(argv[2]) : 0, failed = 0;
    if (times < 1) {
        fprintf(stderr, "usage: warm TARGET TIMES\n");
        return 2;
    }
    fsock_pool *pool = fsock_pool_new(0, 0);
    if (!pool) {
        fprintf(stderr, "warm: out of memory\n");
        return 1;
    }
    while (times-- > 0 && !failed)
        failed = once(pool, argv[1], fsock_after(3));
    fsock_pool_free(pool);
    return failed;
}
