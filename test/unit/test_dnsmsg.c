/* DNS messages, honest and lying: what is taken, what is refused, whose answer it is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "dnspacket.h"

static void build(void **state)
{
    static const uint8_t expect[] = {
        0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0,  0, 0,   1, 3, 'w', 'w', 'w', 2, 'd',
        'e',  0,    0,    28,   0, 1, 0, 0, 41, 4, 208, 0, 0, 0,   0,   0,   0,
    };
    struct fsk_dns_query q = query("www.de", FSK_DNS_AAAA);
    struct fsk_dns_msg m;
    uint8_t out[FSK_DNS_QUERY_MAX];
    char buf[400];
    (void)state;

    q.edns = true;
    assert_int_equal(fsk_dns_build(&q, out), sizeof expect);
    assert_memory_equal(out, expect, sizeof expect);
    assert_int_equal(fsk_dns_parse(&m, out, sizeof expect), sizeof expect);
    assert_true(m.edns && m.rd && !m.qr && !m.ad && m.edns_size == 1232 && m.rcode == 0);

    q.edns = q.rd = false;
    q.ad = true;
    assert_int_equal(fsk_dns_build(&q, out), sizeof expect - 11);
    assert_int_equal(out[2], 0);
    assert_int_equal(out[3], 0x20);
    assert_int_equal(out[11], 0);

    q.edns = true;
    fsk_dname_from_text(&q.name, labels(buf, (int[]){63, 63, 63, 61}, 4));
    size_t n = fsk_dns_build(&q, out);
    assert_int_equal(n, FSK_DNS_QUERY_MAX);
    assert_int_equal(fsk_dns_parse(&m, out, n), n);
    assert_true(fsk_dname_same(&m.qname, &q.name));
}

/* As a resolver sent it: compressed names, two answers, an SOA out of order, OPT. */
static const uint8_t captured[] = {
    0x12, 0x34, 0x81, 0xa0, 0,  1,    0,    2,    0,  1,  0, 1, /* header: rd ra ad */
    3,    'w',  'w',  'w',  2,  'd',  'e',  0,    0,  1,  0, 1, /* www.de A */
    0xc0, 12,   0,    5,    0,  1,    0,    0,    0,  60, 0, 4,
    1,    'x',  0xc0, 16, /* CNAME x.de */
    0xc0, 36,   0,    1,    0,  1,    0xff, 0,    0,  1,  0, 4,
    192,  0,    2,    7, /* x.de A, ttl too big */
    0xc0, 16,   0,    2,    0,  1,    0,    0,    14, 16, 0, 5,
    2,    'n',  's',  0xc0, 36, /* de NS ns.x.de */
    0,    0,    41,   16,   0,  0x10, 0,    0x80, 0,  0,  7, 0,
    10,   0,    3,    1,    2,  3, /* BADVERS' upper bits, DO */
};

static void parse_captured(void **state)
{
    struct fsk_dns_msg m;
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;
    struct fsk_dname d;
    const uint8_t *p = (uint8_t *)guard_copy(&guard, captured, sizeof captured);
    (void)state;

    assert_int_equal(fsk_dns_parse(&m, p, sizeof captured), sizeof captured);
    assert_true(m.qr && m.rd && m.ra && m.ad && !m.aa && !m.tc && !m.cd && m.opcode == 0);
    assert_int_equal(m.rcode, 256);
    assert_true(m.edns && m.edns_do && m.edns_version == 0 && m.edns_size == 4096);
    assert_string_equal(text(&m.qname), "www.de.");

    fsk_dns_iter_init(&it, &m);
    assert_true(fsk_dns_next(&it, &rec));
    assert_true(rec.section == FSK_DNS_ANSWER && rec.type == FSK_DNS_CNAME && rec.ttl == 60);
    assert_string_equal(text(&rec.owner), "www.de.");
    assert_int_equal(fsk_dns_name(m.p, m.n, rec.rdata, &d), 4);
    assert_string_equal(text(&d), "x.de.");
    assert_true(fsk_dns_next(&it, &rec));
    assert_string_equal(text(&rec.owner), "x.de.");
    assert_int_equal(rec.ttl, 0); /* RFC 2181 8 */
    assert_true(fsk_dns_next(&it, &rec));
    assert_true(rec.section == FSK_DNS_AUTHORITY && rec.type == FSK_DNS_NS && rec.ttl == 3600);
    assert_int_equal(fsk_dns_name(m.p, m.n, rec.rdata, &d), 5);
    assert_string_equal(text(&d), "ns.x.de.");
    assert_true(fsk_dns_next(&it, &rec));
    assert_true(rec.section == FSK_DNS_ADDITIONAL && rec.type == FSK_DNS_OPT && rec.rdlen == 7);
    assert_int_equal(rec.owner.n, 1);
    assert_false(fsk_dns_next(&it, &rec));
    assert_false(fsk_dns_next(&it, &rec));
}

/* Each shorter message is refused; with TC it keeps the records that are whole. */
static void parse_cut(void **state)
{
    static const size_t ends[] = {24, 40, 56, 73, sizeof captured};
    uint8_t b[sizeof captured];
    struct fsk_dns_msg m;
    (void)state;

    for (size_t n = 0; n < sizeof captured; n++) {
        const uint8_t *p = (uint8_t *)guard_copy(&guard, captured, n);
        assert_int_equal(fsk_dns_parse(&m, p, n), FSK_DNS_BAD_SHORT);
    }
    memcpy(b, captured, sizeof b);
    b[2] |= TC >> 8;
    for (size_t n = 0; n <= sizeof b; n++) {
        const uint8_t *p = (uint8_t *)guard_copy(&guard, b, n);
        int used = fsk_dns_parse(&m, p, n);
        struct fsk_dns_iter it;
        struct fsk_dns_record rec;
        size_t whole = 0, walked = 0;
        if (n < ends[0]) {
            assert_int_equal(used, FSK_DNS_BAD_SHORT);
            continue;
        }
        while (whole < 4 && n >= ends[whole + 1])
            whole++;
        assert_int_equal(used, ends[whole]);
        for (fsk_dns_iter_init(&it, &m); fsk_dns_next(&it, &rec);)
            walked++;
        assert_int_equal(walked, whole);
    }
}

static void parse_rest_is_ignored(void **state)
{
    struct packet k = answer(QR, "de", FSK_DNS_A, 1, 0, 0);
    struct fsk_dns_msg m;
    (void)state;

    put_a(&k, "de", 1, 1);
    size_t n = k.n;
    put(&k, "garbage", 7);
    assert_int_equal(parse(&k, &m), n);
}

static void parse_no_question(void **state)
{
    static const uint8_t bare[FSK_DNS_HEADER] = {0x12, 0x34, 0x80, 1};
    struct fsk_dns_query q = query("de", FSK_DNS_A);
    struct fsk_dns_msg m;
    uint8_t b[FSK_DNS_HEADER];
    (void)state;

    assert_int_equal(fsk_dns_parse(&m, bare, sizeof bare), sizeof bare);
    assert_int_equal(m.qname.n, 0);
    assert_int_equal(fsk_dns_read(&m, &q, bare, sizeof bare), FSK_DNS_OURS_BARE);
    assert_int_equal(m.rcode, FSK_DNS_FORMERR);
    memcpy(b, bare, sizeof b);
    b[3] = 0; /* NOERROR about nothing */
    assert_int_equal(fsk_dns_read(&m, &q, b, sizeof b), FSK_DNS_NOT_OURS);
}

/* A header whose counts promise 65535 of everything, and nothing behind it. */
static void parse_lying_counts(void **state)
{
    uint8_t b[FSK_DNS_HEADER];
    struct fsk_dns_msg m;
    (void)state;

    for (int count = 0; count < 4; count++) {
        memset(b, 0, sizeof b);
        b[4 + 2 * count] = b[5 + 2 * count] = 0xff;
        const uint8_t *p = (uint8_t *)guard_copy(&guard, b, sizeof b);
        assert_int_equal(fsk_dns_parse(&m, p, sizeof b), FSK_DNS_BAD_SHORT);
    }
    struct packet k = answer(QR, "de", FSK_DNS_A, 2, 0, 0);
    put_a(&k, "de", 1, 1);
    assert_int_equal(parse(&k, &m), FSK_DNS_BAD_SHORT);
}

static void parse_lying_rdata(void **state)
{
    static const struct {
        unsigned type;
        size_t n;
        const char *data;
    } bad[] = {
        {FSK_DNS_A,     3,  "\1\2\3"                                        },
        {FSK_DNS_A,     5,  "\1\2\3\4\5"                                    },
        {FSK_DNS_A,     0,  ""                                              },
        {FSK_DNS_AAAA,  4,  "\1\2\3\4"                                      },
        {FSK_DNS_CNAME, 0,  ""                                              },
        {FSK_DNS_CNAME, 2,  "\1a"                                           },
        {FSK_DNS_CNAME, 1,  "\300"                                          }, /* half a pointer */
        {FSK_DNS_NS,    3,  "\2a\0"                                         },
        {FSK_DNS_PTR,   4,  "\1a\0\0"                                       },
        {FSK_DNS_DNAME, 0,  ""                                              },
        {FSK_DNS_SOA,   2,  "\0\0"                                          },
        {FSK_DNS_SOA,   23, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"},
    };
    struct fsk_dns_msg m;
    (void)state;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct packet k = answer(QR, "de", FSK_DNS_A, 1, 0, 0);
        put_record(&k, "de", bad[i].type, 1, bad[i].data, bad[i].n);
        if (parse(&k, &m) != FSK_DNS_BAD_RDATA)
            fail_msg("bad[%zu]", i);
    }
    /* rdlength one more than there is */
    struct packet k = answer(QR, "de", FSK_DNS_TXT, 1, 0, 0);
    put_record(&k, "de", FSK_DNS_TXT, 1, "\1a", 2);
    assert_int_equal(parse(&k, &m), k.n);
    k.b[k.n - 3] = 3;
    assert_int_equal(parse(&k, &m), FSK_DNS_BAD_SHORT);
    /* the same type in another class is another type */
    k = answer(QR, "de", FSK_DNS_A, 1, 0, 0);
    put_record(&k, "de", FSK_DNS_A, 1, "\1a", 2);
    k.b[k.n - 2 - 7] = 3;
    assert_int_equal(parse(&k, &m), k.n);
}

static void parse_opt(void **state)
{
    struct fsk_dns_msg m;
    struct packet k;
    (void)state;

    k = answer(QR | 3, "de", FSK_DNS_A, 0, 0, 1);
    put_record(&k, ".", FSK_DNS_OPT, 0x01050000, "", 0);
    assert_int_equal(parse(&k, &m), k.n);
    assert_int_equal(m.rcode, 0x13);
    assert_true(m.edns_version == 5 && !m.edns_do);

    put_record(&k, ".", FSK_DNS_OPT, 0, "", 0); /* a second one */
    k.b[11] = 2;
    assert_int_equal(parse(&k, &m), FSK_DNS_BAD_OPT);

    k = answer(QR, "de", FSK_DNS_A, 1, 0, 0); /* in the answer */
    put_record(&k, ".", FSK_DNS_OPT, 0, "", 0);
    assert_int_equal(parse(&k, &m), FSK_DNS_BAD_OPT);

    k = answer(QR, "de", FSK_DNS_A, 0, 0, 1); /* not the root's */
    put_record(&k, "de", FSK_DNS_OPT, 0, "", 0);
    assert_int_equal(parse(&k, &m), FSK_DNS_BAD_OPT);

    for (size_t cut = 1; cut < 6; cut++) { /* options that don't fit */
        k = answer(QR, "de", FSK_DNS_A, 0, 0, 1);
        put_record(&k, ".", FSK_DNS_OPT, 0, "\0\12\0\2ab", cut);
        assert_int_equal(parse(&k, &m), FSK_DNS_BAD_OPT);
    }
}

/* What fsk_dns_name makes of bytes that follow a header of zeros, from offset `at`. */
static int name_at(const void *bytes, size_t n, size_t at, struct fsk_dname *d)
{
    static uint8_t b[4096];
    memset(b, 0, FSK_DNS_HEADER);
    memcpy(b + FSK_DNS_HEADER, bytes, n);
    n += FSK_DNS_HEADER;
    return fsk_dns_name((uint8_t *)guard_copy(&guard, b, n), n, at, d);
}

static void compression(void **state)
{
    struct fsk_dname d;
    (void)state;

    assert_int_equal(name_at("\2de\0\1x\300\14", 8, 16, &d), 4);
    assert_string_equal(text(&d), "x.de.");
    assert_int_equal(name_at("\2de\0\300\14", 6, 16, &d), 2);
    assert_string_equal(text(&d), "de.");
    assert_int_equal(name_at("\0\300\14", 3, 13, &d), 2); /* a pointer to the root */
    assert_string_equal(text(&d), ".");

    assert_int_equal(name_at("\300\14", 2, 12, &d), FSK_DNS_BAD_NAME); /* to itself */
    assert_int_equal(d.n, 0);
    assert_int_equal(name_at("\300\16\300\14", 4, 14, &d), FSK_DNS_BAD_NAME); /* to each other */
    assert_int_equal(name_at("\1a\300\14", 4, 12, &d), FSK_DNS_BAD_NAME);     /* a.a.a.a... */
    assert_int_equal(name_at("\300\16\2de\0", 6, 12, &d), FSK_DNS_BAD_NAME);  /* forwards */
    assert_int_equal(name_at("\300\2", 2, 12, &d), FSK_DNS_BAD_NAME);         /* into the header */
    assert_int_equal(name_at("\300\377", 2, 12, &d), FSK_DNS_BAD_NAME); /* out of the message */
    assert_int_equal(name_at("\300", 1, 12, &d), FSK_DNS_BAD_SHORT);
    assert_int_equal(name_at("\2de", 3, 12, &d), FSK_DNS_BAD_SHORT);
    assert_int_equal(name_at("\2d", 2, 12, &d), FSK_DNS_BAD_SHORT);
    assert_int_equal(name_at("", 0, 12, &d), FSK_DNS_BAD_SHORT);
    assert_int_equal(name_at("\100a\0", 3, 12, &d), FSK_DNS_BAD_NAME); /* label types 01 and 10 */
    assert_int_equal(name_at("\200a\0", 3, 12, &d), FSK_DNS_BAD_NAME);
}

static void compression_lengths(void **state)
{
    uint8_t b[1024];
    struct fsk_dname d;
    size_t n = 0;
    (void)state;

    /* 63 + 63 + 63 + 61 bytes: 255 in all, then one byte more */
    for (int i = 0; i < 4; i++) {
        size_t len = i < 3 ? 63 : 61;
        b[n++] = (uint8_t)len;
        memset(b + n, 'a', len);
        n += len;
    }
    b[n++] = 0;
    assert_int_equal(n, 255);
    assert_int_equal(name_at(b, n, 12, &d), 255);
    assert_int_equal(d.n, 255);
    b[192] = 62;
    b[n - 1] = 'a';
    b[n++] = 0;
    assert_int_equal(name_at(b, n, 12, &d), FSK_DNS_BAD_NAME);

    /* 254 bytes by a pointer, and a label before it: "b" makes 256 */
    b[192] = 60;
    b[192 + 61] = 0;
    n = 192 + 62;
    memcpy(b + n, "\1b\300\14", 4);
    assert_int_equal(name_at(b, n + 4, 12 + n, &d), FSK_DNS_BAD_NAME);
    b[192] = 59;
    b[192 + 60] = 0;
    assert_int_equal(name_at(b, n + 4, 12 + n, &d), 4);
    assert_int_equal(d.n, 255);

    /* a label and a pointer to the one before, 127 times; then pointers to pointers */
    b[0] = 0;
    memcpy(b + 1, "\1a\300\14", 4);
    for (n = 5; n < 5 + 126 * 4; n += 4) {
        size_t to = n - 4 + 12;
        memcpy(b + n, "\1a", 2);
        b[n + 2] = (uint8_t)(0xc0 | to >> 8);
        b[n + 3] = (uint8_t)to;
    }
    assert_int_equal(name_at(b, n, 12 + n - 4, &d), 4);
    assert_int_equal(fsk_dname_labels(&d), 127);
    b[0] = 0;
    for (n = 1; n < 1 + 200 * 2; n += 2) {
        size_t to = n == 1 ? 12 : n - 2 + 12;
        b[n] = (uint8_t)(0xc0 | to >> 8);
        b[n + 1] = (uint8_t)to;
    }
    assert_int_equal(name_at(b, n, 12 + 1 + 127 * 2, &d), 2);
    assert_int_equal(name_at(b, n, 12 + 1 + 128 * 2, &d), FSK_DNS_BAD_NAME);
}

static enum fsk_dns_match match(const struct packet *k, const struct fsk_dns_query *q)
{
    struct fsk_dns_msg m;
    return fsk_dns_read(&m, q, (uint8_t *)guard_copy(&guard, k->b, k->n), k->n);
}

static void matching(void **state)
{
    struct fsk_dns_query q = query("wWw.dE", FSK_DNS_A);
    struct packet k = answer(QR, "www.de", FSK_DNS_A, 0, 0, 0);
    (void)state;

    assert_int_equal(match(&k, &q), FSK_DNS_OURS);
    q.mixed_case = true;
    assert_int_equal(match(&k, &q), FSK_DNS_OURS_NOT_CASE);
    k = answer(QR, "wWw.dE", FSK_DNS_A, 0, 0, 0);
    assert_int_equal(match(&k, &q), FSK_DNS_OURS);

    k = answer(0, "wWw.dE", FSK_DNS_A, 0, 0, 0); /* a question, ours bounced */
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k = answer(QR | 0x2000, "wWw.dE", FSK_DNS_A, 0, 0, 0); /* opcode NOTIFY */
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k = answer(QR, "wWw.dE", FSK_DNS_AAAA, 0, 0, 0);
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k = answer(QR, "wWx.dE", FSK_DNS_A, 0, 0, 0);
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k = answer(QR, "wWw.dE", FSK_DNS_A, 0, 0, 0);
    k.b[k.n - 1] = 3; /* class CHAOS */
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k = answer(QR, "wWw.dE", FSK_DNS_A, 0, 0, 0);
    k.b[0] ^= 1;
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k.n = 11;
    k.b[0] ^= 1;
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);

    k = answer(QR, "wWw.dE", FSK_DNS_A, 0, 0, 0);
    put_name(&k, "wWw.dE"); /* the question twice */
    put16(&k, FSK_DNS_A);
    put16(&k, 1);
    k.b[5] = 2;
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
    k = answer(QR, "wWw.dE", FSK_DNS_A, 9, 0, 0);
    assert_int_equal(match(&k, &q), FSK_DNS_MALFORMED);
    k.b[0] ^= 1; /* broken, but who cares */
    assert_int_equal(match(&k, &q), FSK_DNS_NOT_OURS);
}

static void words(void **state)
{
    char buf[FSK_DNS_WORD];
    (void)state;

    for (int type = 0; type <= 0xffff; type++) {
        const char *s = fsk_dns_type_name((uint16_t)type, buf);
        if (fsk_dns_type_number(fsk_span_str(s)) != type)
            fail_msg("%d is %s", type, s);
    }
    assert_string_equal(fsk_dns_type_name(FSK_DNS_AAAA, buf), "AAAA");
    assert_string_equal(fsk_dns_type_name(65535, buf), "TYPE65535");
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("https")), 65);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("type28")), 28);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("TYPE65536")), -1);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("TYPE99999999999999")), -1);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("TYPE")), -1);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("TYPE1x")), -1);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("")), -1);
    assert_int_equal(fsk_dns_type_number(FSK_SPAN("AA")), -1);
    assert_string_equal(fsk_dns_rcode_name(3, buf), "NXDOMAIN");
    assert_string_equal(fsk_dns_rcode_name(16, buf), "BADVERS");
    assert_string_equal(fsk_dns_rcode_name(4095, buf), "RCODE4095");
}

static void reverse_is(const char *ip, const char *expect)
{
    struct fsk_addr a = {0};
    struct fsk_dname name;
    char text[FSK_DNAME_TEXT];

    assert_true(!ip || fsk_addr_parse(fsk_span(ip, strlen(ip)), &a, NULL));
    fsk_dns_reverse(&name, &a);
    fsk_dname_to_text(&name, text);
    assert_string_equal(text, expect);
}

static void reverse_names(void **state)
{
    (void)state;
    reverse_is("192.0.2.10", "10.2.0.192.in-addr.arpa.");
    reverse_is("2001:db8::567:89ab",
               "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa.");
    reverse_is(NULL, ".");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(build),
        cmocka_unit_test(parse_captured),
        cmocka_unit_test(parse_cut),
        cmocka_unit_test(parse_rest_is_ignored),
        cmocka_unit_test(parse_no_question),
        cmocka_unit_test(parse_lying_counts),
        cmocka_unit_test(parse_lying_rdata),
        cmocka_unit_test(parse_opt),
        cmocka_unit_test(compression),
        cmocka_unit_test(compression_lengths),
        cmocka_unit_test(matching),
        cmocka_unit_test(words),
        cmocka_unit_test(reverse_names),
    };
    guard_init(&guard, 8192);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
