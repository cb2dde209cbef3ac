#include "wire/site.h"

#include <libpsl.h>

#include "wire/addr.h"

#define ROOM 256 /* a name's length and its NUL */

bool fsk_site_is_address(struct fsk_span host)
{
    struct fsk_addr addr;
    return fsk_addr_parse(host, &addr, NULL);
}

/* As the library asks for it: in lower case, with a NUL. False: no name is so long. */
static bool name_of(struct fsk_span host, char out[ROOM])
{
    if (host.n >= ROOM)
        return false;
    for (size_t i = 0; i < host.n; i++)
        out[i] = fsk_lower(host.p[i]);
    out[host.n] = '\0';
    return true;
}

struct fsk_span fsk_site_of(struct fsk_span host)
{
    char name[ROOM];
    if (host.n > 1 && host.p[host.n - 1] == '.')
        host.n--;
    if (fsk_site_is_address(host) || !name_of(host, name))
        return host;
    const char *domain = psl_registrable_domain(psl_builtin(), name);
    size_t before = domain ? (size_t)(domain - name) : 0;
    return fsk_span(host.p + before, host.n - before);
}

bool fsk_site_is_public_suffix(struct fsk_span host)
{
    char name[ROOM];
    if (fsk_site_is_address(host))
        return false;
    return !name_of(host, name) || psl_is_public_suffix(psl_builtin(), name);
}

bool fsk_site_is_loopback(struct fsk_span host)
{
    static const struct fsk_span name = FSK_SPAN("localhost");
    struct fsk_addr addr;
    if (fsk_addr_parse(host, &addr, NULL)) {
        static const uint8_t one[16] = {[15] = 1};
        return addr.family == 4 ? addr.ip[0] == 127 : memcmp(addr.ip, one, sizeof one) == 0;
    }
    if (host.n < name.n || !fsk_span_caseeq(fsk_span(host.p + host.n - name.n, name.n), name))
        return false;
    return host.n == name.n || host.p[host.n - name.n - 1] == '.';
}
