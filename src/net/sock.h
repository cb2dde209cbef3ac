/*
 * sock.h - sockets made, bound and connected, and the names that they have.
 *
 * All sockets are non-blocking and close-on-exec. Errors are errno numbers (0 = fine): the callers
 * put them into words. Calls are marked in `trace`, which may be NULL.
 */
#ifndef FSK_SOCK_H
#define FSK_SOCK_H

#include <stdbool.h>
#include <sys/socket.h>

#include <fsock.h>

#include "net/sockopt.h"
#include "wire/addr.h"

/* Where a socket goes, or comes from: an IP address, or a unix path (abstract: leading NUL). */
struct fsk_sockaddr {
    struct sockaddr_storage ss;
    socklen_t len;
};

/* Room for any socket's name as text, with its NUL: a path is the longest. */
#define FSK_SOCKADDR_TEXT 120

/* The port is addr's. */
void fsk_sockaddr_from_addr(struct fsk_sockaddr *sa, const struct fsk_addr *addr);

/* ENAMETOOLONG above 107 bytes, EINVAL if empty or with a NUL other than the first byte. */
int fsk_sockaddr_from_path(struct fsk_sockaddr *sa, struct fsk_span path);

/*
 * A path as people write it becomes one as the kernel wants it, in `room`: the @ of an abstract
 * name is a NUL. Empty if there is no room for it.
 */
struct fsk_span fsk_sock_path(char room[FSK_SOCKADDR_TEXT], struct fsk_span path);

/* family 0 if it is no IP address. */
void fsk_sockaddr_to_addr(struct fsk_addr *addr, const struct fsk_sockaddr *sa);

/*
 * "192.0.2.1:80", "[::1]:80", a path, "@name" of an abstract one; "" for none. Control bytes become
 * a question mark.
 */
void fsk_sockaddr_format(const struct fsk_sockaddr *sa, char out[FSK_SOCKADDR_TEXT]);

/* The socket's own name, and its peer's; "none" (family 0) if it has none. */
void fsk_sock_local(fsock_trace *trace, int fd, struct fsk_sockaddr *sa);
void fsk_sock_peer(fsock_trace *trace, int fd, struct fsk_sockaddr *sa);

/* Where connections come from: nothing, an address with or without a port, or an interface. */
struct fsk_bind {
    struct fsk_addr addr[2]; /* for IPv4 and for IPv6; family 0: not bound */
    char interface[16];      /* SO_BINDTODEVICE; "" for none */
};

/*
 * "192.0.2.1", "192.0.2.1:99", "::1", "[::1]:99", "0:99" (any address, that port), "0" (any at
 * all), or an interface's name. FSOCK_ERR_INPUT with the fault filled in if it is none of these.
 */
enum fsock_err fsk_bind_parse(struct fsk_bind *bind, const char *text, struct fsock_fault *fault);

/* The number of the interface with this name (a zone: "eth0"), or 0. */
unsigned fsk_sock_interface(struct fsk_span name);

/* A new socket; *fd is -1 on error. type: SOCK_STREAM, SOCK_DGRAM. `id` is for marks. */
int fsk_sock_new(fsock_trace *trace, uint64_t id, int family, int type, int *fd);

/* A name of its own for a unix socket (unix(7), autobind), so that datagrams can be answered. */
int fsk_sock_autobind(fsock_trace *trace, int fd);

/* Apply what `bind` says for this family; NULL or nothing for the family: does nothing. */
int fsk_sock_bind(fsock_trace *trace, int fd, int family, const struct fsk_bind *bind);

/*
 * A new socket bound to this address; "every address" of IPv6 is that of both families, and IPv4's
 * where there is no IPv6. Streams get SO_REUSEADDR. 0, or errno, and then *fd is -1.
 */
int fsk_sock_new_at(fsock_trace *trace, const struct fsk_sockaddr *sa, int type,
                    const struct fsk_tuning *tuning, int *fd);

/* Call it readable from so many bytes on (SO_RCVLOWAT), or at its end. Best effort: 1 is usual. */
void fsk_sock_lowat(fsock_trace *trace, int fd, int bytes);

/* connect(2): 0, EINPROGRESS, or the error. */
int fsk_sock_connect(fsock_trace *trace, int fd, const struct fsk_sockaddr *to);

/* TCP_INFO. False: it is no TCP socket, or not connected. */
bool fsk_sock_tcp(fsock_trace *trace, int fd, struct fsock_tcp *tcp);

/*
 * Whether the peer's machine has acknowledged all that was sent; also true of what is no TCP.
 * *acked is how many bytes it has, or 0.
 */
bool fsk_sock_arrived(fsock_trace *trace, int fd, uint64_t *acked);

/* SO_ERROR, cleared by reading it. */
int fsk_sock_error(fsock_trace *trace, int fd);

/*
 * The source address that the kernel would use towards `to` (RFC 6724 needs it), by a connected UDP
 * socket that sends nothing. false: no route.
 */
bool fsk_sock_source(fsock_trace *trace, const struct fsk_addr *to, struct fsk_addr *source);

#endif
