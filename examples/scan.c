/*
 * scan.c - which ports of a host are open: two hundred at once, half a second each.
 *
 *     scan 192.0.2.7 1-1024
 *
 * For your own hosts. A line per open port as it answers, then how many did what.
 */
#include <fsock.h>
#include <stdio.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "scan: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "scan: %s\n", fault->hint);
    return 1;
}

/* Add ports until the last, or until enough are waiting: FSOCK_EVENT_ROOM says when to go on. */
static enum fsock_err add_ports(fsock_probe *probe, const char *host, int *port, int last,
                                struct fsock_fault *fault)
{
    enum fsock_err err = FSOCK_OK;
    while (*port <= last && (err = fsock_probe_add(probe, host, *port, NULL, fault)) == FSOCK_OK)
        ++*port;
    return err == FSOCK_AGAIN ? FSOCK_OK : err;
}

int main(int argc, char **argv)
{
    unsigned count[FSOCK_REACH_FAILED + 1] = {0};
    struct fsock_options options;
    struct fsock_probe_event event;
    struct fsock_fault fault;
    int port, last;
    char more;

    if (argc != 3 || sscanf(argv[2], "%5d-%5d%c", &port, &last, &more) != 2 || port < 1 ||
        port > last || last > 65535) {
        fprintf(stderr, "usage: scan HOST FIRST-LAST\n");
        return 2;
    }
    fsock_options_init(&options);
    options.connect_timeout = 500 * FSOCK_MILLISECOND;
    fsock_probe *probe = fsock_probe_new(&options, 200, NULL, 0, &fault);
    if (!probe)
        return complain(&fault);

    enum fsock_err err = add_ports(probe, argv[1], &port, last, &fault);
    while (err == FSOCK_OK && fsock_probe_next(probe, &event, FSOCK_NEVER) == FSOCK_OK) {
        if (event.kind == FSOCK_EVENT_ROOM)
            err = add_ports(probe, argv[1], &port, last, &fault);
        if (event.kind != FSOCK_EVENT_DONE)
            continue;
        count[event.reach]++;
        if (event.reach == FSOCK_REACH_OPEN)
            printf("%s open after %.1f ms\n", event.peer, (double)event.took / FSOCK_MILLISECOND);
        if (event.reach == FSOCK_REACH_FAILED && count[FSOCK_REACH_FAILED] == 1)
            complain(event.fault); /* the name, most likely: not for every port */
    }
    fsock_probe_free(probe);
    if (err != FSOCK_OK)
        return complain(&fault);
    printf("%u open, %u refused, %u no answer, %u unreachable, %u failed\n",
           count[FSOCK_REACH_OPEN], count[FSOCK_REACH_REFUSED], count[FSOCK_REACH_NO_ANSWER],
           count[FSOCK_REACH_UNREACHABLE], count[FSOCK_REACH_FAILED]);
    return count[FSOCK_REACH_OPEN] == 0;
}
