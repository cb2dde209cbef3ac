/*
 * peer_h2.h - servers of HTTP/2 with bad manners, for peer.c: frames are written by hand (RFC 9113
 * 4.1), so that they can be half ones.
 */
#ifndef MATRIX_PEER_H2_H
#define MATRIX_PEER_H2_H

/* After its settings and the request's head, except where it is said. */
enum h2_manner {
    H2_SILENT,      /* not even settings */
    H2_MUTE,        /* no answer */
    H2_PINGS,       /* a PING each tenth of a second, and no answer */
    H2_HALF_FRAME,  /* a frame of the header, a byte of it each tenth of a second */
    H2_CONTINUED,   /* a field of the header each tenth of a second, in a frame of its own */
    H2_REFUSED,     /* RST_STREAM */
    H2_GONE,        /* GOAWAY: it has taken no request */
    H2_HALF_BODY,   /* the header and a piece of the body, and no more */
    H2_BYTES,       /* a byte of the body each tenth of a second */
    H2_EMPTY,       /* DATA without bytes each tenth of a second */
    H2_CUT,         /* the end in the middle of the body */
    H2_SHUT_WINDOW, /* room for nothing of the request's body */
    H2_DEAF         /* room for all of it; but it is not read */
};

/* Serve one connection, until it is over. */
void serve_h2(int fd, enum h2_manner manner);

#endif
