/* The trace: marks in order, whose they are, what is left out and when memory ends. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"

/* ---- Marks and fields ------------------------------------------------------------------------ */

static const char *text_of(const struct fsock_mark *m, const char *key)
{
    const struct fsock_field *field = fsock_mark_field(m, key);
    assert_non_null(field);
    return field->text;
}

static void marks_and_fields(void **state)
{
    fsock_trace *on = fsock_trace_new(0), *off = NULL;
    (void)state;
    fsk_mark(off, FSOCK_MARK_CONNECT, 1, 2, 3, 4, fsk_text("addr", "lost"));
    assert_null(fsock_trace_next(on));
    fsock_time before = fsock_now();
    fsk_mark(on, FSOCK_MARK_CONNECT, 7, 3, EINPROGRESS, 0, fsk_text("addr", "192.0.2.1:80"));
    fsk_mark(on, FSOCK_MARK_SENT, 0, -1, 0, 1234, fsk_text("nothing", NULL), fsk_number("n", -5),
             fsk_text("empty", ""), FSK_NO_FIELD, fsk_text("last", "z"));
    const struct fsock_mark *m = fsock_trace_next(on);
    assert_int_equal(m->kind, FSOCK_MARK_CONNECT);
    assert_int_equal(m->id, 7);
    assert_int_equal(m->fd, 3);
    assert_int_equal(m->sys_errno, EINPROGRESS);
    assert_null(m->call);
    assert_null(m->data);
    assert_string_equal(text_of(m, "addr"), "192.0.2.1:80");
    assert_true(before <= m->at && m->at <= fsock_now());
    m = fsock_trace_next(on);
    assert_int_equal(m->size, 1234);
    assert_int_equal(m->fields, 3);
    assert_int_equal(fsock_mark_field(m, "n")->number, -5);
    assert_null(text_of(m, "n"));
    assert_string_equal(text_of(m, "empty"), "");
    assert_string_equal(text_of(m, "last"), "z");
    assert_null(fsock_mark_field(m, "nothing"));
    assert_null(fsock_trace_next(on));
    fsk_mark(on, FSOCK_MARK_BODY, 7, 3, 0, 0, fsk_text("text", "unread"));
    fsock_trace_free(on);
    fsock_trace_free(NULL);
}

static void no_more_fields_than_the_limit(void **state)
{
    struct fsock_field field[2 * FSOCK_FIELDS_MAX];
    const struct fsock_mark mark = {.kind = FSOCK_MARK_HEAD, .fd = -1};
    fsock_trace *trace = fsock_trace_new(0);
    (void)state;
    for (int i = 0; i < 2 * FSOCK_FIELDS_MAX; i++)
        field[i] = i % 3 ? fsk_text("key", "text") : fsk_text("none", NULL);
    fsk_trace_add(trace, &mark, field, 2 * FSOCK_FIELDS_MAX);
    fsk_trace_add(trace, &mark, NULL, 0);
    const struct fsock_mark *m = fsock_trace_next(trace);
    assert_int_equal(m->fields, FSOCK_FIELDS_MAX);
    for (unsigned i = 0; i < m->fields; i++)
        assert_string_equal(m->field[i].text, "text");
    assert_int_equal(fsock_trace_next(trace)->fields, 0);
    fsock_trace_free(trace);
}

/* As many as make the memory grow and move many times, read late or soon. */
static void marks_stay_whole_while_memory_moves(void **state)
{
    fsock_trace *trace = fsock_trace_new(0);
    char text[300];
    int64_t written = 0, got = 0;
    (void)state;
    for (int turn = 1; turn <= 300; turn++) {
        for (int i = 0; i < turn % 37; i++, written++) {
            size_t n = (size_t)(written % 299);
            memset(text, 'a' + (int)(written % 26), n);
            text[n] = '\0';
            fsk_mark(trace, FSOCK_MARK_HEAD, 1, -1, 0, 0, fsk_number("n", written),
                     fsk_text("text", text));
        }
        for (int i = 0; i < turn % 31 && got < written; i++, got++) {
            const struct fsock_mark *m = fsock_trace_next(trace);
            assert_int_equal(fsock_mark_field(m, "n")->number, got);
            assert_int_equal(strlen(text_of(m, "text")), got % 299);
            assert_int_equal(strspn(text_of(m, "text"), (char[]){(char)('a' + got % 26), 0}),
                             got % 299);
        }
    }
    for (; got < written; got++)
        assert_int_equal(fsock_mark_field(fsock_trace_next(trace), "n")->number, got);
    assert_null(fsock_trace_next(trace));
    assert_int_equal(fsock_trace_lost(trace), 0);
    fsock_trace_free(trace);
}

/* What nobody reads is kept up to a ceiling; what is read in time has none. */
static void ceiling(void **state)
{
    fsock_trace *trace = fsock_trace_new(0);
    char *text = calloc(1, 1 << 20);
    (void)state;
    memset(text, 'x', (1 << 20) - 1);
    for (int i = 0; i < 200; i++) {
        fsk_mark(trace, FSOCK_MARK_HEAD, 1, -1, 0, 0, fsk_text("head", text));
        assert_int_equal(strlen(text_of(fsock_trace_next(trace), "head")), 1048575);
    }
    assert_int_equal(fsock_trace_lost(trace), 0);
    unsigned kept = 0;
    for (int i = 0; i < 100; i++)
        fsk_mark(trace, FSOCK_MARK_HEAD, 1, -1, 0, 0, fsk_text("head", text));
    while (fsock_trace_next(trace))
        kept++;
    assert_in_range(kept, 30, 64);
    assert_int_equal(kept + fsock_trace_lost(trace), 100);
    fsk_mark(trace, FSOCK_MARK_BODY, 1, -1, 0, 0, FSK_NO_FIELD); /* there is room again */
    assert_int_equal(fsock_trace_next(trace)->kind, FSOCK_MARK_BODY);
    fsock_trace_free(trace);
    free(text);
}

static void news_are_told_once(void **state)
{
    fsock_trace *trace = fsock_trace_new(0);
    (void)state;
    assert_false(fsk_trace_news(NULL));
    assert_false(fsk_trace_news(trace));
    for (int i = 0; i < 2; i++) {
        fsk_mark(trace, FSOCK_MARK_BODY, 1, -1, 0, 0, FSK_NO_FIELD);
        fsk_mark(trace, FSOCK_MARK_BODY, 1, -1, 0, 0, FSK_NO_FIELD);
        assert_true(fsk_trace_news(trace));
        assert_false(fsk_trace_news(trace));
    }
    fsock_trace_free(trace);
}

static void done_says_what_went_wrong(void **state)
{
    const struct fsock_fault well = {.err = FSOCK_OK}, bad = {.err = FSOCK_ERR_TLS,
                                                              .stage = FSOCK_STAGE_TLS,
                                                              .sys_errno = EPROTO,
                                                              .text = "no good"};
    fsock_trace *trace = fsock_trace_new(0);
    (void)state;
    fsk_mark_done(NULL, 1, &bad);
    fsk_mark_done(trace, 1, NULL);
    fsk_mark_done(trace, 2, &well);
    fsk_mark_done(trace, 3, &bad);
    for (unsigned id = 1; id <= 2; id++) {
        const struct fsock_mark *m = fsock_trace_next(trace);
        assert_int_equal(m->kind, FSOCK_MARK_DONE);
        assert_int_equal(m->id, id);
        assert_int_equal(m->fields, 0);
        assert_int_equal(m->sys_errno, 0);
    }
    const struct fsock_mark *m = fsock_trace_next(trace);
    assert_int_equal(m->sys_errno, EPROTO);
    assert_string_equal(text_of(m, "err"), fsock_err_name(FSOCK_ERR_TLS));
    assert_string_equal(text_of(m, "stage"), fsock_stage_name(FSOCK_STAGE_TLS));
    assert_string_equal(text_of(m, "why"), "no good");
    fsock_trace_free(trace);
}

/* ---- Whose they are -------------------------------------------------------------------------- */

static void is_of(fsock_trace *trace, int fd, uint64_t connection, uint64_t id)
{
    fsk_mark(trace, FSOCK_MARK_SENT, 0, fd, 0, 0, FSK_NO_FIELD);
    const struct fsock_mark *m = fsock_trace_next(trace);
    assert_int_equal(m->fd, fd);
    assert_int_equal(m->connection, connection);
    assert_int_equal(m->id, id);
}

static void connections_and_owners(void **state)
{
    fsock_trace *trace = fsock_trace_new(0);
    (void)state;
    fsk_trace_socket(NULL, 3, 0);
    fsk_trace_owner(NULL, 3, 0);
    fsk_trace_closed(NULL, 3);
    is_of(trace, 3, 0, 0);
    fsk_trace_owner(trace, 3, 9); /* of nothing that is known */
    fsk_trace_socket(trace, 3, 0);
    is_of(trace, 3, 1, 0);
    fsk_trace_owner(trace, 3, 9);
    is_of(trace, 3, 1, 9);
    fsk_trace_socket(trace, 500, 4);
    is_of(trace, 500, 2, 4);
    is_of(trace, 3, 1, 9);
    is_of(trace, 499, 0, 0);
    fsk_mark(trace, FSOCK_MARK_SENT, 5, 3, 0, 0, FSK_NO_FIELD); /* whose it is, is said */
    assert_int_equal(fsock_trace_next(trace)->id, 5);
    fsk_trace_owner(trace, 3, 0);
    is_of(trace, 3, 1, 0);
    fsk_trace_closed(trace, 3);
    is_of(trace, 3, 0, 0);
    fsk_trace_socket(trace, 3, 0); /* the number is given out again */
    is_of(trace, 3, 3, 0);
    fsk_trace_closed(trace, 100000);
    fsk_trace_closed(trace, -1);
    fsock_trace_free(trace);
}

/* No descriptor makes the trace fail, or grow without end. */
static void descriptors_beyond_any_table(void **state)
{
    static const int fds[] = {-1, INT32_MIN, INT32_MAX, INT32_MAX - 1, 1 << 20};
    fsock_trace *trace = fsock_trace_new(FSOCK_TRACE_DATA);
    (void)state;
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        fsk_trace_socket(trace, fds[i], 7);
        fsk_trace_owner(trace, fds[i], 7);
        is_of(trace, fds[i], 0, 0);
        fsk_trace_plain(trace, FSOCK_MARK_PLAIN_IN, fds[i], 1, "bytes", 5);
        assert_null(fsock_trace_next(trace)->data); /* nobody could mask them */
        fsk_trace_closed(trace, fds[i]);
    }
    fsk_trace_socket(trace, (1 << 20) - 1, 7);
    is_of(trace, (1 << 20) - 1, 1, 7);
    fsock_trace_free(trace);
}

static void streams_are_counted(void **state)
{
    fsock_trace *a = fsock_trace_new(0), *b = fsock_trace_new(0);
    (void)state;
    assert_int_equal(fsk_trace_stream(NULL), 0);
    assert_int_equal(fsk_trace_stream(a), 1);
    assert_int_equal(fsk_trace_stream(a), 2);
    assert_int_equal(fsk_trace_stream(b), 1);
    fsock_trace_free(a);
    fsock_trace_free(b);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

static void moved(fsock_trace *trace, const char *call, int fd, const char *bytes)
{
    const struct fsock_mark m = {
        .kind = FSOCK_MARK_CALL, .call = call, .fd = fd, .data = bytes, .data_len = strlen(bytes)};
    fsk_trace_add(trace, &m, NULL, 0);
}

static void shows(fsock_trace *trace, const char *bytes)
{
    const struct fsock_mark *m = fsock_trace_next(trace);
    assert_non_null(m->data);
    assert_int_equal(m->data_len, strlen(bytes));
    assert_memory_equal(m->data, bytes, m->data_len);
}

static void flags(void **state)
{
    fsock_trace *none = fsock_trace_new(0), *data = fsock_trace_new(FSOCK_TRACE_DATA),
                *all = fsock_trace_new(FSOCK_TRACE_DATA | FSOCK_TRACE_SECRETS);
    (void)state;
    assert_false(fsk_trace_wants_data(NULL));
    assert_false(fsk_trace_wants_data(none));
    assert_true(fsk_trace_wants_data(data));
    assert_true(fsk_trace_masks(none));
    assert_true(fsk_trace_masks(data));
    assert_false(fsk_trace_masks(all));
    moved(all, "sendto", 3, "PASS secret\n");
    shows(all, "PASS secret\n");
    moved(all, "sendto", -1, "PASS secret\n");
    shows(all, "PASS secret\n");
    moved(all, "sendto", -1, "");
    shows(all, "");
    fsock_trace_free(none);
    fsock_trace_free(data);
    fsock_trace_free(all);
}

/* A secret in pieces is one, whatever goes the other way, on other sockets or layers between. */
static void each_stream_has_its_mask(void **state)
{
    fsock_trace *trace = fsock_trace_new(FSOCK_TRACE_DATA);
    (void)state;
    moved(trace, "sendto", 3, "PA");
    moved(trace, "recvfrom", 3, "\nASS x\n");
    moved(trace, "sendto", 4, "SS x\n");
    fsk_trace_plain(trace, FSOCK_MARK_PLAIN_OUT, 3, 1, "\nA", 2);
    fsk_trace_plain(trace, FSOCK_MARK_PLAIN_OUT, 3, 2, "\npa", 3);
    fsk_trace_plain(trace, FSOCK_MARK_PLAIN_IN, 3, 1, "\n", 1);
    moved(trace, "sendto", 3, "SS secret");
    fsk_trace_plain(trace, FSOCK_MARK_PLAIN_OUT, 3, 1, "POP me 1", 8);
    fsk_trace_plain(trace, FSOCK_MARK_PLAIN_OUT, 3, 2, "ss 1", 4);
    fsk_trace_plain(trace, FSOCK_MARK_PLAIN_OUT, 3, 3, "a layer too many", 16);
    shows(trace, "PA");
    shows(trace, "\nASS x\n");
    shows(trace, "SS x\n");
    shows(trace, "\nA");
    shows(trace, "\npa");
    shows(trace, "\n");
    shows(trace, "SS ******");
    shows(trace, "POP ** *");
    shows(trace, "ss *");
    assert_null(fsock_trace_next(trace)->data);
    fsk_trace_closed(trace, 3);
    fsk_trace_socket(trace, 3, 0);
    moved(trace, "sendto", 3, "plain");
    shows(trace, "plain");
    fsock_trace_free(trace);
}

/* Bytes for which there was no room are a part of their stream all the same. */
static void what_is_lost_is_masked_on(void **state)
{
    fsock_trace *trace = fsock_trace_new(FSOCK_TRACE_DATA);
    size_t large = FSK_TRACE_MAX + 1;
    char *bytes = malloc(large);
    (void)state;
    memset(bytes, 'x', large);
    memcpy(bytes + large - 10, "\nPASS seve", 10);
    const struct fsock_mark m = {
        .kind = FSOCK_MARK_CALL, .call = "sendto", .fd = 3, .data = bytes, .data_len = large};
    fsk_trace_add(trace, &m, NULL, 0);
    assert_int_equal(fsock_trace_lost(trace), 1);
    moved(trace, "sendto", 3, "n\nx");
    shows(trace, "*\nx");
    free(bytes);
    fsock_trace_free(trace);
}

static void a_field_and_bytes(void **state)
{
    fsock_trace *trace = fsock_trace_new(FSOCK_TRACE_DATA);
    const struct fsock_field field[] = {fsk_text("a", "AA"), fsk_text("none", NULL),
                                        fsk_number("n", 1), fsk_text("b", "")};
    const struct fsock_mark mark = {
        .kind = FSOCK_MARK_CALL, .fd = 3, .call = "recv", .data = "a\0b", .data_len = 3};
    (void)state;
    fsk_trace_add(trace, &mark, field, 4);
    const struct fsock_mark *m = fsock_trace_next(trace);
    assert_int_equal(m->fields, 3);
    assert_string_equal(text_of(m, "a"), "AA");
    assert_string_equal(text_of(m, "b"), "");
    assert_memory_equal(m->data, "a\0b", 3);
    fsock_trace_free(trace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_and_fields),
        cmocka_unit_test(no_more_fields_than_the_limit),
        cmocka_unit_test(marks_stay_whole_while_memory_moves),
        cmocka_unit_test(ceiling),
        cmocka_unit_test(news_are_told_once),
        cmocka_unit_test(done_says_what_went_wrong),
        cmocka_unit_test(connections_and_owners),
        cmocka_unit_test(descriptors_beyond_any_table),
        cmocka_unit_test(streams_are_counted),
        cmocka_unit_test(flags),
        cmocka_unit_test(each_stream_has_its_mask),
        cmocka_unit_test(what_is_lost_is_masked_on),
        cmocka_unit_test(a_field_and_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
