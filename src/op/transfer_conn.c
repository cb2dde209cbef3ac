#include "op/transfer_conn.h"

#include "base/time.h"
#include "base/trace.h"

/* For somebody else's handshake, or for half of the connect limit; then one makes one's own. */
#define HOPE_MAX (1 * FSOCK_SECOND)

/* Whether it may be asked by HTTP/2, as far as the request is concerned. */
static bool may_share(const struct fsk_transfer *t)
{
    const unsigned http1 = FSOCK_HTTP10 | FSOCK_NO_WAIT;
    if (!t->http->http2 || t->request->flags & http1 || t->aim.via)
        return false;
    return t->aim.target.tls || t->http->http2 == FSOCK_HTTP2_PRIOR;
}

static void mark_reuse(struct fsk_transfer *t)
{
    struct fsk_layer_info info;
    char addr[FSK_ADDR_TEXT];
    fsk_stream_info(&t->conn->stream, &info);
    if (info.remote.family)
        fsk_addr_format_port(&info.remote, addr);
    if (!info.shared)
        fsk_trace_owner(fsk_op_trace(&t->op), info.fd, t->op.id);
    fsk_mark(fsk_op_trace(&t->op), FSOCK_MARK_REUSE, t->op.id, info.fd, 0, 0,
             fsk_text("addr", info.remote.family ? addr : NULL), fsk_number("uses", t->conn->uses));
}

/* A kept connection, if there is one. What the peer has said since is no answer to what comes now:
 * then, as when it has closed, the connection is of no use. */
static struct fsk_conn *take_kept(struct fsk_transfer *t)
{
    struct fsk_conn *conn;
    if (t->fresh)
        return NULL;
    while ((conn = fsk_pool_take(&t->lease)) != NULL) {
        if (fsk_conn_is_alive(conn))
            break;
        fsk_conn_close(conn);
    }
    return conn;
}

bool fsk_transfer_take_conn(struct fsk_transfer *t)
{
    t->reused = false;
    if (t->request->flags & (FSOCK_NO_REUSE | FSOCK_NO_WAIT))
        return false;
    if (may_share(t))
        t->conn = fsk_pool_join(&t->lease, &t->op);
    if (!t->conn)
        t->conn = take_kept(t);
    if (!t->conn)
        return false;
    t->reused = true;
    t->hope = FSK_HOPE_NONE;
    t->hoped = 0;
    if (fsk_op_trace(&t->op))
        mark_reuse(t);
    return true;
}

bool fsk_transfer_hopes(struct fsk_transfer *t, fsock_time now)
{
    enum fsk_hope before = t->hope;
    t->hope = FSK_HOPE_NONE;
    if (!may_share(t) || t->request->flags & FSOCK_NO_REUSE || t->op.expired)
        return false;
    enum fsk_hope hope = fsk_pool_hope(&t->lease, &t->op);
    if (hope == FSK_HOPE_DIAL && before != FSK_HOPE_DIAL) {
        t->hoped = now;
        t->missed = t->lease.place->missed;
    }
    fsock_time until =
        fsk_time_min(t->hoped + HOPE_MAX, fsk_time_limit(t->hoped, t->http->connect_timeout / 2));
    if (hope == FSK_HOPE_DIAL && (now >= until || t->missed != t->lease.place->missed)) {
        fsk_list_remove(&t->lease.waiter);
        return false; /* it takes too long, or has failed: perhaps others will, too */
    }
    if (hope == FSK_HOPE_DIAL)
        t->op.alarm = until;
    else if (hope == FSK_HOPE_ROOM)
        t->hoped = 0;
    t->hope = hope;
    return hope != FSK_HOPE_NONE;
}

/* The time that it has hoped for somebody else's connection is part of its own limit. */
bool fsk_transfer_dial(struct fsk_transfer *t, fsock_time now)
{
    fsock_time since = t->hoped ? t->hoped : now;
    bool ask = may_share(t) && !t->lease.place->http1;
    t->hoped = 0;
    t->conn = fsk_conn_new(&t->lease);
    if (!t->conn)
        return false;
    t->aim.target.http1 = !ask;
    if (ask && !(t->request->flags & FSOCK_NO_REUSE))
        fsk_conn_scout(t->conn);
    fsk_dial_init(&t->dial, &t->http->dialer, &t->aim.target,
                  fsk_time_min(t->op.deadline, fsk_time_limit(since, t->http->connect_timeout)),
                  &t->fault);
    t->dialling = true;
    return true;
}

/* Whether that is what the connection speaks that has just been made. */
static bool is_http2(const struct fsk_transfer *t, const struct fsk_layer_info *info)
{
    if (t->aim.target.http1)
        return false;
    return t->aim.target.tls ? info->alpn && strcmp(info->alpn, "h2") == 0 : true;
}

enum fsock_err fsk_transfer_dialled(struct fsk_transfer *t)
{
    struct fsk_layer_info info;
    t->conn->stream = t->dial.stream;
    t->dial.stream.top = NULL;
    t->response.connects++;
    fsk_stream_info(&t->conn->stream, &info);
    if (is_http2(t, &info)) {
        fsk_trace_owner(t->http->driver->trace, info.fd, 0);
        return fsk_conn_share(t->conn, &t->op, t->request->flags & FSOCK_NO_REUSE);
    }
    fsk_conn_is_http1(t->conn);
    return FSOCK_OK;
}
