/* The line and the object of a scanned port, byte for byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "talk_scan_record.h"

static struct fsk_buf text;
static struct out out;

static const char *written(void)
{
    out_flush(&out);
    assert_int_equal(out.sys_errno, 0);
    assert_int_equal(fsk_buf_terminate(&text), FSOCK_OK);
    return text.mem + text.start;
}

static void is_line(const struct scan_record *r, bool terminal, const char *expected)
{
    fsk_buf_clear(&text);
    scan_record_line(&out, r, terminal);
    assert_string_equal(written(), expected);
}

static void is_json(const struct scan_record *r, const char *expected)
{
    fsk_buf_clear(&text);
    scan_record_json(&out, r);
    assert_string_equal(written(), expected);
}

static struct fsock_probe_event event;

static struct scan_record open_port(const char *host, uint16_t port)
{
    event = (struct fsock_probe_event){.peer = "192.0.2.7:22", .lookup = 1500, .took = 3456789};
    return (struct scan_record){.target = "shop.test",
                                .host = fsk_span_str(host),
                                .port = port,
                                .transport = "tcp",
                                .state = "open",
                                .text = "",
                                .event = &event};
}

static void test_lines(void **state)
{
    (void)state;
    struct scan_record r = open_port("shop.test", 22);
    is_line(&r, false, "shop.test\t22\topen\t3.45 ms\n");
    is_line(&r, true, "shop.test                22    open        3.45 ms\n");
    r = open_port("/run/s\t\033[m", 0);
    r.state = "no answer";
    r.text = "it said\nnothing";
    event.took = INT64_C(5001002003);
    is_line(&r, false, "/run/s\\x09\\x1b[m\t-\tno answer\t5001.00 ms\tit said\\x0anothing\n");
    is_line(&r, true,
            "/run/s\\x09\\x1b[m         -     no answer   5001.00 ms it said\\x0anothing\n");
    event.took = -1;
    r.text = "";
    is_line(&r, false, "/run/s\\x09\\x1b[m\t-\tno answer\t0.00 ms\n");
}

static void test_json_open(void **state)
{
    (void)state;
    struct scan_record r = open_port("shop.test", 22);
    is_json(&r, "{\"schema_version\":1,\"target\":\"shop.test\",\"host\":\"shop.test\",\"port\":22,"
                "\"transport\":\"tcp\",\"state\":\"open\",\"remote_ip\":\"192.0.2.7\","
                "\"time_namelookup\":0.000001,\"time_connect\":0.003456,\"exitcode\":0,"
                "\"err\":\"ok\",\"errormsg\":null,\"errno\":0,\"hint\":null,\"answer_size\":0,"
                "\"answer\":null}\n");
}

static void test_json_failed(void **state)
{
    (void)state;
    struct scan_record r = open_port("a\"b\xff", 65535);
    struct fsock_fault fault = {.err = FSOCK_ERR_CONNECT, .sys_errno = 111};
    event.peer = "[2001:db8::7]:80";
    event.fault = &fault;
    event.lookup = event.took = 0;
    r.state = "refused";
    r.exitcode = 7;
    r.text = "connect \"x\"";
    is_json(&r, "{\"schema_version\":1,\"target\":\"shop.test\",\"host\":\"a\\\"b\\u00ff\","
                "\"port\":65535,\"transport\":\"tcp\",\"state\":\"refused\","
                "\"remote_ip\":\"2001:db8::7\",\"time_namelookup\":0.000000,"
                "\"time_connect\":0.000000,\"exitcode\":7,\"err\":\"connect\","
                "\"errormsg\":\"connect \\\"x\\\"\",\"errno\":111,\"hint\":null,\"answer_size\":0,"
                "\"answer\":null}\n");
}

/* All of a datagram, however long, and one that is empty. */
static void test_answers(void **state)
{
    static unsigned char bytes[65507];
    (void)state;
    struct scan_record r = open_port("::1", 53);
    event.peer = "";
    event.answer = "";
    is_json(&r, "{\"schema_version\":1,\"target\":\"shop.test\",\"host\":\"::1\",\"port\":53,"
                "\"transport\":\"tcp\",\"state\":\"open\",\"remote_ip\":\"\","
                "\"time_namelookup\":0.000001,\"time_connect\":0.003456,\"exitcode\":0,"
                "\"err\":\"ok\",\"errormsg\":null,\"errno\":0,\"hint\":null,\"answer_size\":0,"
                "\"answer\":\"\"}\n");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    event.answer = bytes;
    event.answer_len = sizeof bytes;
    fsk_buf_clear(&text);
    scan_record_json(&out, &r);
    const char *hex = strstr(written(), "\"answer\":\"") + strlen("\"answer\":\"");
    assert_int_equal(strspn(hex, "0123456789abcdef"), 2 * sizeof bytes);
    assert_memory_equal(hex, "000102030405060708090a0b0c0d0e0f10", 34);
    assert_string_equal(hex + 2 * sizeof bytes - 4, "e1e2\"}\n");
}

int main(void)
{
    fsk_buf_init(&text, 1 << 20);
    out_init_buf(&out, &text);
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_json_open),
        cmocka_unit_test(test_json_failed),
        cmocka_unit_test(test_answers),
    };
    int failed = cmocka_run_group_tests_name("talk_scan_record", tests, NULL, NULL);
    out_fini(&out);
    fsk_buf_fini(&text);
    return failed;
}
