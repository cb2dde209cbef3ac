/* record_url, record_host: what of a URL is shown, and what it is counted by. */
#include "get_record.h"

/* What stands between "://" and the path: the authority. */
static struct fsk_span authority(struct fsk_span url)
{
    size_t start = 0;
    for (size_t i = 0; i + 2 < url.n; i++) {
        char c = url.p[i];
        if (c == '/' || c == '?' || c == '#')
            break;
        if (c == ':' && url.p[i + 1] == '/' && url.p[i + 2] == '/') {
            start = i + 3;
            break;
        }
    }
    size_t end = start;
    while (end < url.n && url.p[end] != '/' && url.p[end] != '?' && url.p[end] != '#')
        end++;
    return fsk_span(url.p + start, end - start);
}

static size_t user_len(struct fsk_span auth)
{
    for (size_t i = auth.n; i; i--)
        if (auth.p[i - 1] == '@')
            return i;
    return 0;
}

void record_url(struct out *o, struct fsk_span url, void (*put)(struct out *, struct fsk_span))
{
    bool any = url.n && memchr(url.p, '@', url.n);
    struct fsk_span auth = any ? authority(url) : fsk_span(NULL, 0);
    size_t user = user_len(auth);
    if (!user) {
        put(o, url);
        return;
    }
    size_t before = (size_t)(auth.p - url.p);
    put(o, fsk_span(url.p, before));
    out_str(o, "***@");
    put(o, fsk_span(auth.p + user, url.n - before - user));
}

struct fsk_span record_host(struct fsk_span url)
{
    struct fsk_span host = url.n ? authority(url) : url;
    size_t user = host.n ? user_len(host) : 0;
    return fsk_span(host.p + user, host.n - user);
}
