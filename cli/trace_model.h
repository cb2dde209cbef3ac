/*
 * trace_model.h - marks become exchanges: what each was for, how long its stages took, how it
 * ended.
 *
 * An exchange is a request and its answer, a lookup, a probe or a stream: what in a trace has an
 * id. A redirect, or a request that is sent again, begins another part of the same id. Marks may be
 * missing, or come out of order: what is not known is 0, NULL or -1, and an end that is not there
 * is that of the last mark. An exchange takes about 350 bytes and its texts, each kept once.
 */
#ifndef FSOCK_CLI_TRACE_MODEL_H
#define FSOCK_CLI_TRACE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "base/map.h"
#include "trace_line.h"

/* In the order in which they come. */
enum trace_stage {
    TRACE_LOOKUP,
    TRACE_CONNECT,
    TRACE_PROXY,
    TRACE_TLS,
    TRACE_SEND,
    TRACE_WAIT, /* for the first byte */
    TRACE_BODY,
    TRACE_STAGES
};

extern const char *const trace_stage_names[TRACE_STAGES];

/* Points in time are nanoseconds since the start of the first run; a later run whose clock says
 * that it was earlier counts as one that began with it. */
struct trace_span {
    int64_t from, to; /* from -1: it had no such stage */
};

enum trace_exchange_kind { TRACE_REQUEST, TRACE_QUESTION, TRACE_STREAM };

struct trace_exchange {
    enum trace_exchange_kind kind;
    unsigned run, part; /* from 0, from 1 */
    uint64_t id, connection;
    int64_t start, end;
    struct trace_span stage[TRACE_STAGES];
    const char *what;   /* URL, target, or name and type: "example.org AAAA"; never NULL */
    const char *host;   /* of it; "" if there is none */
    const char *method; /* and so on: NULL if not known */
    const char *addr, *server, *rcode;
    const char *tls_version, *tls_cipher, *alpn;
    const char *request_head, *head;
    const char *http_version;             /* of the answer: "2"; NULL: it is one of HTTP/1 */
    const char *err, *failed_stage, *why; /* how it failed */
    const char *sys_errno;                /* its text */
    int status;                           /* of HTTP; 0: none */
    unsigned attempts, queries;           /* connects begun, questions put */
    bool reused, resumed, failed, repeated;
    bool ended; /* its end has been seen */
    bool again; /* another part follows: it was redirected or sent again */
    uint64_t sent, received, header, request;
    int64_t rtt_us; /* -1: not known */
    int64_t retransmits;
};

struct trace_model {
    struct trace_exchange *exchange; /* in the order in which they began to be known */
    size_t n, cap;
    struct trace_run *run;
    int64_t *offset; /* of each run's start from that of the first, by their wall clocks */
    unsigned runs;
    struct fsk_map open;  /* by run and id: those that go on */
    struct fsk_map texts; /* each kept once */
    bool starved;         /* memory ran out: something is missing */
};

void trace_model_init(struct trace_model *m);
void trace_model_fini(struct trace_model *m);

void trace_model_run(struct trace_model *m, const struct trace_run *run);
void trace_model_mark(struct trace_model *m, const struct fsock_mark *mark);

/* All marks have come: sort by start. False: out of memory, then or before. */
bool trace_model_end(struct trace_model *m);

/* How long a stage took; 0 if there was none. */
static inline int64_t trace_stage_took(const struct trace_exchange *x, enum trace_stage stage)
{
    const struct trace_span *s = &x->stage[stage];
    return s->from >= 0 && s->to > s->from ? s->to - s->from : 0;
}

/* The wall clock at a point in time: nanoseconds since 1970; 0 if no run has said. */
int64_t trace_model_wall(const struct trace_model *m, int64_t at);

#endif
