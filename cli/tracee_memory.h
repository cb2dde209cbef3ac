/*
 * tracee_memory.h - reading the memory of a process that is traced.
 *
 * Every pointer comes from a stranger: nothing that it says is believed, and what can't be read is
 * simply shorter.
 */
#ifndef FSOCK_CLI_TRACEE_MEMORY_H
#define FSOCK_CLI_TRACEE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/sock.h"

/* Copy up to n bytes from the address `at`; returns how many could be read. */
size_t tracee_read(pid_t tid, uint64_t at, void *to, size_t n);

/* All n, or false. A NULL address is false. */
bool tracee_read_all(pid_t tid, uint64_t at, void *to, size_t n);

/* A socket's address; sa->len 0 if there is none. */
void tracee_read_sockaddr(pid_t tid, uint64_t at, size_t len, struct fsk_sockaddr *sa);

/* struct msghdr and struct iovec of a message, and no more of its parts than are looked at. */
#define TRACEE_PARTS_MAX 64
struct tracee_part {
    uint64_t at, n;
};
struct tracee_message {
    struct fsk_sockaddr name;
    struct tracee_part part[TRACEE_PARTS_MAX];
    size_t parts;
    uint64_t bytes; /* of all parts, even those that are not kept */
};

/* False: it can't be read. */
bool tracee_read_parts(pid_t tid, uint64_t iov, uint64_t n, struct tracee_message *m);
bool tracee_read_message(pid_t tid, uint64_t msghdr, struct tracee_message *m);

/* Copy the first n bytes of a message's parts; returns how many could be read. */
size_t tracee_gather(pid_t tid, const struct tracee_message *m, void *to, size_t n);

#endif
