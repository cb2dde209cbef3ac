/* --warm without a network: rounds, batches, what a run comes to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "get_batch.h"
#include "get_rounds.h"
#include "get_tally.h"

static struct get_options options;
static struct get_request ask;
static struct rounds rounds;
static struct rounds_at at;
static struct outcome outcome;
static struct fsock_response response;
static char head[256];

static void prepare(void)
{
    char why[256];
    rounds_fini(&rounds);
    fsock_request_init(&ask.request);
    ask.request.flags = FSOCK_FAIL_STATUS | FSOCK_FOLLOW;
    ask.restarting = ask.request;
    options.warm = 1;
    assert_int_equal(rounds_init(&rounds, &options, &ask.request, why, sizeof why), 0);
}

static int fresh(void **state)
{
    (void)state;
    options = (struct get_options){.warm = 1};
    return 0;
}

static int clean(void **state)
{
    (void)state;
    rounds_fini(&rounds);
    rounds = (struct rounds){.purge = false};
    return 0;
}

/* An answer of this status line and cache; returns the round that follows. */
static enum round answer(const char *line, int status, const char *cache)
{
    response = record_no_response;
    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nX-Cache: %s\r\n\r\n", line, cache);
    response.head = head;
    response.head_len = strlen(head);
    response.status = status;
    response.times.total = 5;
    response.size_download = 10;
    rounds_next(&rounds, &at, &response, &outcome);
    return at.round;
}

static void begin(struct page *page)
{
    outcome_fine(&outcome);
    rounds_begin(&rounds, &at, page, page != NULL);
}

static void only_a_fetch(void **state)
{
    (void)state;
    prepare();
    begin(NULL);
    assert_int_equal(at.round, ROUND_FETCH);
    const struct fsock_request *r = rounds_request(&rounds, &at, 0);
    assert_null(r->method);
    assert_int_equal(r->flags, ask.request.flags);
    assert_int_equal(answer("200 OK", 200, "MISS"), ROUND_END);
    assert_false(at.asked);
    assert_int_equal(outcome.exitcode, EXIT_FINE);
    assert_int_equal(rounds_variants(&rounds), 1);
    assert_null(rounds_variant(&rounds, 0));
}

static void proofs(void **state)
{
    (void)state;
    static const struct {
        const char *cache, *sentence;
    } rows[] = {
        {"HIT",    ""                                                        },
        {"MISS",   "asked again, it is still not from the cache (MISS)"      },
        {"BYPASS", "asked again, it is still not from the cache (BYPASS)"    },
        {"none",   "no header of the answer tells whether it is from a cache"},
    };
    options.prove = 1;
    prepare();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(NULL);
        assert_int_equal(answer("200 OK", 200, "EXPIRED"), ROUND_PROOF);
        assert_true(rounds_request(&rounds, &at, 0)->flags & FSOCK_FIRST);
        assert_int_equal(answer("200 OK", 200, rows[i].cache), ROUND_END);
        assert_string_equal(outcome.text, rows[i].sentence);
        assert_int_equal(outcome.exitcode, rows[i].sentence[0] ? EXIT_NOT_CACHED : EXIT_FINE);
        assert_true(at.asked && at.before == FSK_CACHE_EXPIRED);
        assert_int_equal(at.time_before, 5);
        assert_int_equal(at.received, 10);
    }
    begin(NULL); /* what has failed needs no proof */
    outcome_fail(&outcome, EXIT_STATUS, "status", 0, "404");
    assert_int_equal(answer("404 Not Found", 404, "MISS"), ROUND_END);
    assert_string_equal(outcome.text, "404");
}

static void looks(void **state)
{
    (void)state;
    options.only_uncached = 1;
    prepare();
    begin(NULL);
    const struct fsock_request *r = rounds_request(&rounds, &at, 0);
    assert_string_equal(r->method, "HEAD");
    assert_int_equal(r->flags, FSOCK_FOLLOW);
    assert_int_equal(answer("200 OK", 200, "HIT"), ROUND_END);
    assert_false(at.asked);
    static const struct {
        int status, exitcode;
        const char *cache;
    } rows[] = {
        {200, EXIT_FINE,    "MISS" },
        {200, EXIT_FINE,    "STALE"},
        {200, EXIT_FINE,    "none" },
        {404, EXIT_FINE,    "HIT"  },
        {405, EXIT_FINE,    "none" },
        {0,   EXIT_TIMEOUT, "none" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin(NULL);
        if (rows[i].exitcode)
            outcome_fail(&outcome, rows[i].exitcode, "timeout", 0, "late");
        assert_int_equal(answer("...", rows[i].status, rows[i].cache), ROUND_FETCH);
        assert_int_equal(at.asked, rows[i].status != 0);
        r = rounds_request(&rounds, &at, 0);
        assert_true(r->flags & FSOCK_FIRST && r->flags & FSOCK_FAIL_STATUS);
    }
}

static void purges(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        int status;
        const char *sentence; /* NULL: the page is forgotten */
    } rows[] = {
        {"200 Purged",             200, NULL                                     },
        {"204",                    204, NULL                                     },
        {"404 Not Found",          404, NULL                                     },
        {"412 Precondition",       412, NULL                                     },
        {"405 Method Not Allowed", 405, "BAN was answered 405 Method Not Allowed"},
        {"301 Moved",              301, "BAN was answered 301 Moved"             },
    };
    options.purge = "BAN";
    prepare();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct page *page = page_new(1);
        begin(page_ref(page));
        const struct fsock_request *r = rounds_request(&rounds, &at, 0);
        assert_string_equal(r->method, "BAN");
        assert_int_equal(r->flags, FSOCK_DISCARD);
        assert_int_equal(answer(rows[i].line, rows[i].status, "none"), ROUND_FETCH);
        assert_int_equal(page->purge_status, rows[i].status);
        assert_true(rounds_request(&rounds, &at, 0)->flags & FSOCK_FIRST);
        outcome_fine(&outcome);
        assert_int_equal(answer("200 OK", 200, "MISS"), ROUND_END);
        assert_string_equal(outcome.text, rows[i].sentence ? rows[i].sentence : "");
        assert_int_equal(outcome.exitcode, rows[i].sentence ? EXIT_STATUS : EXIT_FINE);
        page_unref(at.page);
        page_unref(page);
    }
    struct page *page = page_new(1);
    begin(page);
    outcome_fail(&outcome, EXIT_CONNECT, "connect", 111, "connect a: refused");
    assert_int_equal(answer("", 0, ""), ROUND_FETCH);
    outcome_fine(&outcome);
    assert_int_equal(answer("200 OK", 200, "MISS"), ROUND_END);
    assert_string_equal(outcome.text, "BAN: connect a: refused");
    assert_string_equal(outcome.err, "purge");
    page_unref(page);
}

static void variants(void **state)
{
    (void)state;
    char why[256];
    struct rounds r;
    assert_true(option_list_add(&options.vary, "a=1,2", 0));
    prepare();
    assert_int_equal(rounds_variants(&rounds), 2);
    assert_string_equal(rounds_variant(&rounds, 1), "a=2");
    begin(NULL);
    assert_string_equal(rounds_request(&rounds, &at, 1)->headers[0], "a: 2");
    options.vary.item[0].value = "b a=1";
    assert_int_equal(rounds_init(&r, &options, &ask.request, why, sizeof why), EXIT_USAGE);
    assert_non_null(strstr(why, "b a: 1"));
    rounds_fini(&r);
    option_list_free(&options.vary);
    options.purge = "NO WAY";
    assert_int_equal(rounds_init(&r, &options, &ask.request, why, sizeof why), EXIT_USAGE);
    assert_non_null(strstr(why, "NO WAY"));
    rounds_fini(&r);
}

static void batches(void **state)
{
    (void)state;
    struct batch b;
    batch_init(&b, 0, 5);
    assert_true(batch_goes_on(&b, 1000, 0, 0));
    batch_init(&b, 3, 10);
    assert_true(batch_goes_on(&b, 2, 0, 100));
    assert_false(batch_goes_on(&b, 3, 2, 100)); /* one still runs */
    assert_false(batch_ended(&b, 2));
    assert_int_equal(b.until, FSOCK_NEVER);
    assert_true(batch_ended(&b, 3));
    assert_false(batch_goes_on(&b, 3, 3, 200)); /* the pause begins */
    assert_int_equal(b.until, 210);
    assert_false(batch_goes_on(&b, 3, 3, 209));
    assert_true(batch_goes_on(&b, 3, 3, 210));
    assert_true(batch_goes_on(&b, 5, 3, 210));
    assert_false(batch_goes_on(&b, 6, 5, 300));
    batch_init(&b, 2, 0); /* no pause */
    assert_false(batch_goes_on(&b, 2, 1, 5));
    assert_true(batch_goes_on(&b, 2, 2, 5));
}

static void tallies(void **state)
{
    (void)state;
    static struct tally tally;
    static struct out out;
    struct fsk_buf text;
    fsk_buf_init(&text, 1000);
    out_init_buf(&out, &text);
    struct record r = {.response = &response, .outcome = &outcome};
    prepare();
    begin(NULL);
    answer("200 OK", 200, "HIT");
    tally_add(&tally, &r);
    tally_print(&tally, &out);
    answer("200 OK", 200, "none");
    tally_add(&tally, &r);
    answer("200 OK", 200, "HIT");
    r.again = true;
    r.cache_before = FSK_CACHE_MISS;
    r.time_before = 3 * FSOCK_MILLISECOND;
    tally_add(&tally, &r);
    r.response = &record_no_response;
    tally_add(&tally, &r);
    tally_print(&tally, &out);
    assert_int_equal(fsk_buf_terminate(&text), FSOCK_OK);
    assert_string_equal(text.mem + text.start,
                        "cache: 1 HIT\n"
                        "cache: 2 HIT, 1 UNKNOWN; before: 1 MISS\n"
                        "before, times: p50 3.00 ms, p95 3.00 ms, p99 3.00 ms\n");
    out_fini(&out);
    fsk_buf_fini(&text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh, clean)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_a_fetch), TEST(proofs),  TEST(looks),   TEST(purges),
        TEST(variants),     TEST(batches), TEST(tallies),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
