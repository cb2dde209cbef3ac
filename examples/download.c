/*
 * download.c - a page to a file, its bytes moved by the kernel (splice), under one total deadline.
 *
 *     download example.org:80 /big.iso big.iso 60
 *
 * The file must not exist, and stays only if all of it has come. A deadline is a point in time: the
 * same one goes into every call, and nothing has to be subtracted.
 */
#include <errno.h>
#include <fcntl.h>
#include <fsock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "download: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "download: %s\n", fault->hint);
    return 1;
}

/* Ask, and read the header: *status, and *length if it has one. 0 if that fails. */
static int ask(fsock_stream *server, const char *host, const char *path, int *status,
               uint64_t *length, fsock_time deadline)
{
    char line[4096];
    size_t n;
    enum fsock_err err = fsock_printf(
        server, deadline, "GET %s HTTP/1.0\r\nHost: %s\r\nConnection: close\r\n\r\n", path, host);
    while (err == FSOCK_OK) {
        err = fsock_read_line(server, line, sizeof line, &n, deadline);
        if (err != FSOCK_OK || strcmp(line, "\r\n") == 0)
            break;
        sscanf(line, "HTTP/1.%*1u %3d", status);
        if (strncasecmp(line, "Content-Length:", 15) == 0)
            *length = strtoull(line + 15, NULL, 10);
    }
    if (err == FSOCK_EOF)
        fprintf(stderr, "download: the server hung up within its header\n");
    else if (err != FSOCK_OK)
        complain(fsock_last_fault(server));
    return err == FSOCK_OK;
}

/* The body, until its length or the end. 0 if that is not all of it. */
static int save(fsock_stream *server, fsock_stream *file, uint64_t length, fsock_time deadline)
{
    uint64_t gone;
    enum fsock_err err = fsock_copy(server, file, length, &gone, deadline);
    printf("%llu bytes\n", (unsigned long long)gone);
    if (err == FSOCK_EOF && length != UINT64_MAX)
        fprintf(stderr, "download: the server hung up too early\n");
    else if (err != FSOCK_OK && err != FSOCK_EOF)
        complain(fsock_last_fault(fsock_last_fault(file)->err ? file : server));
    return err == (length == UINT64_MAX ? FSOCK_EOF : FSOCK_OK);
}

int main(int argc, char **argv)
{
    fsock_stream *server, *file = NULL;
    struct fsock_fault fault;
    uint64_t length = UINT64_MAX;
    int status = 0, good = 0;

    if (argc != 5 || atof(argv[4]) <= 0) {
        fprintf(stderr, "usage: download HOST:PORT PATH FILE SECONDS\n");
        return 2;
    }
    fsock_time deadline = fsock_after(atof(argv[4]));
    if (fsock_open(&server, argv[1], 0, NULL, deadline, &fault) != FSOCK_OK)
        return complain(&fault);
    if (!ask(server, argv[1], argv[2], &status, &length, deadline)) {
        fsock_close(server);
        return 1;
    }
    int fd = status == 200 ? open(argv[3], O_WRONLY | O_CREAT | O_EXCL, 0666) : -1;
    if (status != 200)
        fprintf(stderr, "download: the answer is no page but the status %d\n", status);
    else if (fd < 0)
        fprintf(stderr, "download: %s: %s\n", argv[3], strerror(errno));
    else if (fsock_open_fd(&file, fd, 1, &fault) != FSOCK_OK)
        complain(&fault);
    else
        good = save(server, file, length, deadline);
    if (fd >= 0 && !good)
        remove(argv[3]);
    fsock_close(file);
    fsock_close(server);
    return !good;
}
