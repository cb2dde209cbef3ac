/* URLs for later: what comes back is what went in, in order; when; and what a broken disk costs. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#include "get_later.h"

#define SEC FSOCK_SECOND

static char text[LIST_LINE_MAX + 1];

/* The URL with this number, put in at `now`. */
static enum fsock_err put(struct later *l, uint64_t i, fsock_time now)
{
    int n = snprintf(text, sizeof text, "http://host/%llu", (unsigned long long)i);
    struct source_url u = {
        .text = {text, (size_t)n},
        .serial = i / 3,
        .variant = (unsigned)(i % 3),
        .list = "list",
        .line = i + 7,
        .number = i,
        .output = "output",
        .marked = true,
        .found = i % 2,
        .delay = (int64_t)i
    };
    return later_put(l, &u, now);
}

/* All that come back now; the first is number `i`. */
static uint64_t take(struct later *l, uint64_t i, fsock_time now, bool idle)
{
    struct source_url u;
    uint64_t n = 0;
    for (; later_next(l, now, idle && !n, &u) == LIST_LINE; i++, n++) {
        int len = snprintf(text, sizeof text, "http://host/%llu", (unsigned long long)i);
        assert_true(fsk_span_eq(u.text, fsk_span(text, (size_t)len)));
        assert_true(u.serial == i / 3 && u.variant == i % 3 && u.line == i + 7 && u.number == i);
        assert_true(u.marked && u.found == (i % 2 == 1) && u.delay == (int64_t)i);
        assert_string_equal(u.list, "list");
        assert_string_equal(u.output, "output");
    }
    return n;
}

static void portions(void **state)
{
    (void)state;
    struct later l;
    fsock_time t = 100 * SEC;
    uint64_t from = 0;
    later_init(&l);
    assert_true(later_due(&l) == FSOCK_NEVER && take(&l, 0, t, true) == 0);
    for (uint64_t i = 0; i < 40000; i++)
        assert_int_equal(put(&l, i, t), FSOCK_OK);
    static const fsock_time pauses[] = {SEC, SEC, 2 * SEC, 4 * SEC, 8 * SEC, 8 * SEC};
    for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++, from += LATER_PORTION) {
        assert_int_equal(take(&l, from, t + pauses[i] - 1, false), 0);
        t += pauses[i];
        assert_int_equal(later_due(&l), t);
        assert_int_equal(take(&l, from, t, false), LATER_PORTION);
    }
    later_began(&l, t); /* so there is hope again */
    assert_int_equal(later_due(&l), t + SEC);
    assert_int_equal(take(&l, from, t, false), LATER_MORE);
    from += LATER_MORE;
    assert_int_equal(take(&l, from, t + 1, true), LATER_PORTION);
    assert_int_equal(take(&l, from + LATER_PORTION, t + 1, true), LATER_PORTION - LATER_MORE);
    later_began(&l, t); /* and none is left to come */
    assert_true(later_count(&l) == 0 && later_due(&l) == FSOCK_NEVER);
    later_fini(&l);
}

/* One that was given back again is no part of the portion it came with. */
static void no_circle(void **state)
{
    (void)state;
    struct later l;
    struct source_url u;
    unsigned n = 0;
    later_init(&l);
    for (uint64_t i = 0; i < 10; i++)
        assert_int_equal(put(&l, i, SEC), FSOCK_OK);
    for (; later_next(&l, 3 * SEC, false, &u) == LIST_LINE; n++)
        assert_int_equal(later_put(&l, &u, 3 * SEC), FSOCK_OK);
    assert_int_equal(n, 10);
    assert_true(later_count(&l) == 10 && later_due(&l) == 4 * SEC);
    later_fini(&l);
}

static void sizes(void **state)
{
    (void)state;
    struct later l;
    struct source_url u = {
        .text = {text, LIST_LINE_MAX}
    };
    later_init(&l);
    memset(text, 'x', sizeof text);
    assert_int_equal(later_put(&l, &u, 0), FSOCK_OK);
    u.text.n++;
    assert_int_equal(later_put(&l, &u, 0), FSOCK_ERR_TOO_BIG);
    u.text.n--;
    enum fsock_err err = FSOCK_OK;
    while (later_has_room(&l) && err == FSOCK_OK)
        err = later_put(&l, &u, 0);
    assert_true(err == FSOCK_OK && l.urls.bytes >= LATER_BYTES);
    for (unsigned i = 0; i < 100; i++) /* what the library still has */
        assert_int_equal(later_put(&l, &u, 0), FSOCK_OK);
    later_fini(&l);
}

/* A full disk loses nothing; one that can't be read does, and says so. */
static void disk(void **state)
{
    (void)state;
    struct later l;
    struct source_url u;
    uint64_t n = 0;
    later_init(&l);
    l.urls.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
    while (put(&l, n, 0) == FSOCK_OK)
        n++;
    assert_true(n > 100 && l.urls.sys_errno == ENOSPC);
    assert_int_equal(take(&l, 0, SEC, false), n);
    later_fini(&l);

    later_init(&l);
    for (n = 0; n < 10000; n++)
        assert_int_equal(put(&l, n, 0), FSOCK_OK);
    assert_int_equal(ftruncate(l.urls.fd, 100), 0);
    enum list_result result;
    while ((result = later_next(&l, SEC, false, &u)) == LIST_LINE)
        ;
    assert_int_equal(result, LIST_FAILED);
    assert_true(l.urls.sys_errno == EIO && later_count(&l) == 0);
    assert_int_equal(later_next(&l, 9 * SEC, true, &u), LIST_WAIT);
    later_fini(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(portions),
        cmocka_unit_test(no_circle),
        cmocka_unit_test(sizes),
        cmocka_unit_test(disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
