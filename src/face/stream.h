/*
 * stream.h - what the files of the face that know streams share: the struct behind fsock_stream,
 * and how its calls run and fail.
 */
#ifndef FSK_FACE_STREAM_H
#define FSK_FACE_STREAM_H

#include <fsock.h>

#include "drive/run.h"
#include "face/boundpath.h"
#include "net/stream.h"
#include "net/tls.h"
#include "op/io.h"
#include "wire/endpoint.h"

#define FSK_STREAM_READ ((size_t)256 * 1024) /* bytes read ahead at most */

struct fsock_stream {
    struct fsk_run run;
    struct fsk_stream stream;
    struct fsk_buf in;   /* received and not yet read */
    size_t half_line;    /* bytes of it in which a read without waiting found no whole line */
    struct fsk_buf owed; /* written, and sealed by TLS, but not yet sent */
    enum fsk_transport transport;
    bool foreign;  /* of fsock_open_fd() */
    bool file;     /* ... and no socket */
    bool accepted; /* of a listener: the server's side of TLS */
    bool shaking;  /* a handshake is to be done before anything else */
    bool shut;     /* no more will be written */
    char *name;    /* the target as given, for sentences; or "" */
    char *host;    /* whom it was opened to, for TLS; NULL: nobody */
    uint16_t port;
    struct fsk_tls_config *tls; /* of the top TLS layer, maybe one to a proxy; NULL without TLS */
    fsock_time deadline;
    int64_t silence;
    struct fsock_fault fault;
    enum fsock_reach reach;
    bool asked; /* a datagram was sent, maybe an empty one */
    bool timed_out;
    uint64_t received, sent;
    uint64_t id; /* for marks */

    /* What fsock_inspect() and fsock_certificate() have given out. */
    struct fsock_stream_info info;
    char local[FSK_SOCKADDR_TEXT], peer[FSK_SOCKADDR_TEXT];
    struct fsock_cert *cert;

    struct fsk_bound_path path; /* of fsock_bind() */
    char *key; /* of a pool: what makes two streams the same; NULL: it is of none */
};

/* Out of memory: NULL, and the fault says so. `name` is copied. */
fsock_stream *fsk_face_stream_new(const char *name, enum fsk_transport transport,
                                  fsock_trace *trace, struct fsock_fault *fault);

/* Run an op of one call to its end, or with FSOCK_NOW as far as it goes. */
enum fsock_err fsk_face_run(fsock_stream *s, struct fsk_io *io, fsock_time deadline);

/* Where what it does is marked; NULL: nowhere. */
static inline fsock_trace *fsk_face_trace(const fsock_stream *s)
{
    return s->run.sched.driver.trace;
}

/* Note that so many bytes have been received. */
void fsk_face_received(fsock_stream *s, uint64_t bytes);

/* The handshake is over, and has gone well. */
void fsk_face_shaken(fsock_stream *s);

/* A handshake that is still to be done comes first. FSOCK_OK if there is none. */
enum fsock_err fsk_face_shake(fsock_stream *s, fsock_time deadline);

/*
 * Note how a call has ended, in a fault of the stream's if it is an error. Returns err. `io` says
 * how far it came; NULL: not at all.
 */
enum fsock_err fsk_face_done(fsock_stream *s, enum fsock_err err, enum fsock_stage stage,
                             const struct fsk_io *io);

/* The same for an error that no op has met. */
enum fsock_err fsk_face_fail(fsock_stream *s, enum fsock_err err, enum fsock_stage stage,
                             int sys_errno, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Whether bytes can go out of band: plain TCP alone has any. */
static inline bool fsk_face_has_oob(const fsock_stream *s)
{
    return s->transport == FSK_TCP && !s->tls && !s->file;
}

/*
 * A send was given up in the middle: under TLS the first of these bytes are sealed, and will be
 * sent. They are owed from now on; the number says how many.
 */
size_t fsk_face_owe(fsock_stream *s, const char *p, size_t n);

#endif
