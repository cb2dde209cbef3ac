/*
 * ask.h - a question of the caller's to name servers, from its text to the answer as it is told:
 * what the bulk and the blocking calls share.
 */
#ifndef FSK_ASK_H
#define FSK_ASK_H

#include "op/query.h"

/* Name servers as the caller's options say. */
struct fsk_dns_setup {
    struct fsk_stub stub;
    struct fsock_dns_options how;
    bool own_servers; /* the options named them */
};

/*
 * Fill it in, for ops of this driver. Servers that are named by a host name are looked up, until
 * the deadline. FSOCK_OK, or what was wrong, with the fault filled in; fini it in either case.
 */
enum fsock_err fsk_dns_setup_init(struct fsk_dns_setup *setup, struct fsk_driver *driver,
                                  const struct fsock_options *options,
                                  const struct fsock_dns_options *how, fsock_time deadline,
                                  struct fsock_fault *fault);
void fsk_dns_setup_fini(struct fsk_dns_setup *setup);

/* A question, and room for its messages; can be used again for another one. */
struct fsk_ask {
    struct fsk_query query;
    struct fsk_buf kept;  /* struct fsk_query's */
    struct fsk_buf given; /* the name as it was given, with a NUL behind it */
    struct fsk_dname qname;
    uint16_t type;
};

/* A zeroed one is as good as one that was initialised and finished. */
void fsk_ask_init(struct fsk_ask *ask);
void fsk_ask_fini(struct fsk_ask *ask);

/* Set what is to be asked for: fsock_dns_add()'s arguments and errors. Nothing waits yet. */
enum fsock_err fsk_ask_set(struct fsk_ask *ask, const char *name, size_t len, unsigned type,
                           struct fsock_fault *fault);

/* Its time begins: ask->query is ready to be run, until `until`. `id` is for marks. */
void fsk_ask_begin(struct fsk_ask *ask, struct fsk_dns_setup *setup, uint64_t id, fsock_time until);

/* An answer with all that it points to. */
struct fsk_answer {
    struct fsock_answer answer; /* first: it is what the caller gets */
    struct fsock_fault fault;
    struct fsk_buf text;
    struct fsock_record *record;
    size_t records; /* there is room for */
    char qname[FSK_DNAME_TEXT], type[FSK_DNS_WORD], status[FSK_DNS_WORD];
};

void fsk_answer_init(struct fsk_answer *a);
void fsk_answer_fini(struct fsk_answer *a);

/*
 * Tell what came of a question whose query has ended with `err` (FSOCK_ERR_CANCELED: it may never
 * have begun; `why` says why). Without memory for the records that is what is told. The ask must
 * stay as long as the answer is used.
 */
void fsk_answer_tell(struct fsk_answer *a, const struct fsk_ask *ask, enum fsock_err err,
                     const char *why);

/* Tell that there is none, as the fault says. `name` is the caller's. */
void fsk_answer_refused(struct fsk_answer *a, const char *name, const struct fsock_fault *fault);

/* Tell what a message says by itself; it stays the caller's. As fsock_dns_parse(). */
enum fsock_err fsk_answer_parse(struct fsk_answer *a, const uint8_t *message, size_t len);

#endif
