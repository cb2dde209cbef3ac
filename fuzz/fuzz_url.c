/*
 * URLs: what parses can be written safely into a request, and its normal form is a fixed point.
 * The input is a URL, and after its first newline a reference to resolve against it.
 */
#include <assert.h>
#include <stdlib.h>

#include "wire/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Only graphic ASCII may reach a request line. */
static void check_target(const struct fsk_url *u, char *out, size_t room)
{
    size_t n = fsk_url_target(u, out, room);
    assert(n > 0 && out[0] == '/');
    for (size_t i = 0; i < n; i++)
        assert(out[i] > ' ' && out[i] < 0x7f && out[i] != '#');
}

static void check_authority(const struct fsk_url *u, char *out, size_t room)
{
    size_t n = fsk_url_authority(u, true, out, room);
    assert(n > 0);
    for (size_t i = 0; i < n; i++)
        assert((out[i] & 0x80) || (out[i] > ' ' && out[i] < 0x7f && !strchr("/?#@\\", out[i])));
}

static void check_normal(const struct fsk_url *u, char *out, char *again, size_t room)
{
    struct fsk_url v;
    size_t n = fsk_url_normalise(u, out, room);
    assert(n > 0);
    assert(fsk_url_parse(fsk_span(out, n), false, &v, NULL) == FSK_URL_OK);
    assert(fsk_url_normalise(&v, again, room) == n && memcmp(out, again, n) == 0);
    assert(fsk_url_port(u) == fsk_url_port(&v));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span s = fsk_span((const char *)data, size), ref = fsk_span(NULL, 0);
    const char *newline = size ? memchr(data, '\n', size) : NULL;
    char sentence[FSK_URL_ERROR_TEXT];
    struct fsk_url u, v;
    size_t at, room = FSK_URL_ROOM(3 * size);

    if (newline) {
        s.n = (size_t)(newline - s.p);
        ref = fsk_span(newline + 1, size - s.n - 1);
    }
    enum fsk_url_err err = fsk_url_parse(s, true, &u, &at);
    assert(at <= s.n);
    assert(strlen(fsk_url_error_text(err, s, at, sentence)) < sizeof(sentence) - 1);
    if (err)
        return 0;
    if (fsk_url_parse(s, false, &v, NULL) == FSK_URL_OK)
        assert(fsk_url_same_origin(&u, &v));

    char *out = malloc(room), *again = malloc(room);
    if (!out || !again)
        abort();
    check_target(&u, out, room);
    check_authority(&u, out, room);
    check_normal(&u, out, again, room);
    size_t n = fsk_url_resolve(&u, ref, out, FSK_URL_ROOM(size));
    assert(n > 0);
    if (fsk_url_parse(fsk_span(out, n), false, &v, NULL) == FSK_URL_OK)
        check_target(&v, again, room);
    free(out);
    free(again);
    return 0;
}
