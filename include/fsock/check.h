/*
 * fsock/check.h - is a service up, and does the login work: any number of them at once, pulled like
 * a fetch. A part of <fsock.h>.
 *
 * A check opens a connection, hears the service's greeting, asks what it can do, puts TLS on where
 * it is offered, logs in if there is a user, and takes its leave. It changes nothing: no mail is
 * sent, none is deleted.
 */
#ifndef FSOCK_CHECK_H
#define FSOCK_CHECK_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif
#include <fsock/stream.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The services that there are, as written in targets; ends with NULL. */
FSOCK_API const char *const *fsock_services(void);

enum fsock_starttls {
    FSOCK_STARTTLS_AUTO = 0, /* REQUIRE with a user, else TRY */
    FSOCK_STARTTLS_TRY,      /* if it is offered; that it then fails is a failure */
    FSOCK_STARTTLS_REQUIRE,  /* a service that does not offer it has failed */
    FSOCK_STARTTLS_NO        /* stay without; the password goes out only by ways that hide it,
                                unless `mechanism` names another */
};

/* Set by fsock_check_request_init(). Texts are copied by fsock_check_add(); NULL: the default. */
struct fsock_check_request {
    size_t size;
    enum fsock_starttls starttls;
    const char *user;      /* NULL: that of the target; neither: no login */
    const char *password;  /* or the token of XOAUTH2 */
    const char *mechanism; /* "PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-256", "XOAUTH2", "APOP", or
                              "PASS", the protocol's own commands; NULL: the best one offered */
    const char *name;      /* who we are, for EHLO, LHLO; NULL: [127.0.0.1] */
    const char *sender;    /* for `recipients`; NULL: the empty one */
    const char *const *recipients; /* SMTP, LMTP: are these accepted? NULL-terminated */
    uint64_t message;              /* POP3: fetch it; 0: none */
    int list;                      /* 1: POP3: list the messages */
    const void *send;              /* tcp, tls, unix, udp: say this, */
    size_t send_len;
    const void *expect; /* ... and wait for that */
    size_t expect_len;
};

FSOCK_API void fsock_check_request_init(struct fsock_check_request *request);

/* Something that was learnt: "messages", "3". Any byte of a server's but NUL may be in a value. */
struct fsock_fact {
    const char *key;
    const char *value;
};

/* What became of a check. Times are nanoseconds from its start; 0: it did not come so far. */
struct fsock_check_result {
    const char *target;  /* as it was given */
    const char *service; /* "smtp" */
    const char *host;
    int port;         /* 0: a unix socket */
    const char *peer; /* the address: "192.0.2.1:25"; "" if none answered */
    fsock_time lookup, connect, tls, greeting, login, took;
    const char *banner;              /* the greeting's text, printable; "" */
    const char *const *capabilities; /* what the service says that it can do; NULL-terminated */
    const struct fsock_fact *facts;
    size_t facts_count;
    const char *text; /* the message or list that was asked for */
    size_t text_len;
    const char *tls_version; /* "" without TLS */
    const char *tls_cipher;
    int starttls;                    /* 1: TLS was put on in the middle */
    const struct fsock_cert *cert;   /* NULL without TLS */
    const char *mechanism;           /* by which way it logged in, or tried to; "" */
    const struct fsock_fault *fault; /* NULL: all is well */
};

typedef struct fsock_check fsock_check;

/*
 * `parallel`: at once (0: 500); fewer run where the limit of open files asks for it. Of `options`
 * (NULL: the defaults) connect_timeout covers a check until its connection is open, TLS from the
 * start included; total_timeout all of it. NULL, with the fault filled in, if an option can't be
 * used.
 */
FSOCK_API fsock_check *fsock_check_new(const struct fsock_options *options, unsigned parallel,
                                       struct fsock_fault *fault);
FSOCK_API void fsock_check_free(fsock_check *check);

/*
 * Queue a target, SERVICE://[USER@]HOST[:PORT], which is copied, as is the request (it may be
 * NULL). FSOCK_OK; FSOCK_AGAIN: enough are waiting, once more after FSOCK_EVENT_ROOM;
 * FSOCK_ERR_INPUT with the fault filled in if it can't be used; FSOCK_ERR_CANCELED after
 * fsock_check_stop; FSOCK_ERR_MEMORY.
 */
FSOCK_API enum fsock_err fsock_check_add(fsock_check *check, const char *target,
                                         const struct fsock_check_request *request, void *user,
                                         struct fsock_fault *fault);

struct fsock_check_event {
    enum fsock_event_kind kind; /* DONE, ROOM, READY or MARK */
    void *user;
    uint64_t id;                             /* counts the targets from 1 */
    const struct fsock_check_result *result; /* DONE; lives until the next call */
};

/* As fsock_fetch_next, _watch and _stop. */
FSOCK_API enum fsock_err fsock_check_next(fsock_check *check, struct fsock_check_event *event,
                                          fsock_time deadline);
FSOCK_API enum fsock_err fsock_check_watch(fsock_check *check, int fd, unsigned events, void *user);
FSOCK_API void fsock_check_stop(fsock_check *check, const char *why);

/* Targets that run, and that wait. */
FSOCK_API size_t fsock_check_running(const fsock_check *check);
FSOCK_API size_t fsock_check_queued(const fsock_check *check);

#ifdef __cplusplus
}
#endif

#endif
