/*
 * deadline-matrix: every stage of a transfer, every bad manner, both drivers. Each cell has to end
 * when its limit strikes, no earlier and at most 50 ms later, or at once if the peer refuses; to
 * name the right stage and limit; and to leave no descriptor open.
 *
 * A sleeping thread beside each cell measures how late this machine wakes people up, and that much
 * is forgiven. A cell that is late all the same is run again, alone, twice at most, and said
 * to be: what is late each time is late. Output is TAP, with the table in comments.
 */
#include "cells.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#define LATE_MAX  (50 * FSOCK_MILLISECOND)
#define AT_ONCE   (LIMIT / 2) /* the latest end of what is refused */
#define FAR       (30 * FSOCK_SECOND)
#define AT_A_TIME 16 /* processes */
#define TRIES     3
#define CELLS_MAX 128
#define UPLOAD    ((size_t)64 << 20)

enum driver { RUN, LOOP, DRIVERS };
static const char *const driver_name[] = {"run", "loop"};

/* What came of a cell. */
struct outcome {
    int ended;
    enum fsock_err err;
    struct fsock_fault fault;
    fsock_time took;  /* as its caller sees it */
    fsock_time total; /* as the library says */
    fsock_time lag;   /* of the sleeper beside it */
    int fds_left;     /* open after it, but not before */
};

/* One process: a cell by run, or all cells with the same options by loop. */
struct task {
    enum driver driver;
    unsigned n, cell[CELLS_MAX];
    unsigned tries;
    pid_t pid;
};

static struct place place;
static struct outcome (*outcomes)[CELLS_MAX]; /* [DRIVERS], shared with the processes */
static struct task tasks[2 * CELLS_MAX];
static unsigned n_tasks;

/* ---- The sleeper ----------------------------------------------------------------------------- */

struct sleeper {
    pthread_t thread;
    fsock_time until, lag;
};

static void *sleep_until(void *arg)
{
    struct sleeper *s = arg;
    struct timespec ts = {.tv_sec = (time_t)(s->until / FSOCK_SECOND),
                          .tv_nsec = (long)(s->until % FSOCK_SECOND)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
        ;
    s->lag = fsock_now() - s->until;
    return NULL;
}

static void sleeper_start(struct sleeper *s, fsock_time until)
{
    s->until = until;
    if (pthread_create(&s->thread, NULL, sleep_until, s) != 0)
        abort();
}

static fsock_time sleeper_lag(struct sleeper *s)
{
    pthread_join(s->thread, NULL);
    return s->lag;
}

/* ---- One cell, one group of cells ------------------------------------------------------------ */

static int open_fds(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = -1; /* itself */
    if (!dir)
        abort();
    for (const struct dirent *e; (e = readdir(dir)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(dir);
    return n;
}

/* The caller's structs for a cell, and the texts that they point to. */
struct given {
    struct fsock_options options;
    struct fsock_request request;
    char url[256], dns[128], proxy[128], resolve[128], unix_socket[128], ca[128];
    const char *resolves[2];
};

static void give(struct given *g, const struct cell *c)
{
    static char *upload;
    *g = (struct given){.resolves = {g->resolve}};
    fsock_options_init(&g->options);
    fsock_request_init(&g->request);
    cell_text(&place, c->url, g->url, sizeof g->url);
    cell_text(&place, c->dns, g->dns, sizeof g->dns);
    cell_text(&place, c->proxy, g->proxy, sizeof g->proxy);
    cell_text(&place, c->resolve, g->resolve, sizeof g->resolve);
    cell_text(&place, c->unix_socket, g->unix_socket, sizeof g->unix_socket);
    cell_text(&place, "DIR/ca.pem", g->ca, sizeof g->ca);
    g->options.ca_file = g->ca;
    g->options.dns_servers = c->dns ? g->dns : NULL;
    g->options.proxy = c->proxy ? g->proxy : NULL;
    g->options.resolve = c->resolve ? g->resolves : NULL;
    g->options.unix_socket = c->unix_socket ? g->unix_socket : NULL;
    g->options.connect_timeout = c->which == CONNECT ? LIMIT : FAR;
    g->options.read_timeout = c->which == READ ? LIMIT : FAR;
    g->options.total_timeout = c->which == TOTAL ? LIMIT : FAR;
    if (c->loose) {
        g->options.max_ratio = UINT32_MAX;
        g->options.max_body = UINT64_MAX / 2;
    }
    g->request.flags = FSOCK_FOLLOW | FSOCK_DISCARD;
    g->request.max_redirects = 1000;
    if (!c->upload)
        return;
    if (!upload && !(upload = calloc(1, UPLOAD)))
        abort();
    g->request.body = upload;
    g->request.body_len = UPLOAD;
}

/* The total limit is the call's deadline here. */
static void run_cell(const struct task *task)
{
    const struct cell *c = &cells[task->cell[0]];
    struct outcome *o = &outcomes[RUN][task->cell[0]];
    struct given g;
    struct sleeper sleeper;
    fsock_result *result;
    give(&g, c);
    g.options.total_timeout = 0;
    int fds = open_fds();
    fsock_time start = fsock_now();
    sleeper_start(&sleeper, start + LIMIT);
    o->err = fsock_get(&result, g.url, &g.request, &g.options,
                       c->which == TOTAL ? start + LIMIT : start + FAR);
    o->took = fsock_now() - start;
    o->total = o->took;
    o->fds_left = open_fds() - fds;
    o->lag = sleeper_lag(&sleeper);
    if (fsock_result_fault(result))
        o->fault = *fsock_result_fault(result);
    fsock_result_free(result);
    o->ended = 1;
}

static void take_event(const struct fsock_event *e, fsock_time *start, struct sleeper *sleeper)
{
    unsigned i = (unsigned)(uintptr_t)e->user;
    struct outcome *o = &outcomes[LOOP][i];
    if (e->kind == FSOCK_EVENT_START) {
        start[i] = fsock_now();
        sleeper_start(&sleeper[i], start[i] + LIMIT);
    } else if (e->kind == FSOCK_EVENT_DONE) {
        o->took = fsock_now() - start[i];
        o->total = e->response->times.total;
        o->err = e->err;
        if (e->fault)
            o->fault = *e->fault;
        o->ended = 1;
    }
}

static void loop_cells(const struct task *task)
{
    static struct given given[CELLS_MAX];
    static struct sleeper sleeper[CELLS_MAX];
    static fsock_time start[CELLS_MAX];
    struct fsock_event e;
    struct fsock_fault fault;
    int fds = open_fds();
    for (unsigned i = 0; i < task->n; i++)
        give(&given[i], &cells[task->cell[i]]);
    fsock_fetch *f = fsock_fetch_new(&given[0].options, 0, CELLS_MAX, &fault);
    for (unsigned i = 0; f && i < task->n; i++)
        if (fsock_fetch_add(f, given[i].url, strlen(given[i].url), &given[i].request,
                            (void *)(uintptr_t)task->cell[i], &fault) != FSOCK_OK)
            outcomes[LOOP][task->cell[i]].fault = fault;
    while (f && fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
        take_event(&e, start, sleeper);
    fsock_fetch_free(f);
    for (unsigned i = 0; i < task->n; i++) {
        struct outcome *o = &outcomes[LOOP][task->cell[i]];
        if (start[task->cell[i]])
            o->lag = sleeper_lag(&sleeper[task->cell[i]]);
    }
    for (unsigned i = 0; i < task->n; i++)
        outcomes[LOOP][task->cell[i]].fds_left = open_fds() - fds;
}

/* ---- Judging --------------------------------------------------------------------------------- */

enum verdict { GOOD, LATE, WRONG };

static fsock_time lateness(const struct outcome *o)
{
    return o->took - LIMIT - (o->lag > 0 ? o->lag : 0);
}

static enum verdict judge(const struct cell *c, const struct outcome *o, char *why, size_t cap)
{
    static const enum fsock_limit limits[] = {FSOCK_LIMIT_TOTAL, FSOCK_LIMIT_CONNECT,
                                              FSOCK_LIMIT_READ};
    const struct fsock_fault *f = &o->fault;
    char named[128];
    enum fsock_err err = c->slow && o->err == FSOCK_ERR_TIMEOUT ? o->err : c->err;
    bool timeout = err == FSOCK_ERR_TIMEOUT;
    enum fsock_limit limit = timeout ? limits[c->which] : FSOCK_LIMIT_NONE;
    cell_text(&place, c->named, named, sizeof named);
    if (!o->ended)
        snprintf(why, cap, "it never ended: %s", f->text);
    else if (o->err != err || f->err != err)
        snprintf(why, cap, "it is %s, not %s: %s", fsock_err_name(o->err), fsock_err_name(err),
                 f->text);
    else if (f->stage != c->stage)
        snprintf(why, cap, "the stage is %s: %s", fsock_stage_name(f->stage), f->text);
    else if (f->limit != limit)
        snprintf(why, cap, "the limit is %d, not %d: %s", f->limit, limit, f->text);
    else if (!strstr(f->text, named) || strstr(f->text, "Success") ||
             strstr(f->text, "in progress"))
        snprintf(why, cap, "the sentence: %s", f->text);
    else if (o->fds_left != 0)
        snprintf(why, cap, "%d descriptors left open", o->fds_left);
    else if (timeout && o->total < LIMIT)
        snprintf(why, cap, "%.1f ms early", (double)(LIMIT - o->total) / 1e6);
    else if (timeout ? lateness(o) > LATE_MAX : o->took > (c->slow ? LIMIT : AT_ONCE) + o->lag)
        return snprintf(why, cap, "took %.1f ms (lag %.1f ms): %s", (double)o->took / 1e6,
                        (double)o->lag / 1e6, f->text),
               LATE;
    else
        return why[0] = '\0', GOOD;
    return WRONG;
}

static bool is_late(const struct task *task)
{
    char why[1024];
    for (unsigned i = 0; i < task->n; i++)
        if (judge(&cells[task->cell[i]], &outcomes[task->driver][task->cell[i]], why, sizeof why) ==
            LATE) {
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
    if (task->driver == RUN)
        run_cell(task);
    else
        loop_cells(task);
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
    return cells[task->cell[0]].loose;
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
    return a->which == b->which && a->loose == b->loose && same(a->dns, b->dns) &&
           same(a->proxy, b->proxy) && same(a->resolve, b->resolve) &&
           same(a->unix_socket, b->unix_socket);
}

static void make_tasks(void)
{
    for (unsigned i = 0; i < n_cells; i++) {
        tasks[n_tasks++] = (struct task){.driver = RUN, .n = 1, .cell = {i}};
        unsigned t = 0;
        while (t < n_tasks &&
               (tasks[t].driver != LOOP || !same_options(&cells[tasks[t].cell[0]], &cells[i])))
            t++;
        if (t == n_tasks)
            tasks[n_tasks++] = (struct task){.driver = LOOP};
        tasks[t].cell[tasks[t].n++] = i;
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

static void print_table(void)
{
    static const char *const limit[] = {"total", "connect", "read"};
    printf("# %-8s %-20s %-8s %13s %13s   (ms)\n", "stage", "manner", "limit", "run", "loop");
    for (unsigned i = 0; i < n_cells; i++) {
        const struct cell *c = &cells[i];
        printf("# %-8s %-20s %-8s", c->stage_name, c->manner, limit[c->which]);
        print_time(c, &outcomes[RUN][i]);
        print_time(c, &outcomes[LOOP][i]);
        printf("\n");
    }
}

static bool print_results(void)
{
    bool good = true;
    char why[1024];
    printf("1..%u\n", 2 * n_cells);
    for (unsigned i = 0; i < 2 * n_cells; i++) {
        enum driver driver = i % 2 ? LOOP : RUN;
        const struct cell *c = &cells[i / 2];
        enum verdict v = judge(c, &outcomes[driver][i / 2], why, sizeof why);
        printf("%s %u - %s, %s, %s%s%s\n", v == GOOD ? "ok" : "not ok", i + 1, c->stage_name,
               c->manner, driver_name[driver], why[0] ? ": " : "", why);
        good = good && v == GOOD;
    }
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

int main(void)
{
    strcpy(place.dir, "/tmp/deadline-matrix-XXXXXX");
    outcomes = mmap(NULL, DRIVERS * sizeof *outcomes, PROT_READ | PROT_WRITE,
                    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (outcomes == MAP_FAILED || n_cells > CELLS_MAX || !mkdtemp(place.dir) ||
        !peers_start(&place.peers, place.dir) || site_start(&place.site, place.dir) != 0) {
        printf("Bail out! the servers did not start\n");
        return 1;
    }
    setlinebuf(stdout);
    make_tasks();
    run_tasks();
    print_table();
    bool good = print_results();
    peers_stop(&place.peers);
    site_stop(&place.site);
    remove_dir(place.dir);
    return good ? 0 : 1;
}
