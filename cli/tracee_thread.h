/*
 * tracee_thread.h - the threads of all processes that are traced, by their ids.
 */
#ifndef FSOCK_CLI_TRACEE_THREAD_H
#define FSOCK_CLI_TRACEE_THREAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/map.h"
#include "tracee_call.h"

struct tracee_thread {
    struct fsk_map_node node;
    pid_t tid, tgid;
    struct tracee_files *files;
    struct tracee_call call; /* the one that goes on, if its shape is set */
    bool paused;             /* it was interrupted, and restart_syscall(2) may take it up again */
};

struct tracee_threads {
    struct fsk_map by_tid;
};

void tracee_threads_init(struct tracee_threads *threads);
void tracee_threads_fini(struct tracee_threads *threads, struct tracee_context *ctx);

struct tracee_thread *tracee_thread_get(const struct tracee_threads *threads, pid_t tid);

/*
 * A thread that is new, and stands still. Its parent may be NULL: then it is looked for. It shares
 * the parent's descriptors, or has a copy of them. NULL: out of memory.
 */
struct tracee_thread *tracee_thread_add(struct tracee_threads *threads, struct tracee_context *ctx,
                                        pid_t tid, const struct tracee_thread *parent);

void tracee_thread_remove(struct tracee_threads *threads, struct tracee_context *ctx,
                          struct tracee_thread *thread);

/* It has executed another program, as the only thread that its process has now. */
bool tracee_thread_exec(struct tracee_threads *threads, struct tracee_context *ctx,
                        struct tracee_thread *thread, pid_t former);

/* Send a signal to all processes. */
void tracee_threads_kill(const struct tracee_threads *threads, int number);

#endif
