/*
 * TLS sessions: what is remembered, for how long, and what is forgotten.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net_tls.h"

static bool resumed_at(struct peer *p, struct fsk_tls_config *g, const char *host, bool greeted,
                       fsock_time now)
{
    struct outcome o = try_at(p, play_greet, g, host, greeted, now);
    assert_int_equal(o.err, FSOCK_OK);
    return o.info.tls_resumed;
}

static void test_resumption(void **state)
{
    (void)state;
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const fsock_time day = 24 * 3600 * FSOCK_SECOND;
    struct cert cert = cert_make("x", "DNS:localhost,DNS:other", 2, &ca);
    for (int i = 0; i < 2; i++) {
        struct peer p;
        struct fsk_tls_config *g = trusting_ca();
        peer_init(&p, "tT", &cert, versions[i]);
        assert_false(resumed_at(&p, g, "localhost", true, 1));
        assert_true(resumed_at(&p, g, "localhost", true, 2));
        assert_true(resumed_at(&p, g, "LOCALHOST.", true, 3));
        assert_false(resumed_at(&p, g, "other", true, 4));
        assert_false(resumed_at(&p, g, "localhost", true, 8 * day)); /* it has expired */
        fsk_tls_config_free(g);
        peer_fini(&p);
    }
    cert_free(&cert);
}

static void play_cut(struct peer *p)
{
    char byte;
    peer_write(p, "x", 1);
    shutdown(p->fd, SHUT_WR);
    while (read(p->fd, &byte, 1) > 0)
        ;
}

/* Many peers just hang up. That says nothing against the session. */
static void test_an_end_without_close_notify_leaves_the_session(void **state)
{
    (void)state;
    const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    for (int i = 0; i < 2; i++) {
        struct peer p;
        struct client c = {.config = trusting_ca(), .host = "localhost"};
        char byte;
        size_t n;
        peer_init(&p, "tT", &cert, versions[i]);
        stub_driver_init(&c.driver);
        peer_start(&p, play_cut);
        assert_int_equal(client_open(&c, &p), FSOCK_OK);
        assert_int_equal(client_recv(&c, &byte, 1, &n, 0), FSOCK_OK);
        assert_int_equal(client_recv(&c, &byte, 1, &n, 0), FSOCK_ERR_TRUNCATED);
        fsk_stream_close(&c.stream);
        peer_join(&p);
        assert_true(resumed_at(&p, c.config, "localhost", true, FSOCK_SECOND));
        fsk_tls_config_free(c.config);
        peer_fini(&p);
    }
    cert_free(&cert);
}

static void test_tickets_serve_once(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsk_tls_config *g = trusting_ca();
    peer_init(&p, "tT", &cert, TLS1_3_VERSION);
    assert_false(resumed_at(&p, g, "localhost", true, 1)); /* brings two tickets */
    assert_true(resumed_at(&p, g, "localhost", false, 1)); /* no more are read */
    assert_true(resumed_at(&p, g, "localhost", false, 1));
    assert_false(resumed_at(&p, g, "localhost", false, 1));
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void test_the_session_cache_is_bounded(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsk_tls_config *g = trusting_ca();
    struct fsk_tls_sessions cache;
    peer_init(&p, "tT", &cert, TLS1_3_VERSION);
    resumed_at(&p, g, "localhost", true, 1);
    SSL_SESSION *session =
        fsk_tls_sessions_take(&g->sessions, FSK_SPAN("localhost:443"), FSOCK_SECOND);
    assert_non_null(session);

    fsk_tls_sessions_init(&cache);
    for (int i = 0; i < FSK_TLS_SESSIONS + 10; i++) {
        char key[16];
        int n = snprintf(key, sizeof key, "%d", i / 2);
        fsk_tls_sessions_put(&cache, fsk_span(key, (size_t)n), session, 1);
    }
    assert_int_equal(cache.n, FSK_TLS_SESSIONS);
    assert_null(fsk_tls_sessions_take(&cache, FSK_SPAN("4"), 1)); /* the oldest went */
    for (int i = 0; i < 20; i++)
        fsk_tls_sessions_put(&cache, FSK_SPAN("5"), session, 1);
    for (int i = 0; i < FSK_TLS_TICKETS; i++) {
        SSL_SESSION *one = fsk_tls_sessions_take(&cache, FSK_SPAN("5"), 1);
        assert_non_null(one);
        SSL_SESSION_free(one);
    }
    assert_null(fsk_tls_sessions_take(&cache, FSK_SPAN("5"), 1));
    fsk_tls_sessions_forget(&cache, FSK_SPAN("6"));
    assert_null(fsk_tls_sessions_take(&cache, FSK_SPAN("6"), 1));
    fsk_tls_sessions_fini(&cache);
    SSL_SESSION_free(session);
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

/* It may have been the session that the peer could not stand. */
/* OpenSSL reads until there is data: tickets without end must not keep it there. */
static void test_a_flood_of_tickets(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    peer_init(&p, "tT", &cert, 0);
    SSL_CTX_set_num_tickets(p.ctx, 200);
    struct fsk_tls_config *g = trusting_ca();
    assert_int_equal(try_at(&p, play_greet, g, "localhost", true, 0).err, FSOCK_OK);
    fsk_tls_config_free(g);
    g = trusting_ca(); /* a resumed handshake brings one ticket only */
    SSL_CTX_set_num_tickets(p.ctx, 5000);
    struct outcome o = try_at(&p, play_greet, g, "localhost", true, 0);
    assert_int_equal(o.err, FSOCK_ERR_TLS);
    assert_string_equal(o.why, "the peer sends TLS messages without end, but no data");
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

static void test_a_failed_handshake_forgets_the_sessions(void **state)
{
    (void)state;
    struct peer p;
    struct cert cert = cert_make("x", "DNS:localhost", 2, &ca);
    struct fsk_tls_config *g = trusting_ca();
    peer_init(&p, "tT", &cert, TLS1_2_VERSION);
    assert_false(resumed_at(&p, g, "localhost", true, FSOCK_SECOND));
    assert_int_equal(try_without_tls(play_plain_http, g, "localhost").err, FSOCK_ERR_TLS);
    assert_false(resumed_at(&p, g, "localhost", true, FSOCK_SECOND));
    assert_true(resumed_at(&p, g, "localhost", true, FSOCK_SECOND));
    fsk_tls_config_free(g);
    peer_fini(&p);
    cert_free(&cert);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumption),
        cmocka_unit_test(test_an_end_without_close_notify_leaves_the_session),
        cmocka_unit_test(test_tickets_serve_once),
        cmocka_unit_test(test_the_session_cache_is_bounded),
        cmocka_unit_test(test_a_flood_of_tickets),
        cmocka_unit_test(test_a_failed_handshake_forgets_the_sessions),
    };
    tls_set_up();
    int failed = cmocka_run_group_tests_name("tls session", tests, NULL, NULL);
    tls_tear_down();
    return failed;
}
