/*
 * A name server as text. Invariants: the spans lie within the text; a port there is; a name to
 * verify only by TLS; and written out in full it reads as the same.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/nameserver.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_within(struct fsk_span part, struct fsk_span text)
{
    assert(part.n == 0 || (part.p >= text.p && part.p + part.n <= text.p + text.n));
}

static void check_same(struct fsk_span a, struct fsk_span b)
{
    assert(a.n == b.n && (!a.n || memcmp(a.p, b.p, a.n) == 0));
}

/* Write it out, with all that may be left out, and read that. */
static void check_back(const struct fsk_nameserver_text *ns)
{
    static const char *const scheme[] = {"udp", "tcp", "tls"};
    struct fsk_nameserver_text back;
    size_t cap = ns->host.n + ns->verify.n + 64;
    char *text = malloc(cap);
    bool colons = memchr(ns->host.p, ':', ns->host.n) != NULL;
    if (!text)
        return;
    int n = snprintf(text, cap, "%s://%s%.*s%s:%u%s%.*s", scheme[ns->transport], colons ? "[" : "",
                     (int)ns->host.n, ns->host.p, colons ? "]" : "", ns->port,
                     ns->verify.n ? "#" : "", (int)ns->verify.n, ns->verify.n ? ns->verify.p : "");
    assert(n > 0 && (size_t)n < cap);
    assert(!fsk_nameserver_parse(&back, fsk_span(text, (size_t)n)));
    assert(back.transport == ns->transport && back.port == ns->port);
    check_same(back.host, ns->host);
    check_same(back.verify, ns->verify);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_nameserver_text ns;
    char *copy = malloc(size ? size : 1); /* of just this size, so that asan sees each step over */
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    struct fsk_span text = fsk_span(copy, size);
    const char *why = fsk_nameserver_parse(&ns, text);
    assert(!why || *why);
    check_within(ns.host, text);
    check_within(ns.verify, text);
    if (!why) {
        assert(ns.host.n > 0 && ns.port > 0);
        assert(!ns.verify.n || ns.transport == FSK_BY_TLS);
        if (!memchr(copy, '\0', size) && !memchr(ns.host.p, ']', ns.host.n)) /* of a zone */
            check_back(&ns);
    }
    free(copy);
    return 0;
}
