/*
 * tracee_conn.h - which descriptor of which process is which socket.
 *
 * A process has a table of descriptors, which its threads share and its children inherit as a copy.
 * A socket is known by its inode number, so that it is the same one in whichever table it stands
 * and by whatever way it came there: one that a process was born with, or that came by SCM_RIGHTS,
 * is looked up in /proc at its first use. A table is therefore never wrong for long: an entry that
 * is missing is looked up again.
 */
#ifndef FSOCK_CLI_TRACEE_CONN_H
#define FSOCK_CLI_TRACEE_CONN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/map.h"
#include "net/sock.h"
#include "tracee_talk.h"

/* What epoll_ctl(2) was told to say of a socket, by which it is found when epoll_wait(2) says so.
 */
struct tracee_watch {
    struct fsk_map_node node;
    struct tracee_conn *conn;
    struct tracee_watch *next; /* of the same socket */
    struct {
        uint64_t table, data; /* of whose descriptor the epoll is */
        int64_t epoll;
    } key;
    int fd;
};

#define TRACEE_WATCHES_MAX 64 /* of one socket: each worker of a server may have one */

/* One socket. */
struct tracee_conn {
    struct fsk_map_node node; /* by inode */
    uint64_t inode, number;   /* `number` counts the sockets of the run from 1 */
    unsigned refs;
    int family, type; /* 0: not known */
    struct tracee_talk talk;
    struct tracee_watch *watch;
    unsigned watches;
};

/* All of them. */
struct tracee_conns {
    struct fsk_map by_inode, by_watch;
    uint64_t count, tables;
    /* The last descriptor of a socket is gone; it is freed after that. */
    void (*gone)(void *arg, struct tracee_conn *conn);
    void *arg;
};

struct tracee_files; /* a table of descriptors */

void tracee_conns_init(struct tracee_conns *conns);

/* After all tables have been dropped. */
void tracee_conns_fini(struct tracee_conns *conns);

/* NULL: out of memory. */
struct tracee_files *tracee_files_new(struct tracee_conns *conns);
struct tracee_files *tracee_files_share(struct tracee_files *files);
struct tracee_files *tracee_files_copy(struct tracee_conns *conns,
                                       const struct tracee_files *files);
void tracee_files_drop(struct tracee_conns *conns, struct tracee_files *files);

/* The socket of a descriptor; NULL: it is none, or isn't open. */
struct tracee_conn *tracee_files_get(struct tracee_conns *conns, struct tracee_files *files,
                                     pid_t tid, int fd);

/* A new socket has got this descriptor. NULL: out of memory. */
struct tracee_conn *tracee_files_put(struct tracee_conns *conns, struct tracee_files *files,
                                     pid_t tid, int fd, int family, int type);

/* The descriptor is closed or will be another one: what stood there is forgotten. */
void tracee_files_forget(struct tracee_conns *conns, struct tracee_files *files, int fd);
void tracee_files_forget_range(struct tracee_conns *conns, struct tracee_files *files,
                               unsigned first, unsigned last);

/* Another program has begun, and what was to be closed is. */
void tracee_files_exec(struct tracee_conns *conns, struct tracee_files *files, pid_t tid);

/* An epoll watches a socket, of which it will say `data`; or no longer does. */
void tracee_conn_watch(struct tracee_conns *conns, const struct tracee_files *files, int epoll,
                       struct tracee_conn *conn, int fd, uint64_t data);
void tracee_conn_unwatch(struct tracee_conns *conns, const struct tracee_files *files, int epoll,
                         struct tracee_conn *conn, int fd);

/* The descriptor of the socket of which an epoll has said `data`, or -1. */
int tracee_conn_watched(const struct tracee_conns *conns, const struct tracee_files *files,
                        int epoll, uint64_t data);

/* Keep a socket while a call on it goes on. NULL is fine, in both. */
void tracee_conn_hold(struct tracee_conn *conn);
void tracee_conn_drop(struct tracee_conns *conns, struct tracee_conn *conn);

#endif
