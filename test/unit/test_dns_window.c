/* The window of a log: order, ceilings, pieces, what is written, references let go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "dns_window.h"
#include "list.h"

static struct dns_cache cache;
static struct dns_window window;
static struct out out;
static int fd = -1;

static void begin(bool append, size_t bytes, size_t lines)
{
    fd = memfd_create("out", MFD_CLOEXEC);
    assert_true(fd >= 0);
    out_init(&out, fd);
    dns_cache_init(&cache, 0); /* what nobody refers to is gone */
    dns_window_init(&window, &cache, append, bytes, lines);
}

static void end(void)
{
    dns_window_fini(&window);
    assert_true(fsk_list_empty(&cache.stock));
    FSK_LIST_EACH (link, &cache.held)
        assert_int_equal(FSK_HOLDER(link, struct dns_entry, link)->refs, 0);
    dns_cache_fini(&cache);
    out_fini(&out);
    close(fd);
}

/* As the verb does it: the entry, if the line has an address in its first field. */
static struct dns_entry *push(const char *text, size_t n)
{
    struct dns_place place;
    struct dns_entry *e = NULL;
    bool ask;
    if (dns_line_find(fsk_span(text, n), 1, &place))
        e = dns_cache_get(&cache, &place.addr, 0, &ask);
    assert_true(dns_window_push(&window, fsk_span(text, n), e, &place));
    return e;
}

static struct dns_entry *line(const char *text)
{
    return push(text, strlen(text));
}

static void settle(struct dns_entry *e, enum dns_state state, const char *name)
{
    dns_cache_settle(&cache, e, state, fsk_span_str(name), 100);
}

/* This is all that has come out so far. */
static void out_is(const char *wanted, bool more)
{
    char got[1000] = "";
    assert_int_equal(dns_window_write(&window, &out), more);
    out_flush(&out);
    ssize_t n = pread(fd, got, sizeof got - 1, 0);
    assert_true(n >= 0);
    assert_string_equal(got, wanted);
}

static void order(void **state)
{
    (void)state;
    begin(false, 0, 100);
    out_is("", false);
    assert_true(dns_window_empty(&window));
    line("no address\n");
    out_is("no address\n", true);
    struct dns_entry *a = line("192.0.2.1 1\n"), *b = line("[192.0.2.2]:80 2\r\n");
    line("-\n");
    assert_ptr_equal(line("192.0.2.1 3"), a);
    struct dns_entry *c = line("192.0.2.3 4\n");
    out_is("no address\n", false);
    settle(b, DNS_NAMED, "b.example");
    out_is("no address\n", false);
    assert_false(dns_window_empty(&window));
    settle(a, DNS_NAMED, "a.example");
    out_is("no address\na.example 1\n[b.example]:80 2\r\n-\na.example 3", true);
    settle(c, DNS_NAMELESS, NULL);
    out_is("no address\na.example 1\n[b.example]:80 2\r\n-\na.example 3192.0.2.3 4\n", true);
    assert_true(dns_window_empty(&window));
    assert_int_equal(dns_cache_count(&cache), 0);
    struct dns_entry *d = line("192.0.2.4 5\n");
    settle(d, DNS_FAILED, NULL);
    dns_window_write(&window, &out);
    assert_int_equal(window.named, 3);
    assert_int_equal(window.nameless, 1);
    assert_int_equal(window.failed, 1);
    end();
}

static void appended(void **state)
{
    (void)state;
    begin(true, 0, 100);
    struct dns_entry *a = line("\"192.0.2.1\", x\n"), *b = line("192.0.2.2 x\n");
    settle(a, DNS_NAMED, "a.example");
    settle(b, DNS_NAMELESS, NULL);
    out_is("\"192.0.2.1/a.example\", x\n192.0.2.2 x\n", true);
    end();
}

/* What is left when the window goes is let go of. */
static void dropped(void **state)
{
    (void)state;
    begin(false, 0, 100);
    struct dns_entry *a = line("192.0.2.1 1\n");
    settle(line("192.0.2.2 2\n"), DNS_NAMED, "b.example");
    line("192.0.2.1 3\n");
    line("x\n");
    assert_int_equal(a->refs, 2);
    end();
}

static void ceiling_of_lines(void **state)
{
    (void)state;
    begin(false, 10 << 20, 3);
    assert_false(dns_window_full(&window));
    struct dns_entry *a = line("192.0.2.1 1\n");
    line("x\n");
    assert_false(dns_window_full(&window));
    line("");
    assert_true(dns_window_full(&window));
    struct dns_place place = {.at = 0, .n = 9};
    a->refs++; /* a line more, which there is no room for: its reference is let go */
    assert_false(dns_window_push(&window, FSK_SPAN("192.0.2.1\n"), a, &place));
    assert_int_equal(a->refs, 1);
    settle(a, DNS_NAMED, "a");
    out_is("a 1\nx\n", true);
    assert_false(dns_window_full(&window));
    end();
    begin(false, 0, 0); /* always one */
    assert_false(dns_window_full(&window));
    line("x");
    assert_true(dns_window_full(&window));
    end();
}

static void ceiling_of_bytes(void **state)
{
    (void)state;
    static char piece[LIST_LINE_MAX];
    memset(piece, 'x', sizeof piece);
    begin(false, 0, SIZE_MAX); /* as small as it can be: a piece */
    push(piece, sizeof piece);
    assert_true(dns_window_full(&window));
    assert_false(dns_window_push(&window, FSK_SPAN("x"), NULL, NULL));
    assert_true(dns_window_write(&window, &out));
    assert_false(dns_window_full(&window));
    end();
    begin(false, 300000, SIZE_MAX);
    memcpy(piece, "192.0.2.1 ", 10);
    struct dns_entry *a = NULL;
    for (int i = 0; i < 3; i++) {
        a = push(piece, sizeof piece);
        assert_int_equal(dns_window_full(&window), false);
    }
    a = push(piece, sizeof piece);
    assert_true(dns_window_full(&window));
    push(piece, 300000 - 4 * sizeof piece - 5 * 24); /* to the last byte */
    assert_int_equal(fsk_buf_len(&window.buf), 300000);
    assert_true(window.buf.cap <= 600000);
    settle(a, DNS_NAMED, "a");
    assert_true(dns_window_write(&window, &out));
    out_flush(&out);
    assert_int_equal(lseek(fd, 0, SEEK_CUR), 300000 - 5 * 24 - 5 * 8);
    end();
}

/* One line in, one out: nothing is lost or mixed up while the buffer is moved and grows. */
static void full_all_the_time(void **state)
{
    (void)state;
    enum { N = 200000, WAITING = 20000 };
    static struct dns_entry *e[N];
    static char got[32 * N], text[40];
    begin(false, 4 << 20, WAITING);
    for (unsigned i = 0; i < N; i++) {
        if (dns_window_full(&window)) { /* one out, one in */
            settle(e[i - WAITING], i % 3 ? DNS_NAMED : DNS_NAMELESS, "a.b");
            assert_true(dns_window_write(&window, &out));
        }
        snprintf(text, sizeof text, "10.%u.%u.%u %u\n", i >> 16, i >> 8 & 255, i & 255, i);
        e[i] = line(text);
    }
    assert_true(window.buf.cap <= 8 << 20);
    for (unsigned i = N - WAITING; i < N; i++)
        settle(e[i], (i + WAITING) % 3 ? DNS_NAMED : DNS_NAMELESS, "a.b");
    dns_window_write(&window, &out);
    out_flush(&out);
    ssize_t n = pread(fd, got, sizeof got, 0);
    assert_true(n > 0 && (size_t)n < sizeof got);
    char *at = got;
    for (unsigned i = 0; i < N; i++) {
        if ((i + WAITING) % 3)
            snprintf(text, sizeof text, "a.b %u\n", i);
        else
            snprintf(text, sizeof text, "10.%u.%u.%u %u\n", i >> 16, i >> 8 & 255, i & 255, i);
        assert_memory_equal(at, text, strlen(text));
        at += strlen(text);
    }
    assert_ptr_equal(at, got + n);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),
        cmocka_unit_test(appended),
        cmocka_unit_test(dropped),
        cmocka_unit_test(ceiling_of_lines),
        cmocka_unit_test(ceiling_of_bytes),
        cmocka_unit_test(full_all_the_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
