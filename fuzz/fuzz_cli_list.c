/*
 * Lists: the same lines whether the bytes stand in a file or come in pieces through a pipe, and no
 * line that a URL can't be; a raw list gives each byte. The first byte of the input is the size of
 * the pieces.
 */
#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What a list came to. */
struct seen {
    uint64_t lines, bad, last, sum;
};

/* The bytes still to be put into the pipe. */
struct source {
    const uint8_t *p;
    size_t n, piece;
    int fd;
};

static void put_piece(struct source *s)
{
    size_t n = s->n < s->piece ? s->n : s->piece;
    if (n && write(s->fd, s->p, n) != (ssize_t)n)
        abort();
    s->p += n;
    s->n -= n;
    if (!s->n && s->fd >= 0) {
        close(s->fd);
        s->fd = -1;
    }
}

static void look(struct seen *seen, const struct list_line *line)
{
    struct fsk_span text = line->text;
    assert(text.n && text.p[0] != '#' && !memchr(text.p, '\n', text.n));
    assert(line->number > seen->last);
    assert(line->why || (text.n <= LIST_LINE_MAX && !memchr(text.p, '\0', text.n)));
    seen->last = line->number;
    seen->lines++;
    seen->bad += line->why != NULL;
    for (size_t i = 0; i < text.n; i++)
        seen->sum = seen->sum * 31 + (unsigned char)text.p[i];
}

static struct seen read_list(const char *name, struct source *source)
{
    struct option_item item = {name, 0};
    struct option_list names = {&item, 1};
    struct seen seen = {0, 0, 0, 0};
    struct list_line line;
    struct list list;
    enum list_result result;
    list_init(&list, &names);
    while ((result = list_next(&list, &line)) != LIST_END) {
        if (result == LIST_WAIT) {
            assert(source);
            put_piece(source);
            list_ready(&list);
        } else {
            assert(result == LIST_LINE || result == LIST_BAD);
            assert((result == LIST_BAD) == (line.why != NULL));
            look(&seen, &line);
        }
    }
    list_fini(&list);
    return seen;
}

/* What a raw list gives is what there is, cut behind each newline. */
static void read_raw(const char *name, const uint8_t *data, size_t size)
{
    struct option_item item = {name, 0};
    struct option_list names = {&item, 1};
    struct list_line line;
    struct list list;
    bool first = true;
    size_t at = 0;
    uint64_t number = 0;
    list_init_raw(&list, &names);
    while (list_next(&list, &line) != LIST_END) {
        size_t n = line.text.n;
        assert(n && n <= LIST_LINE_MAX && n <= size - at && memcmp(line.text.p, data + at, n) == 0);
        const char *newline = memchr(line.text.p, '\n', n);
        assert(line.newline ? newline == line.text.p + n - 1 : !newline);
        assert(line.first == first && line.number == number + first);
        number = line.number;
        first = line.newline;
        at += n;
        assert(line.newline || n == LIST_LINE_MAX || at == size);
    }
    assert(at == size);
    list_fini(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char name[40];
    if (!size)
        return 0;
    int ends[2], file = memfd_create("list", MFD_CLOEXEC);
    if (file < 0 || pipe2(ends, O_CLOEXEC) < 0)
        abort();
    if (write(file, data + 1, size - 1) != (ssize_t)(size - 1) || dup2(ends[0], STDIN_FILENO) < 0)
        abort();
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    struct source source = {data + 1, size - 1, data[0] + 1u, ends[1]};
    struct seen whole = read_list(name, NULL), pieces = read_list("-", &source);
    assert(whole.lines == pieces.lines && whole.bad == pieces.bad);
    assert(whole.last == pieces.last && whole.sum == pieces.sum);
    read_raw(name, data + 1, size - 1);
    close(ends[0]);
    if (source.fd >= 0)
        close(source.fd);
    close(file);
    return 0;
}
