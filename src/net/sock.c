#include "net/sock.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fault.h"

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

unsigned fsk_sock_interface(struct fsk_span name)
{
    char text[IF_NAMESIZE];
    if (name.n == 0 || name.n >= sizeof text || memchr(name.p, '\0', name.n))
        return 0;
    memcpy(text, name.p, name.n);
    text[name.n] = '\0';
    return if_nametoindex(text);
}

enum fsock_err fsk_bind_parse(struct fsk_bind *bind, const char *text, struct fsock_fault *fault)
{
    struct fsk_span s = fsk_span_str(text), zone;
    struct fsk_addr addr;

    memset(bind, 0, sizeof *bind);
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

int fsk_sock_new(int family, int type, int *fd)
{
    *fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return *fd < 0 ? errno : 0;
}

static int bind_to_device(int fd, const char *interface)
{
    socklen_t len = (socklen_t)strlen(interface) + 1;
    return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface, len) < 0 ? errno : 0;
}

int fsk_sock_bind(int fd, int family, const struct fsk_bind *from)
{
    if (!from || (family != AF_INET && family != AF_INET6))
        return 0;
    if (from->interface[0])
        return bind_to_device(fd, from->interface);

    const struct fsk_addr *addr = &from->addr[family == AF_INET6];
    if (!addr->family)
        return 0;
    const int on = 1;
    if (addr->port)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    else /* choose the port when the target is known: then one port serves many targets */
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    struct fsk_sockaddr sa;
    fsk_sockaddr_from_addr(&sa, addr);
    return bind(fd, (const struct sockaddr *)&sa.ss, sa.len) < 0 ? errno : 0;
}

void fsk_sock_tune(int fd, unsigned user_timeout_ms, bool fast_open)
{
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (user_timeout_ms)
        setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &user_timeout_ms, sizeof user_timeout_ms);
    if (fast_open)
        setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, &on, sizeof on);
}

void fsk_sock_lowat(int fd, int bytes)
{
    setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

int fsk_sock_connect(int fd, const struct fsk_sockaddr *to)
{
    if (connect(fd, (const struct sockaddr *)&to->ss, to->len) == 0)
        return 0;
    return errno == EINTR ? EINPROGRESS : errno; /* a signal does not stop a connect */
}

int fsk_sock_error(int fd)
{
    int err = 0;
    socklen_t len = sizeof err;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0 ? errno : err;
}

bool fsk_sock_source(const struct fsk_addr *to, struct fsk_addr *source)
{
    struct fsk_sockaddr sa;
    int fd;
    if (fsk_sock_new(to->family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM, &fd))
        return false;
    fsk_sockaddr_from_addr(&sa, to);
    bool ok = fsk_sock_connect(fd, &sa) == 0;
    sa.len = sizeof sa.ss;
    ok = ok && getsockname(fd, (struct sockaddr *)&sa.ss, &sa.len) == 0;
    close(fd);
    if (ok)
        fsk_sockaddr_to_addr(source, &sa);
    return ok;
}
