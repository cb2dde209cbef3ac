/*
 * tracee_mean_rows.h - between the files of tracee_mean: marks, and who writes those of which kind.
 */
#ifndef FSOCK_CLI_TRACEE_MEAN_ROWS_H
#define FSOCK_CLI_TRACEE_MEAN_ROWS_H

#include "base/trace.h"
#include "tracee_mean.h"

/* Write a mark of what is on `conn` (NULL: no socket). The process's number is added. */
void mean_mark(struct tracee_mean *mean, const struct tracee_conn *conn, enum fsock_mark_kind kind,
               uint64_t id, int sys_errno, uint64_t size, const struct fsock_field *field,
               size_t fields);

#define MEAN_MARK(mean, conn, kind, id, sys_errno, size, ...)                                      \
    do {                                                                                           \
        const struct fsock_field mean_fields_[] = {__VA_ARGS__};                                   \
        mean_mark(mean, conn, kind, id, sys_errno, size, mean_fields_,                             \
                  sizeof mean_fields_ / sizeof *mean_fields_);                                     \
    } while (0)

/* ---- tracee_mean.c --------------------------------------------------------------------------- */

/* What goes on under this id has ended; err FSOCK_OK: well. */
void mean_done(struct tracee_mean *mean, struct tracee_conn *conn, uint64_t id, enum fsock_err err,
               enum fsock_stage stage, int sys_errno, const char *why);

/* Bytes of a conversation that nothing is known of. */
void mean_plain(struct tracee_mean *mean, struct tracee_conn *conn, bool request, uint64_t n);

/* ---- tracee_mean_lookup.c -------------------------------------------------------------------- */

/* A DNS message that was sent, or has come. False: it is none. */
bool mean_dns(struct tracee_mean *mean, struct tracee_conn *conn, bool out, struct fsk_span message,
              const char *server, const char *transport);

/* Bytes of DNS over TCP. */
void mean_dns_stream(struct tracee_mean *mean, struct tracee_conn *conn, bool out,
                     struct fsk_span bytes);

/* The newest lookup that has told this address, or NULL; the one with this id. */
struct mean_lookup *mean_lookup_of(struct tracee_mean *mean, const struct fsk_addr *addr);
struct mean_lookup *mean_lookup_with(struct tracee_mean *mean, uint64_t id);

/* A socket is gone: nothing more will be answered there. */
void mean_lookups_gone(struct tracee_mean *mean, struct tracee_conn *conn);

/* Forget a lookup; if nobody has told of its end, now is the time. */
void mean_lookup_end(struct tracee_mean *mean, struct mean_lookup *lookup);

/* ---- tracee_mean_http.c, tracee_mean_tls.c --------------------------------------------------- */

void mean_http(struct tracee_mean *mean, struct tracee_conn *conn, bool request,
               struct fsk_span bytes, uint64_t n);

/* Nothing more will be answered: the peer has ended, or we have, or (sys_errno) it has failed. */
void mean_http_gone(struct tracee_mean *mean, struct tracee_conn *conn, bool by_peer,
                    int sys_errno);

void mean_tls(struct tracee_mean *mean, struct tracee_conn *conn, bool client,
              struct fsk_span bytes);

#endif
