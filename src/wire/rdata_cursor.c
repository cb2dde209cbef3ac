#include "wire/rdata_cursor.h"

#include <string.h>

#include "wire/addr.h"
#include "wire/base64.h"

void fsk_rd_put(struct fsk_rd *c, const char *p, size_t n)
{
    if (c->err == FSOCK_OK)
        c->err = fsk_buf_append(c->out, p, n);
}

void fsk_rd_put_word(struct fsk_rd *c, const char *word)
{
    fsk_rd_put(c, word, strlen(word));
}

void fsk_rd_put_number(struct fsk_rd *c, uint64_t value)
{
    char digits[FSK_DECIMAL_MAX];
    fsk_rd_put(c, digits, fsk_decimal_write(value, digits));
}

void fsk_rd_put_padded(struct fsk_rd *c, unsigned value, size_t digits)
{
    char text[FSK_DECIMAL_MAX];

    for (size_t i = digits; i--; value /= 10)
        text[i] = (char)('0' + value % 10);
    fsk_rd_put(c, text, digits);
}

void fsk_rd_put_type(struct fsk_rd *c, uint16_t type)
{
    char word[FSK_DNS_WORD];
    fsk_rd_put_word(c, fsk_dns_type_name(type, word));
}

/* ---- bytes ---- */

void fsk_rd_put_hex(struct fsk_rd *c, size_t n)
{
    static const char digit[] = "0123456789ABCDEF";
    char text[128];

    while (n) {
        size_t used = 0;
        for (; n && used < sizeof text; n--) {
            const uint8_t byte = c->msg[c->at++];
            text[used++] = digit[byte >> 4];
            text[used++] = digit[byte & 15];
        }
        fsk_rd_put(c, text, used);
    }
}

void fsk_rd_put_base64(struct fsk_rd *c, size_t n)
{
    char text[FSK_BASE64_ROOM(96)];

    while (n) {
        const size_t part = n < 96 ? n : 96; /* a multiple of 3: only the last one is padded */
        fsk_rd_put(c, text, fsk_base64_encode(c->msg + c->at, part, text));
        c->at += part;
        n -= part;
    }
}

size_t fsk_rd_quote(uint8_t byte, char *text)
{
    if (byte < ' ' || byte > '~') {
        fsk_ddd_write(byte, text);
        return FSK_DDD;
    }
    text[0] = '\\';
    text[byte == '"' || byte == '\\'] = (char)byte;
    return byte == '"' || byte == '\\' ? 2 : 1;
}

void fsk_rd_put_quoted(struct fsk_rd *c, size_t n)
{
    char text[64 * FSK_DDD];

    fsk_rd_put(c, "\"", 1);
    while (n) {
        size_t used = 0;
        for (; n && used <= sizeof text - FSK_DDD; n--)
            used += fsk_rd_quote(c->msg[c->at++], text + used);
        fsk_rd_put(c, text, used);
    }
    fsk_rd_put(c, "\"", 1);
}

/* ---- fields ---- */

bool fsk_rd_number(struct fsk_rd *c, size_t size)
{
    if (fsk_rd_left(c) < size)
        return false;
    fsk_rd_put_number(c, fsk_rd_get(c, size));
    return true;
}

bool fsk_rd_name(struct fsk_rd *c)
{
    struct fsk_dname d;
    char text[FSK_DNAME_TEXT];
    const int used = fsk_dns_name(c->msg, c->end, c->at, &d);

    if (used < 0)
        return false;
    c->at += (size_t)used;
    fsk_rd_put(c, text, fsk_dname_to_text(&d, text));
    return true;
}

/* As inet_ntop writes it: IPv4-compatible addresses with dots, too, which RFC 5952 doesn't. */
bool fsk_rd_address(struct fsk_rd *c, size_t size)
{
    static const uint8_t zero[12];
    struct fsk_addr a = {.family = size == 4 ? 4 : 6};
    char text[FSK_ADDR_TEXT];

    if (fsk_rd_left(c) < size)
        return false;
    memcpy(a.ip, c->msg + c->at, size);
    c->at += size;
    if (size == 16 && memcmp(a.ip, zero, sizeof zero) == 0 && (a.ip[12] || a.ip[13])) {
        fsk_rd_put(c, "::", 2);
        a.family = 4;
        memcpy(a.ip, c->msg + c->at - 4, 4);
    }
    fsk_rd_put(c, text, fsk_addr_format(&a, text));
    return true;
}

bool fsk_rd_rest(struct fsk_rd *c, void (*put_bytes)(struct fsk_rd *, size_t))
{
    if (fsk_rd_left(c) == 0)
        return false;
    put_bytes(c, fsk_rd_left(c));
    return true;
}
