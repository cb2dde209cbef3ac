#include "face/local.h"

#include <errno.h>
#include <stdio.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "face/given.h"
#include "net/sockopt.h"
#include "op/resolve.h"

/* A host, by the resolver. */
static enum fsock_err look_up(struct fsk_addr *addr, const struct fsk_endpoint *e,
                              struct fsk_run *run, const struct fsock_options *options,
                              fsock_time deadline, struct fsock_fault *fault)
{
    struct fsk_resolve r;
    struct fsk_resolver *resolver = fsk_resolver_new(options, &run->sched.driver, fault);
    if (!resolver)
        return fault->err;
    fsock_time limit = fsk_time_limit(fsock_now(), options->connect_timeout);
    fsk_resolve_init(&r, resolver, e->host, e->port, options->family, fsk_time_min(deadline, limit),
                     fault);
    enum fsock_err err = fsk_run(run, &r.op);
    if (err == FSOCK_OK)
        *addr = r.addr[0];
    else if (err == FSOCK_ERR_TIMEOUT && r.op.expired)
        fault->limit = limit < deadline ? FSOCK_LIMIT_CONNECT : FSOCK_LIMIT_TOTAL;
    fsk_resolve_fini(&r);
    fsk_resolver_free(resolver);
    return err;
}

enum fsock_err fsk_face_local(struct fsk_sockaddr *sa, const struct fsk_endpoint *e,
                              struct fsk_run *run, const struct fsock_options *options,
                              fsock_time deadline, struct fsock_fault *fault)
{
    struct fsk_addr addr = {.family = options->family == 4 ? 4 : 6, .port = e->port};
    enum fsock_err err = FSOCK_OK;
    if (fsk_transport_local(e->transport)) {
        char room[FSK_SOCKADDR_TEXT];
        fsk_sockaddr_from_path(sa, fsk_sock_path(room, e->path));
        return FSOCK_OK;
    }
    if (e->host.n)
        err = look_up(&addr, e, run, options, deadline, fault);
    fsk_sockaddr_from_addr(sa, &addr);
    return err;
}

/* ---- Datagram sockets without a peer --------------------------------------------------------- */

static enum fsock_err bind_it(fsock_stream **stream, const char *target, int port,
                              const struct fsock_options *given, struct fsk_run *run,
                              fsock_time deadline, struct fsock_fault *fault)
{
    struct fsk_endpoint e;
    struct fsk_sockaddr sa;
    struct fsk_tuning tuning;
    struct fsk_bound_path path;
    char why[FSK_ENDPOINT_WHY];
    int fd;
    if (!fsk_endpoint_parse(fsk_span_str(target), port, true, &e, why))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s", why);
    if (!fsk_transport_datagrams(e.transport))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "%.120s: only udp and udg have datagrams", target);
    enum fsock_err err = fsk_tuning_init(&tuning, given, fault);
    if (err == FSOCK_OK)
        err = fsk_face_local(&sa, &e, run, given, deadline, fault);
    if (err != FSOCK_OK)
        return err;
    if (!fsk_bound_path_init(&path, &e))
        return FSOCK_ERR_MEMORY;
    int failed = fsk_sock_new_at(given->trace, &sa, SOCK_DGRAM, &tuning, &fd);
    if (failed) {
        fsk_bound_path_remove(&path);
        return fsk_fault_set(fault, FSOCK_ERR_SYSTEM, FSOCK_STAGE_LISTEN, failed, "bind %.120s: %s",
                             target, fsk_errno_text(failed));
    }
    fsk_bound_path_note(&path);
    *stream = fsk_face_stream_of_socket(fd, target, e.transport, given->trace, fault);
    if (!*stream) {
        fsk_bound_path_remove(&path);
        return fault->err;
    }
    (*stream)->path = path;
    fsock_set_silence(*stream, given->read_timeout);
    return FSOCK_OK;
}

enum fsock_err fsock_bind(fsock_stream **stream, const char *target, int port,
                          const struct fsock_options *options, fsock_time deadline,
                          struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    struct fsk_run run;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    *stream = NULL;
    if (!target)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "there is no target");
    enum fsock_err err = fsk_given_options(&given, options, fault);
    if (err != FSOCK_OK)
        return err;
    if (!fsk_run_init(&run, given.trace))
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    err = bind_it(stream, target, port, &given, &run, deadline, fault);
    fsk_run_fini(&run);
    if (err == FSOCK_OK)
        return err;
    fsk_fault_set(fault, err, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
    fsk_fault_advise(fault);
    return err;
}

enum fsock_err fsock_set_peer(fsock_stream *s, const struct fsock_address *peer)
{
    struct fsk_sockaddr sa = {.len = peer->raw_len};
    if (!fsk_transport_datagrams(s->transport) || !sa.len || sa.len > sizeof sa.ss)
        return fsk_face_fail(s, FSOCK_ERR_INPUT, FSOCK_STAGE_CONNECT, EOPNOTSUPP,
                             "only datagrams go to an address, and there must be one");
    memcpy(&sa.ss, peer->raw, sa.len);
    int failed = fsk_sock_connect(fsk_face_trace(s), fsock_fd(s), &sa);
    if (failed)
        return fsk_face_fail(s, FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, failed, "%s: %s",
                             peer->text, fsk_errno_text(failed));
    return FSOCK_OK;
}

enum fsock_err fsock_address_parse(struct fsock_address *address, const char *text)
{
    struct fsk_addr addr;
    struct fsk_sockaddr sa;
    *address = (struct fsock_address){.raw_len = 0};
    if (!fsk_addr_parse_port(fsk_span_str(text), 0, &addr, NULL))
        return FSOCK_ERR_INPUT;
    fsk_sockaddr_from_addr(&sa, &addr);
    fsk_sockaddr_format(&sa, address->text);
    memcpy(address->raw, &sa.ss, sizeof address->raw);
    address->raw_len = sa.len;
    return FSOCK_OK;
}
