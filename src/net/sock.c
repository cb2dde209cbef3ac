#include "net/sock.h"

#include <errno.h>
#include <net/if.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"
#include "net/call.h"

void fsk_sockaddr_from_addr(struct fsk_sockaddr *sa, const struct fsk_addr *addr)
{
    memset(sa, 0, sizeof *sa);
    if (addr->family == 4) {
        struct sockaddr_in *in = (struct sockaddr_in *)&sa->ss;
        in->sin_family = AF_INET;
        in->sin_port = htons(addr->port);
        memcpy(&in->sin_addr, addr->ip, 4);
        sa->len = sizeof *in;
    } else if (addr->family == 6) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&sa->ss;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = htons(addr->port);
        memcpy(&in6->sin6_addr, addr->ip, 16);
        in6->sin6_scope_id = addr->scope;
        sa->len = sizeof *in6;
    }
}

int fsk_sockaddr_from_path(struct fsk_sockaddr *sa, struct fsk_span path)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&sa->ss;
    memset(sa, 0, sizeof *sa);
    if (path.n == 0 || memchr(path.p + 1, '\0', path.n - 1) || (path.n == 1 && !path.p[0]))
        return EINVAL;
    if (path.n >= sizeof un->sun_path)
        return ENAMETOOLONG;
    un->sun_family = AF_UNIX;
    memcpy(un->sun_path, path.p, path.n);
    /* A path ends in NUL; an abstract name ends where the length says. */
    sa->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + path.n + (path.p[0] ? 1 : 0));
    return 0;
}

struct fsk_span fsk_sock_path(char room[FSK_SOCKADDR_TEXT], struct fsk_span path)
{
    if (path.n == 0 || path.n >= FSK_SOCKADDR_TEXT)
        return fsk_span(room, 0);
    memcpy(room, path.p, path.n);
    if (room[0] == '@')
        room[0] = '\0';
    return fsk_span(room, path.n);
}

void fsk_sockaddr_to_addr(struct fsk_addr *addr, const struct fsk_sockaddr *sa)
{
    *addr = (struct fsk_addr){.family = 0};
    if (sa->ss.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)&sa->ss;
        addr->family = 4;
        addr->port = ntohs(in->sin_port);
        memcpy(addr->ip, &in->sin_addr, 4);
    } else if (sa->ss.ss_family == AF_INET6) {
        const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&sa->ss;
        addr->family = 6;
        addr->port = ntohs(in6->sin6_port);
        addr->scope = in6->sin6_scope_id;
        memcpy(addr->ip, &in6->sin6_addr, 16);
    }
}

static size_t format_path(const struct fsk_sockaddr *sa, char *out)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&sa->ss;
    size_t n = sa->len - offsetof(struct sockaddr_un, sun_path);
    n = n < sizeof un->sun_path ? n : sizeof un->sun_path;
    if (n && un->sun_path[0])
        n = strnlen(un->sun_path, n);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)un->sun_path[i];
        out[i] = c >= ' ' && c != 0x7f ? (char)c : '?';
    }
    if (n && !un->sun_path[0])
        out[0] = '@';
    return n;
}

void fsk_sockaddr_format(const struct fsk_sockaddr *sa, char out[FSK_SOCKADDR_TEXT])
{
    struct fsk_addr addr;
    size_t n = 0;
    fsk_sockaddr_to_addr(&addr, sa);
    if (addr.family)
        n = fsk_addr_format_port(&addr, out);
    else if (sa->ss.ss_family == AF_UNIX && sa->len > offsetof(struct sockaddr_un, sun_path))
        n = format_path(sa, out);
    out[n] = '\0';
}

void fsk_sock_local(fsock_trace *trace, int fd, struct fsk_sockaddr *sa)
{
    (void)fsk_call_getsockname(trace, fd, sa);
}

void fsk_sock_peer(fsock_trace *trace, int fd, struct fsk_sockaddr *sa)
{
    (void)fsk_call_getpeername(trace, fd, sa);
}

unsigned fsk_sock_interface(struct fsk_span name)
{
    char text[IF_NAMESIZE];
    if (name.n == 0 || name.n >= sizeof text || memchr(name.p, '\0', name.n))
        return 0;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return if_nametoindex(text);
}

/* "0", "0:99": every address of both families. */
static bool parse_any(struct fsk_bind *bind, struct fsk_span s)
{
    uint16_t port = 0;
    if (s.n == 0 || s.p[0] != '0')
        return false;
    if (s.n > 1 && (s.p[1] != ':' || !fsk_port_parse(fsk_span(s.p + 2, s.n - 2), &port)))
        return false;
    if (port) {
        bind->addr[0] = (struct fsk_addr){.family = 4, .port = port};
        bind->addr[1] = (struct fsk_addr){.family = 6, .port = port};
    }
    return true;
}

enum fsock_err fsk_bind_parse(struct fsk_bind *bind, const char *text, struct fsock_fault *fault)
{
    struct fsk_span s = fsk_span_str(text), zone;
    struct fsk_addr addr;

    memset(bind, 0, sizeof *bind);
    if (parse_any(bind, s))
        return FSOCK_OK;
    if (fsk_addr_parse_port(s, 0, &addr, &zone)) {
        if (zone.n && !addr.scope && !(addr.scope = fsk_sock_interface(zone)))
            return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                                 "can't bind to \"%s\": there is no interface %.*s", text,
                                 (int)zone.n, zone.p);
        bind->addr[addr.family == 6] = addr;
        return FSOCK_OK;
    }
    if (fsk_sock_interface(s)) {
        memcpy(bind->interface, s.p, s.n + 1);
        return FSOCK_OK;
    }
    return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                         "can't bind to \"%s\": it is neither an IP address nor an interface here",
                         text);
}

int fsk_sock_new(fsock_trace *trace, uint64_t id, int family, int type, int *fd)
{
    *fd = fsk_call_socket(trace, id, family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return *fd < 0 ? errno : 0;
}

int fsk_sock_autobind(fsock_trace *trace, int fd)
{
    struct fsk_sockaddr none = {.len = sizeof(sa_family_t)};
    none.ss.ss_family = AF_UNIX;
    return fsk_call_bind(trace, fd, &none) < 0 ? errno : 0;
}

static int bind_to_device(fsock_trace *trace, int fd, const char *interface)
{
    socklen_t len = (socklen_t)strlen(interface) + 1;
    int result = fsk_call_setsockopt(trace, fd, SOL_SOCKET, SO_BINDTODEVICE, interface, len);
    return result < 0 ? errno : 0;
}

int fsk_sock_bind(fsock_trace *trace, int fd, int family, const struct fsk_bind *from)
{
    if (!from || (family != AF_INET && family != AF_INET6))
        return 0;
    if (from->interface[0])
        return bind_to_device(trace, fd, from->interface);

    const struct fsk_addr *addr = &from->addr[family == AF_INET6];
    if (!addr->family)
        return 0;
    if (addr->port)
        fsk_call_set_int(trace, fd, SOL_SOCKET, SO_REUSEADDR, 1);
    else /* choose the port when the target is known: then one port serves many targets */
        fsk_call_set_int(trace, fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
    struct fsk_sockaddr sa;
    fsk_sockaddr_from_addr(&sa, addr);
    return fsk_call_bind(trace, fd, &sa) < 0 ? errno : 0;
}

static int bind_new(fsock_trace *trace, const struct fsk_sockaddr *sa, int type,
                    const struct fsk_tuning *tuning, int *fd)
{
    int family = sa->ss.ss_family;
    int failed = fsk_sock_new(trace, 0, family, type, fd);
    if (failed)
        return failed;
    fsk_tuning_apply(tuning, trace, *fd, family != AF_UNIX && type == SOCK_STREAM);
    if (family == AF_INET6)
        fsk_call_set_int(trace, *fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
    if (family != AF_UNIX && type == SOCK_STREAM)
        fsk_call_set_int(trace, *fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (fsk_call_bind(trace, *fd, sa) == 0)
        return 0;
    failed = errno;
    fsk_call_close(trace, *fd);
    *fd = -1;
    return failed;
}

int fsk_sock_new_at(fsock_trace *trace, const struct fsk_sockaddr *sa, int type,
                    const struct fsk_tuning *tuning, int *fd)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&sa->ss;
    int failed = bind_new(trace, sa, type, tuning, fd);
    bool any = sa->ss.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
    if (!any || (failed != EAFNOSUPPORT && failed != EADDRNOTAVAIL))
        return failed;
    struct fsk_sockaddr any4;
    struct fsk_addr addr = {.family = 4, .port = ntohs(in6->sin6_port)};
    fsk_sockaddr_from_addr(&any4, &addr);
    return bind_new(trace, &any4, type, tuning, fd);
}

void fsk_sock_lowat(fsock_trace *trace, int fd, int bytes)
{
    fsk_call_set_int(trace, fd, SOL_SOCKET, SO_RCVLOWAT, bytes);
}

int fsk_sock_connect(fsock_trace *trace, int fd, const struct fsk_sockaddr *to)
{
    if (fsk_call_connect(trace, fd, to) == 0)
        return 0;
    return errno == EINTR ? EINPROGRESS : errno; /* a signal does not stop a connect */
}

int fsk_sock_error(fsock_trace *trace, int fd)
{
    int err = 0;
    socklen_t len = sizeof err;
    return fsk_call_getsockopt(trace, fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ? errno : err;
}

bool fsk_sock_tcp(fsock_trace *trace, int fd, struct fsock_tcp *tcp)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof info;
    *tcp = (struct fsock_tcp){.rtt = 0};
    if (fsk_call_getsockopt(trace, fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 || !info.tcpi_state)
        return false;
    *tcp = (struct fsock_tcp){
        .rtt = info.tcpi_rtt * INT64_C(1000),
        .rttvar = info.tcpi_rttvar * INT64_C(1000),
        .retransmits = info.tcpi_total_retrans,
        .cwnd = info.tcpi_snd_cwnd,
        .delivery_rate = info.tcpi_delivery_rate,
    };
    return true;
}

bool fsk_sock_arrived(fsock_trace *trace, int fd, uint64_t *acked)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof info;
    *acked = 0;
    if (fsk_call_getsockopt(trace, fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
        return true;
    *acked = info.tcpi_bytes_acked;
    return !info.tcpi_unacked && !info.tcpi_notsent_bytes;
}

bool fsk_sock_source(fsock_trace *trace, const struct fsk_addr *to, struct fsk_addr *source)
{
    struct fsk_sockaddr sa;
    int fd;
    if (fsk_sock_new(trace, 0, to->family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM, &fd))
        return false;
    fsk_sockaddr_from_addr(&sa, to);
    bool ok = fsk_sock_connect(trace, fd, &sa) == 0 && fsk_call_getsockname(trace, fd, &sa) == 0;
    fsk_call_close(trace, fd);
    if (ok)
        fsk_sockaddr_to_addr(source, &sa);
    return ok;
}
