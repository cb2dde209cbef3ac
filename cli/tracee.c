#include "tracee.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracee_call.h"
#include "tracee_start.h"
#include "tracee_thread.h"

struct tracee {
    struct tracee_context ctx;
    struct tracee_threads threads;
    struct tracee_start start;
    bool filtered; /* only calls of interest stop */
    bool started;  /* the command has been executed */
    bool over;     /* the command has ended; its children may go on */
    bool ended;    /* so have they, and all is told */
    int status, sys_errno;
    char note[256];                           /* "": none is new */
    char shown[256];                          /* the one that was told last */
    bool told_uring, told_class, told_rights; /* each note once */
};

/* ---- Signals to ourselves -------------------------------------------------------------------- */

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};

enum { PASSED_ON = sizeof passed_on / sizeof *passed_on };

static volatile sig_atomic_t command; /* its process, 0: it is over */
static volatile sig_atomic_t pending; /* came after that */
static struct sigaction before[PASSED_ON], before_pipe;

/* What the terminal sends, the command gets from there. */
static void on_signal(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    (void)context;
    if (info->si_code > 0 && command)
        return;
    if (command)
        kill(command, number);
    else
        pending = number;
    errno = saved;
}

/* And let the command go on if nobody reads what we say of it. */
static void catch_signals(pid_t pid)
{
    struct sigaction now = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, &before_pipe);
    command = pid;
    pending = 0;
    for (size_t i = 0; i < PASSED_ON; i++)
        sigaction(passed_on[i], &now, &before[i]);
}

static void release_signals(void)
{
    for (size_t i = 0; i < PASSED_ON; i++)
        sigaction(passed_on[i], &before[i], NULL);
    sigaction(SIGPIPE, &before_pipe, NULL);
    command = 0;
}

/* ---- Notes ----------------------------------------------------------------------------------- */

static void note(struct tracee *t, bool *told, const char *text)
{
    if (!*told && !t->note[0]) {
        snprintf(t->note, sizeof t->note, "%s", text);
        *told = true;
    }
}

/* A program of which not all can be seen. */
static void look_at_program(struct tracee *t, pid_t tid)
{
    char path[32];
    unsigned char ident[EI_NIDENT] = "";
    struct stat st = {.st_mode = 0};
    snprintf(path, sizeof path, "/proc/%d/exe", (int)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t n = read(fd, ident, sizeof ident);
    bool special = fstat(fd, &st) == 0 && st.st_mode & (S_ISUID | S_ISGID) && geteuid() != 0;
    close(fd);
    if (n == sizeof ident && memcmp(ident, ELFMAG, SELFMAG) == 0 &&
        ident[EI_CLASS] != (sizeof(long) == 8 ? ELFCLASS64 : ELFCLASS32))
        note(t, &t->told_class,
             "a program for another architecture (32-bit?) runs, whose calls "
             "aren't decoded");
    else if (special)
        note(t, &t->told_rights,
             "a set-user-ID program runs, under tracing without its special "
             "rights");
}

/* ---- Stops ----------------------------------------------------------------------------------- */

/* Let a thread go on; it may have been killed meanwhile. */
static void resume(const struct tracee *t, const struct tracee_thread *thread, int number)
{
    bool each = !t->filtered || (thread->call.shape && !thread->paused);
    ptrace(each ? PTRACE_SYSCALL : PTRACE_CONT, thread->tid, 0, (unsigned long)number);
}

/* What can't be seen of the end that a signal has brought, and what the program gets to see. */
enum { ERESTARTSYS = 512, ERESTART_RESTARTBLOCK = 516 };

static void take_result(struct tracee_call *call, int64_t rval, bool failed)
{
    call->ended = fsock_now();
    call->result = failed ? -1 : rval;
    call->sys_errno = failed ? (int)-rval : 0;
    if (call->sys_errno >= ERESTARTSYS && call->sys_errno <= ERESTART_RESTARTBLOCK)
        call->sys_errno = EINTR;
}

static void call_begins(struct tracee *t, struct tracee_thread *thread, uint64_t number,
                        const uint64_t arg[6])
{
    struct tracee_call *call = &thread->call;
    if (thread->paused) {
        thread->paused = false;
        if (number == SYS_restart_syscall)
            return;
        tracee_call_leave(&t->ctx, call);
    }
    tracee_call_abandon(&t->ctx, call);
    call->tid = thread->tid;
    call->files = thread->files;
    call->began = fsock_now();
    memcpy(call->arg, arg, sizeof call->arg);
    if (!tracee_call_enter(&t->ctx, call, number))
        tracee_call_abandon(&t->ctx, call);
}

static void call_ends(struct tracee *t, struct tracee_thread *thread, int64_t rval, bool failed)
{
    if (!thread->call.shape)
        return;
    take_result(&thread->call, rval, failed);
    thread->paused = failed && rval == -ERESTART_RESTARTBLOCK;
    if (!thread->paused)
        tracee_call_leave(&t->ctx, &thread->call);
    if (t->ctx.uring)
        note(t, &t->told_uring, "the program uses io_uring, whose calls can't be seen");
}

/* The command itself is known from its first program on: before that it is us. */
static void syscall_stop(struct tracee *t, struct tracee_thread *thread)
{
    struct __ptrace_syscall_info info;
    if (!t->started ||
        ptrace(PTRACE_GET_SYSCALL_INFO, thread->tid, (void *)sizeof info, &info) <= 0)
        return;
#ifdef TRACEE_ARCH
    if (info.arch != TRACEE_ARCH)
        return; /* the same numbers are other calls there */
#endif
    if (info.op == PTRACE_SYSCALL_INFO_SECCOMP)
        call_begins(t, thread, info.seccomp.nr, (const uint64_t *)info.seccomp.args);
    else if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
        call_begins(t, thread, info.entry.nr, (const uint64_t *)info.entry.args);
    else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
        call_ends(t, thread, info.exit.rval, info.exit.is_error);
}

static void event_stop(struct tracee *t, struct tracee_thread *thread, int event)
{
    unsigned long message = 0;
    ptrace(PTRACE_GETEVENTMSG, thread->tid, 0, &message);
    switch (event) {
    case PTRACE_EVENT_SECCOMP:
        t->filtered = true;
        syscall_stop(t, thread);
        break;
    case PTRACE_EVENT_FORK:
    case PTRACE_EVENT_VFORK:
    case PTRACE_EVENT_CLONE:
        if (!tracee_thread_get(&t->threads, (pid_t)message))
            tracee_thread_add(&t->threads, &t->ctx, (pid_t)message, thread);
        break;
    case PTRACE_EVENT_EXEC:
        t->ctx.mean.moment = (struct tracee_moment){thread->tid, fsock_now()};
        tracee_thread_exec(&t->threads, &t->ctx, thread, (pid_t)message);
        t->started = t->started || thread->tid == t->start.pid;
        look_at_program(t, thread->tid);
        break;
    }
}

static bool stops(int number)
{
    return number == SIGSTOP || number == SIGTSTP || number == SIGTTIN || number == SIGTTOU;
}

static void stopped(struct tracee *t, struct tracee_thread *thread, int status)
{
    int number = WSTOPSIG(status), event = (int)((unsigned)status >> 16);
    if (event == PTRACE_EVENT_STOP && stops(number)) {
        ptrace(PTRACE_LISTEN, thread->tid, 0, 0); /* it stays stopped until SIGCONT */
        return;
    }
    if (event)
        event_stop(t, thread, event);
    else if (number == (SIGTRAP | 0x80))
        syscall_stop(t, thread);
    resume(t, thread, event || number == (SIGTRAP | 0x80) ? 0 : number);
}

/* ---- Life ------------------------------------------------------------------------------------ */

static void command_over(struct tracee *t, int status)
{
    command = 0;
    t->over = true;
    if (!t->started) {
        t->sys_errno = tracee_start_failed(&t->start);
        t->status = t->sys_errno == ENOENT || t->sys_errno == ENOTDIR ? 127 : 126;
    } else {
        t->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
}

static void thread_ended(struct tracee *t, pid_t tid, int status)
{
    struct tracee_thread *thread = tracee_thread_get(&t->threads, tid);
    t->ctx.mean.moment = (struct tracee_moment){tid, fsock_now()};
    if (thread)
        tracee_thread_remove(&t->threads, &t->ctx, thread);
    if (tid == t->start.pid)
        command_over(t, status);
}

/* All descriptors that are still open are closed by the end of their processes. */
static void finish(struct tracee *t)
{
    t->ctx.mean.moment.at = fsock_now();
    tracee_threads_fini(&t->threads, &t->ctx);
    tracee_threads_init(&t->threads);
    tracee_mean_finish(&t->ctx.mean);
    t->ended = true;
}

/* Wait for the next thing that happens to any of the threads. */
static void step(struct tracee *t)
{
    int status;
    pid_t tid = waitpid(-1, &status, __WALL);
    if (pending && t->over) { /* shells let what runs in the background ignore INT and QUIT */
        bool ignored = pending == SIGINT || pending == SIGQUIT;
        tracee_threads_kill(&t->threads, ignored ? SIGTERM : pending);
        pending = 0;
    }
    if (tid < 0) {
        if (errno != EINTR)
            finish(t);
        return;
    }
    if (!WIFSTOPPED(status)) {
        thread_ended(t, tid, status);
        return;
    }
    struct tracee_thread *thread = tracee_thread_get(&t->threads, tid);
    if (!thread) /* the parent's event comes later */
        thread = tracee_thread_add(&t->threads, &t->ctx, tid, NULL);
    if (thread)
        stopped(t, thread, status);
    else
        kill(tid, SIGKILL); /* out of memory: it must not stand still for ever */
}

static void socket_gone(void *arg, struct tracee_conn *conn)
{
    tracee_mean_gone(arg, conn);
}

struct tracee *tracee_new(char *const argv[], const struct tracee_options *options, char *why,
                          size_t cap)
{
    struct tracee *t = calloc(1, sizeof *t);
    fsock_trace *queue = fsock_trace_new(FSOCK_TRACE_DATA | FSOCK_TRACE_SECRETS);
    char *room = malloc(TRACEE_ROOM);
    if (!t || !queue || !room || !tracee_start(&t->start, argv, why, cap)) {
        if (!t || !queue || !room)
            snprintf(why, cap, "out of memory");
        fsock_trace_free(queue);
        free(room);
        free(t);
        return NULL;
    }
    t->ctx.queue = queue;
    t->ctx.room = room;
    t->ctx.data = options->data;
    t->ctx.secrets = options->secrets;
    tracee_conns_init(&t->ctx.conns);
    tracee_mean_init(&t->ctx.mean, queue, options->secrets);
    t->ctx.conns.gone = socket_gone;
    t->ctx.conns.arg = &t->ctx.mean;
    tracee_threads_init(&t->threads);
    tracee_thread_add(&t->threads, &t->ctx, t->start.pid, NULL);
    catch_signals(t->start.pid);
    return t;
}

void tracee_free(struct tracee *t)
{
    if (!t)
        return;
    if (!t->ended)
        tracee_threads_kill(&t->threads, SIGKILL);
    while (!t->ended && (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR))
        ;
    release_signals();
    close(t->start.news);
    tracee_threads_fini(&t->threads, &t->ctx);
    tracee_conns_fini(&t->ctx.conns);
    fsock_trace_free(t->ctx.queue);
    free(t->ctx.room);
    free(t);
}

enum tracee_what tracee_next(struct tracee *t, const struct fsock_mark **mark)
{
    for (;;) {
        *mark = fsock_trace_next(t->ctx.queue);
        if (*mark)
            return TRACEE_MARK;
        if (t->note[0]) {
            memcpy(t->shown, t->note, sizeof t->shown);
            t->note[0] = '\0';
            return TRACEE_NOTE;
        }
        if (t->ended)
            return TRACEE_END;
        step(t);
    }
}

const char *tracee_note(const struct tracee *t)
{
    return t->shown;
}

int tracee_status(const struct tracee *t)
{
    return t->status;
}

int tracee_errno(const struct tracee *t)
{
    return t->sys_errno;
}

uint64_t tracee_lost(const struct tracee *t)
{
    return fsock_trace_lost(t->ctx.queue);
}
