#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/time.h"
#include "utf8.h"

enum { USUAL_RECORD = 4096 };

static const fsock_time last_words = 50 * FSOCK_MILLISECOND; /* after an alarm */

int write_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno != EINTR)
            return errno;
        at += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

/* ---- Writing --------------------------------------------------------------------------------- */

/*
 * O_NONBLOCK belongs to the open file, which we share with whoever started us: it is not ours to
 * set. A pipe or a terminal can be opened once more; where that fails, writes may block.
 */
void out_init(struct out *o, int fd)
{
    struct stat st;
    char path[40];
    o->fd = fd;
    o->own_fd = o->alarm = -1;
    o->socket = false;
    o->sys_errno = 0;
    o->deadline = FSOCK_NEVER;
    o->into = NULL;
    o->n = 0;
    o->flushes = 0;
    if (fstat(fd, &st) < 0)
        return;
    o->socket = S_ISSOCK(st.st_mode);
    if (!S_ISFIFO(st.st_mode) && isatty(fd) != 1)
        return;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    o->own_fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

void out_init_buf(struct out *o, struct fsk_buf *into)
{
    out_init(o, -1);
    o->into = into;
}

void out_fini(struct out *o)
{
    if (o->own_fd >= 0)
        close(o->own_fd);
    o->own_fd = -1;
}

void out_patience(struct out *o, fsock_time deadline, int alarm)
{
    o->deadline = deadline;
    o->alarm = alarm;
}

/* Wait until fd can be written. 0, or ETIMEDOUT if patience is at an end, or ENOMEM. */
static int wait_for_reader(struct out *o, int fd)
{
    struct fsock_wait_item list[] = {
        {NULL, fd,       FSOCK_WRITABLE, 0},
        {NULL, o->alarm, FSOCK_READABLE, 0},
    };
    enum fsock_err err;
    while ((err = fsock_wait(list, 2, o->deadline)) == FSOCK_OK && !list[0].ready) {
        o->deadline = fsk_time_min(o->deadline, fsock_now() + last_words);
        o->alarm = list[1].fd = -1;
    }
    return err == FSOCK_OK ? 0 : err == FSOCK_ERR_TIMEOUT ? ETIMEDOUT : ENOMEM;
}

static int write_patiently(struct out *o, const char *p, size_t n)
{
    if (o->into)
        return fsk_buf_append(o->into, p, n) == FSOCK_OK ? 0 : ENOSPC;
    int fd = o->own_fd >= 0 ? o->own_fd : o->fd;
    while (n) {
        ssize_t done = o->socket ? send(fd, p, n, MSG_DONTWAIT | MSG_NOSIGNAL) : write(fd, p, n);
        int sys_errno = done >= 0 || errno == EINTR ? 0 : errno;
        if (sys_errno == EAGAIN)
            sys_errno = wait_for_reader(o, fd);
        if (sys_errno)
            return sys_errno;
        p += done > 0 ? done : 0;
        n -= done > 0 ? (size_t)done : 0;
    }
    return 0;
}

void out_flush(struct out *o)
{
    if (o->n && !o->sys_errno)
        o->sys_errno = write_patiently(o, o->mem, o->n);
    o->n = 0;
    o->flushes++;
}

int out_now(struct out *o, const void *p, size_t n)
{
    out_flush(o);
    if (!o->sys_errno)
        o->sys_errno = write_patiently(o, p, n);
    return o->sys_errno;
}

void out_begin(struct out *o)
{
    if (o->n > OUT_SIZE - USUAL_RECORD)
        out_flush(o);
}

void out_many(struct out *o, const void *p, size_t n)
{
    if (n > OUT_SIZE)
        out_now(o, p, n);
    else {
        out_flush(o);
        out_bytes(o, p, n);
    }
}

void out_padded(struct out *o, uint64_t v, unsigned width)
{
    char *p = out_room(o, FSK_DECIMAL_MAX);
    size_t n = fsk_decimal_write(v, p);
    if (n < width && width <= FSK_DECIMAL_MAX)
        fsk_decimal_padded(v, p, n = width);
    out_took(o, p + n);
}

void out_column(struct out *o, size_t from, size_t width, bool terminal)
{
    for (size_t n = o->n - from; terminal && n < width; n++)
        out_char(o, ' ');
    out_char(o, terminal ? ' ' : '\t');
}

void out_milliseconds(struct out *o, int64_t ns)
{
    uint64_t hundredths = ns > 0 ? (uint64_t)ns / (FSOCK_MILLISECOND / 100) : 0;
    out_u64(o, hundredths / 100);
    out_char(o, '.');
    out_padded(o, hundredths % 100, 2);
    out_str(o, " ms");
}

void out_seconds(struct out *o, int64_t ns)
{
    enum { DECIMALS = 6 };
    if (ns < 1000) { /* most often: it did not happen */
        OUT_LITERAL(o, "0.000000");
        return;
    }
    uint64_t us = (uint64_t)ns / 1000;
    char *p = out_room(o, FSK_DECIMAL_MAX + 1 + DECIMALS);
    p += fsk_decimal_write(us / 1000000, p);
    *p++ = '.';
    fsk_decimal_padded(us % 1000000, p, DECIMALS);
    out_took(o, p + DECIMALS);
}

void out_size(struct out *o, uint64_t bytes)
{
    static const char *const units[] = {" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
    unsigned unit = 0;
    uint64_t tenths = bytes * 10;
    if (bytes < UINT64_MAX / 10)
        for (; tenths >= 10240 && unit < 6; unit++)
            tenths = (tenths + 512) / 1024;
    else
        for (tenths = bytes / 1024 * 10, unit = 1; tenths >= 10240 && unit < 6; unit++)
            tenths /= 1024;
    out_u64(o, tenths / 10);
    if (unit && tenths < 1000) {
        out_char(o, '.');
        out_u64(o, tenths % 10);
    }
    out_str(o, units[unit]);
}

void out_interval(struct out *o, int64_t ns)
{
    char text[40];
    if (ns < 0 || ns >= 10 * FSOCK_MILLISECOND) {
        out_str(o, fsk_time_text(text, sizeof text, ns));
        return;
    }
    out_u64(o, (uint64_t)ns / 1000000);
    out_char(o, '.');
    out_padded(o, (uint64_t)ns / 10000 % 100, 2);
    out_str(o, " ms");
}

static char short_escape(unsigned char c)
{
    switch (c) {
    case '"':
    case '\\':
        return (char)c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return 0;
    }
}

/* Whether some of eight bytes mean something in JSON strings, or aren't printable ASCII. */
static bool any_special(const unsigned char *p)
{
    const uint64_t each = UINT64_C(0x0101010101010101), high = 0x80 * each;
    uint64_t bytes;
    memcpy(&bytes, p, 8);
    uint64_t quote = bytes ^ '"' * each, slash = bytes ^ '\\' * each, del = bytes ^ 0x7f * each;
    uint64_t found = (bytes - 0x20 * each) | (quote - each) | (slash - each) | (del - each) | bytes;
    return found & high; /* a borrow may tell of one too many: they are looked at one by one then */
}

/* How many bytes at the beginning are plain. */
static size_t plain_bytes(const unsigned char *p, size_t n)
{
    size_t i = 0;
    while (n - i >= 8 && !any_special(p + i))
        i += 8;
    if (i && n - i < 8 && !any_special(p + n - 8)) /* some of them once more */
        return n;
    while (i < n && p[i] >= 0x20 && p[i] < 0x7f && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

void out_json(struct out *o, struct fsk_span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t plain = 0, i = 0; /* p[plain..i) needs no escape */
    while (i < s.n) {
        i += plain_bytes(p + i, s.n - i);
        if (i == s.n)
            break;
        unsigned char c = p[i];
        size_t len = c >= 0x80 ? utf8_len(p + i, s.n - i) : 0;
        if (len) {
            i += len;
            continue;
        }
        out_bytes(o, p + plain, i - plain);
        out_char(o, '\\');
        if (short_escape(c)) {
            out_char(o, short_escape(c));
        } else {
            OUT_LITERAL(o, "u00");
            out_hex(o, &c, 1);
        }
        plain = ++i;
    }
    if (plain < s.n)
        out_bytes(o, p + plain, s.n - plain);
}

void out_json_address(struct out *o, const char *peer)
{
    struct fsk_span s = fsk_span_str(peer);
    const char *colon = strrchr(peer, ':');
    if (colon)
        s.n = (size_t)(colon - peer);
    if (s.n > 1 && s.p[0] == '[' && s.p[s.n - 1] == ']')
        s = fsk_span(s.p + 1, s.n - 2);
    out_json_string(o, s);
}

void out_hex(struct out *o, const void *bytes, size_t n)
{
    const char *p = bytes;
    for (; n > 0; n--)
        out_took(o, fsk_hex_write(p++, 1, out_room(o, 2)));
}

void out_text(struct out *o, struct fsk_span s)
{
    if (!s.n)
        return; /* an empty span may have no bytes to begin at */
    const unsigned char *p = (const unsigned char *)s.p;
    size_t plain = 0, i = 0;
    while (i < s.n) {
        size_t len = p[i] >= 0x80 ? utf8_len(p + i, s.n - i) : p[i] >= 0x20 && p[i] < 0x7f;
        if (len && !utf8_steers(p + i, len)) {
            i += len;
            continue;
        }
        out_bytes(o, p + plain, i - plain);
        plain = i;
        for (i += len ? len : 1; plain < i; plain++) {
            OUT_LITERAL(o, "\\x");
            out_hex(o, p + plain, 1);
        }
    }
    out_bytes(o, p + plain, s.n - plain);
}
