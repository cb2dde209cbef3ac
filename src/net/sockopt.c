#include "net/sockopt.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stddef.h>
#include <sys/socket.h>

#include "base/fault.h"
#include "net/call.h"

/* Where each option of the kernel's is. Linger has a struct of its own. */
static const struct place {
    int level, name;
} places[] = {
    [FSOCK_OPTION_NODELAY] = {IPPROTO_TCP, TCP_NODELAY  },
    [FSOCK_OPTION_KEEPALIVE] = {SOL_SOCKET,  SO_KEEPALIVE },
    [FSOCK_OPTION_KEEP_IDLE] = {IPPROTO_TCP, TCP_KEEPIDLE },
    [FSOCK_OPTION_KEEP_INTERVAL] = {IPPROTO_TCP, TCP_KEEPINTVL},
    [FSOCK_OPTION_KEEP_COUNT] = {IPPROTO_TCP, TCP_KEEPCNT  },
    [FSOCK_OPTION_LINGER] = {SOL_SOCKET,  SO_LINGER    },
    [FSOCK_OPTION_RECEIVE_BUFFER] = {SOL_SOCKET,  SO_RCVBUF    },
    [FSOCK_OPTION_SEND_BUFFER] = {SOL_SOCKET,  SO_SNDBUF    },
    [FSOCK_OPTION_BROADCAST] = {SOL_SOCKET,  SO_BROADCAST },
    [FSOCK_OPTION_REUSE_ADDRESS] = {SOL_SOCKET,  SO_REUSEADDR },
};

static const struct place *place_of(enum fsock_option option)
{
    bool known = option > 0 && (size_t)option < sizeof places / sizeof *places;
    return known ? &places[option] : NULL;
}

int fsk_sockopt_set(fsock_trace *trace, int fd, enum fsock_option option, int value)
{
    const struct place *p = place_of(option);
    if (!p)
        return EINVAL;
    struct linger linger = {.l_onoff = value >= 0, .l_linger = value >= 0 ? value : 0};
    bool lingers = option == FSOCK_OPTION_LINGER;
    const void *what = lingers ? (const void *)&linger : &value;
    socklen_t size = lingers ? sizeof linger : sizeof value;
    return fsk_call_setsockopt(trace, fd, p->level, p->name, what, size) < 0 ? errno : 0;
}

int fsk_sockopt_get(fsock_trace *trace, int fd, enum fsock_option option, int *value)
{
    const struct place *p = place_of(option);
    struct linger linger = {.l_onoff = 0};
    bool lingers = option == FSOCK_OPTION_LINGER;
    socklen_t size = lingers ? sizeof linger : sizeof *value;
    if (!p)
        return EINVAL;
    void *what = lingers ? (void *)&linger : value;
    if (fsk_call_getsockopt(trace, fd, p->level, p->name, what, &size) < 0)
        return errno;
    if (lingers)
        *value = linger.l_onoff ? linger.l_linger : -1;
    return 0;
}

/* The kernel's own limits (net/ipv4/tcp.c), so that a bad number is told, not passed over. */
enum fsock_err fsk_tuning_init(struct fsk_tuning *t, const struct fsock_options *o,
                               struct fsock_fault *fault)
{
    const struct {
        const char *name;
        int value, least, most;
    } numbers[] = {
        {"keep_idle",      o->keep_idle,      0,  32767    },
        {"keep_interval",  o->keep_interval,  0,  32767    },
        {"keep_count",     o->keep_count,     0,  127      },
        {"linger",         o->linger,         -1, 32767    },
        {"receive_buffer", o->receive_buffer, 0,  INT32_MAX},
        {"send_buffer",    o->send_buffer,    0,  INT32_MAX},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].value < numbers[i].least || numbers[i].value > numbers[i].most)
            return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, EINVAL,
                                 "%s is from %d to %d, not %d", numbers[i].name, numbers[i].least,
                                 numbers[i].most, numbers[i].value);
    *t = (struct fsk_tuning){
        .delay = o->delay != 0,
        .keepalive = o->keepalive != 0,
        .broadcast = o->broadcast != 0,
        .reuse_port = o->reuse_port != 0,
        .fast_open = o->fast_open != 0,
        .keep_idle = o->keep_idle,
        .keep_interval = o->keep_interval,
        .keep_count = o->keep_count,
        .linger = o->linger + 1,
        .receive_buffer = o->receive_buffer,
        .send_buffer = o->send_buffer,
    };
    return FSOCK_OK;
}

static void tune_tcp(const struct fsk_tuning *t, fsock_trace *trace, int fd)
{
    if (!t->delay)
        fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (t->user_timeout_ms)
        fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_USER_TIMEOUT, (int)t->user_timeout_ms);
    if (t->fast_open)
        fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
    if (t->keep_idle)
        fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_KEEPIDLE, t->keep_idle);
    if (t->keep_interval)
        fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_KEEPINTVL, t->keep_interval);
    if (t->keep_count)
        fsk_call_set_int(trace, fd, IPPROTO_TCP, TCP_KEEPCNT, t->keep_count);
}

void fsk_tuning_apply(const struct fsk_tuning *t, fsock_trace *trace, int fd, bool tcp)
{
    if (tcp)
        tune_tcp(t, trace, fd);
    if (t->keepalive)
        fsk_call_set_int(trace, fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    if (t->broadcast)
        fsk_call_set_int(trace, fd, SOL_SOCKET, SO_BROADCAST, 1);
    if (t->reuse_port)
        fsk_call_set_int(trace, fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (t->linger)
        fsk_sockopt_set(trace, fd, FSOCK_OPTION_LINGER, t->linger - 1);
    if (t->receive_buffer)
        fsk_call_set_int(trace, fd, SOL_SOCKET, SO_RCVBUF, t->receive_buffer);
    if (t->send_buffer)
        fsk_call_set_int(trace, fd, SOL_SOCKET, SO_SNDBUF, t->send_buffer);
}
