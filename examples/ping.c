/*
 * ping.c - how long it takes to connect to a port, or to shake hands by TLS: the fastest, the mean
 * and the slowest of five times.
 *
 *     ping example.org:443
 *     ping tls://example.org:443 20
 *
 * A name is looked up each time; give an address to measure the way alone.
 */
#include <fsock.h>
#include <stdio.h>
#include <stdlib.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "ping: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "ping: %s\n", fault->hint);
    return 1;
}

static double milliseconds(fsock_time t)
{
    return (double)t / FSOCK_MILLISECOND;
}

int main(int argc, char **argv)
{
    fsock_time fastest = FSOCK_NEVER, slowest = 0, sum = 0;
    int times = argc > 2 ? atoi(argv[2]) : 5, good = 0;

    if (argc < 2 || argc > 3 || times < 1) {
        fprintf(stderr, "usage: ping TARGET [TIMES]\n");
        return 2;
    }
    for (int i = 0; i < times; i++) {
        struct fsock_fault fault;
        fsock_stream *stream;
        fsock_time began = fsock_now();
        if (fsock_open(&stream, argv[1], 0, NULL, fsock_after(2), &fault) == FSOCK_OK) {
            fsock_time took = fsock_now() - began;
            printf("%s %.2f ms\n", fsock_inspect(stream)->peer, milliseconds(took));
            fastest = took < fastest ? took : fastest;
            slowest = took > slowest ? took : slowest;
            sum += took;
            good++;
        } else {
            complain(&fault);
        }
        fsock_close(stream);
        fsock_wait(NULL, 0, fsock_after(i + 1 < times ? 0.2 : 0)); /* for nothing: a rest */
    }
    printf("%d of %d connected", good, times);
    if (good)
        printf("; min %.2f, avg %.2f, max %.2f ms", milliseconds(fastest), milliseconds(sum / good),
               milliseconds(slowest));
    printf("\n");
    return good < times;
}
