/*
 * proxy.h - a way through a proxy, as a layer: its connect() speaks the proxy's handshake, after
 * that all calls go straight to the layer below.
 *
 * SOCKS5: RFC 1928, with username and password RFC 1929. CONNECT: RFC 9110 9.3.6. `host` and `port`
 * are the target; an IPv6 literal comes without brackets. user and password may be empty (no
 * authentication offered); CONNECT has the value of a Proxy-Authorization field instead. Names and
 * credentials are limited to 255 bytes by SOCKS5: longer ones fail with FSOCK_ERR_INPUT. Refusals
 * are FSOCK_ERR_PROXY with the reply in words ("the proxy says: 5, connection refused").
 *
 * SOCKS4 has no RFC: "SOCKS: A protocol for TCP proxy across firewalls" (Ying-Da Lee) is what
 * everybody follows, and for SOCKS4a its extension. An IPv4 address goes out as SOCKS4, a name as
 * SOCKS4a, with the same limits as in SOCKS5. IPv6 addresses, and those from 0.0.0.1 to 0.0.0.255,
 * which SOCKS4a uses as a mark, can't be sent: FSOCK_ERR_INPUT. `user` is the user id. The protocol
 * has no passwords: `password` is not looked at.
 */
#ifndef FSK_PROXY_H
#define FSK_PROXY_H

#include "net/layer.h"

struct fsk_proxy_target {
    struct fsk_span host;
    uint16_t port;
    struct fsk_span user, password; /* SOCKS */
    struct fsk_span login;          /* CONNECT: "Basic bWU6cHc="; empty: no authentication */
};

/* They own `below` from here on, even if they fail (NULL: out of memory), and copy the target. */
struct fsk_layer *fsk_socks4_new(struct fsk_layer *below, const struct fsk_proxy_target *target);
struct fsk_layer *fsk_socks5_new(struct fsk_layer *below, const struct fsk_proxy_target *target);
struct fsk_layer *fsk_http_connect_new(struct fsk_layer *below,
                                       const struct fsk_proxy_target *target);

#define FSK_AUTHORITY_ROOM 4096

/* The target as CONNECT names it: "a.test:443", "[::1]:443". False: it can't be written. */
bool fsk_connect_authority(const struct fsk_proxy_target *target, char out[FSK_AUTHORITY_ROOM]);

/* Whether CONNECT has failed since the proxy asks who we are (407), and the fields it does that in,
 * which live as long as the layer. */
bool fsk_http_connect_asks(const struct fsk_layer *layer, struct fsk_span *fields);

#endif
