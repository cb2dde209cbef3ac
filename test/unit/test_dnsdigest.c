/* What a DNS answer says: addresses, chains of aliases, the ways to say no. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "dnspacket.h"

static void digest_addresses(void **state)
{
    struct fsk_addr a[2] = {0};
    uint8_t ip6[16] = {0x20, 1, 0xd, 0xb8, [15] = 7};
    (void)state;

    struct packet k = answer(QR | RA, "a.de", FSK_DNS_A, 5, 0, 0);
    put_a(&k, "A.de", 300, 1);
    put_a(&k, "other.de", 1, 9); /* not asked for */
    put_record(&k, "a.de", FSK_DNS_AAAA, 1, ip6, 16);
    put_a(&k, "a.DE", 200, 2);
    put_a(&k, "a.de", 250, 3);
    struct fsk_dns_result r = digest(&k, "a.de", FSK_DNS_A, a, 2);
    assert_int_equal(r.outcome, FSK_DNS_FOUND);
    assert_int_equal(r.found, 3); /* and two had room */
    assert_int_equal(r.ttl, 200);
    assert_int_equal(r.links, 0);
    assert_true(a[0].family == 4 && a[0].port == 0 && a[0].ip[0] == 192 && a[0].ip[3] == 1);
    assert_int_equal(a[1].ip[3], 2);

    k = answer(QR | AA, "a.de", FSK_DNS_AAAA, 1, 0, 0);
    put_record(&k, "a.de", FSK_DNS_AAAA, 60, ip6, 16);
    r = digest(&k, "a.de", FSK_DNS_AAAA, a, 2);
    assert_int_equal(r.found, 1);
    assert_int_equal(a[0].family, 6);
    assert_memory_equal(a[0].ip, ip6, 16);
}

static void digest_chain(void **state)
{
    struct fsk_addr a[1];
    (void)state;

    struct packet k = answer(QR | RA, "a.de", FSK_DNS_A, 4, 0, 0); /* last things first */
    put_a(&k, "c.de", 300, 1);
    put_cname(&k, "b.de", 30, "c.de");
    put_a(&k, "b.de.evil", 1, 66);
    put_cname(&k, "a.de", 100, "B.de");
    struct fsk_dns_result r = digest(&k, "a.de", FSK_DNS_A, a, 1);
    assert_int_equal(r.outcome, FSK_DNS_FOUND);
    assert_int_equal(r.links, 2);
    assert_int_equal(r.ttl, 30);
    assert_int_equal(r.found, 1);
    assert_int_equal(a[0].ip[3], 1);
    assert_string_equal(text(&r.target), "c.de.");

    /* an alias whose target isn't told */
    k = answer(QR | AA, "a.de", FSK_DNS_A, 1, 0, 0);
    put_cname(&k, "a.de", 100, "cdn.example");
    r = digest(&k, "a.de", FSK_DNS_A, a, 1);
    assert_int_equal(r.outcome, FSK_DNS_ALIAS);
    assert_int_equal(r.ttl, 100);
    assert_int_equal(r.found, 0);
    assert_string_equal(text(&r.target), "cdn.example.");

    /* whoever asks for the alias itself gets it */
    k.b[FSK_DNS_HEADER + 7] = FSK_DNS_CNAME;
    r = digest(&k, "a.de", FSK_DNS_CNAME, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_FOUND);
    assert_int_equal(r.links, 0);
    assert_string_equal(text(&r.target), "a.de.");
}

static void digest_loops(void **state)
{
    struct fsk_addr a[1];
    char from[16], to[16];
    (void)state;

    struct packet k = answer(QR | RA, "a.de", FSK_DNS_A, 2, 0, 0);
    put_cname(&k, "a.de", 100, "b.de");
    put_cname(&k, "b.de", 100, "a.de");
    assert_int_equal(digest(&k, "a.de", FSK_DNS_A, a, 1).outcome, FSK_DNS_LOOP);
    k = answer(QR | RA, "a.de", FSK_DNS_A, 1, 0, 0);
    put_cname(&k, "a.de", 100, "a.de");
    assert_int_equal(digest(&k, "a.de", FSK_DNS_A, a, 1).outcome, FSK_DNS_LOOP);

    for (unsigned links = 16; links <= 17; links++) { /* 16 are followed, 17 are not */
        k = answer(QR | RA, "n0", FSK_DNS_A, links + 1, 0, 0);
        for (unsigned i = 0; i < links; i++) {
            snprintf(from, sizeof from, "n%u", i);
            snprintf(to, sizeof to, "n%u", i + 1);
            put_cname(&k, from, 100, to);
        }
        put_a(&k, to, 100, 1);
        struct fsk_dns_result r = digest(&k, "n0", FSK_DNS_A, a, 1);
        assert_int_equal(r.outcome, links == 16 ? FSK_DNS_FOUND : FSK_DNS_LOOP);
        assert_int_equal(r.links, links);
        assert_int_equal(r.found, links == 16 ? 1 : 0);
        assert_int_equal(r.ttl, links == 16 ? 100 : 0);
    }
}

static void digest_negative(void **state)
{
    struct fsk_dns_result r;
    struct packet k;
    (void)state;

    k = answer(QR | RA | 3, "x.a.de", FSK_DNS_A, 0, 1, 0);
    put_soa(&k, "a.de", 300, 60);
    r = digest(&k, "x.a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NO_NAME);
    assert_int_equal(r.ttl, 60);
    k = answer(QR | RA, "x.a.de", FSK_DNS_A, 0, 1, 0);
    put_soa(&k, "de", 20, 60);
    r = digest(&k, "x.a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NODATA);
    assert_int_equal(r.ttl, 20);

    /* behind an alias; the alias' ttl counts */
    k = answer(QR | RA | 3, "a.de", FSK_DNS_A, 1, 1, 0);
    put_cname(&k, "a.de", 10, "gone.example");
    put_soa(&k, "example", 300, 60);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NO_NAME);
    assert_int_equal(r.ttl, 10);
    assert_string_equal(text(&r.target), "gone.example.");
    k.b[3] &= 0xf0;
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NODATA);

    /* the SOA of another zone says nothing about the target */
    k = answer(QR | AA, "a.de", FSK_DNS_A, 1, 1, 0);
    put_cname(&k, "a.de", 10, "gone.example");
    put_soa(&k, "de", 300, 60);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_ALIAS);

    /* no SOA: an answer, but nothing to remember */
    k = answer(QR | RA | 3, "a.de", FSK_DNS_A, 0, 0, 0);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NO_NAME);
    assert_int_equal(r.ttl, 0);
    k = answer(QR | RA, "a.de", FSK_DNS_A, 0, 0, 0);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NODATA);
    assert_int_equal(r.ttl, 0);
    k = answer(QR | AA, "a.de", FSK_DNS_A, 0, 0, 0);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_NODATA);
}

/* An address in class CHAOS is none, and nobody sends one who means well. */
static void another_class(void **state)
{
    struct fsk_dns_query q = query("a.de", FSK_DNS_A);
    struct fsk_dns_msg m;
    struct packet k = answer(QR | RA, "a.de", FSK_DNS_A, 1, 0, 0);
    (void)state;

    put_a(&k, "a.de", 300, 1);
    assert_int_equal(fsk_dns_read(&m, &q, k.b, k.n), FSK_DNS_OURS);
    k.b[k.n - 4 - 7] = 3;
    assert_int_equal(fsk_dns_read(&m, &q, k.b, k.n), FSK_DNS_MALFORMED);
}

static void digest_useless(void **state)
{
    struct fsk_dns_result r;
    struct packet k;
    (void)state;

    k = answer(QR, "a.de", FSK_DNS_A, 0, 1, 0);
    put_record(&k, "de", FSK_DNS_NS, 300, "\2ns\2de\0", 7);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_LAME);
    assert_int_equal(r.ttl, 0);
    k = answer(QR | RA | FSK_DNS_SERVFAIL, "a.de", FSK_DNS_A, 1, 0, 0);
    put_a(&k, "a.de", 300, 1);
    r = digest(&k, "a.de", FSK_DNS_A, NULL, 0);
    assert_int_equal(r.outcome, FSK_DNS_FAILED);
    assert_int_equal(r.found, 0);
    k = answer(QR | RA | 3, "a.de", FSK_DNS_A, 0, 0, 1); /* 0x13 is no NXDOMAIN */
    put_record(&k, ".", FSK_DNS_OPT, 0x01000000, "", 0);
    assert_int_equal(digest(&k, "a.de", FSK_DNS_A, NULL, 0).outcome, FSK_DNS_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digest_addresses), cmocka_unit_test(digest_chain),
        cmocka_unit_test(digest_loops),     cmocka_unit_test(digest_negative),
        cmocka_unit_test(another_class),    cmocka_unit_test(digest_useless),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
