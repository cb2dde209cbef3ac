#include "get_writeout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fault.h"

enum { FORMAT_MAX = 65536 };

/* Where the text goes: `now` is one of the two others; all NULL while only checking. */
struct ways {
    struct out *now, *to, *err;
    const struct record *r;
    bool ended;
};

static bool is(struct fsk_span s, const char *word)
{
    return fsk_span_eq(s, fsk_span_str(word));
}

/* %{name}. False: unknown. */
static bool variable(struct ways *w, struct fsk_span name)
{
    const struct record_field *field = record_field(name);
    if (!field && !is(name, "json") && !is(name, "stdout") && !is(name, "stderr") &&
        !is(name, "onerror"))
        return false;
    if (!w->now)
        return true;
    if (field) {
        record_value(w->now, field, w->r);
    } else if (is(name, "json")) {
        record_json(w->now, w->r);
        if (w->now->n)
            w->now->n--; /* the format brings its own end of line */
    } else if (is(name, "onerror")) {
        w->ended = w->r->outcome->exitcode == 0;
    } else {
        w->now = is(name, "stdout") ? w->to : w->err;
    }
    return true;
}

/* %header{name} */
static void header(struct ways *w, struct fsk_span name)
{
    char text[256];
    const char *value;
    size_t len;
    if (!w->now || name.n >= sizeof text || !w->r->response->head_len)
        return;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    if (fsock_response_header(w->r->response, text, &value, &len))
        out_bytes(w->now, value, len);
}

/* What begins with '%' at p; returns its length, 0 if it names something unknown. */
static size_t percent(struct ways *w, const char *p)
{
    size_t skip = strncmp(p, "%{", 2) == 0 ? 2 : strncmp(p, "%header{", 8) == 0 ? 8 : 0;
    const char *end = skip ? strchr(p + skip, '}') : NULL;
    if (end) {
        struct fsk_span name = fsk_span(p + skip, (size_t)(end - p) - skip);
        if (skip == 8)
            header(w, name);
        else if (!variable(w, name))
            return 0;
        return (size_t)(end - p) + 1;
    }
    if (w->now)
        out_char(w->now, '%');
    return p[1] == '%' ? 2 : 1;
}

/* What begins with a backslash at p; returns its length. */
static size_t backslash(struct ways *w, const char *p)
{
    char c = p[1] == 'n' ? '\n' : p[1] == 'r' ? '\r' : p[1] == 't' ? '\t' : '\\';
    if (w->now)
        out_char(w->now, c);
    return c != '\\' || p[1] == '\\' ? 2 : 1;
}

/* Returns where the walk ended: at the NUL, or at something unknown. */
static const char *walk(struct ways *w, const char *p)
{
    while (*p && !w->ended) {
        size_t n = strcspn(p, "%\\");
        if (w->now)
            out_bytes(w->now, p, n);
        p += n;
        if (*p == '%') {
            n = percent(w, p);
            if (!n)
                break;
            p += n;
        } else if (*p) {
            p += backslash(w, p);
        }
    }
    return p;
}

bool writeout_check(const char *format, struct fsk_span *bad)
{
    struct ways w = {.now = NULL};
    const char *end = walk(&w, format);
    *bad = fsk_span(end, *end ? strcspn(end, "}") + 1 : 0);
    return !*end;
}

/* The bytes of a file, at most n; -1 with errno. */
static ssize_t read_whole(int fd, char *p, size_t n)
{
    size_t at = 0;
    while (fd >= 0 && at < n) {
        ssize_t got = read(fd, p + at, n - at);
        if (got == 0)
            break;
        if (got < 0 && errno != EINTR)
            return -1;
        at += got > 0 ? (size_t)got : 0;
    }
    return fd < 0 ? -1 : (ssize_t)at;
}

int writeout_read(char **format, const char *name, char *why, size_t cap)
{
    char *text = calloc(1, FORMAT_MAX + 1);
    int fd = strcmp(name, "-") == 0 ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    ssize_t n = text ? read_whole(fd, text, FORMAT_MAX) : -1;
    struct fsk_span bad;
    int code = 0;
    if (n < 0) {
        snprintf(why, cap, "can't read %s: %s", name, fsk_errno_text(errno));
        code = EXIT_READ;
    } else if (n == FORMAT_MAX) {
        snprintf(why, cap, "the format in %s is longer than 64 KiB", name);
        code = EXIT_USAGE;
    } else if (!writeout_check(text, &bad)) {
        snprintf(why, cap, "-w knows no %.*s (in %s)", (int)bad.n, bad.p, name);
        code = EXIT_USAGE;
    }
    if (fd > STDIN_FILENO)
        close(fd);
    *format = text;
    return code;
}

void writeout(struct out *to, struct out *err, const char *format, const struct record *r)
{
    struct ways w = {.now = to, .to = to, .err = err, .r = r};
    out_begin(to);
    walk(&w, format);
}
