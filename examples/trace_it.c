/*
 * trace_it.c - where the time goes until a TLS connection is open: each step, and when it happened.
 *
 *     trace_it example.org:443
 *     trace_it example.org:443 calls      (with each system call, as strace shows them)
 */
#include <fsock.h>
#include <stdio.h>
#include <string.h>

static int complain(const struct fsock_fault *fault)
{
    fprintf(stderr, "trace_it: %s\n", fault->text);
    if (fault->hint[0])
        fprintf(stderr, "trace_it: %s\n", fault->hint);
    return 1;
}

static void print(const struct fsock_mark *m, fsock_time began)
{
    printf("%9.3f ms  %s", (double)(m->at - began) / FSOCK_MILLISECOND,
           m->call ? m->call : fsock_mark_name(m->kind));
    for (unsigned i = 0; i < m->fields; i++)
        if (m->field[i].text)
            printf(" %s=%s", m->field[i].key, m->field[i].text);
        else
            printf(" %s=%lld", m->field[i].key, (long long)m->field[i].number);
    if (m->sys_errno)
        printf(": %s", strerror(m->sys_errno));
    putchar('\n');
}

int main(int argc, char **argv)
{
    struct fsock_options options;
    struct fsock_fault fault;
    fsock_stream *stream;
    char target[300];
    int calls = argc == 3 && strcmp(argv[2], "calls") == 0;

    if (argc < 2 || argc > 2 + calls) {
        fprintf(stderr, "usage: trace_it HOST:PORT [calls]\n");
        return 2;
    }
    snprintf(target, sizeof target, "tls://%s", argv[1]);
    fsock_options_init(&options);
    options.trace = fsock_trace_new(0); /* without memory it is NULL: no trace */
    fsock_time began = fsock_now();
    enum fsock_err err = fsock_open(&stream, target, 0, &options, fsock_after(5), &fault);
    fsock_close(stream);
    for (const struct fsock_mark *m; options.trace && (m = fsock_trace_next(options.trace));)
        if (calls || m->kind != FSOCK_MARK_CALL)
            print(m, began);
    fsock_trace_free(options.trace);
    return err == FSOCK_OK ? 0 : complain(&fault);
}
