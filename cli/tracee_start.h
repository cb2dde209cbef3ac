/*
 * tracee_start.h - a command is started so that its system calls can be traced.
 *
 * A filter (seccomp(2)) lets all calls pass at full speed but those of tracee_call.h, and it goes
 * on with the command's children. Where the kernel forbids it, every call stops, which is slower.
 *
 * Without CAP_SYS_ADMIN a filter takes away from set-user-ID programs what makes them special. So
 * does tracing itself: they run, with the rights of whoever has started them.
 */
#ifndef FSOCK_CLI_TRACEE_START_H
#define FSOCK_CLI_TRACEE_START_H

#include <linux/audit.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whose numbers of system calls are known; elsewhere there is no filter. */
#if defined(__x86_64__)
#define TRACEE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define TRACEE_ARCH AUDIT_ARCH_AARCH64
#endif

struct tracee_start {
    pid_t pid;
    int news; /* a pipe on which the child tells of its execve(2): tracee_start_failed() */
};

/*
 * Fork, attach, and let the child go on to execve(2). False: `why` says what is wrong; there is no
 * child. All that the child does up to its PTRACE_EVENT_EXEC is not the command's.
 */
bool tracee_start(struct tracee_start *start, char *const argv[], char *why, size_t cap);

/* After the child has ended without one: the errno of its execve(2), or 0. */
int tracee_start_failed(const struct tracee_start *start);

#endif
