/* fsock_lookup and its kin: what is asked, and what is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dns_rig.h"

/* ---- answers --------------------------------------------------------------------------------- */

static void fields(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD);
    assert_int_equal(rig_look("Both.exAmple", 0, FSOCK_SECOND), FSOCK_OK);
    const struct fsock_answer *a = rig.answer;
    assert_int_equal(a->status, FSOCK_DNS_NOERROR);
    assert_string_equal(a->status_name, "NOERROR");
    assert_string_equal(a->name, "Both.exAmple");
    assert_string_equal(a->qname, "Both.exAmple.");
    assert_string_equal(a->type_name, "A");
    assert_int_equal(a->type, FSOCK_A);
    assert_int_equal(a->rcode, 0);
    assert_int_equal(a->count, 1);
    rig_record(0, "Both.exAmple.", "A", 300, "192.0.2.1");
    assert_int_equal(a->ttl, 300);
    assert_string_equal(a->server, rig.servers);
    assert_int_equal(a->tries, 1);
    assert_in_range(a->took, 1, FSOCK_SECOND);
    assert_int_equal(a->flags, FSOCK_DNS_RD | FSOCK_DNS_RA);
    assert_null(a->fault);
    assert_true(a->message_len > 12);
    assert_memory_equal((const char *)a->message + 12, "\4Both\7exAmple", 14);
    assert_int_equal(rig_look("both.example", FSOCK_AAAA, FSOCK_SECOND), FSOCK_OK);
    rig_record(0, "both.example.", "AAAA", 300, "2001:db8::1");
}

static void statuses(void **state)
{
    static const struct {
        const char *name;
        enum fsock_err err;
        enum fsock_dns_status status;
        const char *status_name;
        int rcode;
        uint32_t ttl;
    } rows[] = {
        {"empty.example", FSOCK_OK,          FSOCK_DNS_NODATA,   "NODATA",   0,  300},
        {"nx.example",    FSOCK_OK,          FSOCK_DNS_NXDOMAIN, "NXDOMAIN", 3,  300},
        {"nx1.example",   FSOCK_OK,          FSOCK_DNS_NXDOMAIN, "NXDOMAIN", 3,  1  },
        {"web.example",   FSOCK_OK,          FSOCK_DNS_NXDOMAIN, "NXDOMAIN", 3,  0  },
        {"ttl1.example",  FSOCK_OK,          FSOCK_DNS_NOERROR,  "NOERROR",  0,  1  },
        {"fails.example", FSOCK_ERR_DNS,     FSOCK_DNS_RCODE,    "SERVFAIL", 2,  0  },
        {"loop.example",  FSOCK_ERR_DNS,     FSOCK_DNS_ERROR,    "ERROR",    0,  0  },
        {"mute.example",  FSOCK_ERR_TIMEOUT, FSOCK_DNS_TIMEOUT,  "TIMEOUT",  -1, 0  },
    };
    (void)state;
    rig_serve(DNS_GOOD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(rig_look(rows[i].name, 0, 400 * MS), rows[i].err);
        const struct fsock_answer *a = rig.answer;
        assert_int_equal(a->status, rows[i].status);
        assert_string_equal(a->status_name, rows[i].status_name);
        assert_int_equal(a->rcode, rows[i].rcode);
        assert_int_equal(a->ttl, rows[i].ttl);
        assert_true((rows[i].err == FSOCK_OK) == (a->fault == NULL));
        assert_true((a->count > 0) == (a->status == FSOCK_DNS_NOERROR || i == 6));
        if (a->fault) {
            assert_int_equal(a->fault->stage, FSOCK_STAGE_RESOLVE);
            assert_non_null(strstr(a->fault->text, rows[i].name));
        }
    }
}

static void manners(void **state)
{
    static const struct {
        enum dns_manner manner;
        enum fsock_dns_status status;
        const char *status_name, *text;
    } rows[] = {
        {DNS_REFUSED,  FSOCK_DNS_RCODE, "REFUSED",  "says REFUSED"            },
        {DNS_SERVFAIL, FSOCK_DNS_RCODE, "SERVFAIL", "says SERVFAIL"           },
        {DNS_BROKEN,   FSOCK_DNS_ERROR, "ERROR",    "sent a broken answer"    },
        {DNS_LAME,     FSOCK_DNS_ERROR, "ERROR",    "does not serve this name"},
    };
    (void)state;
    struct dns_server *s = rig_serve(DNS_GOOD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        s->manner = rows[i].manner;
        assert_int_equal(rig_look("both.example", 0, FSOCK_SECOND), FSOCK_ERR_DNS);
        assert_int_equal(rig.answer->status, rows[i].status);
        assert_string_equal(rig.answer->status_name, rows[i].status_name);
        assert_non_null(strstr(rig.answer->fault->text, rows[i].text));
        assert_int_equal(rig.answer->count, 0);
        bool named = rows[i].status == FSOCK_DNS_RCODE; /* who said so */
        assert_string_equal(rig.answer->server, named ? rig.servers : "");
    }
}

static void flags(void **state)
{
    (void)state;
    struct dns_server *s = rig_serve(DNS_GOOD);
    rig_look("big.example", 0, FSOCK_SECOND);
    assert_int_equal(rig.answer->flags, FSOCK_DNS_RD | FSOCK_DNS_RA | FSOCK_DNS_BY_TCP);
    rig.how.tcp = 1;
    unsigned before = s->by_udp;
    assert_int_equal(rig_look("both.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_true(rig.answer->flags & FSOCK_DNS_BY_TCP);
    assert_int_equal(s->by_udp, before);
}

static void all_flags(const struct dns_asked *asked, struct dns_reply *r)
{
    r->flags = asked->rd ? 0x8180 : 0x8430; /* AA, AD, CD */
}

static void no_recursion(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD)->twist = all_flags;
    rig.how.no_recursion = 1;
    assert_int_equal(rig_look("both.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(rig.answer->flags, FSOCK_DNS_AA | FSOCK_DNS_AD | FSOCK_DNS_CD);
}

/* ---- the chain, and nothing else ------------------------------------------------------------- */

static void with_strangers(const struct dns_asked *asked, struct dns_reply *r)
{
    rig_clear(r);
    rig_add_a(r, "evil.example", 5, 66);
    rig_add(r, asked->name, 16, 1, 5, "\3txt", 4);
    rig_add_name(r, "other.example", 5, 5, asked->name);
    rig_add_a(r, asked->name, 60, 1);
    rig_add_a(r, asked->name, 70, 2);
    rig_add_a(r, "sub.victim.example", 5, 68);
}

static void strangers_are_not_shown(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD)->twist = with_strangers;
    assert_int_equal(rig_look("victim.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(rig.answer->count, 2);
    rig_record(0, "victim.example.", "A", 60, "192.0.2.1");
    rig_record(1, "victim.example.", "A", 70, "192.0.2.2");
    assert_int_equal(rig.answer->ttl, 60);
}

static void only_strangers(const struct dns_asked *asked, struct dns_reply *r)
{
    rig_clear(r);
    rig_add_a(r, "evil.example", 5, 66);
    rig_add(r, asked->name, 16, 1, 5, "\3txt", 4);
}

static void none_of_them(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD)->twist = only_strangers;
    assert_int_equal(rig_look("victim.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(rig.answer->status, FSOCK_DNS_NODATA);
    assert_int_equal(rig.answer->count, 0);
}

static void any_order(const struct dns_asked *asked, struct dns_reply *r)
{
    rig_clear(r);
    if (asked->type == 5) {
        rig_add_name(r, asked->name, 5, 30, "b.example");
        return;
    }
    rig_add_a(r, "c.example", 90, 1);
    rig_add_name(r, "b.example", 5, 40, "c.example");
    rig_add_a(r, "evil.example", 5, 66);
    rig_add_name(r, asked->name, 5, 30, "b.example");
}

static void cnames_in_the_order_they_lead(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD)->twist = any_order;
    assert_int_equal(rig_look("a.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(rig.answer->count, 3);
    rig_record(0, "a.example.", "CNAME", 30, "b.example.");
    rig_record(1, "b.example.", "CNAME", 40, "c.example.");
    rig_record(2, "c.example.", "A", 90, "192.0.2.1");
    assert_int_equal(rig.answer->ttl, 30);
    assert_int_equal(rig_look("a.example", FSOCK_CNAME, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(rig.answer->count, 1); /* it is what was asked for, and leads nowhere */
}

static void cnames_across_messages(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD);
    assert_int_equal(rig_look("hop1.example", 0, FSOCK_SECOND), FSOCK_OK);
    assert_int_equal(rig.answer->count, 3);
    rig_record(0, "hop1.example.", "CNAME", 200, "Hop2.Example.");
    rig_record(1, "Hop2.Example.", "CNAME", 100, "hoP3.example.");
    rig_record(2, "hoP3.example.", "A", 300, "192.0.2.1");
    assert_int_equal(rig.answer->ttl, 100);
    assert_int_equal(rig.answer->tries, 3);
    assert_string_equal(rig.answer->qname, "hop1.example.");
    assert_memory_equal((const char *)rig.answer->message + 12, "\4hoP3\7example", 14);
}

/* ---- what is asked for ----------------------------------------------------------------------- */

static void names_and_types(void **state)
{
    static const struct {
        const char *name, *qname;
        unsigned type, asked;
    } rows[] = {
        {"both.example.",         "both.example.",                                                             0,     1    },
        {".",                     ".",                                                                         2,     2    },
        {"b\xc3\xbc"
         "cher.example", "xn--bcher-kva.example.",                                                    0,     1    },
        {"a\\.b\\032c.example",   "a\\.b\\032c.example.",                                                      0,     1    },
        {"192.0.2.7",             "7.2.0.192.in-addr.arpa.",                                                   0,     12   },
        {"192.0.2.7",             "7.2.0.192.in-addr.arpa.",                                                   12,    12   },
        {"192.0.2.7",             "192.0.2.7.",                                                                1,     1    },
        {"::ffff:192.0.2.7",      "7.2.0.192.in-addr.arpa.",                                                   0,     12   },
        {"::1",                   "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa.", 0,     12   },
        {"both.example",          "both.example.",                                                             65280, 65280},
    };
    (void)state;
    rig_serve(DNS_SERVFAIL); /* it is the question that counts */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(rig_look(rows[i].name, rows[i].type, FSOCK_SECOND), FSOCK_ERR_DNS);
        assert_string_equal(rig.answer->name, rows[i].name);
        assert_string_equal(rig.answer->qname, rows[i].qname);
        assert_int_equal(rig.answer->type, rows[i].asked);
    }
}

static void what_cannot_be_asked(void **state)
{
    static char label[70], long_name[300], huge[5000];
    static const struct {
        const char *name;
        unsigned type;
    } rows[] = {
        {label,          0    },
        {long_name,      0    },
        {huge,           0    },
        {"",             0    },
        {"a..example",   0    },
        {"a b.example",  0    },
        {"a\nb.example", 0    },
        {"a\\2",         0    },
        {"a\\256",       0    },
        {"both.example", 65536},
        {"both.example", 252  },
        {"both.example", 251  },
        {"both.example", 41   },
    };
    (void)state;
    memset(label, 'a', 64);
    for (unsigned i = 0; i < 128; i++)
        memcpy(long_name + 2 * i, "a.", 2);
    memset(huge, 'a', sizeof huge - 1);
    struct dns_server *s = rig_serve(DNS_GOOD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rig_look(rows[i].name, rows[i].type, FSOCK_SECOND) != FSOCK_ERR_INPUT)
            fail_msg("%zu: %s was asked for", i, rows[i].name);
        const struct fsock_answer *a = rig.answer;
        assert_int_equal(a->status, FSOCK_DNS_ERROR);
        assert_string_equal(a->name, rows[i].name);
        assert_true(a->count == 0 && a->rcode == -1 && a->message == NULL);
        assert_non_null(a->type_name);
        for (const char *c = a->fault->text; *c; c++)
            assert_in_range(*c, ' ', '~');
    }
    assert_int_equal(s->by_udp, 0);
}

static void types_by_name(void **state)
{
    (void)state;
    assert_int_equal(fsock_dns_type("mx", 2), FSOCK_MX);
    assert_int_equal(fsock_dns_type("AAAA", 1), FSOCK_A);
    assert_int_equal(fsock_dns_type("TYPE65535", 9), 65535);
    assert_int_equal(fsock_dns_type("type15", 6), FSOCK_MX);
    assert_int_equal(fsock_dns_type("TYPE65536", 9), -1);
    assert_int_equal(fsock_dns_type("", 0), -1);
    assert_int_equal(fsock_dns_type("both.example", 12), -1);
}

/* ---- names of addresses, addresses of names -------------------------------------------------- */

#define FORTY                                                                                      \
    "1.2.3.4.5.6.7.8.9.10.11.12.13.14.15.16.17.18.19.20.21.22.23.24.25.26.27.28.29.30."            \
    "31.32.33.34.35.36.37.38.39.forty"

static void pointers(const struct dns_asked *asked, struct dns_reply *r)
{
    static const uint8_t circle[] = {1, 'x', 0xc0, 0};
    rig_clear(r);
    if (dns_is(asked->name, "1")) { /* by a CNAME (RFC 2317) */
        rig_add_name(r, asked->name, 5, 60, "1.0/25.2.0.192.in-addr.arpa");
        rig_add_name(r, "1.0/25.2.0.192.in-addr.arpa", 12, 60, "Host.Example");
    } else if (dns_is(asked->name, "2")) {
        rig_add_name(r, asked->name, 12, 60, FORTY);
    } else if (dns_is(asked->name, "3")) {
        r->flags = 0x8183;
    } else if (dns_is(asked->name, "4")) { /* a name that points at itself */
        size_t at = (size_t)(r->end - r->at);
        rig_add(r, asked->name, 12, 1, 60, circle, sizeof circle);
        dns_put16(r->end - 2, 0xc000u | (unsigned)(at + 12 + strlen(asked->name) + 6 + at + 10 +
                                                   strlen(asked->name) + 2));
    } else if (dns_is(asked->name, "5")) {
        rig_add_name(r, asked->name, 12, 60, "a b\033[31m.example");
    } else if (dns_is(asked->name, "6")) {
        r->mute = true;
    } else if (dns_is(asked->name, "7")) {
        r->flags = 0x8182;
    } else if (dns_is(asked->name, "8")) {
        rig_add_a(r, asked->name, 60, 1);
    } else {
        rig_add_name(r, "8.b.d.0.1.0.0.2.ip6.arpa", 12, 60, "stranger.example");
        rig_add_name(r, asked->name, 12, 60, "six.example");
    }
}

/* 8.01, 8.03, 8.04 of the inventory. */
static void names_of_addresses(void **state)
{
    static const struct {
        const char *address, *name;
        enum fsock_err err;
    } rows[] = {
        {"192.0.2.1",        "Host.Example",             FSOCK_OK         },
        {"::ffff:192.0.2.1", "Host.Example",             FSOCK_OK         },
        {"2001:db8::1",      "Host.Example",             FSOCK_OK         },
        {"2001:db8::9",      "six.example",              FSOCK_OK         },
        {"192.0.2.2",        FORTY,                      FSOCK_OK         },
        {"192.0.2.3",        "192.0.2.3",                FSOCK_ERR_NAME   },
        {"192.0.2.4",        "192.0.2.4",                FSOCK_ERR_DNS    },
        {"192.0.2.5",        "a\\032b\\027[31m.example", FSOCK_OK         },
        {"192.0.2.6",        "192.0.2.6",                FSOCK_ERR_TIMEOUT},
        {"192.0.2.7",        "192.0.2.7",                FSOCK_ERR_DNS    },
        {"192.0.2.8",        "192.0.2.8",                FSOCK_ERR_NAME   },
        {"192.0.2.256",      "192.0.2.256",              FSOCK_ERR_INPUT  },
        {"host.example",     "host.example",             FSOCK_ERR_INPUT  },
        {"",                 "",                         FSOCK_ERR_INPUT  },
    };
    (void)state;
    rig_serve(DNS_GOOD)->twist = pointers;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char name[FSOCK_NAME_MAX];
        struct fsock_fault fault;
        fsock_time begun = fsock_now();
        enum fsock_err err =
            fsock_name_of(name, rows[i].address, &rig.options, begun + 300 * MS, &fault);
        if (err != rows[i].err)
            fail_msg("%s: %s: %s", rows[i].address, fsock_err_name(err), fault.text);
        assert_string_equal(name, rows[i].name);
        assert_int_equal(fault.err, err);
        assert_true((err == FSOCK_OK) == (fault.text[0] == '\0'));
        assert_true(fsock_now() - begun < 500 * MS);
        if (err != FSOCK_ERR_TIMEOUT)
            assert_int_equal(
                fsock_name_of(name, rows[i].address, &rig.options, begun + FSOCK_SECOND, NULL),
                err);
    }
}

/* 8.08: a failure returns the input. */
static void addresses_of_names(void **state)
{
    static char huge[3000];
    static const struct {
        const char *name, *address;
        enum fsock_err err;
    } rows[] = {
        {"v4only.example", "192.0.2.1",     FSOCK_OK         },
        {"192.0.2.9",      "192.0.2.9",     FSOCK_OK         },
        {"nx.example",     "nx.example",    FSOCK_ERR_NAME   },
        {"empty.example",  "empty.example", FSOCK_ERR_NAME   },
        {"fails.example",  "fails.example", FSOCK_ERR_DNS    },
        {"mute.example",   "mute.example",  FSOCK_ERR_TIMEOUT},
        {"a..b",           "a..b",          FSOCK_ERR_INPUT  },
        {huge,             NULL,            FSOCK_ERR_INPUT  },
    };
    (void)state;
    memset(huge, 'a', sizeof huge - 1);
    rig_serve(DNS_GOOD);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char address[FSOCK_NAME_MAX];
        struct fsock_fault fault;
        enum fsock_err err =
            fsock_address_of(address, rows[i].name, &rig.options, fsock_now() + 300 * MS, &fault);
        if (err != rows[i].err)
            fail_msg("%s: %s: %s", rows[i].name, fsock_err_name(err), fault.text);
        if (rows[i].address)
            assert_string_equal(address, rows[i].address);
        else
            assert_memory_equal(address, huge, FSOCK_NAME_MAX - 1);
        assert_int_equal(fault.err, err);
    }
}

/* ---- messages -------------------------------------------------------------------------------- */

static void parse(void **state)
{
    (void)state;
    struct fsock_answer *a;
    rig_serve(DNS_GOOD)->twist = with_strangers;
    rig_look("victim.example", 0, FSOCK_SECOND);
    size_t n = rig.answer->message_len;
    uint8_t *copy = malloc(n);
    memcpy(copy, rig.answer->message, n);
    assert_int_equal(fsock_dns_parse(&a, copy, n), FSOCK_OK);
    assert_int_equal(a->status, FSOCK_DNS_NOERROR);
    assert_string_equal(a->name, "victim.example.");
    assert_string_equal(a->qname, "victim.example.");
    assert_int_equal(a->type, FSOCK_A);
    assert_int_equal(a->count, 6); /* of any owner */
    assert_string_equal(a->records[1].data, "\"txt\"");
    assert_null(a->fault);
    fsock_answer_free(a);
    copy[3] = (uint8_t)((copy[3] & 0xf0) | 5);
    assert_int_equal(fsock_dns_parse(&a, copy, n), FSOCK_OK);
    assert_true(a->status == FSOCK_DNS_RCODE && strcmp(a->status_name, "REFUSED") == 0);
    fsock_answer_free(a);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *part = malloc(cut ? cut : 1);
        memcpy(part, copy, cut);
        assert_int_equal(fsock_dns_parse(&a, part, cut), FSOCK_ERR_PROTOCOL);
        assert_true(a->fault && a->fault->err == FSOCK_ERR_PROTOCOL && a->fault->text[0]);
        assert_int_equal(a->status, FSOCK_DNS_ERROR);
        assert_int_equal(a->count, 0);
        fsock_answer_free(a);
        free(part);
    }
    free(copy);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(fields),
        T(statuses),
        T(manners),
        T(flags),
        T(no_recursion),
        T(strangers_are_not_shown),
        T(none_of_them),
        T(cnames_in_the_order_they_lead),
        T(cnames_across_messages),
        T(names_and_types),
        T(what_cannot_be_asked),
        T(types_by_name),
        T(names_of_addresses),
        T(addresses_of_names),
        T(parse),
    };
    return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
