/* inspect.c: what is known of a stream, and its options. */
#include <errno.h>

#include "base/fault.h"
#include "face/stream.h"
#include "net/sockopt.h"
#include "net/tls_peer.h"

static const char *const reach_names[] = {
    [FSOCK_REACH_UNKNOWN] = "unknown",         [FSOCK_REACH_OPEN] = "open",
    [FSOCK_REACH_REFUSED] = "refused",         [FSOCK_REACH_NO_ANSWER] = "no answer",
    [FSOCK_REACH_UNREACHABLE] = "unreachable", [FSOCK_REACH_FAILED] = "failed",
};

const char *fsock_reach_name(enum fsock_reach reach)
{
    bool known = (unsigned)reach < sizeof reach_names / sizeof *reach_names;
    return known ? reach_names[reach] : "unknown";
}

static enum fsock_reach reach_of_errno(int sys_errno)
{
    switch (sys_errno) {
    case ECONNREFUSED:
    case ECONNRESET:
    case ENOENT: /* of a unix socket: nobody has made it */
        return FSOCK_REACH_REFUSED;
    case ETIMEDOUT:
        return FSOCK_REACH_NO_ANSWER;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EHOSTDOWN:
    case ENETDOWN:
    case EACCES:
    case EPERM:
    case ENOPROTOOPT: /* ICMP: there is no such protocol */
    case EPROTO:
        return FSOCK_REACH_UNREACHABLE;
    default:
        return FSOCK_REACH_FAILED;
    }
}

enum fsock_reach fsock_reach_of(const struct fsock_fault *fault)
{
    bool at_socket = fault->stage == FSOCK_STAGE_CONNECT || fault->stage == FSOCK_STAGE_SEND ||
                     fault->stage == FSOCK_STAGE_RECV;
    if (fault->err == FSOCK_OK)
        return FSOCK_REACH_OPEN;
    if (!at_socket)
        return FSOCK_REACH_FAILED;
    return fault->err == FSOCK_ERR_TIMEOUT ? FSOCK_REACH_NO_ANSWER
                                           : reach_of_errno(fault->sys_errno);
}

static int port_of(const struct fsk_sockaddr *sa)
{
    struct fsk_addr addr;
    fsk_sockaddr_to_addr(&addr, sa);
    return addr.port;
}

const struct fsock_stream_info *fsock_inspect(fsock_stream *s)
{
    struct fsk_layer_info layer;
    struct fsk_sockaddr local, peer;
    fsk_stream_info(&s->stream, &layer);
    fsk_sock_local(fsk_face_trace(s), layer.fd, &local);
    fsk_sock_peer(fsk_face_trace(s), layer.fd, &peer);
    fsk_sockaddr_format(&local, s->local);
    fsk_sockaddr_format(&peer, s->peer);
    s->info = (struct fsock_stream_info){
        .transport =
            s->foreign && s->transport != FSK_TLS ? "fd" : fsk_transport_name(s->transport),
        .local = s->local,
        .peer = s->peer,
        .local_port = port_of(&local),
        .peer_port = port_of(&peer),
        .received = s->received,
        .sent = s->sent,
        .unread = fsk_buf_len(&s->in),
        .timed_out = s->timed_out,
        .reach = s->reach,
        .tls_version = layer.tls_version ? layer.tls_version : "",
        .tls_cipher = layer.tls_cipher ? layer.tls_cipher : "",
        .alpn = layer.alpn ? layer.alpn : "",
        .tls_resumed = layer.tls_resumed,
    };
    return &s->info;
}

const struct fsock_cert *fsock_certificate(fsock_stream *s)
{
    if (!s->cert && s->tls && s->stream.top && !s->shaking)
        (void)fsk_tls_cert_new(&s->cert, s->stream.top); /* out of memory: there is none */
    return s->cert;
}

const struct fsock_fault *fsock_last_fault(const fsock_stream *s)
{
    return &s->fault;
}

/* ---- Options --------------------------------------------------------------------------------- */

static enum fsock_err option_done(fsock_stream *s, int sys_errno)
{
    if (sys_errno == 0)
        return FSOCK_OK;
    return fsk_face_fail(s, FSOCK_ERR_SYSTEM, FSOCK_STAGE_NONE, sys_errno, "socket option: %s",
                         fsk_errno_text(sys_errno));
}

enum fsock_err fsock_set_option(fsock_stream *s, enum fsock_option option, int value)
{
    return option_done(s, fsk_sockopt_set(fsk_face_trace(s), fsock_fd(s), option, value));
}

enum fsock_err fsock_get_option(fsock_stream *s, enum fsock_option option, int *value)
{
    return option_done(s, fsk_sockopt_get(fsk_face_trace(s), fsock_fd(s), option, value));
}
