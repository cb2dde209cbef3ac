#include <fsock.h>

#include <stdlib.h>

#include "op/transfer.h"

/* The field lines of a head: what follows its first line. */
static struct fsk_span fields_of(const struct fsock_response *r)
{
    const char *line_end = r->head_len ? memchr(r->head, '\n', r->head_len) : NULL;
    if (!line_end)
        return fsk_span(NULL, 0);
    return fsk_span(line_end + 1, (size_t)(r->head + r->head_len - line_end - 1));
}

int fsock_response_header(const struct fsock_response *response, const char *name,
                          const char **value, size_t *len)
{
    struct fsk_span v;
    if (!fsk_h1_find(fields_of(response), fsk_span_str(name), &v))
        return 0;
    *value = v.p;
    *len = v.n;
    return 1;
}

size_t fsock_response_decoded_head(const struct fsock_response *response, char *buf, size_t cap)
{
    const struct fsk_transfer *t = FSK_HOLDER(response, const struct fsk_transfer, response);
    const struct fsk_exchange *x = &t->exchange;
    if (!response->head_len)
        return 0;
    if (t->framing == FSK_H1_BODY_NONE) { /* its lengths speak of another answer's body */
        if (cap)
            memcpy(buf, response->head, response->head_len < cap ? response->head_len : cap);
        return response->head_len;
    }
    const struct fsk_h1_decoding done = {
        .dechunked = t->framing == FSK_H1_BODY_CHUNKED,
        .content_codings = x->codings_undone,
        .length = x->state == FSK_EXCHANGE_AT_END ? (int64_t)x->made : -1,
        .trailers = fsk_buf_span(&x->trailers),
    };
    struct fsk_span head = fsk_span(response->head, response->head_len);
    size_t room = 2 * head.n + 2 * done.trailers.n + 64;
    char *whole = malloc(room);
    if (!whole)
        return 0;
    size_t n = fsk_h1_decoded_head(head, &done, whole, room);
    if (cap) /* buf may be NULL, then */
        memcpy(buf, whole, n < cap ? n : cap);
    free(whole);
    return n;
}
