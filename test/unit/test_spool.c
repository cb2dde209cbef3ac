/* The spool: order, in memory and through the file; its ceiling, its entries' sizes, a full disk.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "spool.h"

static char text[SPOOL_ENTRY + 1];

/* The entry with this number: of a size and of bytes that are its own. */
static struct fsk_span entry(uint64_t i, size_t most)
{
    size_t n = (size_t)(i * 7919) % (most + 1);
    for (size_t k = 0; k < n; k++)
        text[k] = (char)((i + k * k) % 256);
    return fsk_span(text, n);
}

static void takes(struct spool *s, uint64_t i, size_t most)
{
    struct fsk_span got;
    assert_int_equal(spool_get(s, &got), FSOCK_OK);
    assert_true(fsk_span_eq(got, entry(i, most)));
}

/* In bursts of any size: `in` at once, then `out`. */
static void run(uint64_t total, size_t most, uint64_t in, uint64_t out, bool on_disk)
{
    struct spool s;
    struct fsk_span got;
    uint64_t put = 0, taken = 0;
    spool_init(&s, UINT64_MAX);
    assert_int_equal(spool_get(&s, &got), FSOCK_AGAIN);
    while (taken < total) {
        for (uint64_t i = 0; i < in && put < total; i++, put++)
            assert_int_equal(spool_put(&s, entry(put, most)), FSOCK_OK);
        for (uint64_t i = 0; i < out && taken < put; i++, taken++)
            takes(&s, taken, most);
        assert_true(s.n == put - taken);
        assert_true(s.first.cap + s.last.cap <= 2 * (SPOOL_PIECE + SPOOL_ENTRY + 4));
    }
    assert_int_equal(spool_get(&s, &got), FSOCK_AGAIN);
    assert_true(s.bytes == 0 && s.n == 0 && (s.fd >= 0) == on_disk);
    spool_fini(&s);
}

static void order(void **state)
{
    (void)state;
    run(1000, 100, 1, 1, false);
    run(1000, 100, 1000, 1000, false);
    run(20000, 100, 20000, 20000, true);
    run(20000, 100, 700, 300, true);
    run(20000, 300, 3, 2, true);
    run(300, SPOOL_ENTRY, 10, 3, true);
    run(300, SPOOL_PIECE + 10, 1, 1, false);
}

static void ceiling(void **state)
{
    struct spool s;
    (void)state;
    spool_init(&s, 1000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(spool_put(&s, fsk_span(text, 96)), FSOCK_OK);
    assert_int_equal(spool_put(&s, fsk_span(NULL, 0)), FSOCK_AGAIN);
    struct fsk_span got;
    assert_int_equal(spool_get(&s, &got), FSOCK_OK);
    assert_int_equal(spool_put(&s, fsk_span(text, 97)), FSOCK_AGAIN);
    assert_int_equal(spool_put(&s, fsk_span(text, 96)), FSOCK_OK);
    spool_fini(&s);
    spool_init(&s, UINT64_MAX);
    assert_int_equal(spool_put(&s, fsk_span(text, SPOOL_ENTRY + 1)), FSOCK_ERR_TOO_BIG);
    assert_int_equal(spool_put(&s, fsk_span(text, SPOOL_ENTRY)), FSOCK_OK);
    assert_int_equal(spool_put(&s, fsk_span(NULL, 0)), FSOCK_OK);
    assert_int_equal(spool_get(&s, &got), FSOCK_OK);
    assert_int_equal(got.n, SPOOL_ENTRY);
    assert_int_equal(spool_get(&s, &got), FSOCK_OK);
    assert_int_equal(got.n, 0);
    spool_fini(&s);
}

/* The disk holds what waits, and little more. */
static void disk(void **state)
{
    struct spool s;
    struct stat st;
    (void)state;
    spool_init(&s, UINT64_MAX);
    for (uint64_t i = 0; i < 20000; i++)
        assert_int_equal(spool_put(&s, entry(i, 1000)), FSOCK_OK);
    for (uint64_t i = 0; i < 18000; i++)
        takes(&s, i, 1000);
    assert_int_equal(fstat(s.fd, &st), 0);
    assert_true(st.st_size > 8000000 && st.st_blocks * 512 < 2500000 && st.st_nlink == 0);
    for (uint64_t i = 18000; i < 20000; i++)
        takes(&s, i, 1000);
    assert_int_equal(fstat(s.fd, &st), 0);
    assert_true(st.st_size == 0);
    spool_fini(&s);
}

static void no_disk(void **state)
{
    struct spool s;
    struct fsk_span got;
    enum fsock_err err = FSOCK_OK;
    (void)state;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    spool_init(&s, UINT64_MAX);
    for (int i = 0; i < 3000 && err == FSOCK_OK; i++)
        err = spool_put(&s, fsk_span(text, 100));
    assert_int_equal(err, FSOCK_ERR_SYSTEM);
    assert_int_equal(s.sys_errno, ENOENT);
    assert_int_equal(spool_put(&s, fsk_span(text, 1)), FSOCK_ERR_SYSTEM);
    for (uint64_t n = s.n; n > 0; n--)
        assert_int_equal(spool_get(&s, &got), FSOCK_OK); /* what it had is not lost */
    assert_int_equal(spool_get(&s, &got), FSOCK_AGAIN);
    spool_fini(&s);
    unsetenv("TMPDIR");
    spool_init(&s, UINT64_MAX);
    s.fd = open("/dev/full", O_RDWR | O_CLOEXEC);
    for (err = FSOCK_OK; err == FSOCK_OK;)
        err = spool_put(&s, fsk_span(text, 100));
    assert_int_equal(err, FSOCK_ERR_SYSTEM);
    assert_int_equal(s.sys_errno, ENOSPC);
    spool_fini(&s);
}

/* A disk that takes a part of what is written, and then no more: entries stay whole, and in order.
 */
static void half_a_disk(void **state)
{
    struct spool s;
    struct rlimit before, limit;
    uint64_t put = 0;
    (void)state;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    limit = (struct rlimit){.rlim_cur = SPOOL_PIECE + SPOOL_PIECE / 2, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    spool_init(&s, UINT64_MAX);
    while (spool_put(&s, entry(put, 1000)) == FSOCK_OK)
        put++;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(s.sys_errno, EFBIG);
    assert_true(s.n == put && put > 0);
    for (uint64_t i = 0; i < put; i++)
        takes(&s, i, 1000);
    assert_true(s.bytes == 0 && s.n == 0);
    spool_fini(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order),   cmocka_unit_test(ceiling),     cmocka_unit_test(disk),
        cmocka_unit_test(no_disk), cmocka_unit_test(half_a_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
