#include "op/credentials.h"

#include <openssl/crypto.h>

#include "wire/base64.h"

static enum fsock_err write_basic(const struct fsk_credentials *c, struct fsk_buf *out)
{
    struct fsk_buf plain;
    size_t n = c->user.n + 1 + c->password.n, room = FSK_BASE64_ROOM(n);
    fsk_buf_init(&plain, n);
    enum fsock_err err = fsk_buf_append(&plain, c->user.p, c->user.n);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(&plain, ":");
    if (err == FSOCK_OK)
        err = fsk_buf_append(&plain, c->password.p, c->password.n);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(out, "Basic ");
    if (err == FSOCK_OK)
        err = fsk_buf_reserve(out, room);
    if (err == FSOCK_OK)
        out->end += fsk_base64_encode(plain.mem, n, out->mem + out->end);
    fsk_credentials_wipe(&plain);
    return err;
}

static enum fsock_err write_digest(const struct fsk_credentials *c,
                                   const struct fsk_credentials_for *r, struct fsk_buf *out)
{
    const struct fsk_digest_request request = {
        .user = c->user,
        .password = c->password,
        .method = r->method,
        .uri = r->uri,
        .body = r->body,
        .cnonce = fsk_span(c->realm->cnonce, sizeof c->realm->cnonce),
        .nc = ++c->realm->nc,
    };
    return fsk_digest_write(&c->realm->digest, &request, out);
}

enum fsock_err fsk_credentials_write(const struct fsk_credentials *c,
                                     const struct fsk_credentials_for *request, struct fsk_buf *out)
{
    enum fsock_err err;
    switch (c->scheme) {
    case FSK_AUTH_BASIC:
        return write_basic(c, out);
    case FSK_AUTH_DIGEST:
        return write_digest(c, request, out);
    case FSK_AUTH_BEARER:
        err = fsk_buf_puts(out, "Bearer ");
        return err == FSOCK_OK ? fsk_buf_append(out, c->password.p, c->password.n) : err;
    default:
        return FSOCK_OK;
    }
}

void fsk_credentials_wipe(struct fsk_buf *buf)
{
    if (buf->mem)
        OPENSSL_cleanse(buf->mem, buf->cap);
    fsk_buf_fini(buf);
}
