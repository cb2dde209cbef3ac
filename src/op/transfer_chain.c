#include "op/transfer_chain.h"

#include <string.h>

#include "base/fnv.h"

uint64_t fsk_chain_hash(const struct fsk_aim *aim, const char *method, bool with_body, bool foreign)
{
    const char how[] = {with_body ? 'b' : '-', foreign ? 'f' : '-', ' '};
    struct fsk_span url = fsk_buf_span(&aim->text);
    if (aim->url.has_fragment)
        url.n = (size_t)(aim->url.fragment.p - 1 - url.p);
    uint64_t hash = fsk_fnv(FSK_FNV_START, fsk_span_str(method));
    return fsk_fnv(fsk_fnv(hash, fsk_span(how, sizeof how)), url);
}

enum fsock_err fsk_chain_add(struct fsk_buf *chain, uint64_t hash)
{
    struct fsk_span seen = fsk_buf_span(chain);
    for (size_t i = 0; i < seen.n; i += sizeof hash)
        if (memcmp(seen.p + i, &hash, sizeof hash) == 0)
            return FSOCK_ERR_REDIRECTS;
    enum fsock_err err = fsk_buf_append(chain, &hash, sizeof hash);
    return err == FSOCK_ERR_TOO_BIG ? FSOCK_OK : err;
}
