#include "net/sock.h"

#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
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

void fsk_sock_local(int fd, struct fsk_sockaddr *sa)
{
    *sa = (struct fsk_sockaddr){.len = sizeof sa->ss};
    if (getsockname(fd, (struct sockaddr *)&sa->ss, &sa->len) < 0)
        *sa = (struct fsk_sockaddr){.len = 0};
}

void fsk_sock_peer(int fd, struct fsk_sockaddr *sa)
{
    *sa = (struct fsk_sockaddr){.len = sizeof sa->ss};
    if (getpeername(fd, (struct sockaddr *)&sa->ss, &sa->len) < 0)
        *sa = (struct fsk_sockaddr){.len = 0};
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

int fsk_sock_new(int family, int type, int *fd)
{
    *fd = socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return *fd < 0 ? errno : 0;
}

int fsk_sock_autobind(int fd)
{
    const struct sockaddr_un un = {.sun_family = AF_UNIX};
    return bind(fd, (const struct sockaddr *)&un, sizeof un.sun_family) < 0 ? errno : 0;
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

static int bind_new(const struct fsk_sockaddr *sa, int type, const struct fsk_tuning *tuning,
                    int *fd)
{
    const int on = 1, off = 0;
    int family = sa->ss.ss_family;
    int failed = fsk_sock_new(family, type, fd);
    if (failed)
        return failed;
    fsk_tuning_apply(tuning, *fd, family != AF_UNIX && type == SOCK_STREAM);
    if (family == AF_INET6)
        setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (family != AF_UNIX && type == SOCK_STREAM)
        setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(*fd, (const struct sockaddr *)&sa->ss, sa->len) == 0)
        return 0;
    failed = errno;
    close(*fd);
    *fd = -1;
    return failed;
}

int fsk_sock_new_at(const struct fsk_sockaddr *sa, int type, const struct fsk_tuning *tuning,
                    int *fd)
{
    const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)&sa->ss;
    int failed = bind_new(sa, type, tuning, fd);
    bool any = sa->ss.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);
    if (!any || (failed != EAFNOSUPPORT && failed != EADDRNOTAVAIL))
        return failed;
    struct fsk_sockaddr any4;
    struct fsk_addr addr = {.family = 4, .port = ntohs(in6->sin6_port)};
    fsk_sockaddr_from_addr(&any4, &addr);
    return bind_new(&any4, type, tuning, fd);
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
