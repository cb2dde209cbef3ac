/* A question's end as the user is told: lines, the data alone, JSON; and how long they all took. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "dns_record.h"
#include "histogram.h"

static struct out out;
static struct fsock_answer answer;
static struct dns_record record;

static const struct fsock_record records[] = {
    {.name = "shop.example.",
     .type_name = "CNAME",
     .data = "web.example.",
     .data_len = 12,
     .ttl = 300,
     .type = 5 },
    {.name = "web.example.",
     .type_name = "TXT",
     .data = "\"a \\\"b\\\"\"",
     .data_len = 9,
     .ttl = 4294967295u,
     .type = 16},
};

static int fresh(void **state)
{
    (void)state;
    out_init(&out, STDOUT_FILENO);
    answer = (struct fsock_answer){
        .status = FSOCK_DNS_NOERROR,
        .status_name = "NOERROR",
        .name = "shop.example",
        .qname = "shop.example.",
        .type_name = "TXT",
        .type = 16,
        .records = records,
        .count = 2,
        .ttl = 300,
        .server = "tls://[2001:db8::53]:8853",
        .tries = 3,
        .took = 1234567890,
        .flags = FSOCK_DNS_RD | FSOCK_DNS_RA | FSOCK_DNS_BY_TLS,
    };
    record = (struct dns_record){
        .name = fsk_span_str("shop.example"),
        .type = "TXT",
        .status = "NOERROR",
        .err = "ok",
        .text = "",
        .answer = &answer,
    };
    return 0;
}

static void holds(const char *text)
{
    out.mem[out.n] = '\0';
    assert_string_equal(out.mem, text);
    out.n = 0;
}

/* It failed in this way. */
static void failed(enum fsock_dns_status status, const char *name, int exitcode, const char *why)
{
    answer.status = status;
    answer.count = 0;
    record.status = name;
    record.exitcode = exitcode;
    record.text = why;
}

static void test_lines(void **state)
{
    (void)state;
    dns_record_lines(&out, &record, false, false);
    holds("shop.example\tCNAME\tNOERROR\t300\tweb.example.\n"
          "shop.example\tTXT\tNOERROR\t4294967295\t\"a \\\"b\\\"\"\n");
    failed(FSOCK_DNS_NXDOMAIN, "NXDOMAIN", 0, "");
    dns_record_lines(&out, &record, false, false);
    holds("shop.example\tTXT\tNXDOMAIN\t-\t\n");
    failed(FSOCK_DNS_TIMEOUT, "TIMEOUT", 28, "no answer");
    dns_record_lines(&out, &record, false, false);
    holds("shop.example\tTXT\tTIMEOUT\t-\tno answer\n");
}

/* A way that ends nowhere: its CNAMEs, and how it ended. */
static void test_records_and_a_failure(void **state)
{
    (void)state;
    failed(FSOCK_DNS_NXDOMAIN, "NXDOMAIN", 0, "");
    answer.count = 1;
    dns_record_lines(&out, &record, false, false);
    holds("shop.example\tCNAME\tNXDOMAIN\t300\tweb.example.\n"
          "shop.example\tTXT\tNXDOMAIN\t-\t\n");
}

static void test_never_asked(void **state)
{
    (void)state;
    record = (struct dns_record){.name = fsk_span_str("a\tb\033[31m"),
                                 .type = "",
                                 .status = "INVALID",
                                 .exitcode = 3,
                                 .err = "input",
                                 .text = "\"a?b\": no name"};
    dns_record_lines(&out, &record, false, false);
    holds("a\\x09b\\x1b[31m\t-\tINVALID\t-\t\"a?b\": no name\n");
    dns_record_short(&out, &record);
    holds("");
    dns_record_json(&out, &record);
    holds(
        "{\"schema_version\":1,\"name\":\"a\\tb\\u001b[31m\",\"qname\":\"\",\"type\":\"\","
        "\"status\":\"INVALID\",\"answers\":[],\"rcode\":-1,\"ttl\":0,\"server\":\"\",\"tries\":0,"
        "\"time\":0.000000,\"flags\":[],\"exitcode\":3,\"err\":\"input\","
        "\"errormsg\":\"\\\"a?b\\\": no name\",\"hint\":\"\"}\n");
}

static void test_columns(void **state)
{
    (void)state;
    answer.count = 1;
    dns_record_lines(&out, &record, true, false);
    holds("shop.example             CNAME NOERROR  300    web.example.\n");
    dns_record_lines(&out, &record, true, true);
    holds("shop.example             CNAME \033[32mNOERROR\033[0m  300    web.example.\n");
    failed(FSOCK_DNS_NODATA, "NODATA", 0, "");
    dns_record_lines(&out, &record, true, true);
    holds("shop.example             TXT   \033[33mNODATA\033[0m   -      \n");
    failed(FSOCK_DNS_ERROR, "ERROR", 6, "x");
    dns_record_lines(&out, &record, true, true);
    holds("shop.example             TXT   \033[31mERROR\033[0m    -      x\n");
}

static void test_short(void **state)
{
    (void)state;
    dns_record_short(&out, &record);
    holds("web.example.\n\"a \\\"b\\\"\"\n");
    failed(FSOCK_DNS_ERROR, "ERROR", 6, "x");
    dns_record_short(&out, &record);
    holds("");
}

static void test_json(void **state)
{
    (void)state;
    dns_record_json(&out, &record);
    holds("{\"schema_version\":1,\"name\":\"shop.example\",\"qname\":\"shop.example.\","
          "\"type\":\"TXT\",\"status\":\"NOERROR\",\"answers\":["
          "{\"name\":\"shop.example.\",\"type\":\"CNAME\",\"ttl\":300,\"data\":\"web.example.\"},"
          "{\"name\":\"web.example.\",\"type\":\"TXT\",\"ttl\":4294967295,"
          "\"data\":\"\\\"a \\\\\\\"b\\\\\\\"\\\"\"}],"
          "\"rcode\":0,\"ttl\":300,\"server\":\"tls://[2001:db8::53]:8853\",\"tries\":3,"
          "\"time\":1.234567,\"flags\":[\"rd\",\"ra\",\"tls\"],\"exitcode\":0,\"err\":\"ok\","
          "\"errormsg\":\"\",\"hint\":\"\"}\n");
    answer.flags = FSOCK_DNS_AA | FSOCK_DNS_AD | FSOCK_DNS_CD | FSOCK_DNS_BY_TCP;
    dns_record_json(&out, &record);
    out.mem[out.n] = '\0';
    assert_non_null(strstr(out.mem, "\"flags\":[\"aa\",\"ad\",\"cd\",\"tcp\"]"));
    out.n = 0;
}

/* ---- how long they took ---- */

static void test_percentiles(void **state)
{
    static struct histogram h;
    (void)state;
    memset(&h, 0, sizeof h);
    assert_int_equal(histogram_percentile(&h, 50), 0);
    for (fsock_time ms = 1; ms <= 1000; ms++)
        histogram_add(&h, ms * FSOCK_MILLISECOND);
    for (unsigned percent = 1; percent <= 100; percent++) {
        fsock_time true_one = percent * 10 * FSOCK_MILLISECOND;
        assert_in_range(histogram_percentile(&h, percent), true_one - 1000,
                        true_one + true_one * 63 / 1000);
    }
    assert_int_equal(histogram_percentile(&h, 100), FSOCK_SECOND);
}

/* Of every size: what is told is at least the true one, and at most 6.3% more. */
static void test_each_bucket(void **state)
{
    static struct histogram h;
    (void)state;
    for (fsock_time t = 1000; t < 3600 * FSOCK_SECOND; t += t / 50) {
        memset(&h, 0, sizeof h);
        histogram_add(&h, t);
        histogram_add(&h, 4000 * FSOCK_SECOND); /* so that the longest is no help */
        assert_in_range(histogram_percentile(&h, 50), t - 999, t + t * 63 / 1000 + 1000);
    }
    memset(&h, 0, sizeof h);
    histogram_add(&h, -5);
    histogram_add(&h, INT64_MAX);
    assert_true(histogram_percentile(&h, 50) < 1000);
    assert_int_equal(h.longest, INT64_MAX);
    assert_int_equal(h.count, 2);
}

static void test_printed(void **state)
{
    static struct histogram h;
    (void)state;
    memset(&h, 0, sizeof h);
    histogram_print(&h, &out);
    holds("");
    histogram_add(&h, 20 * FSOCK_MILLISECOND);
    histogram_print(&h, &out);
    holds("times: p50 20 ms, p95 20 ms, p99 20 ms\n");
    rate_print(0, 0, &out);
    holds("0.0/s");
    rate_print(99, 2 * FSOCK_SECOND, &out);
    holds("49.5/s");
    rate_print(1000000, 2 * FSOCK_SECOND, &out);
    holds("500000/s");
}

#define T(f) cmocka_unit_test_setup(f, fresh)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(test_lines),       T(test_records_and_a_failure),
        T(test_never_asked), T(test_columns),
        T(test_short),       T(test_json),
        T(test_percentiles), T(test_each_bucket),
        T(test_printed),
    };
    return cmocka_run_group_tests_name("dns_record", tests, NULL, NULL);
}
