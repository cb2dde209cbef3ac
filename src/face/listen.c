/* listen.c: listening sockets, and the streams that come from them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/explain.h"
#include "base/fault.h"
#include "face/boundpath.h"
#include "face/given.h"
#include "face/local.h"
#include "face/opener.h"
#include "face/stream.h"
#include "net/call.h"
#include "op/accept.h"

struct fsock_listener {
    struct fsk_run run;
    int fd;
    enum fsk_transport transport;
    struct fsk_tls_config *tls; /* of tls */
    int64_t silence;            /* of the streams that come from it */
    char *target;
    char name[FSK_SOCKADDR_TEXT];
    int port;
    struct fsk_bound_path path;
};

static enum fsock_err no_listening(const fsock_listener *l, struct fsock_fault *fault,
                                   int sys_errno)
{
    if (sys_errno == EADDRINUSE && l->transport == FSK_UNIX)
        fsk_fault_hint(fault, "remove the path if no program listens there any more");
    return fsk_fault_set(fault, FSOCK_ERR_SYSTEM, FSOCK_STAGE_LISTEN, sys_errno,
                         "listen %.120s: %s", l->target, fsk_errno_text(sys_errno));
}

static void note_names(fsock_listener *l)
{
    struct fsk_sockaddr sa;
    struct fsk_addr addr;
    fsk_sock_local(l->run.sched.driver.trace, l->fd, &sa);
    fsk_sockaddr_format(&sa, l->name);
    fsk_sockaddr_to_addr(&addr, &sa);
    l->port = addr.port;
}

static enum fsock_err set_up_tls(fsock_listener *l, const struct fsk_endpoint *e,
                                 const struct fsock_options *given, struct fsock_fault *fault)
{
    struct fsock_options options = *given;
    if (e->transport != FSK_TLS)
        return FSOCK_OK;
    if (e->tls_version)
        options.tls_min = options.tls_max = e->tls_version;
    l->tls = fsk_opener_tls_config(&options, true, fault);
    return l->tls ? FSOCK_OK : fault->err;
}

static enum fsock_err listen_it(fsock_listener *l, int port, const struct fsock_options *given,
                                fsock_time deadline, struct fsock_fault *fault)
{
    struct fsk_endpoint e;
    struct fsk_sockaddr sa;
    struct fsk_tuning tuning;
    char why[FSK_ENDPOINT_WHY];
    if (!fsk_endpoint_parse(fsk_span_str(l->target), port, true, &e, why))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s", why);
    if (fsk_transport_datagrams(e.transport))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "%.120s: datagrams have no connections to listen for", l->target);
    if (!fsk_bound_path_init(&l->path, &e))
        return FSOCK_ERR_MEMORY;
    l->transport = e.transport;
    l->silence = given->read_timeout;
    enum fsock_err err = fsk_tuning_init(&tuning, given, fault);
    if (err == FSOCK_OK)
        err = set_up_tls(l, &e, given, fault);
    if (err == FSOCK_OK)
        err = fsk_face_local(&sa, &e, &l->run, given, deadline, fault);
    if (err != FSOCK_OK)
        return err;
    int failed = fsk_sock_new_at(given->trace, &sa, SOCK_STREAM, &tuning, &l->fd);
    if (failed)
        return no_listening(l, fault, failed);
    fsk_bound_path_note(&l->path);
    note_names(l);
    if (fsk_call_listen(given->trace, l->fd, given->backlog > 0 ? given->backlog : SOMAXCONN) < 0)
        return no_listening(l, fault, errno);
    return FSOCK_OK;
}

enum fsock_err fsock_listen(fsock_listener **listener, const char *target, int port,
                            const struct fsock_options *options, fsock_time deadline,
                            struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    *listener = NULL;
    if (!target)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "there is no target");
    enum fsock_err err = fsk_given_options(&given, options, fault);
    if (err != FSOCK_OK)
        return err;
    fsock_listener *l = calloc(1, sizeof *l);
    if (!l || !fsk_run_init(&l->run, given.trace)) {
        free(l);
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    }
    l->fd = -1;
    l->target = strdup(target);
    err = l->target ? listen_it(l, port, &given, deadline, fault) : FSOCK_ERR_MEMORY;
    if (err == FSOCK_OK) {
        *listener = l;
        return FSOCK_OK;
    }
    fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    fsk_fault_advise(fault);
    fsock_listener_close(l);
    return err;
}

void fsock_listener_close(fsock_listener *l)
{
    if (!l)
        return;
    fsk_bound_path_remove(&l->path);
    if (l->fd >= 0)
        fsk_call_close(l->run.sched.driver.trace, l->fd);
    fsk_tls_config_free(l->tls);
    fsk_run_fini(&l->run);
    free(l->target);
    free(l);
}

const char *fsock_listener_name(const fsock_listener *l)
{
    return l->name;
}

int fsock_listener_port(const fsock_listener *l)
{
    return l->port;
}

int fsock_listener_fd(const fsock_listener *l)
{
    return l->fd;
}

/* ---- Taking connections ---------------------------------------------------------------------- */

static enum fsock_err put_tls(fsock_stream *s, fsock_listener *l, struct fsock_fault *fault)
{
    struct fsk_layer *below = s->stream.top;
    s->tls = fsk_tls_config_ref(l->tls);
    s->stream.top = fsk_tls_new_server(below, s->tls);
    s->shaking = true;
    if (s->stream.top)
        return FSOCK_OK;
    return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_TLS, ENOMEM, "out of memory");
}

/* For sentences: who has come, or, where nobody has a name, where to. */
static const char *name_client(const fsock_listener *l, int fd, char name[FSK_SOCKADDR_TEXT])
{
    struct fsk_sockaddr peer;
    fsk_sock_peer(l->run.sched.driver.trace, fd, &peer);
    fsk_sockaddr_format(&peer, name);
    return name[0] ? name : l->name;
}

static enum fsock_err take(fsock_listener *l, int fd, fsock_stream **stream,
                           struct fsock_fault *fault)
{
    char name[FSK_SOCKADDR_TEXT];
    fsock_stream *s = fsk_face_stream_of_socket(fd, name_client(l, fd, name), l->transport,
                                                l->run.sched.driver.trace, fault);
    if (!s)
        return fault->err;
    s->accepted = true;
    s->silence = l->silence;
    if (l->tls && put_tls(s, l, fault) != FSOCK_OK) {
        fsock_close(s);
        return fault->err;
    }
    *stream = s;
    return FSOCK_OK;
}

enum fsock_err fsock_accept(fsock_listener *l, fsock_stream **stream, fsock_time deadline,
                            struct fsock_fault *fault)
{
    struct fsk_accept a;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    *stream = NULL;
    fsk_accept_init(&a, l->fd, deadline == FSOCK_NOW ? FSOCK_NEVER : deadline);
    a.op.driver = &l->run.sched.driver;
    enum fsock_err err =
        deadline == FSOCK_NOW ? fsk_op_step(&a.op, fsock_now()) : fsk_run(&l->run, &a.op);
    if (err == FSOCK_OK)
        return take(l, a.fd, stream, fault);
    if (err == FSOCK_AGAIN)
        return err;
    if (err == FSOCK_ERR_MEMORY)
        a.sys_errno = ENOMEM;
    bool nobody = err == FSOCK_ERR_TIMEOUT && a.sys_errno == 0;
    fsk_fault_set(fault, err, FSOCK_STAGE_LISTEN,
                  err == FSOCK_ERR_TIMEOUT ? ETIMEDOUT : a.sys_errno, "accept %.120s: %s", l->name,
                  nobody ? "nobody has connected" : fsk_errno_text(a.sys_errno));
    if (err == FSOCK_ERR_TIMEOUT)
        fault->limit = FSOCK_LIMIT_TOTAL;
    fsk_fault_advise(fault);
    return err;
}
