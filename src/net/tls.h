/*
 * tls.h - TLS by OpenSSL 3, as a layer on any other layer.
 *
 * A struct fsk_tls_config is made once, from the caller's options, and shared by all connections
 * with those options; each of them holds a reference. A peer that ends its stream without
 * close_notify gives FSOCK_ERR_TRUNCATED, not FSOCK_EOF.
 *
 * Threads: references to any config may be taken and dropped in any thread. A client's config
 * remembers sessions by host and port, so that later handshakes resume, and reads the system's
 * roots when they are needed: it and its connections belong to one thread at a time. A server's
 * config does not change once it is made: its connections may be in many threads, each of them in
 * one at a time.
 *
 * A layer may be put on any open layer, also on one that has carried other bytes (STARTTLS): then
 * nothing of TLS may have been received yet. It is opened by connect(), as all layers are; recv,
 * send and shut are for the time after.
 *
 * Half close: shut() sends close_notify and receiving goes on; when recv has said FSOCK_EOF,
 * sending goes on. A send that has said FSOCK_AGAIN has to be finished before shut(), since a
 * record is half sent.
 *
 * A client's config costs 3 ms of CPU time when it is the process' first: make it when TLS is
 * needed.
 */
#ifndef FSK_TLS_H
#define FSK_TLS_H

#include "net/layer.h"

struct fsk_tls_config;

/*
 * For clients. From ca_file, cert_file, key_file, insecure, tls_min, tls_max and keylog_file.
 * `alpn` is the list to offer, in wire form (see tls_alpn.h), or empty; it is copied. NULL with the
 * fault filled in (FSOCK_ERR_TLS_LOCAL, FSOCK_ERR_INPUT) if a file or a version can't be used. A
 * tls_min below "1.2" also allows the weak signatures and keys that go with it.
 */
struct fsk_tls_config *fsk_tls_config_new(const struct fsock_options *options, struct fsk_span alpn,
                                          struct fsock_fault *fault);

/*
 * For servers, from the same options: cert_file and the key are the server's own and must be there.
 * With ca_file each client has to show a certificate that chains to it, else its handshake fails
 * with FSOCK_ERR_CERT. `alpn` is what to choose from, best first: a client that offers protocols,
 * but none of these, is refused; one that offers none at all is not.
 */
struct fsk_tls_config *fsk_tls_config_new_server(const struct fsock_options *options,
                                                 struct fsk_span alpn, struct fsock_fault *fault);

/*
 * A client's, before its first connection: resume no session. A handshake that resumes one does not
 * show the peer's certificate, which may be another by now.
 */
void fsk_tls_config_forgetful(struct fsk_tls_config *config);

/* One more reference; returns the config. */
struct fsk_tls_config *fsk_tls_config_ref(struct fsk_tls_config *config);

/* Drop a reference; the last one frees. NULL is fine. */
void fsk_tls_config_free(struct fsk_tls_config *config);

/*
 * A client layer over `below`, which it owns from here on, even if it fails (NULL: out of memory).
 * `host` is the name (SNI and check) or IP literal (check only) of the peer, without brackets; with
 * `port` it is the key of the session cache.
 */
struct fsk_layer *fsk_tls_new(struct fsk_layer *below, struct fsk_tls_config *config,
                              struct fsk_span host, uint16_t port);

/*
 * Before connect(): speak this version alone ("1.0" to "1.3"), whatever the config says. The old
 * ones bring the weak signatures and keys that go with them.
 */
void fsk_tls_only(struct fsk_layer *client, const char *version);

/* Before connect(): of the protocols that the config offers, these alone, in wire form. */
void fsk_tls_offer(struct fsk_layer *client, struct fsk_span alpn);

/* A server layer, likewise; `config` is a server's. */
struct fsk_layer *fsk_tls_new_server(struct fsk_layer *below, struct fsk_tls_config *config);

#endif
