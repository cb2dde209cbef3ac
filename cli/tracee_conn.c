#include "tracee_conn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/digits.h"

/* No more descriptors of a process than these are known by heart; others are looked up each time.
 */
enum { FILES_MAX = 1 << 20 };

struct tracee_files {
    uint64_t number; /* of all tables that there were */
    unsigned refs;
    struct tracee_conn **slot; /* NULL: not known; &other: no socket */
    size_t slots;
};

static struct tracee_conn other;

/* ---- Sockets --------------------------------------------------------------------------------- */

void tracee_conns_init(struct tracee_conns *conns)
{
    fsk_map_init(&conns->by_inode);
    fsk_map_init(&conns->by_watch);
    conns->count = conns->tables = 0;
}

void tracee_conns_fini(struct tracee_conns *conns)
{
    fsk_map_fini(&conns->by_inode);
    fsk_map_fini(&conns->by_watch);
}

void tracee_conn_hold(struct tracee_conn *conn)
{
    if (conn)
        conn->refs++;
}

static void drop_watch(struct tracee_conns *conns, struct tracee_watch *watch)
{
    struct tracee_watch **at = &watch->conn->watch;
    while (*at != watch)
        at = &(*at)->next;
    *at = watch->next;
    watch->conn->watches--;
    fsk_map_remove(&conns->by_watch, &watch->node);
    free(watch);
}

void tracee_conn_drop(struct tracee_conns *conns, struct tracee_conn *conn)
{
    if (!conn || conn == &other || --conn->refs)
        return;
    if (conns->gone)
        conns->gone(conns->arg, conn);
    while (conn->watch)
        drop_watch(conns, conn->watch);
    fsk_map_remove(&conns->by_inode, &conn->node);
    tracee_talk_fini(&conn->talk);
    free(conn);
}

/* The inode of a descriptor, if it is a socket's. */
static bool read_inode(pid_t tid, int fd, uint64_t *inode)
{
    char path[48], link[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)tid, fd);
    ssize_t n = readlink(path, link, sizeof link);
    const size_t start = sizeof "socket:[" - 1;
    return n > (ssize_t)start && memcmp(link, "socket:[", start) == 0 && link[n - 1] == ']' &&
           fsk_decimal_parse(fsk_span(link + start, (size_t)n - start - 1), UINT64_MAX, inode);
}

/* What a socket is that somebody else has made: asked of a copy of its descriptor (Linux 5.6). */
static void ask_kind(struct tracee_conn *conn, pid_t tid, int fd)
{
#if defined(SYS_pidfd_open) && defined(SYS_pidfd_getfd)
    int process = (int)syscall(SYS_pidfd_open, tid, 0);
    int copy = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);
    socklen_t len = sizeof(int);
    if (copy >= 0) {
        getsockopt(copy, SOL_SOCKET, SO_DOMAIN, &conn->family, &len);
        len = sizeof(int);
        getsockopt(copy, SOL_SOCKET, SO_TYPE, &conn->type, &len);
        struct fsk_sockaddr peer = {.len = sizeof peer.ss};
        if (getpeername(copy, (struct sockaddr *)&peer.ss, &peer.len) == 0)
            tracee_talk_found(&conn->talk, &peer);
        close(copy);
    }
    if (process >= 0)
        close(process);
#else
    (void)conn, (void)tid, (void)fd;
#endif
}

/* The socket with this inode, which may be new. */
static struct tracee_conn *conn_of(struct tracee_conns *conns, uint64_t inode, bool *fresh)
{
    struct fsk_map_node *node =
        fsk_map_get(&conns->by_inode, fsk_span((const char *)&inode, sizeof inode));
    *fresh = !node;
    if (node)
        return (struct tracee_conn *)(void *)node; /* its first member */
    struct tracee_conn *conn = calloc(1, sizeof *conn);
    if (!conn)
        return NULL;
    conn->inode = inode;
    conn->node.key = fsk_span((const char *)&conn->inode, sizeof conn->inode);
    if (!fsk_map_add(&conns->by_inode, &conn->node)) {
        free(conn);
        return NULL;
    }
    conn->number = ++conns->count;
    tracee_talk_init(&conn->talk);
    return conn;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

struct tracee_files *tracee_files_new(struct tracee_conns *conns)
{
    struct tracee_files *files = calloc(1, sizeof *files);
    if (files)
        *files = (struct tracee_files){.number = ++conns->tables, .refs = 1};
    return files;
}

struct tracee_files *tracee_files_share(struct tracee_files *files)
{
    files->refs++;
    return files;
}

struct tracee_files *tracee_files_copy(struct tracee_conns *conns, const struct tracee_files *files)
{
    struct tracee_files *copy = tracee_files_new(conns);
    if (!copy || !files->slots)
        return copy;
    copy->slot = malloc(files->slots * sizeof *copy->slot);
    if (!copy->slot) {
        free(copy);
        return NULL;
    }
    copy->slots = files->slots;
    memcpy(copy->slot, files->slot, files->slots * sizeof *copy->slot);
    for (size_t i = 0; i < copy->slots; i++)
        if (copy->slot[i] != &other)
            tracee_conn_hold(copy->slot[i]);
    return copy;
}

void tracee_files_drop(struct tracee_conns *conns, struct tracee_files *files)
{
    if (!files || --files->refs)
        return;
    for (size_t i = 0; i < files->slots; i++)
        tracee_conn_drop(conns, files->slot[i]);
    free(files->slot);
    free(files);
}

/* NULL: there is no place for it. */
static struct tracee_conn **slot_of(struct tracee_files *files, int fd)
{
    if (fd < 0 || fd >= FILES_MAX)
        return NULL;
    size_t at = (size_t)fd;
    if (at >= files->slots) {
        size_t n = at * 2 + 16;
        struct tracee_conn **more = realloc(files->slot, n * sizeof(*more));
        if (!more)
            return NULL;
        memset(more + files->slots, 0, (n - files->slots) * sizeof(*more));
        files->slot = more;
        files->slots = n;
    }
    return &files->slot[at];
}

/* Look a descriptor up in /proc. */
static struct tracee_conn *find(struct tracee_conns *conns, struct tracee_conn **slot, pid_t tid,
                                int fd)
{
    uint64_t inode;
    bool fresh;
    if (!read_inode(tid, fd, &inode)) {
        *slot = &other;
        return NULL;
    }
    struct tracee_conn *conn = conn_of(conns, inode, &fresh);
    if (!conn)
        return NULL;
    if (fresh)
        ask_kind(conn, tid, fd);
    tracee_conn_hold(conn);
    *slot = conn;
    return conn;
}

struct tracee_conn *tracee_files_get(struct tracee_conns *conns, struct tracee_files *files,
                                     pid_t tid, int fd)
{
    struct tracee_conn **slot = slot_of(files, fd);
    if (!slot)
        return NULL;
    return *slot == &other ? NULL : *slot ? *slot : find(conns, slot, tid, fd);
}

struct tracee_conn *tracee_files_put(struct tracee_conns *conns, struct tracee_files *files,
                                     pid_t tid, int fd, int family, int type)
{
    uint64_t inode;
    bool fresh;
    tracee_files_forget(conns, files, fd);
    struct tracee_conn **slot = slot_of(files, fd);
    if (!slot || !read_inode(tid, fd, &inode))
        return NULL;
    struct tracee_conn *conn = conn_of(conns, inode, &fresh);
    if (!conn)
        return NULL;
    conn->family = family;
    conn->type = type;
    tracee_conn_hold(conn);
    *slot = conn;
    return conn;
}

void tracee_files_forget(struct tracee_conns *conns, struct tracee_files *files, int fd)
{
    if (fd < 0 || (size_t)fd >= files->slots)
        return;
    struct tracee_conn *conn = files->slot[fd];
    files->slot[fd] = NULL;
    tracee_conn_drop(conns, conn);
}

void tracee_files_forget_range(struct tracee_conns *conns, struct tracee_files *files,
                               unsigned first, unsigned last)
{
    for (size_t fd = first; fd < files->slots && fd <= last; fd++)
        tracee_files_forget(conns, files, (int)fd);
}

void tracee_files_exec(struct tracee_conns *conns, struct tracee_files *files, pid_t tid)
{
    for (size_t fd = 0; fd < files->slots; fd++) {
        uint64_t inode;
        struct tracee_conn *conn = files->slot[fd];
        if (conn && (conn == &other || !read_inode(tid, (int)fd, &inode) || inode != conn->inode))
            tracee_files_forget(conns, files, (int)fd);
    }
}

/* ---- epoll ----------------------------------------------------------------------------------- */

void tracee_conn_unwatch(struct tracee_conns *conns, const struct tracee_files *files, int epoll,
                         struct tracee_conn *conn, int fd)
{
    for (struct tracee_watch *w = conn->watch; w; w = w->next)
        if (w->key.table == files->number && w->key.epoll == epoll && w->fd == fd) {
            drop_watch(conns, w);
            return;
        }
}

/* One that is there under the same key is of an epoll that has been closed. */
void tracee_conn_watch(struct tracee_conns *conns, const struct tracee_files *files, int epoll,
                       struct tracee_conn *conn, int fd, uint64_t data)
{
    tracee_conn_unwatch(conns, files, epoll, conn, fd);
    struct tracee_watch *w = conn->watches < TRACEE_WATCHES_MAX ? calloc(1, sizeof *w) : NULL;
    if (!w)
        return;
    w->conn = conn;
    w->fd = fd;
    w->key.table = files->number;
    w->key.data = data;
    w->key.epoll = epoll;
    w->node.key = fsk_span((const char *)&w->key, sizeof w->key);
    struct fsk_map_node *same = fsk_map_get(&conns->by_watch, w->node.key);
    if (same)
        drop_watch(conns, (struct tracee_watch *)(void *)same); /* its first member */
    if (!fsk_map_add(&conns->by_watch, &w->node)) {
        free(w);
        return;
    }
    w->next = conn->watch;
    conn->watch = w;
    conn->watches++;
}

int tracee_conn_watched(const struct tracee_conns *conns, const struct tracee_files *files,
                        int epoll, uint64_t data)
{
    struct tracee_watch w = {
        .key = {.table = files->number, .data = data, .epoll = epoll}
    };
    const struct fsk_map_node *node =
        fsk_map_get(&conns->by_watch, fsk_span((const char *)&w.key, sizeof w.key));
    return node ? ((const struct tracee_watch *)(const void *)node)->fd : -1;
}
