#include "tracee_mean.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "tracee_mean_rows.h"

void tracee_mean_init(struct tracee_mean *mean, fsock_trace *queue, bool secrets)
{
    memset(mean, 0, sizeof *mean);
    mean->queue = queue;
    mean->secrets = secrets;
}

/* ---- Marks ----------------------------------------------------------------------------------- */

void mean_mark(struct tracee_mean *mean, const struct tracee_conn *conn, enum fsock_mark_kind kind,
               uint64_t id, int sys_errno, uint64_t size, const struct fsock_field *field,
               size_t fields)
{
    struct fsock_field all[FSOCK_FIELDS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < fields && n < FSOCK_FIELDS_MAX - 1; i++)
        all[n++] = field[i];
    all[n++] = fsk_number("pid", mean->moment.tid);
    const struct fsock_mark mark = {.kind = kind,
                                    .at = mean->moment.at,
                                    .id = id,
                                    .connection = conn ? conn->number : 0,
                                    .fd = conn ? conn->talk.fd : -1,
                                    .sys_errno = sys_errno,
                                    .size = size};
    fsk_trace_add(mean->queue, &mark, all, n);
}

void mean_done(struct tracee_mean *mean, struct tracee_conn *conn, uint64_t id, enum fsock_err err,
               enum fsock_stage stage, int sys_errno, const char *why)
{
    bool bad = err != FSOCK_OK;
    MEAN_MARK(mean, conn, FSOCK_MARK_DONE, id, sys_errno, 0,
              fsk_text("err", bad ? fsock_err_name(err) : NULL),
              fsk_text("stage", bad ? fsock_stage_name(stage) : NULL), fsk_text("why", why));
    struct mean_lookup *lookup = mean_lookup_with(mean, id);
    if (lookup)
        lookup->done = true;
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static bool is_internet(int family)
{
    return family == AF_INET || family == AF_INET6;
}

/* "example.org:80" where a lookup has told the address, else "192.0.2.1:80". */
static void start(struct tracee_mean *mean, struct tracee_conn *conn,
                  const struct mean_lookup *lookup)
{
    char target[sizeof lookup->name + 8];
    struct tracee_talk *talk = &conn->talk;
    if (lookup)
        snprintf(target, sizeof target, "%s:%u", lookup->name, talk->addr.port);
    talk->id = ++mean->ids;
    MEAN_MARK(mean, conn, FSOCK_MARK_START, talk->id, 0, 0,
              fsk_text("target", lookup ? target : talk->peer),
              fsk_text("role", talk->server ? "server" : NULL));
}

/*
 * A connection to an address that a lookup has told is the next thing of that one, unless one has
 * been opened already: then it is something of its own.
 */
static void begin(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct tracee_talk *talk = &conn->talk;
    struct mean_lookup *lookup = talk->addr.family ? mean_lookup_of(mean, &talk->addr) : NULL;
    talk->from_lookup = lookup && !lookup->connected && !lookup->done;
    if (talk->from_lookup) {
        talk->id = lookup->id;
        lookup->claimed = true;
    } else {
        start(mean, conn, lookup);
    }
}

static bool is_name_server(const struct tracee_talk *talk)
{
    return talk->addr.family && talk->addr.port == 53;
}

/* Connections to name servers are a part of lookups. */
static bool is_told(const struct tracee_conn *conn, const struct fsk_sockaddr *to)
{
    return conn->type != SOCK_DGRAM && to->len && is_internet(to->ss.ss_family) &&
           !is_name_server(&conn->talk);
}

/* connect(2) to no address: the socket may be connected to somebody else. */
static void start_over(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct tracee_talk *talk = &conn->talk;
    if (talk->kind == TALK_HTTP)
        mean_http_gone(mean, conn, false, 0);
    tracee_talk_turn(talk, TALK_UNKNOWN);
    talk->connecting = talk->open = talk->sent = talk->answered = false;
    talk->id = 0;
    talk->uses = 0;
    talk->out = talk->in = 0;
}

/* Those of other families succeed or fail at once, and are told of only if they succeed. */
void tracee_mean_connect(struct tracee_mean *mean, struct tracee_conn *conn,
                         const struct fsk_sockaddr *to)
{
    struct tracee_talk *talk = &conn->talk;
    bool again = conn->type != SOCK_DGRAM && (talk->connecting || talk->open);
    if (again && to->ss.ss_family == AF_UNSPEC)
        start_over(mean, conn);
    if (again)
        return; /* asking how it stands */
    tracee_talk_peer(talk, to);
    if (!is_told(conn, to))
        return;
    if (!talk->id)
        begin(mean, conn);
    talk->connecting = true;
    MEAN_MARK(mean, conn, FSOCK_MARK_CONNECT, talk->id, 0, 0, fsk_text("addr", talk->peer));
}

static void connect_failed(struct tracee_mean *mean, struct tracee_conn *conn, int sys_errno)
{
    struct tracee_talk *talk = &conn->talk;
    struct mean_lookup *lookup = talk->from_lookup ? mean_lookup_with(mean, talk->id) : NULL;
    if (lookup)
        lookup->sys_errno = sys_errno; /* another address may do */
    else
        mean_done(mean, conn, talk->id, FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, sys_errno, NULL);
    talk->id = 0;
}

static void unix_connected(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct tracee_talk *talk = &conn->talk;
    start(mean, conn, NULL);
    MEAN_MARK(mean, conn, FSOCK_MARK_CONNECT, talk->id, 0, 0, fsk_text("addr", talk->peer));
    MEAN_MARK(mean, conn, FSOCK_MARK_CONNECTED, talk->id, 0, 0, fsk_text("addr", talk->peer));
    talk->open = true;
}

void tracee_mean_connected(struct tracee_mean *mean, struct tracee_conn *conn, int sys_errno)
{
    struct tracee_talk *talk = &conn->talk;
    if (sys_errno == EINPROGRESS || sys_errno == EALREADY || sys_errno == EINTR)
        return;
    if (!talk->connecting) {
        if (conn->family == AF_UNIX && conn->type != SOCK_DGRAM && !sys_errno && !talk->open)
            unix_connected(mean, conn);
        return;
    }
    if (sys_errno == EISCONN)
        sys_errno = 0;
    talk->connecting = false;
    MEAN_MARK(mean, conn, FSOCK_MARK_CONNECTED, talk->id, sys_errno, 0,
              fsk_text("addr", talk->peer));
    if (sys_errno) {
        connect_failed(mean, conn, sys_errno);
        return;
    }
    struct mean_lookup *lookup = talk->from_lookup ? mean_lookup_with(mean, talk->id) : NULL;
    if (lookup)
        lookup->connected = true;
    talk->open = true;
}

void tracee_mean_accepted(struct tracee_mean *mean, struct tracee_conn *conn,
                          const struct fsk_sockaddr *peer)
{
    struct tracee_talk *talk = &conn->talk;
    talk->server = talk->open = true;
    tracee_talk_peer(talk, peer);
    if (!talk->peer[0])
        snprintf(talk->peer, sizeof talk->peer, "%s", conn->family == AF_UNIX ? "unix" : "?");
    start(mean, conn, NULL);
}

/* ---- Bytes ----------------------------------------------------------------------------------- */

void mean_plain(struct tracee_mean *mean, struct tracee_conn *conn, bool request, uint64_t n)
{
    struct tracee_talk *talk = &conn->talk;
    if (talk->server || !talk->id)
        return; /* who asks and who answers can't be told, and it wasn't us who waited */
    if (request && !talk->sent) {
        talk->sent = true;
        MEAN_MARK(mean, conn, FSOCK_MARK_SENT, talk->id, 0, n, FSK_NO_FIELD);
    } else if (!request && !talk->answered) {
        talk->answered = true;
        MEAN_MARK(mean, conn, FSOCK_MARK_FIRST_BYTE, talk->id, 0, n, FSK_NO_FIELD);
    }
}

/* What the first bytes of a conversation tell of it. */
static enum talk_kind kind_of(bool request, struct fsk_span bytes)
{
    struct http_request r;
    if (!request || !bytes.n)
        return TALK_OTHER;
    if (tls_begins(bytes))
        return TALK_TLS;
    return http_request_parse(&r, bytes) >= 0 ? TALK_HTTP : TALK_OTHER;
}

/* What begins in the clear may go on with TLS: behind STARTTLS, or a proxy that isn't HTTP. */
static bool begins_tls(const struct tracee_talk *talk, bool request, struct fsk_span bytes)
{
    return talk->kind == TALK_OTHER && request && !talk->server && bytes.n >= 6 &&
           tls_begins(bytes);
}

static void stream(struct tracee_mean *mean, struct tracee_conn *conn, bool out,
                   struct fsk_span bytes, uint64_t n)
{
    struct tracee_talk *talk = &conn->talk;
    bool request = out != talk->server;
    if (talk->kind == TALK_UNKNOWN)
        tracee_talk_turn(talk, kind_of(request, bytes));
    else if (begins_tls(talk, request, bytes))
        tracee_talk_turn(talk, TALK_TLS);
    if (talk->kind == TALK_HTTP)
        mean_http(mean, conn, request, bytes, n);
    else if (talk->kind == TALK_TLS)
        mean_tls(mean, conn, request, bytes);
    else
        mean_plain(mean, conn, request, n);
}

static void datagram(struct tracee_mean *mean, struct tracee_conn *conn, bool out,
                     struct fsk_span bytes, uint64_t n, const struct fsk_sockaddr *peer)
{
    struct tracee_talk *talk = &conn->talk;
    if (peer && peer->len && !talk->id)
        tracee_talk_peer(talk, peer);
    if (is_name_server(talk) && mean_dns(mean, conn, out, bytes, talk->peer, "udp"))
        return;
    if (!talk->id && out && talk->peer[0])
        start(mean, conn, NULL);
    if (talk->id)
        mean_plain(mean, conn, out, n);
}

void tracee_mean_moved(struct tracee_mean *mean, struct tracee_conn *conn, bool out,
                       struct fsk_span bytes, uint64_t n, const struct fsk_sockaddr *peer)
{
    struct tracee_talk *talk = &conn->talk;
    if (bytes.n > n)
        bytes.n = (size_t)n;
    if (conn->type == SOCK_DGRAM) {
        if (is_internet(conn->family))
            datagram(mean, conn, out, bytes, n, peer);
        return;
    }
    if (talk->connecting)
        tracee_mean_connected(mean, conn, 0);
    if (!talk->server && is_name_server(talk)) {
        if (talk->kind == TALK_UNKNOWN)
            tracee_talk_turn(talk, TALK_DNS);
        mean_dns_stream(mean, conn, out, bytes);
        return;
    }
    if (!talk->open || !n)
        return;
    if (!talk->id && talk->kind == TALK_UNKNOWN && is_internet(conn->family))
        start(mean, conn, NULL); /* it was open before */
    if (!talk->id && talk->kind != TALK_HTTP)
        return;
    *(out ? &talk->out : &talk->in) += n;
    stream(mean, conn, out, bytes, n);
}

void tracee_mean_ended(struct tracee_mean *mean, struct tracee_conn *conn, int sys_errno)
{
    struct tracee_talk *talk = &conn->talk;
    if (conn->type == SOCK_DGRAM)
        return;
    if (talk->connecting && sys_errno) {
        tracee_mean_connected(mean, conn, sys_errno);
        return;
    }
    if (!talk->id)
        return;
    if (talk->kind == TALK_HTTP && (sys_errno || !talk->server))
        mean_http_gone(mean, conn, true, sys_errno);
    if (!talk->id || !sys_errno)
        return;
    mean_done(mean, conn, talk->id, FSOCK_ERR_RESET, FSOCK_STAGE_RECV, sys_errno, NULL);
    talk->id = 0;
}

void tracee_mean_gone(struct tracee_mean *mean, struct tracee_conn *conn)
{
    struct tracee_talk *talk = &conn->talk;
    mean_lookups_gone(mean, conn);
    if (talk->connecting) {
        struct mean_lookup *lookup = talk->from_lookup ? mean_lookup_with(mean, talk->id) : NULL;
        if (!lookup)
            mean_done(mean, conn, talk->id, FSOCK_ERR_CANCELED, FSOCK_STAGE_CONNECT, 0,
                      "closed before it was connected");
        talk->id = 0;
    }
    if (talk->kind == TALK_HTTP)
        mean_http_gone(mean, conn, false, 0);
    if (talk->id)
        mean_done(mean, conn, talk->id, FSOCK_OK, FSOCK_STAGE_NONE, 0, NULL);
    if (talk->open && conn->type != SOCK_DGRAM && talk->peer[0])
        MEAN_MARK(mean, conn, FSOCK_MARK_CLOSE, 0, 0, 0, fsk_text("addr", talk->peer),
                  fsk_number("sent", (int64_t)talk->out),
                  fsk_number("received", (int64_t)talk->in));
    talk->id = 0;
}

void tracee_mean_finish(struct tracee_mean *mean)
{
    for (unsigned i = 0; i < MEAN_LOOKUPS; i++)
        if (mean->lookup[i].id)
            mean_lookup_end(mean, &mean->lookup[i]);
}
