/* Marks as exchanges, and what is written of them: the timeline, the sums, the archive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "trace_har.h"
#include "trace_line.h"
#include "trace_model.h"
#include "trace_summary.h"
#include "trace_timeline.h"

/* ---- Marks as in a trace file, less what is the same in all of them ---------------------------
 */

static const char *const fetch[] = {
    "0.000,'event':'start','id':1,'url':'https://shop.example:8443/a?x=1&y'",
    "0.001,'event':'lookup','id':1,'host':'shop.example'",
    "0.002,'event':'query','id':1,'server':'192.0.2.53','name':'shop.example.','type':'A'",
    "0.011,'event':'answer','id':1,'server':'192.0.2.53','rcode':'NOERROR'",
    "0.011,'event':'addresses','id':1,'host':'shop.example','addresses':'192.0.2.1'",
    "0.012,'event':'connect','id':1,'conn':2,'fd':5,'addr':'[2001:db8::1]:8443'",
    "0.020,'event':'connected','id':1,'conn':2,'fd':5,'addr':'[2001:db8::1]:8443','errno':'"
    "ECONNREFUSED'",
    "0.020,'event':'connect','id':1,'conn':3,'fd':5,'addr':'192.0.2.1:8443'",
    "0.032,'event':'connected','id':1,'conn':3,'fd':5,'addr':'192.0.2.1:8443'",
    "0.052,'event':'tls','id':1,'conn':3,'fd':5,'version':'TLSv1.3','cipher':'X','resumed':1",
    "0.053,'event':'request','id':1,'conn':3,'fd':5,'method':'GET',"
    "'head':'GET /a HTTP/1.1\\r\\nHost: shop.example\\r\\n\\r\\n','size':40",
    "0.054,'event':'sent','id':1,'conn':3,'fd':5,'size':40",
    "0.354,'event':'first-byte','id':1,'conn':3,'fd':5,'size':99",
    "0.354,'event':'head','id':1,'conn':3,'fd':5,'status':302,"
    "'head':'HTTP/1.1 302 Not Here\\r\\nLocation: /b\\r\\n\\r\\n','size':60",
    "0.360,'event':'body','id':1,'conn':3,'fd':5,'size':7",
    "0.361,'event':'redirect','id':1,'url':'https://shop.example:8443/b'",
    "0.362,'event':'reuse','id':1,'conn':3,'fd':5,'uses':1",
    "0.362,'event':'request','id':1,'conn':3,'fd':5,'method':'GET','size':41",
    "0.363,'event':'sent','id':1,'conn':3,'fd':5,'size':41",
    "0.400,'event':'done','id':1,'err':'timeout','stage':'head','why':'too "
    "slow','errno':'ETIMEDOUT'",
    NULL,
};

static const char *const others[] = {
    "1.000,'event':'start','id':1,'name':'a.example.','type':'AAAA'",
    "1.100,'event':'query','id':1,'server':'192.0.2.53'",
    "1.200,'event':'answer','id':1,'server':'192.0.2.53','rcode':'NXDOMAIN'",
    "1.200,'event':'done','id':1",
    "2.000,'event':'start','id':2,'target':'tcp://b.example:25'",
    "2.001,'event':'connect','id':2,'addr':'192.0.2.9:25'",
    "2.003,'event':'connected','id':2,'addr':'192.0.2.9:25'",
    "2.010,'event':'first-byte','id':2,'size':3",
    "2.500,'event':'close','id':2,'rtt_us':41,'retransmits':2",
    NULL,
};

static void feed(struct trace_model *m, const char *const *marks)
{
    struct trace_line l;
    trace_line_init(&l);
    for (; *marks; marks++) {
        char json[1000];
        snprintf(json, sizeof json, "{'t':%s}", *marks);
        for (char *c = json; *c; c++)
            *c = *c == '\'' ? '"' : *c;
        if (trace_line_parse(&l, fsk_span_str(json)) != TRACE_LINE_MARK)
            fail_msg("%s: %s", json, l.why);
        trace_model_mark(m, &l.mark);
    }
    trace_line_fini(&l);
}

static void is_stage(const struct trace_exchange *x, enum trace_stage stage, int from, int to)
{
    const int64_t ms = FSOCK_MILLISECOND;
    if (x->stage[stage].from != (from < 0 ? -1 : from * ms) ||
        (from >= 0 && x->stage[stage].to != to * ms))
        fail_msg("%s: %lld to %lld", trace_stage_names[stage], (long long)x->stage[stage].from,
                 (long long)x->stage[stage].to);
}

/* ---- The model ------------------------------------------------------------------------------- */

static void test_fetch(void **state)
{
    struct trace_model m;
    (void)state;
    trace_model_init(&m);
    trace_model_run(&m, &(struct trace_run){.wall = INT64_C(1764118772500000000)});
    feed(&m, fetch);
    assert_true(trace_model_end(&m));
    assert_int_equal(m.n, 2);
    const struct trace_exchange *x = &m.exchange[0];
    assert_int_equal(x->kind, TRACE_REQUEST);
    assert_string_equal(x->what, "https://shop.example:8443/a?x=1&y");
    assert_string_equal(x->host, "shop.example:8443");
    is_stage(x, TRACE_LOOKUP, 1, 11);
    is_stage(x, TRACE_CONNECT, 12, 32);
    is_stage(x, TRACE_PROXY, -1, 0);
    is_stage(x, TRACE_TLS, 32, 52);
    is_stage(x, TRACE_SEND, 53, 54);
    is_stage(x, TRACE_WAIT, 54, 354);
    is_stage(x, TRACE_BODY, 354, 360);
    assert_int_equal(x->end, 361 * FSOCK_MILLISECOND);
    assert_int_equal(x->status, 302);
    assert_int_equal(x->attempts, 2);
    assert_int_equal(x->queries, 1);
    assert_int_equal(x->received, 7);
    assert_string_equal(x->addr, "192.0.2.1:8443");
    assert_true(x->resumed && x->again && !x->failed && !x->reused);
    x++;
    assert_int_equal(x->part, 2);
    assert_string_equal(x->what, "https://shop.example:8443/b");
    is_stage(x, TRACE_CONNECT, -1, 0);
    is_stage(x, TRACE_WAIT, 363, 400);
    assert_true(x->failed && x->reused && x->ended);
    assert_string_equal(x->err, "timeout");
    assert_string_equal(x->failed_stage, "head");
    trace_model_fini(&m);
}

/* A lookup, a stream whose end is missing; two runs whose clocks differ by a second. */
static void test_others(void **state)
{
    struct trace_model m;
    (void)state;
    trace_model_init(&m);
    feed(&m, fetch + 19); /* before any run: the file's beginning is lost */
    trace_model_run(&m, &(struct trace_run){.wall = INT64_C(1000) * FSOCK_SECOND});
    trace_model_run(&m, &(struct trace_run){.wall = INT64_C(1001) * FSOCK_SECOND});
    feed(&m, others);
    assert_true(trace_model_end(&m));
    assert_int_equal(m.n, 3);
    assert_true(m.exchange[0].failed);
    assert_string_equal(m.exchange[0].what, "");
    const struct trace_exchange *question = &m.exchange[1], *stream = &m.exchange[2];
    assert_int_equal(question->kind, TRACE_QUESTION);
    assert_string_equal(question->what, "a.example. AAAA");
    assert_string_equal(question->rcode, "NXDOMAIN");
    assert_int_equal(question->start, 2 * FSOCK_SECOND);
    is_stage(question, TRACE_LOOKUP, 2100, 2200);
    assert_int_equal(trace_model_wall(&m, question->start), INT64_C(1002) * FSOCK_SECOND);
    assert_int_equal(stream->kind, TRACE_STREAM);
    assert_string_equal(stream->host, "b.example:25");
    is_stage(stream, TRACE_CONNECT, 3001, 3003);
    is_stage(stream, TRACE_WAIT, 3003, 3010);
    assert_int_equal(stream->rtt_us, 41);
    assert_false(stream->ended);
    trace_model_fini(&m);
}

/* As many as a large run has, all open at once, then ended backward. */
static void test_many(void **state)
{
    enum { COUNT = 100000 };
    struct trace_model m;
    (void)state;
    trace_model_init(&m);
    for (int way = 0; way < 2; way++)
        for (uint64_t i = 1; i <= COUNT; i++) {
            const struct fsock_field url = {"url", "http://a.example/", 0};
            trace_model_mark(&m,
                             &(struct fsock_mark){.kind = way ? FSOCK_MARK_DONE : FSOCK_MARK_START,
                                                  .id = way ? COUNT + 1 - i : i,
                                                  .at = (fsock_time)(way * COUNT + (int64_t)i),
                                                  .fd = -1,
                                                  .field = &url,
                                                  .fields = 1});
        }
    assert_true(trace_model_end(&m));
    assert_int_equal(m.n, COUNT);
    assert_int_equal(m.texts.n, 2);
    for (size_t i = 0; i < m.n; i++)
        assert_true(m.exchange[i].ended && m.exchange[i].id == i + 1);
    trace_model_fini(&m);
}

/* ---- What is written ------------------------------------------------------------------------- */

static char written[65536];

/* Everything that `write` makes of the marks, as a C string. */
static const char *made_of(const char *const *marks,
                           void (*write)(const struct trace_model *, struct out *))
{
    static struct out out;
    struct trace_model m;
    struct fsk_buf text = {.ceiling = sizeof written};
    trace_model_init(&m);
    trace_model_run(&m, &(struct trace_run){.wall = INT64_C(1764118772500000000)});
    feed(&m, marks);
    assert_true(trace_model_end(&m));
    out_init_buf(&out, &text);
    write(&m, &out);
    out_flush(&out);
    fsk_span_text(fsk_buf_span(&text), written, sizeof written);
    out_fini(&out);
    fsk_buf_fini(&text);
    trace_model_fini(&m);
    return written;
}

static void timeline(const struct trace_model *m, struct out *o)
{
    trace_timeline_write(m, o, 100, false);
}

static void narrow(const struct trace_model *m, struct out *o)
{
    trace_timeline_write(m, o, 1, true);
}

static void summary(const struct trace_model *m, struct out *o)
{
    assert_true(trace_summary_write(m, o, false));
}

static void json(const struct trace_model *m, struct out *o)
{
    assert_true(trace_summary_write(m, o, true));
}

static void has(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("\"%s\" is not in:\n%s", part, text);
}

static void test_timeline(void **state)
{
    (void)state;
    const char *text = made_of(fetch, timeline);
    has(text, "2 exchanges in 0.400 s; l lookup, c connect");
    has(text, "#1     shop.ex");
    has(text, " 302 ");
    has(text, "361.0 ms  ");
    has(text, "wwwwwwwwwwwwwwwwwwwwwwwww");
    has(text, "+1     shop.ex");
    has(text, "!timeout");
    assert_int_equal(text[strlen(text) - 2], 'X');
    for (const char *line = text; *line; line = strchr(line, '\n') + 1)
        assert_true(line == text || strcspn(line, "\n") <= 100);
    has(made_of(others, narrow), "\033[");
    has(made_of(others + 9, timeline), "0 exchanges");
}

static void test_summary(void **state)
{
    (void)state;
    const char *text = made_of(fetch, summary);
    has(text, "shop.example:8443: 2 exchanges, 1 failed (timeout 1); 1 connected, 1 reused; 81 B");
    has(text, "  wait            2      37.00");
    has(text, "  total           2      39.00");
    has(text, "all: 2 exchanges");
    text = made_of(fetch, json);
    has(text, "{\"schema_version\":1,\"host\":\"shop.example:8443\",\"count\":2,\"failed\":1,"
              "\"causes\":{\"timeout\":1},\"connected\":1,\"reused\":1,\"sent\":81,\"received\":7,"
              "\"times\":{\"lookup\":{\"count\":1,\"min\":0.010000,");
    has(text, "\n{\"schema_version\":1,\"host\":null,\"count\":2,");
    has(made_of(others + 9, json), "\"count\":0");
}

static void test_har(void **state)
{
    (void)state;
    const char *text = made_of(fetch, trace_har_write);
    has(text, "{\"log\":{\"version\":\"1.2\"");
    has(text, "{\"startedDateTime\":\"2025-11-26T00:59:32.500Z\",\"request\":{\"method\":\"GET\","
              "\"url\":\"https://shop.example:8443/a?x=1&y\"");
    has(text, "\"headers\":[{\"name\":\"Host\",\"value\":\"shop.example\"}]");
    has(text, "\"queryString\":[{\"name\":\"x\",\"value\":\"1\"},{\"name\":\"y\",\"value\":\"\"}]");
    has(text, "\"status\":302,\"statusText\":\"Not Here\"");
    has(text, "\"redirectURL\":\"/b\"");
    has(text, "\"timings\":{\"blocked\":4.000,\"dns\":10.000,\"connect\":40.000,\"ssl\":20.000,"
              "\"send\":1.000,\"wait\":300.000,\"receive\":6.000},\"time\":361.000");
    has(text, "\"serverIPAddress\":\"192.0.2.1\",\"connection\":\"3\"");
    has(text, "\"_error\":\"too slow\"");
    has(made_of(others, trace_har_write), "\"entries\":[\n]}}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fetch),   cmocka_unit_test(test_others),
        cmocka_unit_test(test_many),    cmocka_unit_test(test_timeline),
        cmocka_unit_test(test_summary), cmocka_unit_test(test_har),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
