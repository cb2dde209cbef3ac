/* The parameters of SVCB and HTTPS records (RFC 9460). */
#include "wire/rdata_cursor.h"

/* In the order of their numbers, from 0. dig knows key7, dohpath, by its number only. */
static const char *const svc_keys[] = {"mandatory", "alpn", "no-default-alpn", "port",
                                       "ipv4hint",  "ech",  "ipv6hint"};

enum { SVC_MANDATORY, SVC_ALPN, SVC_NO_ALPN, SVC_PORT, SVC_IPV4, SVC_ECH, SVC_IPV6, SVC_NAMED };

static void put_svc_key(struct fsk_rd *c, unsigned key)
{
    if (key < SVC_NAMED) {
        fsk_rd_put_word(c, svc_keys[key]);
    } else {
        fsk_rd_put(c, "key", 3);
        fsk_rd_put_number(c, key);
    }
}

/* Keys, each greater than the one before; `mandatory` itself isn't among them. */
static bool svc_mandatory(struct fsk_rd *c)
{
    for (unsigned last = SVC_MANDATORY; fsk_rd_left(c);) {
        if (fsk_rd_left(c) < 2)
            return false;
        const unsigned key = fsk_rd_get(c, 2);
        if (key <= last)
            return false;
        if (last != SVC_MANDATORY)
            fsk_rd_put(c, ",", 1);
        put_svc_key(c, key);
        last = key;
    }
    return true;
}

/*
 * Protocol ids between quotes, parted by commas. A comma or a backslash within one gets a backslash
 * for the list (RFC 9460 A.1), and then each backslash another one for the string. Spaces are \032.
 */
static bool svc_alpn(struct fsk_rd *c)
{
    fsk_rd_put(c, "\"", 1);
    for (bool first = true; fsk_rd_left(c); first = false) {
        const size_t n = fsk_rd_get(c, 1);
        if (n == 0 || n > fsk_rd_left(c))
            return false;
        if (!first)
            fsk_rd_put(c, ",", 1);
        for (size_t i = 0; i < n; i++) {
            char text[FSK_DDD];
            const uint8_t byte = c->msg[c->at++];
            if (byte == '\\') {
                fsk_rd_put(c, "\\\\\\\\", 4);
            } else if (byte == ',') {
                fsk_rd_put(c, "\\\\,", 3);
            } else if (byte == ' ') {
                fsk_rd_put(c, "\\032", 4);
            } else {
                fsk_rd_put(c, text, fsk_rd_quote(byte, text));
            }
        }
    }
    fsk_rd_put(c, "\"", 1);
    return true;
}

static bool svc_addresses(struct fsk_rd *c, size_t size)
{
    for (bool first = true; fsk_rd_left(c); first = false) {
        if (!first)
            fsk_rd_put(c, ",", 1);
        if (!fsk_rd_address(c, size))
            return false;
    }
    return true;
}

/* The value of a key, which is all that c has left, with the `=` before it if there is one. */
static bool svc_value(struct fsk_rd *c, unsigned key)
{
    if (fsk_rd_left(c) == 0) /* only these may be without */
        return key == SVC_NO_ALPN || key == SVC_ECH || key >= SVC_NAMED;
    fsk_rd_put(c, "=", 1);
    switch (key) {
    case SVC_MANDATORY:
        return svc_mandatory(c);
    case SVC_ALPN:
        return svc_alpn(c);
    case SVC_NO_ALPN:
        return false;
    case SVC_PORT:
        return fsk_rd_left(c) == 2 && fsk_rd_number(c, 2);
    case SVC_IPV4:
        return svc_addresses(c, 4);
    case SVC_ECH:
        return fsk_rd_rest(c, fsk_rd_put_base64);
    case SVC_IPV6:
        return svc_addresses(c, 16);
    default:
        return fsk_rd_rest(c, fsk_rd_put_quoted);
    }
}

/* Key, length, value; the keys ascend. */
bool fsk_rd_svc_params(struct fsk_rd *c)
{
    const size_t end = c->end;

    for (int last = -1; c->at < end;) {
        if (fsk_rd_left(c) < 4)
            return false;
        const int key = (int)fsk_rd_get(c, 2);
        const size_t n = fsk_rd_get(c, 2);
        if (key <= last || n > fsk_rd_left(c))
            return false;
        fsk_rd_put(c, " ", 1);
        put_svc_key(c, (unsigned)key);
        c->end = c->at + n;
        if (!svc_value(c, (unsigned)key))
            return false;
        c->end = end;
        last = key;
    }
    return true;
}
