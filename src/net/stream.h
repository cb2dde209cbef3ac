/*
 * stream.h - an open stack of layers, and the error it died of.
 *
 * After an error a direction is dead: each later call returns the same error. The end (FSOCK_EOF)
 * stays, too. Sending may die first: the peer's last words, which tell why, can still be received.
 */
#ifndef FSK_STREAM_H
#define FSK_STREAM_H

#include "net/layer.h"

struct fsk_stream {
    struct fsk_layer *top; /* owned; NULL if there was no memory for one more, and it is dead */
    enum fsock_err recv_dead, send_dead; /* the error that ended each direction, or FSOCK_OK */
    bool ended;                          /* recv has said FSOCK_EOF */
};

static inline void fsk_stream_init(struct fsk_stream *s, struct fsk_layer *top)
{
    *s = (struct fsk_stream){.top = top};
}

/* Closes at once. */
void fsk_stream_close(struct fsk_stream *s);

/* As the layer's calls, with the rules above. Datagrams' errors don't stay. */
enum fsock_err fsk_stream_recv(struct fsk_stream *s, void *buf, size_t cap, size_t *n, int flags,
                               struct fsk_wait *wait);
enum fsock_err fsk_stream_send(struct fsk_stream *s, const void *buf, size_t len, size_t *n,
                               struct fsk_wait *wait);

enum fsock_err fsk_stream_shut(struct fsk_stream *s, struct fsk_wait *wait);

/* The same for datagrams with addresses, and for bytes out of band; from and to may be NULL. */
enum fsock_err fsk_stream_recv_from(struct fsk_stream *s, void *buf, size_t cap, size_t *n,
                                    int flags, struct fsk_sockaddr *from, struct fsk_wait *wait);
enum fsock_err fsk_stream_send_to(struct fsk_stream *s, const void *buf, size_t len, size_t *n,
                                  int flags, const struct fsk_sockaddr *to, struct fsk_wait *wait);

void fsk_stream_info(struct fsk_stream *s, struct fsk_layer_info *info);

/* The descriptor below all layers; -1 if there is none any more. */
int fsk_stream_fd(const struct fsk_stream *s);

/* Why it is dead, in words: the top layer's detail, or the errno's text; and that errno. */
const char *fsk_stream_why(const struct fsk_stream *s);
int fsk_stream_errno(const struct fsk_stream *s);

#endif
