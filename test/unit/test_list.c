/* Lists: lines, comments, bad lines, several lists, pipes that are late; raw ones, byte by byte. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "list.h"

static char dir[] = "/tmp/fsock-list-XXXXXX";

static char *file(const char *name, const char *bytes, size_t n)
{
    char *path;
    assert_true(asprintf(&path, "%s/%s", dir, name) > 0);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    return path;
}

static void one_list(struct option_list *names, const char *path)
{
    assert_true(option_list_add(names, path, 0));
}

static void wants(struct list *l, enum list_result result, const char *text, uint64_t number)
{
    struct list_line line;
    enum list_result next;
    while ((next = list_next(l, &line)) == LIST_MORE)
        ;
    assert_int_equal(next, result);
    if (text) {
        assert_int_equal(line.text.n, strlen(text));
        assert_memory_equal(line.text.p, text, line.text.n);
        assert_int_equal(line.number, number);
    }
}

static void lines(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbfhttp://a/\n"
                               "# a comment\n"
                               "\n"
                               "  http://b/ \t\r\n"
                               "\t# another\r\n"
                               "http://c/#fragment\n"
                               "with a\0zero\n"
                               "last";
    struct option_list names = {NULL, 0};
    char *path = file("lines", text, sizeof text - 1);
    one_list(&names, path);
    one_list(&names, path);
    assert_null(list_unreadable(&names));
    struct list l;
    list_init(&l, &names);
    for (int twice = 0; twice < 2; twice++) {
        wants(&l, LIST_LINE, "http://a/", 1);
        wants(&l, LIST_LINE, "http://b/", 4);
        wants(&l, LIST_LINE, "http://c/#fragment", 6);
        struct list_line line;
        assert_int_equal(list_next(&l, &line), LIST_BAD);
        assert_int_equal(line.number, 7);
        assert_string_equal(line.why, "the line holds a NUL byte");
        assert_string_equal(line.name, path);
        wants(&l, LIST_LINE, "last", 8);
    }
    wants(&l, LIST_END, NULL, 0);
    wants(&l, LIST_END, NULL, 0);
    list_fini(&l);
    option_list_free(&names);
    free(path);
}

static void long_lines(void **state)
{
    (void)state;
    static const size_t lengths[] = {LIST_LINE_MAX - 1,
                                     LIST_LINE_MAX,
                                     LIST_LINE_MAX + 1,
                                     131071,
                                     131072,
                                     131073,
                                     262143,
                                     1000000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        size_t n = lengths[i];
        char *text = malloc(n + 20);
        memset(text, 'x', n);
        memcpy(text + n, "\nhttp://after/\n", 15);
        char *path = file("long", text, n + 15);
        struct option_list names = {NULL, 0};
        one_list(&names, path);
        struct list l;
        struct list_line line;
        list_init(&l, &names);
        enum list_result result = list_next(&l, &line);
        assert_int_equal(result, n <= LIST_LINE_MAX ? LIST_LINE : LIST_BAD);
        assert_int_equal(line.number, 1);
        assert_true(result == LIST_LINE ? line.text.n == n : line.text.n <= 256);
        wants(&l, LIST_LINE, "http://after/", 2);
        wants(&l, LIST_END, NULL, 0);
        list_fini(&l);
        option_list_free(&names);
        free(path);
        free(text);
    }
}

static void pipes(void **state)
{
    (void)state;
    int ends[2];
    char name[40];
    struct option_list names = {NULL, 0};
    struct list l;
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    one_list(&names, name);
    assert_null(list_unreadable(&names));
    list_init(&l, &names);
    wants(&l, LIST_WAIT, NULL, 0);
    wants(&l, LIST_WAIT, NULL, 0);
    assert_true(l.fd >= 0);
    static const char text[] = "http://one/\nhttp://two/\r\nrest";
    for (size_t i = 0; i < sizeof text - 1; i++) { /* byte by byte */
        assert_int_equal(write(ends[1], text + i, 1), 1);
        list_ready(&l);
        if (i == 11)
            wants(&l, LIST_LINE, "http://one/", 1);
        if (i == 24)
            wants(&l, LIST_LINE, "http://two/", 2);
        wants(&l, LIST_WAIT, NULL, 0);
    }
    list_ready(&l); /* for nothing: it must not block */
    wants(&l, LIST_WAIT, NULL, 0);
    close(ends[1]);
    list_ready(&l);
    wants(&l, LIST_LINE, "rest", 3);
    wants(&l, LIST_END, NULL, 0);
    list_fini(&l);
    close(ends[0]);
    option_list_free(&names);
}

static void unreadable(void **state)
{
    (void)state;
    struct option_list names = {NULL, 0};
    char *good = file("good", "http://x/\n", 10);
    one_list(&names, good);
    one_list(&names, dir);
    one_list(&names, "/nonexistent/list");
    one_list(&names, good);
    assert_string_equal(list_unreadable(&names), dir);
    struct list l;
    list_init(&l, &names);
    wants(&l, LIST_LINE, "http://x/", 1);
    wants(&l, LIST_WAIT, NULL, 0); /* the directory */
    list_ready(&l);
    wants(&l, LIST_FAILED, NULL, 0);
    wants(&l, LIST_FAILED, NULL, 0);
    assert_true(l.sys_errno != 0);
    wants(&l, LIST_LINE, "http://x/", 1);
    wants(&l, LIST_END, NULL, 0);
    list_fini(&l);
    option_list_free(&names);
    free(good);
}

/* ---- Raw lists ------------------------------------------------------------------------------- */

/* The next piece is these bytes. */
static void piece(struct list *l, const char *text, size_t n, uint64_t number, bool first)
{
    struct list_line line;
    assert_int_equal(list_next(l, &line), LIST_LINE);
    assert_int_equal(line.text.n, n);
    assert_memory_equal(line.text.p, text, n);
    assert_int_equal(line.number, number);
    assert_int_equal(line.first, first);
    assert_int_equal(line.newline, n && text[n - 1] == '\n');
    assert_null(line.why);
}

#define PIECE(l, text, number) piece(l, text, sizeof(text) - 1, number, true)

static void raw_lines(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf"
                               "one\n"
                               "# no comment\n"
                               "\n"
                               "  two \t\r\n"
                               "with a\0zero\n"
                               "\r\n"
                               "\0\n"
                               "last\r";
    struct option_list names = {NULL, 0};
    char *path = file("raw", text, sizeof text - 1), *empty = file("empty", "", 0);
    one_list(&names, path);
    one_list(&names, empty);
    one_list(&names, path);
    struct list l;
    list_init_raw(&l, &names);
    for (int twice = 0; twice < 2; twice++) {
        PIECE(&l,
              "\xef\xbb\xbf"
              "one\n",
              1);
        PIECE(&l, "# no comment\n", 2);
        PIECE(&l, "\n", 3);
        PIECE(&l, "  two \t\r\n", 4);
        PIECE(&l, "with a\0zero\n", 5);
        PIECE(&l, "\r\n", 6);
        PIECE(&l, "\0\n", 7);
        PIECE(&l, "last\r", 8);
    }
    wants(&l, LIST_END, NULL, 0);
    list_fini(&l);
    option_list_free(&names);
    free(path);
    free(empty);
}

/* A line of n bytes and its newline, if any, come in pieces; what follows is a line again. */
static void raw_long_line(size_t n, bool newline)
{
    char *text = malloc(n + 20);
    for (size_t i = 0; i < n; i++)
        text[i] = (char)('a' + i % 23);
    memcpy(text + n, "\nafter", 6);
    size_t size = n + (newline ? 6 : 0), at = 0, end = n + newline;
    char *path = file("long", text, size);
    struct option_list names = {NULL, 0};
    one_list(&names, path);
    struct list l;
    list_init_raw(&l, &names);
    while (at < end) {
        size_t some = end - at < LIST_LINE_MAX ? end - at : LIST_LINE_MAX;
        piece(&l, text + at, some, 1, at == 0);
        assert_true(l.buf.cap <= 4 * LIST_LINE_MAX);
        at += some;
    }
    if (newline)
        PIECE(&l, "after", 2);
    wants(&l, LIST_END, NULL, 0);
    list_fini(&l);
    option_list_free(&names);
    free(path);
    free(text);
}

static void raw_long_lines(void **state)
{
    (void)state;
    static const size_t lengths[] = {LIST_LINE_MAX - 2,
                                     LIST_LINE_MAX - 1,
                                     LIST_LINE_MAX,
                                     LIST_LINE_MAX + 1,
                                     131071,
                                     131072,
                                     131073,
                                     262143,
                                     1000000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        raw_long_line(lengths[i], true);
        raw_long_line(lengths[i], false);
    }
}

static void raw_pipe(void **state)
{
    (void)state;
    int ends[2];
    char name[40];
    struct option_list names = {NULL, 0};
    struct list l;
    assert_int_equal(pipe(ends), 0);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    one_list(&names, name);
    one_list(&names, "/nonexistent/list");
    list_init_raw(&l, &names);
    wants(&l, LIST_WAIT, NULL, 0);
    static const char text[] = "one\n\ntwo\r\nrest";
    for (size_t i = 0; i < sizeof text - 1; i++) {
        assert_int_equal(write(ends[1], text + i, 1), 1);
        list_ready(&l);
        if (i == 3)
            PIECE(&l, "one\n", 1);
        if (i == 4)
            PIECE(&l, "\n", 2);
        if (i == 9)
            PIECE(&l, "two\r\n", 3);
        wants(&l, LIST_WAIT, NULL, 0);
    }
    close(ends[1]);
    list_ready(&l);
    PIECE(&l, "rest", 4);
    wants(&l, LIST_FAILED, NULL, 0);
    assert_int_equal(l.sys_errno, ENOENT);
    wants(&l, LIST_END, NULL, 0);
    list_fini(&l);
    close(ends[0]);
    option_list_free(&names);
}

/* A connection that is reset after half a line: a log has that half, a list of entries hasn't. */
static void broken(void **state)
{
    (void)state;
    for (int raw = 0; raw < 2; raw++) {
        int pair[2], input = dup(STDIN_FILENO);
        struct option_list names = {NULL, 0};
        struct list l;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
        assert_int_equal(write(pair[0], "whole\nhalf", 10), 10);
        assert_int_equal(dup2(pair[1], STDIN_FILENO), STDIN_FILENO);
        one_list(&names, "-");
        raw ? list_init_raw(&l, &names) : list_init(&l, &names);
        wants(&l, LIST_WAIT, NULL, 0);
        list_ready(&l);
        wants(&l, LIST_LINE, raw ? "whole\n" : "whole", 1);
        wants(&l, LIST_WAIT, NULL, 0);
        assert_int_equal(write(pair[1], "unread", 6), 6); /* what makes closing a reset */
        close(pair[0]);
        list_ready(&l);
        if (raw)
            wants(&l, LIST_LINE, "half", 2);
        wants(&l, LIST_FAILED, NULL, 0);
        assert_int_equal(l.sys_errno, ECONNRESET);
        wants(&l, LIST_END, NULL, 0);
        list_fini(&l);
        option_list_free(&names);
        close(pair[1]);
        assert_int_equal(dup2(input, STDIN_FILENO), STDIN_FILENO);
        close(input);
    }
}

/* A file without an entry is no reason to keep the caller, who has a clock and signals to look at.
 */
static void nothing_but_blanks(void **state)
{
    (void)state;
    enum { BYTES = 8 * 1024 * 1024 };
    static const char fillers[] = {'\n', ' ', '\0'};
    for (size_t i = 0; i < sizeof fillers; i++) {
        struct option_list names = {NULL, 0};
        char *text = malloc(BYTES);
        assert_non_null(text);
        memset(text, fillers[i], BYTES);
        memcpy(text + BYTES - 4, "\nend", 4);
        char *path = file("blanks", text, BYTES);
        one_list(&names, path);
        struct list l;
        struct list_line line;
        list_init(&l, &names);
        unsigned turns = 0, entries = 0, bad = 0;
        for (enum list_result result; (result = list_next(&l, &line)) != LIST_END; turns++) {
            entries += result == LIST_LINE && fsk_span_eq(line.text, FSK_SPAN("end"));
            bad += result == LIST_BAD;
        }
        assert_in_range(turns, 8, 100);
        assert_int_equal(entries, 1);
        assert_int_equal(bad, fillers[i] == '\0');
        list_fini(&l);
        option_list_free(&names);
        free(path);
        free(text);
    }
}

static int clean(void **state)
{
    (void)state;
    char command[80];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(long_lines),
        cmocka_unit_test(pipes),
        cmocka_unit_test(unreadable),
        cmocka_unit_test(raw_lines),
        cmocka_unit_test(raw_long_lines),
        cmocka_unit_test(raw_pipe),
        cmocka_unit_test(broken),
        cmocka_unit_test(nothing_but_blanks),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
