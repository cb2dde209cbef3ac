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

/* The next line, without its end. False: there is none. */
static bool next_line(struct fsk_span *rest, struct fsk_span *line)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    if (!end)
        return false;
    *line = fsk_span(rest->p, (size_t)(end - rest->p));
    *rest = fsk_span(end + 1, rest->n - line->n - 1);
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* The next field: name and value; of one that is folded the first line. False: there is none. */
static bool next_field(struct fsk_span *rest, struct fsk_span *name, struct fsk_span *value)
{
    struct fsk_span line;
    while (next_line(rest, &line)) {
        const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
        if (!colon || line.p[0] == ' ' || line.p[0] == '\t')
            continue;
        *name = fsk_span(line.p, (size_t)(colon - line.p));
        *value = fsk_span_trim(fsk_span(colon + 1, line.n - name->n - 1));
        return true;
    }
    return false;
}

/* "name":["value",...] with the values that this name has from here on. */
static void values_json(struct out *o, struct fsk_span name, struct fsk_span value,
                        struct fsk_span rest)
{
    struct fsk_span other;
    out_char(o, '"');
    for (size_t i = 0; i < name.n; i++)
        out_char(o, fsk_lower(name.p[i])); /* a token (RFC 9110 5.1): nothing to escape */
    out_str(o, "\":[\"");
    out_json(o, value);
    while (next_field(&rest, &other, &value)) {
        if (!fsk_span_caseeq(other, name))
            continue;
        out_str(o, "\",\"");
        out_json(o, value);
    }
    out_str(o, "\"]");
}

/* %{header_json}: an object with a list of values for each name, in lower case. */
static void header_json(struct out *o, const struct fsock_response *r)
{
    struct fsk_span all = fsk_span(r->head, r->head_len), name, value, other, ignored;
    const char *between = "";
    next_line(&all, &ignored); /* the status line */
    out_char(o, '{');
    for (struct fsk_span rest = all; next_field(&rest, &name, &value);) {
        struct fsk_span before = fsk_span(all.p, (size_t)(name.p - all.p));
        bool shown = false;
        while (!shown && next_field(&before, &other, &ignored))
            shown = fsk_span_caseeq(other, name);
        if (shown)
            continue;
        out_str(o, between);
        between = ",";
        values_json(o, name, value, rest);
    }
    out_char(o, '}');
}

/* %{name}. False: unknown. */
static bool variable(struct ways *w, struct fsk_span name)
{
    const struct record_field *field = record_field(name);
    if (!field && !is(name, "json") && !is(name, "header_json") && !is(name, "stdout") &&
        !is(name, "stderr") && !is(name, "onerror"))
        return false;
    if (!w->now)
        return true;
    if (field) {
        record_value(w->now, field, w->r);
    } else if (is(name, "json")) {
        record_json(w->now, w->r, NULL);
        if (w->now->n)
            w->now->n--; /* the format brings its own end of line */
    } else if (is(name, "header_json")) {
        header_json(w->now, w->r->response);
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
