/*
 * fsock.h - open a socket to anything; deadlines that hold, for one socket or a million.
 *
 * This header is the whole public interface of libfsock. What it promises everywhere:
 *
 *   Time       A deadline is an absolute point in time (fsock_time) and the last parameter of
 *              everything that can wait. No call returns later than its deadline by more than a
 *              few milliseconds, whatever the peer, the name server or the network does.
 *   Errors     are returned. enum fsock_err says what; struct fsock_fault says all. errno is not
 *              a result of any call here.
 *   Threads    No global state: objects that share nothing may be used in different threads at the
 *              same time; one object by one thread at a time. No threads, no signals, no SIGPIPE.
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
    FSOCK_ERR_REDIRECTS,  /* more redirects than allowed, or one to a place not allowed */
    FSOCK_ERR_STATUS,     /* a complete answer, but with a status that counts as a failure */
    FSOCK_ERR_RESUME,     /* a range was asked for and can't be continued */
    FSOCK_ERR_CANCELED,   /* the caller took it back */
    FSOCK_ERR_COUNT_      /* how many there are; not an error */
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
    FSOCK_STAGE_BODY
};

/* Which limit or ceiling struck: that option, or the caller's deadline, would have to be raised. */
enum fsock_limit {
    FSOCK_LIMIT_NONE = 0, /* none of ours: for a timeout, the system gave up (ETIMEDOUT) */
    FSOCK_LIMIT_CONNECT,  /* options.connect_timeout */
    FSOCK_LIMIT_READ,     /* options.read_timeout */
    FSOCK_LIMIT_TOTAL,    /* options.total_timeout, or the deadline of a blocking call */
    FSOCK_LIMIT_BODY,     /* options.max_body */
    FSOCK_LIMIT_RATIO,    /* options.max_ratio */
    FSOCK_LIMIT_REDIRECTS /* request.max_redirects */
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
    const char *bind;           /* local address ("192.0.2.1", "::1", with ":port"), or an
                                   interface's name ("eth0") */
    const char *dns_servers;    /* "HOST:PORT,..." (IP addresses); NULL: resolv.conf */
    const char *const *resolve; /* "HOST:PORT:ADDR[,ADDR...]", NULL-terminated; HOST may be "*" */
    const char *unix_socket;    /* connect here whatever the URL's host is */
    const char *resolv_conf;    /* path; NULL: /etc/resolv.conf */
    const char *hosts;          /* path; NULL: /etc/hosts */
    int fast_open;              /* 1: TCP Fast Open where the kernel allows it */

    /* Proxies: "http://", "https://", "socks5://" (names looked up here), "socks5h://" (there). */
    const char *proxy;          /* for every scheme; "" = none, whatever the environment says */
    const char *proxy_user;     /* "user:password", percent-encoded where need be */
    const char *no_proxy;       /* "host,.domain,192.0.2.0/24,*" */
    int proxy_from_environment; /* 1: http_proxy, https_proxy, all_proxy, no_proxy (default 0) */

    /* TLS. */
    const char *ca_file;     /* PEM file instead of the system's roots */
    const char *cert_file;   /* client certificate chain, PEM */
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
    int trace;     /* 1: FSOCK_EVENT_MARK events */
};

FSOCK_API void fsock_options_init(struct fsock_options *options);

/* ---- Requests and responses ------------------------------------------------------------------ */

enum {
    FSOCK_FOLLOW = 1 << 0,      /* follow redirects */
    FSOCK_DISCARD = 1 << 1,     /* the body is read and checked, but no DATA events */
    FSOCK_NO_DECODE = 1 << 2,   /* hand the body out as received (still dechunked) */
    FSOCK_NO_COMPRESS = 1 << 3, /* send no Accept-Encoding */
    FSOCK_FAIL_STATUS = 1 << 4, /* 400 and above ends with FSOCK_ERR_STATUS, its body discarded */
    FSOCK_KEEP_METHOD = 1 << 5, /* keep the method across 301, 302 and 303 (given by -X) */
    FSOCK_HTTP10 = 1 << 6,      /* ask in HTTP/1.0 */
    FSOCK_NO_REUSE = 1 << 7     /* a new connection, closed after the answer */
};

/*
 * What to ask, apart from the URL. One request may serve any number of URLs; it and all that it
 * points to must stay unchanged until the last of them has ended. Texts hold no CR, LF or NUL, else
 * FSOCK_ERR_INPUT before any connection.
 */
struct fsock_request {
    size_t size;                /* stamped by fsock_request_init */
    unsigned flags;             /* FSOCK_FOLLOW and so on */
    const char *method;         /* NULL: GET, or POST if there is a body */
    const char *const *headers; /* "Name: value" adds or replaces, "Name:" removes one that
                                   would be sent, "Name;" sends it empty; NULL-terminated */
    const void *body;           /* sent with Content-Length; NULL: none */
    uint64_t body_len;
    const char *content_type;    /* for the body; NULL: application/x-www-form-urlencoded */
    const char *user;            /* "user:password", Basic; also taken from the URL */
    const char *range;           /* "0-499", "500-", "-500" */
    uint64_t resume_from;        /* continue a body that already has so many bytes; 0: no */
    const char *validator;       /* its ETag or Last-Modified, for If-Range; NULL: none */
    const char *accept_encoding; /* NULL: "gzip, deflate, br, zstd" */
    int max_redirects;           /* 20 */
};

FSOCK_API void fsock_request_init(struct fsock_request *request);

/* Whether it can be sent at all: FSOCK_OK, or FSOCK_ERR_INPUT with the fault filled in. */
FSOCK_API enum fsock_err fsock_request_check(const struct fsock_request *request,
                                             struct fsock_fault *fault);

/* Points in a transfer's life: nanoseconds after its start, -1 if not reached (curl's time_*). */
struct fsock_times {
    fsock_time namelookup, connect, appconnect, pretransfer, starttransfer, redirect, total;
};

/* What is known of an answer. Texts belong to the library and live until the next call. */
struct fsock_response {
    const char *url;    /* effective: after redirects */
    const char *method; /* of the last request */
    int status;         /* 0 before the first status line */
    int version;        /* 10, 11; 0 before the first status line */
    const char *head;   /* status line and header of the last answer, as received */
    size_t head_len;
    int64_t content_length; /* as the header says; -1 if it does not */
    char remote_ip[72];
    char local_ip[72];
    uint16_t remote_port, local_port;
    unsigned redirects;     /* followed */
    unsigned connects;      /* connections made for it; 0 if one was reused */
    unsigned tries;         /* requests sent again on a fresh connection */
    uint64_t size_download; /* body bytes received, before decoding, after dechunking */
    uint64_t size_body;     /* body bytes handed out or discarded, after decoding */
    uint64_t size_header;
    uint64_t size_request;   /* head of the request */
    uint64_t size_upload;    /* body of the request */
    const char *tls_version; /* "TLSv1.3"; "" without TLS */
    const char *tls_cipher;
    int ssl_verify_result; /* an X509_V_ERR_* number; 0: fine, or no TLS */
    int proxy_used;
    int resumed;              /* 1: a 206 that continues resume_from */
    const char *redirect_url; /* where a redirect that was not followed points; "" if none */
    struct fsock_times times;
};

/*
 * The first value of a header field, name in any case: 1 and the value's place (inside `head`,
 * without the blanks around it), or 0.
 */
FSOCK_API int fsock_response_header(const struct fsock_response *response, const char *name,
                                    const char **value, size_t *len);

/*
 * The header as RFC 2068 19.4.6 leaves it after decoding: no "chunked", Content-Length of the
 * decoded body, trailers at its end; unchanged if no body could follow (HEAD, 204, 304). Whole only
 * after the DONE event. Returns its length; writes at most `cap` bytes (no NUL).
 */
FSOCK_API size_t fsock_response_decoded_head(const struct fsock_response *response, char *buf,
                                             size_t cap);

/* ---- One URL, blocking ----------------------------------------------------------------------- */

typedef struct fsock_result fsock_result;

/*
 * Fetch one URL into memory. `options` and `request` may be NULL for the defaults; without
 * options->max_body the body may have 64 MiB. Returns FSOCK_OK for any complete answer, whatever
 * its status (but see FSOCK_FAIL_STATUS). *result is set in every case, to be freed by the caller,
 * unless memory is out (then NULL). Ends at the deadline, or earlier by the limits in `options`.
 */
FSOCK_API enum fsock_err fsock_get(fsock_result **result, const char *url,
                                   const struct fsock_request *request,
                                   const struct fsock_options *options, fsock_time deadline);
FSOCK_API const struct fsock_response *fsock_result_response(const fsock_result *result);
FSOCK_API const char *fsock_result_body(const fsock_result *result, size_t *len);
FSOCK_API const struct fsock_fault *fsock_result_fault(const fsock_result *result);
FSOCK_API void fsock_result_free(fsock_result *result);

/* ---- Any number of URLs ---------------------------------------------------------------------- */

/*
 * A fetch runs any number of transfers at once in the calling thread. Results are pulled:
 *
 *     fsock_fetch *f = fsock_fetch_new(&options, 64, 6, &fault);
 *     fsock_fetch_add(f, url, strlen(url), &request, my_item, &fault);
 *     struct fsock_event e;
 *     while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
 *         if (e.kind == FSOCK_EVENT_DONE) ...
 *
 * Nothing of the library calls the caller, and nothing moves but inside fsock_fetch_next().
 */
typedef struct fsock_fetch fsock_fetch;

enum fsock_event_kind {
    FSOCK_EVENT_START = 1, /* a URL left the queue: its clocks run from here */
    FSOCK_EVENT_HEAD,  /* the header of the final answer has come (redirects followed are silent) */
    FSOCK_EVENT_DATA,  /* some of the decoded body */
    FSOCK_EVENT_DONE,  /* the transfer has ended; the last event with this `user` */
    FSOCK_EVENT_ROOM,  /* the queue had been full and takes URLs again */
    FSOCK_EVENT_READY, /* a watched descriptor can be read or written; the watch is over */
    FSOCK_EVENT_MARK   /* a timeline mark (options.trace) */
};

enum fsock_mark_kind {
    FSOCK_MARK_LOOKUP = 1, /* name lookup started: host */
    FSOCK_MARK_QUERY,      /* a question went to a name server: server, name and type */
    FSOCK_MARK_ANSWER,     /* its answer: server, rcode and count */
    FSOCK_MARK_ADDRESSES,  /* name lookup ended: the addresses, or why there are none */
    FSOCK_MARK_CONNECT,    /* connect started: address */
    FSOCK_MARK_CONNECTED,  /* connect ended: address, errno */
    FSOCK_MARK_PROXY,      /* a proxy's handshake ended */
    FSOCK_MARK_TLS,        /* TLS handshake ended: version, cipher, resumed, ALPN */
    FSOCK_MARK_REUSE,      /* a connection from the pool */
    FSOCK_MARK_REQUEST,    /* a request's head, with passwords and cookies masked */
    FSOCK_MARK_SENT,       /* all of it has gone out: size */
    FSOCK_MARK_FIRST_BYTE,
    FSOCK_MARK_HEAD,     /* the header is complete: status line, size */
    FSOCK_MARK_BODY,     /* the body is complete: size */
    FSOCK_MARK_REDIRECT, /* to where */
    FSOCK_MARK_RETRY,    /* why */
    FSOCK_MARK_LIMIT,    /* which limit struck */
    FSOCK_MARK_CLOSE     /* a connection was closed */
};

/* One thing that happened. Texts live until the next call. */
struct fsock_mark {
    enum fsock_mark_kind kind;
    fsock_time at; /* when, read from the clock as it happened */
    uint64_t id;   /* of the transfer; 0 if it belongs to none (a shared lookup) */
    int fd;        /* -1 if none */
    int sys_errno;
    uint64_t size;
    const char *text;
};

FSOCK_API const char *fsock_mark_name(enum fsock_mark_kind kind);

struct fsock_event {
    enum fsock_event_kind kind;
    void *user;                            /* as given to fsock_fetch_add or _watch */
    uint64_t id;                           /* counts the transfers of this fetch from 1 */
    const struct fsock_response *response; /* START, HEAD, DATA, DONE */
    const char *data;                      /* DATA */
    size_t len;
    enum fsock_err err;              /* DONE */
    const struct fsock_fault *fault; /* DONE; NULL if err is FSOCK_OK */
    const struct fsock_mark *mark;   /* MARK */
};

/*
 * `parallel`: transfers at once (0: 64); `per_host`: connections to one scheme, host and port (0:
 * 6). Fewer run where the limit of open files asks for it. NULL, with the fault filled in, if an
 * option can't be used.
 */
FSOCK_API fsock_fetch *fsock_fetch_new(const struct fsock_options *options, unsigned parallel,
                                       unsigned per_host, struct fsock_fault *fault);

/* Ends what still runs, without events, and frees all. NULL is fine. */
FSOCK_API void fsock_fetch_free(fsock_fetch *fetch);

/*
 * Queue a URL (http, https; without a scheme http). The URL is copied; `request` is borrowed (NULL:
 * the default). Returns FSOCK_OK; FSOCK_AGAIN if the queue is full: add it again after
 * FSOCK_EVENT_ROOM; FSOCK_ERR_INPUT with the fault filled in if URL or request can't be used (then
 * there are no events); FSOCK_ERR_CANCELED after fsock_fetch_stop; FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_fetch_add(fsock_fetch *fetch, const char *url, size_t url_len,
                                         const struct fsock_request *request, void *user,
                                         struct fsock_fault *fault);

/*
 * The next event, waiting for it until `deadline` (a past one: only what is there). FSOCK_OK;
 * FSOCK_EOF if nothing is queued, running or watched; FSOCK_ERR_TIMEOUT at the deadline;
 * FSOCK_ERR_MEMORY, FSOCK_ERR_SYSTEM. The event's texts and bytes live until the next call with
 * this fetch.
 */
FSOCK_API enum fsock_err fsock_fetch_next(fsock_fetch *fetch, struct fsock_event *event,
                                          fsock_time deadline);

enum { FSOCK_READABLE = 1, FSOCK_WRITABLE = 2 };

/*
 * Report once, by FSOCK_EVENT_READY, when `fd` is what `events` says, or has failed (a regular file
 * always is). It must stay open until then; it may be closed, or watched again, afterwards. At most
 * one watch of a descriptor at a time. FSOCK_OK; FSOCK_ERR_INPUT if fd is negative;
 * FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_fetch_watch(fsock_fetch *fetch, int fd, unsigned events, void *user);

/* End one running or queued transfer: its DONE event comes with FSOCK_ERR_CANCELED. */
FSOCK_API void fsock_fetch_cancel(fsock_fetch *fetch, uint64_t id);

/*
 * Start nothing new and end all that runs: DONE events with FSOCK_ERR_CANCELED follow for those
 * that had started, then for those that had not. Watches end without events. `why` goes into the
 * faults' texts ("interrupted").
 */
FSOCK_API void fsock_fetch_stop(fsock_fetch *fetch, const char *why);

/* How many transfers run, and how many wait in the queue. */
FSOCK_API size_t fsock_fetch_running(const fsock_fetch *fetch);
FSOCK_API size_t fsock_fetch_queued(const fsock_fetch *fetch);

/* ---- DNS: any question, any number of them --------------------------------------------------- */

/*
 * Name servers asked directly, by UDP, TCP or TLS: those of options.dns_servers (here a host name
 * may stand for an address, too) or else of resolv.conf. The hosts file and the search list are not
 * consulted. Nothing counts as an answer that doesn't come from the server asked, to the port it
 * was asked from, with the id and the question, letter by letter (RFC 5452).
 */

/* Set by fsock_dns_options_init() to the defaults named here. */
struct fsock_dns_options {
    size_t size;
    fsock_time timeout;   /* 10 s: for one question, all its tries together; 0: none */
    unsigned parallel;    /* questions open at once, if the servers bear it (30,000) */
    unsigned race;        /* servers asked side by side, of which the first good answer counts:
                             1 to 4 (1) */
    uint32_t rate;        /* tries a second, retries included; 0: no limit */
    uint32_t server_rate; /* ... at each server */
    int no_recursion;     /* 1: ask for what the servers know themselves (RD off) */
    int tcp;              /* 1: by TCP, where a server was not said to be asked by TLS */
};

FSOCK_API void fsock_dns_options_init(struct fsock_dns_options *options);

/* Some types of records (RFC 1035 3.2.2 and others); any number to 65535 may be asked for. */
enum { FSOCK_A = 1, FSOCK_NS = 2, FSOCK_CNAME = 5, FSOCK_SOA = 6, FSOCK_PTR = 12, FSOCK_MX = 15 };
enum { FSOCK_TXT = 16, FSOCK_AAAA = 28, FSOCK_SRV = 33, FSOCK_ANY = 255 };

/* The number of a type, "MX" or "TYPE15" in any case; -1 if it is none. */
FSOCK_API int fsock_dns_type(const char *text, size_t len);

enum fsock_dns_status {
    FSOCK_DNS_NOERROR,  /* there are records of the type */
    FSOCK_DNS_NODATA,   /* the name exists, without such records */
    FSOCK_DNS_NXDOMAIN, /* the name does not exist */
    FSOCK_DNS_RCODE,    /* the servers say something else: rcode */
    FSOCK_DNS_TIMEOUT,  /* none has answered in time */
    FSOCK_DNS_ERROR,    /* none could be reached, or gave a usable answer */
    FSOCK_DNS_CANCELED  /* taken back */
};

enum { FSOCK_DNS_AA = 1, FSOCK_DNS_RD = 4, FSOCK_DNS_RA = 8, FSOCK_DNS_AD = 16 };
enum { FSOCK_DNS_CD = 32, FSOCK_DNS_BY_TCP = 64, FSOCK_DNS_BY_TLS = 128 };

/*
 * A record, in the presentation form of RFC 1035 5.1: printable ASCII, all other bytes escaped.
 * Unknown types and data that are not of their type's form are in that of RFC 3597.
 */
struct fsock_record {
    const char *name; /* its owner */
    const char *type_name;
    const char *data;
    size_t data_len;
    uint32_t ttl; /* seconds */
    uint16_t type;
};

/* What became of a question. Texts live as long as the answer. */
struct fsock_answer {
    enum fsock_dns_status status;
    const char *status_name; /* "NOERROR", "NODATA", ...; of FSOCK_DNS_RCODE the rcode's */
    const char *name;        /* as it was asked for */
    const char *qname;       /* as the servers were asked: absolute, escaped */
    const char *type_name;
    uint16_t type;
    int rcode; /* of the last message that counted; -1: there was none */
    /* CNAME records on the way, then those of the type, each owner being the target before. */
    const struct fsock_record *records;
    size_t count;
    uint32_t ttl;       /* seconds for which it may be kept, a "no" too (RFC 2308) */
    const char *server; /* "192.0.2.53", "tls://[2001:db8::53]:8853"; "" if none has answered */
    unsigned tries;
    fsock_time took;
    unsigned flags;      /* FSOCK_DNS_AA and so on */
    const void *message; /* the last message that counted, as received */
    size_t message_len;
    const struct fsock_fault *fault; /* NULL for NOERROR, NODATA and NXDOMAIN */
};

typedef struct fsock_dns fsock_dns;

/*
 * Any number of questions in the calling thread, pulled like a fetch. `options` (servers, TLS,
 * resolv_conf) and `dns_options` may be NULL. Where servers are named by host names these are
 * looked up, until the deadline. NULL with the fault filled in if that fails, or an option can't be
 * used.
 */
FSOCK_API fsock_dns *fsock_dns_new(const struct fsock_options *options,
                                   const struct fsock_dns_options *dns_options, fsock_time deadline,
                                   struct fsock_fault *fault);
FSOCK_API void fsock_dns_free(fsock_dns *dns);

/*
 * Ask for a name: in presentation form, or in UTF-8 (IDNA 2008); or for an IP address, which means
 * its reverse name (RFC 1035 3.5, RFC 3596 2.5), IPv4-mapped ones as IPv4. `type` 0: PTR for an
 * address, A for a name. The name is copied. FSOCK_OK; FSOCK_AGAIN: enough are waiting, once more
 * after FSOCK_EVENT_ROOM; FSOCK_ERR_INPUT with the fault filled in if it can't be asked for;
 * FSOCK_ERR_CANCELED after fsock_dns_stop; FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_dns_add(fsock_dns *dns, const char *name, size_t len, unsigned type,
                                       void *user, struct fsock_fault *fault);

struct fsock_dns_event {
    enum fsock_event_kind kind; /* DONE, ROOM or READY */
    void *user;
    uint64_t id;                       /* counts the questions from 1 */
    const struct fsock_answer *answer; /* DONE; lives until the next call */
};

/* As fsock_fetch_next, _watch and _stop. */
FSOCK_API enum fsock_err fsock_dns_next(fsock_dns *dns, struct fsock_dns_event *event,
                                        fsock_time deadline);
FSOCK_API enum fsock_err fsock_dns_watch(fsock_dns *dns, int fd, unsigned events, void *user);
FSOCK_API void fsock_dns_stop(fsock_dns *dns, const char *why);

/* How a server has been doing. */
struct fsock_dns_server {
    const char *name;               /* as in fsock_answer's server */
    uint64_t asked, answered, lost; /* tries */
    fsock_time srtt;                /* smoothed round trip; 0: not known */
    unsigned open, window;          /* tries open now, and how many there may be */
};

/* The n-th server, from 0; 0 if there is none. */
FSOCK_API int fsock_dns_server(const fsock_dns *dns, size_t n, struct fsock_dns_server *server);

/* Datagrams that came and answered no question of ours: forged, late or damaged. */
FSOCK_API uint64_t fsock_dns_dropped(const fsock_dns *dns);

/* Questions that run, and that wait. */
FSOCK_API size_t fsock_dns_running(const fsock_dns *dns);
FSOCK_API size_t fsock_dns_queued(const fsock_dns *dns);

/* ---- DNS: one question, blocking ------------------------------------------------------------- */

/*
 * Ask for one name or address. Returns FSOCK_OK whatever the status, if there is an answer
 * (NOERROR, NODATA, NXDOMAIN); else the error that (*answer)->fault describes. *answer is set in
 * every case, to be freed with fsock_answer_free, unless memory is out (then NULL).
 */
FSOCK_API enum fsock_err fsock_lookup(struct fsock_answer **answer, const char *name, unsigned type,
                                      const struct fsock_options *options,
                                      const struct fsock_dns_options *dns_options,
                                      fsock_time deadline);
FSOCK_API void fsock_answer_free(struct fsock_answer *answer);

#define FSOCK_NAME_MAX 1005 /* room for any name, escaped, and its NUL */

/*
 * The host name of an IP address, without a dot at its end; or, if it has none or none can be had,
 * the address as it was given. FSOCK_OK with a name; FSOCK_ERR_NAME: it has none; FSOCK_ERR_INPUT:
 * it is no IP address; else what prevented an answer, with the fault filled in (it may be NULL).
 */
FSOCK_API enum fsock_err fsock_name_of(char name[FSOCK_NAME_MAX], const char *address,
                                       const struct fsock_options *options, fsock_time deadline,
                                       struct fsock_fault *fault);

/*
 * The other way: the first address of a host as fsock_get would connect to it (hosts file and
 * search list included); or, if there is none, the name as it was given, cut to fit. Returns
 * as fsock_name_of does; FSOCK_ERR_NAME: the host has no address.
 */
FSOCK_API enum fsock_err fsock_address_of(char address[FSOCK_NAME_MAX], const char *name,
                                          const struct fsock_options *options, fsock_time deadline,
                                          struct fsock_fault *fault);

/*
 * Read a DNS message (without the length that TCP puts in front): the records of its answer
 * section, of any owner. *answer as for fsock_lookup; its name and qname are those of the first
 * question. FSOCK_OK; FSOCK_ERR_PROTOCOL if it is malformed: then there is a fault.
 */
FSOCK_API enum fsock_err fsock_dns_parse(struct fsock_answer **answer, const void *message,
                                         size_t len);

#ifdef __cplusplus
}
#endif

#endif
