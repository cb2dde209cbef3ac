#include "get_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"

enum { NOTE_AT = 1 << 20, META_MAX = 70000 };

static const char meta_first[] = "fsock part 1\n";

void sink_init(struct sink *s)
{
    *s = (struct sink){.kind = SINK_NONE, .fd = -1};
}

void sink_fini(struct sink *s)
{
    sink_abandon(s, NULL);
    free(s->name);
    sink_init(s);
}

void sink_to_stdout(struct sink *s, struct out *out)
{
    s->kind = SINK_STDOUT;
    s->out = out;
}

static int close_file(struct sink *s)
{
    int sys_errno = 0;
    if (s->fd >= 0 && close(s->fd) < 0 && errno != EINTR)
        sys_errno = errno;
    s->fd = -1;
    return sys_errno;
}

static void forget(struct sink *s)
{
    free(s->part);
    free(s->validator);
    s->part = s->validator = NULL;
}

static bool failed(struct outcome *o, const char *doing, const char *name, int sys_errno)
{
    outcome_fail(o, EXIT_WRITE, "write", sys_errno, "can't %s %s: %s", doing, name,
                 fsk_errno_text(sys_errno));
    return false;
}

/* "NAME" + suffix, allocated; NULL: out of memory. */
static char *suffixed(const char *name, const char *suffix)
{
    char *text = NULL;
    return asprintf(&text, "%s%s", name, suffix) < 0 ? NULL : text;
}

bool sink_to_file(struct sink *s, const char *dir, const char *name)
{
    struct stat st;
    char *path = NULL;
    int n =
        dir && name[0] != '/' ? asprintf(&path, "%s/%s", dir, name) : asprintf(&path, "%s", name);
    if (n < 0)
        return false;
    s->kind = SINK_PART;
    s->name = path;
    bool there = lstat(path, &st) == 0;
    if (there && S_ISLNK(st.st_mode)) {
        /* The file that a link points to is replaced, not the link. */
        char *real = realpath(path, NULL);
        if (real && stat(real, &st) == 0 && S_ISREG(st.st_mode)) {
            free(path);
            s->name = real;
        } else {
            free(real);
        }
        there = stat(s->name, &st) == 0;
    }
    if (there && !S_ISREG(st.st_mode))
        s->kind = SINK_DIRECT;
    return true;
}

/* ---- The note beside NAME.part --------------------------------------------------------------- */

/* NAME.part.meta: three lines, the last two the URL and the validator. */
static void write_note(struct sink *s, const char *url)
{
    char *meta = suffixed(s->name, ".part.meta"), *text = NULL;
    int n = asprintf(&text, "%s%s\n%s\n", meta_first, url, s->validator);
    int fd = meta && n > 0 ? open(meta, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666)
                           : -1;
    if (fd >= 0) {
        s->noted = write_all(fd, text, (size_t)n) == 0;
        close(fd);
        if (!s->noted)
            unlink(meta);
    }
    if (n >= 0)
        free(text);
    free(meta);
}

static void remove_note(const struct sink *s)
{
    char *meta = suffixed(s->name, ".part.meta");
    if (meta)
        unlink(meta);
    free(meta);
}

/* Read a small file whole, with a NUL behind it; NULL if it isn't one. */
static char *read_small(const char *name)
{
    char *text = NULL;
    int fd = name ? open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    struct stat st;
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size < META_MAX) {
        text = malloc((size_t)st.st_size + 1);
        ssize_t n = text ? read(fd, text, (size_t)st.st_size) : -1;
        if (text)
            text[n > 0 ? n : 0] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return text;
}

/* Does the note speak of this URL? Then its validator is at *validator, without the newline. */
static bool note_matches(char *note, const char *url, char **validator)
{
    size_t first = sizeof meta_first - 1, n = strlen(url);
    if (strncmp(note, meta_first, first) != 0 || strncmp(note + first, url, n) != 0 ||
        note[first + n] != '\n')
        return false;
    *validator = note + first + n + 1;
    size_t len = strcspn(*validator, "\n");
    bool whole = len && (*validator)[len] == '\n';
    (*validator)[len] = '\0';
    return whole;
}

bool sink_rest(const struct sink *s, const char *url, struct sink_rest *rest)
{
    struct stat st;
    if (s->kind != SINK_PART)
        return false;
    char *part = suffixed(s->name, ".part"), *meta = suffixed(s->name, ".part.meta");
    char *note = read_small(meta), *validator = NULL;
    bool good = part && note && note_matches(note, url, &validator) &&
                strlen(validator) < sizeof rest->validator && lstat(part, &st) == 0 &&
                S_ISREG(st.st_mode) && st.st_size > 0;
    if (good) {
        rest->size = (uint64_t)st.st_size;
        memcpy(rest->validator, validator, strlen(validator) + 1);
    }
    free(note);
    free(meta);
    free(part);
    return good;
}

/* ---- Opening --------------------------------------------------------------------------------- */

static void make_dirs(const char *name)
{
    char *path = suffixed(name, "");
    for (char *p = path; p && (p = strchr(p + 1, '/'));) {
        *p = '\0';
        mkdir(path, 0777);
        *p = '/';
    }
    free(path);
}

/* Ours alone: locked, and still what the name stands for. Then *size is how long it is. */
static bool is_ours(int fd, const char *name, uint64_t *size)
{
    struct stat open_file, named;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 || fstat(fd, &open_file) < 0 || lstat(name, &named) < 0 ||
        open_file.st_ino != named.st_ino || open_file.st_dev != named.st_dev)
        return false;
    *size = (uint64_t)open_file.st_size;
    return true;
}

/* NAME.part.N, the first N that is free. */
static bool open_private(struct sink *s)
{
    for (unsigned i = 1; i < 10000; i++) {
        char suffix[24];
        snprintf(suffix, sizeof suffix, ".part.%u", i);
        free(s->part);
        s->part = suffixed(s->name, suffix);
        if (!s->part)
            errno = ENOMEM;
        s->fd = s->part ? open(s->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666) : -1;
        if (s->fd >= 0 || errno != EEXIST)
            break;
    }
    s->kind = SINK_PRIVATE;
    s->size = 0;
    return s->fd >= 0;
}

static bool open_part(struct sink *s)
{
    int fd = open(s->part, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return false;
    if (!is_ours(fd, s->part, &s->size)) {
        close(fd);
        return open_private(s);
    }
    s->fd = fd;
    return true;
}

static bool open_file(struct sink *s)
{
    if (s->kind == SINK_DIRECT) {
        s->fd = open(s->name, O_WRONLY | O_CLOEXEC | O_NOCTTY);
        return s->fd >= 0;
    }
    s->part = suffixed(s->name, ".part");
    if (!s->part)
        errno = ENOMEM;
    return s->part && open_part(s);
}

bool sink_open(struct sink *s, uint64_t from, struct fsk_span validator, bool create_dirs,
               struct outcome *o)
{
    if (!s->name)
        return true;
    bool good = open_file(s);
    if (!good && errno == ENOENT && create_dirs) {
        make_dirs(s->name);
        good = s->part ? open_part(s) : open_file(s);
    }
    if (!good)
        return failed(o, "open", s->part ? s->part : s->name, errno);
    if (s->kind == SINK_DIRECT)
        return true;
    if (from && (s->kind == SINK_PRIVATE || s->size != from)) {
        outcome_fail(o, EXIT_RANGE, "resume", 0,
                     "can't continue %s.part: it has changed since the request was sent", s->name);
        if (s->kind == SINK_PRIVATE)
            unlink(s->part);
        close_file(s); /* it is somebody else's now */
        forget(s);
        return false;
    }
    if (from && lseek(s->fd, (off_t)from, SEEK_SET) < 0)
        return failed(o, "continue", s->part, errno);
    if (!from && s->size) {
        if (ftruncate(s->fd, 0) < 0)
            return failed(o, "truncate", s->part, errno);
        remove_note(s); /* it spoke of what is gone */
    }
    s->size = from;
    s->noted = from > 0; /* its note is how we knew */
    if (validator.n && s->kind == SINK_PART)
        s->validator = strndup(validator.p, validator.n);
    return true;
}

/* ---- Writing and ending ---------------------------------------------------------------------- */

bool sink_write(struct sink *s, const char *url, const void *p, size_t n, struct outcome *o)
{
    bool to_stdout = s->kind == SINK_STDOUT;
    if (!to_stdout && s->fd < 0)
        return true;
    int sys_errno = to_stdout ? out_now(s->out, p, n) : write_all(s->fd, p, n);
    if (sys_errno)
        return failed(o, "write", to_stdout ? "standard output" : s->name, sys_errno);
    s->size += n;
    if (s->validator && !s->noted && s->size >= NOTE_AT)
        write_note(s, url);
    return true;
}

bool sink_restart(struct sink *s, uint64_t keep, struct outcome *o)
{
    if (s->fd < 0)
        return true;
    if (s->kind == SINK_PRIVATE)
        unlink(s->part);
    else if (ftruncate(s->fd, (off_t)keep) < 0)
        return failed(o, "truncate", s->part, errno);
    if (s->noted && !keep)
        remove_note(s); /* it spoke of what is gone */
    close_file(s);
    forget(s);
    s->kind = SINK_PART;
    s->size = 0;
    s->noted = false;
    return true;
}

bool sink_commit(struct sink *s, struct outcome *o)
{
    if (!s->part) {
        int sys_errno = close_file(s);
        return sys_errno ? failed(o, "write", s->name, sys_errno) : true;
    }
    /*
     * Closing a duplicate (if there is a descriptor left) brings out what a file system reports
     * late. The rename comes before the lock goes: nobody else can take the file for a leftover in
     * between.
     */
    int twin = dup(s->fd);
    bool good = twin < 0 || close(twin) == 0 ? true : failed(o, "write", s->name, errno);
    if (good && rename(s->part, s->name) < 0)
        good = failed(o, "rename the file to", s->name, errno);
    if (good && s->noted)
        remove_note(s);
    if (!good) {
        sink_abandon(s, NULL);
        return false;
    }
    close_file(s);
    forget(s);
    return good;
}

void sink_abandon(struct sink *s, const char *url)
{
    if (s->part && s->fd >= 0) {
        bool keep = s->validator && s->size > 0;
        if (keep && !s->noted && url)
            write_note(s, url);
        if (!keep || !s->noted) {
            unlink(s->part);
            if (s->noted)
                remove_note(s);
        }
    }
    close_file(s);
    forget(s);
}
