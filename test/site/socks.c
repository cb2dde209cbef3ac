/* socks.c: SOCKS proxies, 5 (RFC 1928, RFC 1929) and 4 with 4a; good ones and their relatives. */
#include "ports.h"
#include "relay.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DRIP_MS 500

struct socks {
    bool version4, must_auth, refuse, drip;
};

static struct socks *manner(struct conn *c)
{
    return c->state;
}

static void tell(struct conn *c, const void *data, size_t len)
{
    if (manner(c)->drip)
        say_drip(c, data, len, len, 1, DRIP_MS);
    else
        say_bytes(c, data, len);
}

static void tell_result(struct conn *c, int code)
{
    char reply[10] = {5, (char)code, 0, 1, 127, 0, 0, 1, 0, 0};
    tell(c, reply, sizeof reply);
    if (code)
        say_close(c);
}

static void connected(struct conn *c, bool ok)
{
    tell_result(c, ok ? 0 : 5);
    if (ok)
        relay_join(c);
}

/* True while the bytes that there are don't suffice. */
static bool lacks(struct conn *c, size_t need)
{
    if (c->in_len >= need)
        return false;
    if (c->eof)
        conn_close(c);
    return true;
}

/* version, command, 0, kind, address, port */
static void input_request(struct conn *c)
{
    char name[256] = "", ip[64];
    if (lacks(c, 5))
        return;
    const uint8_t *in = (const uint8_t *)c->in;
    size_t addr = in[3] == 1 ? 4 : in[3] == 4 ? 16 : 1u + in[4];
    if (lacks(c, 4 + addr + 2))
        return;
    in = (const uint8_t *)c->in;
    if (in[3] == 3)
        snprintf(name, sizeof name, "%.*s", in[4], (const char *)in + 5);
    else
        inet_ntop(in[3] == 1 ? AF_INET : AF_INET6, in + 4, name, sizeof name);
    int command = in[1], port = in[4 + addr] << 8 | in[5 + addr];
    conn_eat(c, 6 + addr);
    if (command != 1)
        tell_result(c, 7);
    else if (manner(c)->refuse)
        tell_result(c, 5);
    else if (!relay_resolve(name, ip))
        tell_result(c, 4);
    else
        relay_connect(c, ip, port, connected);
}

/* 1, length, user, length, password */
static void input_auth(struct conn *c)
{
    if (lacks(c, 2))
        return;
    const uint8_t *in = (const uint8_t *)c->in;
    size_t user = in[1], pass = 0;
    if (lacks(c, 3 + user))
        return;
    pass = ((const uint8_t *)c->in)[2 + user];
    if (lacks(c, 3 + user + pass))
        return;
    bool right = user == 4 && pass == 4 && memcmp(c->in + 2, "user\4pass", 9) == 0;
    conn_eat(c, 3 + user + pass);
    tell(c, right ? "\1\0" : "\1\1", 2);
    c->input = input_request;
    if (right)
        input_request(c);
    else
        say_close(c);
}

/* version, count, methods */
static void input_greeting(struct conn *c)
{
    if (lacks(c, 2) || lacks(c, 2u + (uint8_t)c->in[1]))
        return;
    size_t count = (uint8_t)c->in[1];
    bool none = memchr(c->in + 2, 0, count) && !manner(c)->must_auth;
    bool auth = memchr(c->in + 2, 2, count);
    if (c->in[0] != 5) {
        conn_close(c);
        return;
    }
    conn_eat(c, 2 + count);
    if (!none && !auth) {
        tell(c, "\5\xff", 2);
        say_close(c);
        return;
    }
    tell(c, auth ? "\5\2" : "\5\0", 2);
    c->input = auth ? input_auth : input_request;
    c->input(c);
}

/* ---- SOCKS4 and SOCKS4a ---- */

static void tell_result4(struct conn *c, int code)
{
    char reply[8] = {0, (char)code, 0, 0, 127, 0, 0, 1};
    tell(c, reply, sizeof reply);
    if (code != 90)
        say_close(c);
}

static void connected4(struct conn *c, bool ok)
{
    tell_result4(c, ok ? 90 : 91);
    if (ok)
        relay_join(c);
}

/* Where the zero byte is that ends the field which begins at `from`; 0: it has not come. */
static size_t field_end(const struct conn *c, size_t from)
{
    const char *end = from < c->in_len ? memchr(c->in + from, 0, c->in_len - from) : NULL;
    return end ? (size_t)(end - c->in) : 0;
}

/* version, command, port, address, user, 0; and if the address is 0.0.0.x, name, 0 */
static void input_request4(struct conn *c)
{
    char name[256], ip[64];
    if (lacks(c, 8))
        return;
    const uint8_t *in = (const uint8_t *)c->in;
    bool named = !in[4] && !in[5] && !in[6] && in[7];
    size_t user_end = field_end(c, 8), end = user_end;
    if (user_end && named)
        end = field_end(c, user_end + 1);
    if (lacks(c, end ? end + 1 : SIZE_MAX))
        return;
    if (named)
        snprintf(name, sizeof name, "%s", c->in + user_end + 1);
    else
        inet_ntop(AF_INET, in + 4, name, sizeof name);
    int version = in[0], command = in[1], port = in[2] << 8 | in[3];
    bool known = user_end == 8 || strcmp(c->in + 8, "user") == 0;
    conn_eat(c, end + 1);
    if (!known)
        tell_result4(c, 93);
    else if (version != 4 || command != 1 || manner(c)->refuse || !relay_resolve(name, ip))
        tell_result4(c, 91);
    else
        relay_connect(c, ip, port, connected4);
}

/* ---- The services ---- */

static void accept_as(struct conn *c, struct socks as)
{
    struct socks *s = xzalloc(sizeof *s);
    *s = as;
    c->state = s;
    c->input = as.version4 ? input_request4 : input_greeting;
}

void accepted_socks4(struct conn *c)
{
    accept_as(c, (struct socks){.version4 = true});
}

void accepted_socks4_refuse(struct conn *c)
{
    accept_as(c, (struct socks){.version4 = true, .refuse = true});
}

void accepted_socks4_drip(struct conn *c)
{
    accept_as(c, (struct socks){.version4 = true, .drip = true});
}

void accepted_socks(struct conn *c)
{
    accept_as(c, (struct socks){0});
}

void accepted_socks_auth(struct conn *c)
{
    accept_as(c, (struct socks){.must_auth = true});
}

void accepted_socks_refuse(struct conn *c)
{
    accept_as(c, (struct socks){.refuse = true});
}

void accepted_socks_drip(struct conn *c)
{
    accept_as(c, (struct socks){.drip = true});
}
