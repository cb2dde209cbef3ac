/*
 * dial.h - from a target to an open stream: look up, race the addresses, go through the proxies,
 * put TLS on top. An inner op.
 *
 * The race is Happy Eyeballs (RFC 8305): the next address starts when the one before has failed, or
 * has said nothing for 250 ms; the first to connect wins. Every address that was tried, and how
 * it failed, goes into the fault. Addresses that the guard forbids are passed over.
 */
#ifndef FSK_DIAL_H
#define FSK_DIAL_H

#include "net/proxy.h"
#include "net/sock.h"
#include "net/stream.h"
#include "net/tls.h"
#include "op/challenger.h"
#include "op/connect.h"
#include "op/dial_guard.h"
#include "op/op.h"
#include "op/resolve.h"

/* What dials share: how sockets are opened, from the caller's options. */
struct fsk_dialer {
    struct fsk_resolver *resolver;
    struct fsk_tls_config *tls; /* borrowed; to be set by the owner if anything needs it */
    struct fsk_bind bind;
    int family;
    struct fsk_tuning tuning;
    struct fsk_guard guard;
    char path[FSK_SOCKADDR_TEXT]; /* whatever the target, connect to this unix socket, */
    size_t path_n;                /* abstract with a leading NUL; 0: there is none */
    enum fsock_auth proxy_auth;   /* how HTTP proxies are told who we are */
    struct fsk_realms *realms;    /* theirs, borrowed; NULL: each dial is asked anew */
    bool http2;                   /* `tls` offers it, which is not for each peer, nor for a proxy */
    bool alone;                   /* nobody will give back a descriptor: don't wait for one */
};

/*
 * Copies what it needs. Errors: FSOCK_ERR_INPUT, FSOCK_ERR_MEMORY and so on, with the fault filled
 * in. To be freed in every case.
 */
enum fsock_err fsk_dialer_init(struct fsk_dialer *dialer, const struct fsock_options *options,
                               struct fsk_driver *driver, struct fsock_fault *fault);
void fsk_dialer_fini(struct fsk_dialer *dialer);

enum fsk_proxy_kind {
    FSK_PROXY_NONE,
    FSK_PROXY_HTTP,    /* CONNECT, or plain requests in absolute form (no handshake) */
    FSK_PROXY_SOCKS5,  /* names are looked up here */
    FSK_PROXY_SOCKS5H, /* names are looked up there */
    FSK_PROXY_SOCKS4,  /* names are looked up here; IPv4 only */
    FSK_PROXY_SOCKS4A  /* names are looked up there; no IPv6 addresses */
};

/* A proxy to go through. Spans are borrowed. */
struct fsk_proxy {
    enum fsk_proxy_kind kind;
    bool tls; /* https:// proxies: TLS to the proxy itself */
    struct fsk_span host;
    uint16_t port;
    struct fsk_span user, password;
};

/* What SOCKS4 and SOCKS4a have in common: no IPv6 addresses, no passwords. */
static inline bool fsk_proxy_is_socks4(const struct fsk_proxy *p)
{
    return p->kind == FSK_PROXY_SOCKS4 || p->kind == FSK_PROXY_SOCKS4A;
}

/* Where to. Spans are borrowed for the life of the dial; hosts come without brackets. */
struct fsk_target {
    struct fsk_span host;
    uint16_t port;
    struct fsk_span path; /* a unix socket instead of host and port (abstract: leading NUL) */
    bool datagrams;
    bool tls;
    const char *tls_version;  /* this one alone, "1.2"; NULL: as the dialer has it */
    bool http1;               /* of the protocols that the dialer offers by ALPN, http/1.1 alone */
    struct fsk_span tls_name; /* whom the certificate must name; empty: the host */
    struct fsk_proxy proxy;
    bool tunnel; /* through an HTTP proxy: CONNECT; false: the proxy itself is the peer */
};

#define FSK_RACERS_MAX 4 /* attempts under way at once */

enum fsk_dial_state {
    FSK_DIAL_NAME, /* the target's name is looked up, for a SOCKS proxy that gets addresses only */
    FSK_DIAL_RACE, /* names and addresses are being tried: no stream yet */
    FSK_DIAL_LAYERS, /* a socket is connected; the layers on top are opening */
    FSK_DIAL_OPEN    /* the stream is ready to be taken */
};

struct fsk_dial {
    struct fsk_op op;
    struct fsk_dialer *dialer;
    const struct fsk_target *target;
    struct fsock_fault *fault;
    enum fsk_dial_state state;

    struct fsk_resolve resolve;
    bool resolving;                            /* `resolve` is initialised */
    bool resolved;                             /* ... and over: no more addresses will come */
    unsigned next;                             /* the address to try next */
    fsock_time next_at;                        /* when, unless the last one fails before */
    struct fsk_connect *racer[FSK_RACERS_MAX]; /* NULL: free */
    fsock_time no_more_at; /* when to stop hoping for more addresses; 0: some are left */
    int last_errno;

    char named[FSK_ADDR_TEXT];   /* the target's address, in words, if FSK_DIAL_NAME found one */
    struct fsk_challenger proxy; /* of a tunnel */
    unsigned layer;              /* how many of the layers above the socket have been put on */
    struct fsk_stream stream;
    fsock_time started, looked_up, connected, secured; /* when each stage was over; 0: not */
};

void fsk_dial_init(struct fsk_dial *d, struct fsk_dialer *dialer, const struct fsk_target *target,
                   fsock_time deadline, struct fsock_fault *fault);

/* Closes whatever is open, the stream too unless it was taken (d->stream.top set to NULL). */
void fsk_dial_fini(struct fsk_dial *d);

#endif
