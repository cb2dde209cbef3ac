#include "op/port.h"

#include <errno.h>
#include <time.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "net/call.h"

enum {
    BATCH = 64,      /* datagrams in one system call, at most */
    DATAGRAM = 1408, /* room for each: more than the FSK_DNS_UDP_SIZE that was announced */
    RECEIVE = 46,    /* as many fit into the driver's scratch */
    MANY = 16        /* questions open on a port: from so many on they are sent in runs */
};

#define BATCHES_MAX  8             /* received before others get their turn */
#define BUFFER_BYTES (1024 * 1024) /* asked for; the kernel gives what net.core.rmem_max allows */

struct fsk_port {
    struct fsk_op op;
    struct fsk_ports *set;
    int fd; /* -1: closed, and the op not running */
    int family;
    fsock_time opened, closes; /* closes: FSOCK_NEVER while it has questions */
    unsigned asked;            /* questions in its life */
    struct fsk_questions questions;
};

static void close_port(struct fsk_port *p)
{
    p->op.driver->forget_fd(p->op.driver, p->fd);
    fsk_call_close(p->op.driver->trace, p->fd);
    p->fd = -1;
    p->set->turn[p->family == 6] = NULL;
}

static void emptied(struct fsk_questions *questions)
{
    struct fsk_port *p = FSK_HOLDER(questions, struct fsk_port, questions);
    fsk_op_stop(&p->op);
    close_port(p);
}

/* ---- ICMP ---- */

/* What an entry of the error queue says, or 0 if it is nothing that fails a question. */
static int icmp_errno(struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
        struct sock_extended_err e;
        if (!(c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) &&
            !(c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR))
            continue;
        memcpy(&e, CMSG_DATA(c), sizeof e);
        return e.ee_errno == EMSGSIZE ? 0 : (int)e.ee_errno;
    }
    return 0;
}

/* Empty the error queue; how many entries it had. */
static unsigned read_errors(struct fsk_port *p)
{
    for (unsigned n = 0;; n++) {
        struct fsk_sockaddr to;
        struct fsk_addr server;
        char control[512];
        struct msghdr m = {.msg_name = &to.ss,
                           .msg_namelen = sizeof to.ss,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        if (fsk_call_recvmsg(p->op.driver->trace, p->fd, &m, MSG_ERRQUEUE) < 0)
            return n;
        int sys_errno = icmp_errno(&m);
        fsk_sockaddr_to_addr(&server, &to);
        if (sys_errno)
            fsk_questions_fail(&p->questions, &server, sys_errno);
    }
}

/* ---- sending ---- */

/*
 * A batch on its way out. Questions to one server that are equally long go out as one message,
 * which the kernel cuts up behind the route lookup and much else (UDP_SEGMENT, udp(7)).
 */
struct outgoing {
    unsigned n;
    struct fsk_question *question[BATCH];
    uint8_t packet[BATCH][FSK_DNS_QUERY_MAX];
    size_t len[BATCH];

    unsigned messages;
    struct mmsghdr m[BATCH];
    struct iovec iov[BATCH]; /* in the order of the messages */
    unsigned which[BATCH];   /* and whose packet it is */
    union {
        char bytes[CMSG_SPACE(sizeof(uint16_t))];
        struct cmsghdr align;
    } control[BATCH];
};

/* The first questions of the ring, packed. They stay in the ring. */
static void pack(struct fsk_port *p, struct outgoing *o)
{
    o->n = 0;
    FSK_LIST_EACH (link, &p->questions.unsent) {
        struct fsk_question *q = FSK_HOLDER(link, struct fsk_question, unsent);
        o->question[o->n] = q;
        o->len[o->n] = fsk_question_pack(q, o->packet[o->n]);
        if (++o->n == BATCH)
            break;
    }
}

/* Tell the kernel how long each piece of a message is. */
static void set_pieces(struct outgoing *o, struct msghdr *m, size_t len)
{
    const uint16_t size = (uint16_t)len;
    memset(&o->control[o->messages], 0,
           sizeof o->control[0]); /* the kernel gets its padding, too */
    m->msg_control = o->control[o->messages].bytes;
    m->msg_controllen = sizeof o->control[0].bytes;
    struct cmsghdr *c = CMSG_FIRSTHDR(m);
    c->cmsg_level = IPPROTO_UDP;
    c->cmsg_type = UDP_SEGMENT;
    c->cmsg_len = CMSG_LEN(sizeof size);
    memcpy(CMSG_DATA(c), &size, sizeof size);
}

/* Put packets together into messages: those that go where the first one goes and are as long. */
static void put_together(struct outgoing *o, bool pieces)
{
    bool taken[BATCH] = {false};
    unsigned iovs = 0;
    o->messages = 0;
    for (unsigned i = 0; i < o->n; i++) {
        if (taken[i])
            continue;
        struct fsk_server *s = o->question[i]->server;
        struct msghdr *m = &o->m[o->messages].msg_hdr;
        *m = (struct msghdr){
            .msg_name = &s->sockaddr.ss, .msg_namelen = s->sockaddr.len, .msg_iov = &o->iov[iovs]};
        for (unsigned k = i; k < o->n && (pieces || k == i); k++) {
            if (taken[k] || o->len[k] != o->len[i] || o->question[k]->server != s)
                continue;
            taken[k] = true;
            o->which[iovs] = k;
            o->iov[iovs++] = (struct iovec){o->packet[k], o->len[k]};
            m->msg_iovlen++;
        }
        if (m->msg_iovlen > 1)
            set_pieces(o, m, o->len[i]);
        o->messages++;
    }
}

/* The first message can't go out, unless the error was about an earlier question. */
static void send_failed(struct fsk_port *p, const struct outgoing *o, int sys_errno)
{
    struct fsk_question *first = o->question[o->which[0]];
    if (o->m[0].msg_hdr.msg_iovlen > 1 && (sys_errno == EIO || sys_errno == EINVAL))
        p->set->no_pieces = true; /* an interface that can't, or an old kernel */
    else if (!read_errors(p) && first->place == &p->questions)
        fsk_question_fail(first, sys_errno);
}

static void note_sent(const struct outgoing *o, int messages, fsock_time clock)
{
    unsigned iovs = 0;
    for (int i = 0; i < messages; i++)
        for (size_t k = 0; k < o->m[i].msg_hdr.msg_iovlen; k++)
            fsk_question_sent(o->question[o->which[iovs++]], clock);
}

/* False: the kernel takes no more now. */
static bool send_all(struct fsk_port *p)
{
    while (!fsk_list_empty(&p->questions.unsent)) {
        struct outgoing o;
        pack(p, &o);
        put_together(&o, !p->set->no_pieces);
        fsock_time clock = fsock_now(); /* of before: a server nearby answers meanwhile */
        int sent = fsk_call_sendmmsg(p->op.driver->trace, p->fd, o.m, o.messages, MSG_NOSIGNAL);
        if (sent < 0 && errno == EAGAIN)
            return false;
        if (sent < 0 && errno != EINTR)
            send_failed(p, &o, errno);
        note_sent(&o, sent, clock);
    }
    return true;
}

/* ---- receiving ---- */

/* One batch into the driver's scratch. FSOCK_AGAIN: the kernel's buffer is empty. */
static enum fsock_err receive(struct fsk_port *p)
{
    struct fsk_driver *d = p->op.driver;
    struct mmsghdr m[RECEIVE];
    struct iovec iov[RECEIVE];
    struct fsk_sockaddr from[RECEIVE];
    for (unsigned i = 0; i < RECEIVE; i++) {
        iov[i] = (struct iovec){d->scratch + i * DATAGRAM, DATAGRAM};
        m[i].msg_hdr = (struct msghdr){.msg_name = &from[i].ss,
                                       .msg_namelen = sizeof from[i].ss,
                                       .msg_iov = &iov[i],
                                       .msg_iovlen = 1};
    }
    int n = fsk_call_recvmmsg(d->trace, p->fd, m, RECEIVE, 0);
    if (n < 0 && errno == EAGAIN)
        return FSOCK_AGAIN;
    if (n < 0 && errno != EINTR)
        read_errors(p);
    fsock_time clock = fsock_now();
    for (int i = 0; i < n; i++) {
        struct fsk_addr server;
        fsk_sockaddr_to_addr(&server, &from[i]);
        if (!fsk_questions_take(&p->questions, iov[i].iov_base, m[i].msg_len, &server, clock))
            p->set->dropped++;
    }
    return n < 0 || n == RECEIVE ? FSOCK_OK : FSOCK_AGAIN;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_port *p = FSK_HOLDER(op, struct fsk_port, op);
    bool sent = send_all(p), drained = false;
    for (unsigned i = 0; i < BATCHES_MAX && !drained; i++)
        drained = receive(p) == FSOCK_AGAIN;
    if (p->questions.open)
        p->closes = FSOCK_NEVER;
    else if (p->closes == FSOCK_NEVER)
        p->closes = now + p->set->linger;
    if (now >= p->closes) {
        close_port(p);
        return FSOCK_OK;
    }
    op->alarm = p->closes;
    op->yield = !drained;
    if (drained)
        fsk_wait_for(&op->wait, p->fd, FSK_READABLE | (sent ? 0 : FSK_WRITABLE));
    return FSOCK_AGAIN;
}

/* ---- the set ---- */

void fsk_ports_init(struct fsk_ports *ports, struct fsk_driver *driver,
                    const struct fsk_asker *asker, unsigned max)
{
    *ports = (struct fsk_ports){.driver = driver, .asker = asker, .max = max};
}

void fsk_ports_fini(struct fsk_ports *ports)
{
    for (unsigned i = 0; i < FSK_PORTS_MAX; i++) {
        struct fsk_port *p = ports->port[i];
        assert(!p || p->fd < 0 || !p->questions.open);
        if (p && p->fd >= 0)
            emptied(&p->questions);
        free(p);
        ports->port[i] = NULL;
    }
}

/* A socket whose port the kernel chooses at random, at the first datagram. */
static int new_socket(fsock_trace *trace, int family, int *fd)
{
    int err = fsk_sock_new(trace, 0, family == 6 ? AF_INET6 : AF_INET, SOCK_DGRAM, fd);
    if (err)
        return err;
    if (family == 6) {
        fsk_call_set_int(trace, *fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        fsk_call_set_int(trace, *fd, IPPROTO_IPV6, IPV6_RECVERR, 1);
    } else {
        fsk_call_set_int(trace, *fd, IPPROTO_IP, IP_RECVERR, 1);
    }
    fsk_call_set_int(trace, *fd, SOL_SOCKET, SO_RCVBUF, BUFFER_BYTES);
    return 0;
}

/* Open a port in a closed one's place, or a new place. 0 or an errno. */
static int open_port(struct fsk_ports *ports, int family, struct fsk_port **port)
{
    unsigned i = 0;
    while (i < FSK_PORTS_MAX && ports->port[i] && ports->port[i]->fd >= 0)
        i++;
    if (i == FSK_PORTS_MAX)
        return EMFILE;
    if (!ports->port[i] && !(ports->port[i] = calloc(1, sizeof **ports->port)))
        return ENOMEM;
    struct fsk_port *p = ports->port[i];
    p->fd = -1;
    int fd, err = new_socket(ports->driver->trace, family, &fd);
    if (err)
        return err;
    fsk_op_init(&p->op, step, FSOCK_NEVER);
    if (!ports->driver->start(ports->driver, &p->op)) {
        fsk_call_close(ports->driver->trace, fd);
        return ENOMEM;
    }
    p->set = ports;
    p->fd = fd;
    p->family = family;
    p->opened = ports->driver->now;
    p->closes = FSOCK_NEVER;
    p->asked = 0;
    fsk_questions_init(&p->questions, &p->op, ports->asker, emptied);
    *port = p;
    return 0;
}

static bool is_fresh(const struct fsk_port *p)
{
    return p->questions.open < FSK_PORT_QUESTIONS && p->asked < FSK_PORT_ASKED &&
           p->set->driver->now - p->opened < FSK_PORT_LIFE;
}

/* Choose a port, or open one. 0 or an errno. */
static int choose(struct fsk_ports *ports, int family, const struct fsk_questions *other_than,
                  struct fsk_port **port)
{
    struct fsk_port *fresh[FSK_PORTS_MAX], *last = NULL;
    unsigned n = 0, open = 0;
    for (unsigned i = 0; i < FSK_PORTS_MAX && ports->port[i]; i++) {
        struct fsk_port *p = ports->port[i];
        if (p->fd < 0 || p->family != family)
            continue;
        open++;
        if (p->questions.open < FSK_PORT_CROWD)
            last = p;
        if (is_fresh(p) && &p->questions != other_than)
            fresh[n++] = p;
    }
    int err = EMFILE;
    if (n < FSK_PORTS_FEW && open < ports->max && (err = open_port(ports, family, port)) == 0)
        return 0;
    *port = n ? fresh[fsk_rand_16(&ports->rand) % n] : last;
    return *port ? 0 : err;
}

/* Where there are many, the same port for a while, then another one. */
static int next_port(struct fsk_ports *ports, int family, struct fsk_port **port)
{
    const int i = family == 6;
    *port = ports->turn[i];
    if (*port && ports->run[i] && is_fresh(*port) && (*port)->questions.open >= MANY) {
        ports->run[i]--;
        return 0;
    }
    ports->run[i] = FSK_PORT_RUN - 1;
    int err = choose(ports, family, NULL, port);
    ports->turn[i] = err ? NULL : *port;
    return err;
}

int fsk_ports_ask(struct fsk_ports *ports, struct fsk_question *q,
                  const struct fsk_questions *other_than)
{
    struct fsk_port *p;
    int family = q->server->addr.family;
    int err = other_than ? choose(ports, family, other_than, &p) : next_port(ports, family, &p);
    if (err)
        return err;
    p->asked++;
    fsk_question_open(q, &p->questions, &ports->rand);
    return 0;
}
