#include "tracee_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buf.h"

void tracee_threads_init(struct tracee_threads *threads)
{
    fsk_map_init(&threads->by_tid);
}

static struct tracee_thread *thread_of(struct fsk_map_node *node)
{
    return (struct tracee_thread *)(void *)node; /* its first member */
}

void tracee_threads_fini(struct tracee_threads *threads, struct tracee_context *ctx)
{
    struct fsk_map_node *node;
    while ((node = fsk_map_next(&threads->by_tid, NULL)) != NULL)
        tracee_thread_remove(threads, ctx, thread_of(node));
    fsk_map_fini(&threads->by_tid);
}

struct tracee_thread *tracee_thread_get(const struct tracee_threads *threads, pid_t tid)
{
    return thread_of(fsk_map_get(&threads->by_tid, fsk_span((const char *)&tid, sizeof tid)));
}

/* ---- Families -------------------------------------------------------------------------------- */

/* The number behind a word in /proc/TID/status, or 0. */
static pid_t status_number(const char *status, const char *word)
{
    const char *p = strstr(status, word);
    return p ? (pid_t)strtol(p + strlen(word), NULL, 10) : 0;
}

static void read_family(pid_t tid, pid_t *tgid, pid_t *ppid)
{
    char path[32];
    struct fsk_buf status;
    fsk_buf_init(&status, 16384);
    snprintf(path, sizeof path, "/proc/%d/status", (int)tid);
    bool fine = fsk_buf_read_file(&status, path) && fsk_buf_terminate(&status) == FSOCK_OK;
    *tgid = fine ? status_number(status.mem, "\nTgid:") : tid;
    *ppid = fine ? status_number(status.mem, "\nPPid:") : 0;
    fsk_buf_fini(&status);
}

/* The descriptors of a child are its parent's own, or a copy. */
static struct tracee_files *inherit(struct tracee_context *ctx, const struct tracee_thread *parent,
                                    pid_t tid, pid_t tgid)
{
    if (!parent)
        return tracee_files_new(&ctx->conns);
    long differ = syscall(SYS_kcmp, parent->tid, tid, KCMP_FILES, 0, 0);
    bool same = differ == 0 || (differ < 0 && parent->tgid == tgid);
    return same ? tracee_files_share(parent->files) : tracee_files_copy(&ctx->conns, parent->files);
}

struct tracee_thread *tracee_thread_add(struct tracee_threads *threads, struct tracee_context *ctx,
                                        pid_t tid, const struct tracee_thread *parent)
{
    pid_t tgid, ppid;
    struct tracee_thread *thread = calloc(1, sizeof *thread);
    if (!thread)
        return NULL;
    read_family(tid, &tgid, &ppid);
    if (!parent)
        parent = tracee_thread_get(threads, tgid != tid ? tgid : ppid);
    thread->tid = tid;
    thread->tgid = tgid;
    thread->node.key = fsk_span((const char *)&thread->tid, sizeof thread->tid);
    thread->files = inherit(ctx, parent, tid, tgid);
    if (thread->files && fsk_map_add(&threads->by_tid, &thread->node))
        return thread;
    tracee_files_drop(&ctx->conns, thread->files);
    free(thread);
    return NULL;
}

void tracee_thread_remove(struct tracee_threads *threads, struct tracee_context *ctx,
                          struct tracee_thread *thread)
{
    tracee_call_abandon(ctx, &thread->call);
    fsk_map_remove(&threads->by_tid, &thread->node);
    tracee_files_drop(&ctx->conns, thread->files);
    free(thread);
}

bool tracee_thread_exec(struct tracee_threads *threads, struct tracee_context *ctx,
                        struct tracee_thread *thread, pid_t former)
{
    struct tracee_thread *other = former != thread->tid ? tracee_thread_get(threads, former) : NULL;
    if (other)
        tracee_thread_remove(threads, ctx, other);
    tracee_call_abandon(ctx, &thread->call);
    thread->paused = false;
    struct tracee_files *own = tracee_files_copy(&ctx->conns, thread->files);
    if (!own)
        return false;
    tracee_files_drop(&ctx->conns, thread->files);
    thread->files = own;
    tracee_files_exec(&ctx->conns, own, thread->tid);
    return true;
}

void tracee_threads_kill(const struct tracee_threads *threads, int number)
{
    struct fsk_map_node *node = NULL;
    while ((node = fsk_map_next(&threads->by_tid, node)) != NULL)
        if (thread_of(node)->tid == thread_of(node)->tgid)
            kill(thread_of(node)->tgid, number);
}
