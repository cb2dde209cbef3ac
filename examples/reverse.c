/*
 * reverse.c - the names of a list of addresses, one a line on standard input, all at once.
 *
 *     reverse [SERVER,...] < addresses
 *
 * A line per address as its answer comes: the address and its name, or the sentence that says why
 * there is none. The list may be of any length: no more of it is read than fits the queue.
 */
#include <fsock.h>
#include <stdio.h>
#include <string.h>

static unsigned long failed;

static void report(const struct fsock_answer *answer)
{
    const char *name = answer->status_name; /* NODATA, NXDOMAIN */
    for (size_t i = 0; i < answer->count; i++)
        if (answer->records[i].type == FSOCK_PTR)
            name = answer->records[i].data;
    failed += answer->fault != NULL;
    printf("%s %s\n", answer->name, answer->fault ? answer->fault->text : name);
}

/* Put lines until the list has ended, or the queue is full: then `line` waits for room. */
static void add_lines(fsock_dns *dns, char *line, int cap)
{
    while (line[0] || fgets(line, cap, stdin)) {
        struct fsock_fault fault;
        size_t len = strcspn(line, "\r\n");
        enum fsock_err err =
            len ? fsock_dns_add(dns, line, len, FSOCK_PTR, NULL, &fault) : FSOCK_OK;
        if (err == FSOCK_AGAIN)
            return;
        if (err != FSOCK_OK) {
            printf("--- %s\n", fault.text);
            failed++;
        }
        line[0] = '\0';
    }
}

int main(int argc, char **argv)
{
    char line[1024] = "";
    struct fsock_options options;
    struct fsock_fault fault;
    struct fsock_dns_event event;

    fsock_options_init(&options);
    options.dns_servers = argc > 1 ? argv[1] : NULL; /* NULL: those of resolv.conf */
    fsock_dns *dns = fsock_dns_new(&options, NULL, fsock_after(5), &fault);
    if (!dns) {
        fprintf(stderr, "reverse: %s\n", fault.text);
        return 1;
    }
    add_lines(dns, line, sizeof line);
    enum fsock_err err;
    while ((err = fsock_dns_next(dns, &event, FSOCK_NEVER)) == FSOCK_OK) {
        if (event.kind == FSOCK_EVENT_DONE)
            report(event.answer);
        else if (event.kind == FSOCK_EVENT_ROOM)
            add_lines(dns, line, sizeof line);
    }
    fsock_dns_free(dns);
    return failed || err != FSOCK_EOF;
}
