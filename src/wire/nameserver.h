/*
 * nameserver.h - a name server as people write it: where it is, and how it is asked.
 *
 *     192.0.2.53  192.0.2.53:5353  2001:db8::53  [2001:db8::53]:5353  ns.example  ns.example:5353
 *     tcp://192.0.2.53  tls://dns.example  tls://192.0.2.53:853#dns.example  udp://192.0.2.53
 *
 * What stands behind # is the name that a TLS server's certificate must be for.
 */
#ifndef FSK_NAMESERVER_H
#define FSK_NAMESERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

enum fsk_by { FSK_BY_UDP, FSK_BY_TCP, FSK_BY_TLS };

struct fsk_nameserver_text {
    enum fsk_by transport;
    struct fsk_span host;   /* a name or an IP address, without brackets, perhaps with a zone */
    uint16_t port;          /* 53, or 853 by TLS, if none is given */
    struct fsk_span verify; /* empty: the host */
};

/* NULL, or why it is no name server: half a sentence. The spans point into the text. */
const char *fsk_nameserver_parse(struct fsk_nameserver_text *ns, struct fsk_span text);

#endif
