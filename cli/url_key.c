#include "url_key.h"

#include "wire/url.h"

bool url_key(struct fsk_buf *key, struct fsk_span url, struct fsk_span variant)
{
    struct fsk_url parts;
    size_t room = FSK_URL_ROOM(url.n), n = 0;
    fsk_buf_clear(key);
    if (fsk_buf_reserve(key, room + 1 + variant.n) != FSOCK_OK)
        return false;
    if (fsk_url_parse(url, true, &parts, NULL) == FSK_URL_OK) {
        parts.fragment = fsk_span(NULL, 0);
        parts.has_fragment = false;
        n = fsk_url_normalise(&parts, key->mem, room);
    }
    if (!n) {
        if (url.n)
            memcpy(key->mem, url.p, url.n);
        n = url.n;
    }
    key->end = n;
    if (!variant.n)
        return true;
    key->mem[key->end++] = '\0';
    return fsk_buf_append(key, variant.p, variant.n) == FSOCK_OK;
}
