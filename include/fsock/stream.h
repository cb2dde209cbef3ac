/*
 * fsock/stream.h - a socket to anything: opened, listened for, read and written under deadlines. A
 * part of <fsock.h>.
 *
 * Targets are written TRANSPORT://HOST:PORT, and without a transport mean tcp:
 *
 *   tcp udp          tcp://example.org:80, udp://192.0.2.53:53, [2001:db8::7]:80
 *   tls              tls://example.org:443; ssl is the same; the peer's certificate is checked
 *   tlsv1.0 to tlsv1.3   TLS of that version only
 *   unix udg         unix:///run/app.sock and udg:///dev/log, streams and datagrams; a name that
 *                    begins with @ is abstract (unix(7))
 *
 * The port can be an argument of its own; one that stands in the target counts. What follows it
 * after a slash is not looked at. An IPv6 address with a port has brackets. Text that is none of
 * this is FSOCK_ERR_INPUT, with a sentence that says what is wrong.
 *
 * A stream's calls return FSOCK_OK or an error, which fsock_last_fault() describes. Errors stay: a
 * stream that has failed says so again, for ever. Not so the time being up (FSOCK_ERR_TIMEOUT):
 * the next call may go well. Nor errors of datagrams: each is told once.
 *
 * Three limits hold for each call, of which the first to strike counts: its `deadline`; the
 * stream's own deadline (fsock_set_deadline), which covers all calls together; and silence, the
 * time in which nothing at all moves (options.read_timeout, fsock_set_silence). A peer that drips
 * can extend the last one only. With FSOCK_NOW as its deadline a call does what it can at once, and
 * is FSOCK_AGAIN if that is nothing.
 */
#ifndef FSOCK_STREAM_H
#define FSOCK_STREAM_H

#include <stdarg.h>
#include <stdio.h>

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FSOCK_PRINTF(at, first) __attribute__((format(printf, at, first)))
#else
#define FSOCK_PRINTF(at, first)
#endif

/* The transports that there are, as written in targets; ends with NULL. */
FSOCK_API const char *const *fsock_transports(void);

/* ---- PHP's call ------------------------------------------------------------------------------ */

/*
 * Open a stdio stream to `target`, to be read, written and closed as any other. `port` 0: it stands
 * in the target. Opening, name lookup included, ends after `seconds` (-1: no limit; 0 is taken as a
 * millisecond); then silence may last 60 s, see fsock_of(). NULL with the fault filled in (it may
 * be NULL); errno is then the fault's sys_errno, which is 0 if no system call failed.
 *
 * The stream does not seek, but for what stdio has to do when it turns from reading to writing. A
 * limit that strikes is an error of the stream (ferror, errno ETIMEDOUT), which clearerr() clears.
 */
FSOCK_API FILE *fsockopen(const char *target, int port, struct fsock_fault *fault, double seconds);

/* ---- Opening and closing --------------------------------------------------------------------- */

typedef struct fsock_stream fsock_stream;

/*
 * Open a stream: look up the name, try its addresses, go through options->proxy, shake hands.
 * `options` may be NULL; their connect_timeout is a limit besides the deadline. *stream is NULL
 * unless FSOCK_OK is returned; else the fault says why (it may be NULL). Opening a datagram socket
 * sends nothing: whether anybody is there shows later, see enum fsock_reach.
 */
FSOCK_API enum fsock_err fsock_open(fsock_stream **stream, const char *target, int port,
                                    const struct fsock_options *options, fsock_time deadline,
                                    struct fsock_fault *fault);

/*
 * A stream on a descriptor that is open already: a socket, pipe, terminal or file, read and written
 * at its own position. With `own` it is closed with the stream. For others who share it nothing
 * changes, unless it can be opened only once: then O_NONBLOCK is set until the stream is closed.
 */
FSOCK_API enum fsock_err fsock_open_fd(fsock_stream **stream, int fd, int own,
                                       struct fsock_fault *fault);

/* Two streams that are each other's peer (socketpair(2)). */
FSOCK_API enum fsock_err fsock_open_pair(fsock_stream *pair[2], struct fsock_fault *fault);

/* Close at once; under TLS with a last word to the peer if it can be sent. NULL is fine. */
FSOCK_API void fsock_close(fsock_stream *stream);

/*
 * The stream under stdio, which owns it from here on: fclose() closes it. NULL: out of memory, then
 * the stream is still the caller's.
 */
FSOCK_API FILE *fsock_file(fsock_stream *stream);

/*
 * The stream under a FILE that fsockopen() or fsock_file() has made, for the calls of this header;
 * NULL if it is another. Bytes that stdio has read are no longer in it. It lives until fclose().
 */
FSOCK_API fsock_stream *fsock_of(FILE *file);

/* ---- Reading --------------------------------------------------------------------------------- */

/*
 * What there is, at least a byte, at most `cap`; waits if there is nothing. FSOCK_OK; FSOCK_EOF
 * when the peer has ended in order. Of a datagram, which may be empty (*n = 0), what finds no room
 * comes with the next call.
 */
FSOCK_API enum fsock_err fsock_read(fsock_stream *stream, void *buf, size_t cap, size_t *n,
                                    fsock_time deadline);

/*
 * All `len` bytes. If the stream ends before, FSOCK_EOF with *n = 0, or FSOCK_ERR_CLOSED; *n says
 * in every case how many have been read.
 */
FSOCK_API enum fsock_err fsock_read_exact(fsock_stream *stream, void *buf, size_t len, size_t *n,
                                          fsock_time deadline);

/*
 * A line with its newline and a NUL behind it, at most cap - 1 bytes of it: the rest comes with the
 * next call, as does, without a newline, what follows the last one. cap is at least 2; *n does not
 * count the NUL (a line may hold others). If the time is up before the newline nothing is lost.
 */
FSOCK_API enum fsock_err fsock_read_line(fsock_stream *stream, char *buf, size_t cap, size_t *n,
                                         fsock_time deadline);

/* TCP's out-of-band byte (RFC 6093); those in the stream are not disturbed. */
FSOCK_API enum fsock_err fsock_read_oob(fsock_stream *stream, unsigned char *byte,
                                        fsock_time deadline);

/* 1: the peer has ended in order and all has been read. Never waits. */
FSOCK_API int fsock_at_end(fsock_stream *stream);

/* ---- Writing --------------------------------------------------------------------------------- */

/*
 * All `len` bytes, as one datagram where there are any. *n (it may be NULL) says in every case how
 * many have been taken; with FSOCK_NOW it may be fewer than len. The process gets no SIGPIPE.
 */
FSOCK_API enum fsock_err fsock_write(fsock_stream *stream, const void *buf, size_t len, size_t *n,
                                     fsock_time deadline);

/*
 * printf() to the stream: all of it, up to 64 KiB; with FSOCK_NOW a part is FSOCK_ERR_TIMEOUT. The
 * deadline comes before the format here.
 */
FSOCK_API enum fsock_err fsock_printf(fsock_stream *stream, fsock_time deadline, const char *format,
                                      ...) FSOCK_PRINTF(3, 4);
FSOCK_API enum fsock_err fsock_vprintf(fsock_stream *stream, fsock_time deadline,
                                       const char *format, va_list args) FSOCK_PRINTF(3, 0);

/* A byte out of band. */
FSOCK_API enum fsock_err fsock_write_oob(fsock_stream *stream, unsigned char byte,
                                         fsock_time deadline);

/* No more will be written: the peer reads to the end (FIN; under TLS close_notify). */
FSOCK_API enum fsock_err fsock_shut(fsock_stream *stream, fsock_time deadline);

/*
 * From one stream to another until `max` bytes have gone (FSOCK_OK) or the first has ended
 * (FSOCK_EOF), within the kernel where it can be done. *n (it may be NULL) says how many have gone.
 * What was read but not written, if an error comes between, is still to be read from `from`. The
 * fault is that of the stream which failed.
 */
FSOCK_API enum fsock_err fsock_copy(fsock_stream *from, fsock_stream *to, uint64_t max, uint64_t *n,
                                    fsock_time deadline);

/* ---- Datagrams with addresses ---------------------------------------------------------------- */

/* Where a datagram comes from or goes to. `text` is for people: "192.0.2.1:53", a unix path. */
struct fsock_address {
    char text[120];
    uint64_t raw[16]; /* the library's own */
    uint32_t raw_len;
};

/* An IP address with its port, "192.0.2.1:53" or "[::1]:53". FSOCK_ERR_INPUT if it is none. */
FSOCK_API enum fsock_err fsock_address_parse(struct fsock_address *address, const char *text);

/*
 * A datagram socket without a peer, udp or udg, that is bound to `target`. Port 0 of a udp target
 * is any free one: fsock_inspect() tells which. Nothing may be at a udg target's path yet; closing
 * the stream removes the socket there, unless it is another by then.
 */
FSOCK_API enum fsock_err fsock_bind(fsock_stream **stream, const char *target, int port,
                                    const struct fsock_options *options, fsock_time deadline,
                                    struct fsock_fault *fault);

/* FSOCK_ERR_TOO_BIG: the datagram has more than `cap` bytes, of which buf holds the first. */
FSOCK_API enum fsock_err fsock_recv_from(fsock_stream *stream, void *buf, size_t cap, size_t *n,
                                         struct fsock_address *from, fsock_time deadline);
FSOCK_API enum fsock_err fsock_send_to(fsock_stream *stream, const void *buf, size_t len,
                                       const struct fsock_address *to, fsock_time deadline);

/* From now on datagrams go to that address and come from it only, as after fsock_open(). */
FSOCK_API enum fsock_err fsock_set_peer(fsock_stream *stream, const struct fsock_address *peer);

/* ---- Limits and options of an open stream ---------------------------------------------------- */

/* The point in time after which no call goes on, whatever its own deadline. FSOCK_NEVER: none. */
FSOCK_API void fsock_set_deadline(fsock_stream *stream, fsock_time deadline);

/* How long nothing may move during a call, in nanoseconds; 0: for ever. */
FSOCK_API void fsock_set_silence(fsock_stream *stream, fsock_time silence);

enum fsock_option {
    FSOCK_OPTION_NODELAY = 1, /* 1: TCP_NODELAY */
    FSOCK_OPTION_KEEPALIVE,   /* 1: probe a silent peer */
    FSOCK_OPTION_KEEP_IDLE,   /* seconds */
    FSOCK_OPTION_KEEP_INTERVAL,
    FSOCK_OPTION_KEEP_COUNT,
    FSOCK_OPTION_LINGER,         /* seconds, -1: off */
    FSOCK_OPTION_RECEIVE_BUFFER, /* bytes; what is read back is twice as much (socket(7)) */
    FSOCK_OPTION_SEND_BUFFER,
    FSOCK_OPTION_BROADCAST,
    FSOCK_OPTION_REUSE_ADDRESS
};

/* FSOCK_OK, or the error; sys_errno of fsock_last_fault() says how. The stream lives on. */
FSOCK_API enum fsock_err fsock_set_option(fsock_stream *stream, enum fsock_option option,
                                          int value);
FSOCK_API enum fsock_err fsock_get_option(fsock_stream *stream, enum fsock_option option,
                                          int *value);

/* ---- What is known of a stream --------------------------------------------------------------- */

/* Whether anybody is there. Of datagrams only what came back can tell. */
enum fsock_reach {
    FSOCK_REACH_UNKNOWN = 0, /* nothing was sent, or nobody has waited for an answer yet */
    FSOCK_REACH_OPEN,        /* connected; a datagram came back */
    FSOCK_REACH_REFUSED,     /* a reset; ICMP says that nothing listens on the port */
    FSOCK_REACH_NO_ANSWER,   /* nothing came within the limit */
    FSOCK_REACH_UNREACHABLE, /* no way there, or it is forbidden */
    FSOCK_REACH_FAILED       /* it could not be tried: the name, a proxy, TLS, this machine */
};

/* "open", "refused", "no answer", ...; never NULL. */
FSOCK_API const char *fsock_reach_name(enum fsock_reach reach);

/* What a failure tells: FSOCK_REACH_OPEN for a fault without an error. */
FSOCK_API enum fsock_reach fsock_reach_of(const struct fsock_fault *fault);

struct fsock_stream_info {
    const char *transport; /* "tcp", "udp", "unix", "udg", "tls"; "fd" of fsock_open_fd() */
    const char *local;     /* "192.0.2.1:4711", "[::1]:80", a path, "@name"; "" if it has none */
    const char *peer;
    int local_port, peer_port; /* 0 if there is none */
    uint64_t received, sent;   /* bytes that were read and written, after and before TLS */
    size_t unread;             /* bytes in the stream's own buffer */
    int timed_out;             /* 1: the last read or write ended by a limit */
    enum fsock_reach reach;
    const char *tls_version; /* "TLSv1.3"; "" without TLS */
    const char *tls_cipher;
    const char *alpn; /* "" if none was agreed */
    int tls_resumed;
};

/* Texts live until the next call with this stream. */
FSOCK_API const struct fsock_stream_info *fsock_inspect(fsock_stream *stream);

/*
 * The certificate that a peer has shown. It is the peer's to fill in, so no text here holds a
 * control byte (but for the line ends of `pem`) or a byte beyond ASCII: such bytes are written as a
 * backslash and two hex digits.
 */
struct fsock_cert {
    const char *subject;           /* as RFC 2253 writes it: "CN=a.test,O=Example" */
    const char *issuer;            /* likewise */
    const char *const *names;      /* DNS names and IP addresses of the subjectAltName,
                                      NULL-terminated */
    int64_t not_before, not_after; /* seconds since 1970; 0 if they can't be read */
    const char *serial;            /* in hex */
    unsigned char sha256[32];      /* of the whole certificate: its fingerprint */
    const char *key;               /* "RSA 2048", "EC P-256", "Ed25519" */
    const char *signature;         /* "sha256WithRSAEncryption" */
    unsigned chain;                /* certificates that the peer sent; 0: not known, since
                                      the session was resumed */
    int verified;                  /* 1: chain and name were checked and are good */
    const char *why;               /* why it is not trusted, or "" */
    const char *pem;               /* the certificate itself, without its chain */
};

/* The peer's certificate, or NULL if there is none. Lives until the stream is closed. */
FSOCK_API const struct fsock_cert *fsock_certificate(fsock_stream *stream);

/* How the last call that failed did so; err is FSOCK_OK if none has. Lives as the stream does. */
FSOCK_API const struct fsock_fault *fsock_last_fault(const fsock_stream *stream);

/* ---- Waiting --------------------------------------------------------------------------------- */

struct fsock_wait_item {
    fsock_stream *stream; /* or NULL, */
    int fd;               /* and then this descriptor; both missing (-1): passed over */
    unsigned events;      /* FSOCK_READABLE, FSOCK_WRITABLE: what to wait for */
    unsigned ready;       /* what a call would now do something about; set by fsock_wait() */
};

/*
 * Wait until one of them is ready: reading or writing it would go on, end or fail, as it does when
 * the stream's own deadline has come. Bytes that TLS or the stream itself holds count. FSOCK_OK,
 * FSOCK_ERR_TIMEOUT at the deadline (FSOCK_NOW: at once), FSOCK_ERR_MEMORY, FSOCK_ERR_SYSTEM. Being
 * ready may turn out to be less than a byte: use FSOCK_NOW afterwards where that would matter.
 */
FSOCK_API enum fsock_err fsock_wait(struct fsock_wait_item *list, size_t count,
                                    fsock_time deadline);

/*
 * For an event loop of the caller's: the stream's descriptor, and what to wait for at it so that
 * reading or writing (`wish`) can go on. 0: nothing, a call has something to do already. To be
 * asked anew before each wait: TLS may have to write in order to read.
 */
FSOCK_API int fsock_fd(fsock_stream *stream);
FSOCK_API unsigned fsock_wants(fsock_stream *stream, unsigned wish);

/* ---- TLS on an open stream ------------------------------------------------------------------- */

/*
 * Put TLS on a stream (STARTTLS). As a client, `host` is whom the certificate must name (NULL:
 * options->tls_name, or the host that it was opened to); an accepted stream becomes the server's
 * side (options->cert_file). FSOCK_ERR_PROTOCOL if bytes have come already that were not read: they
 * would be taken for protected ones. After an error the stream can only be closed: every call says
 * that error, so nothing goes out unprotected.
 */
FSOCK_API enum fsock_err fsock_start_tls(fsock_stream *stream, const char *host,
                                         const struct fsock_options *options, fsock_time deadline);

/* ---- Listening ------------------------------------------------------------------------------- */

typedef struct fsock_listener fsock_listener;

/*
 * Listen at `target`: tcp, tls (options->cert_file and key_file; ca_file: clients must show a
 * certificate of these) or unix. An empty host ("tcp://:80") is every address, port 0 a free
 * port; a socket's path must not exist and is removed at the end.
 */
FSOCK_API enum fsock_err fsock_listen(fsock_listener **listener, const char *target, int port,
                                      const struct fsock_options *options, fsock_time deadline,
                                      struct fsock_fault *fault);

/*
 * Take a connection. A TLS handshake is not waited for here, since a silent client would hold up
 * all others: the first call that reads or writes does it, or fsock_handshake(). FSOCK_AGAIN,
 * FSOCK_ERR_TIMEOUT; with no descriptor to spare it waits for one.
 */
FSOCK_API enum fsock_err fsock_accept(fsock_listener *listener, fsock_stream **stream,
                                      fsock_time deadline, struct fsock_fault *fault);
FSOCK_API enum fsock_err fsock_handshake(fsock_stream *stream, fsock_time deadline);

FSOCK_API const char *fsock_listener_name(const fsock_listener *listener); /* "127.0.0.1:4711" */
FSOCK_API int fsock_listener_port(const fsock_listener *listener);
FSOCK_API int fsock_listener_fd(const fsock_listener *listener);
FSOCK_API void fsock_listener_close(fsock_listener *listener);

/* ---- Persistent streams ---------------------------------------------------------------------- */

/*
 * A pool keeps open streams for the next caller (PHP's pfsockopen): of the same transport, host and
 * port and the same options, but for limits.
 */
typedef struct fsock_pool fsock_pool;

/* `max` streams at most (0: 64), none for longer than `idle` (0: 60 s). NULL: out of memory. */
FSOCK_API fsock_pool *fsock_pool_new(size_t max, fsock_time idle);

/* Closes those that are kept. NULL is fine. */
FSOCK_API void fsock_pool_free(fsock_pool *pool);

/*
 * A kept stream if there is one that lives: the peer has neither ended it nor sent what nobody has
 * asked for. Else as fsock_open(). *reused (it may be NULL) says which.
 */
FSOCK_API enum fsock_err fsock_pool_open(fsock_pool *pool, fsock_stream **stream,
                                         const char *target, int port,
                                         const struct fsock_options *options, fsock_time deadline,
                                         int *reused, struct fsock_fault *fault);

/*
 * Give back a stream that fsock_pool_open() gave out, instead of closing it. It is closed if it has
 * failed or ended or has unread bytes, if the pool is full, or if it is not from a pool.
 */
FSOCK_API void fsock_pool_keep(fsock_pool *pool, fsock_stream *stream);

/* How many are kept. */
FSOCK_API size_t fsock_pool_count(const fsock_pool *pool);

#ifdef __cplusplus
}
#endif

#endif
