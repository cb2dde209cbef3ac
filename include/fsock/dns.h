/*
 * fsock/dns.h - asking name servers: one question, or any number of them. A part of <fsock.h>.
 */
#ifndef FSOCK_DNS_H
#define FSOCK_DNS_H

#ifndef FSOCK_H
#error "include <fsock.h>, which includes this"
#endif

#ifdef __cplusplus
extern "C" {
#endif

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
    enum fsock_event_kind kind; /* DONE, ROOM, READY or MARK */
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
