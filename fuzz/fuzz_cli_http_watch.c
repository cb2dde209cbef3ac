/*
 * HTTP/1 seen from outside: a direction cut into pieces tells the same as whole. The first byte of
 * the input says which direction, and what its responses answer.
 */
#include <assert.h>
#include <string.h>

#include "http_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOLD = 256 };

struct told {
    unsigned n;
    uint8_t what[TOLD];
    size_t heads;
    enum http_stage stage;
};

static void look(const struct http_watch *w, enum http_what what, struct told *t)
{
    struct fsk_span head = fsk_buf_span(&w->head);
    if (t->n < TOLD)
        t->what[t->n++] = (uint8_t)what;
    if (what != HTTP_HEAD)
        return;
    t->heads += head.n;
    assert(head.n && head.n <= HTTP_HEAD_MAX && head.p[head.n - 1] == '\n');
    const struct http_request *r = &w->request;
    assert(w->responses || (r->method.n && r->target.n && r->target.p > r->method.p));
    assert(w->responses || r->target.p + r->target.n <= head.p + head.n);
}

static void watch(const uint8_t *data, size_t size, size_t step, unsigned how, struct told *t)
{
    struct http_watch w;
    *t = (struct told){.n = 0};
    http_watch_init(&w, how & 1);
    for (size_t at = 0; at < size; at += step) {
        struct fsk_span s = fsk_span((const char *)data + at, size - at < step ? size - at : step);
        enum http_what what;
        http_watch_answers(&w, how & 2, how & 4);
        while (w.stage != HTTP_IS_OTHER && (what = http_watch_next(&w, &s)) != HTTP_MORE)
            look(&w, what, t);
    }
    t->stage = w.stage;
    http_watch_fini(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told whole, split;
    struct http_request r;
    if (!size)
        return 0;
    unsigned how = *data++;
    size--;
    watch(data, size, size + 1, how, &whole);
    for (size_t step = 1; step <= 7; step += 6) {
        watch(data, size, step, how, &split);
        /* An error in a head that isn't whole may be told late: perhaps not within the input. */
        unsigned n = split.n < whole.n ? split.n : whole.n;
        assert(memcmp(split.what, whole.what, n) == 0 && split.heads == whole.heads);
        assert(split.n == whole.n || (split.n + 1 >= whole.n && whole.n + 1 >= split.n));
    }
    int n = http_request_parse(&r, fsk_span((const char *)data, size));
    assert(n <= (int)size);
    return 0;
}
