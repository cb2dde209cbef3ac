#include "tls_watch.h"

#include "tls_hello.h"

enum {
    CHANGE_CIPHER_SPEC = 20,
    ALERT = 21,
    HANDSHAKE = 22,
    APPLICATION_DATA = 23,
    HEARTBEAT = 24,
    RECORD_MAX = 16384 + 2048 /* with what sealing may add (RFC 5246 6.2.3) */
};

void tls_watch_init(struct tls_watch *w)
{
    *w = (struct tls_watch){.have = 0};
    fsk_buf_init(&w->hello, TLS_HELLO_MAX);
}

void tls_watch_fini(struct tls_watch *w)
{
    fsk_buf_fini(&w->hello);
}

void tls_watch_again(struct tls_watch *w)
{
    fsk_buf_clear(&w->hello);
    w->greeted = w->encrypted = false;
}

bool tls_begins(struct fsk_span bytes)
{
    static const unsigned char first[] = {HANDSHAKE, 3};
    for (size_t i = 0; i < sizeof first && i < bytes.n; i++)
        if ((unsigned char)bytes.p[i] != first[i])
            return false;
    return bytes.n > 0 && (bytes.n < 6 || bytes.p[5] == TLS_CLIENT_HELLO);
}

/* Take up to n bytes off the front. */
static struct fsk_span take(struct fsk_span *bytes, size_t n)
{
    struct fsk_span piece = fsk_span(bytes->p, n < bytes->n ? n : bytes->n);
    bytes->p += piece.n;
    bytes->n -= piece.n;
    return piece;
}

static enum tls_what broken(struct tls_watch *w)
{
    w->broken = true;
    fsk_buf_fini(&w->hello);
    return TLS_BROKEN;
}

/* The five bytes of a record's head are there. */
static enum tls_what begin_record(struct tls_watch *w)
{
    w->type = w->head[0];
    w->left = (uint16_t)(w->head[3] << 8 | w->head[4]);
    w->have = 0;
    if (w->type < CHANGE_CIPHER_SPEC || w->type > HEARTBEAT || w->head[1] != 3 ||
        w->left > RECORD_MAX)
        return broken(w);
    if (w->type == CHANGE_CIPHER_SPEC)
        w->encrypted = true;
    if (w->type != APPLICATION_DATA)
        return TLS_MORE;
    w->encrypted = true;
    return TLS_SEALED;
}

/* Whether the handshake's first message is whole. */
static bool is_whole(const struct tls_watch *w)
{
    struct fsk_span s = fsk_buf_span(&w->hello);
    if (s.n < 4)
        return false;
    size_t n = (size_t)(unsigned char)s.p[1] << 16 | (size_t)(unsigned char)s.p[2] << 8 |
               (unsigned char)s.p[3];
    return s.n - 4 >= n;
}

/* A piece of a record that isn't encrypted. */
static enum tls_what look(struct tls_watch *w, struct fsk_span piece)
{
    if (w->type == ALERT && w->left == 0) { /* its last byte says which */
        w->alert = (uint8_t)piece.p[piece.n - 1];
        return TLS_ALERT;
    }
    if (w->type != HANDSHAKE || w->greeted)
        return TLS_MORE;
    if (fsk_buf_append(&w->hello, piece.p, piece.n) != FSOCK_OK)
        return broken(w);
    w->greeted = is_whole(w);
    return w->greeted ? TLS_HELLO : TLS_MORE;
}

enum tls_what tls_watch_next(struct tls_watch *w, struct fsk_span *bytes)
{
    while (bytes->n && !w->broken) {
        enum tls_what what = TLS_MORE;
        if (w->left) {
            struct fsk_span piece = take(bytes, w->left);
            w->left = (uint16_t)(w->left - piece.n);
            if (!w->encrypted)
                what = look(w, piece);
        } else {
            w->head[w->have++] = (unsigned char)take(bytes, 1).p[0];
            if (w->have == sizeof w->head)
                what = begin_record(w);
        }
        if (what != TLS_MORE)
            return what;
    }
    *bytes = fsk_span(NULL, 0);
    return TLS_MORE;
}
