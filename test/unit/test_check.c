/*
 * Checks: the queue, results, limits, being stopped, and callers' mistakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_rig.h"

static struct fsock_fault fault;
static struct mail mail;
static char target[64];

static fsock_check *check_new(double seconds)
{
    struct fsock_options o;
    fsock_options_init(&o);
    o.total_timeout = (fsock_time)(seconds * 1e9);
    fsock_check *c = fsock_check_new(&o, 0, &fault);
    if (!c)
        fail_msg("%s", fault.text);
    return c;
}

static void begin(bool mute)
{
    mail = (struct mail){.mute = mute};
    mail_start(&mail);
    snprintf(target, sizeof target, "smtp://127.0.0.1:%d", mail.port);
}

static const struct fsock_check_result *next(fsock_check *c, struct fsock_check_event *e)
{
    ok(fsock_check_next(c, e, SOON));
    assert_int_equal(e->kind, FSOCK_EVENT_DONE);
    return e->result;
}

static void test_result(void **state)
{
    struct fsock_check_event e;
    struct fsock_check_request login;
    char peer[64];
    int mark;
    (void)state;
    begin(false);
    mail_login(&login);
    fsock_check *c = check_new(5);
    ok(fsock_check_add(c, target, &login, &mark, &fault));
    assert_int_equal(fsock_check_queued(c), 1);
    const struct fsock_check_result *r = next(c, &e);
    if (r->fault)
        fail_msg("%s", r->fault->text);
    assert_ptr_equal(e.user, &mark);
    assert_int_equal(e.id, 1);
    is_text(r->target, target);
    is_text(r->service, "smtp");
    is_text(r->host, "127.0.0.1");
    assert_int_equal(r->port, mail.port);
    snprintf(peer, sizeof peer, "127.0.0.1:%d", mail.port);
    is_text(r->peer, peer);
    is_text(r->banner, "ready");
    is_text(r->capabilities[0], "AUTH CRAM-MD5 PLAIN");
    is_text(r->capabilities[1], "SIZE 1");
    assert_null(r->capabilities[2]);
    is_text(r->mechanism, "CRAM-MD5");
    assert_true(0 < r->connect && r->connect < r->greeting && r->greeting < r->login);
    assert_true(r->login <= r->took && r->took < 5 * FSOCK_SECOND);
    assert_null(r->cert);
    is_text(r->tls_version, "");
    assert_int_equal(fsock_check_next(c, &e, SOON), FSOCK_EOF);
    fsock_check_free(c);
    mail_stop(&mail);
}

static void test_limit(void **state)
{
    struct fsock_check_event e;
    (void)state;
    begin(true);
    fsock_check *c = check_new(0.2);
    fsock_time began = fsock_now();
    ok(fsock_check_add(c, target, NULL, NULL, &fault));
    const struct fsock_check_result *r = next(c, &e);
    took(began, 0.19, 0.5);
    assert_int_equal(r->fault->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(r->fault->stage, FSOCK_STAGE_DIALOG);
    assert_int_equal(r->fault->limit, FSOCK_LIMIT_TOTAL);
    assert_non_null(strstr(r->fault->text, "its greeting"));
    fsock_check_free(c);
    mail_stop(&mail);
}

static void test_queue(void **state)
{
    struct fsock_check_event e;
    unsigned added = 0, done = 0;
    bool room = true;
    (void)state;
    begin(false);
    fsock_check *c = check_new(20);
    while (done < 600) {
        while (room && added < 600) {
            enum fsock_err err = fsock_check_add(c, target, NULL, NULL, &fault);
            room = err == FSOCK_OK;
            if (!room)
                assert_int_equal(err, FSOCK_AGAIN);
            added += room;
        }
        ok(fsock_check_next(c, &e, SOON));
        room |= e.kind == FSOCK_EVENT_ROOM;
        done += e.kind == FSOCK_EVENT_DONE;
        if (e.kind == FSOCK_EVENT_DONE && e.result->fault)
            fail_msg("%s", e.result->fault->text);
    }
    fsock_check_free(c);
    mail_stop(&mail);
}

static void test_stop(void **state)
{
    struct fsock_check_event e;
    (void)state;
    begin(true);
    fsock_check *c = check_new(0);
    for (int i = 0; i < 20; i++)
        ok(fsock_check_add(c, target, NULL, NULL, &fault));
    assert_int_equal(fsock_check_next(c, &e, fsock_after(0.1)), FSOCK_ERR_TIMEOUT);
    assert_true(fsock_check_running(c) > 0);
    fsock_check_stop(c, "enough");
    assert_int_equal(fsock_check_add(c, target, NULL, NULL, &fault), FSOCK_ERR_CANCELED);
    for (int i = 0; i < 20; i++) {
        const struct fsock_check_result *r = next(c, &e);
        assert_int_equal(r->fault->err, FSOCK_ERR_CANCELED);
        is_text(r->fault->text, "enough");
    }
    assert_int_equal(fsock_check_next(c, &e, SOON), FSOCK_EOF);
    fsock_check_free(c);
    c = check_new(0); /* and in the middle of things */
    for (int i = 0; i < 20; i++)
        ok(fsock_check_add(c, target, NULL, NULL, &fault));
    assert_int_equal(fsock_check_next(c, &e, fsock_after(0.1)), FSOCK_ERR_TIMEOUT);
    fsock_check_free(c);
    fsock_check_free(NULL);
    mail_stop(&mail);
}

static void test_mistakes(void **state)
{
    static const char *const bad[] = {"", "nosuch://a", "smtp://", "smtp://a:b@c", "tcp://a"};
    struct fsock_check_request r, raw;
    struct fsock_options o;
    (void)state;
    fsock_check *c = check_new(1);
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(fsock_check_add(c, bad[i], NULL, NULL, &fault), FSOCK_ERR_INPUT);
        assert_true(fault.text[0]);
    }
    assert_int_equal(fsock_check_add(c, NULL, NULL, NULL, NULL), FSOCK_ERR_INPUT);
    memset(&raw, 0, sizeof raw);
    assert_int_equal(fsock_check_add(c, "smtp://a", &raw, NULL, &fault), FSOCK_ERR_INPUT);
    fsock_check_request_init(&r);
    r.password = "x";
    assert_int_equal(fsock_check_add(c, "smtp://a", &r, NULL, &fault), FSOCK_ERR_INPUT);
    r.user = "a\r\nb";
    assert_int_equal(fsock_check_add(c, "smtp://a", &r, NULL, &fault), FSOCK_ERR_INPUT);
    r.user = "a";
    assert_int_equal(fsock_check_add(c, "ssh://a", &r, NULL, &fault), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_check_queued(c), 0);
    fsock_check_free(c);
    fsock_options_init(&o);
    o.ca_file = "/no/such/file";
    o.family = 5;
    assert_null(fsock_check_new(&o, 0, &fault));
    assert_int_equal(fault.err, FSOCK_ERR_INPUT);
}

static void test_services(void **state)
{
    (void)state;
    size_t n = 0;
    for (const char *const *s = fsock_services(); *s; s++)
        n++;
    assert_true(n > 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_result), TEST(test_limit),    TEST(test_queue),
        TEST(test_stop),   TEST(test_mistakes), TEST(test_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
