/*
 * tracee_call.h - a system call of a traced program: which are looked at, and what they did.
 *
 * A call is told to tracee_call_enter() as it begins; if that wants to know how it ended, to
 * tracee_call_leave(), too, which writes its mark and tells tracee_mean what has happened. Both are
 * called while the thread stands still. Whatever a call points to is read then, bounded, and not
 * believed.
 */
#ifndef FSOCK_CLI_TRACEE_CALL_H
#define FSOCK_CLI_TRACEE_CALL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tracee_conn.h"
#include "tracee_mean.h"

#define TRACEE_ROOM     ((size_t)1024 * 1024) /* no more bytes of one call are looked at */
#define TRACEE_SET_BITS 1024                  /* nor descriptors of one select(2) */

/* What all calls have in common. */
struct tracee_context {
    fsock_trace *queue;
    struct tracee_conns conns;
    struct tracee_mean mean;
    size_t data;  /* so many bytes of each call are kept */
    bool secrets; /* mask nothing */
    bool uring;   /* somebody uses io_uring(7), which can't be seen */
    char *room;   /* TRACEE_ROOM bytes */
};

struct tracee_shape;

/* A call that goes on. */
struct tracee_call {
    const struct tracee_shape *shape; /* NULL: it is not looked at */
    pid_t tid;
    struct tracee_files *files; /* of the process; borrowed */
    struct tracee_conn *conn;   /* that of the descriptor, which is held */
    uint64_t arg[6];
    fsock_time began, ended;
    int64_t result; /* -1 and sys_errno if it failed */
    int sys_errno;
    /* What select(2) and ppoll(2) were given, and overwrite. */
    unsigned char set[3][TRACEE_SET_BITS / 8];
    int64_t timeout; /* ms; -1: none */
};

/* The numbers of all calls that are looked at. */
size_t tracee_call_count(void);
int tracee_call_number(size_t i);

/* True: its end is of interest. `tid`, `files`, `arg` and `began` are filled in. */
bool tracee_call_enter(struct tracee_context *ctx, struct tracee_call *call, uint64_t number);

/* `ended`, `result` and `sys_errno` are filled in. */
void tracee_call_leave(struct tracee_context *ctx, struct tracee_call *call);

/* It will never end: its thread is gone. */
void tracee_call_abandon(struct tracee_context *ctx, struct tracee_call *call);

#endif
