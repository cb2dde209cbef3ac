/* Trace files: whole, in pieces, cut off, of garbage, newer than we are; marks come back equal. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "guard.h"
#include "trace_event.h"
#include "trace_read.h"

#define RUN                                                                                        \
    "{\"event\":\"run\",\"schema_version\":1,\"run\":\"9f2c\",\"time\":1764118772.5,"              \
    "\"mono\":812.25,\"program\":\"fsock 1.2.3\",\"pid\":4711,\"args\":[\"get\",\"a b\"]}\n"

static int file_of(const char *bytes, size_t n)
{
    int fd = memfd_create("trace", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, n), n);
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

/* What a file came to, as a text: "R" for a run, "M" and the kind for a mark, "B" and why. */
static void tell(int fd, char *told, size_t cap)
{
    struct trace_reader *r = trace_reader_new(fd);
    struct trace_run run;
    const struct fsock_mark *m;
    enum trace_read_result result;
    char why[300];
    size_t at = 0;
    assert_non_null(r);
    while ((result = trace_read_next(r, &run, &m, why, sizeof why)) != TRACE_READ_END) {
        if (result == TRACE_READ_RUN)
            at += (size_t)snprintf(told + at, cap - at, "R %s %s;", run.run, run.args);
        else if (result == TRACE_READ_MARK)
            at += (size_t)snprintf(told + at, cap - at, "M %s %lld;", fsock_mark_name(m->kind),
                                   (long long)m->at);
        else
            at += (size_t)snprintf(told + at, cap - at, "B %s;", why);
        assert_true(at < cap);
    }
    assert_int_equal(trace_reader_errno(r), 0);
    trace_reader_free(r);
    close(fd);
}

static void wants(const char *bytes, size_t n, const char *told)
{
    char got[2000] = "";
    tell(file_of(bytes, n), got, sizeof got);
    assert_string_equal(got, told);
}

#define WANTS(bytes, told) wants(bytes, sizeof(bytes) - 1, told)

/* ---- One line -------------------------------------------------------------------------------- */

static enum trace_line_kind parse(struct trace_line *l, const char *text, size_t n)
{
    static struct guard g;
    if (!g.map)
        guard_init(&g, 65536);
    return trace_line_parse(l, fsk_span(guard_copy(&g, text, n), n));
}

static void bad(const char *text, size_t n, const char *why)
{
    struct trace_line l;
    trace_line_init(&l);
    assert_int_equal(parse(&l, text, n), TRACE_LINE_BAD);
    if (!strstr(l.why, why))
        fail_msg("'%s' for %s", l.why, text);
    trace_line_fini(&l);
}

#define BAD(text, why) bad(text, sizeof(text) - 1, why)

static void a_run(void **state)
{
    (void)state;
    struct trace_line l;
    trace_line_init(&l);
    assert_int_equal(parse(&l, RUN, sizeof RUN - 1), TRACE_LINE_RUN);
    assert_string_equal(l.run.run, "9f2c");
    assert_string_equal(l.run.program, "fsock 1.2.3");
    assert_string_equal(l.run.args, "get a b");
    assert_int_equal(l.run.pid, 4711);
    assert_int_equal(l.run.wall, INT64_C(1764118772500000000));
    assert_int_equal(l.run.mono, INT64_C(812250000000));
    trace_line_fini(&l);
}

static void long_args(void **state)
{
    (void)state;
    static char text[20000];
    struct trace_line l;
    size_t at =
        (size_t)snprintf(text, sizeof text,
                         "{\"event\":\"run\",\"schema_version\":1,\"run\":\"%0100d\",\"time\":1,"
                         "\"mono\":1,\"program\":\"x\",\"pid\":1,\"args\":[\"cmd\"",
                         7);
    for (int i = 0; i < 1000; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ",\"%04d\"", i);
    at += (size_t)snprintf(text + at, sizeof text - at, "]}");
    trace_line_init(&l);
    assert_int_equal(parse(&l, text, at), TRACE_LINE_RUN);
    assert_int_equal(strlen(l.run.args), sizeof l.run.args - 1);
    assert_int_equal(strncmp(l.run.args, "cmd 0000 0001 ", 14), 0);
    assert_int_equal(strlen(l.run.run), sizeof l.run.run - 1);
    trace_line_fini(&l);
}

static void bad_lines(void **state)
{
    (void)state;
    BAD("garbage", "no JSON");
    BAD("[1,2]", "no JSON object");
    BAD("{}", "\"event\" is no text");
    BAD("{\"event\":7}", "\"event\" is no text");
    BAD("{\"t\":1,\"event\":\"done\"", "no JSON");
    BAD("{\"t\":1,\"event\":\"done\"} x", "no JSON");
    BAD("{\"event\":\"done\"}", "no \"t\"");
    BAD("{\"t\":\"1\",\"event\":\"done\"}", "\"t\" is no number of seconds");
    BAD("{\"t\":-0.5,\"event\":\"done\"}", "\"t\" is no number of seconds");
    BAD("{\"t\":1e10,\"event\":\"done\"}", "\"t\" is no number of seconds");
    BAD("{\"t\":1e999,\"event\":\"done\"}", "no JSON");
    BAD("{\"t\":1,\"event\":\"done\",\"took\":-1}", "\"took\"");
    BAD("{\"t\":1,\"event\":\"done\",\"size\":-1}", "\"size\" is no whole number");
    BAD("{\"t\":1,\"event\":\"done\",\"size\":1.5}", "\"size\" is no whole number");
    BAD("{\"t\":1,\"event\":\"done\",\"size\":9223372036854775808}", "no JSON");
    BAD("{\"t\":1,\"event\":\"done\",\"n\":99999999999999999999999}", "no JSON");
    BAD("{\"t\":1,\"event\":\"done\",\"fd\":2147483648}", "\"fd\"");
    BAD("{\"t\":1,\"event\":\"done\",\"fd\":-1}", "\"fd\"");
    BAD("{\"t\":1,\"event\":\"done\",\"id\":\"7\"}", "\"id\"");
    BAD("{\"t\":1,\"event\":\"done\",\"conn\":null}", "\"conn\"");
    BAD("{\"t\":1,\"event\":\"done\",\"ret\":true}", "\"ret\"");
    BAD("{\"t\":1,\"event\":\"done\",\"errno\":\"EODD\"}", "name of no error");
    BAD("{\"t\":1,\"event\":\"done\",\"errno\":-2}", "\"errno\"");
    BAD("{\"t\":1,\"event\":\"done\",\"data\":7}", "\"data\" is no text");
    BAD("{\"t\":1,\"event\":\"done\",\"data\":\"a*\"}", "no Base64: character 2");
    BAD("{\"t\":1,\"event\":\"call\"}", "no \"call\"");
    BAD("{\"t\":1,\"event\":\"call\",\"call\":{}}", "\"call\" is no text");
    BAD("{\"t\":1,\"event\":\"done\",\"why\":\"a\\u0000b\"}", "no JSON");
    BAD("{\"t\":1,\"event\":\"done\",\"why\":\"a\0b\"}", "no JSON");
    BAD("{\"t\":1,\"event\":\"done\",\"why\":\"\xff\xfe\"}", "no JSON");
    BAD("{\"event\":\"run\"}", "\"schema_version\"");
    BAD("{\"event\":\"run\",\"schema_version\":1}", "\"run\" is no text");
    BAD("{\"event\":\"run\",\"schema_version\":0}", "\"schema_version\"");
}

static void deep_and_wide(void **state)
{
    (void)state;
    static char text[1 << 16], wide[300000];
    struct trace_line l;
    memset(text, '[', sizeof text);
    trace_line_init(&l);
    assert_int_equal(trace_line_parse(&l, fsk_span(text, sizeof text)), TRACE_LINE_BAD);
    size_t at = (size_t)snprintf(wide, sizeof wide, "{\"t\":1,\"event\":\"done\",\"x\":[0");
    while (at < sizeof wide - 2) {
        wide[at++] = ',';
        wide[at++] = '0';
    }
    assert_int_equal(trace_line_parse(&l, fsk_span(wide, at)), TRACE_LINE_BAD);
    assert_string_equal(l.why, "it has more than 65536 values");
    trace_line_fini(&l);
}

static void unknown_things(void **state)
{
    (void)state;
    static const char text[] =
        "{\"new\":[1,{\"a\":null}],\"event\":\"done\",\"f\":1.5,\"b\":false,\"t\":2,\"n\":null,"
        "\"kept\":-3,\"err\":\"x\",\"a b\":1,\"\":2,\"\\n\":3,\"call\":\"c\"}";
    struct trace_line l;
    trace_line_init(&l);
    assert_int_equal(parse(&l, "{\"event\":\"soon\",\"fd\":-7}", 24), TRACE_LINE_OTHER);
    assert_int_equal(parse(&l, "{\"event\":\"unknown\"}", 19), TRACE_LINE_OTHER);
    assert_int_equal(parse(&l, "", 0), TRACE_LINE_OTHER);
    assert_int_equal(parse(&l, " \t\r\n", 4), TRACE_LINE_OTHER);
    assert_int_equal(parse(&l, text, sizeof text - 1), TRACE_LINE_MARK);
    assert_int_equal(l.mark.fields, 2);
    assert_int_equal(fsock_mark_field(&l.mark, "kept")->number, -3);
    assert_string_equal(fsock_mark_field(&l.mark, "err")->text, "x");
    assert_int_equal(l.mark.fd, -1);
    assert_null(l.mark.call);
    trace_line_fini(&l);
}

static void many_fields(void **state)
{
    (void)state;
    char text[2000];
    struct trace_line l;
    size_t at = (size_t)snprintf(text, sizeof text, "{\"t\":1,\"event\":\"done\"");
    for (int i = 0; i < 100; i++)
        at += (size_t)snprintf(text + at, sizeof text - at, ",\"k%d\":%d", i, i);
    at += (size_t)snprintf(text + at, sizeof text - at, ",\"size\":5}");
    trace_line_init(&l);
    assert_int_equal(parse(&l, text, at), TRACE_LINE_MARK);
    assert_int_equal(l.mark.fields, TRACE_FIELDS_MAX);
    assert_int_equal(l.mark.size, 5);
    trace_line_fini(&l);
}

/* ---- There and back -------------------------------------------------------------------------- */

static void same_mark(const struct fsock_mark *a, const struct fsock_mark *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->took, b->took);
    assert_int_equal(a->id, b->id);
    assert_int_equal(a->connection, b->connection);
    assert_int_equal(a->fd, b->fd);
    assert_int_equal(a->sys_errno, b->sys_errno);
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->size, b->size);
    assert_int_equal(!a->call, !b->call);
    if (a->call)
        assert_string_equal(a->call, b->call);
    assert_int_equal(a->fields, b->fields);
    for (unsigned i = 0; i < a->fields; i++) {
        assert_string_equal(a->field[i].key, b->field[i].key);
        assert_int_equal(a->field[i].number, b->field[i].number);
        assert_int_equal(!a->field[i].text, !b->field[i].text);
        if (a->field[i].text)
            assert_string_equal(a->field[i].text, b->field[i].text);
    }
    assert_int_equal(!a->data, !b->data);
    assert_int_equal(a->data_len, b->data_len);
    if (a->data_len)
        assert_memory_equal(a->data, b->data, a->data_len);
}

static void back(const struct fsock_mark *m, fsock_time started)
{
    static struct out out;
    struct fsk_buf text = {.ceiling = 1 << 20};
    struct trace_line l;
    out_init_buf(&out, &text);
    trace_put_mark(&out, m, started);
    out_flush(&out);
    out_fini(&out);
    trace_line_init(&l);
    assert_int_equal(trace_line_parse(&l, fsk_buf_span(&text)), TRACE_LINE_MARK);
    same_mark(m, &l.mark);
    assert_int_equal(l.mark.at, m->at - started);
    trace_line_fini(&l);
    fsk_buf_fini(&text);
}

static void round_trip(void **state)
{
    (void)state;
    static unsigned char bytes[2000];
    const struct fsock_field field[] = {
        {"addr",  "[2001:db8::1]:443",           0        },
        {"empty", "",                            0        },
        {"odd",   "\"\\\n\r\t\x01\x7f \xc3\xa4", 0        },
        {"most",  NULL,                          INT64_MAX},
        {"least", NULL,                          INT64_MIN},
        {"none",  NULL,                          0        },
    };
    struct fsock_mark m = {.fd = -1, .at = 5, .field = field};
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    for (int kind = FSOCK_MARK_START; kind < FSOCK_MARK_CALL; kind++) {
        m.kind = (enum fsock_mark_kind)kind;
        back(&m, 5);
    }
    m = (struct fsock_mark){.kind = FSOCK_MARK_CALL,
                            .at = INT64_C(8000000000000001),
                            .took = 999999999,
                            .id = INT64_MAX,
                            .connection = 7,
                            .result = -1,
                            .size = INT64_MAX,
                            .call = "sendto",
                            .field = field,
                            .fields = 6,
                            .data = bytes};
    for (m.data_len = 0; m.data_len < sizeof bytes; m.data_len += 97)
        back(&m, 0);
    m.data_len = 5;
    for (m.sys_errno = 1; m.sys_errno < 600; m.sys_errno++)
        back(&m, 0);
}

/* Each nanosecond comes back, for as long as a run may last. */
static void exact_times(void **state)
{
    (void)state;
    struct fsock_mark m = {.kind = FSOCK_MARK_DONE, .fd = 0};
    for (int64_t at = 1; at < INT64_C(8000000000000000); at = at * 7 / 3 + 1) {
        m.at = m.took = at;
        back(&m, 0);
    }
}

/* ---- Files ----------------------------------------------------------------------------------- */

static const char several[] = "{\"t\":0.25,\"event\":\"done\"}\n" RUN "\n"
                              "{\"t\":1,\"event\":\"start\"}\r\n"
                              "no\n"
                              "{\"t\":2,\"event\":\"later\"}\n"
                              "{\"event\":\"run\",\"schema_version\":2,\"run\":[]}\n"
                              "{\"t\":3,\"event\":\"start\"}\n"
                              "worse\n" RUN "{\"t\":4.5,\"event\":\"done\"}";

static void files(void **state)
{
    (void)state;
    char want[500];
    snprintf(want, sizeof want,
             "M done 250000000;R 9f2c get a b;M start 1000000000;"
             "B line 5: it is no JSON: '[' or '{' expected near 'no';"
             "B line 7: the run has schema_version 2, this is fsock %s, which knows 1;"
             "R 9f2c get a b;M done 4500000000;",
             FSOCK_VERSION);
    WANTS(several, want);
    WANTS("", "");
    WANTS("\n\n", "");
    WANTS("{\"t\":1,\"event\":\"do",
          "B line 1: it is no JSON: premature end of input near '\"do';");
}

/* Two packets are two reads. */
static void pieces(void **state)
{
    (void)state;
    char whole[2000] = "", got[2000];
    tell(file_of(several, sizeof several - 1), whole, sizeof whole);
    for (size_t cut = 1; cut < sizeof several - 1; cut++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
        assert_int_equal(send(ends[1], several, cut, 0), cut);
        assert_int_equal(send(ends[1], several + cut, sizeof several - 1 - cut, 0),
                         sizeof several - 1 - cut);
        close(ends[1]);
        *got = '\0';
        tell(ends[0], got, sizeof got);
        assert_string_equal(got, whole);
    }
}

static void long_lines(void **state)
{
    (void)state;
    static const char head[] = "{\"t\":1,\"event\":\"done\",\"why\":\"", after[] = "\n" RUN;
    for (size_t more = 0; more < 3; more++) {
        size_t n = TRACE_LINE_MAX + (more == 2 ? TRACE_LINE_MAX : more);
        char *text = malloc(n + sizeof after);
        assert_non_null(text);
        memset(text, 'x', n);
        memcpy(text, head, sizeof head - 1);
        memcpy(text + n - 2, "\"}", 2);
        memcpy(text + n, after, sizeof after);
        wants(text, n + sizeof after - 1,
              more ? "B line 1: it is longer than 16 MiB;R 9f2c get a b;"
                   : "M done 1000000000;R 9f2c get a b;");
        wants(text, n, more ? "B line 1: it is longer than 16 MiB;" : "M done 1000000000;");
        free(text);
    }
}

static void ends_early(void **state)
{
    (void)state;
    struct trace_run run;
    const struct fsock_mark *m;
    char why[100];
    int ends[2], alarm[2];
    struct trace_reader *r = trace_reader_new(1000);
    assert_int_equal(trace_read_next(r, &run, &m, why, sizeof why), TRACE_READ_END);
    assert_int_equal(trace_reader_errno(r), EBADF);
    trace_reader_free(r);
    trace_reader_free(NULL);
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(alarm), 0);
    r = trace_reader_new(ends[0]);
    trace_reader_alarm(r, alarm[0]);
    assert_int_equal(write(ends[1], RUN, sizeof RUN - 1), sizeof RUN - 1);
    assert_int_equal(trace_read_next(r, &run, &m, why, sizeof why), TRACE_READ_RUN);
    assert_int_equal(write(alarm[1], "", 1), 1);
    assert_int_equal(trace_read_next(r, &run, &m, why, sizeof why), TRACE_READ_END);
    assert_int_equal(trace_reader_errno(r), EINTR);
    assert_int_equal(trace_read_next(r, &run, &m, why, sizeof why), TRACE_READ_END);
    trace_reader_free(r);
    for (int i = 0; i < 2; i++) {
        close(ends[i]);
        close(alarm[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run),          cmocka_unit_test(long_args),
        cmocka_unit_test(bad_lines),      cmocka_unit_test(deep_and_wide),
        cmocka_unit_test(unknown_things), cmocka_unit_test(many_fields),
        cmocka_unit_test(round_trip),     cmocka_unit_test(exact_times),
        cmocka_unit_test(files),          cmocka_unit_test(pieces),
        cmocka_unit_test(long_lines),     cmocka_unit_test(ends_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
