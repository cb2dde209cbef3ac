/* Files: whole under their name or not there, leftovers that can be continued, locks, links. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "get_sink.h"

static char dir[] = "/tmp/fsock-sink-XXXXXX";
static const char url[] = "http://host/file";
static struct outcome outcome;
static struct sink_rest rest;

static const char *path(const char *name)
{
    static char text[200];
    snprintf(text, sizeof text, "%s/%s", dir, name);
    return text;
}

static bool there(const char *name)
{
    struct stat st;
    return lstat(path(name), &st) == 0;
}

static void holds(const char *name, const char *text)
{
    char got[100] = "";
    FILE *f = fopen(path(name), "r");
    if (!f)
        fail_msg("%s is not there", name);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(got, text);
}

static void opened(struct sink *s, const char *name, uint64_t from, const char *validator)
{
    outcome_fine(&outcome);
    sink_init(s);
    assert_true(sink_to_file(s, dir, name));
    if (!sink_open(s, from, fsk_span_str(validator), false, &outcome))
        fail_msg("%s", outcome.text);
}

static void writes(struct sink *s, const char *text)
{
    assert_true(sink_write(s, url, text, strlen(text), &outcome));
}

static int empty(void **state)
{
    (void)state;
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s && mkdir %s", dir, dir);
    return system(command);
}

static void whole_or_not_there(void **state)
{
    (void)state;
    struct sink s;
    opened(&s, "file", 0, "");
    writes(&s, "hello ");
    assert_false(there("file"));
    holds("file.part", "hello ");
    writes(&s, "world");
    assert_true(sink_commit(&s, &outcome));
    holds("file", "hello world");
    assert_false(there("file.part"));
    sink_fini(&s);
    opened(&s, "file", 0, "");
    writes(&s, "half");
    sink_abandon(&s, url);
    sink_fini(&s);
    holds("file", "hello world"); /* the old one stays */
    assert_false(there("file.part"));
    assert_false(there("file.part.meta"));
}

static void continued(void **state)
{
    (void)state;
    struct sink s;
    opened(&s, "file", 0, "\"v1\"");
    writes(&s, "first ");
    sink_abandon(&s, url);
    holds("file.part", "first ");
    holds("file.part.meta", "fsock part 1\nhttp://host/file\n\"v1\"\n");
    assert_true(sink_rest(&s, url, &rest));
    assert_int_equal(rest.size, 6);
    assert_string_equal(rest.validator, "\"v1\"");
    assert_false(sink_rest(&s, "http://host/fil", &rest));
    assert_false(sink_rest(&s, "http://host/file2", &rest));
    sink_fini(&s);
    opened(&s, "file", 6, "\"v1\"");
    writes(&s, "second");
    assert_true(sink_commit(&s, &outcome));
    holds("file", "first second");
    assert_false(there("file.part.meta"));
    sink_fini(&s);
}

static void changed_meanwhile(void **state)
{
    (void)state;
    struct sink s;
    opened(&s, "file", 0, "\"v1\"");
    writes(&s, "first ");
    sink_abandon(&s, url);
    sink_fini(&s);
    sink_init(&s);
    outcome_fine(&outcome);
    assert_true(sink_to_file(&s, dir, "file"));
    assert_false(sink_open(&s, 5, fsk_span_str("\"v1\""), false, &outcome));
    assert_int_equal(outcome.exitcode, EXIT_RANGE);
    sink_fini(&s);
    /* From the beginning again: the old note must not speak of new bytes. */
    opened(&s, "file", 0, "\"v2\"");
    assert_false(there("file.part.meta"));
    writes(&s, "x");
    sink_abandon(&s, url);
    holds("file.part.meta", "fsock part 1\nhttp://host/file\n\"v2\"\n");
    sink_fini(&s);
}

static void noted_early(void **state)
{
    (void)state;
    struct sink s;
    char *much = calloc(1, 1 << 20);
    opened(&s, "file", 0, "\"v1\"");
    assert_true(sink_write(&s, url, much, (1 << 20) - 1, &outcome));
    assert_false(there("file.part.meta"));
    assert_true(sink_write(&s, url, much, 1, &outcome));
    assert_true(there("file.part.meta"));
    assert_true(sink_commit(&s, &outcome));
    assert_false(there("file.part.meta"));
    sink_fini(&s);
    free(much);
}

static void two_at_once(void **state)
{
    (void)state;
    struct sink a, b;
    opened(&a, "file", 0, "\"v\"");
    opened(&b, "file", 0, "\"v\"");
    writes(&a, "one");
    writes(&b, "two");
    holds("file.part", "one");
    holds("file.part.1", "two");
    assert_true(sink_commit(&a, &outcome));
    holds("file", "one");
    assert_true(sink_commit(&b, &outcome));
    holds("file", "two");
    assert_false(there("file.part.1"));
    sink_fini(&a);
    sink_fini(&b);
    opened(&a, "file", 0, "\"v\"");
    opened(&b, "file", 0, "\"v\"");
    writes(&b, "gone");
    sink_abandon(&b, url); /* only NAME.part is kept */
    assert_false(there("file.part.1"));
    sink_fini(&a);
    sink_fini(&b);
}

static void links_and_devices(void **state)
{
    (void)state;
    struct sink s;
    char target[220];
    opened(&s, "real", 0, "");
    writes(&s, "old");
    assert_true(sink_commit(&s, &outcome));
    sink_fini(&s);
    assert_int_equal(symlink("real", path("link")), 0);
    opened(&s, "link", 0, "");
    writes(&s, "new");
    holds("real", "old");
    assert_true(sink_commit(&s, &outcome));
    holds("real", "new");
    assert_true(readlink(path("link"), target, sizeof target) == 4);
    sink_fini(&s);
    outcome_fine(&outcome);
    sink_init(&s);
    assert_true(sink_to_file(&s, NULL, "/dev/null"));
    assert_true(sink_open(&s, 0, fsk_span_str(""), false, &outcome));
    writes(&s, "x");
    assert_true(sink_commit(&s, &outcome));
    sink_fini(&s);
    struct stat st;
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    assert_int_equal(access("/dev/null.part", F_OK), -1);
    /* NAME.part is a link that somebody laid: it is not followed. */
    assert_int_equal(symlink("real", path("trap.part")), 0);
    assert_true(sink_to_file(&s, dir, "trap"));
    assert_false(sink_open(&s, 0, fsk_span_str(""), false, &outcome));
    holds("real", "new");
    sink_fini(&s);
}

static void no_room(void **state)
{
    (void)state;
    struct sink s;
    outcome_fine(&outcome);
    sink_init(&s);
    assert_true(sink_to_file(&s, NULL, "/dev/full"));
    assert_true(sink_open(&s, 0, fsk_span_str(""), false, &outcome));
    assert_false(sink_write(&s, url, "x", 1, &outcome));
    assert_int_equal(outcome.exitcode, EXIT_WRITE);
    assert_int_equal(outcome.sys_errno, ENOSPC);
    assert_string_equal(outcome.text, "can't write /dev/full: No space left on device");
    sink_fini(&s);
}

static void directories(void **state)
{
    (void)state;
    struct sink s;
    outcome_fine(&outcome);
    sink_init(&s);
    assert_true(sink_to_file(&s, dir, "a/b/file"));
    assert_false(sink_open(&s, 0, fsk_span_str(""), false, &outcome));
    assert_int_equal(outcome.sys_errno, ENOENT);
    sink_fini(&s);
    outcome_fine(&outcome);
    assert_true(sink_to_file(&s, dir, "a/b/file"));
    assert_true(sink_open(&s, 0, fsk_span_str(""), true, &outcome));
    assert_true(sink_commit(&s, &outcome));
    holds("a/b/file", "");
    sink_fini(&s);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(whole_or_not_there, empty),
        cmocka_unit_test_setup(continued, empty),
        cmocka_unit_test_setup(changed_meanwhile, empty),
        cmocka_unit_test_setup(noted_early, empty),
        cmocka_unit_test_setup(two_at_once, empty),
        cmocka_unit_test_setup(links_and_devices, empty),
        cmocka_unit_test_setup(no_room, empty),
        cmocka_unit_test_setup(directories, empty),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty(NULL);
    rmdir(dir);
    return failed;
}
