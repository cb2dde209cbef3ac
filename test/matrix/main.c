/*
 * deadline-matrix: every stage of a transfer and every call of a stream, every bad manner. Each
 * cell has to end when its limit strikes, no earlier and at most 50 ms later, or at once if the
 * peer refuses; to name the right stage and limit; to leave no descriptor open; and to wait without
 * keeping a processor busy. Transfers are run both ways, by one call and in a loop. The command
 * `fsock talk` is run as a process of its own, which may be 100 ms late.
 *
 * A sleeping thread beside each cell measures how late this machine wakes people up, and that much
 * is forgiven. A cell that is late all the same, or whose peer was, is run again, alone, twice at
 * most, and said to be: what is late each time is late. Output is TAP, with the tables in comments.
 *
 * To add a way to run cells: a table of cells, a function that runs one of them, and a row in
 * drivers[].
 */
#include <dirent.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "commands.h"
#include "measure.h"
#include "streams.h"
#include "transfers.h"

#define LATE_MAX  (50 * FSOCK_MILLISECOND)
#define TALK_LATE (100 * FSOCK_MILLISECOND) /* a process has to start, and to end */
#define AT_A_TIME 16                        /* processes */
#define TRIES     3

static const struct driver drivers[] = {
    {"run",    cells,        &n_cells,        run_transfer,   false, LATE_MAX },
    {"loop",   cells,        &n_cells,        loop_transfers, true,  LATE_MAX },
    {"stream", stream_cells, &n_stream_cells, run_stream,     false, LATE_MAX },
    {"talk",   talk_cells,   &n_talk_cells,   run_talk,       false, TALK_LATE},
};
#define DRIVERS (sizeof drivers / sizeof *drivers)

/* One process. */
struct task {
    unsigned driver;
    unsigned n, cell[CELLS_MAX];
    unsigned tries;
    pid_t pid;
};

struct place place;
static struct outcome (*outcomes)[CELLS_MAX]; /* [DRIVERS], shared with the processes */
static struct task tasks[DRIVERS * CELLS_MAX];
static unsigned n_tasks;
static const char *only; /* a stage or a driver; NULL: all of them */

static bool is_left_out(const struct driver *d, const struct cell *c)
{
    return only && strcmp(only, c->stage_name) != 0 && strcmp(only, d->name) != 0;
}

static const struct cell *first_cell(const struct task *task)
{
    return &drivers[task->driver].cells[task->cell[0]];
}

static bool is_late(const struct task *task)
{
    char why[1024];
    const struct driver *d = &drivers[task->driver];
    for (unsigned i = 0; i < task->n; i++)
        if (judge(d, &d->cells[task->cell[i]], &outcomes[task->driver][task->cell[i]], why,
                  sizeof why) == LATE) {
            printf("# late, measured again alone: %s\n", why);
            return true;
        }
    return false;
}

/* ---- Processes ------------------------------------------------------------------------------- */

static void start_task(struct task *task)
{
    for (unsigned i = 0; i < task->n; i++)
        outcomes[task->driver][task->cell[i]] = (struct outcome){.ended = 0};
    task->tries++;
    task->pid = fork();
    if (task->pid != 0)
        return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(20); /* what never returns is killed */
    drivers[task->driver].run(task->cell, task->n, outcomes[task->driver]);
    exit(0);
}

/* Wait for any of them; one that died by a signal or a sanitizer did not end. */
static void reap_task(void)
{
    int status;
    pid_t pid = wait(&status);
    for (unsigned t = 0; t < n_tasks; t++)
        if (tasks[t].pid == pid && status != 0)
            for (unsigned i = 0; i < tasks[t].n; i++)
                outcomes[tasks[t].driver][tasks[t].cell[i]].ended = 0;
}

/* A flooding peer keeps a processor busy: it must not be beside others. */
static bool is_loud(const struct task *task)
{
    return first_cell(task)->loose;
}

static void run_tasks(void)
{
    unsigned running = 0;
    for (unsigned t = 0; t < n_tasks; t++) {
        if (is_loud(&tasks[t]))
            continue;
        if (running == AT_A_TIME) {
            reap_task();
            running--;
        }
        start_task(&tasks[t]);
        running++;
    }
    for (; running; running--)
        reap_task();
    for (unsigned t = 0; t < n_tasks; t++)
        while (tasks[t].tries == 0 || (tasks[t].tries < TRIES && is_late(&tasks[t]))) {
            start_task(&tasks[t]);
            reap_task();
        }
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_options(const struct cell *a, const struct cell *b)
{
    return a->which == b->which && a->loose == b->loose && a->paced == b->paced &&
           a->http2 == b->http2 && same(a->dns, b->dns) && same(a->proxy, b->proxy) &&
           same(a->resolve, b->resolve) && same(a->unix_socket, b->unix_socket);
}

/* The driver's task that a cell can share, or a new one. */
static struct task *task_for(unsigned driver, const struct cell *c)
{
    for (unsigned t = 0; t < n_tasks && drivers[driver].grouped; t++)
        if (tasks[t].driver == driver && same_options(first_cell(&tasks[t]), c))
            return &tasks[t];
    tasks[n_tasks] = (struct task){.driver = driver};
    return &tasks[n_tasks++];
}

static void make_tasks(void)
{
    for (unsigned d = 0; d < DRIVERS; d++)
        for (unsigned i = 0; i < *drivers[d].n_cells; i++) {
            if (is_left_out(&drivers[d], &drivers[d].cells[i]))
                continue;
            struct task *task = task_for(d, &drivers[d].cells[i]);
            task->cell[task->n++] = i;
        }
}

/* ---- Telling --------------------------------------------------------------------------------- */

static void print_time(const struct cell *c, const struct outcome *o)
{
    if (!o->ended)
        printf("        never");
    else if (c->err == FSOCK_ERR_TIMEOUT)
        printf("%8.1f late", (double)lateness(o) / 1e6);
    else
        printf("%9.1f all", (double)o->took / 1e6);
}

/* A line per cell, with a column for each driver that runs the same table. */
static void print_table(unsigned first, unsigned last)
{
    static const char *const limit[] = {"total", "connect", "read", "own"};
    const struct cell *table = drivers[first].cells;
    printf("# %-9s %-22s %-8s", "stage", "manner", "limit");
    for (unsigned d = first; d <= last; d++)
        printf(" %13s", drivers[d].name);
    printf("   (ms)\n");
    for (unsigned i = 0; i < *drivers[first].n_cells; i++) {
        if (is_left_out(&drivers[first], &table[i]))
            continue;
        printf("# %-9s %-22s %-8s", table[i].stage_name, table[i].manner, limit[table[i].which]);
        for (unsigned d = first; d <= last; d++)
            print_time(&table[i], &outcomes[d][i]);
        printf("\n");
    }
}

static void print_tables(void)
{
    for (unsigned d = 0, last; d < DRIVERS; d = last + 1) {
        for (last = d; last + 1 < DRIVERS && drivers[last + 1].cells == drivers[d].cells;)
            last++;
        print_table(d, last);
    }
}

static bool print_results(void)
{
    bool good = true;
    char why[1024];
    unsigned n = 0;
    for (unsigned d = 0; d < DRIVERS; d++)
        for (unsigned i = 0; i < *drivers[d].n_cells; i++) {
            const struct cell *c = &drivers[d].cells[i];
            if (is_left_out(&drivers[d], c))
                continue;
            enum verdict v = judge(&drivers[d], c, &outcomes[d][i], why, sizeof why);
            printf("%s %u - %s, %s, %s%s%s\n", v == GOOD ? "ok" : "not ok", ++n, c->stage_name,
                   c->manner, drivers[d].name, why[0] ? ": " : "", why);
            good = good && v == GOOD;
        }
    printf("1..%u\n", n);
    return good;
}

static void remove_dir(const char *path)
{
    DIR *dir = opendir(path);
    char file[400];
    for (const struct dirent *e; dir && (e = readdir(dir)) != NULL;) {
        snprintf(file, sizeof file, "%s/%s", path, e->d_name);
        if (e->d_name[0] != '.')
            unlink(file);
    }
    if (dir)
        closedir(dir);
    rmdir(path);
}

/* With a word: the cells of this stage, or of this driver, only. */
int main(int argc, char **argv)
{
    only = argc > 1 ? argv[1] : NULL;
    strcpy(place.dir, "/tmp/deadline-matrix-XXXXXX");
    outcomes = mmap(NULL, DRIVERS * sizeof *outcomes, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcomes == MAP_FAILED || n_cells > CELLS_MAX || n_stream_cells > CELLS_MAX ||
        n_talk_cells > CELLS_MAX || !getenv("FSOCK") || !mkdtemp(place.dir) ||
        !peers_start(&place.peers, place.dir) || site_start(&place.site, place.dir) != 0) {
        printf("Bail out! the servers did not start, or FSOCK names no command\n");
        return 1;
    }
    setlinebuf(stdout);
    make_tasks();
    run_tasks();
    print_tables();
    bool good = print_results();
    peers_stop(&place.peers);
    site_stop(&place.site);
    remove_dir(place.dir);
    return good ? 0 : 1;
}
