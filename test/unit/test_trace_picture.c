/* Pictures of a trace: text inside markup, where things stand, and files that hold up to anything.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "trace_chart.h"
#include "trace_html.h"
#include "trace_markup.h"
#include "trace_svg.h"
#include "trace_timeline.h"
#include "wellformed.h"

static const int64_t ms = FSOCK_MILLISECOND;

static struct out out;
static struct fsk_buf written;

static void begin(void)
{
    fsk_buf_init(&written, (size_t)1 << 26);
    out_init_buf(&out, &written);
}

/* What has been written since, as a text. */
static const char *end(void)
{
    out_flush(&out);
    assert_int_equal(out.sys_errno, 0);
    out_fini(&out);
    assert_int_equal(fsk_buf_terminate(&written), FSOCK_OK);
    return fsk_buf_span(&written).p;
}

static void forget(void)
{
    fsk_buf_fini(&written);
}

/* ---- Text ------------------------------------------------------------------------------------ */

static void test_text(void **state)
{
    static const struct {
        const char *text, *markup;
    } cases[] = {
        {"",                                       ""                                               },
        {"/a?x=1&y='2'",                           "/a?x=1&amp;y=&#39;2&#39;"                       },
        {"\"><script>alert(1)</script>",           "&quot;&gt;&lt;script&gt;alert(1)&lt;/script&gt;"},
        {"]]>",                                    "]]&gt;"                                         },
        {"<!--",                                   "&lt;!--"                                        },
        {"a\tb\r\n\x1b[31m\x7f",                   "a\\x09b\\x0d\\x0a\\x1b[31m\\x7f"                },
        {"\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80", "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"         },
        {"\xff\xc3\xe2\x82",                       "\\xff\\xc3\\xe2\\x82"                           },
        {"\xc0\xbc\xed\xa0\x80",                   "\\xc0\\xbc\\xed\\xa0\\x80"                      },
        {"\xe2\x80\xa8\xe2\x80\xae",               "\\xe2\\x80\\xa8\\xe2\\x80\\xae"                 },
        {"\xef\xbf\xbe\xef\xbf\xbd",               "\\xef\\xbf\\xbe\xef\xbf\xbd"                    },
        {"\xc2\x85",                               "\\xc2\\x85"                                     },
    };
    struct guard g;
    (void)state;
    guard_init(&g, 100);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].text);
        begin();
        markup_text(&out, fsk_span(guard_copy(&g, cases[i].text, n), n));
        assert_string_equal(end(), cases[i].markup);
        forget();
    }
    guard_fini(&g);
}

static void test_lines(void **state)
{
    (void)state;
    begin();
    markup_lines(&out, fsk_span_str("GET / HTTP/1.1\r\nA: <b>\r\r\nC\n\nD"));
    assert_string_equal(end(), "GET / HTTP/1.1\nA: &lt;b&gt;\\x0d\nC\n\nD");
    forget();
}

static void is_short(const char *text, size_t most, const char *markup)
{
    begin();
    markup_short(&out, fsk_span_str(text), most);
    assert_string_equal(end(), markup);
    forget();
}

static void test_short(void **state)
{
    (void)state;
    is_short("", 4, "");
    is_short("abcd", 4, "abcd");
    is_short("abcdefgh", 5, "ab\xe2\x80\xa6gh");
    is_short("abcdefgh", 4, "ab\xe2\x80\xa6h");
    is_short("<<<<<<<<", 4, "&lt;&lt;\xe2\x80\xa6&lt;");
    is_short("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xff", 4, "\xc3\xa9\xc3\xa9\xe2\x80\xa6\\xff");
}

static void test_numbers(void **state)
{
    (void)state;
    begin();
    markup_decimal(&out, 12.5, 5);
    out_char(&out, ' ');
    markup_decimal(&out, 100, 5);
    out_char(&out, ' ');
    markup_decimal(&out, 1.0 / 3, 3);
    out_char(&out, ' ');
    markup_decimal(&out, 0.0 / 1, 0);
    out_char(&out, ' ');
    markup_count(&out, 1, "host", "s");
    out_char(&out, ' ');
    markup_count(&out, 1234567, "host", "s");
    out_char(&out, ' ');
    markup_number(&out, 999);
    assert_string_equal(end(), "12.5 100 0.333 0 1 host 1,234,567 hosts 999");
    forget();
}

/* ---- Where things stand ---------------------------------------------------------------------- */

/* A model without marks: exchanges of hosts "h0", "h1" ..., each begun a step after the other. */
static void make(struct trace_model *m, size_t n, unsigned hosts, int64_t step, int64_t took)
{
    static char names[8][4];
    trace_model_init(m);
    m->exchange = calloc(n + 1, sizeof *m->exchange);
    assert_non_null(m->exchange);
    for (m->n = 0; m->n < n; m->n++) {
        unsigned host = (unsigned)(m->n % hosts);
        struct trace_exchange *x = &m->exchange[m->n];
        snprintf(names[host], sizeof names[host], "h%u", host % 10);
        x->kind = TRACE_REQUEST;
        x->part = 1;
        x->id = m->n + 1;
        x->start = (int64_t)m->n * step;
        x->end = x->start + took;
        x->what = "http://host/path";
        x->host = names[host];
        x->failed = m->n == 3;
        for (unsigned i = 0; i < TRACE_STAGES; i++)
            x->stage[i] = (struct trace_span){-1, -1};
        x->stage[TRACE_WAIT] = (struct trace_span){x->start, x->end};
    }
}

static void test_hosts(void **state)
{
    struct trace_model m;
    struct trace_chart c;
    (void)state;
    make(&m, 10, 3, 10 * ms, 25 * ms);
    assert_true(trace_chart_init(&c, &m));
    assert_int_equal(c.hosts, 3);
    assert_int_equal(c.hosts_shown, 3);
    assert_int_equal(c.rows, 10);
    assert_int_equal(c.failed, 1);
    assert_string_equal(c.host[0].host, "h0");
    assert_string_equal(c.host[1].host, "h1");
    assert_int_equal(c.host[0].rows, 4);
    assert_int_equal(c.host[0].failed, 1);
    assert_ptr_equal(c.host[0].row[1], &m.exchange[3]);
    assert_int_equal(c.host[2].start, 20 * ms);
    assert_int_equal(c.host[2].end, 105 * ms);
    assert_int_equal(c.took, 115 * ms);
    assert_true(trace_chart_percent(&c, 0) == 0 && trace_chart_percent(&c, 115 * ms) == 100);
    struct trace_chart_load load;
    assert_true(trace_chart_load(&c, &load));
    assert_int_equal(load.most, 3);
    double sum = 0;
    for (unsigned i = 0; i < TRACE_CHART_COLUMNS; i++)
        sum += load.running[i];
    assert_true(sum / TRACE_CHART_COLUMNS > 2.17 && sum / TRACE_CHART_COLUMNS < 2.18);
    trace_chart_fini(&c);
    trace_model_fini(&m);
}

/* Of many, the first have rows, and the axis is theirs; counts are of all. */
static void test_many(void **state)
{
    struct trace_model m;
    struct trace_chart c;
    (void)state;
    make(&m, 100000, 7, ms, ms);
    m.exchange[99999].host = "last";
    assert_true(trace_chart_init(&c, &m));
    assert_int_equal(c.rows, TRACE_CHART_ROWS);
    assert_int_equal(c.hosts, 8);
    assert_int_equal(c.hosts_shown, 7);
    assert_int_equal(c.last, TRACE_CHART_ROWS * ms);
    assert_int_equal(c.took, 100000 * ms);
    assert_int_equal(c.host[0].all, 14286);
    struct trace_chart_load load;
    assert_true(trace_chart_load(&c, &load));
    assert_true(load.running[0] > 0.99 && load.running[159] < 1.1 && load.most == 1);
    trace_chart_fini(&c);
    begin();
    assert_true(trace_html_write(&m, &out));
    const char *page = end();
    assert_non_null(strstr(page, "Only the first 2,000 of 100,000 exchanges have a row"));
    assert_null(wellformed(fsk_buf_span(&written), true));
    forget();
    trace_model_fini(&m);
}

static void ticks(int64_t first, int64_t last, const char *labels)
{
    struct trace_exchange x = {.start = first, .end = last, .what = "", .host = ""};
    struct trace_model m = {.exchange = &x, .n = 1};
    struct trace_chart c;
    char text[400] = "", label[40];
    assert_true(trace_chart_init(&c, &m));
    for (int64_t at = trace_chart_first_tick(&c); at <= c.last; at += c.step) {
        strcat(text, trace_chart_tick(&c, at, label, sizeof label));
        strcat(text, "|");
    }
    assert_string_equal(text, labels);
    trace_chart_fini(&c);
}

static void test_ticks(void **state)
{
    (void)state;
    ticks(0, 1000 * ms, "0|200 ms|400 ms|600 ms|800 ms|1.0 s|");
    ticks(ms, 450 * ms, "0|50 ms|100 ms|150 ms|200 ms|250 ms|300 ms|350 ms|400 ms|450 ms|");
    ticks(3100 * ms, 4100 * ms, "3.2 s|3.4 s|3.6 s|3.8 s|4.0 s|");
    ticks(1200, 9200,
          "2 \xc2\xb5s|3 \xc2\xb5s|4 \xc2\xb5s|5 \xc2\xb5s|6 \xc2\xb5s|7 \xc2\xb5s|8 "
          "\xc2\xb5s|9 \xc2\xb5s|");
    ticks(0, 0, "0|1 ns|");
    ticks(-1500 * ms, 1500 * ms, "-1.5 s|-1.0 s|-500 ms|0|500 ms|1.0 s|1.5 s|");
}

/* ---- Files ----------------------------------------------------------------------------------- */

static const char hostile[] = "\"><script>alert(1)</script>]]>&amp;'\x1b\xff\xe2\x80\xae<!--";

/* An exchange each of whose texts means harm. */
static struct trace_exchange hostile_exchange(void)
{
    struct trace_exchange x = {
        .kind = TRACE_REQUEST,
        .id = 1,
        .part = 2,
        .end = ms,
        .what = hostile,
        .host = hostile,
        .method = hostile,
        .addr = hostile,
        .server = hostile,
        .rcode = hostile,
        .tls_version = hostile,
        .tls_cipher = hostile,
        .alpn = hostile,
        .request_head = hostile,
        .head = hostile,
        .err = hostile,
        .failed_stage = hostile,
        .why = hostile,
        .sys_errno = hostile,
        .failed = true,
        .rtt_us = 5,
        .attempts = 2,
        .queries = 2,
        .sent = 1,
        .received = 1,
        .retransmits = 1,
    };
    return x;
}

static void check_files(const struct trace_model *m)
{
    begin();
    assert_true(trace_svg_write(m, &out));
    const char *picture = end(), *bad = wellformed(fsk_buf_span(&written), false);
    if (bad)
        fail_msg("svg: %.100s", bad);
    assert_null(strstr(picture, "<script"));
    forget();
    begin();
    assert_true(trace_html_write(m, &out));
    end();
    bad = wellformed(fsk_buf_span(&written), true);
    if (bad)
        fail_msg("html: %.100s", bad);
    forget();
}

static void test_hostile(void **state)
{
    struct trace_run run = {.wall = INT64_MAX};
    struct trace_exchange x[3] = {hostile_exchange(), hostile_exchange(), hostile_exchange()};
    struct trace_model m = {.exchange = x, .n = 3, .run = &run, .runs = 1};
    (void)state;
    snprintf(run.args, sizeof run.args, "%s", hostile);
    x[2].host = "";
    x[2].kind = TRACE_QUESTION;
    x[1].kind = TRACE_STREAM;
    check_files(&m);
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 49, 50, 1000};
    (void)state;
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct trace_model m;
        make(&m, sizes[i], 3, ms, ms * 300);
        check_files(&m);
        trace_model_fini(&m);
    }
}

/* A bar is where its stage is, to a thousandth of the axis. */
static void test_bars(void **state)
{
    struct trace_model m;
    (void)state;
    make(&m, 2, 2, 700 * ms, 300 * ms);
    begin();
    assert_true(trace_html_write(&m, &out));
    const char *page = end();
    assert_non_null(strstr(page, "<rect class=\"wait\" x=\"0%\" width=\"30%\""));
    assert_non_null(strstr(page, "<rect class=\"wait\" x=\"70%\" width=\"30%\""));
    forget();
    trace_model_fini(&m);
}

/* Marks whose times run backwards: bars are inside of the axis, and the timeline of its line. */
static void test_backwards(void **state)
{
    static const enum fsock_mark_kind kinds[] = {
        FSOCK_MARK_START, FSOCK_MARK_LOOKUP,  FSOCK_MARK_ADDRESSES,  FSOCK_MARK_CONNECT,
        FSOCK_MARK_TLS,   FSOCK_MARK_REQUEST, FSOCK_MARK_FIRST_BYTE, FSOCK_MARK_BODY,
    };
    struct trace_model m;
    (void)state;
    trace_model_init(&m);
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct fsock_mark mark = {.kind = kinds[i], .id = 1, .fd = -1, .at = (9 - i) * 100 * ms};
        trace_model_mark(&m, &mark);
    }
    assert_true(trace_model_end(&m));
    const struct trace_exchange *x = &m.exchange[0];
    for (unsigned i = 0; i < TRACE_STAGES; i++)
        assert_true(x->stage[i].from < 0 ||
                    (x->start <= x->stage[i].from && x->stage[i].from <= x->stage[i].to &&
                     x->stage[i].to <= x->end));
    check_files(&m);
    begin();
    trace_timeline_write(&m, &out, 80, false);
    for (const char *line = strchr(end(), '\n'); line; line = strchr(line + 1, '\n'))
        assert_true(strcspn(line + 1, "\n") <= 80);
    forget();
    trace_model_fini(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),      cmocka_unit_test(test_lines),
        cmocka_unit_test(test_short),     cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_hosts),     cmocka_unit_test(test_many),
        cmocka_unit_test(test_ticks),     cmocka_unit_test(test_hostile),
        cmocka_unit_test(test_sizes),     cmocka_unit_test(test_bars),
        cmocka_unit_test(test_backwards),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
