#include "wire/nameserver.h"

#include "wire/addr.h"

/* Take "SCHEME://" off the front; false if it is none of ours. */
static bool take_scheme(struct fsk_nameserver_text *ns, struct fsk_span *text)
{
    static const struct {
        struct fsk_span name;
        enum fsk_by transport;
    } schemes[] = {
        {{"udp://", 6}, FSK_BY_UDP},
        {{"tcp://", 6}, FSK_BY_TCP},
        {{"tls://", 6}, FSK_BY_TLS},
    };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = schemes[i].name.n;
        if (text->n < n || !fsk_span_caseeq(fsk_span(text->p, n), schemes[i].name))
            continue;
        ns->transport = schemes[i].transport;
        *text = fsk_span(text->p + n, text->n - n);
        return true;
    }
    ns->transport = FSK_BY_UDP;
    return !memmem(text->p, text->n, "://", 3);
}

const char *fsk_nameserver_parse(struct fsk_nameserver_text *ns, struct fsk_span text)
{
    text = fsk_span_trim(text);
    *ns = (struct fsk_nameserver_text){.transport = FSK_BY_UDP};
    if (!text.n)
        return "it is empty";
    if (!take_scheme(ns, &text))
        return "only udp://, tcp:// and tls:// may stand in front";
    const char *hash = text.n ? memchr(text.p, '#', text.n) : NULL;
    if (hash) {
        ns->verify = fsk_span(hash + 1, (size_t)(text.p + text.n - hash - 1));
        text.n = (size_t)(hash - text.p);
    }
    if (hash && ns->transport != FSK_BY_TLS)
        return "a name to verify (#NAME) belongs to tls://";
    if (hash && !ns->verify.n)
        return "there is no name behind #";
    if (!fsk_addr_split(text, ns->transport == FSK_BY_TLS ? 853 : 53, &ns->host, &ns->port))
        return "it is no host, or one with a port (192.0.2.1:53, [::1]:53)";
    return ns->port ? NULL : "port 0 can't be asked";
}
