#include "op/transfer_chain.h"

#include <string.h>

#include "base/fault.h"
#include "base/fnv.h"

uint64_t fsk_transfer_asks(const struct fsk_transfer *t)
{
    const char how[] = {t->with_body ? 'b' : '-', t->foreign ? 'f' : '-', ' '};
    struct fsk_span url = fsk_buf_span(&t->aim.text);
    if (t->aim.url.has_fragment)
        url.n = (size_t)(t->aim.url.fragment.p - 1 - url.p);
    uint64_t hash = fsk_fnv(FSK_FNV_START, fsk_span_str(t->method));
    return fsk_fnv(fsk_fnv(hash, fsk_span(how, sizeof how)), url);
}

/* FSOCK_ERR_REDIRECTS: it is there already. */
static enum fsock_err add(struct fsk_buf *chain, uint64_t hash)
{
    struct fsk_span seen = fsk_buf_span(chain);
    for (size_t i = 0; i < seen.n; i += sizeof hash)
        if (memcmp(seen.p + i, &hash, sizeof hash) == 0)
            return FSOCK_ERR_REDIRECTS;
    enum fsock_err err = fsk_buf_append(chain, &hash, sizeof hash);
    return err == FSOCK_ERR_TOO_BIG ? FSOCK_OK : err;
}

enum fsock_err fsk_transfer_chain(struct fsk_transfer *t, uint64_t asked)
{
    enum fsock_err err = FSOCK_OK;
    if (!fsk_buf_len(&t->chain)) {
        fsk_buf_init(&t->chain, FSK_CHAIN_MAX * sizeof asked);
        err = add(&t->chain, asked);
    }
    if (err == FSOCK_OK)
        err = add(&t->chain, fsk_transfer_asks(t));
    if (err == FSOCK_ERR_REDIRECTS)
        fsk_fault_set(&t->fault, err, FSOCK_STAGE_HEAD, 0,
                      "head %s: redirects to itself: %s %.200s was asked before", t->aim.peer,
                      t->method, t->aim.text.mem);
    return err;
}
