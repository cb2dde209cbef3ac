#include "commands.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#define WORDS_MAX 32
#define TIMEOUT   28 /* the exit code */

/* A command that runs. Descriptors are our ends; -1: there is none (any more). */
struct command {
    const struct cell *cell;
    char line[1024]; /* cut into words */
    char *word[WORDS_MAX + 4];
    pid_t pid;
    fsock_time begun; /* the clock; 0: not yet */
    struct sleeper sleeper;
    int in, out, err;
    fsock_stream *caller;
    char said[sizeof((struct fsock_fault *)0)->text], shown[256]; /* the begin of it */
};

static void give_up(const char *what)
{
    printf("# can't begin: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ---- Starting -------------------------------------------------------------------------------- */

static void cut_words(struct command *m)
{
    unsigned n = 0;
    char *rest;
    cell_text(m->cell->url, m->line, sizeof m->line);
    m->word[n++] = getenv("FSOCK");
    m->word[n++] = "talk";
    if (m->cell->which == READ)
        m->word[n++] = "-v"; /* it says when it has opened */
    for (char *w = strtok_r(m->line, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
        if (n == WORDS_MAX)
            abort();
        m->word[n++] = w;
    }
}

static void make_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) < 0)
        give_up("pipe");
}

/* A file of the script, to be read from its begin. */
static int script_file(const char *script)
{
    int fd = memfd_create("script", MFD_CLOEXEC);
    size_t n = strlen(script);
    if (fd < 0 || pwrite(fd, script, n, 0) != (ssize_t)n)
        give_up("script");
    return fd;
}

/* The command's end of standard input; ours is m->in. */
static int make_input(struct command *m)
{
    int ends[2];
    if (m->cell->script)
        return script_file(m->cell->script);
    if (m->cell->input == INPUT_ENDED)
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    make_pipe(ends);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    m->in = ends[1];
    return ends[0];
}

/* Its end of standard output, full from the start if nobody reads it; ours is m->out. */
static int make_output(struct command *m)
{
    static const char zeros[4096];
    int ends[2];
    make_pipe(ends);
    m->out = ends[0];
    if (!m->cell->unread)
        return ends[1];
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    while (write(ends[1], zeros, sizeof zeros) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    return ends[1];
}

static void start(struct command *m)
{
    int err[2], in = make_input(m), out = make_output(m);
    make_pipe(err);
    m->err = err[0];
    m->pid = fork();
    if (m->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGPIPE, SIG_DFL);
        dup2(in, STDIN_FILENO);
        dup2(out, STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        execv(m->word[0], m->word);
        _exit(127);
    }
    close(in);
    close(out);
    close(err[1]);
}

/* ---- While it runs --------------------------------------------------------------------------- */

/* Keeps the begin of what comes in a string of `cap` bytes. At the end the descriptor is closed. */
static void take(int *fd, char *kept, size_t cap)
{
    static char bytes[65536];
    size_t had = strlen(kept);
    ssize_t n = read(*fd, bytes, sizeof bytes);
    if (n <= 0) {
        close(*fd);
        *fd = -1;
        return;
    }
    size_t room = cap - 1 - had;
    memcpy(kept + had, bytes, (size_t)n < room ? (size_t)n : room);
}

/* What it takes is no silence yet: that is measured from then on. */
static void flood(struct command *m)
{
    static const char zeros[65536];
    if (write(m->in, zeros, sizeof zeros) > 0) {
        if (m->begun && m->cell->which == READ)
            m->begun = fsock_now();
    } else if (errno != EAGAIN) {
        close(m->in);
        m->in = -1;
    }
}

/* Connects to where it listens, as soon as it has said that, and says nothing. */
static void call(struct command *m)
{
    static const char before[] = "* listening at ";
    char name[128];
    const char *at = strstr(m->said, before);
    if (m->caller || !at || !strchr(at, '\n'))
        return;
    at += sizeof before - 1;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\n"), at);
    if (fsock_open(&m->caller, name, 0, NULL, FSOCK_NEVER, NULL) != FSOCK_OK)
        give_up(name);
}

static void begin(struct command *m)
{
    m->begun = fsock_now();
    sleeper_start(&m->sleeper, m->begun + LIMIT);
}

/* Reads and feeds it, as the cell says, until it closes its standard error: when it ends. */
static void attend(struct command *m)
{
    const struct cell *c = m->cell;
    while (m->err >= 0) {
        struct pollfd p[] = {
            {m->err,                                POLLIN,  0},
            {c->unread ? -1 : m->out,               POLLIN,  0},
            {c->input == INPUT_FLOODS ? m->in : -1, POLLOUT, 0},
        };
        if (poll(p, 3, -1) < 0)
            continue;
        if (p[2].revents)
            flood(m);
        if (p[1].revents)
            take(&m->out, m->shown, sizeof m->shown);
        if (p[0].revents)
            take(&m->err, m->said, sizeof m->said);
        if (!m->begun && m->said[0])
            begin(m);
        if (c->caller)
            call(m);
    }
}

/* ---- What came of it ------------------------------------------------------------------------- */

/* The option that raises the cell's limit, as a sentence names it. */
static const char *option_of(const struct cell *c, enum fsock_limit *limit)
{
    static const struct {
        const char *option;
        enum fsock_limit limit;
    } by[] = {
        [TOTAL] = {"(-m raises this limit)",             FSOCK_LIMIT_TOTAL  },
        [CONNECT] = {"(-w raises this limit)",             FSOCK_LIMIT_CONNECT},
        [READ] = {"(-w raises this limit)",             FSOCK_LIMIT_READ   },
        [OWN] = {"(the word limit raises this limit)", FSOCK_LIMIT_TOTAL  },
    };
    *limit = by[c->which].limit;
    return by[c->which].option;
}

/* Of one port the sentence is in its record, and a hint is said. */
static void conclude(const struct command *m, int status, struct outcome *o)
{
    enum fsock_limit limit;
    bool timeout = WIFEXITED(status) && WEXITSTATUS(status) == TIMEOUT;
    const char *option = option_of(m->cell, &limit);
    const char *text = strstr(m->shown, option) || !m->said[0] ? m->shown : m->said;
    o->err = timeout ? FSOCK_ERR_TIMEOUT : FSOCK_ERR_SYSTEM;
    o->fault = (struct fsock_fault){.err = o->err,
                                    .stage = m->cell->stage,
                                    .limit = strstr(text, option) ? limit : FSOCK_LIMIT_NONE};
    snprintf(o->fault.text, sizeof o->fault.text, "%s", text);
    o->ended = WIFEXITED(status);
}

static fsock_time used(const struct rusage *r)
{
    return (r->ru_utime.tv_sec + r->ru_stime.tv_sec) * FSOCK_SECOND +
           (r->ru_utime.tv_usec + r->ru_stime.tv_usec) * FSOCK_MILLISECOND / 1000;
}

void run_talk(const unsigned *which, unsigned n, struct outcome *outcomes)
{
    static struct command m;
    struct outcome *o = &outcomes[which[0]];
    struct rusage usage;
    int status;
    (void)n;
    m = (struct command){.cell = &talk_cells[which[0]], .in = -1};
    signal(SIGPIPE, SIG_IGN);
    cut_words(&m);
    fsock_time started = fsock_now();
    start(&m);
    if (m.cell->which != READ)
        begin(&m);
    attend(&m);
    if (wait4(m.pid, &status, 0, &usage) != m.pid)
        abort();
    if (!m.begun)
        begin(&m);
    o->took = fsock_now() - m.begun;
    o->total = fsock_now() - started;
    o->cpu = used(&usage);
    o->lag = sleeper_lag(&m.sleeper);
    fsock_close(m.caller);
    conclude(&m, status, o);
}
