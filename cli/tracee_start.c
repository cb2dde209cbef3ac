#include "tracee_start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "tracee_call.h"

/* ---- The filter ------------------------------------------------------------------------------ */

#ifdef TRACEE_ARCH
enum { HEAD = 3, TAIL = 2, FILTER_MAX = 250 };

#define LOAD(member)                                                                               \
    (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, member))
#define IF_EQUAL(value, then, otherwise)                                                           \
    (struct sock_filter) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define RETURN(value) (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, value)

/* Those of another architecture pass, and so does what isn't in the list. */
static unsigned short make_filter(struct sock_filter code[FILTER_MAX])
{
    unsigned n = (unsigned)tracee_call_count(), at = 0;
    code[at++] = LOAD(arch);
    code[at++] = IF_EQUAL(TRACEE_ARCH, 0, (unsigned char)(n + 1));
    code[at++] = LOAD(nr);
    for (unsigned i = 0; i < n; i++)
        code[at++] = IF_EQUAL((unsigned)tracee_call_number(i), (unsigned char)(n - i), 0);
    code[at++] = RETURN(SECCOMP_RET_ALLOW);
    code[at++] = RETURN(SECCOMP_RET_TRACE);
    return (unsigned short)at;
}
#endif

/* In the child. Not before the parent has attached: without it these calls would fail. */
static void install_filter(void)
{
#ifdef TRACEE_ARCH
    struct sock_filter code[FILTER_MAX];
    if (tracee_call_count() + HEAD + TAIL > FILTER_MAX)
        return;
    struct sock_fprog program = {make_filter(code), code};
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 && errno == EACCES &&
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
#endif
}

/* ---- The child ------------------------------------------------------------------------------- */

/*
 * It waits until it is told to go on, and becomes the command. Its close(2) stops as the filter
 * says: so it is known that there is one.
 */
static void become(char *const argv[], int go, int news)
{
    char byte;
    if (read(go, &byte, 1) != 1)
        _exit(127);
    install_filter();
    close(go);
    execvp(argv[0], argv);
    int sys_errno = errno;
    (void)!write(news, &sys_errno, sizeof sys_errno);
    _exit(127);
}

/* ---- The parent ------------------------------------------------------------------------------ */

enum {
    OPTIONS = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK |
              PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL
};

/* The first bytes of a file, as a text. */
static void read_start(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
    text[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

static bool are_traced(void)
{
    char status[2048];
    read_start("/proc/self/status", status, sizeof status);
    const char *tracer = strstr(status, "\nTracerPid:");
    return tracer && strtol(tracer + sizeof "\nTracerPid:" - 1, NULL, 10) != 0;
}

static void explain(char *why, size_t cap, int sys_errno)
{
    char scope[8];
    read_start("/proc/sys/kernel/yama/ptrace_scope", scope, sizeof scope);
    if (sys_errno != EPERM && sys_errno != EACCES)
        snprintf(why, cap, "can't trace a command: %s", fsk_errno_text(sys_errno));
    else if (are_traced())
        snprintf(why, cap, "can't trace a command: somebody traces us, and so will trace it");
    else if (scope[0] == '3' || (scope[0] == '2' && geteuid() != 0))
        snprintf(why, cap, "tracing is forbidden on this machine: kernel.yama.ptrace_scope is %c%s",
                 scope[0], scope[0] == '2' ? "; root may trace" : ", until it is started again");
    else
        snprintf(why, cap,
                 "tracing is forbidden here, as in some containers: give this one the capability "
                 "SYS_PTRACE ('docker run --cap-add SYS_PTRACE'), or a seccomp profile that allows "
                 "ptrace");
}

static void close_both(const int ends[2])
{
    close(ends[0]);
    close(ends[1]);
}

static void give_up(pid_t pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
        ;
}

/* The child is attached, and waits. */
static bool attach(struct tracee_start *start, int go, char *why, size_t cap)
{
    if (ptrace(PTRACE_SEIZE, start->pid, 0, OPTIONS) < 0) {
        explain(why, cap, errno);
        return false;
    }
    if (write(go, "", 1) == 1)
        return true;
    snprintf(why, cap, "can't start %s", "the command");
    return false;
}

bool tracee_start(struct tracee_start *start, char *const argv[], char *why, size_t cap)
{
    int go[2], news[2];
    if (pipe2(go, O_CLOEXEC) < 0) {
        snprintf(why, cap, "can't make a pipe: %s", fsk_errno_text(errno));
        return false;
    }
    if (pipe2(news, O_CLOEXEC) < 0) {
        snprintf(why, cap, "can't make a pipe: %s", fsk_errno_text(errno));
        close_both(go);
        return false;
    }
    start->pid = fork();
    if (start->pid == 0) {
        close(go[1]); /* so that it ends if we do */
        become(argv, go[0], news[1]);
    }
    bool fine = start->pid > 0;
    if (!fine)
        snprintf(why, cap, "can't start a process: %s", fsk_errno_text(errno));
    else if (!attach(start, go[1], why, cap)) {
        give_up(start->pid);
        fine = false;
    }
    close_both(go);
    close(news[1]);
    start->news = news[0];
    if (!fine)
        close(start->news);
    return fine;
}

int tracee_start_failed(const struct tracee_start *start)
{
    int sys_errno = 0;
    if (read(start->news, &sys_errno, sizeof sys_errno) != sizeof sys_errno)
        return 0;
    return sys_errno;
}
