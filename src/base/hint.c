#include "base/hint.h"

#include <errno.h>

#include "base/fault.h"

/* The first row that fits wins; 0 fits everything. */
struct advice {
    enum fsock_err err;
    enum fsock_stage stage;
    int sys_errno;
    const char *hint;
};

/* clang-format off */
static const struct advice by_errno[] = {
    {0, FSOCK_STAGE_CONNECT, ECONNREFUSED,
     "the machine is up, but nothing listens there: "
     "is the service running, and is it the right port or path?"},
    {0, FSOCK_STAGE_CONNECT, ETIMEDOUT,
     "packets get lost on the way: a firewall that drops them, "
     "a machine that is down, or a wrong address"},
    {0, FSOCK_STAGE_CONNECT, EHOSTUNREACH,
     "no machine answers at that address: is it down, or in another network?"},
    {0, FSOCK_STAGE_CONNECT, ENETUNREACH,
     "this machine has no route there: is the network up, "
     "and does it carry this family of addresses?"},
    {0, FSOCK_STAGE_CONNECT, ECONNRESET,
     "the peer, or a firewall before it, cuts connections at once: is this client allowed in?"},
    {0, FSOCK_STAGE_CONNECT, EACCES,
     "a local firewall or security policy forbids the connection; "
     "for a unix socket: its permissions"},
    {0, FSOCK_STAGE_CONNECT, EPERM,
     "a local firewall rule rejects the connection"},
    {0, FSOCK_STAGE_CONNECT, ENOENT,
     "no socket has that path: is the service running?"},
    {0, FSOCK_STAGE_CONNECT, EADDRNOTAVAIL,
     "the local address to bind to is not on this machine, or all local ports are in use"},
    {0, FSOCK_STAGE_CONNECT, EADDRINUSE,
     "the local port to bind to is in use"},
    {FSOCK_ERR_TOO_BIG, FSOCK_STAGE_SEND, EMSGSIZE,
     "a datagram holds no more: 65507 bytes by IPv4, 65527 by IPv6; send it in parts"},
    {0, 0, EMFILE,
     "this process may not open more files: raise the limit (ulimit -n), or run fewer at once"},
    {0, 0, ENFILE,
     "this machine has no more open files to give (sysctl fs.file-max)"},
};

static const struct advice by_error[] = {
    {FSOCK_ERR_NAME, 0, 0,
     "is the name spelled right? a new name may take hours to be known everywhere"},
    {FSOCK_ERR_DNS, 0, 0,
     "the name servers fail, not the name: others can be asked instead"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_RESOLVE, 0,
     "the name servers are silent: is the network up? others can be asked instead"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_PROXY, 0,
     "the proxy takes connections, but does not do its work"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_TLS, 0,
     "the peer takes connections, but its TLS is silent: "
     "is it a TLS port, and is the service healthy?"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_SEND, 0,
     "the peer stopped reading: it may be overloaded"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_HEAD, 0,
     "the connection is fine, but the answer does not come: "
     "the service is slow, overloaded or stuck"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_BODY, 0,
     "the answer began, then came too slowly: a larger limit gets more of it"},
    {FSOCK_ERR_TIMEOUT, FSOCK_STAGE_QUEUE, 0,
     "more connections per host would shorten the queue"},
    {FSOCK_ERR_PROXY_NAME, 0, 0,
     "the name is the proxy's, not the target's: is the proxy spelled right?"},
    {FSOCK_ERR_PROXY, 0, 0,
     "it is the proxy that says no: its rules and its password decide, "
     "or it can't reach the target"},
    {FSOCK_ERR_CERT, 0, 0,
     "if the certificate is from an authority of your own, name its file as CA; "
     "an expired or wrong one has to be mended at the peer"},
    {FSOCK_ERR_TLS, FSOCK_STAGE_RECV, 0,
     "TLS was fine until then: the peer, or something on the way, spoils what it sends"},
    {FSOCK_ERR_TLS, FSOCK_STAGE_SEND, 0,
     "TLS was fine until then: the peer, or something on the way, spoils what it sends"},
    {FSOCK_ERR_TLS, 0, 0,
     "the two sides found no common TLS: is it a TLS port, "
     "and are versions and ciphers of this decade?"},
    {FSOCK_ERR_RESET, FSOCK_STAGE_TLS, 0,
     "the peer cuts TLS connections: does it expect another name or version?"},
    {FSOCK_ERR_RESET, 0, 0,
     "the peer gave up in the middle: its error log may say why"},
    {FSOCK_ERR_CLOSED, FSOCK_STAGE_TLS, 0,
     "is it a TLS port? a service that crashes at once looks the same"},
    {FSOCK_ERR_CLOSED, 0, 0,
     "the service may have crashed or restarted, or speaks TLS on this port"},
    {FSOCK_ERR_PROTOCOL, FSOCK_STAGE_TLS, 0,
     "what comes before TLS can be anybody's word: the peer, or somebody on the way, adds to it"},
    {FSOCK_ERR_PROTOCOL, 0, 0,
     "the peer breaks HTTP: is it an HTTP port? what it sends can't be trusted"},
    {FSOCK_ERR_TRUNCATED, FSOCK_STAGE_RECV, 0,
     "some peers never end TLS; whether all has come can only be seen in what it is"},
    {FSOCK_ERR_TRUNCATED, 0, 0,
     "what has come is not whole: fetch it again, or resume it"},
    {FSOCK_ERR_TOO_BIG, 0, 0,
     "a ceiling against bombs and endless answers struck; it can be raised if the peer is trusted"},
    {FSOCK_ERR_DECODE, 0, 0,
     "the data is damaged, or not in the coding that its header names; it can be fetched undecoded"},
    {FSOCK_ERR_REDIRECTS, 0, 0,
     "look at each step by not following redirects"},
    {FSOCK_ERR_RESUME, 0, 0,
     "the file has changed at the peer: fetch it from its start"},
};
/* clang-format on */

static const char *find(const struct advice *table, size_t n, const struct fsock_fault *f)
{
    for (const struct advice *a = table; a < table + n; a++)
        if ((!a->err || a->err == f->err) && (!a->stage || a->stage == f->stage) &&
            (!a->sys_errno || a->sys_errno == f->sys_errno))
            return a->hint;
    return NULL;
}

void fsk_fault_advise(struct fsock_fault *f)
{
    const char *hint = NULL;
    if (f->sys_errno)
        hint = find(by_errno, sizeof by_errno / sizeof *by_errno, f);
    if (!hint)
        hint = find(by_error, sizeof by_error / sizeof *by_error, f);
    if (hint)
        fsk_fault_hint(f, "%s", hint);
}
