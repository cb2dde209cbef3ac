/* open.c: opening streams, to a target or on what is open already; TLS on them; closing. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "face/given.h"
#include "face/local.h"
#include "face/opener.h"
#include "face/stream.h"
#include "net/call.h"
#include "net/file.h"
#include "net/plain.h"
#include "net/tls_peer.h"

const char *const *fsock_transports(void)
{
    return fsk_transport_names;
}

/* ---- To a target ----------------------------------------------------------------------------- */

/* Dial; the stream is then the caller's. */
static enum fsock_err dial(fsock_stream *s, struct fsk_opener *o, const struct fsk_target *target,
                           const struct fsock_options *given, fsock_time deadline,
                           struct fsock_fault *fault)
{
    struct fsk_dial d;
    fsock_time began = fsock_now(), limit = fsk_time_limit(began, given->connect_timeout);
    o->dialer.alone = true;
    fsk_dial_init(&d, &o->dialer, target, fsk_time_min(deadline, limit), fault);
    d.op.id = s->id;
    enum fsock_err err = fsk_run(&s->run, &d.op);
    if (err == FSOCK_OK) {
        s->stream = d.stream;
        d.stream.top = NULL;
    } else {
        if (err == FSOCK_ERR_TIMEOUT && d.op.expired)
            fault->limit = limit < deadline ? FSOCK_LIMIT_CONNECT : FSOCK_LIMIT_TOTAL;
        fault->took = fsock_now() - began;
    }
    fsk_dial_fini(&d);
    return err;
}

static enum fsock_err open_endpoint(fsock_stream *s, const struct fsk_endpoint *e,
                                    const struct fsock_options *given, fsock_time deadline,
                                    struct fsock_fault *fault)
{
    struct fsk_opener opener;
    struct fsk_target target;
    char room[FSK_SOCKADDR_TEXT];
    enum fsock_err err = fsk_opener_init(&opener, given, &s->run.sched.driver, fault);
    if (err == FSOCK_OK)
        err = fsk_opener_aim(&opener, e, room, &target, fault);
    if (err == FSOCK_OK && (target.tls || target.proxy.tls)) {
        err = fsk_opener_tls(&opener, given, fault);
        if (err == FSOCK_OK)
            s->tls = fsk_tls_config_ref(opener.dialer.tls);
    }
    if (err == FSOCK_OK)
        err = dial(s, &opener, &target, given, deadline, fault);
    fsk_opener_fini(&opener);
    return err;
}

static enum fsock_err open_it(fsock_stream *s, const char *target, int port,
                              const struct fsock_options *given, fsock_time deadline,
                              struct fsock_fault *fault)
{
    struct fsk_endpoint e;
    char why[FSK_ENDPOINT_WHY];
    if (!fsk_endpoint_parse(fsk_span_str(target), port, false, &e, why))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s", why);
    s->transport = e.transport;
    s->silence = given->read_timeout;
    s->port = e.port;
    s->host = strndup(e.host.n ? e.host.p : "", e.host.n);
    enum fsock_err err = s->host ? open_endpoint(s, &e, given, deadline, fault) : FSOCK_ERR_MEMORY;
    if (err == FSOCK_OK && !fsk_transport_datagrams(e.transport))
        s->reach = FSOCK_REACH_OPEN;
    return err;
}

enum fsock_err fsock_open(fsock_stream **stream, const char *target, int port,
                          const struct fsock_options *options, fsock_time deadline,
                          struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    target = target ? target : "";
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    *stream = NULL;
    enum fsock_err err = fsk_given_options(&given, options, fault);
    if (err != FSOCK_OK)
        return err;
    fsock_stream *s = fsk_face_stream_new(target, FSK_TCP, given.trace, fault);
    if (!s)
        return fault->err;
    err = open_it(s, target, port, &given, deadline, fault);
    if (err == FSOCK_OK) {
        *stream = s;
        return FSOCK_OK;
    }
    fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    fsk_fault_advise(fault);
    s->fault = *fault;
    fsock_close(s);
    return err;
}

/* ---- On what is open already ----------------------------------------------------------------- */

static enum fsk_transport transport_of(int fd, bool *file)
{
    int type = 0, family = 0;
    socklen_t len = sizeof type;
    *file = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ||
            getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0;
    if (family == AF_UNIX)
        return type == SOCK_DGRAM ? FSK_UDG : FSK_UNIX;
    return type == SOCK_DGRAM ? FSK_UDP : FSK_TCP;
}

enum fsock_err fsock_open_fd(fsock_stream **stream, int fd, int own, struct fsock_fault *fault)
{
    struct fsock_fault unheard;
    char name[32];
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    *stream = NULL;
    if (fcntl(fd, F_GETFD) < 0)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, EBADF,
                             "the descriptor %d is not open", fd);
    snprintf(name, sizeof name, "descriptor %d", fd);
    fsock_stream *s = fsk_face_stream_new(name, FSK_TCP, NULL, fault);
    if (!s)
        return fault->err;
    struct fsk_layer *layer = fsk_file_new(fd, own != 0, &s->run.sched.driver);
    if (!layer) {
        fsock_close(s);
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    }
    s->transport = transport_of(fd, &s->file);
    s->foreign = true;
    fsk_stream_init(&s->stream, layer);
    *stream = s;
    return FSOCK_OK;
}

fsock_stream *fsk_face_stream_of_socket(int fd, const char *name, enum fsk_transport transport,
                                        fsock_trace *trace, struct fsock_fault *fault)
{
    fsock_stream *s = fsk_face_stream_new(name, transport, trace, fault);
    struct fsk_layer *layer = s ? fsk_plain_new(fd, &s->run.sched.driver) : NULL;
    if (!layer) {
        fsk_call_close(trace, fd);
        fsock_close(s);
        fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
        return NULL;
    }
    fsk_trace_owner(trace, fd, s->id);
    fsk_stream_init(&s->stream, layer);
    if (!fsk_transport_datagrams(transport))
        s->reach = FSOCK_REACH_OPEN;
    return s;
}

enum fsock_err fsock_open_pair(fsock_stream *pair[2], struct fsock_fault *fault)
{
    struct fsock_fault unheard;
    int fd[2];
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    pair[0] = pair[1] = NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) < 0)
        return fsk_fault_set(fault, FSOCK_ERR_SYSTEM, FSOCK_STAGE_NONE, errno, "a pair: %s",
                             fsk_errno_text(errno));
    for (int i = 0; i < 2; i++)
        pair[i] = fsk_face_stream_of_socket(fd[i], "pair", FSK_UNIX, NULL, fault);
    if (pair[0] && pair[1])
        return FSOCK_OK;
    fsock_close(pair[0]);
    fsock_close(pair[1]);
    pair[0] = pair[1] = NULL;
    return fault->err;
}

/* ---- TLS on an open stream ------------------------------------------------------------------- */

static enum fsock_err no_tls_here(fsock_stream *s)
{
    if (fsk_transport_datagrams(s->transport) || s->file)
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_TLS, EINVAL,
                             "TLS needs a stream by TCP or a unix socket");
    if (fsk_buf_len(&s->in))
        return fsk_face_fail(s, FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS, 0,
                             "%zu bytes came before TLS, which would be taken for protected ones",
                             fsk_buf_len(&s->in));
    if (fsk_buf_len(&s->owed))
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_TLS, EBUSY,
                             "what was written before is not sent yet");
    return FSOCK_OK;
}

static struct fsk_layer *new_layer(fsock_stream *s, struct fsk_span host)
{
    if (s->accepted)
        return fsk_tls_new_server(s->stream.top, s->tls);
    return fsk_tls_new(s->stream.top, s->tls, host, s->port);
}

/* Put the layer on. */
static enum fsock_err add_tls(fsock_stream *s, const char *host, const struct fsock_options *given)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_tls_config *tls = fsk_opener_tls_config(given, s->accepted, &fault);
    if (!tls) {
        s->fault = fault;
        return fault.err;
    }
    const char *name = host ? host : given->tls_name ? given->tls_name : s->host;
    fsk_tls_config_free(s->tls); /* a proxy's; its layer has its own */
    s->tls = tls;
    s->transport = FSK_TLS;
    s->stream.top = new_layer(s, fsk_span_str(name));
    s->shaking = true;
    if (s->stream.top)
        return FSOCK_OK;
    return fsk_face_fail(s, FSOCK_ERR_MEMORY, FSOCK_STAGE_TLS, ENOMEM, "out of memory");
}

/* What was to be protected must not go out as it is, whether or not the caller has looked. */
static enum fsock_err never_without(fsock_stream *s, enum fsock_err err)
{
    struct fsk_layer *top = s->stream.top;
    if (err == FSOCK_OK || err == FSOCK_AGAIN)
        return err;
    s->shaking = true; /* for ever */
    s->stream.recv_dead = s->stream.send_dead = err;
    if (top && !top->detail[0])
        fsk_layer_fail(top, err, top->sys_errno, "TLS was asked for, and could not be started (%s)",
                       fsock_err_name(err));
    return err;
}

enum fsock_err fsock_start_tls(fsock_stream *s, const char *host,
                               const struct fsock_options *options, fsock_time deadline)
{
    struct fsock_options given;
    if (s->transport == FSK_TLS)
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_TLS, EINVAL, "TLS is on it already");
    enum fsock_err err = no_tls_here(s);
    if (err == FSOCK_OK) {
        s->fault = (struct fsock_fault){.err = FSOCK_OK};
        err = fsk_given_options(&given, options, &s->fault);
    }
    if (err == FSOCK_OK)
        err = add_tls(s, host, &given);
    if (err != FSOCK_OK)
        return never_without(s, err);
    fsock_time limit = fsk_time_limit(fsock_now(), given.connect_timeout);
    err = fsk_face_shake(s, deadline == FSOCK_NOW ? deadline : fsk_time_min(deadline, limit));
    if (err == FSOCK_ERR_TIMEOUT && s->fault.limit == FSOCK_LIMIT_TOTAL &&
        limit < fsk_time_min(deadline, s->deadline))
        s->fault.limit = FSOCK_LIMIT_CONNECT;
    return never_without(s, err);
}

/* ---- Closing --------------------------------------------------------------------------------- */

/*
 * A server's tickets come unasked for. If nobody has read them the kernel makes a reset of the end,
 * and drops what is not sent yet.
 */
static void take_tickets(fsock_stream *s)
{
    struct fsk_wait unused = {.wants = 0};
    char byte;
    size_t n;
    if (s->tls && !s->shaking && s->stream.top)
        (void)fsk_stream_recv(&s->stream, &byte, 1, &n, FSK_IO_PEEK, &unused);
}

void fsock_close(fsock_stream *s)
{
    struct fsk_io io;
    if (!s)
        return;
    if (s->stream.top && fsk_buf_len(&s->owed)) { /* a last try */
        fsk_io_init(&io, FSK_IO_SHUT, &s->stream, FSOCK_NEVER);
        fsk_face_run(s, &io, FSOCK_NOW);
    }
    take_tickets(s);
    bool well = s->stream.top && !s->stream.recv_dead && !s->stream.send_dead && !s->timed_out;
    fsk_stream_close(&s->stream);
    fsk_bound_path_remove(&s->path);
    fsk_mark_done(fsk_face_trace(s), s->id, well ? NULL : &s->fault);
    fsk_tls_config_free(s->tls);
    fsk_tls_cert_free(s->cert);
    fsk_buf_fini(&s->in);
    fsk_buf_fini(&s->owed);
    fsk_run_fini(&s->run);
    free(s->host);
    free(s->name);
    free(s->key);
    free(s);
}
