/* Records: numbers, escapes, JSON, lines, -w. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "guard.h"
#include "outcome.h"
#include "get_record.h"
#include "get_writeout.h"

static struct out out, other;
static struct guard guard;
static struct outcome outcome;
static struct fsock_fault fault;
static struct fsock_response response;
static struct record record;

static struct fsk_span guarded(const char *bytes, size_t n)
{
    return fsk_span(guard_copy(&guard, bytes, n), n);
}

static void holds(struct out *o, const char *text)
{
    o->mem[o->n] = '\0';
    assert_string_equal(o->mem, text);
    o->n = 0;
}

static void has(const char *text)
{
    out.mem[out.n] = '\0';
    if (!strstr(out.mem, text))
        fail_msg("no %s in %s", text, out.mem);
}

static int fresh(void **state)
{
    (void)state;
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nX-A: \"b\"\r\n\r\n";
    out_init(&out, STDOUT_FILENO);
    out_init(&other, STDERR_FILENO);
    outcome_fine(&outcome);
    memset(&fault, 0, sizeof fault);
    response = record_no_response;
    response.url = "https://user:secret@host/b?q";
    response.method = "GET";
    response.status = 200;
    response.version = 11;
    response.head = head;
    response.head_len = sizeof head - 1;
    response.times.total = 1234567890;
    response.times.namelookup = 999;
    response.times.connect = -1;
    response.size_body = 14900;
    response.size_download = 5000;
    response.remote_port = 443;
    strcpy(response.remote_ip, "2001:db8::7");
    record = (struct record){
        .url = fsk_span_str("http://user:secret@host/a"),
        .list = "urls \"a\".txt",
        .line = 12,
        .number = 11,
        .response = &response,
        .outcome = &outcome,
    };
    return 0;
}

static void numbers(void **state)
{
    (void)state;
    out_u64(&out, UINT64_MAX);
    out_char(&out, ' ');
    out_i64(&out, INT64_MIN);
    out_char(&out, ' ');
    out_padded(&out, 7, 3);
    out_char(&out, ' ');
    out_seconds(&out, 1500000999);
    out_char(&out, ' ');
    out_seconds(&out, -1);
    holds(&out, "18446744073709551615 -9223372036854775808 007 1.500000 0.000000");
    static const struct {
        uint64_t n;
        const char *text;
    } sizes[] = {
        {0,                   "0 B"     },
        {1023,                "1023 B"  },
        {1024,                "1.0 KiB" },
        {14900,               "14.6 KiB"},
        {1 << 20,             "1.0 MiB" },
        {UINT64_C(150) << 30, "150 GiB" },
        {UINT64_MAX,          "15.9 EiB"}
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        out_size(&out, sizes[i].n);
        holds(&out, sizes[i].text);
    }
}

static void escapes(void **state)
{
    (void)state;
    static const struct {
        const char *raw;
        size_t n;
        const char *json, *text;
    } cases[] = {
        {"plain",                                5, "plain",                                "plain"                         },
        {"a\"b\\c",                              5, "a\\\"b\\\\c",                          "a\"b\\c"                       },
        {"\n\r\t\0\x1b\x7f",                     6, "\\n\\r\\t\\u0000\\u001b\\u007f",       "\\x0a\\x0d\\x09\\x00\\x1b\\x7f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80",
         "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"                                                                             },
        {"\xff",                                 1, "\\u00ff",                              "\\xff"                         },
        {"\xc3",                                 1, "\\u00c3",                              "\\xc3"                         },
        {"\xc0\xaf",                             2, "\\u00c0\\u00af",                       "\\xc0\\xaf"                    },
        {"\xed\xa0\x80",                         3, "\\u00ed\\u00a0\\u0080",                "\\xed\\xa0\\x80"               },
        {"\xf4\x90\x80\x80",                     4, "\\u00f4\\u0090\\u0080\\u0080",         "\\xf4\\x90\\x80\\x80"          },
        {"\xc2\x9b",                             2, "\xc2\x9b",                             "\\xc2\\x9b"                    },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        out_json(&out, guarded(cases[i].raw, cases[i].n));
        holds(&out, cases[i].json);
        out_text(&out, guarded(cases[i].raw, cases[i].n));
        holds(&out, cases[i].text);
    }
}

static void json(void **state)
{
    (void)state;
    record_json(&out, &record, NULL);
    has("{\"schema_version\":1,\"url\":\"http://***@host/a\",");
    has("\"url_effective\":\"https://***@host/b?q\"");
    has("\"list\":\"urls \\\"a\\\".txt\",\"line\":12,");
    has("\"http_code\":200,\"response_code\":200,\"http_version\":\"1.1\",\"scheme\":\"HTTPS\"");
    has("\"exitcode\":0,\"errormsg\":null,\"err\":\"ok\",\"stage\":null,\"errno\":0,\"hint\":null");
    has("\"content_type\":\"text/html\"");
    has("\"time_namelookup\":0.000000,\"time_connect\":0.000000");
    has("\"time_total\":1.234567");
    has("\"num_headers\":2,");
    has("\"speed_download\":4050,");
    has("\"remote_ip\":\"2001:db8::7\",\"remote_port\":443");
    has(",\"tries\":[]}\n");
    assert_null(strstr(out.mem, "secret"));
    assert_int_equal(out.mem[out.n - 1], '\n');
    assert_ptr_equal(memchr(out.mem, '\n', out.n), out.mem + out.n - 1);
}

static void json_of_a_failure(void **state)
{
    (void)state;
    fault = (struct fsock_fault){.err = FSOCK_ERR_CONNECT,
                                 .stage = FSOCK_STAGE_CONNECT,
                                 .sys_errno = 111,
                                 .tries = 9, /* more than have room */
                                 .text = "connect host:80: refused",
                                 .hint = "look at it"};
    for (unsigned i = 0; i < FSOCK_TRIES_MAX; i++)
        fault.tried[i] = (struct fsock_try){"192.0.2.1:80", i ? 0 : 111, FSOCK_MILLISECOND};
    outcome_fault(&outcome, &fault, "http://host/", NULL);
    record.response = &record_no_response;
    record.list = NULL;
    record_json(&out, &record, NULL);
    has("\"exitcode\":7,\"errormsg\":\"connect host:80: refused\",\"err\":\"connect\","
        "\"stage\":\"connect\",\"errno\":111,\"hint\":\"look at it\"");
    has("\"list\":null,");
    has("\"tries\":[{\"addr\":\"192.0.2.1:80\",\"errno\":111,\"error\":\"refused\",\"time\":0."
        "001000},"
        "{\"addr\":\"192.0.2.1:80\",\"errno\":0,\"error\":\"given up\",");
}

/* With a memory of the record before, what is written is the same. */
static void json_again(void **state)
{
    (void)state;
    static struct record_past past;
    static struct out whole;
    static const char *const texts[] = {
        NULL,
        "",
        "a\nb",
        "a\\nb",
        "plain",
        "other",
        "a\"b",
        "a\\\"b",
        "null",
        "http://***@b/",
        "http://abc@b/",
        "http://abcdefg@b/\"",
        "http://***@b/\\\"",
        "http://a@b/",
    };
    enum { TEXTS = sizeof texts / sizeof *texts };
    memset(&past, 0, sizeof past);
    out_init(&whole, STDOUT_FILENO);
    for (size_t i = 0; i < 40 * TEXTS; i++) {
        const char *before = texts[i / TEXTS % TEXTS], *now = texts[i % TEXTS];
        const char *at = i % 2 ? now : before; /* each meets each */
        record.url = fsk_span_str(at);
        record.list = record.file = record.variant = at;
        response.url = at;
        response.redirect_url = at ? at : "";
        response.method = at ? at : "";
        record.line = i % 3 ? UINT64_MAX : i;
        response.content_length = i % 5 ? -1 : (int64_t)i;
        response.times.connect = i % 7 ? 0 : 1000 * (int64_t)i;
        record_json(&out, &record, &past);
        record_json(&whole, &record, NULL);
        assert_int_equal(out.n, whole.n);
        assert_memory_equal(out.mem, whole.mem, out.n);
        out.n = whole.n = 0;
    }
}

/* A record that doesn't fit is not remembered in part. */
static void json_again_in_parts(void **state)
{
    (void)state;
    static struct record_past past;
    static struct fsk_buf texts[2];
    static struct out two[2];
    char *longer = malloc(OUT_SIZE);
    memset(longer, 'x', OUT_SIZE);
    memset(&past, 0, sizeof past);
    for (int i = 0; i < 2; i++) {
        fsk_buf_init(&texts[i], 1024 * OUT_SIZE);
        out_init_buf(&two[i], &texts[i]);
    }
    for (size_t i = 0; i < 300; i++) {
        static const size_t lengths[] = {10, 10, 4000, 10, 30000, 30000, 10, OUT_SIZE, 10};
        record.url = fsk_span(longer, lengths[i % 9]);
        record.number = i / 2;
        record_json(&two[0], &record, &past);
        record_json(&two[1], &record, NULL);
    }
    out_flush(&two[0]);
    out_flush(&two[1]);
    assert_int_equal(two[0].sys_errno, 0);
    assert_int_equal(texts[0].end, texts[1].end);
    assert_memory_equal(texts[0].mem, texts[1].mem, texts[0].end);
    fsk_buf_fini(&texts[0]);
    fsk_buf_fini(&texts[1]);
    free(longer);
}

static void lines(void **state)
{
    (void)state;
    record_line(&out, &record, false, false);
    holds(&out, "ok\t200\t14900\t1.234567\thttp://***@host/a\n");
    record.file = "out/a";
    record_line(&out, &record, true, false);
    holds(&out, "ok     200 14.6 KiB   1.23 s    http://***@host/a -> out/a\n");
    outcome_fail(&outcome, EXIT_WRITE, "write", 28, "no\033[2J room\n");
    outcome_fail(&outcome, EXIT_READ, "read", 5, "the first one stays");
    record_line(&out, &record, true, true);
    holds(&out, "\033[31mfailed\033[0m 200 14.6 KiB   1.23 s    http://***@host/a  "
                "no\\x1b[2J room\\x0a\n");
    record.url = fsk_span("http://a\tb\xff", 11);
    record_line(&out, &record, false, false);
    holds(&out, "failed\t200\t14900\t1.234567\thttp://a\\x09b\\xff\tno\\x1b[2J room\\x0a\n");
}

/* Of --warm: what the answers told of the cache, and which variant it was. */
static void warm_lines(void **state)
{
    (void)state;
    response.head = "HTTP/1.1 200 OK\r\nX-Cache: HIT\r\n\r\n";
    response.head_len = strlen(response.head);
    record.warm = true;
    record_line(&out, &record, false, false);
    holds(&out, "ok\t200\t14900\t1.234567\thttp://***@host/a\t\tHIT\t\n");
    record.variant = "a=b\x01";
    record.again = true;
    record.cache_before = FSK_CACHE_MISS;
    record.time_before = 2000000;
    record.purge_status = 404;
    record_line(&out, &record, true, false);
    holds(&out, "ok     200 14.6 KiB   1.23 s    MISS->HIT http://***@host/a  a=b\\x01\n");
    outcome_fail(&outcome, EXIT_NOT_CACHED, "cache", 0, "no");
    record_line(&out, &record, false, false);
    holds(&out, "failed\t200\t14900\t1.234567\thttp://***@host/a\tno\tMISS->HIT\ta=b\\x01\n");
    record_json(&out, &record, NULL);
    has("\"variant\":\"a=b\\u0001\",\"cache\":\"HIT\",\"cache_before\":\"MISS\","
        "\"time_before\":0.002000,\"time_after\":1.234567,\"purge_code\":404");
    record = (struct record){.response = &record_no_response, .outcome = &outcome};
    out.n = 0;
    record_json(&out, &record, NULL);
    has("\"variant\":null,\"cache\":null,\"cache_before\":null,\"time_before\":0.000000,"
        "\"time_after\":0.000000,\"purge_code\":0");
}

static void urls(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"http://a/",       "http://a/",         "a"   },
        {"http://u@a:80/x", "http://***@a:80/x", "a:80"},
        {"u:p@a/x",         "***@a/x",           "a"   },
        {"http://a/@b",     "http://a/@b",       "a"   },
        {"http://a?x@b",    "http://a?x@b",      "a"   },
        {"http://u:p@w@a/", "http://***@a/",     "a"   },
        {"a/b://c@d",       "a/b://c@d",         "a"   },
        {"",                "",                  ""    },
        {"http://",         "http://",           ""    },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct fsk_span url = guarded(cases[i][0], strlen(cases[i][0]));
        record_url(&out, url, out_span);
        holds(&out, cases[i][1]);
        out_span(&out, record_host(url));
        holds(&out, cases[i][2]);
    }
}

static void formats(void **state)
{
    (void)state;
    struct fsk_span bad;
    static const struct {
        const char *format, *text;
    } cases[] = {
        {"%{http_code} %{size_body}\\n",        "200 14900\n"      },
        {"[%header{x-a}][%header{none}]",       "[\"b\"][]"        },
        {"%%a%b\\t\\r\\\\\\q%",                 "%a%b\t\r\\\\q%"   },
        {"%{url}",                              "http://***@host/a"},
        {"%{time_total}/%{filename_effective}", "1.234567/"        },
        {"a%{onerror}b",                        "a"                },
        {"%{unclosed",                          "%{unclosed"       },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_true(writeout_check(cases[i].format, &bad));
        writeout(&out, &other, cases[i].format, &record);
        holds(&out, cases[i].text);
    }
    static const char head[] =
        "HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nX-B:  \"q\" \nset-cookie:b\r\nX-C:\r\n\r\n";
    response.head = head;
    response.head_len = sizeof head - 1;
    writeout(&out, &other, "%{header_json}", &record);
    holds(&out, "{\"set-cookie\":[\"a\",\"b\"],\"x-b\":[\"\\\"q\\\"\"],\"x-c\":[\"\"]}");
    writeout(&out, &other, "a%{stderr}b%{stdout}c", &record);
    holds(&out, "ac");
    holds(&other, "b");
    writeout(&out, &other, "%{json}|", &record);
    has("\"tries\":[]}|");
    out.n = 0;
    record.response = &record_no_response;
    writeout(&out, &other, "%{http_code}%header{a}%{remote_ip}%{header_json}", &record);
    holds(&out, "000{}");
    assert_false(writeout_check("%{url} %{htp_code} x", &bad));
    assert_int_equal(bad.n, strlen("%{htp_code}"));
    assert_memory_equal(bad.p, "%{htp_code}", bad.n);
}

/* What is larger than the buffer comes out whole and in order; a closed reader is noticed. */
static void flushing(void **state)
{
    (void)state;
    FILE *f = tmpfile();
    char *text = malloc(3 * OUT_SIZE), *back = malloc(9 * OUT_SIZE);
    memset(text, 'x', 3 * OUT_SIZE);
    out_init(&out, fileno(f));
    size_t want = 0;
    for (size_t n = 1; n < 3 * OUT_SIZE; n = n * 3 + 1) {
        text[n - 1] = 'y';
        out_bytes(&out, text, n);
        want += n;
    }
    out_flush(&out);
    rewind(f);
    assert_int_equal(fread(back, 1, 9 * OUT_SIZE, f), want);
    size_t at = 0;
    for (size_t n = 1; n < 3 * OUT_SIZE; n = n * 3 + 1) { /* each piece ends in its y */
        assert_int_equal(back[at + n - 1], 'y');
        at += n;
    }
    assert_int_equal(out.sys_errno, 0);
    fclose(f);
    int full = open("/dev/full", O_WRONLY);
    out_init(&out, full);
    out_str(&out, "x");
    out_flush(&out);
    assert_int_equal(out.sys_errno, ENOSPC);
    close(full);
    free(text);
    free(back);
}

static void exit_codes(void **state)
{
    (void)state;
    static const struct {
        enum fsock_err err;
        enum fsock_stage stage;
        int code;
    } cases[] = {
        {FSOCK_OK,             FSOCK_STAGE_BODY,    0  },
        {FSOCK_ERR_INPUT,      FSOCK_STAGE_NONE,    3  },
        {FSOCK_ERR_PROXY_NAME, FSOCK_STAGE_RESOLVE, 5  },
        {FSOCK_ERR_NAME,       FSOCK_STAGE_RESOLVE, 6  },
        {FSOCK_ERR_DNS,        FSOCK_STAGE_RESOLVE, 6  },
        {FSOCK_ERR_CONNECT,    FSOCK_STAGE_CONNECT, 7  },
        {FSOCK_ERR_PROTOCOL,   FSOCK_STAGE_HEAD,    8  },
        {FSOCK_ERR_PROTOCOL,   FSOCK_STAGE_BODY,    56 },
        {FSOCK_ERR_TRUNCATED,  FSOCK_STAGE_BODY,    18 },
        {FSOCK_ERR_STATUS,     FSOCK_STAGE_HEAD,    22 },
        {FSOCK_ERR_TIMEOUT,    FSOCK_STAGE_RESOLVE, 28 },
        {FSOCK_ERR_TIMEOUT,    FSOCK_STAGE_BODY,    28 },
        {FSOCK_ERR_RESUME,     FSOCK_STAGE_HEAD,    33 },
        {FSOCK_ERR_FORBIDDEN,  FSOCK_STAGE_CONNECT, 113},
        {FSOCK_ERR_SPENT,      FSOCK_STAGE_QUEUE,   63 },
        {FSOCK_ERR_SPENT,      FSOCK_STAGE_BODY,    63 },
        {FSOCK_ERR_TLS,        FSOCK_STAGE_TLS,     35 },
        {FSOCK_ERR_TLS,        FSOCK_STAGE_BODY,    56 },
        {FSOCK_ERR_REDIRECTS,  FSOCK_STAGE_HEAD,    47 },
        {FSOCK_ERR_CLOSED,     FSOCK_STAGE_HEAD,    52 },
        {FSOCK_ERR_RESET,      FSOCK_STAGE_SEND,    55 },
        {FSOCK_ERR_RESET,      FSOCK_STAGE_HEAD,    56 },
        {FSOCK_ERR_RESET,      FSOCK_STAGE_TLS,     35 },
        {FSOCK_ERR_TLS_LOCAL,  FSOCK_STAGE_NONE,    58 },
        {FSOCK_ERR_CERT,       FSOCK_STAGE_TLS,     60 },
        {FSOCK_ERR_DECODE,     FSOCK_STAGE_BODY,    61 },
        {FSOCK_ERR_TOO_BIG,    FSOCK_STAGE_BODY,    63 },
        {FSOCK_ERR_TOO_BIG,    FSOCK_STAGE_HEAD,    56 },
        {FSOCK_ERR_PROXY,      FSOCK_STAGE_PROXY,   97 },
        {FSOCK_ERR_ASIDE,      FSOCK_STAGE_QUEUE,   7  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(exitcode_of(cases[i].err, cases[i].stage), cases[i].code);
}

static void sentences(void **state)
{
    (void)state;
    static const struct {
        enum fsock_err err;
        enum fsock_limit limit;
        const char *text;
    } limits[] = {
        {FSOCK_ERR_TIMEOUT,   FSOCK_LIMIT_NONE,      "too much"                                      },
        {FSOCK_ERR_TIMEOUT,   FSOCK_LIMIT_CONNECT,   "too much (--connect-timeout raises this limit)"},
        {FSOCK_ERR_TIMEOUT,   FSOCK_LIMIT_READ,      "too much (--read-timeout raises this limit)"   },
        {FSOCK_ERR_TIMEOUT,   FSOCK_LIMIT_TOTAL,     "too much (-m raises this limit)"               },
        {FSOCK_ERR_TOO_BIG,   FSOCK_LIMIT_BODY,      "too much (--max-body raises this limit)"       },
        {FSOCK_ERR_TOO_BIG,   FSOCK_LIMIT_RATIO,     "too much (--max-ratio raises this limit)"      },
        {FSOCK_ERR_REDIRECTS, FSOCK_LIMIT_REDIRECTS, "too much (--max-redirs raises this limit)"     },
        {FSOCK_ERR_SPENT,     FSOCK_LIMIT_REQUESTS,  "too much (--max-requests raises this limit)"   },
        {FSOCK_ERR_SPENT,     FSOCK_LIMIT_BYTES,     "too much (--max-total raises this limit)"      },
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        fault = (struct fsock_fault){.err = limits[i].err, .limit = limits[i].limit};
        strcpy(fault.text, "too much");
        outcome_fault(&outcome, &fault, "http://a/", NULL);
        assert_string_equal(outcome.text, limits[i].text);
    }
    fault = (struct fsock_fault){.err = FSOCK_ERR_INPUT, .text = "what is ftp?"};
    outcome_fault(&outcome, &fault, "ftp://a/", NULL);
    assert_int_equal(outcome.exitcode, EXIT_SCHEME);
    outcome_fault(&outcome, &fault, "HTTPS://a b/", NULL);
    assert_int_equal(outcome.exitcode, EXIT_URL);
    outcome_fault(&outcome, &fault, "a?b://c", NULL);
    assert_int_equal(outcome.exitcode, EXIT_URL);
    fault = (struct fsock_fault){.err = FSOCK_ERR_TLS_LOCAL, .text = "read /etc/my-ca.pem: no"};
    outcome_fault(&outcome, &fault, "a", "/etc/my-ca.pem");
    assert_int_equal(outcome.exitcode, EXIT_CA_FILE);
}

int main(void)
{
    guard_init(&guard, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(numbers, fresh),
        cmocka_unit_test_setup(escapes, fresh),
        cmocka_unit_test_setup(json, fresh),
        cmocka_unit_test_setup(json_of_a_failure, fresh),
        cmocka_unit_test_setup(json_again, fresh),
        cmocka_unit_test_setup(json_again_in_parts, fresh),
        cmocka_unit_test_setup(lines, fresh),
        cmocka_unit_test_setup(urls, fresh),
        cmocka_unit_test_setup(formats, fresh),
        cmocka_unit_test_setup(flushing, fresh),
        cmocka_unit_test_setup(exit_codes, fresh),
        cmocka_unit_test_setup(sentences, fresh),
        cmocka_unit_test_setup(warm_lines, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
