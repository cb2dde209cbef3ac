#include "list.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHUNK = 65536, SHOWN = 200, CHUNKS_A_TURN = 4 };

void list_init(struct list *l, const struct option_list *names)
{
    *l = (struct list){.name = names->item, .names = names->n, .fd = -1};
    fsk_buf_init(&l->buf, 4 * LIST_LINE_MAX);
}

void list_init_raw(struct list *l, const struct option_list *names)
{
    list_init(l, names);
    l->raw = true;
}

static void close_list(struct list *l)
{
    if (l->fd > STDIN_FILENO)
        close(l->fd);
    l->fd = -1;
}

void list_fini(struct list *l)
{
    close_list(l);
    fsk_buf_fini(&l->buf);
}

static bool standard_input(const char *name)
{
    return name[0] == '-' && !name[1];
}

/* O_NONBLOCK, since opening a FIFO would wait for its writer. */
static int open_list(const char *name)
{
    return standard_input(name) ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

const char *list_unreadable(const struct option_list *names)
{
    for (size_t i = 0; i < names->n; i++) {
        const char *name = names->item[i].value;
        struct stat st;
        int failed = standard_input(name) ? fstat(STDIN_FILENO, &st) : stat(name, &st);
        if (!failed && S_ISDIR(st.st_mode)) {
            errno = EISDIR;
            failed = -1;
        }
        if (!failed && !standard_input(name))
            failed = access(name, R_OK);
        if (failed)
            return name;
    }
    return NULL;
}

/* Open the next list. False: it can't be. */
static bool next_list(struct list *l)
{
    struct stat st;
    l->fd = open_list(l->name->value);
    l->broken = l->fd < 0 || fstat(l->fd, &st) < 0;
    if (l->broken) {
        l->sys_errno = errno;
        return false;
    }
    l->regular = S_ISREG(st.st_mode);
    l->ready = l->ended = l->inside = false;
    l->number = 0;
    l->scanned = 0;
    fsk_buf_clear(&l->buf);
    return true;
}

/* Read once; the descriptor won't wait. False: it failed. */
static bool fill(struct list *l)
{
    if (fsk_buf_reserve(&l->buf, CHUNK) != FSOCK_OK) {
        l->sys_errno = ENOMEM;
        return false;
    }
    ssize_t n = read(l->fd, l->buf.mem + l->buf.end, CHUNK);
    l->ready = false;
    if (n > 0)
        l->buf.end += (size_t)n;
    else if (n == 0)
        l->ended = true;
    else if (errno != EAGAIN && errno != EINTR) {
        l->sys_errno = errno;
        return false;
    }
    return true;
}

/* Take n bytes, and the newline after them, off the buffer: a line, or the end of one. */
static struct fsk_span take_bytes(struct list *l, size_t n, bool newline, struct list_line *line)
{
    struct fsk_span text = fsk_span(l->buf.mem + l->buf.start, n);
    l->scanned = 0;
    fsk_buf_consume(&l->buf, n + newline); /* the bytes stay in place until the next read */
    l->number += !l->inside;
    *line = (struct list_line){
        .number = l->number, .name = l->name->value, .first = !l->inside, .newline = newline};
    l->inside = false;
    return text;
}

/* Take the line of n bytes off the buffer. False: nothing in it for the caller. */
static bool take(struct list *l, size_t n, bool newline, struct list_line *line)
{
    struct fsk_span text = take_bytes(l, n, newline, line);
    if (!line->first)
        return false;
    if (l->number == 1 && text.n >= 3 && memcmp(text.p, "\xef\xbb\xbf", 3) == 0)
        text = fsk_span(text.p + 3, text.n - 3);
    if (text.n && text.p[text.n - 1] == '\r')
        text.n--;
    text = fsk_span_trim(text);
    if (!text.n || text.p[0] == '#')
        return false;
    line->text = text;
    if (text.n > LIST_LINE_MAX)
        line->why = "the line is longer than 64 KiB";
    else if (memchr(text.p, '\0', text.n))
        line->why = "the line holds a NUL byte";
    if (line->why && line->text.n > SHOWN)
        line->text.n = SHOWN;
    return true;
}

/* A line longer than any entry has begun: report it, and pass over what is still to come of it. */
static bool overlong(struct list *l, struct list_line *line)
{
    size_t n = fsk_buf_len(&l->buf);
    bool told = take(l, n, false, line);
    if (told)
        line->why = "the line is longer than 64 KiB";
    l->inside = true;
    return told;
}

/* The next entry that the buffer holds. False: more bytes are needed. */
static bool buffered_entry(struct list *l, struct list_line *line)
{
    for (;;) {
        size_t len = fsk_buf_len(&l->buf);
        if (!len)
            return false;
        const char *start = l->buf.mem + l->buf.start;
        const char *end =
            len > l->scanned ? memchr(start + l->scanned, '\n', len - l->scanned) : NULL;
        bool told;
        if (end)
            told = take(l, (size_t)(end - start), true, line);
        else if (len > 2 * LIST_LINE_MAX)
            told = overlong(l, line);
        else if (l->ended)
            told = take(l, len, false, line);
        else {
            l->scanned = len;
            return false;
        }
        if (told)
            return true;
    }
}

/* The next line of a raw list, or piece of one. False: more bytes are needed. */
static bool buffered_piece(struct list *l, struct list_line *line)
{
    size_t len = fsk_buf_len(&l->buf), most = len < LIST_LINE_MAX ? len : LIST_LINE_MAX;
    if (!len)
        return false;
    const char *start = l->buf.mem + l->buf.start;
    const char *end =
        most > l->scanned ? memchr(start + l->scanned, '\n', most - l->scanned) : NULL;
    if (!end && most < LIST_LINE_MAX && !l->ended) {
        l->scanned = most;
        return false;
    }
    line->text = take_bytes(l, end ? (size_t)(end - start) : most, end != NULL, line);
    line->text.n += line->newline;
    l->inside = !end;
    return true;
}

/*
 * Read on. A broken descriptor is at its end for a raw list, whose bytes all count; the beginning
 * of an entry is none. False: this list is over.
 */
static bool read_on(struct list *l)
{
    if (l->ended)
        return false;
    l->broken = !fill(l);
    if (l->broken)
        l->ended = true;
    return !l->broken || l->raw;
}

enum list_result list_next(struct list *l, struct list_line *line)
{
    for (unsigned chunks = 0;; chunks++) {
        if (l->fd < 0 && !l->names)
            return LIST_END;
        if (l->fd >= 0 || next_list(l)) {
            if (l->raw ? buffered_piece(l, line) : buffered_entry(l, line))
                return line->why ? LIST_BAD : LIST_LINE;
            if (!l->ended && !l->regular && !l->ready)
                return LIST_WAIT;
            if (chunks == CHUNKS_A_TURN && !l->raw)
                return LIST_MORE;
            if (read_on(l))
                continue;
        }
        line->name = l->name->value;
        close_list(l);
        l->name++;
        l->names--;
        if (l->broken)
            return LIST_FAILED;
    }
}

void list_ready(struct list *l)
{
    l->ready = true;
}
