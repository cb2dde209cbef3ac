/* The summary: counts, percentiles, the slowest hosts in bounded memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "summary.h"

static struct summary s;
static struct out out;

static void add(const char *url, fsock_time took, const char *err)
{
    static struct outcome outcome;
    struct fsock_response response = record_no_response;
    response.times.total = took;
    response.size_download = 100;
    outcome_fine(&outcome);
    if (err)
        outcome_fail(&outcome, EXIT_RECV, err, 0, "bad");
    struct record r = {.url = fsk_span_str(url), .response = &response, .outcome = &outcome};
    summary_add(&s, &r);
}

static void has(const char *text)
{
    if (!strstr(out.mem, text))
        fail_msg("no %s in %s", text, out.mem);
}

static void percentiles(void **state)
{
    (void)state;
    summary_init(&s, 0);
    assert_int_equal(summary_percentile(&s, 50), 0);
    for (int i = 1; i <= 1000; i++)
        add("http://a/", i * FSOCK_MILLISECOND, NULL);
    static const unsigned percents[] = {1, 50, 95, 99, 100};
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        fsock_time want = percents[i] * 10 * FSOCK_MILLISECOND;
        fsock_time got = summary_percentile(&s, percents[i]);
        assert_true(got >= want && got < want + want / 14);
    }
    add("http://a/", INT64_MAX, NULL); /* no time is too long */
    add("http://a/", -1, NULL);
    assert_true(summary_percentile(&s, 100) > 1000 * FSOCK_SECOND);
}

static void printed(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    out_init(&out, fileno(f));
    summary_init(&s, 0);
    for (int i = 0; i < 10; i++)
        add("http://quick/", FSOCK_MILLISECOND, NULL);
    add("http://slow/x", 2 * FSOCK_SECOND, "timeout");
    add("http://slow/y", 4 * FSOCK_SECOND, "timeout");
    add("not a url", 0, "input");
    summary_print(&s, &out, 4 * FSOCK_SECOND);
    rewind(f);
    size_t n = fread(out.mem, 1, sizeof out.mem - 1, f);
    out.mem[n] = '\0';
    has("10 ok, 3 failed (timeout 2, input 1); 1.3 KiB in 4.00 s, 3.2/s\n");
    has("times: p50 1.02 ms, p95 4.");
    has("slowest hosts: slow 3.00 s x 2, quick 1.00 ms x 10\n");
    fclose(f);
}

/* A few slow hosts stand out among more hosts than there are counters. */
static void many_hosts(void **state)
{
    (void)state;
    char url[40];
    summary_init(&s, 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(url, sizeof url, "http://h%d/", i);
        add(url, FSOCK_MILLISECOND, NULL);
        if (i % 100 == 0)
            add("http://slow/", 10 * FSOCK_SECOND, NULL);
    }
    fsock_time most = 0;
    const struct summary_host *slowest = NULL;
    for (unsigned i = 0; i < s.hosts; i++)
        if (s.host[i].sum > most)
            most = s.host[i].sum, slowest = &s.host[i];
    assert_non_null(slowest);
    assert_int_equal(slowest->len, 4);
    assert_memory_equal(slowest->name, "slow", 4);
    assert_int_equal(slowest->count, 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(percentiles),
        cmocka_unit_test(printed),
        cmocka_unit_test(many_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
