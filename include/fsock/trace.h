/*
 * fsock/trace.h - what happened, step by step: marks, collected in a trace. A part of <fsock.h>.
 *
 * A trace belongs to the caller. Objects and calls whose options name it (options.trace) write
 * down what they do: what they look up, each system call on a socket, each step of a handshake,
 * each limit that strikes. The marks are read one by one, whenever the caller likes:
 *
 *     fsock_trace *trace = fsock_trace_new(0);
 *     options.trace = trace;
 *     ... fsock_open(&stream, "tls://example.org:443", 0, &options, deadline, &fault) ...
 *     for (const struct fsock_mark *m; (m = fsock_trace_next(trace));)
 *         printf("%s\n", fsock_mark_name(m->kind));
 *
 * Without a trace nothing is written down, and it costs next to nothing. Passwords, cookies and
 * what else opens doors are masked unless FSOCK_TRACE_SECRETS is given.
 *
 * A trace, and all objects that write in it, are used by one thread at a time. It is freed after
 * the last of them.
 */
#ifndef FSOCK_TRACE_H
#define FSOCK_TRACE_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

enum fsock_mark_kind {
    FSOCK_MARK_START = 1,  /* it leaves its queue: url, target, or name and type */
    FSOCK_MARK_LOOKUP,     /* name lookup started: host */
    FSOCK_MARK_QUERY,      /* a question went to a name server: server, name, type, transport */
    FSOCK_MARK_ANSWER,     /* its answer: server, name, type, rcode, records; size */
    FSOCK_MARK_ADDRESSES,  /* name lookup ended: host, addresses; or why there are none */
    FSOCK_MARK_CONNECT,    /* connect started: addr */
    FSOCK_MARK_CONNECTED,  /* connect ended: addr, errno */
    FSOCK_MARK_PROXY,      /* a proxy's handshake ended: protocol, host, port */
    FSOCK_MARK_TLS,        /* TLS handshake ended: version, cipher, group, alpn, resumed, and of
                              the certificate subject, issuer, expires */
    FSOCK_MARK_REUSE,      /* a kept connection: addr, uses so far */
    FSOCK_MARK_REQUEST,    /* a request, to the url of START or REDIRECT: method, head; size */
    FSOCK_MARK_SENT,       /* all of it has gone out: size */
    FSOCK_MARK_FIRST_BYTE, /* of the answer has come */
    FSOCK_MARK_HEAD,      /* the header is complete: status, version (of HTTP/2: "2"), head; size */
    FSOCK_MARK_BODY,      /* the body is complete: size */
    FSOCK_MARK_REDIRECT,  /* to where: url */
    FSOCK_MARK_RETRY,     /* the request is sent again: why, errno, delay_us (none: at once) */
    FSOCK_MARK_LIMIT,     /* a limit struck: limit, stage */
    FSOCK_MARK_DONE,      /* it has ended; if badly: err, stage, errno, why */
    FSOCK_MARK_CLOSE,     /* a connection is closed: addr, uses, and what TCP knows of it: rtt_us,
                             rttvar_us, retransmits, cwnd, delivery_rate */
    FSOCK_MARK_PLAIN_OUT, /* with FSOCK_TRACE_DATA: bytes before TLS seals them */
    FSOCK_MARK_PLAIN_IN,  /* ... and after it has opened them */
    FSOCK_MARK_CALL       /* a system call: `call`, its result, and its arguments as fields */
};

/* More about a mark: a text or, if text is NULL, a number. */
struct fsock_field {
    const char *key;
    const char *text;
    int64_t number;
};

#define FSOCK_FIELDS_MAX 12

/* One thing that happened. It lives until the next call that reads or writes the trace. */
struct fsock_mark {
    enum fsock_mark_kind kind;
    fsock_time at;       /* when, read from the clock as it happened; of a call: when it returned */
    int64_t took;        /* of a call that may sleep: for how long; else 0 */
    uint64_t id;         /* of the transfer, lookup or probe, as in its events; streams are counted
                            from 1; 0 if it belongs to none (a shared lookup) */
    uint64_t connection; /* counts the sockets of this trace from 1; 0: none */
    int fd;              /* -1: none */
    int sys_errno;       /* 0: none */
    int64_t result;      /* of a call; -1 and sys_errno if it failed */
    uint64_t size;       /* bytes */
    const char *call;    /* "sendto"; NULL unless kind is CALL */
    const struct fsock_field *field;
    unsigned fields;
    const void *data; /* with FSOCK_TRACE_DATA, the bytes that a call has moved; else NULL */
    size_t data_len;
};

enum {
    FSOCK_TRACE_DATA = 1,    /* keep the bytes, too */
    FSOCK_TRACE_HEADERS = 2, /* keep the headers of HTTP: the field head */
    FSOCK_TRACE_SECRETS = 4, /* mask nothing */
    FSOCK_TRACE_NO_CALLS = 8 /* steps alone, without the system calls that make them up */
};

typedef struct fsock_trace fsock_trace;

/* A new trace; `flags` is 0 or FSOCK_TRACE_DATA and so on, or'ed. NULL: out of memory. */
FSOCK_API fsock_trace *fsock_trace_new(unsigned flags);

/* NULL is fine. */
FSOCK_API void fsock_trace_free(fsock_trace *trace);

/* The oldest mark that has not been read, or NULL. */
FSOCK_API const struct fsock_mark *fsock_trace_next(fsock_trace *trace);

/*
 * How many marks found no memory, or no room because nobody read: 64 MiB of unread ones are kept. A
 * trace never fails what it watches.
 */
FSOCK_API uint64_t fsock_trace_lost(const fsock_trace *trace);

/* "first-byte"; "unknown" for what is no kind. */
FSOCK_API const char *fsock_mark_name(enum fsock_mark_kind kind);

/* The field with this key, or NULL. */
FSOCK_API const struct fsock_field *fsock_mark_field(const struct fsock_mark *mark,
                                                     const char *key);

#ifdef __cplusplus
}
#endif

#endif
