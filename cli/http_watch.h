/*
 * http_watch.h - one direction of an HTTP/1 connection, as somebody sees it who listens.
 *
 * Fed the bytes as they pass, in pieces of any size, it tells where heads are whole and where
 * bodies end. A pure machine. It is less strict than who has to answer: it has nothing to protect.
 *
 *     while ((what = http_watch_next(&w, &bytes)) != HTTP_MORE)
 *         ...
 *
 * A watch of responses has to be told what each of them answers: http_watch_answers().
 */
#ifndef FSOCK_CLI_HTTP_WATCH_H
#define FSOCK_CLI_HTTP_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "wire/chunked.h"
#include "wire/h1.h"

#define HTTP_HEAD_MAX ((size_t)64 * 1024)

enum http_what {
    HTTP_MORE, /* all bytes are used */
    HTTP_HEAD, /* fsk_buf_span(&w->head) is one, with its empty line; see `request`, `response` */
    HTTP_BODY, /* a body has ended; also one of no bytes, behind each final head */
    HTTP_OTHER /* these bytes are no HTTP; nothing more will be told */
};

/* What a request's head says; spans into it. */
struct http_request {
    struct fsk_span method, target, host;
    int64_t length; /* of its body; -1: chunked */
};

enum http_stage { HTTP_IN_HEAD, HTTP_IN_LENGTH, HTTP_IN_CHUNKS, HTTP_TO_END, HTTP_IS_OTHER };

struct http_watch {
    bool responses;
    bool head_is_told, to_head, to_connect;
    enum http_stage stage;
    uint64_t left; /* bytes of the body */
    size_t parsed; /* bytes of the head that have been looked at */
    struct fsk_chunked chunked;
    struct fsk_buf head;
    struct http_request request;
    struct fsk_h1_head response;
};

void http_watch_init(struct http_watch *w, bool responses);
void http_watch_fini(struct http_watch *w);

/* The next response answers HEAD, or CONNECT. */
void http_watch_answers(struct http_watch *w, bool to_head, bool to_connect);

/* Go through *bytes, which loses from its front what is done with. */
enum http_what http_watch_next(struct http_watch *w, struct fsk_span *bytes);

/* n bytes have passed unseen. */
enum http_what http_watch_skip(struct http_watch *w, uint64_t n);

/*
 * A request's head at the start of `bytes`: returns its length with the empty line, 0 if it isn't
 * whole, -1 if it is none. That is known with the first byte that shows it.
 */
int http_request_parse(struct http_request *r, struct fsk_span bytes);

#endif
