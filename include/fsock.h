/*
 * fsock.h - open a socket to anything; deadlines that hold, for one socket or a million.
 *
 * This header and those that it includes are the whole public interface of libfsock: what all of it
 * shares stands here; streams in <fsock/stream.h>, probes in <fsock/probe.h>, HTTP in
 * <fsock/fetch.h>, cookies in <fsock/jar.h>, passwords by host in <fsock/logins.h>, name servers in
 * <fsock/dns.h>, services and logins in <fsock/check.h>, what errors mean in <fsock/errors.h>. What
 * it promises everywhere:
 *
 *   Time       A deadline is an absolute point in time (fsock_time) and the last parameter of
 *              everything that can wait. No call returns later than its deadline by more than a
 *              few milliseconds, whatever the peer, the name server or the network does.
 *   Errors     are returned. enum fsock_err says what; struct fsock_fault says all. errno is not
 *              a result of any call here.
 *   Threads    No global state: objects that share nothing may be used in different threads at the
 *              same time; one object by one thread at a time, but for a pacer, which all may
 *              share. No threads, no signals, no SIGPIPE.
 *   Descriptors are close-on-exec, all of them.
 *   Structs    that the caller fills carry their own size, stamped in by their initialiser, so
 *              that a newer library understands an older caller. Always call the initialiser.
 *
 * Compiles as C99, C11 and C++.
 */
#ifndef FSOCK_H
#define FSOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define FSOCK_API __attribute__((visibility("default")))
#else
#define FSOCK_API
#endif

#define FSOCK_VERSION "0.1.0"

/* The version of the library that is running, as FSOCK_VERSION is of the one compiled against. */
FSOCK_API const char *fsock_version(void);

/* ---- Time ------------------------------------------------------------------------------------ */

/* Nanoseconds on CLOCK_MONOTONIC. As a deadline: a point in time, never an interval. */
typedef int64_t fsock_time;

#define FSOCK_NEVER       INT64_MAX
#define FSOCK_NOW         INT64_C(0) /* do what can be done without waiting */
#define FSOCK_SECOND      INT64_C(1000000000)
#define FSOCK_MILLISECOND INT64_C(1000000)

/* The time now. */
FSOCK_API fsock_time fsock_now(void);

/* The point `seconds` from now; negative or very large gives FSOCK_NEVER. */
FSOCK_API fsock_time fsock_after(double seconds);

/* ---- Errors ---------------------------------------------------------------------------------- */

enum fsock_err {
    FSOCK_OK = 0,
    FSOCK_AGAIN,          /* nothing to do now; try again after the wait (never a fault) */
    FSOCK_EOF,            /* the peer ended the stream in an orderly way */
    FSOCK_ERR_INPUT,      /* what the caller gave can't be used: a bad URL, header, option */
    FSOCK_ERR_MEMORY,     /* out of memory */
    FSOCK_ERR_TIMEOUT,    /* a limit struck: connect, read, total, or the caller's deadline */
    FSOCK_ERR_SYSTEM,     /* a system call failed; sys_errno says how */
    FSOCK_ERR_NAME,       /* the host name does not exist, or has no address */
    FSOCK_ERR_DNS,        /* no name server gave a usable answer */
    FSOCK_ERR_CONNECT,    /* no address could be connected to; sys_errno is the last one's */
    FSOCK_ERR_PROXY_NAME, /* the proxy's host name does not exist */
    FSOCK_ERR_PROXY,      /* the proxy refused, or does not speak its protocol */
    FSOCK_ERR_TLS,        /* the TLS handshake or a record failed */
    FSOCK_ERR_CERT,       /* the peer's certificate is not trusted for this host */
    FSOCK_ERR_TLS_LOCAL,  /* a local certificate, key or CA file can't be used */
    FSOCK_ERR_RESET,      /* the connection ended by a reset */
    FSOCK_ERR_CLOSED,     /* the connection ended before a complete answer had come */
    FSOCK_ERR_PROTOCOL,   /* the peer broke its protocol */
    FSOCK_ERR_TRUNCATED,  /* the body ended before its length, its last chunk or its end mark */
    FSOCK_ERR_TOO_BIG,    /* a ceiling: header, body, decompression ratio */
    FSOCK_ERR_DECODE,     /* the content coding is unknown, or its data damaged */
    FSOCK_ERR_REDIRECTS,  /* too many, in a circle, or to a place that is not allowed */
    FSOCK_ERR_STATUS,     /* a complete answer, but with a status that counts as a failure */
    FSOCK_ERR_RESUME,     /* a range was asked for and can't be continued */
    FSOCK_ERR_CANCELED,   /* the caller took it back */
    FSOCK_ERR_ASIDE, /* not tried: the place could not be reached so often that it is set aside */
    FSOCK_ERR_FORBIDDEN, /* options.public_only, allow_hosts or deny_hosts says no */
    FSOCK_ERR_SPENT,     /* options.allowance is used up */
    FSOCK_ERR_LOGIN,     /* the server does not accept user and password, or no way to log in */
    FSOCK_ERR_COUNT_     /* how many there are; not an error */
};

/* Where on its way an operation was. */
enum fsock_stage {
    FSOCK_STAGE_NONE = 0, /* before anything was sent: the input itself */
    FSOCK_STAGE_QUEUE,    /* waiting for its turn: a connection of its host, a descriptor */
    FSOCK_STAGE_RESOLVE,
    FSOCK_STAGE_CONNECT,
    FSOCK_STAGE_PROXY,
    FSOCK_STAGE_TLS,
    FSOCK_STAGE_SEND,
    FSOCK_STAGE_HEAD, /* waiting for the answer, or reading its header */
    FSOCK_STAGE_BODY,
    FSOCK_STAGE_RECV,   /* reading from an open stream */
    FSOCK_STAGE_LISTEN, /* binding, or taking a connection */
    FSOCK_STAGE_DIALOG, /* speaking with a service: its greeting, what it can do */
    FSOCK_STAGE_LOGIN,  /* user and password */
    FSOCK_STAGE_COUNT_  /* how many there are; not a stage */
};

/* Which limit or ceiling struck: that option, or the caller's deadline, would have to be raised. */
enum fsock_limit {
    FSOCK_LIMIT_NONE = 0,  /* none of ours: for a timeout, the system gave up (ETIMEDOUT) */
    FSOCK_LIMIT_CONNECT,   /* options.connect_timeout */
    FSOCK_LIMIT_READ,      /* options.read_timeout */
    FSOCK_LIMIT_TOTAL,     /* options.total_timeout, or the deadline of a blocking call */
    FSOCK_LIMIT_BODY,      /* options.max_body */
    FSOCK_LIMIT_RATIO,     /* options.max_ratio */
    FSOCK_LIMIT_REDIRECTS, /* request.max_redirects */
    FSOCK_LIMIT_REQUESTS,  /* the requests of options.allowance */
    FSOCK_LIMIT_BYTES      /* its bytes */
};

/* A short name in lower case: "timeout", "connect"; never NULL. */
FSOCK_API const char *fsock_err_name(enum fsock_err err);
FSOCK_API const char *fsock_stage_name(enum fsock_stage stage);

/* One address that was tried. */
struct fsock_try {
    char addr[72];   /* "192.0.2.7:443", "[2001:db8::7]:443" or the start of a unix path */
    int sys_errno;   /* how it failed; 0 if it was given up when another one was faster */
    fsock_time took; /* nanoseconds from its start to its failure */
};

#define FSOCK_TRIES_MAX 8

/*
 * Everything about one failure. `text` is one sentence that names the stage, the host, each address
 * and how it failed; `hint` what to do about it, or "". Neither ever reads "Success".
 */
struct fsock_fault {
    enum fsock_err err;
    enum fsock_stage stage;
    enum fsock_limit limit;
    int sys_errno;   /* 0 if no system call failed */
    fsock_time took; /* nanoseconds from the operation's start to the failure */
    unsigned tries;  /* addresses tried in all; the first FSOCK_TRIES_MAX are in tried[] */
    struct fsock_try tried[FSOCK_TRIES_MAX];
    char text[640];
    char hint[320];
};

/* ---- Options: how sockets are opened --------------------------------------------------------- */

typedef struct fsock_pacer fsock_pacer;
typedef struct fsock_allowance fsock_allowance;
typedef struct fsock_hsts fsock_hsts;

/* options.adaptive: how many requests at once a scheme, host and port gets at first. */
enum {
    FSOCK_ADAPT_UP = 1,  /* two: more while it bears them */
    FSOCK_ADAPT_DOWN = 2 /* per_host: fewer when it does not bear them */
};

/* How and when HTTP is told a user and a password: request.auth, and options.proxy_auth. */
enum fsock_auth {
    FSOCK_AUTH_BASIC = 0, /* by Basic, with the first request */
    FSOCK_AUTH_DIGEST,    /* when asked to, by Digest alone (RFC 7616, RFC 2069) */
    FSOCK_AUTH_ANY        /* when asked to, by the best of what is offered: Digest, else Basic */
};

/* options.http2: how HTTP/2 is come by. */
enum {
    FSOCK_HTTP2_TLS = 1,  /* https asks for it (ALPN), and takes HTTP/1.1 as well */
    FSOCK_HTTP2_PRIOR = 2 /* http, too, without asking: the peer is known to speak it */
};

/*
 * Set by fsock_options_init() to the defaults named here. Pointers are borrowed until the call that
 * takes the options returns; the library copies what it keeps. NULL means the default.
 */
struct fsock_options {
    size_t size; /* stamped by fsock_options_init */

    /* The limits: nanoseconds; 0 turns one off. */
    fsock_time connect_timeout; /* 5 s: name lookup, every address, proxy and TLS together */
    fsock_time read_timeout;    /* 30 s: silence, while sending or receiving */
    fsock_time total_timeout;   /* 0: from the start to the last byte, redirects included */

    /* Addresses and names. */
    int family;                 /* 0 both, 4 or 6 only */
    const char *bind;           /* local address ("192.0.2.1", "::1", with ":port"), a port
                                   ("0:68"), or an interface's name ("eth0") */
    const char *dns_servers;    /* "HOST:PORT,..." (IP addresses); NULL: resolv.conf */
    const char *const *resolve; /* "HOST:PORT:ADDR[,ADDR...]", NULL-terminated; HOST may be "*" */
    const char *unix_socket;    /* connect here whatever the URL's host is */
    const char *resolv_conf;    /* path; NULL: /etc/resolv.conf */
    const char *hosts;          /* path; NULL: /etc/hosts */
    int fast_open;              /* 1: TCP Fast Open where the kernel allows it */

    /* Proxies: "http://", "https://", "socks5://" (names looked up here), "socks5h://" (there);
       likewise "socks4://" and "socks4a://", for IPv4 alone, with a user but no password. */
    const char *proxy;          /* for every scheme; "" = none, whatever the environment says */
    const char *proxy_user;     /* "user:password", percent-encoded where need be */
    const char *no_proxy;       /* "host,.domain,192.0.2.0/24,*" */
    int proxy_from_environment; /* 1: http_proxy, https_proxy, all_proxy, no_proxy (default 0) */

    /* TLS. */
    const char *ca_file;     /* PEM file instead of the system's roots; when listening: clients
                                must show a certificate that it vouches for */
    const char *cert_file;   /* certificate chain, PEM: a client's, or the listener's own */
    const char *key_file;    /* its key; NULL: in cert_file */
    int insecure;            /* 1: do not verify the peer's certificate */
    const char *tls_min;     /* "1.0" ... "1.3"; NULL: "1.2" */
    const char *tls_max;     /* NULL: the highest */
    const char *keylog_file; /* NSS key log lines are appended here; NULL: none */

    /* Ceilings. */
    uint64_t max_body;  /* bytes after decoding; 0: none */
    uint32_t max_ratio; /* decoded bytes per received byte; 0: the library's default */

    int own_files; /* descriptors that the caller itself opens for each running transfer: they
                      count in the budget of a fetch (0) */
    struct fsock_trace *trace; /* where to write down what happens (fsock/trace.h); NULL: nowhere */
    int tcp_info;              /* 1: a response tells what TCP knows of its connection */

    /* More of TLS. */
    const char *tls_name; /* whom the certificate must name, and what SNI says; NULL: the host */
    const char *alpn;     /* protocols to offer, or to choose from when listening, best first:
                             "h2,http/1.1"; NULL: none (fsock_get offers what it speaks) */

    /* Sockets. Numbers that the system does not take are FSOCK_ERR_INPUT. */
    int delay;          /* 1: Nagle's algorithm stays on; 0: TCP_NODELAY */
    int keepalive;      /* 1: probe the peer of a silent TCP connection (SO_KEEPALIVE) ... */
    int keep_idle;      /* ... after so many seconds (0: the system's) */
    int keep_interval;  /* ... again after so many */
    int keep_count;     /* ... and give up when so many are lost */
    int linger;         /* seconds for which closing may wait; 0: reset (SO_LINGER); -1: neither */
    int receive_buffer; /* bytes, SO_RCVBUF; 0: the system's */
    int send_buffer;    /* SO_SNDBUF */
    int broadcast;      /* 1: datagrams may go to broadcast addresses */
    int reuse_port;     /* 1: others may bind to the port, too (SO_REUSEPORT) */
    int backlog;        /* listening: connections that wait to be taken; 0: the most */

    /* Where not to go: FSOCK_ERR_FORBIDDEN. Redirects are judged, too; proxies are not. */
    int public_only;         /* 1: no loopback, private, link-local or other special address, be it
                                that of a name; each address is judged when it is connected to */
    const char *allow_hosts; /* these alone, as no_proxy: "host,.domain,*.below,192.0.2.0/24" */
    const char *deny_hosts;  /* never these; addresses and blocks also where names lead to them */

    /* How fast HTTP may be at most; 0: no limit. */
    fsock_pacer *pacer;    /* of all that share it, borrowed as long as they run; NULL: none */
    double host_rate;      /* requests per second to one scheme, host and port */
    double host_bytes;     /* bytes per second with one: answers, and bodies of requests */
    fsock_time host_delay; /* nanoseconds between the starts of two requests there, at least; the
                              longer of it and what host_rate asks for holds */
    int adaptive; /* FSOCK_ADAPT_UP or _DOWN: requests to one scheme, host and port at once are as
                     many as it bears, as its answers show: no more than make them later, fewer when
                     it fails or says 429 or 503; never more than per_host */
    int breaker;  /* 1: what can't be reached, time and again, is set aside (FSOCK_ERR_ASIDE) */
    fsock_allowance *allowance; /* how much HTTP there may be in all: of all that share it, borrowed
                                   as long as they run; NULL: no limit */
    enum fsock_auth proxy_auth; /* how to log in at an HTTP proxy */
    int http2; /* an FSOCK_HTTP2_: requests to one scheme, host and port share a connection where
                  the peer speaks HTTP/2; 0: it is not asked */
    fsock_hsts *hsts; /* who is to be asked by https alone: learned from answers, borrowed as long
                         as they run; NULL: http stays http (fsock/hsts.h) */
};

FSOCK_API void fsock_options_init(struct fsock_options *options);

/*
 * A pacer holds any number of fetches, in any threads, to so many requests a second and so many
 * bytes (of answers, and of the bodies of requests) in all. 0: no limit; rates from one in ten days
 * (1e-6) to 1e12 are possible. NULL: out of memory, or no such rate. Requests are counted when they
 * begin: redirects that are followed and requests that are sent again, too. Up to 50 ms that were
 * missed are made up for, no more. It is to be freed after those that use it.
 */
FSOCK_API fsock_pacer *fsock_pacer_new(double requests_per_second, double bytes_per_second);
FSOCK_API void fsock_pacer_free(fsock_pacer *pacer); /* NULL is fine */

/*
 * An allowance is all that any number of fetches, in any threads, may do together: so many requests
 * sent, redirects that are followed and requests that are sent again among them, and so many bytes
 * of answers received, headers included and before decoding. 0: no limit. NULL: out of memory.
 *
 * Not one request more is sent; each thread but one may receive a buffer, 64 KiB, too much. What
 * would need more of either ends with FSOCK_ERR_SPENT, and so does, at once, all that waits for its
 * turn. Requests that have been sent are answered as long as there are bytes. It is to be freed
 * after those that use it.
 */
FSOCK_API fsock_allowance *fsock_allowance_new(uint64_t requests, uint64_t bytes);
FSOCK_API void fsock_allowance_free(fsock_allowance *allowance); /* NULL is fine */

/* What TCP knows of a connection (tcp(7), TCP_INFO); all 0 if there is none, or it is no TCP. */
struct fsock_tcp {
    fsock_time rtt, rttvar; /* round trip, and how much it varies: nanoseconds, smoothed */
    uint32_t retransmits;   /* segments sent again so far */
    uint32_t cwnd;          /* congestion window, in segments */
    uint64_t delivery_rate; /* bytes per second, of what we sent, as last measured */
};

/* ---- Events: what a fetch, a dns and a probe give out one by one ----------------------------- */

enum fsock_event_kind {
    FSOCK_EVENT_START = 1, /* a URL left the queue: its clocks run from here */
    FSOCK_EVENT_HEAD,  /* the header of the final answer has come (redirects followed are silent) */
    FSOCK_EVENT_DATA,  /* some of the decoded body */
    FSOCK_EVENT_DONE,  /* the transfer has ended; the last event with this `user` */
    FSOCK_EVENT_ROOM,  /* the queue had been full and takes URLs again */
    FSOCK_EVENT_READY, /* a watched descriptor can be read or written; the watch is over */
    FSOCK_EVENT_MARK,  /* options.trace has marks that have not been told of before: see
                          fsock_trace_next() */
    FSOCK_EVENT_RESTART, /* all DATA so far is void, since the request was sent again; HEAD comes
                            next (only with FSOCK_RESTART) */
    FSOCK_EVENT_BACK     /* the URL has left the queue again (only with FSOCK_GIVE_BACK) */
};

/* What a descriptor is watched or waited for. */
enum { FSOCK_READABLE = 1, FSOCK_WRITABLE = 2 };

#ifdef __cplusplus
}
#endif

#include <fsock/check.h>
#include <fsock/dns.h>
#include <fsock/errors.h>
#include <fsock/hsts.h>
#include <fsock/jar.h>
#include <fsock/logins.h>
#include <fsock/fetch.h>
#include <fsock/probe.h>
#include <fsock/stream.h>
#include <fsock/trace.h>

#endif
