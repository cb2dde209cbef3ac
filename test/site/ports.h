/* ports.h: what the services of the table (services.c) do when a connection comes. */
#ifndef SITE_PORTS_H
#define SITE_PORTS_H

#include "service.h"

/* http.c */
void accepted_http(struct conn *c);

/* ports_tcp.c: bare TCP manners. */
void accepted_mute(struct conn *c);  /* reads, says nothing */
void accepted_drip(struct conn *c);  /* a byte of an HTTP head each half second, for ever */
void accepted_reset(struct conn *c); /* RST at once */
void accepted_fin(struct conn *c);   /* FIN at once */
void accepted_deaf(struct conn *c);  /* never reads */
int open_backlog(struct service *s); /* connects hang: the accept queue is full */
int open_refused(struct service *s); /* bound, does not listen */
int open_stopread(struct service *s);
int open_hang6(struct service *s); /* connects hang on ::1, are answered on 127.0.0.1 */
int open_hang4(struct service *s); /* the other way round */

/* ports_tls.c: manners in the TLS handshake. */
void accepted_tls_reset(struct conn *c);   /* RST when the ClientHello comes */
void accepted_tls_fin(struct conn *c);     /* FIN when it comes */
void accepted_tls_alert(struct conn *c);   /* answers it with a fatal alert */
void accepted_tls_garbage(struct conn *c); /* answers it with noise */
void accepted_tls_drip(struct conn *c);    /* answers it rightly, a byte each half second */

/* dns.c: name servers, on UDP and TCP. */
int open_dns(struct service *s);
int open_dns_mute(struct service *s);
int open_dns_refused(struct service *s);
int open_dns_garbage(struct service *s);
void accepted_dns(struct conn *c);

/* socks.c and proxy.c: proxies. */
void accepted_socks(struct conn *c);
void accepted_socks_auth(struct conn *c);
void accepted_socks_refuse(struct conn *c);
void accepted_socks_drip(struct conn *c);
void accepted_socks4(struct conn *c);
void accepted_socks4_refuse(struct conn *c);
void accepted_socks4_drip(struct conn *c);
void accepted_proxy(struct conn *c);
void accepted_proxy_auth(struct conn *c);
void accepted_proxy_403(struct conn *c);
void accepted_proxy_drip(struct conn *c);

#endif
