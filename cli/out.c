#include "out.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/time.h"
#include "utf8.h"

enum { USUAL_RECORD = 4096 };

static const char hex[] = "0123456789abcdef";

int write_all(int fd, const void *p, size_t n)
{
    const char *at = p;
    while (n) {
        ssize_t done = write(fd, at, n);
        if (done >= 0) {
            at += done;
            n -= (size_t)done;
        } else if (errno == EAGAIN) {
            /* Somebody who shares the terminal or pipe made it so. */
            int flags = fcntl(fd, F_GETFL);
            if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
                return errno;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

void out_init(struct out *o, int fd)
{
    o->fd = fd;
    o->sys_errno = 0;
    o->n = 0;
}

void out_flush(struct out *o)
{
    if (o->n && !o->sys_errno)
        o->sys_errno = write_all(o->fd, o->mem, o->n);
    o->n = 0;
}

void out_begin(struct out *o)
{
    if (o->n > OUT_SIZE - USUAL_RECORD)
        out_flush(o);
}

void out_bytes(struct out *o, const void *p, size_t n)
{
    if (n > OUT_SIZE - o->n) {
        out_flush(o);
        if (n > OUT_SIZE) {
            if (!o->sys_errno)
                o->sys_errno = write_all(o->fd, p, n);
            return;
        }
    }
    if (n)
        memcpy(o->mem + o->n, p, n);
    o->n += n;
}

void out_padded(struct out *o, uint64_t v, unsigned width)
{
    char text[20];
    unsigned at = sizeof text;
    do {
        text[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    while (sizeof text - at < width && at)
        text[--at] = '0';
    out_bytes(o, text + at, sizeof text - at);
}

void out_u64(struct out *o, uint64_t v)
{
    out_padded(o, v, 1);
}

void out_i64(struct out *o, int64_t v)
{
    if (v < 0)
        out_char(o, '-');
    out_u64(o, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void out_seconds(struct out *o, int64_t ns)
{
    uint64_t us = ns > 0 ? (uint64_t)ns / 1000 : 0;
    out_u64(o, us / 1000000);
    out_char(o, '.');
    out_padded(o, us % 1000000, 6);
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

void out_json(struct out *o, struct fsk_span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t plain = 0, i = 0; /* p[plain..i) needs no escape */
    while (i < s.n) {
        unsigned char c = p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
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
            char code[] = {'u', '0', '0', hex[c >> 4], hex[c & 15]};
            out_bytes(o, code, sizeof code);
        }
        plain = ++i;
    }
    out_bytes(o, p + plain, s.n - plain);
}

void out_text(struct out *o, struct fsk_span s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    size_t plain = 0, i = 0;
    while (i < s.n) {
        size_t len = p[i] >= 0x80 ? utf8_len(p + i, s.n - i) : p[i] >= 0x20 && p[i] < 0x7f;
        bool c1 = len == 2 && p[i] == 0xc2 && p[i + 1] < 0xa0;
        if (len && !c1) {
            i += len;
            continue;
        }
        out_bytes(o, p + plain, i - plain);
        plain = i;
        for (i += len ? len : 1; plain < i; plain++) {
            char code[] = {'\\', 'x', hex[p[plain] >> 4], hex[p[plain] & 15]};
            out_bytes(o, code, sizeof code);
        }
    }
    out_bytes(o, p + plain, s.n - plain);
}
