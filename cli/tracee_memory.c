#include "tracee_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Where a container forbids process_vm_readv(2), this is left to those who may trace. */
static size_t read_by_file(pid_t tid, uint64_t at, void *to, size_t n)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%d/mem", (int)tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : pread(fd, to, n, (off_t)at);
    if (fd >= 0)
        close(fd);
    return got > 0 ? (size_t)got : 0;
}

size_t tracee_read(pid_t tid, uint64_t at, void *to, size_t n)
{
    struct iovec here = {to, n};
    struct iovec there = {(void *)(uintptr_t)at, n};
    if (!at || !n)
        return 0;
    ssize_t got = process_vm_readv(tid, &here, 1, &there, 1, 0);
    if (got < 0 && (errno == EPERM || errno == ENOSYS))
        return read_by_file(tid, at, to, n);
    return got > 0 ? (size_t)got : 0;
}

bool tracee_read_all(pid_t tid, uint64_t at, void *to, size_t n)
{
    return tracee_read(tid, at, to, n) == n;
}

void tracee_read_sockaddr(pid_t tid, uint64_t at, size_t len, struct fsk_sockaddr *sa)
{
    *sa = (struct fsk_sockaddr){.len = 0};
    if (len > sizeof sa->ss)
        len = sizeof sa->ss;
    if (len >= sizeof sa->ss.ss_family && tracee_read_all(tid, at, &sa->ss, len))
        sa->len = (socklen_t)len;
}

bool tracee_read_parts(pid_t tid, uint64_t iov, uint64_t n, struct tracee_message *m)
{
    struct iovec some[16];
    m->parts = 0;
    m->bytes = 0;
    if (n > IOV_MAX)
        return false;
    for (uint64_t done = 0; done < n;) {
        size_t count = n - done < 16 ? (size_t)(n - done) : 16;
        if (!tracee_read_all(tid, iov + done * sizeof *some, some, count * sizeof *some))
            return false;
        for (size_t i = 0; i < count; i++) {
            m->bytes += some[i].iov_len;
            if (m->parts < TRACEE_PARTS_MAX)
                m->part[m->parts++] =
                    (struct tracee_part){(uintptr_t)some[i].iov_base, some[i].iov_len};
        }
        done += count;
    }
    return true;
}

bool tracee_read_message(pid_t tid, uint64_t at, struct tracee_message *m)
{
    struct msghdr header;
    m->name.len = 0;
    m->parts = 0;
    m->bytes = 0;
    if (!tracee_read_all(tid, at, &header, sizeof header))
        return false;
    if (header.msg_name)
        tracee_read_sockaddr(tid, (uintptr_t)header.msg_name, header.msg_namelen, &m->name);
    return tracee_read_parts(tid, (uintptr_t)header.msg_iov, header.msg_iovlen, m);
}

size_t tracee_gather(pid_t tid, const struct tracee_message *m, void *to, size_t n)
{
    size_t done = 0;
    for (size_t i = 0; i < m->parts && done < n; i++) {
        size_t want = m->part[i].n < n - done ? (size_t)m->part[i].n : n - done;
        size_t got = tracee_read(tid, m->part[i].at, (char *)to + done, want);
        done += got;
        if (got < want)
            break;
    }
    return done;
}
