/*
 * fsock/fetch.h - fetching by HTTP: one URL, or any number of them. A part of <fsock.h>.
 */
#ifndef FSOCK_FETCH_H
#define FSOCK_FETCH_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Requests and responses ------------------------------------------------------------------ */

enum {
    FSOCK_FOLLOW = 1 << 0,      /* follow redirects */
    FSOCK_DISCARD = 1 << 1,     /* the body is read and checked, but no DATA events */
    FSOCK_NO_DECODE = 1 << 2,   /* hand the body out as received (still dechunked) */
    FSOCK_NO_COMPRESS = 1 << 3, /* send no Accept-Encoding */
    FSOCK_FAIL_STATUS = 1 << 4, /* 400 and above ends with FSOCK_ERR_STATUS, its body discarded */
    FSOCK_KEEP_METHOD = 1 << 5, /* keep the method across 301, 302 and 303 (given by -X) */
    FSOCK_HTTP10 = 1 << 6,      /* ask in HTTP/1.0 */
    FSOCK_NO_REUSE = 1 << 7,    /* a new connection, closed after the answer */
    FSOCK_RETRY_ALL = 1 << 8,   /* retry methods that are not idempotent (POST), too */
    FSOCK_RESTART = 1 << 9,     /* FSOCK_EVENT_RESTART is understood: see retries */
    FSOCK_NO_WAIT = 1 << 10,    /* send it whole, then leave: no answer, no HEAD, status 0 */
    FSOCK_FIRST = 1 << 12,      /* fsock_fetch_add: before all that waits for the same host */
    FSOCK_GIVE_BACK = 1 << 13   /* fsock_fetch_add: FSOCK_EVENT_BACK may come instead of START */
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
    const char *user;            /* "user:password"; also taken from the URL: see auth */
    const char *range;           /* "0-499", "500-", "-500" */
    uint64_t resume_from;        /* continue a body that already has so many bytes; 0: no */
    const char *validator;       /* its ETag or Last-Modified, for If-Range; NULL: none */
    const char *accept_encoding; /* NULL: "gzip, deflate, br, zstd" */
    int max_redirects;           /* 20 */

    /*
     * Trying again, within the same limits: after a failure to look up (but not of a name that does
     * not exist), to connect or to read in time, a reset, a connection closed or a body cut off too
     * early, and after 408, 429, 500, 502, 503 and 504. Such an answer is passed over as a redirect
     * is, unless it is the last. Only idempotent methods, but see FSOCK_RETRY_ALL; any method where
     * nothing can have been sent. A pause lasts up to retry_delay, at random, doubled each time up
     * to 30 s; and at least as long as the peer asks for by Retry-After, or says that no request
     * remains to us (RateLimit, X-RateLimit-Remaining), 5 min at most. Then nothing else begins at
     * that scheme, host and port, either. If the pause does not fit into what is left of the total
     * limit, that was the last try. Once HEAD was shown, the body goes on where it broke off if the
     * peer can prove that it is the same; else it begins anew if FSOCK_RESTART is set.
     */
    unsigned retries;       /* 0 */
    fsock_time retry_delay; /* nanoseconds (500 ms) */

    /* Cookies. A "Cookie: ..." among the headers is sent to the origin of the URL instead of both
       of these, and "Cookie:" means that none are sent at all. */
    fsock_jar *jar;     /* takes what answers set, and gives what fits each request; NULL: none */
    const char *cookie; /* "a=1; b=2": besides the jar's, for the origin of the URL alone */

    /*
     * Logging in. `user`, the URL's user and `bearer` are for the origin of the URL alone. With a
     * user and no password, the password is that of `logins`, or empty. A server that asks is
     * answered once for each URL, and once more for each nonce that it calls stale, three times at
     * most; what it has asked for is remembered by the fetch, so that later requests bring it
     * along. An "Authorization: ..." among the headers is sent instead of all this.
     */
    enum fsock_auth auth;
    fsock_logins *logins; /* for each host its own; NULL: none */
    const char *bearer;   /* a token, sent as "Authorization: Bearer ..." instead of a user */
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
    int version;        /* 10, 11, 20; 0 before the first status line */
    const char *head;   /* status line and header of the last answer, as received; of HTTP/2, which
                           has no lines, "HTTP/2 200" and the fields as HTTP/1 would write them */
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
    struct fsock_tcp tcp;     /* options.tcp_info: of the last connection; up to 10 ms old, since a
                                 list asks for it again and again */
    int resumed;              /* 1: a 206 that continues resume_from */
    const char *redirect_url; /* where a redirect that was not followed points; "" if none */
    struct fsock_times times;
    unsigned retries; /* made; the first try is not counted, nor are `tries` */
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

struct fsock_event {
    enum fsock_event_kind kind;
    void *user;                            /* as given to fsock_fetch_add or _watch */
    uint64_t id;                           /* counts the transfers of this fetch from 1 */
    const struct fsock_response *response; /* START, HEAD, DATA, RESTART, DONE */
    const char *data;                      /* DATA */
    size_t len;
    enum fsock_err err;              /* DONE */
    const struct fsock_fault *fault; /* DONE; NULL if err is FSOCK_OK */
};

/*
 * `parallel`: transfers at once (0: 64); `per_host`: connections to one scheme, host and port, or
 * requests at once where they share one (0: 6). Fewer run where the limit of open files asks for
 * it. NULL, with the fault filled in, if an option can't be used.
 */
FSOCK_API fsock_fetch *fsock_fetch_new(const struct fsock_options *options, unsigned parallel,
                                       unsigned per_host, struct fsock_fault *fault);

/* Ends what still runs, without events, and frees all. NULL is fine. */
FSOCK_API void fsock_fetch_free(fsock_fetch *fetch);

/*
 * Queue a URL (http, https; without a scheme http). The URL is copied; `request` is borrowed (NULL:
 * the default). Returns FSOCK_OK; FSOCK_AGAIN if the queue is full: add it again after
 * FSOCK_EVENT_ROOM; FSOCK_ERR_INPUT with the fault filled in if URL or request can't be used (then
 * there are no events); FSOCK_ERR_CANCELED after fsock_fetch_stop; FSOCK_ERR_MEMORY. For what comes
 * FSOCK_FIRST the queue has as much room again.
 *
 * A host that is left alone for a while (it asked for that, or failed, or has a rate) keeps its
 * URLs in the queue. When they have filled it, and fewer than `parallel` transfers run, those with
 * FSOCK_GIVE_BACK are given back, the newest ones first to leave, so that other hosts' get in:
 * FSOCK_EVENT_BACK instead of START, the last event of each. The caller adds them again later.
 */
FSOCK_API enum fsock_err fsock_fetch_add(fsock_fetch *fetch, const char *url, size_t url_len,
                                         const struct fsock_request *request, void *user,
                                         struct fsock_fault *fault);

/*
 * From now on, let at least `delay` nanoseconds pass between the starts of two requests to the
 * scheme, host and port of this URL, if that is more than the options ask for; 0: what they do. So
 * much is remembered of 10,000 of them; of more, of those slowed first, only while they are in use.
 * FSOCK_OK; FSOCK_ERR_INPUT with the fault filled in; FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_fetch_slow(fsock_fetch *fetch, const char *url, size_t url_len,
                                          fsock_time delay, struct fsock_fault *fault);

/*
 * The next event, waiting for it until `deadline` (a past one: only what is there). FSOCK_OK;
 * FSOCK_EOF if nothing is queued, running or watched; FSOCK_ERR_TIMEOUT at the deadline;
 * FSOCK_ERR_MEMORY, FSOCK_ERR_SYSTEM. The event's texts and bytes live until the next call with
 * this fetch.
 */
FSOCK_API enum fsock_err fsock_fetch_next(fsock_fetch *fetch, struct fsock_event *event,
                                          fsock_time deadline);

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

/* How many transfers run (or rest, to be tried again), and how many wait in the queue. */
FSOCK_API size_t fsock_fetch_running(const fsock_fetch *fetch);
FSOCK_API size_t fsock_fetch_queued(const fsock_fetch *fetch);

#ifdef __cplusplus
}
#endif

#endif
