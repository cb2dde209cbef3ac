/*
 * dial_tunnel.h - a dial's way through an HTTP proxy: CONNECT, and who we are there. A proxy that
 * asks for more than it was told is dialled once more, with the answer to its challenge.
 */
#ifndef FSK_DIAL_TUNNEL_H
#define FSK_DIAL_TUNNEL_H

#include "op/dial.h"

/* Where the realms of an HTTP proxy are, for tunnels and for plain requests. */
struct fsk_challenger_at fsk_dial_at_proxy(const struct fsk_dialer *dialer,
                                           const struct fsk_proxy *proxy);

/* Put CONNECT on the dial's stream, whose top is NULL if memory is out. */
void fsk_dial_tunnel(struct fsk_dial *d, struct fsk_proxy_target *to);

/* The layer on top has failed: whether it is to be dialled again, since the proxy's challenge can
 * be met. */
bool fsk_dial_tunnel_again(struct fsk_dial *d);

/* Why it has failed, half a sentence; NULL: who we are has nothing to do with it. */
const char *fsk_dial_tunnel_hint(const struct fsk_dial *d);

/* It is open. */
void fsk_dial_tunnel_opened(struct fsk_dial *d);

#endif
