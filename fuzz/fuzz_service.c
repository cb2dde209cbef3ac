/*
 * A target of a check. Invariants: the parts lie within the text; a failure has a sentence without
 * control bytes; a host and a port there are, or a path; and there is no password.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/service.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct fsk_span part, struct fsk_span text)
{
    assert(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_service_target t;
    char why[FSK_ENDPOINT_WHY];
    char *copy = malloc(size ? size : 1); /* of just this size, so that asan sees each step over */
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    struct fsk_span text = fsk_span(copy, size);
    if (fsk_service_parse(text, &t, why)) {
        const struct fsk_endpoint *e = &t.endpoint;
        check_within(e->host, text);
        check_within(e->path, text);
        check_within(t.user, text);
        check_within(t.path, text);
        assert(e->transport == t.service->transport);
        assert(fsk_transport_local(e->transport) ? e->path.n > 0 : e->host.n > 0 && e->port > 0);
        assert(!t.user.n || !memchr(t.user.p, ':', t.user.n));
    } else {
        const char *end = memchr(why, '\0', sizeof why);
        assert(end && end > why);
        for (const char *c = why; c < end; c++)
            assert((unsigned char)*c >= ' ' && *c != 0x7f);
    }
    free(copy);
    return 0;
}
