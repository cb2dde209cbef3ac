/* Bodies of texts and files, small and large. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "upload.h"

static char name[] = "/tmp/test_upload.XXXXXX";

/* A file of `n` bytes. */
static void make_file(size_t n)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    for (size_t i = 0; i < n; i++)
        fputc((int)('a' + i % 26), f);
    assert_int_equal(fclose(f), 0);
}

static void whole(size_t n, bool in_memory)
{
    struct upload u;
    struct fsk_span body;
    make_file(n);
    upload_init(&u);
    upload_text(&u, FSK_SPAN("<"));
    assert_int_equal(upload_file(&u, name), 0);
    upload_text(&u, FSK_SPAN(">"));
    assert_int_equal(upload_end(&u, &body), 0);
    assert_int_equal(body.n, n + 2);
    assert_int_equal(u.map == NULL, in_memory);
    assert_int_equal(body.p[0], '<');
    for (size_t i = 0; i < n; i++)
        assert_int_equal(body.p[i + 1], 'a' + i % 26);
    assert_int_equal(body.p[n + 1], '>');
    upload_fini(&u);
}

static void sizes(void **state)
{
    (void)state;
    whole(0, true);
    whole(5, true);
    whole(UPLOAD_SMALL - 65536 - 1, true);
    whole(UPLOAD_SMALL, false);
    whole(3 * UPLOAD_SMALL + 7, false);
}

static void nothing(void **state)
{
    (void)state;
    struct upload u;
    struct fsk_span body;
    upload_init(&u);
    assert_int_equal(upload_end(&u, &body), 0);
    assert_int_equal(body.n, 0);
    upload_fini(&u);
    upload_fini(&u);
}

static void large_text(void **state)
{
    (void)state;
    struct upload u;
    struct fsk_span body;
    size_t n = 2 * UPLOAD_SMALL + 1;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, 'x', n);
    upload_init(&u);
    upload_text(&u, fsk_span(text, n));
    assert_int_equal(upload_end(&u, &body), 0);
    assert_int_equal(body.n, n);
    assert_memory_equal(body.p, text, n);
    upload_fini(&u);
    free(text);
}

static void failures(void **state)
{
    (void)state;
    struct upload u;
    struct fsk_span body;
    upload_init(&u);
    assert_int_equal(upload_file(&u, "/nonexistent"), ENOENT);
    assert_int_equal(upload_file(&u, "/"), EISDIR);
    assert_int_equal(u.sys_errno, 0);
    setenv("TMPDIR", "/nonexistent", 1);
    make_file(2 * UPLOAD_SMALL);
    assert_int_equal(upload_file(&u, name), 0);
    assert_int_equal(upload_end(&u, &body), ENOENT);
    unsetenv("TMPDIR");
    upload_fini(&u);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sizes), cmocka_unit_test(nothing),
                                       cmocka_unit_test(large_text), cmocka_unit_test(failures)};
    int fd = mkstemp(name);
    if (fd < 0)
        return 1;
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(name);
    return failed;
}
