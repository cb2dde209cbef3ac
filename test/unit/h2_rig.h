/*
 * h2_rig.h - a session of HTTP/2 against a server of libnghttp2's in the same thread, for tests:
 * both ends of a socketpair, moved on by h2_pump() until nothing moves any more.
 *
 * The server does nothing by itself: a test submits what it is to send, or writes bytes of its own.
 */
#ifndef FSK_TEST_H2_RIG_H
#define FSK_TEST_H2_RIG_H

#include <nghttp2/nghttp2.h>

#include "drive_rig.h"
#include "net/plain.h"
#include "op/h2.h"

#define H2_ASKED 16

/* What the server has seen of a stream. */
struct h2_asked {
    int32_t id;
    char fields[2000]; /* "name: value\n" */
    size_t body;
    bool whole, reset;
    uint32_t code;
};

/* Whoever uses a stream: an op that waits to be woken. */
struct h2_user {
    struct fsk_op op;
    unsigned steps;
    struct fsk_layer *layer;
};

struct h2_rig {
    struct fsk_loop loop;
    struct fsk_h2_owner owner;
    struct fsk_h2 *h2;
    unsigned changes;
    int fd; /* the server's end */
    nghttp2_session *server;
    struct h2_asked asked[H2_ASKED];
    size_t n_asked;
    bool closed; /* by the client */
};

static inline void h2_note_change(struct fsk_h2_owner *owner)
{
    FSK_HOLDER(owner, struct h2_rig, owner)->changes++;
}

static inline struct h2_asked *h2_asked_of(struct h2_rig *rig, int32_t id)
{
    for (size_t i = 0; i < rig->n_asked; i++)
        if (rig->asked[i].id == id)
            return &rig->asked[i];
    assert_true(rig->n_asked < H2_ASKED);
    rig->asked[rig->n_asked].id = id;
    return &rig->asked[rig->n_asked++];
}

static inline int h2_on_header(nghttp2_session *ng, const nghttp2_frame *frame, const uint8_t *name,
                               size_t n, const uint8_t *value, size_t value_n, uint8_t flags,
                               void *user)
{
    struct h2_asked *a = h2_asked_of(user, frame->hd.stream_id);
    size_t at = strlen(a->fields);
    (void)ng, (void)flags;
    snprintf(a->fields + at, sizeof a->fields - at, "%.*s: %.*s\n", (int)n, (const char *)name,
             (int)value_n, (const char *)value);
    return 0;
}

static inline int h2_on_data(nghttp2_session *ng, uint8_t flags, int32_t id, const uint8_t *data,
                             size_t n, void *user)
{
    (void)ng, (void)flags, (void)data;
    h2_asked_of(user, id)->body += n;
    return 0;
}

static inline int h2_on_frame(nghttp2_session *ng, const nghttp2_frame *frame, void *user)
{
    struct h2_rig *rig = user;
    (void)ng;
    if (!frame->hd.stream_id || !rig->n_asked)
        return 0;
    if (frame->hd.type <= NGHTTP2_HEADERS && frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
        h2_asked_of(rig, frame->hd.stream_id)->whole = true;
    if (frame->hd.type == NGHTTP2_RST_STREAM) {
        h2_asked_of(rig, frame->hd.stream_id)->reset = true;
        h2_asked_of(rig, frame->hd.stream_id)->code = frame->rst_stream.error_code;
    }
    return 0;
}

/* The server's session. With `quiet` it is a test that writes all that the client gets. */
static inline void h2_serve(struct h2_rig *rig, const nghttp2_settings_entry *settings, size_t n)
{
    nghttp2_session_callbacks *calls;
    nghttp2_option *option;
    assert_int_equal(nghttp2_session_callbacks_new(&calls), 0);
    assert_int_equal(nghttp2_option_new(&option), 0);
    nghttp2_option_set_no_http_messaging(option, 1); /* servers lie */
    nghttp2_session_callbacks_set_on_header_callback(calls, h2_on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(calls, h2_on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(calls, h2_on_frame);
    assert_int_equal(nghttp2_session_server_new2(&rig->server, calls, rig, option), 0);
    nghttp2_session_callbacks_del(calls);
    nghttp2_option_del(option);
    assert_int_equal(nghttp2_submit_settings(rig->server, 0, settings, n), 0);
}

static inline void h2_rig_init(struct h2_rig *rig)
{
    int pair[2];
    struct fsk_stream stream;
    *rig = (struct h2_rig){.owner.changed = h2_note_change};
    assert_true(fsk_loop_init(&rig->loop, NULL));
    make_pair(pair);
    rig->fd = pair[1];
    fsk_stream_init(&stream, fsk_plain_new(pair[0], &rig->loop.sched.driver));
    rig->h2 = fsk_h2_new(&rig->loop.sched.driver, &stream, &rig->owner);
    assert_non_null(rig->h2);
}

static inline void h2_rig_fini(struct h2_rig *rig)
{
    fsk_h2_free(rig->h2);
    nghttp2_session_del(rig->server);
    if (rig->fd >= 0)
        close(rig->fd);
    fsk_loop_fini(&rig->loop);
}

/* What has come from the client, into the server. Whether there was any. */
static inline bool h2_server_reads(struct h2_rig *rig)
{
    uint8_t buf[65536];
    ssize_t n = rig->fd < 0 ? -1 : read(rig->fd, buf, sizeof buf);
    rig->closed |= n == 0;
    if (n > 0 && rig->server)
        assert_int_equal(nghttp2_session_mem_recv(rig->server, buf, (size_t)n), n);
    return n > 0;
}

static inline bool h2_server_writes(struct h2_rig *rig)
{
    const uint8_t *p;
    ssize_t n = rig->server && rig->fd >= 0 ? nghttp2_session_mem_send(rig->server, &p) : 0;
    assert_true(n >= 0);
    for (ssize_t at = 0; at < n;) {
        ssize_t some = write(rig->fd, p + at, (size_t)(n - at));
        if (some < 0)
            return false;
        at += some;
        fsk_loop_step(&rig->loop, FSOCK_NOW); /* (to make room) */
    }
    return n > 0;
}

/* Until nothing moves. */
static inline void h2_pump(struct h2_rig *rig)
{
    for (bool moved = true; moved;) {
        moved = false;
        while (fsk_loop_step(&rig->loop, FSOCK_NOW) == FSOCK_OK)
            moved |= !fsk_list_empty(&rig->loop.sched.ready);
        moved |= h2_server_writes(rig);
        moved |= h2_server_reads(rig);
    }
}

static inline void h2_put(struct h2_rig *rig, const void *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t some = write(rig->fd, (const char *)bytes + at, n - at);
        if (some < 0 && errno != EAGAIN)
            return;
        at += some > 0 ? (size_t)some : 0;
        fsk_loop_step(&rig->loop, FSOCK_NOW);
    }
}

/* ---- Streams --------------------------------------------------------------------------------- */

static inline enum fsock_err h2_user_step(struct fsk_op *op, fsock_time now)
{
    (void)now;
    FSK_HOLDER(op, struct h2_user, op)->steps++;
    return op->expired ? FSOCK_ERR_TIMEOUT : FSOCK_AGAIN;
}

static inline void h2_user_open(struct h2_rig *rig, struct h2_user *u)
{
    struct fsk_driver *driver = &rig->loop.sched.driver;
    *u = (struct h2_user){.steps = 0};
    fsk_op_init(&u->op, h2_user_step, FSOCK_NEVER);
    assert_true(driver->start(driver, &u->op));
    u->layer = fsk_h2_open(rig->h2, &u->op);
    assert_non_null(u->layer);
}

static inline void h2_user_close(struct h2_user *u)
{
    fsk_layer_free(u->layer);
    fsk_op_stop(&u->op);
}

/* All of the text, at once. */
static inline void h2_user_say(struct h2_user *u, const char *text)
{
    struct fsk_wait wait = {.wants = 0};
    size_t n;
    assert_int_equal(u->layer->ops->send(u->layer, text, strlen(text), &n, 0, NULL, &wait),
                     FSOCK_OK);
    assert_int_equal(n, strlen(text));
}

/* What there is, into buf; how it ended. */
static inline enum fsock_err h2_user_hear(struct h2_user *u, char *buf, size_t cap)
{
    struct fsk_wait wait = {.wants = 0};
    size_t n, at = 0;
    enum fsock_err err;
    while ((err = u->layer->ops->recv(u->layer, buf + at, cap - at - 1, &n, 0, NULL, &wait)) ==
           FSOCK_OK)
        at += n;
    buf[at] = '\0';
    return err;
}

#define H2_NV(name, value)                                                                         \
    {                                                                                              \
        (uint8_t *)(size_t)(name), (uint8_t *)(size_t)(value), sizeof(name) - 1,                   \
            sizeof(value) - 1, 0                                                                   \
    }

#endif
