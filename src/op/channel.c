#include "op/channel.h"

#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/time.h"
#include "net/plain.h"
#include "net/stream.h"
#include "op/connect.h"

#define OUT_MOST ((size_t)16 * 1024) /* of questions written at once */
#define IN_MOST  ((size_t)2 + 65535)

enum channel_state {
    CHANNEL_CONNECTING, /* the inner op runs */
    CHANNEL_SECURING,   /* the TLS layer's handshake runs */
    CHANNEL_OPEN        /* questions go out, answers come */
};

struct fsk_channel {
    struct fsk_op op;
    struct fsk_channels *owner;
    struct fsk_list link;
    struct fsk_server *server;
    enum channel_state state;
    struct fsk_connect connect;
    struct fsk_stream stream; /* top NULL: not connected yet */
    struct fsk_questions questions;
    struct fsk_buf out, in;
    unsigned asked, answered; /* questions */
    bool was_one_each;        /* when it was opened */
    fsock_time silent;        /* since when */
};

/* Let go of the connection; the struct stays, since the driver may still hold it. */
static void close_channel(struct fsk_channel *c)
{
    fsk_list_remove(&c->link);
    fsk_list_append(&c->owner->closed, &c->link);
    fsk_connect_fini(&c->connect);
    if (c->stream.top)
        fsk_stream_close(&c->stream);
    fsk_buf_fini(&c->out);
    fsk_buf_fini(&c->in);
}

static void emptied(struct fsk_questions *questions)
{
    struct fsk_channel *c = FSK_HOLDER(questions, struct fsk_channel, questions);
    fsk_op_stop(&c->op);
    close_channel(c);
}

/* ---- opening --------------------------------------------------------------------------------- */

static enum fsock_err put_tls(struct fsk_channel *c)
{
    struct fsk_server *s = c->server;
    char text[FSK_ADDR_TEXT];
    struct fsk_span host = fsk_span_str(s->host);
    if (!s->host)
        host = fsk_span(text, fsk_addr_format(&s->addr, text));
    c->stream.top = fsk_tls_new(c->stream.top, c->owner->tls, host, s->addr.port);
    c->state = CHANNEL_SECURING;
    return c->stream.top ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

static enum fsock_err open_stream(struct fsk_channel *c, fsock_time now)
{
    enum fsock_err err = FSOCK_OK;
    if (c->state == CHANNEL_CONNECTING) {
        err = fsk_op_inner(&c->op, &c->connect.op, now);
        if (err != FSOCK_OK)
            return err;
        struct fsk_layer *plain = fsk_plain_new(c->connect.fd, c->op.driver);
        if (!plain)
            return FSOCK_ERR_MEMORY;
        c->connect.fd = -1;
        fsk_stream_init(&c->stream, plain);
        fsk_op_clear(&c->op);
        c->state = CHANNEL_OPEN;
        if (c->server->transport == FSK_BY_TLS)
            err = put_tls(c);
    }
    if (err == FSOCK_OK && c->state == CHANNEL_SECURING) {
        err = c->stream.top->ops->connect(c->stream.top, &c->op.wait);
        if (err == FSOCK_OK)
            c->state = CHANNEL_OPEN;
    }
    return err;
}

/* ---- sending and receiving ------------------------------------------------------------------- */

/* Move unsent questions into the buffer, each with its length in front (RFC 1035 4.2.2). */
static enum fsock_err fill(struct fsk_channel *c)
{
    FSK_LIST_EACH (link, &c->questions.unsent) {
        struct fsk_question *q = FSK_HOLDER(link, struct fsk_question, unsent);
        uint8_t packet[2 + FSK_DNS_QUERY_MAX];
        size_t n = fsk_question_pack(q, packet + 2);
        packet[0] = (uint8_t)(n >> 8);
        packet[1] = (uint8_t)n;
        if (fsk_buf_len(&c->out) + n + 2 > OUT_MOST)
            break;
        enum fsock_err err = fsk_buf_append(&c->out, packet, n + 2);
        if (err != FSOCK_OK)
            return err;
        fsk_question_sent(q, fsock_now());
    }
    return FSOCK_OK;
}

static enum fsock_err send_all(struct fsk_channel *c)
{
    for (;;) {
        enum fsock_err err = fill(c);
        struct fsk_span out = fsk_buf_span(&c->out);
        if (err != FSOCK_OK || !out.n)
            return err;
        size_t n;
        err = fsk_stream_send(&c->stream, out.p, out.n, &n, &c->op.wait);
        if (err != FSOCK_OK)
            return err;
        fsk_buf_consume(&c->out, n);
    }
}

/* Take the whole messages that have come. */
static void take_messages(struct fsk_channel *c)
{
    for (;;) {
        struct fsk_span in = fsk_buf_span(&c->in);
        const uint8_t *p = (const uint8_t *)in.p;
        size_t n = in.n < 2 ? 0 : (size_t)(p[0] << 8 | p[1]);
        if (in.n < 2 + n || in.n < 2)
            return;
        c->answered += fsk_questions_take(&c->questions, p + 2, n, NULL, fsock_now());
        fsk_buf_consume(&c->in, n + 2);
    }
}

/* FSOCK_AGAIN, or how it ended. Few messages a step: others have to act on them. */
static enum fsock_err receive_all(struct fsk_channel *c, fsock_time now)
{
    struct fsk_driver *d = c->op.driver;
    for (unsigned i = 0; i < 4; i++) {
        size_t n, room = IN_MOST - fsk_buf_len(&c->in);
        size_t cap = room < d->scratch_size ? room : d->scratch_size;
        enum fsock_err err = fsk_stream_recv(&c->stream, d->scratch, cap, &n, 0, &c->op.wait);
        if (err == FSOCK_OK)
            err = fsk_buf_append(&c->in, d->scratch, n);
        if (err != FSOCK_OK)
            return err;
        c->silent = now;
        take_messages(c);
        if (!c->questions.open)
            return FSOCK_EOF;
    }
    c->op.yield = true;
    return FSOCK_AGAIN;
}

/* ---- the op ---------------------------------------------------------------------------------- */

static int errno_of(const struct fsk_channel *c, enum fsock_err err)
{
    if (err == FSOCK_ERR_MEMORY)
        return ENOMEM;
    if (!c->stream.top)
        return c->connect.sys_errno;
    return c->stream.top->sys_errno;
}

/* Remember what the connection failed of, for whoever is to be told. */
static void note_why(struct fsk_channel *c, enum fsock_err err)
{
    const char *why = NULL;
    if (err == FSOCK_ERR_TIMEOUT)
        why = c->state == CHANNEL_OPEN ? "said nothing more by TCP" : "could not be connected to";
    else if (c->stream.top && err != FSOCK_EOF)
        why = fsk_stream_why(&c->stream);
    free(c->server->why);
    c->server->why = why ? strdup(why) : NULL;
}

/* The connection is over, and so are its questions. */
static enum fsock_err end(struct fsk_channel *c, enum fsock_err err)
{
    int sys_errno = errno_of(c, err);
    if (c->state == CHANNEL_OPEN && c->questions.open && c->asked > 1 && c->answered <= 1)
        c->server->one_each = true; /* as servers from before RFC 7766 are */
    if (c->answered || c->server->one_each != c->was_one_each)
        sys_errno = ECONNABORTED;
    if (c->questions.open)
        note_why(c, err);
    fsk_questions_fail(&c->questions, NULL, sys_errno ? sys_errno : EPIPE);
    close_channel(c);
    return err;
}

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsk_channel *c = FSK_HOLDER(op, struct fsk_channel, op);
    enum fsock_err err = open_stream(c, now);
    if (err == FSOCK_OK) {
        err = send_all(c);
        if (err == FSOCK_OK || err == FSOCK_AGAIN)
            err = receive_all(c, now);
    }
    if (err == FSOCK_AGAIN && now - c->silent >= FSK_CHANNEL_SILENCE)
        err = FSOCK_ERR_TIMEOUT;
    if (err != FSOCK_AGAIN)
        return end(c, err);
    op->alarm = fsk_time_min(op->alarm, c->silent + FSK_CHANNEL_SILENCE);
    return FSOCK_AGAIN;
}

/* ---- the set --------------------------------------------------------------------------------- */

void fsk_channels_init(struct fsk_channels *channels, struct fsk_driver *driver,
                       const struct fsk_asker *asker)
{
    *channels = (struct fsk_channels){.driver = driver, .asker = asker};
    fsk_list_init(&channels->closed);
}

static void free_closed(struct fsk_channels *channels)
{
    FSK_LIST_EACH (link, &channels->closed) {
        struct fsk_channel *c = FSK_HOLDER(link, struct fsk_channel, link);
        if (c->op.running)
            continue; /* it is in the middle of its last step */
        fsk_list_remove(link);
        free(c);
    }
}

void fsk_channels_fini(struct fsk_channels *channels)
{
    free_closed(channels);
    fsk_tls_config_free(channels->tls);
    channels->tls = NULL;
}

/* A new one. NULL: out of memory. */
static struct fsk_channel *open_channel(struct fsk_channels *channels, struct fsk_server *server)
{
    struct fsk_channel *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->owner = channels;
    c->server = server;
    c->was_one_each = server->one_each;
    c->silent = channels->driver->now;
    fsk_list_init(&c->link);
    fsk_buf_init(&c->out, OUT_MOST);
    fsk_buf_init(&c->in, IN_MOST);
    fsk_questions_init(&c->questions, &c->op, channels->asker, emptied);
    fsk_connect_init(&c->connect, FSOCK_NEVER);
    c->connect.to = server->sockaddr;
    fsk_addr_format_port(&server->addr, c->connect.text);
    fsk_op_init(&c->op, step, FSOCK_NEVER);
    if (!channels->driver->start(channels->driver, &c->op)) {
        free(c);
        return NULL;
    }
    fsk_list_append(&server->channels, &c->link);
    return c;
}

/* Whether one more question may go over it. An answer cut off is fetched over a connection that has
 * shown that it answers: a slow question would else hold up those behind it. */
static bool takes_more(const struct fsk_channel *c)
{
    const struct fsk_server *s = c->server;
    bool proven = c->answered || s->transport != FSK_BY_UDP || s->owner->use_tcp;
    return proven && !s->one_each && c->questions.open < FSK_CHANNEL_QUESTIONS;
}

int fsk_channels_ask(struct fsk_channels *channels, struct fsk_question *q)
{
    struct fsk_channel *c = NULL;
    free_closed(channels);
    FSK_LIST_EACH (link, &q->server->channels) {
        struct fsk_channel *other = FSK_HOLDER(link, struct fsk_channel, link);
        if (takes_more(other))
            c = other;
    }
    if (!c && !(c = open_channel(channels, q->server)))
        return ENOMEM;
    c->asked++;
    fsk_question_open(q, &c->questions, &channels->rand);
    return 0;
}
