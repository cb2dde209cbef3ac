/*
 * tls.h - TLS by OpenSSL 3, as a layer on any other layer.
 *
 * A struct fsk_tls_config is made once, from the caller's options, and shared by all connections
 * with those options, which it must outlive; it remembers sessions by host and port, so that later
 * handshakes resume. A peer that ends its stream without close_notify gives FSOCK_ERR_TRUNCATED,
 * not FSOCK_EOF.
 *
 * A config costs 3 ms of CPU time when it is the process' first: make it when TLS is needed.
 */
#ifndef FSK_TLS_H
#define FSK_TLS_H

#include "net/layer.h"

struct fsk_tls_config;

/*
 * From ca_file, cert_file, key_file, insecure, tls_min, tls_max and keylog_file. `alpn` is the list
 * to offer, in wire form (length byte, name), borrowed for the config's life; or empty. NULL with
 * the fault filled in (FSOCK_ERR_TLS_LOCAL, FSOCK_ERR_INPUT) if a file or a version can't be used.
 * A tls_min below "1.2" also allows the weak signatures and keys that go with it.
 */
struct fsk_tls_config *fsk_tls_config_new(const struct fsock_options *options, struct fsk_span alpn,
                                          struct fsock_fault *fault);
void fsk_tls_config_free(struct fsk_tls_config *config);

/*
 * A client layer over `below`, which it owns from here on, even if it fails (NULL: out of memory).
 * `host` is the name (SNI and check) or IP literal (check only) of the peer, without brackets or
 * zone; with `port` it is the key of the session cache.
 */
struct fsk_layer *fsk_tls_new(struct fsk_layer *below, struct fsk_tls_config *config,
                              struct fsk_span host, uint16_t port);

#endif
