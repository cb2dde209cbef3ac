#include "op/transfer_request.h"

#include "base/time.h"
#include "base/trace.h"
#include "op/request.h"
#include "op/transfer_login.h"
#include "wire/site.h"

static struct fsk_cookie_scope scope_of(const struct fsk_transfer *t)
{
    static const char *const safe[] = {"GET", "HEAD", "OPTIONS", "TRACE"};
    const struct fsk_url *url = &t->aim.url;
    const struct fsk_target *target = &t->aim.target;
    struct fsk_cookie_scope scope = {
        .host = url->host,
        .path = url->path,
        .secure = target->tls ||
                  (target->proxy.kind == FSK_PROXY_NONE && fsk_site_is_loopback(url->host)),
        .cross_site = t->cross_site,
    };
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        scope.safe |= strcmp(t->method, safe[i]) == 0;
    return scope;
}

enum fsock_err fsk_transfer_take_cookies(struct fsk_transfer *t)
{
    struct fsock_jar *jar = t->request->jar;
    if (!jar)
        return FSOCK_OK;
    const struct fsk_cookie_scope scope = scope_of(t);
    return fsk_jar_take(jar, t->exchange.head.fields, &scope, fsk_time_unix() / FSOCK_SECOND);
}

static void mark_request(struct fsk_transfer *t)
{
    fsock_trace *trace = fsk_op_trace(&t->op);
    struct fsk_buf head = {.ceiling = FSK_REQUEST_MAX};
    if (fsk_trace_wants_headers(trace)) /* without memory, without the header */
        (void)fsk_request_show(&head, fsk_buf_span(&t->head), fsk_trace_masks(trace));
    fsk_mark(trace, FSOCK_MARK_REQUEST, t->op.id, fsk_stream_fd(&t->conn->stream), 0, t->head.end,
             fsk_text("method", t->method), fsk_text("head", head.mem));
    fsk_buf_fini(&head);
}

enum fsock_err fsk_transfer_write_request(struct fsk_transfer *t)
{
    const struct fsk_again *a = &t->again;
    struct fsk_ask ask = {
        .request = t->request,
        .url = &t->aim.url,
        .method = t->method,
        .http2 = t->conn->of,
        .with_body = t->with_body,
        .foreign = t->foreign,
        .via = t->aim.via,
        .resume_from = a->from ? a->from : t->request->resume_from,
        .validator = a->from ? a->validator : fsk_span_str(t->request->validator),
        .as_coded = a->from && a->as_coded,
        .scope = scope_of(t),
        .unix_now = fsk_time_unix() / FSOCK_SECOND,
    };
    fsk_buf_clear(&t->head);
    enum fsock_err err = fsk_transfer_log_in(t, &ask);
    if (err == FSOCK_OK)
        err = fsk_request_write(&t->head, &ask);
    if (fsk_op_trace(&t->op) && err == FSOCK_OK)
        mark_request(t);
    return err;
}
