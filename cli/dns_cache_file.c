#include "dns_cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digits.h"
#include "base/fault.h"
#include "base/time.h"
#include "list.h"
#include "out.h"

static const char first_line[] = "# fsock dns cache 1\n";
static const char remedy[] = "remove the file, or name another one (--cache)";

/* A name that reads as "has none". */
static const struct fsk_span dash = FSK_SPAN("-"), escaped_dash = FSK_SPAN("\\045");

#define MOST_SECONDS UINT64_C(315360000) /* ten years */

static const fsock_time pause_between_tries = 5 * FSOCK_MILLISECOND;

struct dns_file {
    char *name; /* behind symbolic links */
    char *part; /* the name while it is written */
    bool there;
    char *why;
    size_t cap;
};

struct record {
    struct fsk_addr addr;
    uint64_t expires;     /* seconds since 1970 */
    struct fsk_span name; /* empty: has none; lives until the next record is read */
};

/* ---- Names and errors ------------------------------------------------------------------------ */

static bool failed(const struct dns_file *f, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static bool failed(const struct dns_file *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(f->why, f->cap, format, args);
    va_end(args);
    return false;
}

static bool cannot(const struct dns_file *f, const char *what, const char *name, int sys_errno)
{
    return failed(f, "can't %s %s: %s", what, name, fsk_errno_text(sys_errno));
}

static void close_file(struct dns_file *f)
{
    free(f->name);
    free(f->part);
}

/* To be closed, whatever is returned. */
static bool open_file(struct dns_file *f, const char *file, char *why, size_t cap)
{
    struct stat st;
    *f = (struct dns_file){.name = realpath(file, NULL), .why = why, .cap = cap};
    f->there = f->name != NULL;
    if (!f->there && errno != ENOENT)
        return cannot(f, "read the cache", file, errno);
    if (!f->there)
        f->name = strdup(strcmp(file, "-") == 0 ? "./-" : file); /* to list.h "-" is the input */
    if (!f->name || asprintf(&f->part, "%s.part", f->name) < 0) {
        f->part = NULL;
        return failed(f, "out of memory");
    }
    if (f->there && stat(f->name, &st) < 0)
        return cannot(f, "read the cache", file, errno);
    if (f->there && !S_ISREG(st.st_mode))
        return failed(f, "the cache %s is no regular file; name another one (--cache)", file);
    return true;
}

/* The directory of the file takes new ones. */
static bool can_be_written(const struct dns_file *f)
{
    const char *slash = strrchr(f->name, '/');
    char *dir = slash ? strndup(f->name, (size_t)(slash - f->name) + 1) : strdup(".");
    if (!dir)
        return failed(f, "out of memory");
    int sys_errno = faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) < 0 ? errno : 0;
    free(dir);
    return !sys_errno || cannot(f, "write the cache", f->part, sys_errno);
}

/* ---- Reading --------------------------------------------------------------------------------- */

struct reader {
    const struct dns_file *file;
    struct option_item item;
    struct option_list names;
    struct list list;
    bool good; /* nothing has failed */
};

static void reader_init(struct reader *r, const struct dns_file *f)
{
    *r = (struct reader){.file = f, .item = {.value = f->name}, .good = true};
    r->names = (struct option_list){.item = &r->item, .n = f->there};
    list_init_raw(&r->list, &r->names);
}

static void reader_fini(struct reader *r)
{
    list_fini(&r->list);
}

/* What stands before the next tab or newline; *rest is what follows that byte. */
static struct fsk_span column(struct fsk_span *rest, char end)
{
    const char *at = rest->n ? memchr(rest->p, end, rest->n) : NULL;
    if (!at)
        return fsk_span(rest->p, 0);
    struct fsk_span text = fsk_span(rest->p, (size_t)(at - rest->p));
    *rest = fsk_span(at + 1, rest->n - text.n - 1);
    return text;
}

static bool parse(struct fsk_span line, struct record *r)
{
    struct fsk_span addr = column(&line, '\t'), expires = column(&line, '\t');
    r->name = column(&line, '\n');
    if (line.n || !fsk_addr_parse(addr, &r->addr, NULL) || r->addr.scope ||
        !fsk_decimal_parse(expires, UINT64_MAX, &r->expires) || !dns_name_fits(r->name))
        return false;
    if (fsk_span_eq(r->name, dash))
        r->name.n = 0;
    return true;
}

/* A line that doesn't belong there. */
static bool foreign(const struct dns_file *f, const struct list_line *line)
{
    if (line->number == 1)
        return failed(f, "%s, line 1: not a cache of names, which begins with \"%.*s\"; %s",
                      f->name, (int)sizeof first_line - 2, first_line, remedy);
    return failed(f, "%s, line %llu: not an address, a time and a name parted by tabs; %s", f->name,
                  (unsigned long long)line->number, remedy);
}

/* False: there is none; r->good tells the end from a failure. */
static bool next_record(struct reader *r, struct record *record)
{
    const struct dns_file *f = r->file;
    struct list_line line;
    enum list_result result;
    while ((result = list_next(&r->list, &line)) == LIST_LINE) {
        if (line.number > 1 && line.newline && parse(line.text, record))
            return true;
        if (line.number > 1 || !fsk_span_eq(line.text, fsk_span_str(first_line))) {
            r->good = foreign(f, &line);
            return false;
        }
    }
    if (result != LIST_END) /* LIST_WAIT: it was a regular file when we looked */
        r->good = cannot(f, "read the cache", f->name,
                         result == LIST_FAILED ? r->list.sys_errno : EINVAL);
    return false;
}

/* ---- Times ----------------------------------------------------------------------------------- */

/* How long the record still counts; 0 or less: no more. */
static int64_t record_left(const struct record *r, int64_t wall)
{
    uint64_t most = (uint64_t)(wall / FSOCK_SECOND) + MOST_SECONDS;
    return (int64_t)(r->expires < most ? r->expires : most) * FSOCK_SECOND - wall;
}

/* When an entry expires in seconds since 1970; 0: it isn't to be saved. */
static uint64_t entry_expires(const struct dns_entry *e, fsock_time now, int64_t wall)
{
    const int64_t most = (int64_t)MOST_SECONDS * FSOCK_SECOND;
    if ((e->state != DNS_NAMED && e->state != DNS_NAMELESS) || e->expires <= now)
        return 0;
    int64_t left = e->expires - now < most ? e->expires - now : most;
    return (uint64_t)((wall + left + FSOCK_SECOND / 2) / FSOCK_SECOND);
}

bool dns_cache_load(struct dns_cache *c, const char *file, fsock_time now, int64_t wall, char *why,
                    size_t cap)
{
    struct dns_file f;
    struct reader reader;
    struct record r;
    bool good = open_file(&f, file, why, cap) && can_be_written(&f);
    if (good) {
        reader_init(&reader, &f);
        while (good && next_record(&reader, &r)) {
            int64_t left = record_left(&r, wall);
            if (left > 0 &&
                !dns_cache_put(c, &r.addr, r.name.n ? DNS_NAMED : DNS_NAMELESS, r.name, now + left))
                good = failed(&f, "out of memory");
        }
        good = good && reader.good;
        reader_fini(&reader);
    }
    close_file(&f);
    return good;
}

/* ---- Writing --------------------------------------------------------------------------------- */

static void write_record(struct out *out, const struct fsk_addr *addr, uint64_t expires,
                         struct fsk_span name)
{
    char text[FSK_ADDR_TEXT];
    out_bytes(out, text, fsk_addr_format(addr, text));
    out_char(out, '\t');
    out_u64(out, expires);
    out_char(out, '\t');
    out_span(out, !name.n ? dash : fsk_span_eq(name, dash) ? escaped_dash : name);
    out_char(out, '\n');
}

/*
 * What the file holds and the cache doesn't is written on. What both hold is the cache's to write,
 * after it got the answer that expires later.
 */
static bool merge(struct dns_cache *c, const struct dns_file *f, struct out *out, fsock_time now,
                  int64_t wall)
{
    struct reader reader;
    struct record r;
    reader_init(&reader, f);
    while (next_record(&reader, &r)) {
        int64_t left = record_left(&r, wall);
        struct dns_entry *e = dns_cache_peek(c, &r.addr);
        uint64_t expires = e ? entry_expires(e, now, wall) : 0;
        if (left <= 0)
            continue;
        if (!expires)
            write_record(out, &r.addr, r.expires, r.name);
        else if (r.expires > expires)
            dns_cache_put(c, &r.addr, r.name.n ? DNS_NAMED : DNS_NAMELESS, r.name, now + left);
    }
    reader_fini(&reader);
    return reader.good;
}

static void write_ring(const struct fsk_list *ring, struct out *out, fsock_time now, int64_t wall)
{
    FSK_LIST_EACH (link, ring) {
        const struct dns_entry *e = FSK_HOLDER(link, const struct dns_entry, link);
        uint64_t expires = entry_expires(e, now, wall);
        struct fsk_addr addr;
        dns_entry_addr(e, &addr);
        if (expires)
            write_record(out, &addr, expires, dns_entry_name(e));
    }
}

/* Least recently used first, so that these are the first to go where there is less room. */
static bool write_all_records(struct dns_cache *c, const struct dns_file *f, int fd, fsock_time now,
                              int64_t wall)
{
    struct out out;
    out_init(&out, fd);
    out_str(&out, first_line);
    bool good = merge(c, f, &out, now, wall);
    write_ring(&c->stock, &out, now, wall);
    write_ring(&c->held, &out, now, wall);
    out_flush(&out);
    int sys_errno = out.sys_errno;
    out_fini(&out);
    if (good && !sys_errno && fsync(fd) < 0)
        sys_errno = errno;
    return good && sys_errno ? cannot(f, "write the cache", f->part, sys_errno) : good;
}

/* False: the deadline is reached. */
static bool wait_a_little(fsock_time deadline)
{
    fsock_time now = fsock_now();
    if (now >= deadline)
        return false;
    fsock_wait(NULL, 0, fsk_time_min(deadline, now + pause_between_tries));
    return true;
}

/*
 * FILE.part, locked; -1: why says so. Who holds the lock renames the file or removes it before the
 * lock goes, so that what we have locked may be FILE by now: then it is not what we want.
 */
static int lock_part(const struct dns_file *f, fsock_time deadline)
{
    struct stat st, named;
    for (;;) {
        int fd =
            open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);
        if (fd < 0) {
            cannot(f, "write the cache", f->part, errno);
            return -1;
        }
        int sys_errno = flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &st) < 0 ? errno : 0;
        bool same = !sys_errno && lstat(f->part, &named) == 0 && named.st_dev == st.st_dev &&
                    named.st_ino == st.st_ino;
        bool ours = same && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1;
        if (ours)
            return fd;
        close(fd);
        if (same) {
            failed(f, "%s is no file of ours; remove it", f->part);
            return -1;
        }
        if (sys_errno == EWOULDBLOCK && !wait_a_little(deadline)) {
            failed(f, "the cache %s is being written by another run, and took too long", f->name);
            return -1;
        }
        if (sys_errno && sys_errno != EWOULDBLOCK && sys_errno != EINTR) {
            cannot(f, "lock", f->part, sys_errno);
            return -1;
        }
    }
}

bool dns_cache_save(struct dns_cache *c, const char *file, fsock_time now, int64_t wall,
                    fsock_time deadline, char *why, size_t cap)
{
    struct dns_file f;
    bool good = open_file(&f, file, why, cap);
    int fd = good ? lock_part(&f, deadline) : -1;
    if (fd >= 0) {
        f.there = access(f.name, F_OK) == 0; /* another run may just have made it */
        if (ftruncate(fd, 0) < 0)            /* what a crash has left */
            good = cannot(&f, "write the cache", f.part, errno);
        good = good && write_all_records(c, &f, fd, now, wall);
        if (good && rename(f.part, f.name) < 0)
            good = cannot(&f, "rename the cache to", f.name, errno);
        if (!good)
            unlink(f.part);
        close(fd);
    }
    close_file(&f);
    return good && fd >= 0;
}
