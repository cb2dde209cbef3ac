/*
 * fetch.c - fetch a list of URLs, one a line on standard input, a hundred at once; one second each.
 *
 * A line per URL as it ends: its status, the bytes of its body and its name, or the sentence that
 * says what went wrong. The list may be of any length: no more of it is read than fits the queue.
 * (Reading waits here; fsock_fetch_watch() is for lists that come from slow pipes.)
 */
#include <fsock.h>
#include <stdio.h>
#include <string.h>

static unsigned long failed;

static void report_end(const struct fsock_event *event)
{
    const struct fsock_response *response = event->response;
    if (event->err == FSOCK_OK) {
        printf("%d %lu %s\n", response->status, (unsigned long)response->size_body, response->url);
    } else {
        printf("--- %s\n", event->fault->text);
        failed++;
    }
}

/* Queue lines until the list has ended, or the queue is full: then `line` waits for room. */
static void add_lines(fsock_fetch *fetch, const struct fsock_request *request, char *line, int cap)
{
    while (line[0] || fgets(line, cap, stdin)) {
        struct fsock_fault fault;
        size_t len = strcspn(line, "\r\n");
        enum fsock_err err =
            len ? fsock_fetch_add(fetch, line, len, request, NULL, &fault) : FSOCK_OK;
        if (err == FSOCK_AGAIN)
            return;
        if (err != FSOCK_OK) {
            printf("--- %s\n", fault.text);
            failed++;
        }
        line[0] = '\0';
    }
}

int main(void)
{
    char line[8192] = "";
    struct fsock_options options;
    struct fsock_request request;
    struct fsock_fault fault;
    struct fsock_event event;

    fsock_options_init(&options);
    options.total_timeout = FSOCK_SECOND;
    fsock_request_init(&request);
    request.flags = FSOCK_FOLLOW | FSOCK_DISCARD;

    fsock_fetch *fetch = fsock_fetch_new(&options, 100, 0, &fault);
    if (!fetch) {
        fprintf(stderr, "fetch: %s\n", fault.text);
        return 1;
    }
    add_lines(fetch, &request, line, sizeof line);
    enum fsock_err err;
    while ((err = fsock_fetch_next(fetch, &event, FSOCK_NEVER)) == FSOCK_OK) {
        if (event.kind == FSOCK_EVENT_DONE)
            report_end(&event);
        else if (event.kind == FSOCK_EVENT_ROOM)
            add_lines(fetch, &request, line, sizeof line);
    }
    fsock_fetch_free(fetch);
    return failed || err != FSOCK_EOF;
}
