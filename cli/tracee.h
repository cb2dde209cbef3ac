/*
 * tracee.h - any command is run, and its network calls are seen as fsock shows its own.
 *
 *     struct tracee *t = tracee_new(argv, &options, why, sizeof why);
 *     while ((what = tracee_next(t, &mark)) != TRACEE_END)
 *         if (what == TRACEE_MARK)
 *             ... mark ...
 *         else
 *             ... tracee_note(t) ...
 *     code = tracee_status(t);
 *     tracee_free(t);
 *
 * The command runs under ptrace(2), with all threads and children that it starts. Marks are of its
 * system calls on sockets, each with the number field `pid`, the thread's id; between them stand
 * those of what the calls mean (tracee_mean.h). Their times are those of fsock_now(). A DONE of a
 * lookup that nobody made use of comes when the command ends, with the time at which it was over.
 *
 * Signals pass through to the command. The terminal's reach it anyway; SIGTERM, SIGHUP, and what
 * else kill(1) sends to fsock, are sent on. If fsock is killed, so is all that it traces.
 *
 * This is the one part of the program that waits for processes, and it has signal handlers while a
 * struct tracee exists: there can be one at a time.
 */
#ifndef FSOCK_CLI_TRACEE_H
#define FSOCK_CLI_TRACEE_H

#include <stdbool.h>
#include <stddef.h>

#include <fsock.h>

struct tracee;

struct tracee_options {
    size_t data;  /* marks have so many of the bytes that a call has moved; 1 MiB at most */
    bool secrets; /* mask no passwords and cookies */
};

enum tracee_what { TRACEE_MARK, TRACEE_NOTE, TRACEE_END };

/* Start a command; argv ends with NULL. NULL: `why` says what is wrong, and what helps. */
struct tracee *tracee_new(char *const argv[], const struct tracee_options *options, char *why,
                          size_t cap);

/* Kills what still runs. NULL is fine. */
void tracee_free(struct tracee *t);

/*
 * The next mark, which lives until the next call; waits for it. NOTE: something that the user
 * should know, such as that what a program does can't be seen: tracee_note(). END: the command and
 * all its children have ended.
 */
enum tracee_what tracee_next(struct tracee *t, const struct fsock_mark **mark);
const char *tracee_note(const struct tracee *t);

/*
 * After the END, how the command ended, as a shell counts: its exit status; 128 and the signal's
 * number; 127 if it was not found and 126 if it can't be run, and then tracee_errno() says why.
 */
int tracee_status(const struct tracee *t);
int tracee_errno(const struct tracee *t);

/* How many marks were lost for want of memory. */
uint64_t tracee_lost(const struct tracee *t);

#endif
