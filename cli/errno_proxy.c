/* What proxies reply: SOCKS4, SOCKS5 (RFC 1928), and HTTP proxies to CONNECT. */
#include "errno_code.h"

#include "wire/sockswords.h"

#define CODE(number, text, ...) ERRNO_CODE(number, "", NULL, text, __VA_ARGS__)

/* clang-format off */
static const struct errno_code socks4[] = {
    CODE(90, NULL,
     "the proxy has connected to the target",
     "nothing: what goes wrong from now on is the target's"),
    CODE(91, NULL,
     "the proxy forbids the target, or could not connect to it",
     "look at the proxy's log; ask it for another target"),
    CODE(92, NULL,
     "the proxy wants to ask an identd on this machine, and finds none",
     "switch that off at the proxy, or use SOCKS5"),
    CODE(93, NULL,
     "the identd of this machine names another user than the request did",
     "give the right user, or use SOCKS5 with a password"),
};

static const struct errno_code socks5[] = {
    CODE(0, NULL,
     "the proxy has connected to the target",
     "nothing: what goes wrong from now on is the target's"),
    CODE(1, NULL,
     "the proxy failed for a reason that it doesn't name",
     "look at the proxy's log; ask it for another target"),
    CODE(2, NULL,
     "the proxy's rules forbid the target",
     "have the host and port allowed, or use another proxy"),
    CODE(3, NULL,
     "the proxy's machine has no route to the target",
     "check the family of the target's address: many proxies have no IPv6"),
    CODE(4, NULL,
     "the proxy can't reach the target, or can't find its name (as Tor says it)",
     "check that the target is up, and its name: ask by socks5h:// to have the proxy look it up"),
    CODE(5, NULL,
     "the target's machine is up, but nothing listens at the port",
     "check the target's service and port; the proxy itself is fine"),
    CODE(6, NULL,
     "packets to the target go in a circle, or the proxy's time for it was over",
     "traceroute from the proxy's machine shows where"),
    CODE(7, NULL,
     "the proxy doesn't know the command, as UDP or BIND",
     "use it for TCP connections only, or take another proxy"),
    CODE(8, NULL,
     "the proxy doesn't take this kind of address, mostly IPv6 or names",
     "give it the other kind: socks5:// sends addresses, socks5h:// names"),
    CODE(255, "no acceptable way to log in",
     "the proxy wants a login that was not offered: this is its first answer (METHOD), not a reply",
     "give user and password (--proxy-user)"),
};

/* Answers of the proxy itself: before the tunnel stands, no other can answer. */
static const struct errno_code http[] = {
    CODE(200, "Connection established",
     "the tunnel stands",
     "nothing: what goes wrong from now on is the target's"),
    CODE(400, "Bad Request",
     "the proxy did not understand CONNECT: it may be an ordinary web server",
     "check host and port of the proxy"),
    CODE(403, "Forbidden",
     "the proxy's rules forbid this host or port; many allow 443 only",
     "have it allowed, or use another port or proxy"),
    CODE(404, "Not Found",
     "this is an ordinary web server, or the proxy can't find the name",
     "check host and port of the proxy, then the target's name"),
    CODE(405, "Method Not Allowed",
     "this server knows no CONNECT: it is an ordinary web server, or a proxy for http:// only",
     "check host and port of the proxy"),
    CODE(407, "Proxy Authentication Required",
     "the proxy wants user and password, or refuses those given",
     "give them (--proxy-user); in a URL, write special characters percent-encoded"),
    CODE(429, "Too Many Requests",
     "the proxy limits how often this client may connect",
     "run fewer at once, or wait as long as Retry-After says"),
    CODE(500, "Internal Server Error",
     "the proxy itself is broken",
     "look at its log"),
    CODE(501, "Not Implemented",
     "this server knows no CONNECT",
     "check host and port of the proxy"),
    CODE(502, "Bad Gateway",
     "the proxy could not connect to the target: its name, a refusal, or a reset",
     "check the target from the proxy's machine; look at the proxy's log"),
    CODE(503, "Service Unavailable",
     "the proxy is overloaded, or could not connect to the target (squid says so)",
     "look at its log and its error page; try again later"),
    CODE(504, "Gateway Timeout",
     "the target did not answer the proxy in time",
     "check the target, and the firewalls between the proxy and it"),
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const char *socks4_text(int number)
{
    return fsk_socks4_reply((unsigned)number);
}

static const char *socks5_text(int number)
{
    return fsk_socks5_reply((unsigned)number);
}

const struct errno_kind errno_kind_socks4 = {
    .name = "socks4",
    .about = "replies of SOCKS4 proxies",
    .code = socks4,
    .n = COUNT(socks4),
    .text = socks4_text,
};
const struct errno_kind errno_kind_socks5 = {
    .name = "socks5",
    .about = "replies of SOCKS5 proxies (RFC 1928)",
    .code = socks5,
    .n = COUNT(socks5),
    .text = socks5_text,
};
const struct errno_kind errno_kind_proxy = {
    .name = "proxy",
    .about = "answers of HTTP proxies to CONNECT",
    .code = http,
    .n = COUNT(http),
};
