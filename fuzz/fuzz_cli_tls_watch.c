/* TLS seen from outside: a direction cut into pieces tells the same as whole; hellos stay in
 * bounds. */
#include <assert.h>
#include <string.h>

#include "tls_hello.h"
#include "tls_watch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TOLD = 64 };

struct told {
    unsigned n;
    uint8_t what[TOLD], alert[TOLD];
    size_t hello;
};

static void look(const struct tls_watch *w, enum tls_what what, struct told *t)
{
    struct tls_hello h;
    char room[TLS_WORD];
    if (t->n < TOLD) {
        t->what[t->n] = (uint8_t)what;
        t->alert[t->n++] = w->alert;
    }
    if (what == TLS_HELLO) {
        t->hello = fsk_buf_len(&w->hello);
        assert(t->hello <= TLS_HELLO_MAX);
        if (tls_hello_parse(&h, fsk_buf_span(&w->hello))) {
            assert(strlen(h.name) < sizeof h.name && strlen(h.alpn) < sizeof h.alpn);
            assert(*tls_version_word(h.version, room) && *tls_cipher_word(h.cipher, room));
        }
    }
    assert(what != TLS_ALERT || *tls_alert_word(w->alert, room));
}

static void watch(const uint8_t *data, size_t size, size_t step, struct told *t)
{
    struct tls_watch w;
    *t = (struct told){.n = 0};
    tls_watch_init(&w);
    for (size_t at = 0; at < size; at += step) {
        struct fsk_span s = fsk_span((const char *)data + at, size - at < step ? size - at : step);
        enum tls_what what;
        while ((what = tls_watch_next(&w, &s)) != TLS_MORE)
            look(&w, what, t);
        assert(s.n == 0);
    }
    tls_watch_fini(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct told whole, split;
    struct tls_hello h;
    watch(data, size, size + 1, &whole);
    for (size_t step = 1; step <= 7; step += 6) {
        watch(data, size, step, &split);
        /* More of the hello's record may have been kept of the whole. */
        assert(split.n == whole.n && memcmp(split.what, whole.what, whole.n) == 0);
        assert(memcmp(split.alert, whole.alert, whole.n) == 0 && split.hello <= whole.hello);
    }
    tls_hello_parse(&h, fsk_span((const char *)data, size));
    tls_begins(fsk_span((const char *)data, size));
    return 0;
}
