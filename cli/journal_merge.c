#include "journal_merge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "fingerprints.h"
#include "journal.h"
#include "lock.h"
#include "out.h"
#include "outcome.h"
#include "url_key.h"

enum { WRITTEN_AT_ONCE = 65536 };

/* A record of the first pass. */
struct seen {
    uint64_t fingerprint;
    int64_t time;
    uint64_t number; /* among all records */
};

struct merge {
    const struct option_list *names;
    int *fd;                 /* of each journal; -1: not open */
    int to;                  /* OUT.part; -1: not open */
    char *part;              /* its name */
    struct fingerprints set; /* of no fingerprints; for its secret */
    struct seen *seen;
    size_t n, cap;
    unsigned char *newest; /* by number, one bit each */
    size_t kept;
    struct fsk_buf key, text;
    char *why;
    size_t why_cap;
};

/* ---- Reading --------------------------------------------------------------------------------- */

static int no_memory(struct merge *m)
{
    snprintf(m->why, m->why_cap, "out of memory");
    return EXIT_MEMORY;
}

/* Whoever else has one of them could add to it meanwhile. */
static int open_all(struct merge *m)
{
    for (size_t i = 0; i < m->names->n; i++) {
        const char *name = m->names->item[i].value;
        if (access(name, R_OK) == 0)
            m->fd[i] = lock_open(name, O_RDONLY);
        if (m->fd[i] >= 0)
            continue;
        if (errno == EWOULDBLOCK)
            snprintf(m->why, m->why_cap,
                     "the journal %s is in use by another run, or was given twice", name);
        else
            snprintf(m->why, m->why_cap, "can't read the journal %s: %s", name,
                     fsk_errno_text(errno));
        return errno == EWOULDBLOCK ? EXIT_USAGE : EXIT_READ;
    }
    return 0;
}

/* Call `take` for each record of each journal. 0, or the exit code. */
static int each_record(struct merge *m,
                       int (*take)(struct merge *m, const struct journal_record *r, size_t number))
{
    size_t number = 0;
    int code = 0;
    for (size_t i = 0; !code && i < m->names->n; i++) {
        const char *name = m->names->item[i].value;
        struct journal_reader reader;
        struct journal_record r;
        struct stat st;
        if (fstat(m->fd[i], &st) < 0 || !S_ISREG(st.st_mode)) {
            snprintf(m->why, m->why_cap, "%s is no regular file", name);
            return EXIT_USAGE;
        }
        enum journal_result result = JOURNAL_RECORD;
        journal_reader_init(&reader, m->fd[i], (uint64_t)st.st_size);
        while (!code && (result = journal_read(&reader, &r)) == JOURNAL_RECORD)
            code = take(m, &r, number++);
        if (!code && result != JOURNAL_END)
            code = journal_unreadable(result, name, reader.sys_errno, m->why, m->why_cap);
        journal_reader_fini(&reader);
    }
    return code;
}

/* ---- The first pass -------------------------------------------------------------------------- */

static int note(struct merge *m, const struct journal_record *r, size_t number)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap + m->cap / 2 : 1024;
        struct seen *seen = realloc(m->seen, cap * sizeof *seen);
        if (!seen)
            return no_memory(m);
        m->seen = seen;
        m->cap = cap;
    }
    if (!url_key(&m->key, r->url, r->variant))
        return no_memory(m);
    m->seen[m->n++] = (struct seen){
        .fingerprint = fingerprint_of(&m->set, fsk_buf_span(&m->key)),
        .time = r->time,
        .number = number,
    };
    return 0;
}

/* By fingerprint, those of one in the order in which they happened. */
static int order(const void *left, const void *right)
{
    const struct seen *a = left, *b = right;
    if (a->fingerprint != b->fingerprint)
        return a->fingerprint < b->fingerprint ? -1 : 1;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    return a->number < b->number ? -1 : 1;
}

static int find_newest(struct merge *m)
{
    m->newest = calloc(m->n / 8 + 1, 1);
    if (!m->newest)
        return no_memory(m);
    if (m->n)
        qsort(m->seen, m->n, sizeof *m->seen, order);
    for (size_t i = 0; i < m->n; i++) {
        if (i + 1 < m->n && m->seen[i].fingerprint == m->seen[i + 1].fingerprint)
            continue;
        uint64_t number = m->seen[i].number;
        m->newest[number / 8] = (unsigned char)(m->newest[number / 8] | 1u << number % 8);
        m->kept++;
    }
    return 0;
}

/* ---- The second pass ------------------------------------------------------------------------- */

static int cannot_write(struct merge *m, int sys_errno)
{
    snprintf(m->why, m->why_cap, "can't write %s: %s", m->part, fsk_errno_text(sys_errno));
    return EXIT_WRITE;
}

static int write_text(struct merge *m)
{
    int sys_errno = write_all(m->to, m->text.mem + m->text.start, fsk_buf_len(&m->text));
    fsk_buf_clear(&m->text);
    return sys_errno ? cannot_write(m, sys_errno) : 0;
}

static int copy(struct merge *m, const struct journal_record *r, size_t number)
{
    if (!(m->newest[number / 8] >> number % 8 & 1))
        return 0;
    if (!journal_write(&m->text, r))
        return no_memory(m);
    return fsk_buf_len(&m->text) >= WRITTEN_AT_ONCE ? write_text(m) : 0;
}

/* Write OUT.part, which is open and locked, and give it its name. */
static int write_part(struct merge *m, const char *out)
{
    int code = 0;
    if (ftruncate(m->to, 0) < 0)
        return cannot_write(m, errno);
    if (fsk_buf_puts(&m->text, JOURNAL_FIRST) != FSOCK_OK)
        return no_memory(m);
    code = each_record(m, copy);
    if (!code)
        code = write_text(m);
    if (!code && fsync(m->to) < 0)
        code = cannot_write(m, errno);
    if (!code && rename(m->part, out) < 0)
        code = cannot_write(m, errno);
    if (code)
        unlink(m->part);
    return code;
}

/* What stands there now must not be lost. */
static bool is_lost(const struct merge *m, const char *out)
{
    struct stat st, one;
    if (stat(out, &st) < 0)
        return false;
    for (size_t i = 0; i < m->names->n; i++)
        if (fstat(m->fd[i], &one) == 0 && one.st_dev == st.st_dev && one.st_ino == st.st_ino)
            return false;
    return true;
}

static int write_out(struct merge *m, const char *out)
{
    if (is_lost(m, out)) {
        snprintf(m->why, m->why_cap,
                 "%s is there already; name it among the journals to join, or another file", out);
        return EXIT_USAGE;
    }
    m->to = lock_open(m->part, O_WRONLY);
    int code = m->to < 0 ? cannot_write(m, errno) : write_part(m, out);
    if (m->to >= 0)
        close(m->to);
    return code;
}

/* ---- All of it ------------------------------------------------------------------------------- */

static int merge(struct merge *m, const char *out)
{
    if (!m->fd || !m->part)
        return no_memory(m);
    int code = open_all(m);
    if (!code)
        code = each_record(m, note);
    if (!code)
        code = find_newest(m);
    if (!code)
        code = write_out(m, out);
    if (!code)
        snprintf(m->why, m->why_cap, "%zu records of %zu journal%s, %zu of them in %s", m->n,
                 m->names->n, m->names->n == 1 ? "" : "s", m->kept, out);
    return code;
}

int journal_merge(const char *out, const struct option_list *names, char *why, size_t cap)
{
    struct merge m = {.names = names, .to = -1, .why = why, .why_cap = cap};
    m.fd = malloc(names->n * sizeof *m.fd);
    for (size_t i = 0; m.fd && i < names->n; i++)
        m.fd[i] = -1;
    if (asprintf(&m.part, "%s.part", out) < 0)
        m.part = NULL;
    fingerprints_init(&m.set);
    fsk_buf_init(&m.key, URL_KEY_MAX);
    fsk_buf_init(&m.text, 2 * JOURNAL_LINE_MAX);
    int code = merge(&m, out);
    for (size_t i = 0; m.fd && i < names->n; i++)
        if (m.fd[i] >= 0)
            close(m.fd[i]);
    free(m.fd);
    free(m.part);
    free(m.seen);
    free(m.newest);
    fsk_buf_fini(&m.key);
    fsk_buf_fini(&m.text);
    return code;
}
