/*
 * h2_inside.h - a session and its streams from inside: h2.c is the op, h2_stream.c the layer,
 * h2_frames.c what libnghttp2 tells of the frames that come and go, h2_request.c what is sent.
 *
 * Private to h2*.c.
 */
#ifndef FSK_H2_INSIDE_H
#define FSK_H2_INSIDE_H

#include <nghttp2/nghttp2.h>

#include "base/buf.h"
#include "op/h2.h"
#include "wire/h1.h"

#define FSK_H2_STREAMS_MAX 1000                /* of a session, whatever the peer allows */
#define FSK_H2_OUT         ((size_t)64 * 1024) /* frames that wait to be sent; of a body, too */

/* So many frames, or bytes, that carry nothing for anybody, in a row: the peer is keeping us busy.
 */
#define FSK_H2_IDLE_FRAMES 10000
#define FSK_H2_IDLE_BYTES  ((int64_t)4 * 1024 * 1024)

struct fsk_h2 {
    struct fsk_op op;
    struct fsk_h2_owner *owner;
    struct fsk_stream stream;
    nghttp2_session *ng;
    struct fsk_list streams; /* struct fsk_h2_stream */
    unsigned n_streams;
    bool tls;
    bool settled;  /* the peer's SETTINGS have come: before, it gets one stream only */
    bool answered; /* the final header of some answer has come */
    bool draining; /* no more streams */
    bool leaving;  /* the peer has said GOAWAY */
    bool unwanted; /* the peer has asked for HTTP/1.1 */
    bool broken;   /* we have ended it, since the peer broke its rules */
    bool over;
    struct fsk_buf out;    /* frames on their way to the peer */
    unsigned idle_frames;  /* since the last that was of use */
    int64_t idle_bytes;    /* likewise; less what may be under way for streams that were reset */
    fsock_time heard;      /* when the peer said something last */
    fsock_time idle_since; /* since when there is no stream */
    size_t moved;          /* bytes in this step */
    unsigned portions;     /* ... and how often */
    enum fsock_err err;    /* how it ended */
    int sys_errno;
    char why[160]; /* ... in words; before, what libnghttp2 complains of, or what GOAWAY said */
};

struct fsk_h2_stream {
    struct fsk_layer layer;
    struct fsk_h2 *h2;
    struct fsk_list link; /* in h2->streams */
    struct fsk_op *op;
    int32_t id;             /* 0: its request is not complete */
    struct fsk_buf request; /* the head, as far as it has been given */
    struct fsk_buf out;     /* of the request's body */
    uint64_t body_left;     /* bytes of it that are still to be given */
    struct fsk_buf in;      /* of the answer; of that, */
    size_t in_text;         /* so many are header, which no window counts */
    size_t text_max;        /* ... and so many more it may have */
    struct fsk_buf trailers;
    fsock_time opened;
    bool interim;       /* the header that is coming in has a 1xx status */
    bool final;         /* the final header is complete: the next one has trailers */
    bool ended;         /* the peer has sent all */
    bool closed;        /* libnghttp2 has forgotten it */
    bool reset;         /* ... since the peer has reset it */
    bool untaken;       /* the peer has done nothing with it */
    int64_t length;     /* by its Content-Length; -1: not known */
    uint64_t received;  /* of the body */
    uint64_t announced; /* likewise, and what has only been begun; with padding */
    enum fsock_err err; /* why nothing more comes; layer.detail says it in words */
};

/* The stream with this id; NULL if it has been closed on our side. */
struct fsk_h2_stream *fsk_h2_find(const struct fsk_h2 *h2, int32_t id);

/* What goes wrong first is what is told; its op is woken. */
void fsk_h2_stream_fail(struct fsk_h2_stream *s, enum fsock_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Something of use has come, or gone. */
static inline void fsk_h2_earn(struct fsk_h2 *h2)
{
    h2->idle_frames = 0;
    h2->idle_bytes = h2->idle_bytes < 0 ? h2->idle_bytes : 0;
}

static inline bool fsk_h2_is_flooded(const struct fsk_h2 *h2)
{
    return h2->idle_frames > FSK_H2_IDLE_FRAMES || h2->idle_bytes > FSK_H2_IDLE_BYTES;
}

/* There will be no more streams: who waits for one is told. */
static inline void fsk_h2_shut_out(struct fsk_h2 *h2)
{
    if (h2->draining)
        return;
    h2->draining = true;
    h2->owner->changed(h2->owner);
}

/* There are frames to be sent. */
void fsk_h2_poke(struct fsk_h2 *h2);

/* A session of libnghttp2, with our settings and limits. Returns 0, or its error. */
int fsk_h2_frames_new(struct fsk_h2 *h2);

/*
 * Open the stream by the head in s->request, which is complete: "GET /x HTTP/2", fields, an empty
 * line. Sets body_left. FSOCK_OK, FSOCK_ERR_MEMORY or FSOCK_ERR_INPUT.
 */
enum fsock_err fsk_h2_request(struct fsk_h2_stream *s);

#endif
