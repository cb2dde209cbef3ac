#include "wire/rdata.h"

#include <string.h>

#include "base/digits.h"
#include "wire/rdata_cursor.h"

/* ---- fields ---- */

static bool type(struct fsk_rd *c)
{
    if (fsk_rd_left(c) < 2)
        return false;
    fsk_rd_put_type(c, (uint16_t)fsk_rd_get(c, 2));
    return true;
}

/* RFC 1035 3.3: a length and as many bytes. */
static bool string(struct fsk_rd *c)
{
    if (fsk_rd_left(c) == 0)
        return false;
    const size_t n = fsk_rd_get(c, 1);
    if (n > fsk_rd_left(c))
        return false;
    fsk_rd_put_quoted(c, n);
    return true;
}

static bool strings(struct fsk_rd *c)
{
    for (bool first = true; first || fsk_rd_left(c); first = false) {
        if (!first)
            fsk_rd_put(c, " ", 1);
        if (!string(c))
            return false;
    }
    return true;
}

/* RFC 8659 4.1: the tag of a CAA record, letters and digits. */
static bool tag(struct fsk_rd *c)
{
    if (fsk_rd_left(c) == 0)
        return false;
    const size_t n = fsk_rd_get(c, 1);
    const char *p = (const char *)c->msg + c->at;
    if (n == 0 || n > fsk_rd_left(c))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!fsk_is_digit(p[i]) && (fsk_lower(p[i]) < 'a' || fsk_lower(p[i]) > 'z'))
            return false;
    fsk_rd_put(c, p, n);
    c->at += n;
    return true;
}

static bool is_leap(unsigned year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* RFC 4034 3.2: seconds since 1970 as YYYYMMDDHHmmSS. */
static bool date(struct fsk_rd *c)
{
    static const uint8_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    unsigned year = 1970, month = 0;

    if (fsk_rd_left(c) < 4)
        return false;
    const uint32_t seconds = fsk_rd_get(c, 4);
    unsigned days = seconds / 86400;
    while (days >= 365u + is_leap(year))
        days -= 365u + is_leap(year++);
    while (days >= month_days[month] + (month == 1 && is_leap(year) ? 1u : 0u)) {
        days -= month_days[month] + (month == 1 && is_leap(year) ? 1u : 0u);
        month++;
    }
    fsk_rd_put_padded(c, year, 4);
    fsk_rd_put_padded(c, month + 1, 2);
    fsk_rd_put_padded(c, days + 1, 2);
    fsk_rd_put_padded(c, seconds / 3600 % 24, 2);
    fsk_rd_put_padded(c, seconds / 60 % 60, 2);
    fsk_rd_put_padded(c, seconds % 60, 2);
    return true;
}

/* RFC 4034 4.1.2: blocks of 256 types, each with its number, a length, a bit per type. */
static bool type_bitmap(struct fsk_rd *c)
{
    int last = -1;

    if (fsk_rd_left(c) == 0)
        return false;
    while (fsk_rd_left(c)) {
        if (fsk_rd_left(c) < 2)
            return false;
        const int block = (int)fsk_rd_get(c, 1);
        const size_t n = fsk_rd_get(c, 1);
        if (block <= last || n == 0 || n > 32 || n > fsk_rd_left(c) || c->msg[c->at + n - 1] == 0)
            return false;
        for (unsigned bit = 0; bit < 8 * n; bit++) {
            if (c->msg[c->at + bit / 8] & 0x80 >> bit % 8) {
                fsk_rd_put(c, " ", 1);
                fsk_rd_put_type(c, (uint16_t)(block << 8 | (int)bit));
            }
        }
        c->at += n;
        last = block;
    }
    return true;
}

/* ---- LOC (RFC 1876) ---- */

/* A latitude or longitude in 1/1000 seconds of arc from 2^31: degrees, minutes, seconds, side. */
static bool angle(struct fsk_rd *c, unsigned max_degrees, const char *sides)
{
    const uint32_t value = fsk_rd_get(c, 4), zero = UINT32_C(1) << 31;
    const uint32_t distance = value >= zero ? value - zero : zero - value;

    if (distance > max_degrees * UINT32_C(3600000))
        return false;
    fsk_rd_put_number(c, distance / 3600000);
    fsk_rd_put(c, " ", 1);
    fsk_rd_put_number(c, distance / 60000 % 60);
    fsk_rd_put(c, " ", 1);
    fsk_rd_put_number(c, distance / 1000 % 60);
    fsk_rd_put(c, ".", 1);
    fsk_rd_put_padded(c, distance % 1000, 3);
    fsk_rd_put(c, " ", 1);
    fsk_rd_put(c, value >= zero ? sides : sides + 1, 1);
    fsk_rd_put(c, " ", 1);
    return true;
}

/* A size or precision: a digit and a power of ten, in centimetres. Whole metres have no fraction.
 */
static bool length(struct fsk_rd *c, uint8_t byte)
{
    uint64_t cm = byte >> 4;
    const unsigned power = byte & 15;

    if (byte != 0 && (cm == 0 || cm > 9 || power > 9))
        return false;
    for (unsigned i = 0; i < power; i++)
        cm *= 10;
    fsk_rd_put(c, " ", 1);
    fsk_rd_put_number(c, cm / 100);
    if (cm < 100) {
        fsk_rd_put(c, ".", 1);
        fsk_rd_put_padded(c, (unsigned)cm, 2);
    }
    fsk_rd_put(c, "m", 1);
    return true;
}

static bool location(struct fsk_rd *c)
{
    const uint8_t *p = c->msg + c->at;
    const uint32_t sea = 10000000; /* altitude is in centimetres from 100 km below it */

    if (fsk_rd_left(c) != 16 || p[0] != 0) /* the version */
        return false;
    c->at += 4;
    if (!angle(c, 90, "NS") || !angle(c, 180, "EW"))
        return false;
    const uint32_t altitude = fsk_rd_get(c, 4);
    const uint32_t distance = altitude >= sea ? altitude - sea : sea - altitude;
    if (altitude < sea)
        fsk_rd_put(c, "-", 1);
    fsk_rd_put_number(c, distance / 100);
    fsk_rd_put(c, ".", 1);
    fsk_rd_put_padded(c, distance % 100, 2);
    fsk_rd_put(c, "m", 1);
    return length(c, p[1]) && length(c, p[2]) && length(c, p[3]);
}

/* ---- types ---- */

/*
 * What the data of a type consist of, a letter per field:
 *   1 2 4  numbers of so many bytes    n  a name      a 6  addresses
 *   s  a string    t  one or more    c  CAA's tag     q h b  the rest: quoted, hex, base64
 *   H  the rest as hex, if any
 *   T  a type      m  types          d  a date        L  LOC, all of it     v  SVCB's parameters
 */
struct form {
    uint16_t type;
    char fields[10];
    bool in_only; /* the type belongs to the class IN */
};

/* The frequent ones first: they are looked for in this order. */
static const struct form forms[] = {
    {FSK_DNS_PTR,        "n",         false},
    {FSK_DNS_A,          "a",         true },
    {FSK_DNS_AAAA,       "6",         true },
    {FSK_DNS_CNAME,      "n",         false},
    {FSK_DNS_NS,         "n",         false},
    {FSK_DNS_MX,         "2n",        false},
    {FSK_DNS_TXT,        "t",         false},
    {FSK_DNS_SOA,        "nn44444",   false},
    {FSK_DNS_HTTPS,      "2nv",       true },
    {FSK_DNS_SRV,        "222n",      true },
    {FSK_DNS_CAA,        "1cq",       false},
    {FSK_DNS_TLSA,       "111h",      false},
    {FSK_DNS_DS,         "211h",      false},
    {FSK_DNS_DNSKEY,     "211b",      false},
    {FSK_DNS_RRSIG,      "T114dd2nb", false},
    {FSK_DNS_NSEC,       "nm",        false},
    {FSK_DNS_SVCB,       "2nv",       true },
    {FSK_DNS_NAPTR,      "22sssn",    false},
    {FSK_DNS_SSHFP,      "11H",       false},
    {FSK_DNS_SPF,        "t",         false},
    {FSK_DNS_DNAME,      "n",         false},
    {FSK_DNS_LOC,        "L",         false},
    {FSK_DNS_CDS,        "211h",      false},
    {FSK_DNS_CDNSKEY,    "211b",      false},
    {FSK_DNS_SMIMEA,     "111h",      false},
    {FSK_DNS_OPENPGPKEY, "b",         false},
    {FSK_DNS_HINFO,      "ss",        false},
    {FSK_DNS_URI,        "22q",       false},
    {FSK_DNS_RP,         "nn",        false},
    {FSK_DNS_AFSDB,      "2n",        false},
};

/* NULL if this file doesn't know the type. */
static const char *fields_of(uint16_t type, uint16_t class)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].type == type)
            return forms[i].in_only && class != FSK_DNS_IN ? NULL : forms[i].fields;
    return NULL;
}

static bool field(struct fsk_rd *c, char kind)
{
    switch (kind) {
    case '1':
    case '2':
    case '4':
        return fsk_rd_number(c, (size_t)(kind - '0'));
    case 'n':
        return fsk_rd_name(c);
    case 'a':
        return fsk_rd_address(c, 4);
    case '6':
        return fsk_rd_address(c, 16);
    case 's':
        return string(c);
    case 't':
        return strings(c);
    case 'c':
        return tag(c);
    case 'q':
        fsk_rd_put_quoted(c, fsk_rd_left(c));
        return true;
    case 'h':
        return fsk_rd_rest(c, fsk_rd_put_hex);
    case 'H':
        return fsk_rd_left(c) == 0 || (fsk_rd_put(c, " ", 1), fsk_rd_rest(c, fsk_rd_put_hex));
    case 'b':
        return fsk_rd_rest(c, fsk_rd_put_base64);
    case 'T':
        return type(c);
    case 'm':
        return type_bitmap(c);
    case 'd':
        return date(c);
    case 'L':
        return location(c);
    case 'v':
        return fsk_rd_svc_params(c);
    default:
        return false;
    }
}

/* Whether the data consist of these fields; they are written as far as they do. */
static bool put_fields(struct fsk_rd *c, const char *fields)
{
    for (const char *f = fields; *f; f++) {
        if (f > fields && !strchr("mvH", *f)) /* those put their spaces themselves */
            fsk_rd_put(c, " ", 1);
        if (!field(c, *f))
            return false;
    }
    return fsk_rd_left(c) == 0;
}

/* RFC 3597 5. */
static void put_unknown(struct fsk_rd *c)
{
    fsk_rd_put(c, "\\# ", 3);
    fsk_rd_put_number(c, fsk_rd_left(c));
    if (fsk_rd_left(c)) {
        fsk_rd_put(c, " ", 1);
        fsk_rd_put_hex(c, fsk_rd_left(c));
    }
}

enum fsock_err fsk_rdata_text(struct fsk_buf *out, const struct fsk_dns_msg *m,
                              const struct fsk_dns_record *rec)
{
    const size_t len = fsk_buf_len(out);
    const char *fields = fields_of(rec->type, rec->class);
    const struct fsk_rd begin = {
        .out = out,
        .msg = m->p,
        .at = rec->rdata,
        .end = rec->rdata + rec->rdlen,
    };
    struct fsk_rd c = begin;

    if (!fields || !put_fields(&c, fields)) {
        out->end = out->start + len;
        c = begin;
        put_unknown(&c);
    }
    if (c.err != FSOCK_OK)
        out->end = out->start + len;
    return c.err;
}
