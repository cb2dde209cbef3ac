/* Questions over TLS, to servers that can be trusted or not, under both drivers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "channel_rig.h"

static void by_tls(const char *san, const char *host, struct fsk_tls_config *config,
                   void (*play)(struct peer *))
{
    struct cert cert = cert_make("dns", san, 2, &ca);
    rig.channels.tls = config;
    serve_as("tT", &cert, play, FSK_BY_TLS, host);
    ask_many(play == play_backwards ? 100 : 5);
    wait_for_all();
    peer_join(&rig.peer);
    peer_fini(&rig.peer);
    rig.peer.thread = 0;
    cert_free(&cert);
}

static void by_tls_verified(void **state)
{
    (void)state;
    by_tls("DNS:dns.test", "dns.test", trusting_ca(), play_backwards);
    all_answered();
}

static void by_tls_verified_by_address(void **state)
{
    (void)state;
    by_tls("IP:127.0.0.1", "", trusting_ca(), play_backwards);
    all_answered();
}

static void by_tls_not_trusted(void **state)
{
    static const struct {
        const char *san, *host;
        bool trusting;
    } rows[] = {
        {"DNS:dns.test", "other.test", true },
        {"DNS:dns.test", "",           true },
        {"IP:192.0.2.1", "",           true },
        {"DNS:dns.test", "dns.test",   false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (i) {
            fsk_channels_fini(&rig.channels);
            fsk_servers_fini(&rig.servers);
            rig.n = rig.ended = rig.servers.cap = 0;
        }
        struct cert other = cert_make("other CA", NULL, 2, NULL);
        cert_save(&other, in_directory("other.pem"), false, NULL);
        cert_free(&other);
        by_tls(rows[i].san, rows[i].host,
               rows[i].trusting
                   ? trusting_ca()
                   : must_config(&(struct fsock_options){.ca_file = in_directory("other.pem")}),
               play_echo);
        all_failed(0, 0);
        if (!strstr(rig.servers.server[0].why, "certificate"))
            fail_msg("%zu: %s", i, rig.servers.server[0].why);
        assert_false(rig.servers.server[0].one_each);
    }
}

static void by_tls_not_verified(void **state)
{
    (void)state;
    struct fsock_options o = {.insecure = 1};
    by_tls("DNS:dns.test", "other.test", must_config(&o), play_backwards);
    all_answered();
}

static void no_tls_at_all(void **state)
{
    (void)state;
    rig.channels.tls = trusting_ca();
    serve_as("t", NULL, play_plain_http, FSK_BY_TLS, "dns.test");
    ask_many(3);
    wait_for_all();
    all_failed(0, 0);
    assert_non_null(rig.servers.server[0].why);
    assert_false(rig.servers.server[0].one_each);
}

static int start(void **state)
{
    (void)state;
    tls_set_up();
    return 0;
}

static int stop(void **state)
{
    (void)state;
    tls_tear_down();
    return 0;
}

#define T(f) TWO_DRIVERS(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(by_tls_verified),    T(by_tls_verified_by_address),
        T(by_tls_not_trusted), T(by_tls_not_verified),
        T(no_tls_at_all),
    };
    return cmocka_run_group_tests_name("channel_tls", tests, start, stop);
}
