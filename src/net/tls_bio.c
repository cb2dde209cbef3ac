#include "net/tls_bio.h"

/* BIO_get_new_index() hands out a global counter that runs dry; nothing looks at the number. */
#define BIO_TYPE_LAYER (BIO_TYPE_SOURCE_SINK | 0x7f)

static int result(BIO *bio, struct fsk_tls_pipe *pipe, enum fsock_err err, int retry_flag)
{
    if (err == FSOCK_OK)
        return 1;
    if (err == FSOCK_AGAIN)
        BIO_set_flags(bio, retry_flag | BIO_FLAGS_SHOULD_RETRY);
    pipe->last = err;
    return 0;
}

static int read_below(BIO *bio, char *buf, size_t cap, size_t *n)
{
    struct fsk_tls_pipe *pipe = BIO_get_data(bio);
    struct fsk_layer *below = pipe->below;
    BIO_clear_retry_flags(bio);
    *n = 0;
    if (pipe->credit <= 0)
        return result(bio, pipe, FSK_TLS_SPENT, 0);
    enum fsock_err err = below->ops->recv(below, buf, cap, n, 0, NULL, pipe->wait);
    pipe->credit -= (int64_t)*n;
    return result(bio, pipe, err, BIO_FLAGS_READ);
}

static int write_below(BIO *bio, const char *buf, size_t len, size_t *n)
{
    struct fsk_tls_pipe *pipe = BIO_get_data(bio);
    struct fsk_layer *below = pipe->below;
    BIO_clear_retry_flags(bio);
    *n = 0;
    enum fsock_err err = below->ops->send(below, buf, len, n, 0, NULL, pipe->wait);
    return result(bio, pipe, err, BIO_FLAGS_WRITE);
}

/*
 * Nothing is buffered here, so a flush is done at once. The end of the stream is not told to
 * OpenSSL (BIO_CTRL_EOF): it would call the session bad, though only its last word is missing.
 */
static long control(BIO *bio, int cmd, long num, void *ptr)
{
    (void)bio, (void)num, (void)ptr;
    return cmd == BIO_CTRL_FLUSH;
}

BIO_METHOD *fsk_tls_bio_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_LAYER, "layer");
    if (method) {
        BIO_meth_set_read_ex(method, read_below);
        BIO_meth_set_write_ex(method, write_below);
        BIO_meth_set_ctrl(method, control);
    }
    return method;
}

BIO *fsk_tls_bio_new(const BIO_METHOD *method, struct fsk_tls_pipe *pipe)
{
    BIO *bio = BIO_new(method);
    if (bio) {
        BIO_set_data(bio, pipe);
        BIO_set_init(bio, 1);
    }
    return bio;
}
