/* record_url, record_host: what of a URL is shown, and what it is counted by. */
#include "get_record.h"
#include "wire/url.h"

void record_url(struct out *o, struct fsk_span url, void (*put)(struct out *, struct fsk_span))
{
    struct fsk_span user = fsk_url_find_userinfo(url);
    if (!user.n) {
        put(o, url);
        return;
    }
    size_t before = (size_t)(user.p - url.p);
    put(o, fsk_span(url.p, before));
    out_str(o, "***@");
    put(o, fsk_span(user.p + user.n, url.n - before - user.n));
}

struct fsk_span record_host(struct fsk_span url)
{
    struct fsk_span host = fsk_url_find_authority(url), user = fsk_url_find_userinfo(url);
    return fsk_span(user.n ? user.p + user.n : host.p, host.n - user.n);
}
