/* What is worth another try, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "op/retry.h"

#define MS FSOCK_MILLISECOND

static void test_causes(void **state)
{
    bool expected[FSOCK_ERR_COUNT_] = {
        [FSOCK_ERR_CONNECT] = true, [FSOCK_ERR_TIMEOUT] = true, [FSOCK_ERR_DNS] = true,
        [FSOCK_ERR_RESET] = true,   [FSOCK_ERR_CLOSED] = true,  [FSOCK_ERR_TRUNCATED] = true};
    (void)state;
    for (int err = FSOCK_OK; err < FSOCK_ERR_COUNT_; err++) {
        struct fsock_fault fault = {.err = (enum fsock_err)err};
        assert_int_equal(fsk_retry_cause(&fault) != NULL, expected[err]);
    }
    static const struct {
        enum fsock_limit limit;
        bool expected;
    } limits[] = {
        {FSOCK_LIMIT_NONE,    true },
        {FSOCK_LIMIT_CONNECT, true },
        {FSOCK_LIMIT_READ,    true },
        {FSOCK_LIMIT_TOTAL,   false},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct fsock_fault fault = {.err = FSOCK_ERR_TIMEOUT, .limit = limits[i].limit};
        assert_int_equal(fsk_retry_cause(&fault) != NULL, limits[i].expected);
    }
}

static void test_statuses(void **state)
{
    (void)state;
    for (int status = 100; status < 1000; status++) {
        bool expected = status == 408 || status == 429 || status == 500 || status == 502 ||
                        status == 503 || status == 504;
        assert_int_equal(fsk_retry_status(status), expected);
    }
}

static void test_methods(void **state)
{
    static const struct {
        const char *method;
        enum fsock_stage stage; /* FSOCK_STAGE_NONE: an answer */
        unsigned flags;
        bool expected;
    } rows[] = {
        {"GET",    FSOCK_STAGE_NONE,    0,               true },
        {"GET",    FSOCK_STAGE_BODY,    0,               true },
        {"HEAD",   FSOCK_STAGE_HEAD,    0,               true },
        {"PUT",    FSOCK_STAGE_SEND,    0,               true },
        {"DELETE", FSOCK_STAGE_HEAD,    0,               true },
        {"POST",   FSOCK_STAGE_NONE,    0,               false},
        {"POST",   FSOCK_STAGE_SEND,    0,               false},
        {"POST",   FSOCK_STAGE_HEAD,    0,               false},
        {"PATCH",  FSOCK_STAGE_BODY,    0,               false},
        {"PURGE",  FSOCK_STAGE_BODY,    0,               false},
        {"POST",   FSOCK_STAGE_RESOLVE, 0,               true },
        {"POST",   FSOCK_STAGE_CONNECT, 0,               true },
        {"POST",   FSOCK_STAGE_PROXY,   0,               true },
        {"POST",   FSOCK_STAGE_TLS,     0,               true },
        {"POST",   FSOCK_STAGE_NONE,    FSOCK_RETRY_ALL, true },
        {"PATCH",  FSOCK_STAGE_HEAD,    FSOCK_RETRY_ALL, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsock_fault fault = {.err = FSOCK_ERR_RESET, .stage = rows[i].stage};
        struct fsock_request r;
        fsock_request_init(&r);
        r.flags = rows[i].flags;
        bool harmless = fsk_retry_harmless(&r, rows[i].method, rows[i].stage ? &fault : NULL);
        assert_int_equal(harmless, rows[i].expected);
    }
}

static void test_pauses(void **state)
{
    struct fsock_request r;
    (void)state;
    fsock_request_init(&r);
    assert_int_equal(r.retries, 0);
    assert_int_equal(r.retry_delay, 500 * MS);
    for (unsigned done = 0; done < 100; done++) {
        int64_t most = done < 6 ? (500 * MS) << done : 30 * FSOCK_SECOND;
        int64_t longest = fsk_retry_pause(&r, done, UINT16_MAX);
        assert_int_equal(fsk_retry_pause(&r, done, 0), 0);
        assert_true(longest < most && longest > most - most / 60000);
        int64_t half = fsk_retry_pause(&r, done, 1 << 15);
        assert_true(half >= most / 2 - 1 && half <= most / 2);
    }
    r.retry_delay = 0;
    assert_int_equal(fsk_retry_pause(&r, 9, UINT16_MAX), 0);
    r.retry_delay = -5;
    assert_int_equal(fsk_retry_pause(&r, 9, UINT16_MAX), 0);
    r.retry_delay = 3600 * FSOCK_SECOND; /* what is asked for counts */
    assert_true(fsk_retry_pause(&r, 0, UINT16_MAX) > 3599 * FSOCK_SECOND);
    assert_true(fsk_retry_pause(&r, 9, UINT16_MAX) < 3600 * FSOCK_SECOND);
    r.retry_delay = INT64_MAX;
    assert_true(fsk_retry_pause(&r, UINT32_MAX, UINT16_MAX) > INT64_MAX / 65536 * 65534);
}

/* Of a caller that was compiled before there were retries nothing behind its struct is read. */
static void test_old_request(void **state)
{
    struct fsock_request r;
    (void)state;
    fsock_request_init(&r);
    r.retries = 7;
    assert_int_equal(fsk_retry_times(&r), 7);
    r.size = offsetof(struct fsock_request, retries);
    assert_int_equal(fsk_retry_times(&r), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causes),      cmocka_unit_test(test_statuses),
        cmocka_unit_test(test_methods),     cmocka_unit_test(test_pauses),
        cmocka_unit_test(test_old_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
