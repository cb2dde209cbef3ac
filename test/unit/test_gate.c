/* The gate: what is passed over by each rule, by what the journal says last of a URL and variant.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/time.h"
#include "get_gate.h"
#include "outcome.h"

#define HOUR (3600 * FSOCK_SECOND)

static char file[] = "/tmp/fsock-gate-XXXXXX", why[600];
static struct get_options o;
static struct gate gate;

static void put(struct journal *j, const char *url, const char *variant, int64_t age, bool fine)
{
    struct journal_record r = {
        .time = fsk_time_unix() - age,
        .err = fsk_span_str(fine ? "ok" : "reset"),
        .exitcode = fine ? EXIT_FINE : EXIT_RECV,
        .variant = fsk_span_str(variant),
        .url = fsk_span_str(url),
    };
    journal_add(j, &r);
}

/* The journal that all rules are tried on; and its options, of a list. */
static int fill(void **state)
{
    (void)state;
    static struct option_item list = {"list", 0};
    struct journal j;
    struct journal_record r;
    get_options_init(&o);
    o.lists = (struct option_list){&list, 1};
    o.journal = file;
    if (truncate(file, 0) < 0 || journal_open(&j, file, why, sizeof why) || journal_next(&j, &r) ||
        journal_start(&j, why, sizeof why))
        return 1;
    put(&j, "http://h/fine", "", HOUR / 2, true);
    put(&j, "http://h/old", "", 2 * HOUR, true);
    put(&j, "http://h/failed", "", HOUR / 2, false);
    put(&j, "http://h/mended", "", HOUR / 2, false);
    put(&j, "http://h/mended", "", HOUR / 3, true);
    put(&j, "http://h/broken", "", HOUR / 2, true);
    put(&j, "http://h/broken", "", HOUR / 3, false);
    put(&j, "http://h/ahead", "", -2 * HOUR, true);
    put(&j, "http://h/vary", "mobile", HOUR / 2, true);
    put(&j, "http://h/vary", "desktop", HOUR / 2, false);
    return journal_close(&j);
}

static enum gate_verdict asks(const char *list, const char *url, const char *variant)
{
    struct source_url u = {.text = fsk_span_str(url), .list = list};
    return gate_pass(&gate, &u, fsk_span_str(variant));
}

#define GO         GATE_GO
#define RECORDED   GATE_RECORDED
#define FRESH      GATE_FRESH
#define NOT_FAILED GATE_NOT_FAILED

struct wants {
    enum gate_verdict fine, old, failed, mended, broken, ahead, new, mobile, desktop;
};

static void rule(const struct wants *w)
{
    assert_int_equal(gate_open(&gate, &o, why, sizeof why), 0);
    assert_string_equal(why, "");
    assert_int_equal(asks("list", "http://h/fine", ""), w->fine);
    assert_int_equal(asks("list", "http://h/old", ""), w->old);
    assert_int_equal(asks("list", "http://h/failed", ""), w->failed);
    assert_int_equal(asks("list", "http://h/mended", ""), w->mended);
    assert_int_equal(asks("list", "http://h/broken", ""), w->broken);
    assert_int_equal(asks("list", "http://h/ahead", ""), w->ahead);
    assert_int_equal(asks("list", "http://h/new", ""), w->new);
    assert_int_equal(asks("list", "http://h/vary", "mobile"), w->mobile);
    assert_int_equal(asks("list", "http://h/vary", "desktop"), w->desktop);
    assert_int_equal(gate_close(&gate, why, sizeof why), 0);
}

static void no_rule(void **state)
{
    (void)state;
    rule(&(struct wants){GO, GO, GO, GO, GO, GO, GO, GO, GO});
}

static void resume(void **state)
{
    (void)state;
    o.resume = 1;
    rule(&(struct wants){RECORDED, RECORDED, RECORDED, RECORDED, RECORDED, RECORDED, GO, RECORDED,
                         RECORDED});
}

static void only_failed(void **state)
{
    (void)state;
    o.only_failed = 1;
    rule(&(struct wants){RECORDED, RECORDED, GO, RECORDED, GO, RECORDED, NOT_FAILED, RECORDED, GO});
}

static void both(void **state)
{
    (void)state;
    o.only_failed = o.resume = 1;
    rule(&(struct wants){RECORDED, RECORDED, GO, RECORDED, GO, RECORDED, GO, RECORDED, GO});
}

static void fresh(void **state)
{
    (void)state;
    o.fresh = HOUR;
    rule(&(struct wants){FRESH, GO, GO, FRESH, GO, GO, GO, FRESH, GO});
}

static void repeated(void **state)
{
    (void)state;
    assert_int_equal(gate_open(&gate, &o, why, sizeof why), 0);
    assert_int_equal(asks(NULL, "http://h/a", ""), GO);
    assert_int_equal(asks(NULL, "http://h/a", ""), GO); /* of the command line */
    assert_int_equal(asks("list", "http://h/a", ""), GATE_REPEATED);
    assert_int_equal(asks("list", "http://h/a", "mobile"), GO);
    assert_int_equal(asks("list", "HTTP://H:80/a#b", "mobile"), GATE_REPEATED);
    assert_int_equal(gate.held[GATE_REPEATED], 2);
    assert_int_equal(gate_close(&gate, why, sizeof why), 0);
    o.repeat = 1;
    assert_int_equal(gate_open(&gate, &o, why, sizeof why), 0);
    for (int i = 0; i < 3; i++)
        assert_int_equal(asks("list", "http://h/a", ""), GO);
    assert_int_equal(gate.known.n, 0);
    assert_int_equal(gate_close(&gate, why, sizeof why), 0);
}

/* Without a list: those whose last word is a failure, each once, though the run adds others. */
static void failed_ones(void **state)
{
    (void)state;
    static const char *const want[] = {"http://h/failed", "http://h/broken", "http://h/vary"};
    struct source_url u;
    o.lists.n = 0;
    o.only_failed = 1;
    assert_int_equal(gate_open(&gate, &o, why, sizeof why), 0);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(gate_next_failed(&gate, &u), LIST_LINE);
        assert_true(fsk_span_eq(u.text, fsk_span_str(want[i])));
        assert_string_equal(u.list, file);
        put(&gate.journal, want[i], "", 0, false);
        assert_int_equal(gate_pass(&gate, &u, fsk_span_str(i == 2 ? "desktop" : "")), GO);
    }
    assert_int_equal(gate_next_failed(&gate, &u), LIST_END);
    assert_int_equal(gate_next_failed(&gate, &u), LIST_END);
    assert_int_equal(gate_close(&gate, why, sizeof why), 0);
}

static void nothing(void **state)
{
    (void)state;
    memset(&gate, 0, sizeof gate);
    assert_int_equal(gate_close(&gate, why, sizeof why), 0);
}

int main(void)
{
    int fd = mkstemp(file);
    if (fd < 0)
        return 1;
    close(fd);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(no_rule, fill),     cmocka_unit_test_setup(resume, fill),
        cmocka_unit_test_setup(only_failed, fill), cmocka_unit_test_setup(both, fill),
        cmocka_unit_test_setup(fresh, fill),       cmocka_unit_test_setup(repeated, fill),
        cmocka_unit_test_setup(failed_ones, fill), cmocka_unit_test(nothing),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(file);
    return failed;
}
