/* HTTP/1 seen from outside: where heads and bodies end, however the bytes are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "http_watch.h"

static struct guard guard;

/* ---- What a watch tells ---------------------------------------------------------------------- */

struct told {
    char text[1024];
    size_t n;
};

static void tell(struct told *t, const struct http_watch *w, enum http_what what)
{
    const struct http_request *r = &w->request;
    int n = 0;
    char *to = t->text + t->n;
    size_t room = sizeof t->text - t->n;
    if (what == HTTP_HEAD && w->responses)
        n = snprintf(to, room, "[%d]", w->response.status);
    else if (what == HTTP_HEAD)
        n = snprintf(to, room, "[%.*s %.*s %.*s]", (int)r->method.n, r->method.p, (int)r->target.n,
                     r->target.p, (int)r->host.n, r->host.p ? r->host.p : "");
    else
        n = snprintf(to, room, "%s", what == HTTP_BODY ? "." : "?");
    t->n += (size_t)n;
}

/* Whether a response answers HEAD is said by a header of its own, here. */
static void feed(struct http_watch *w, struct fsk_span s, struct told *t)
{
    enum http_what what;
    while ((what = http_watch_next(w, &s)) != HTTP_MORE) {
        tell(t, w, what);
        if (what == HTTP_HEAD && w->responses)
            http_watch_answers(w, memmem(w->head.mem, w->head.end, "To-Head", 7) != NULL, false);
        if (what == HTTP_OTHER)
            return;
    }
}

static void watch(bool responses, const char *text, size_t first, size_t step, struct told *t)
{
    struct http_watch w;
    size_t all = strlen(text);
    *t = (struct told){.n = 0};
    http_watch_init(&w, responses);
    for (size_t at = 0; at < all && w.stage != HTTP_IS_OTHER;) {
        size_t n = at < first ? first : step;
        n = n < all - at ? n : all - at;
        feed(&w, fsk_span(guard_copy(&guard, text + at, n), n), t);
        at += n;
    }
    if (w.stage == HTTP_TO_END)
        t->n += (size_t)snprintf(t->text + t->n, sizeof t->text - t->n, "...");
    http_watch_fini(&w);
}

static void check(bool responses, const char *text, const char *expected)
{
    struct told t;
    for (size_t first = 0; first < strlen(text); first++) {
        watch(responses, text, first, strlen(text), &t);
        assert_string_equal(t.text, expected);
    }
    for (size_t step = 1; step < 4; step++) {
        watch(responses, text, 0, step, &t);
        assert_string_equal(t.text, expected);
    }
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void test_requests(void **state)
{
    (void)state;
    check(false, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "[GET / a].");
    check(false, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.0\n\nHEAD * HTTP/1.1\r\n\r\n",
          "[GET /1 a].[GET /2 ].[HEAD * ].");
    check(
        false,
        "POST /p HTTP/1.1\r\nhost:  b:81 \r\nContent-Length: 5\r\n\r\n12345GET / HTTP/1.1\r\n\r\n",
        "[POST /p b:81].[GET / ].");
    check(false,
          "PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
          "GET / HTTP/1.1\r\n\r\n",
          "[PUT /c ].[GET / ].");
    check(false, "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", "[CONNECT a:443 a:443].");
    check(false, "GET http://x/a b HTTP/1.1\r\n\r\n", "[GET http://x/a b ].");
}

static void test_no_requests(void **state)
{
    (void)state;
    check(false, "\x16\x03\x01", "?");
    check(false, "EHLO example.org\r\n", "?");
    check(false, "get / HTTP/1.1\r\n\r\n", "?");
    check(false, " / HTTP/1.1\r\n\r\n", "?");
    check(false, "GET / HTTP/2.0\r\n\r\n", "?");
    check(false, "GET / HTTP/1.1\r\nno colon\r\n\r\n", "?");
    check(false, "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "?");
    check(false, "GET / HTTP/1.1\r\nHo", "");
    check(false, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "?");
    check(false, "ABCDEFGHIJKLMNOPQRSTUVWXYZ / HTTP/1.1\r\n\r\n", "?");
}

/* ---- Responses ------------------------------------------------------------------------------- */

static void test_responses(void **state)
{
    (void)state;
    check(true, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "[200].");
    check(true, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\nHTTP/1.1 304 N\r\n\r\n",
          "[100][204].[304].");
    check(true,
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"
          "HTTP/1.1 404 Not\r\nContent-Length: 0\r\n\r\n",
          "[200].[404].");
    check(true, "HTTP/1.0 200 OK\r\n\r\nto the end", "[200]...");
    check(true,
          "HTTP/1.1 200 OK\r\nTo-Head: 1\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n"
          "Content-Length: 1\r\n\r\nx",
          "[200].[200].");
    check(true, "220 mail ready\r\n", "?");
    check(true, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "[200]?");
}

static void test_unseen(void **state)
{
    (void)state;
    struct http_watch w;
    struct told t = {.n = 0};
    http_watch_init(&w, true);
    feed(&w, FSK_SPAN("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nab"), &t);
    assert_int_equal(http_watch_skip(&w, 7), HTTP_MORE);
    assert_int_equal(http_watch_skip(&w, 1), HTTP_BODY);
    assert_int_equal(http_watch_skip(&w, 0), HTTP_MORE);
    assert_int_equal(http_watch_skip(&w, 1), HTTP_OTHER);
    http_watch_fini(&w);
    http_watch_init(&w, true);
    feed(&w, FSK_SPAN("HTTP/1.0 200 OK\r\n\r\n"), &t);
    assert_int_equal(http_watch_skip(&w, 1000000), HTTP_MORE);
    http_watch_fini(&w);
}

static void test_too_long(void **state)
{
    (void)state;
    static char head[HTTP_HEAD_MAX + 100];
    struct told t = {.n = 0};
    struct http_watch w;
    size_t n = (size_t)snprintf(head, sizeof head, "GET / HTTP/1.1\r\nX: ");
    memset(head + n, 'x', sizeof head - n);
    http_watch_init(&w, false);
    feed(&w, fsk_span(head, sizeof head), &t);
    assert_string_equal(t.text, "?");
    http_watch_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),  cmocka_unit_test(test_no_requests),
        cmocka_unit_test(test_responses), cmocka_unit_test(test_unseen),
        cmocka_unit_test(test_too_long),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
