/*
 * http_by_hand.c - a request by fprintf(), the answer by fgets() and fread(): HTTP as PHP's manual
 * shows it at fsockopen().
 *
 *     http_by_hand example.org:80 /
 *     http_by_hand tls://example.org:443 /index.html
 *
 * Header to standard error, body to standard output. fsock_get() does this properly: chunks,
 * redirects, lengths. (Nor is this getline(), which takes a line of any length from a stranger.)
 */
#include <fsock.h>
#include <stdio.h>
#include <string.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "http_by_hand: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "http_by_hand: %s\n", fault->hint);
    return 1;
}

/* Ask, and read the header up to its empty line. 0 if the stream fails in between. */
static int ask(FILE *server, const char *host, const char *path)
{
    char line[4096];
    fprintf(server, "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", path, host);
    if (fflush(server) != 0) /* stdio wants it before reading follows writing, too */
        return 0;
    while (fgets(line, sizeof line, server) && strcmp(line, "\r\n") != 0)
        fputs(line, stderr);
    return !ferror(server);
}

int main(int argc, char **argv)
{
    struct fsock_fault fault;
    char some[8192];
    size_t n;
    int failed = 0;

    if (argc != 3) {
        fprintf(stderr, "usage: http_by_hand TARGET PATH\n");
        return 2;
    }
    FILE *server = fsockopen(argv[1], 0, &fault, 5);
    if (!server)
        return complain(&fault);
    fsock_set_deadline(fsock_of(server), fsock_after(10)); /* to the last byte */

    const char *host = strstr(argv[1], "://");
    if (ask(server, host ? host + 3 : argv[1], argv[2]))
        while ((n = fread(some, 1, sizeof some, server)) > 0)
            fwrite(some, 1, n, stdout);
    if (ferror(server))
        failed = complain(fsock_last_fault(fsock_of(server)));
    fclose(server);
    return failed;
}
