/*
 * poll_loop.c - streams in a loop that is not the library's: poll(2) here; epoll or libev likewise.
 *
 *     poll_loop tls://example.org:443 tls://example.net:443
 *
 * Each is asked for a page; then all are read side by side, to their ends or for ten seconds. What
 * to poll for is fsock_wants()' to say, each time anew: TLS may have to write in order to read, and
 * may hold bytes that poll(2) knows nothing of.
 */
#include <fsock.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { PAGES = 20 };

struct page {
    fsock_stream *stream; /* NULL: it is over */
    unsigned long bytes;
};

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "poll_loop: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "poll_loop: %s\n", fault->hint);
    return 1;
}

static int ask(struct page *page, const char *target, fsock_time deadline)
{
    struct fsock_fault fault;
    const char *host = strstr(target, "://");
    if (fsock_open(&page->stream, target, 0, NULL, deadline, &fault) != FSOCK_OK)
        return complain(&fault);
    fsock_set_deadline(page->stream, deadline); /* holds for FSOCK_NOW, too */
    if (fsock_printf(page->stream, deadline, "GET / HTTP/1.0\r\nHost: %s\r\n\r\n",
                     host ? host + 3 : target) == FSOCK_OK)
        return 0;
    complain(fsock_last_fault(page->stream));
    fsock_close(page->stream);
    page->stream = NULL;
    return 1;
}

/* Sleep until one of them can go on. poll(2) passes over a descriptor that is -1. */
static void rest(const struct page *pages, int n, fsock_time deadline)
{
    struct pollfd on[PAGES];
    fsock_time left = deadline - fsock_now();
    int timeout = left > 0 ? (int)(left / FSOCK_MILLISECOND) + 1 : 0;
    for (int i = 0; i < n; i++) {
        fsock_stream *stream = pages[i].stream;
        unsigned wants = stream ? fsock_wants(stream, FSOCK_READABLE) : 0;
        on[i].fd = stream ? fsock_fd(stream) : -1;
        on[i].events =
            (short)((wants & FSOCK_READABLE ? POLLIN : 0) | (wants & FSOCK_WRITABLE ? POLLOUT : 0));
        if (stream && !wants)
            timeout = 0; /* there is something to do already */
    }
    poll(on, (nfds_t)n, timeout);
}

/* Read what there is, if there is anything. FSOCK_EOF, or how it failed: then it is over. */
static enum fsock_err go_on(struct page *page)
{
    char some[8192];
    size_t n;
    enum fsock_err err = fsock_read(page->stream, some, sizeof some, &n, FSOCK_NOW);
    page->bytes += n;
    if (err == FSOCK_OK || err == FSOCK_AGAIN)
        return err;
    if (err != FSOCK_EOF)
        complain(fsock_last_fault(page->stream));
    fsock_close(page->stream);
    page->stream = NULL;
    return err;
}

int main(int argc, char **argv)
{
    struct page pages[PAGES] = {
        {NULL, 0}
    };
    fsock_time deadline = fsock_after(10);
    int n = argc - 1, open = 0, failed = 0;

    if (n < 1 || n > PAGES) {
        fprintf(stderr, "usage: poll_loop TARGET...    (up to %d)\n", PAGES);
        return 2;
    }
    for (int i = 0; i < n; i++)
        failed += ask(&pages[i], argv[i + 1], deadline);
    for (open = n - failed; open > 0;) {
        rest(pages, n, deadline);
        for (int i = 0; i < n; i++) {
            enum fsock_err err = pages[i].stream ? go_on(&pages[i]) : FSOCK_OK;
            if (err == FSOCK_OK || err == FSOCK_AGAIN)
                continue;
            printf("%s %lu bytes\n", argv[i + 1], pages[i].bytes);
            failed += err != FSOCK_EOF;
            open--;
        }
    }
    return failed > 0;
}
