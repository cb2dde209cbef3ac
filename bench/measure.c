/* measure.c: fsock-measure REPORT CPU COMMAND [ARG]... - what a command costs.
 *
 * Runs the command on that CPU (-1: on any) and writes one line to the file REPORT:
 *
 *     wall user system rss status
 *
 * The first three are seconds; rss is the most resident memory in KiB; status is the exit code, or
 * minus the signal that ended it. The times and the memory are those of the command and of all that
 * it has waited for.
 *
 * It is in C because a process starts with its parent's high-water mark of memory, and this
 * parent's is below that of anything worth measuring.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "fsock-measure: %s: %s\n", what, strerror(errno));
    exit(2);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static void pin(int cpu)
{
    cpu_set_t set;
    if (cpu < 0)
        return;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) < 0)
        die("sched_setaffinity");
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: fsock-measure REPORT CPU COMMAND [ARG]...\n");
        return 2;
    }
    double start = now();
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        pin(atoi(argv[2]));
        execvp(argv[3], argv + 3);
        die(argv[3]);
    }
    struct rusage cost;
    int status;
    while (wait4(pid, &status, 0, &cost) < 0)
        if (errno != EINTR)
            die("wait4");
    double wall = now() - start;
    FILE *report = fopen(argv[1], "we");
    if (!report)
        die(argv[1]);
    fprintf(report, "%.6f %.6f %.6f %ld %d\n", wall, seconds(cost.ru_utime), seconds(cost.ru_stime),
            cost.ru_maxrss, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    if (fclose(report) != 0)
        die(argv[1]);
    return 0;
}
