/*
 * pool_share.h - the part of a pool for connections that many requests share: those of HTTP/2.
 *
 * Such a connection is a session (h2.h) that belongs to its place; what a lease gets is one of its
 * streams, as a struct fsk_conn that is used and closed like any other. Nobody knows what a place
 * speaks before a handshake has told. So while the first connection is being made, others may hope
 * for a stream of it instead of making their own; once it has spoken HTTP/1, nobody hopes any more.
 * One of HTTP/2 is made when the peer's SETTINGS have come: peers hang before that, too.
 */
#ifndef FSK_POOL_SHARE_H
#define FSK_POOL_SHARE_H

#include "op/pool.h"

/* A stream of a connection of the place, if one has room; else NULL. `op` goes on with it. */
struct fsk_conn *fsk_pool_join(struct fsk_lease *lease, struct fsk_op *op);

/* What there is to hope for, without a connection of one's own. */
enum fsk_hope {
    FSK_HOPE_NONE,
    FSK_HOPE_DIAL, /* somebody is making a connection that may turn out to be shared */
    FSK_HOPE_ROOM  /* a shared one has no room, but will have */
};

/* Look for it; the lease's op is woken when that has changed. */
enum fsk_hope fsk_pool_hope(struct fsk_lease *lease, struct fsk_op *op);

/* ---- A connection that is being made: what it has turned out to be ---- */

/* Others may hope for it, until it turns out to be HTTP/1, has been shared, or is closed. */
void fsk_conn_scout(struct fsk_conn *conn);

/* It speaks HTTP/1: so does the place, as far as anybody knows. */
void fsk_conn_is_http1(struct fsk_conn *conn);

/*
 * It speaks HTTP/2, and `conn` becomes its first stream; `alone`: and its only one. FSOCK_OK or
 * FSOCK_ERR_MEMORY; the stream of bytes is taken over in every case.
 */
enum fsock_err fsk_conn_share(struct fsk_conn *conn, struct fsk_op *op, bool alone);

/* Whether the peer has said that nothing came of what was sent there. */
bool fsk_conn_is_untaken(struct fsk_conn *conn);

/* Whether, after a failure, the connection is gone with all its streams; if not, it is the failure
 * of this one alone. */
bool fsk_conn_is_over(const struct fsk_conn *conn);

/* Whether the peer takes nothing more there, after it has answered some: it will answer some of
 * those who ask on the next one. */
bool fsk_conn_is_used_up(const struct fsk_conn *conn);

/* ---- Between pool.c and pool_share.c --------------------------------------------------------- */

/* Nothing came of this one: nobody need hope for it any more. */
void fsk_conn_miss(struct fsk_conn *conn);

/* Free a connection that is over, unless streams of it are left. */
void fsk_conn_reap(struct fsk_conn *conn);

/* So many of those who hope look again, those who have hoped longest. */
void fsk_place_wake_hopeful(struct fsk_place *place, unsigned most);

/* A place that nobody uses is forgotten. */
void fsk_place_leave(struct fsk_place *place);

#endif
