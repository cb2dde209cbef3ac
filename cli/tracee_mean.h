/*
 * tracee_mean.h - what the system calls of a traced program mean: marks of what goes on.
 *
 * Fed each call that has to do with a socket, in order, with the bytes that it has moved, it writes
 * marks of the other kinds (fsock/trace.h) between those of the calls:
 *
 *  - A lookup: a DNS query by UDP or TCP to port 53 begins one, the answers to its A and AAAA
 *    question end it. A connection to an address that it has told goes on under its id.
 *  - A connection: from connect(2), or accept(2), to the last close(2) of it.
 *  - HTTP/1 without TLS: each request and its response, one after the other under ids of their own.
 *    Of a connection that was accepted the request comes in and the response goes out.
 *  - TLS: the handshake, as far as it can be read without keys.
 *
 * All that is remembered is bounded; whatever is not understood has marks of its calls only.
 */
#ifndef FSOCK_CLI_TRACEE_MEAN_H
#define FSOCK_CLI_TRACEE_MEAN_H

#include <stdbool.h>
#include <stdint.h>

#include <fsock.h>

#include "tracee_conn.h"
#include "wire/dname.h"

#define MEAN_LOOKUPS   64 /* so many names are remembered with their addresses */
#define MEAN_ADDRESSES 16

/* A name that was asked for. */
struct mean_lookup {
    uint64_t id; /* 0: the place is free */
    uint64_t connection;
    fsock_time ended; /* 0: it goes on */
    unsigned open;    /* questions that are not answered, a bit for each type */
    bool claimed;     /* a connection has been made of it */
    bool done;        /* and that has ended */
    bool connected;
    int sys_errno; /* how the last connect has failed */
    unsigned addresses;
    struct fsk_addr address[MEAN_ADDRESSES];
    char name[FSK_DNAME_TEXT], rcode[16];
};

/* Who does what is being told of. */
struct tracee_moment {
    pid_t tid;
    fsock_time at;
};

struct tracee_mean {
    fsock_trace *queue; /* where the marks go; borrowed */
    bool secrets;       /* mask nothing */
    struct tracee_moment moment;
    uint64_t ids;
    unsigned newest; /* the lookup that began last */
    struct mean_lookup lookup[MEAN_LOOKUPS];
};

void tracee_mean_init(struct tracee_mean *mean, fsock_trace *queue, bool secrets);

/* connect(2) begins; and it has ended, or SO_ERROR has told how. */
void tracee_mean_connect(struct tracee_mean *mean, struct tracee_conn *conn,
                         const struct fsk_sockaddr *to);
void tracee_mean_connected(struct tracee_mean *mean, struct tracee_conn *conn, int sys_errno);

void tracee_mean_accepted(struct tracee_mean *mean, struct tracee_conn *conn,
                          const struct fsk_sockaddr *peer);

/*
 * n bytes have gone out, or come in, of which `bytes` are known, the first ones. `peer` is that of
 * a datagram, or NULL. Of datagrams each is told by itself.
 */
void tracee_mean_moved(struct tracee_mean *mean, struct tracee_conn *conn, bool out,
                       struct fsk_span bytes, uint64_t n, const struct fsk_sockaddr *peer);

/* The peer has ended its direction, or (sys_errno) the connection has failed. */
void tracee_mean_ended(struct tracee_mean *mean, struct tracee_conn *conn, int sys_errno);

/* Its last descriptor is closed. */
void tracee_mean_gone(struct tracee_mean *mean, struct tracee_conn *conn);

/* The program has ended. */
void tracee_mean_finish(struct tracee_mean *mean);

#endif
