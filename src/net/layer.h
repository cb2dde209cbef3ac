/*
 * layer.h - a stack of layers is a stream of bytes: tls over socks5 over tcp.
 *
 * Every layer speaks the same six calls, to the layer above and to the one below. None of them
 * sleeps: a call that can't go on returns FSOCK_AGAIN and has said in `wait` what to wait for.
 * EINTR and EAGAIN never leave the bottom layer. A layer owns the one below and frees it.
 *
 * Edge-triggered drivers: recv returns FSOCK_AGAIN only when the kernel's buffer is empty, so
 * whoever waits must have called recv (or send) until FSOCK_AGAIN. A layer with bytes inside (TLS)
 * gives them before it asks to wait.
 */
#ifndef FSK_LAYER_H
#define FSK_LAYER_H

#include <stdbool.h>

#include <fsock.h>

#include "base/span.h"
#include "base/wait.h"
#include "net/sock.h"

struct fsk_layer;

enum {
    FSK_IO_PEEK = 1,   /* recv: leave the bytes where they are */
    FSK_IO_OOB = 2,    /* the out-of-band byte */
    FSK_IO_SECRET = 8, /* passwords that no mask would find: no trace that masks may keep them */
    FSK_IO_DISCARD = 4 /* recv: throw the bytes away; buf is FSK_SCRATCH_SIZE bytes, whatever cap */
};

/* How much may be received into buf, by a layer that can't throw bytes away unseen. */
static inline size_t fsk_layer_room(size_t cap, int flags)
{
    return flags & FSK_IO_DISCARD && cap > FSK_SCRATCH_SIZE ? FSK_SCRATCH_SIZE : cap;
}

/* What a stack knows of itself; each layer fills in its part and asks the one below. */
struct fsk_layer_info {
    int fd;
    struct fsk_addr local, remote; /* of the socket; family 0 for unix */
    const char *tls_version;       /* "TLSv1.3", or NULL without TLS; of the top TLS layer */
    const char *tls_cipher;
    const char *tls_group; /* of the key exchange: "x25519"; NULL if there was none */
    const char *alpn;      /* "" if none was agreed */
    bool tls_resumed;
    long verify_result; /* X509_V_ERR_*, 0 = fine or no TLS */
    /* Of a stream that shares its connection with others (op/h2.h): */
    bool shared;              /* it does: the socket's options are not its own */
    bool untaken;             /* it failed, and the peer has done nothing with what was sent */
    struct fsk_span trailers; /* field lines that came behind the body */
};

struct fsk_layer_ops {
    const char *name;

    /*
     * Go on with the opening: the socket's connect, the proxy's or TLS' handshake. The layers below
     * are open. FSOCK_OK when open, then not called again.
     */
    enum fsock_err (*connect)(struct fsk_layer *, struct fsk_wait *wait);

    /*
     * Receive up to `cap` (> 0) bytes; *n > 0 of them with FSOCK_OK. FSOCK_EOF: an orderly end
     * (FIN; under TLS close_notify). A datagram layer may give *n = 0 and, if there is no room for
     * the whole datagram, *n > cap, its size: the rest is lost. It gives the sender in `from` (may
     * be NULL).
     */
    enum fsock_err (*recv)(struct fsk_layer *, void *buf, size_t cap, size_t *n, int flags,
                           struct fsk_sockaddr *from, struct fsk_wait *wait);

    /*
     * Send up to `len` (> 0) bytes; *n > 0 of them are taken with FSOCK_OK. After FSOCK_AGAIN the
     * next send begins with the same bytes and brings no fewer: TLS has them sealed already. `to`
     * only for datagrams.
     */
    enum fsock_err (*send)(struct fsk_layer *, const void *buf, size_t len, size_t *n, int flags,
                           const struct fsk_sockaddr *to, struct fsk_wait *wait);

    /* No more will be sent (FIN, close_notify). */
    enum fsock_err (*shut)(struct fsk_layer *, struct fsk_wait *wait);

    void (*info)(struct fsk_layer *, struct fsk_layer_info *);

    /* At once, without waiting; tells the driver before the descriptor is closed. */
    void (*free)(struct fsk_layer *);
};

/* The part that all layers share; the first member of each. */
struct fsk_layer {
    const struct fsk_layer_ops *ops;
    struct fsk_layer *below;   /* NULL for a socket */
    struct fsk_driver *driver; /* told before a descriptor is closed */
    bool datagrams;            /* an error concerns one of them, and does not end the stream */
    enum fsock_stage stage;    /* where a failure of its connect belongs: CONNECT, PROXY, TLS */
    int sys_errno;             /* of the error that was returned; 0 if no system call failed */
    char detail[200];          /* what went wrong, in words, for errors other than SYSTEM; or "" */
};

/* Free a whole stack; NULL is fine. */
static inline void fsk_layer_free(struct fsk_layer *l)
{
    if (l)
        l->ops->free(l);
}

/* Take over what the layer below says of its failure. Returns err. */
enum fsock_err fsk_layer_fail_as_below(struct fsk_layer *l, enum fsock_err err);

/* Set detail and errno; returns err. */
enum fsock_err fsk_layer_fail(struct fsk_layer *l, enum fsock_err err, int sys_errno,
                              const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
