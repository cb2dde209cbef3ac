/*
 * A target as text, behind a port and whether it is to be listened at. Invariants: the spans lie
 * within the text; a failure has a sentence without control bytes; a host and a port there are, or
 * a path; and written out in full it reads as the same.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct fsk_span part, struct fsk_span text)
{
    assert(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void check_why(const char why[FSK_ENDPOINT_WHY])
{
    const char *end = memchr(why, '\0', FSK_ENDPOINT_WHY);
    assert(end && end > why);
    for (const char *c = why; c < end; c++)
        assert((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_back(const struct fsk_endpoint *e)
{
    struct fsk_endpoint back;
    char why[FSK_ENDPOINT_WHY];
    bool ipv6 = memchr(e->host.p, ':', e->host.n);
    size_t cap = e->host.n + 64;
    char *text = malloc(cap);
    if (!text)
        return;
    int n = snprintf(text, cap, ipv6 ? "%s://[%.*s]:%u" : "%s://%.*s:%u",
                     fsk_transport_name(e->transport), (int)e->host.n, e->host.p, e->port);
    assert(n > 0 && (size_t)n < cap);
    bool good = fsk_endpoint_parse(fsk_span(text, (size_t)n), 0, true, &back, why);
    assert(good && back.transport == e->transport && back.port == e->port);
    assert(back.host.n == e->host.n && memcmp(back.host.p, e->host.p, e->host.n) == 0);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_endpoint e;
    char why[FSK_ENDPOINT_WHY];
    if (size < 3)
        return 0;
    int port = data[0] << 8 | data[1];
    bool listening = data[2] & 1;
    data += 3, size -= 3;
    char *copy = malloc(size ? size : 1); /* of just this size, so that asan sees each step over */
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    struct fsk_span text = fsk_span(copy, size);
    bool good = fsk_endpoint_parse(text, data[-1] & 2 ? -port : port, listening, &e, why);
    if (!good)
        check_why(why);
    check_within(e.host, text);
    check_within(e.path, text);
    if (good && fsk_transport_local(e.transport)) {
        assert(e.path.n > 0 && e.path.n <= 107 && e.host.n == 0);
    } else if (good) {
        assert(listening || (e.host.n > 0 && e.port > 0));
        if (e.host.n && !memchr(e.host.p, ']', e.host.n)) /* of a zone */
            check_back(&e);
    }
    free(copy);
    return 0;
}
