#include "record.h"

#include <arpa/inet.h>
#include <string.h>

void put8(struct answer *a, unsigned v)
{
    if (a->len < sizeof a->msg)
        a->msg[a->len++] = (uint8_t)(v & 0xff);
}

void put16(struct answer *a, unsigned v)
{
    put8(a, v >> 8);
    put8(a, v);
}

void put32(struct answer *a, uint32_t v)
{
    put16(a, v >> 16);
    put16(a, v & 0xffff);
}

void put_name(struct answer *a, const char *name)
{
    while (*name) {
        size_t n = strcspn(name, ".");
        put8(a, (unsigned)n);
        for (size_t i = 0; i < n; i++)
            put8(a, (unsigned char)name[i]);
        name += n + (name[n] == '.');
    }
    put8(a, 0);
}

void bump(struct answer *a, size_t counter)
{
    if (++a->msg[counter + 1] == 0)
        a->msg[counter]++;
}

size_t begin(struct answer *a, size_t section, const char *owner, unsigned type, uint32_t ttl)
{
    if (owner)
        put_name(a, owner);
    else
        put16(a, 0xc00c);
    put16(a, type);
    put16(a, 1);
    put32(a, ttl);
    put16(a, 0);
    bump(a, section);
    return a->len;
}

void end(struct answer *a, size_t from)
{
    size_t n = a->len - from;
    a->msg[from - 2] = (uint8_t)(n >> 8);
    a->msg[from - 1] = (uint8_t)(n & 0xff);
}

void put_ip(struct answer *a, const char *owner, const char *ip, uint32_t ttl)
{
    uint8_t bytes[16];
    bool v6 = strchr(ip, ':') != NULL;
    inet_pton(v6 ? AF_INET6 : AF_INET, ip, bytes);
    size_t at = begin(a, ANSWERS, owner, v6 ? AAAA : A, ttl);
    for (int i = 0; i < (v6 ? 16 : 4); i++)
        put8(a, bytes[i]);
    end(a, at);
}

void put_target(struct answer *a, const char *owner, unsigned type, const char *target)
{
    size_t at = begin(a, ANSWERS, owner, type, TTL);
    put_name(a, target);
    end(a, at);
}

void put_soa(struct answer *a, size_t section)
{
    size_t at = begin(a, section, "site.test", SOA, TTL);
    put_name(a, "ns.site.test");
    put_name(a, "hostmaster.site.test");
    for (uint32_t i = 0; i < 5; i++)
        put32(a, i ? 30 : 1); /* serial 1; negative answers keep for 30 s */
    end(a, at);
}

void put_text(struct answer *a, const char *text, size_t len)
{
    size_t at = begin(a, ANSWERS, NULL, TXT, TTL);
    for (size_t i = 0; i < len; i += 255) {
        size_t n = len - i < 255 ? len - i : 255;
        put8(a, (unsigned)n);
        for (size_t k = 0; k < n; k++)
            put8(a, (unsigned char)text[i + k]);
    }
    end(a, at);
}

void rcode(struct answer *a, unsigned code)
{
    a->msg[3] = (uint8_t)((a->msg[3] & 0xf0) | code);
}

void nodata(struct answer *a)
{
    if (!a->msg[ANSWERS + 1])
        put_soa(a, AUTHORITY);
}
