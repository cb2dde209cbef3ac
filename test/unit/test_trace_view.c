/* Traces as lines: which events, what stands in front of them; and the filters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "trace_filter.h"
#include "trace_line.h"
#include "trace_view.h"

/* Marks as in a trace file, less what is the same in all of them. */
static const char *const one[] = {
    "0.1,'event':'start','id':1,'url':'http://a.example/'",
    "0.2,'event':'call','call':'socket','conn':1,'fd':3,'family':'AF_INET','ret':3",
    "0.3,'event':'call','call':'connect','id':1,'conn':1,'fd':3,'addr':'192.0.2.1:80','ret':-1,"
    "'errno':'EINPROGRESS'",
    "0.4,'event':'call','call':'epoll_wait','fd':9,'timeout':5,'ready':'3:out','ret':1,'took':0.1",
    "0.5,'event':'call','call':'getsockopt','id':1,'conn':1,'fd':3,'option':'SO_ERROR','value':111,"
    "'ret':0",
    "0.6,'event':'call','call':'epoll_wait','fd':9,'timeout':5,'ready':'3:in','ret':1,'took':0.1",
    "0.7,'event':'call','call':'close','id':1,'conn':1,'fd':3,'ret':0",
    "0.8,'event':'done','id':1,'err':'connect','errno':'ECONNREFUSED'",
    NULL,
};

static const char *const two[] = {
    "1,'event':'start','id':1,'url':'https://u@a.example:8443/x'",
    "2,'event':'call','call':'socket','conn':1,'fd':3,'ret':3",
    "3,'event':'connect','id':1,'conn':1,'fd':3,'addr':'192.0.2.1:80'",
    "4,'event':'start','id':2,'url':'http://[::1]:80/'",
    "5,'event':'reuse','id':2,'conn':1,'fd':3",
    "6,'event':'done','id':2,'err':'x','why':'it \\u001b[31m'",
    "7,'event':'lookup','id':3,'host':'A.Example'",
    "8,'event':'done','id':1",
    NULL,
};

static void parse(struct trace_line *l, const char *text)
{
    char json[1000];
    snprintf(json, sizeof json, "{'t':%s}", text);
    for (char *c = json; *c; c++)
        *c = *c == '\'' ? '"' : *c;
    if (trace_line_parse(l, fsk_span_str(json)) != TRACE_LINE_MARK)
        fail_msg("%s: %s", json, l->why);
}

/* What is shown of marks, of which those that don't pass a filter (NULL: none) are left out. */
static void shows(const char *const *marks, enum trace_view_kind kind, enum trace_view_time time,
                  const struct trace_filter *filter, const char *lines)
{
    static struct out out;
    static struct trace_view view;
    struct fsk_buf text = {.ceiling = 65536};
    const struct trace_run run = {.wall = INT64_C(1764118772500000000)};
    struct trace_line l;
    trace_line_init(&l);
    out_init_buf(&out, &text);
    trace_view_init(&view, &out, kind, time);
    trace_view_run(&view, &run);
    for (; *marks; marks++) {
        parse(&l, *marks);
        if (!filter || trace_filter_passes(filter, &l.mark))
            trace_view_mark(&view, &l.mark);
    }
    out_flush(&out);
    out_fini(&out);
    assert_int_equal(fsk_buf_terminate(&text), FSOCK_OK);
    assert_string_equal(fsk_buf_span(&text).p, lines);
    fsk_buf_fini(&text);
    trace_line_fini(&l);
}

static void views(void **state)
{
    (void)state;
    shows(one, TRACE_VIEW_NETWORK, TRACE_TIME_NONE, NULL,
          "socket(AF_INET, ..., ...) = 3\n"
          "connect(3, 192.0.2.1:80) = -1 EINPROGRESS (Operation now in progress)\n"
          "getsockopt(3, ..., SO_ERROR, [ECONNREFUSED]) = 0\n");
    shows(one, TRACE_VIEW_CONNECT, TRACE_TIME_RUN, NULL,
          "0.300000 connect(3, 192.0.2.1:80) = -1 EINPROGRESS (Operation now in progress)\n"
          "0.400000 epoll_wait(9, 5) = 1 [3:out] <0.100000>\n"
          "0.500000 getsockopt(3, ..., SO_ERROR, [ECONNREFUSED]) = 0\n");
    shows(one, TRACE_VIEW_ALL, TRACE_TIME_DELTA, NULL,
          "0.100000 # start http://a.example/\n"
          "0.100000 socket(AF_INET, ..., ...) = 3\n"
          "0.100000 connect(3, 192.0.2.1:80) = -1 EINPROGRESS (Operation now in progress)\n"
          "0.100000 epoll_wait(9, 5) = 1 [3:out] <0.100000>\n"
          "0.100000 getsockopt(3, ..., SO_ERROR, [ECONNREFUSED]) = 0\n"
          "0.100000 epoll_wait(9, 5) = 1 [3:in] <0.100000>\n"
          "0.100000 close(3) = 0\n"
          "0.100000 # done connect: refused\n");
    shows(two, TRACE_VIEW_NETWORK, TRACE_TIME_CLOCK, NULL,
          "00:59:34.500000 socket(..., ..., ...) = 3\n");
}

static void waits_of_connects(void **state)
{
    (void)state;
    static const char *const marks[] = {
        "1,'event':'call','call':'poll','fds':'3:out','timeout':1,'ret':0,'took':1",
        "2,'event':'call','call':'connect','fd':3,'addr':'a','ret':-1,'errno':'EINPROGRESS'",
        "3,'event':'call','call':'poll','fds':'4:in 5:in','timeout':1,'ret':0,'took':1",
        "4,'event':'call','call':'poll','fds':'4:in 3:out','timeout':1,'ret':0,'took':1",
        "5,'event':'call','call':'epoll_wait','fd':9,'timeout':1,'ret':0,'took':1",
        "6,'event':'call','call':'epoll_wait','fd':9,'timeout':0,'ret':0",
        "7,'event':'call','call':'epoll_wait','fd':9,'timeout':1,'ready':'4:in','ret':1,'took':1",
        "8,'event':'call','call':'close','fd':3,'ret':0",
        "9,'event':'call','call':'poll','fds':'3:out','timeout':1,'ret':0,'took':1",
        "10,'event':'call','call':'connect','fd':70000,'addr':'b','ret':-1,'errno':'EINPROGRESS'",
        "11,'event':'call','call':'poll','fds':'70000:out 99999999999999999999:in -7 x','ret':0",
        NULL,
    };
    shows(marks, TRACE_VIEW_CONNECT, TRACE_TIME_NONE, NULL,
          "connect(3, a) = -1 EINPROGRESS (Operation now in progress)\n"
          "poll([4:in 3:out], 1) = 0 <1.000000>\n"
          "epoll_wait(9, 1) = 0 <1.000000>\n"
          "connect(70000, b) = -1 EINPROGRESS (Operation now in progress)\n");
}

static void fronts(void **state)
{
    (void)state;
    static const char *const marks[] = {
        "1,'event':'call','call':'close','id':7,'pid':5,'fd':3,'ret':0",
        "2,'event':'call','call':'close','id':7,'pid':6,'fd':3,'ret':0",
        "3,'event':'call','call':'close','id':8,'pid':6,'fd':3,'ret':0",
        "4,'event':'call','call':'close','pid':5,'fd':3,'ret':0",
        "5,'event':'done','id':7",
        NULL,
    };
    shows(marks, TRACE_VIEW_ALL, TRACE_TIME_RUN, NULL,
          "1.000000 close(3) = 0\n"
          "[pid 6] 2.000000 close(3) = 0\n"
          "[pid 6] [8] 3.000000 close(3) = 0\n"
          "[pid 5] 4.000000 close(3) = 0\n"
          "[7] 5.000000 # done\n");
}

/* ---- Filters --------------------------------------------------------------------------------- */

static void passes(const struct trace_verb *o, bool twice, const char *lines)
{
    struct trace_filter f;
    struct trace_line l;
    trace_filter_init(&f, o, twice);
    if (trace_filter_selects(&f)) {
        trace_line_init(&l);
        trace_filter_run(&f);
        for (const char *const *mark = two; *mark; mark++) {
            parse(&l, *mark);
            assert_true(trace_filter_look(&f, &l.mark));
        }
        assert_true(trace_filter_looked(&f));
        trace_line_fini(&l);
    }
    trace_filter_run(&f);
    shows(two, TRACE_VIEW_ALL, TRACE_TIME_NONE, &f, lines);
    trace_filter_fini(&f);
}

#define NOBODY .id = -1, .connection = -1, .fd = -1, .since = -1, .until = -1

static void filters(void **state)
{
    (void)state;
    struct trace_verb o = {NOBODY};
    o.since = 3 * FSOCK_SECOND;
    o.until = 4 * FSOCK_SECOND;
    passes(&o, true, "# connect 192.0.2.1:80\n[2] # start http://[::1]:80/\n");
    o = (struct trace_verb){NOBODY};
    o.fd = 3;
    passes(&o, true, "socket(..., ..., ...) = 3\n# connect 192.0.2.1:80\n[2] # reuse\n");
    o = (struct trace_verb){NOBODY};
    o.connection = 2;
    passes(&o, true, "");
    o = (struct trace_verb){NOBODY};
    o.id = 1;
    passes(&o, false, "# start https://u@a.example:8443/x\n# connect 192.0.2.1:80\n# done\n");
    passes(&o, true,
           "# start https://u@a.example:8443/x\nsocket(..., ..., ...) = 3\n"
           "# connect 192.0.2.1:80\n# done\n");
}

static void by_what_comes_later(void **state)
{
    (void)state;
    struct trace_verb o = {NOBODY};
    o.failed = 1;
    passes(&o, true,
           "socket(..., ..., ...) = 3\n# start http://[::1]:80/\n# reuse\n"
           "# done it \\x1b[31m\n");
    o.host = "a.example";
    passes(&o, true, "");
    o.failed = 0;
    passes(&o, true,
           "# start https://u@a.example:8443/x\nsocket(..., ..., ...) = 3\n"
           "# connect 192.0.2.1:80\n[3] # lookup A.Example\n[1] # done\n");
    o.host = "::1";
    passes(&o, true,
           "socket(..., ..., ...) = 3\n# start http://[::1]:80/\n# reuse\n"
           "# done it \\x1b[31m\n");
}

static void many_facts(void **state)
{
    (void)state;
    struct trace_verb o = {NOBODY};
    struct trace_filter f;
    o.failed = 1;
    trace_filter_init(&f, &o, true);
    struct fsock_mark m = {.kind = FSOCK_MARK_DONE, .fd = -1, .sys_errno = 1};
    for (int turn = 0; turn < 5; turn++)
        for (m.id = 1; m.id <= 10000; m.id++) {
            m.connection = m.id % 100 + 1;
            assert_true(trace_filter_look(&f, &m));
        }
    assert_true(trace_filter_looked(&f));
    assert_int_equal(f.traits.n, 10000);
    assert_int_equal(f.used.n, 10000);
    assert_int_equal(f.chosen.n, 100);
    assert_true(f.traits.cap <= 65536);
    m.id = 5000;
    assert_true(trace_filter_passes(&f, &m));
    m.id = 10001;
    assert_false(trace_filter_passes(&f, &m));
    trace_filter_fini(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views),
        cmocka_unit_test(waits_of_connects),
        cmocka_unit_test(fronts),
        cmocka_unit_test(filters),
        cmocka_unit_test(by_what_comes_later),
        cmocka_unit_test(many_facts),
    };
    setenv("TZ", "UTC", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
