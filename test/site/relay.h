/* relay.h: joins a client's connection with one to a server behind it: the heart of the proxies. */
#ifndef SITE_RELAY_H
#define SITE_RELAY_H

#include "conn.h"

/* The address behind a name: addresses stand for themselves, localhost and *.site.test are
 * 127.0.0.1. NULL: unknown. name may have brackets around an IPv6 address. */
const char *relay_resolve(const char *name, char ip[64]);

/* Connects to ip and port on behalf of c. Later calls done(c, true), after which the caller says
 * its good news and calls relay_join; or done(c, false): the server refused. c's input is left
 * unread until then. */
void relay_connect(struct conn *c, const char *ip, int port, void (*done)(struct conn *, bool));

/* From now on all bytes go through, in both directions, until both have ended. */
void relay_join(struct conn *c);

#endif
