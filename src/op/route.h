/*
 * route.h - by which proxy a request goes, or by none: the caller's options, the environment, and
 * the list of those who need no proxy.
 *
 * options->proxy is for every request; "" means none. If it is NULL and proxy_from_environment is
 * set, the environment says, in curl's way: http_proxy for http (in lower case only: a web server
 * that runs CGI programs makes HTTP_PROXY out of a request's field), https_proxy or HTTPS_PROXY
 * for https, else all_proxy or ALL_PROXY. An empty variable counts as none. Likewise no_proxy or
 * NO_PROXY if options->no_proxy is NULL, whoever named the proxy.
 *
 * A proxy is `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`; what follows the port is ignored. No
 * scheme means http. socks:// is socks5://. The port is 443 for https, else 1080. User and password
 * are percent-decoded, also those of options->proxy_user, which is used where the proxy's URL
 * names none. SOCKS4 has no passwords: to give it one is an error, since whoever does believes
 * that it protects something.
 *
 * no_proxy is a list of hosts (wire/hostlist.h). localhost and the loopback addresses are not
 * special: they go by the proxy unless they are in the list.
 *
 * They also know who is to be asked by https alone (options->hsts).
 */
#ifndef FSK_ROUTE_H
#define FSK_ROUTE_H

#include "op/dial.h"

struct fsk_routes;

/*
 * Copies what it needs from the options. NULL with the fault filled in: FSOCK_ERR_INPUT, stage
 * NONE, for a proxy that can't be used (the sentence never holds a password); FSOCK_ERR_MEMORY.
 */
struct fsk_routes *fsk_routes_new(const struct fsock_options *options, struct fsock_fault *fault);

/* NULL is fine. The proxies that were found are gone with it. */
void fsk_routes_free(struct fsk_routes *routes);

/* Whether http to this host is to become https. */
bool fsk_routes_secure(const struct fsk_routes *routes, struct fsk_span host);

/* The proxy for a request to host (without brackets) and port, or NULL: directly. */
const struct fsk_proxy *fsk_routes_find(const struct fsk_routes *routes, bool https,
                                        struct fsk_span host, uint16_t port);

#endif
