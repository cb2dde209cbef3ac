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

static void add(const char *host, fsock_time took, const char *failure)
{
    struct summary_entry entry = {
        .host = fsk_span_str(host), .failure = failure, .bytes = 100, .took = took};
    entry.retries = failure && took ? 2 : 0;
    summary_add(&s, &entry);
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
    assert_int_equal(histogram_percentile(&s.times, 50), 0);
    for (int i = 1; i <= 1000; i++)
        add("a", i * FSOCK_MILLISECOND, NULL);
    static const unsigned percents[] = {1, 50, 95, 99, 100};
    for (size_t i = 0; i < sizeof percents / sizeof *percents; i++) {
        fsock_time want = percents[i] * 10 * FSOCK_MILLISECOND;
        fsock_time got = histogram_percentile(&s.times, percents[i]);
        assert_true(got >= want && got < want + want / 14 && got <= 1000 * FSOCK_MILLISECOND);
    }
    add("a", INT64_MAX, NULL); /* no time is too long */
    add("a", -1, NULL);
    assert_true(histogram_percentile(&s.times, 100) > 1000 * FSOCK_SECOND);
}

static void printed(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    out_init(&out, fileno(f));
    summary_init(&s, 0);
    for (int i = 0; i < 10; i++)
        add("quick", FSOCK_MILLISECOND, NULL);
    add("slow", 2 * FSOCK_SECOND, "timeout");
    add("slow", 4 * FSOCK_SECOND, "timeout");
    add("", 0, "input");
    summary_skip(&s, "repeated", 1);
    summary_skip(&s, "fresh", 2);
    summary_skip(&s, "repeated", 40);
    summary_print(&s, &out, 4 * FSOCK_SECOND);
    rewind(f);
    size_t n = fread(out.mem, 1, sizeof out.mem - 1, f);
    out.mem[n] = '\0';
    has("10 ok, 3 failed (timeout 2, input 1); 1.3 KiB in 4.00 s, 3.2/s, 4 retries\n");
    has("\npassed over: 41 repeated, 2 fresh\n");
    has("times: p50 1.02 ms, p95 4.00 s, p99 4.00 s\n");
    has("slowest hosts: slow 3.00 s x 2, quick 1.00 ms x 10\n");
    fclose(f);
}

/* A few slow hosts stand out among more hosts than there are counters. */
static void many_hosts(void **state)
{
    (void)state;
    char host[40];
    summary_init(&s, 0);
    for (int i = 0; i < 20000; i++) {
        snprintf(host, sizeof host, "h%d", i);
        add(host, FSOCK_MILLISECOND, NULL);
        if (i % 100 == 0)
            add("slow", 10 * FSOCK_SECOND, NULL);
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
