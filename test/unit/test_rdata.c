/* The data of records as text: each type, what isn't of its form, what could drive a terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "dnspacket.h"
#include "wire/rdata.h"

/* The message: a header, the name "q.example." at 12, then the data, which end at a closed page. */
enum { DATA_AT = 12 + 11 };

#define HEAD "\0\0\0\0\0\0\0\0\0\0\0\0\1q\7example"

static uint8_t message[0x10000];

static void append(struct fsk_buf *out, unsigned class, unsigned type, const void *data, size_t n,
                   enum fsock_err expected)
{
    memcpy(message, HEAD, DATA_AT);
    memcpy(message + DATA_AT, data, n);
    struct fsk_dns_msg m = {
        .p = (uint8_t *)guard_copy(&guard, message, DATA_AT + n),
        .n = DATA_AT + n,
    };
    struct fsk_dns_record rec = {
        .type = (uint16_t)type,
        .class = (uint16_t) class,
        .rdata = DATA_AT,
        .rdlen = (uint16_t)n,
    };
    assert_int_equal(fsk_rdata_text(out, &m, &rec), expected);
    for (struct fsk_span s = fsk_buf_span(out); s.n; s.p++, s.n--)
        assert_in_range((unsigned char)*s.p, ' ', '~');
}

/* The text, which is valid until the next call. */
static const char *data_text(unsigned class, unsigned type, const void *data, size_t n)
{
    static struct fsk_buf out = {.ceiling = FSK_RDATA_TEXT + 1};

    fsk_buf_clear(&out);
    append(&out, class, type, data, n, FSOCK_OK);
    assert_int_equal(fsk_buf_terminate(&out), FSOCK_OK);
    return out.mem;
}

static const char *unknown(const uint8_t *data, size_t n)
{
    static char s[1024];
    int at = sprintf(s, "\\# %zu%s", n, n ? " " : "");

    for (size_t i = 0; i < n; i++)
        at += sprintf(s + at, "%02X", data[i]);
    return s;
}

struct blob {
    const char *data;
    size_t n;
};

#define BLOB(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static void all_unknown(unsigned type, const struct blob *blobs, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(data_text(1, type, blobs[i].data, blobs[i].n),
                            unknown((const uint8_t *)blobs[i].data, blobs[i].n));
}

#define BYTES(literal) (literal), sizeof(literal) - 1
#define NAME           "\1a\7exam\\le" /* and the NUL behind it */
#define FOUR           "\0\0\0\1"

#define ROW(type, least, open, data, text)                                                         \
    {                                                                                              \
        type, data, sizeof(data) - 1, least, open, text                                            \
    }

/* The texts are what dig 9.18.49 prints. */
static const struct row {
    unsigned type;
    const char *data;
    size_t n;
    size_t least; /* what is shorter has not the form */
    bool open;    /* a zero byte more is part of the data */
    const char *text;
} rows[] = {
    ROW(FSK_DNS_A, 4, false, "\300\0\2\377", "192.0.2.255"),
    ROW(FSK_DNS_NS, 12, false, NAME "\0", "a.exam\\\\le."),
    ROW(FSK_DNS_CNAME, 1, false, "\0", "."),
    ROW(FSK_DNS_PTR, 2, false, "\300\14", "q.example."),
    ROW(FSK_DNS_DNAME, 4, false, "\1x\300\16", "x.example."),
    ROW(FSK_DNS_SOA, 34, false, NAME "\0\300\14\377\377\377\377" FOUR FOUR FOUR FOUR,
        "a.exam\\\\le. q.example. 4294967295 1 1 1 1"),
    ROW(FSK_DNS_HINFO, 10, false, "\5PC \"x\3\0;@", "\"PC \\\"x\" \"\\000;@\""),
    ROW(FSK_DNS_MX, 6, false, "\0\12\1m\300\14", "10 m.q.example."),
    ROW(FSK_DNS_TXT, 1, true, "\3v=1\0\1\\", "\"v=1\" \"\" \"\\\\\""),
    ROW(FSK_DNS_RP, 14, false, NAME "\0\300\14", "a.exam\\\\le. q.example."),
    ROW(FSK_DNS_AFSDB, 4, false, "\0\1\300\14", "1 q.example."),
    ROW(FSK_DNS_AAAA, 16, false, "\40\1\15\270\0\0\0\1\0\1\0\0\0\0\0\1", "2001:db8:0:1:1::1"),
    ROW(FSK_DNS_LOC, 16, false, "\0\22\26\23\213\4\132\7\177\377\317\307\0\230\226\034",
        "51 20 34.567 N 0 0 12.345 W -1.00m 1m 10000m 10m"),
    ROW(FSK_DNS_SRV, 8, false, "\0\1\0\2\1\273\300\14", "1 2 443 q.example."),
    ROW(FSK_DNS_NAPTR, 22, false, "\0\1\0\2\1u\3E2U\11!^.*$!\\1!\0",
        "1 2 \"u\" \"E2U\" \"!^.*$!\\\\1!\" ."),
    ROW(FSK_DNS_DS, 5, true, "\60\71\15\2\253\315", "12345 13 2 ABCD"),
    ROW(FSK_DNS_CDS, 5, true, "\0\0\0\0\0", "0 0 0 00"),
    ROW(FSK_DNS_SSHFP, 2, true, "\4\2\253\315", "4 2 ABCD"),
    ROW(FSK_DNS_SSHFP, 2, true, "\142\5", "98 5"),
    ROW(FSK_DNS_RRSIG, 21, true, "\0\1\10\2\0\0\16\20\145\123\361\0\137\136\20\0\60\71\300\14abc",
        "A 8 2 3600 20231114221320 20200913122640 12345 q.example. YWJj"),
    ROW(FSK_DNS_NSEC, 19, false, NAME "\0\0\6\100\1\0\0\0\3\1\1\300",
        "a.exam\\\\le. A MX RRSIG NSEC URI CAA"),
    ROW(FSK_DNS_DNSKEY, 5, true, "\1\1\3\15abcd", "257 3 13 YWJjZA=="),
    ROW(FSK_DNS_CDNSKEY, 5, true, "\0\0\3\0\0", "0 3 0 AA=="),
    ROW(FSK_DNS_TLSA, 4, true, "\3\1\1\0\377", "3 1 1 00FF"),
    ROW(FSK_DNS_SMIMEA, 4, true, "\3\0\2\12", "3 0 2 0A"),
    ROW(FSK_DNS_OPENPGPKEY, 1, true, "abcde", "YWJjZGU="),
    ROW(FSK_DNS_SVCB, 14, false, "\0\0" NAME "\0", "0 a.exam\\\\le."),
    ROW(FSK_DNS_HTTPS, 3, false, "\0\1\0\0\1\0\6\2h2\2h3\0\3\0\2\40\373",
        "1 . alpn=\"h2,h3\" port=8443"),
    ROW(FSK_DNS_SPF, 7, true, "\6v=spf1", "\"v=spf1\""),
    ROW(FSK_DNS_URI, 4, true, "\0\1\0\2x:/\"\377", "1 2 \"x:/\\\"\\255\""),
    ROW(FSK_DNS_CAA, 7, true, "\200\5issueca.example; x", "128 issue \"ca.example; x\""),
    ROW(65280, 0, true, "\300\14\377", "\\# 3 C00CFF"),
    ROW(FSK_DNS_OPT, 0, true, "\0\12", "\\# 2 000A"),
};

#define ROWS (sizeof rows / sizeof *rows)

static void types(void **state)
{
    (void)state;

    for (size_t i = 0; i < ROWS; i++)
        assert_string_equal(data_text(1, rows[i].type, rows[i].data, rows[i].n), rows[i].text);
}

/* Each shorter length, at the closed page: unknown if it isn't the form, and never a step over. */
static void cut(void **state)
{
    (void)state;

    for (size_t i = 0; i < ROWS; i++) {
        for (size_t n = 0; n < rows[i].n; n++) {
            const char *s = data_text(1, rows[i].type, rows[i].data, n);
            if (n < rows[i].least)
                assert_string_equal(s, unknown((const uint8_t *)rows[i].data, n));
        }
    }
}

static void too_long(void **state)
{
    uint8_t data[256] = {0};
    (void)state;

    for (size_t i = 0; i < ROWS; i++) {
        const size_t n = rows[i].n;
        memcpy(data, rows[i].data, n);
        data[n] = 0;
        const char *s = data_text(1, rows[i].type, data, n + 1);
        if (rows[i].open)
            assert_string_not_equal(s, rows[i].text);
        else
            assert_string_equal(s, unknown(data, n + 1));
    }
}

/* No type at all has a text without data; dig refuses those that need some. */
static void empty(void **state)
{
    (void)state;

    for (unsigned type = 0; type <= 0xffff; type++)
        for (unsigned class = 1; class <= 4; class += 3)
            assert_string_equal(data_text(class, type, "", 0), "\\# 0");
}

static void classes(void **state)
{
    (void)state;

    assert_string_equal(data_text(3, FSK_DNS_TXT, BYTES("\1x")), "\"x\"");
    assert_string_equal(data_text(3, FSK_DNS_PTR, BYTES("\300\14")), "q.example.");
    for (size_t i = 0; i < ROWS; i++) {
        const struct row *r = &rows[i];
        const bool in = r->type == FSK_DNS_A || r->type == FSK_DNS_AAAA || r->type == FSK_DNS_SRV ||
                        r->type == FSK_DNS_SVCB || r->type == FSK_DNS_HTTPS;
        assert_string_equal(data_text(4, r->type, r->data, r->n),
                            in ? unknown((const uint8_t *)r->data, r->n) : r->text);
    }
}

static void escapes(void **state)
{
    static const char *const plain =
        " !#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`"
        "abcdefghijklmnopqrstuvwxyz{|}~";
    (void)state;

    for (unsigned byte = 0; byte < 256; byte++) {
        const uint8_t data[] = {1, (uint8_t)byte};
        char expect[8], wide[8];
        if (byte == '"' || byte == '\\')
            sprintf(expect, "\"\\%c\"", byte);
        else if (byte && strchr(plain, (int)byte))
            sprintf(expect, "\"%c\"", byte);
        else
            sprintf(expect, "\"\\%03u\"", byte);
        assert_string_equal(data_text(1, FSK_DNS_TXT, data, 2), expect);
        /* in names, spaces and what means something in a zone file, too */
        const uint8_t owner[] = {1, (uint8_t)byte, 0};
        if (byte > ' ' && byte <= '~')
            sprintf(wide, strchr("\"().;\\@$", (int)byte) ? "\\%c." : "%c.", byte);
        else
            sprintf(wide, "\\%03u.", byte);
        assert_string_equal(data_text(1, FSK_DNS_PTR, owner, 3), wide);
    }
    assert_string_equal(data_text(1, FSK_DNS_CAA, BYTES("\0\1a\33]0;x\7")),
                        "0 a \"\\027]0;x\\007\"");
}

static void compression(void **state)
{
    /* forwards, to itself, into the header, half, a label type, over the end of the data */
    static const struct blob bad[] = {
        BLOB("\0\1\300\100"),   BLOB("\0\1\300\31"),
        BLOB("\0\1\1a\300\31"), BLOB("\0\1\300\13"),
        BLOB("\0\1\300"),       BLOB("\0\1\100a"),
        BLOB("\0\1\2a"),        BLOB("\0\1\1a"),
        BLOB("\0\1\1a\300"),    BLOB("\0\1\300\14\300\14"),
    };
    static const unsigned all[] = {FSK_DNS_MX, FSK_DNS_AFSDB, FSK_DNS_SVCB, FSK_DNS_HTTPS};
    uint8_t data[64] = {0};
    (void)state;

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        all_unknown(all[i], bad, sizeof bad / sizeof *bad);
    assert_string_equal(data_text(1, FSK_DNS_HTTPS, BYTES("\0\1\300\14")), "1 q.example.");
    assert_string_equal(data_text(1, FSK_DNS_NSEC, BYTES("\300\14\0\1\100")), "q.example. A");

    /* a name that goes on behind its record is none, though the message has the bytes */
    memcpy(data, HEAD, DATA_AT);
    memcpy(data + DATA_AT, "\0\1\1a", 5);
    struct fsk_dns_msg m = {.p = data, .n = sizeof data};
    struct fsk_dns_record rec = {.type = FSK_DNS_MX, .class = 1, .rdata = DATA_AT, .rdlen = 4};
    struct fsk_buf out = {.ceiling = 100};
    assert_int_equal(fsk_rdata_text(&out, &m, &rec), FSOCK_OK);
    assert_true(fsk_span_eq(fsk_buf_span(&out), FSK_SPAN("\\# 4 00010161")));
    fsk_buf_fini(&out);
}

static void addresses(void **state)
{
    static const struct {
        const char *data, *text;
    } good[] = {
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",       "::"                  },
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\22\64",     "::1234"              },
        {"\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0",       "::0.1.0.0"           },
        {"\0\0\0\0\0\0\0\0\0\0\0\0\1\2\3\4",       "::1.2.3.4"           },
        {"\0\0\0\0\0\0\0\0\0\0\377\377\1\2\3\4",   "::ffff:1.2.3.4"      },
        {"\0\0\0\0\0\0\0\0\377\377\0\0\1\2\3\4",   "::ffff:0:102:304"    },
        {"\0\144\377\233\0\0\0\0\0\0\0\0\1\2\3\4", "64:ff9b::102:304"    },
        {"\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1",       "0:1::1"              },
        {"\0\0\0\0\0\1\0\0\0\0\0\1\0\0\0\0",       "::1:0:0:1:0:0"       },
        {"\40\1\15\270\0\0\0\1\0\1\0\1\0\1\0\1",   "2001:db8:0:1:1:1:1:1"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_string_equal(data_text(1, FSK_DNS_AAAA, good[i].data, 16), good[i].text);
}

/* Priority 1, the target ".", these parameters; the text behind "1 . ". */
#define PARAMS(bytes, text)                                                                        \
    {                                                                                              \
        "\0\1\0" bytes, sizeof("\0\1\0" bytes) - 1, text                                           \
    }

static const struct {
    const char *data;
    size_t n;
    const char *text;
} svcb_good[] = {
    PARAMS("\0\0\0\4\0\1\0\3\0\1\0\3\2h2\0\2\0\0\0\3\0\2\0\1\0\5\0\7abcdefg",
           "mandatory=alpn,port alpn=\"h2\" no-default-alpn port=1 ech=YWJjZGVmZw=="),
    PARAMS("\0\4\0\10\1\2\3\4\5\6\7\10", "ipv4hint=1.2.3.4,5.6.7.8"),
    PARAMS("\0\6\0\40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\377\377\1\2\3\4",
           "ipv6hint=::1,::ffff:1.2.3.4"),
    PARAMS("\0\7\0\20/dns-query{?dns}", "key7=\"/dns-query{?dns}\""),
    PARAMS("\0\10\0\0\377\377\0\10\"\\ ;,@\0\377", "key8 key65535=\"\\\"\\\\ ;,@\\000\\255\""),
    PARAMS("\0\1\0\6\5a,b\\c", "alpn=\"a\\\\,b\\\\\\\\c\""),
    PARAMS("\0\1\0\10\7\"; @\0\377x", "alpn=\"\\\";\\032@\\000\\255x\""),
    PARAMS("\0\5\0\0", "ech"),
    PARAMS("\0\0\0\2\0\3", "mandatory=port"), /* makes no sense, but has the form */
    PARAMS("\0\2\0\0", "no-default-alpn"),
};

static const struct blob svcb_bad[] = {
    BLOB("\0\1\0"
         "\0\0\0\0"),
    BLOB("\0\1\0"
         "\0\0\0\1\0"),
    BLOB("\0\1\0"
         "\0\0\0\2\0\0"), /* mandatory is never its own */
    BLOB("\0\1\0"
         "\0\0\0\4\0\3\0\1"), /* not ascending */
    BLOB("\0\1\0"
         "\0\0\0\4\0\1\0\1"),
    BLOB("\0\1\0"
         "\0\1\0\0"),
    BLOB("\0\1\0"
         "\0\1\0\1\0"),
    BLOB("\0\1\0"
         "\0\1\0\2\2h"),
    BLOB("\0\1\0"
         "\0\2\0\1x"),
    BLOB("\0\1\0"
         "\0\3\0\0"),
    BLOB("\0\1\0"
         "\0\3\0\1\1"),
    BLOB("\0\1\0"
         "\0\3\0\3\1\1\1"),
    BLOB("\0\1\0"
         "\0\4\0\0"),
    BLOB("\0\1\0"
         "\0\4\0\5\1\2\3\4\5"),
    BLOB("\0\1\0"
         "\0\6\0\4\1\2\3\4"),
    BLOB("\0\1\0"
         "\0\3\0\2\0\1\0\1\0\3\2h2"), /* keys not ascending */
    BLOB("\0\1\0"
         "\0\3\0\2\0\1\0\3\0\2\0\1"),
    BLOB("\0\1\0"
         "\0\11"),
    BLOB("\0\1\0"
         "\0\11\0"),
    BLOB("\0\1\0"
         "\0\11\0\2x"),
    BLOB("\0\1"),
};

static void svcb(void **state)
{
    (void)state;

    for (unsigned type = FSK_DNS_SVCB; type <= FSK_DNS_HTTPS; type++) {
        for (size_t i = 0; i < sizeof svcb_good / sizeof *svcb_good; i++) {
            const char *s = data_text(1, type, svcb_good[i].data, svcb_good[i].n);
            assert_memory_equal(s, "1 . ", 4);
            assert_string_equal(s + 4, svcb_good[i].text);
        }
        all_unknown(type, svcb_bad, sizeof svcb_bad / sizeof *svcb_bad);
    }
}

static void location(void **state)
{
    static const struct {
        const char *data, *text; /* NULL: not the form */
    } cases[] = {
        {"\0\0\0\0\200\0\0\0\200\0\0\0\0\230\226\200",
         "0 0 0.000 N 0 0 0.000 E 0.00m 0.00m 0.00m 0.00m"           },
        {"\0\20\221\231\200\0\0\0\200\0\0\0\377\377\377\377",
         "0 0 0.000 N 0 0 0.000 E 42849672.95m 0.01m 0.90m 90000000m"},
        {"\0\22\22\22\223\117\331\0\131\140\116\0\0\0\0\0",
         "90 0 0.000 N 180 0 0.000 W -100000.00m 1m 1m 1m"           },
        {"\0\22\22\22\223\117\331\1\131\140\116\0\0\0\0\0",   NULL   },
        {"\0\22\22\22\223\117\331\0\131\140\115\377\0\0\0\0", NULL   },
        {"\0\240\22\22\200\0\0\0\200\0\0\0\0\0\0\0",          NULL   },
        {"\0\22\32\22\200\0\0\0\200\0\0\0\0\0\0\0",           NULL   },
        {"\0\22\22\1\200\0\0\0\200\0\0\0\0\0\0\0",            NULL   },
        {"\1\22\22\22\200\0\0\0\200\0\0\0\0\0\0\0",           NULL   },
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(data_text(1, FSK_DNS_LOC, cases[i].data, 16),
                            cases[i].text ? cases[i].text
                                          : unknown((const uint8_t *)cases[i].data, 16));
}

/* Seconds since 1970 as dates: leap years, ends of months, the last second of 32 bits. */
static void dates(void **state)
{
    static const struct {
        uint32_t seconds;
        const char *text;
    } cases[] = {
        {0,          "19700101000000"},
        {68169600,   "19720229000000"},
        {68255999,   "19720229235959"},
        {68256000,   "19720301000000"},
        {94694399,   "19721231235959"},
        {951782400,  "20000229000000"},
        {1709164800, "20240229000000"},
        {2147483648, "20380119031408"},
        {4107542399, "21000228235959"},
        {4107542400, "21000301000000"}, /* 2100 has no 29 February */
        {4294967295, "21060207062815"},
    };
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t data[20] = {0, 1, 8, 0};
        char expect[100];
        for (int k = 0; k < 4; k++)
            data[8 + k] = (uint8_t)(cases[i].seconds >> (24 - 8 * k));
        data[19] = 0xff; /* the signature; the signer is the root */
        sprintf(expect, "A 8 0 0 %s 19700101000000 0 . /w==", cases[i].text);
        assert_string_equal(data_text(1, FSK_DNS_RRSIG, data, sizeof data), expect);
    }
}

static void nsec_types(void **state)
{
    static const struct blob bad[] = {
        BLOB("\0\0\0"),   /* an empty block */
        BLOB("\0\0\1\0"), /* zeros at its end */
        BLOB("\0\0\2\1\0"),
        BLOB("\0\1\1\1\0\1\1"), /* not ascending */
        BLOB("\0\0\1\1\0\1\1"),
        BLOB("\0\0\2\1"),
        BLOB("\0\0\41\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1"),
    };
    (void)state;

    all_unknown(FSK_DNS_NSEC, bad, sizeof bad / sizeof *bad);
    assert_string_equal(data_text(1, FSK_DNS_NSEC, BYTES("\0\0\1\200\377\1\1")),
                        ". TYPE0 TYPE65287");
}

/* An NSEC record with the longest name and each type: nothing is longer. */
static void longest(void **state)
{
    static uint8_t data[FSK_DNAME_MAX + 256 * 34];
    size_t n = 0;
    (void)state;

    for (size_t len = 63; n < 254; len = n == 192 ? 61 : 63) {
        data[n++] = (uint8_t)len;
        memset(data + n, 0x80, len);
        n += len;
    }
    data[n++] = 0;
    for (int block = 0; block < 256; block++) {
        data[n++] = (uint8_t)block;
        data[n++] = 32;
        memset(data + n, 0xff, 32);
        n += 32;
    }
    assert_int_equal(n, sizeof data);
    assert_int_equal(strlen(data_text(1, FSK_DNS_NSEC, data, n)), FSK_RDATA_TEXT);

    static uint8_t zeros[0xffff - DATA_AT];
    assert_in_range(strlen(data_text(1, FSK_DNS_TXT, zeros, sizeof zeros)), 1, 300000);
    assert_in_range(strlen(data_text(1, FSK_DNS_URI, zeros, sizeof zeros)), 1, 300000);
    assert_in_range(strlen(data_text(1, 65280, zeros, sizeof zeros)), 1, 300000);
}

/* A ceiling in the way of any byte: the error, and what was in the buffer is there, no more. */
static void ceiling(void **state)
{
    (void)state;

    for (size_t i = 0; i < ROWS; i++) {
        for (size_t room = 0; room <= strlen(rows[i].text); room++) {
            struct fsk_buf out = {.ceiling = 4 + room};
            const bool fits = room == strlen(rows[i].text);
            assert_int_equal(fsk_buf_puts(&out, "skip"), FSOCK_OK);
            fsk_buf_consume(&out, 2);
            assert_int_equal(fsk_buf_puts(&out, ": "), FSOCK_OK);
            append(&out, 1, rows[i].type, rows[i].data, rows[i].n,
                   fits ? FSOCK_OK : FSOCK_ERR_TOO_BIG);
            assert_int_equal(fsk_buf_len(&out), fits ? 4 + room : 4);
            assert_memory_equal(fsk_buf_span(&out).p, "ip: ", 4);
            fsk_buf_fini(&out);
        }
    }
}

/* Data that turn out to be malformed behind more text than fits: what counts is the other form. */
static void ceiling_and_malformed(void **state)
{
    struct fsk_buf out = {.ceiling = 19};
    (void)state;

    append(&out, 1, FSK_DNS_TXT, BYTES("\4\0\0\0\0\1"), FSOCK_OK);
    assert_true(fsk_span_eq(fsk_buf_span(&out), FSK_SPAN("\\# 6 040000000001")));
    fsk_buf_fini(&out);
}

/* By the way that callers go: a packet is read and its records are walked. */
static void walked(void **state)
{
    struct packet k = answer(QR, "de", FSK_DNS_MX, 2, 0, 1);
    struct fsk_dns_msg m;
    struct fsk_dns_iter it;
    struct fsk_dns_record rec;
    struct fsk_buf out = {.ceiling = 100};
    (void)state;

    put_record(&k, "de", FSK_DNS_MX, 1, "\0\5\2mx\300\14", 7);
    put_record(&k, "de", FSK_DNS_MX, 1, "\0\5\2mx\300", 6);
    put_a(&k, "mx.de", 1, 7);
    assert_int_equal(parse(&k, &m), k.n);
    for (fsk_dns_iter_init(&it, &m); fsk_dns_next(&it, &rec);) {
        assert_int_equal(fsk_rdata_text(&out, &m, &rec), FSOCK_OK);
        assert_int_equal(fsk_buf_puts(&out, "|"), FSOCK_OK);
    }
    assert_int_equal(fsk_buf_terminate(&out), FSOCK_OK);
    assert_string_equal(out.mem, "5 mx.de.|\\# 6 0005026D78C0|192.0.2.7|");
    fsk_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(cut),
        cmocka_unit_test(too_long),
        cmocka_unit_test(empty),
        cmocka_unit_test(classes),
        cmocka_unit_test(escapes),
        cmocka_unit_test(compression),
        cmocka_unit_test(addresses),
        cmocka_unit_test(svcb),
        cmocka_unit_test(location),
        cmocka_unit_test(dates),
        cmocka_unit_test(nsec_types),
        cmocka_unit_test(longest),
        cmocka_unit_test(ceiling),
        cmocka_unit_test(ceiling_and_malformed),
        cmocka_unit_test(walked),
    };
    guard_init(&guard, 0x10000);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
