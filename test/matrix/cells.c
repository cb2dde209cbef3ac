#include "cells.h"

#define MUTE     FSOCK_ERR_TIMEOUT
#define AS(name) FSOCK_ERR_##name
#define AT(name) FSOCK_STAGE_##name

#define HERE   "127.0.0.1:"
#define HTTP   "http://127.0.0.1:%http%"
#define HTTPS  "https://localhost:%https%"
#define AHTTP  "http://127.0.0.1:"
#define ATLS   "https://127.0.0.1:"
#define DNS    HERE "%dns%"
#define SOCKS  "socks5h://" HERE
#define SOCKS4 "socks4a://" HERE
#define PROXY  "http://" HERE
#define BEHIND "https://site.test/" /* never reached */

/* clang-format off */
const struct cell cells[] = {
{"resolve", "mute", "http://quiet.test/", MUTE, AT(RESOLVE), TOTAL,
    .named = "quiet.test", .dns = HERE "%dns-mute%"},
{"resolve", "mute", "http://quiet.test/", MUTE, AT(RESOLVE), CONNECT,
    .named = "quiet.test", .dns = HERE "%dns-mute%"},
{"resolve", "mute: one name", "http://mute-a.site.test/", MUTE, AT(RESOLVE), TOTAL,
    .named = "mute-a.site.test", .dns = DNS},
{"resolve", "mute: 2 servers", "http://quiet.test/", MUTE, AT(RESOLVE), TOTAL,
    .named = "quiet.test", .dns = HERE "%dns-mute%," HERE "%dns-garbage%"},
{"resolve", "mute: proxy name", "http://site.test/", MUTE, AT(RESOLVE), TOTAL,
    .named = "quiet.test", .dns = HERE "%dns-mute%", .proxy = "http://quiet.test:3128"},
{"resolve", "mute: for socks5", "http://quiet.test/", MUTE, AT(RESOLVE), TOTAL,
    .named = "quiet.test", .dns = HERE "%dns-mute%", .proxy = "socks5://" HERE "%socks5%"},
{"resolve", "mute over tcp", "http://tcmute.site.test/", AS(DNS), AT(RESOLVE), TOTAL,
    .named = "tcmute.site.test", .dns = DNS, .slow = 1},
{"resolve", "fin over tcp", "http://tcfin.site.test/", AS(DNS), AT(RESOLVE), TOTAL,
    .named = "tcfin.site.test", .dns = DNS},
{"resolve", "aliases for ever", "http://deeper0.site.test/", AS(DNS), AT(RESOLVE), TOTAL,
    .named = "deeper0.site.test", .dns = DNS},
{"resolve", "garbage", "http://site.test/", MUTE, AT(RESOLVE), TOTAL,
    .named = "site.test", .dns = HERE "%dns-garbage%"},
{"resolve", "refused", "http://site.test/", AS(DNS), AT(RESOLVE), TOTAL,
    .named = "site.test", .dns = HERE "%dns-refused%"},
{"resolve", "SERVFAIL", "http://servfail.site.test/", AS(DNS), AT(RESOLVE), TOTAL,
    .named = "servfail.site.test", .dns = DNS},

{"connect", "mute", AHTTP "%tcp-backlog%/", MUTE, AT(CONNECT), TOTAL,
    .named = HERE "%tcp-backlog%"},
{"connect", "mute", AHTTP "%tcp-backlog%/", MUTE, AT(CONNECT), CONNECT,
    .named = HERE "%tcp-backlog%"},
{"connect", "mute: 2 addresses", "http://two.test:%hanging%/", MUTE, AT(CONNECT), TOTAL,
    .named = "127.0.0.3:%hanging%", .resolve = "two.test:%hanging%:127.0.0.2,127.0.0.3"},
{"connect", "mute: unix", "http://site.test/", MUTE, AT(CONNECT), TOTAL,
    .named = "hanging.sock", .unix_socket = "%dir%/hanging.sock"},
{"connect", "mute: the proxy", "http://site.test/", MUTE, AT(CONNECT), TOTAL,
    .named = "the proxy", .proxy = PROXY "%tcp-backlog%"},
{"connect", "refused", AHTTP "%tcp-refused%/", AS(CONNECT), AT(CONNECT), TOTAL,
    .named = HERE "%tcp-refused%"},
{"connect", "refused: unix", "http://site.test/", AS(CONNECT), AT(CONNECT), TOTAL,
    .named = "none.sock", .unix_socket = "%dir%/none.sock"},

{"proxy", "socks: mute", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%socks5-mute%", .proxy = SOCKS "%socks5-mute%"},
{"proxy", "socks: mute", BEHIND, MUTE, AT(PROXY), CONNECT,
    .named = HERE "%socks5-mute%", .proxy = SOCKS "%socks5-mute%"},
{"proxy", "socks: drip", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%socks5-drip%", .proxy = SOCKS "%socks5-drip%"},
{"proxy", "socks: refused", BEHIND, AS(PROXY), AT(PROXY), TOTAL,
    .named = HERE "%socks5-refuse%", .proxy = SOCKS "%socks5-refuse%"},
{"proxy", "socks: reset", BEHIND, AS(RESET), AT(PROXY), TOTAL,
    .named = HERE "%reset%", .proxy = SOCKS "%reset%"},
{"proxy", "socks: fin", BEHIND, AS(CLOSED), AT(PROXY), TOTAL,
    .named = HERE "%tcp-fin%", .proxy = SOCKS "%tcp-fin%"},
{"proxy", "socks: stops reading", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%tcp-stopread%", .proxy = SOCKS "%tcp-stopread%"},
{"proxy", "socks4: mute", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%tcp-mute%", .proxy = SOCKS4 "%tcp-mute%"},
{"proxy", "socks4: drip", ATLS "%https%/", MUTE, AT(PROXY), TOTAL,
    .named = HERE "%socks4-drip%", .proxy = SOCKS4 "%socks4-drip%"},
{"proxy", "socks4: refused", BEHIND, AS(PROXY), AT(PROXY), TOTAL,
    .named = HERE "%socks4-refuse%", .proxy = SOCKS4 "%socks4-refuse%"},
{"proxy", "http: mute", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%proxy-mute%", .proxy = PROXY "%proxy-mute%"},
{"proxy", "http: mute", BEHIND, MUTE, AT(PROXY), CONNECT,
    .named = HERE "%proxy-mute%", .proxy = PROXY "%proxy-mute%"},
{"proxy", "http: drip", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%proxy-drip%", .proxy = PROXY "%proxy-drip%"},
{"proxy", "http: refused", BEHIND, AS(PROXY), AT(PROXY), TOTAL,
    .named = HERE "%proxy-403%", .proxy = PROXY "%proxy-403%"},
{"proxy", "http: reset", BEHIND, AS(RESET), AT(PROXY), TOTAL,
    .named = HERE "%reset%", .proxy = PROXY "%reset%"},
{"proxy", "http: stops reading", BEHIND, MUTE, AT(PROXY), TOTAL,
    .named = HERE "%tcp-stopread%", .proxy = PROXY "%tcp-stopread%"},

{"tls", "mute", ATLS "%tls-mute%/", MUTE, AT(TLS), TOTAL,
    .named = HERE "%tls-mute%"},
{"tls", "mute", ATLS "%tls-mute%/", MUTE, AT(TLS), CONNECT,
    .named = HERE "%tls-mute%"},
{"tls", "drip", ATLS "%tls-drip%/", MUTE, AT(TLS), TOTAL,
    .named = HERE "%tls-drip%"},
{"tls", "drip: one record", ATLS "%tls-record%/", MUTE, AT(TLS), CONNECT,
    .named = HERE "%tls-record%"},
{"tls", "stops reading", ATLS "%tcp-stopread%/", MUTE, AT(TLS), TOTAL,
    .named = HERE "%tcp-stopread%"},
{"tls", "mute, by a proxy", ATLS "%tls-mute%/", MUTE, AT(TLS), TOTAL,
    .named = HERE "%tls-mute%", .proxy = PROXY "%proxy%"},
{"tls", "mute proxy", BEHIND, MUTE, AT(TLS), TOTAL,
    .named = HERE "%tls-mute%", .proxy = "https://" HERE "%tls-mute%"},
{"tls", "reset", ATLS "%tls-reset%/", AS(RESET), AT(TLS), TOTAL,
    .named = HERE "%tls-reset%"},
{"tls", "fin", ATLS "%tls-fin%/", AS(CLOSED), AT(TLS), TOTAL,
    .named = HERE "%tls-fin%"},
{"tls", "refused: alert", ATLS "%tls-alert%/", AS(TLS), AT(TLS), TOTAL,
    .named = HERE "%tls-alert%"},
{"tls", "garbage", ATLS "%tls-garbage%/", AS(TLS), AT(TLS), TOTAL,
    .named = HERE "%tls-garbage%"},

{"send", "stops reading", AHTTP "%tcp-stopread%/", MUTE, AT(SEND), TOTAL,
    .named = HERE "%tcp-stopread%", .upload = 1},
{"send", "stops reading", AHTTP "%tcp-stopread%/", MUTE, AT(SEND), READ,
    .named = HERE "%tcp-stopread%", .upload = 1},
{"send", "stops reading: unix", "http://site.test/stop-reading", MUTE, AT(SEND), READ,
    .named = "site.test", .unix_socket = "%dir%/site.sock", .upload = 1},
{"send", "stops reading: tls", HTTPS "/stop-reading", MUTE, AT(SEND), TOTAL,
    .named = "localhost:%https%", .upload = 1},
{"send", "one byte at a time", AHTTP "%sip%/", MUTE, AT(SEND), TOTAL,
    .named = HERE "%sip%", .upload = 1},
{"send", "paced", AHTTP "%sip%/", MUTE, AT(SEND), TOTAL,
    .named = HERE "%sip%", .upload = 1, .paced = 1},
{"send", "reset", AHTTP "%reset%/", AS(RESET), AT(SEND), TOTAL,
    .named = HERE "%reset%", .upload = 1},

{"head", "mute", HTTP "/mute", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%http%"},
{"head", "mute", HTTP "/mute", MUTE, AT(HEAD), READ,
    .named = HERE "%http%"},
{"head", "mute: tls", HTTPS "/mute", MUTE, AT(HEAD), READ,
    .named = "localhost:%https%"},
{"head", "mute, by a proxy", HTTP "/mute", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%http%", .proxy = PROXY "%proxy%"},
{"head", "mute: redirected", HTTP "/redirect-to/http/mute", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%http%"},
{"head", "slow redirects", AHTTP "%redirect-slow%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%redirect-slow%"},
{"head", "drip", HTTP "/drip-head", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%http%"},
{"head", "drip: 1xx", AHTTP "%interim-drip%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%interim-drip%"},
{"head", "drip: tls", HTTPS "/drip-head", MUTE, AT(HEAD), TOTAL,
    .named = "localhost:%https%"},
{"head", "reset", HTTP "/reset", AS(RESET), AT(HEAD), TOTAL,
    .named = HERE "%http%"},
{"head", "fin", HTTP "/head-fin", AS(CLOSED), AT(HEAD), TOTAL,
    .named = HERE "%http%"},
{"head", "flood: 1xx", HTTP "/endless-1xx", AS(TOO_BIG), AT(HEAD), TOTAL,
    .named = HERE "%http%"},

{"body", "mute", HTTP "/half-body", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%"},
{"body", "mute", HTTP "/half-body", MUTE, AT(BODY), READ,
    .named = HERE "%http%"},
{"body", "mute: tls", HTTPS "/mute-body", MUTE, AT(BODY), TOTAL,
    .named = "localhost:%https%"},
{"body", "drip", HTTP "/drip-body", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%"},
{"body", "drip: chunks", HTTP "/drip-chunks", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%"},
{"body", "drip: extension", AHTTP "%ext-drip%/", MUTE, AT(BODY), TOTAL,
    .named = HERE "%ext-drip%"},
{"body", "drip: trailers", AHTTP "%trailer-drip%/", MUTE, AT(BODY), TOTAL,
    .named = HERE "%trailer-drip%"},
{"body", "drip: tls", HTTPS "/drip-body", MUTE, AT(BODY), TOTAL,
    .named = "localhost:%https%"},
{"body", "reset", HTTP "/reset-body", AS(RESET), AT(BODY), TOTAL,
    .named = HERE "%http%"},
{"body", "fin", HTTP "/truncated", AS(TRUNCATED), AT(BODY), TOTAL,
    .named = HERE "%http%"},
{"body", "flood", HTTP "/endless-body", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%", .loose = 1},
{"body", "flood: chunks", HTTP "/endless-chunks", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%", .loose = 1},
{"body", "flood: paced", HTTP "/endless-body", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%", .paced = 1},
{"queue", "redirect: paced", AHTTP "%redirect-slow%/", MUTE, AT(QUEUE), TOTAL,
    .named = HERE "%redirect-slow%", .paced = 1},
{"body", "flood: tls", HTTPS "/endless-body", MUTE, AT(BODY), TOTAL,
    .named = "localhost:%https%", .loose = 1},
{"body", "flood: gzip", HTTP "/bomb", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%", .loose = 1},
{"body", "flood: br", HTTP "/bomb-br", MUTE, AT(BODY), TOTAL,
    .named = HERE "%http%", .loose = 1},

{"h2 head", "no settings", AHTTP "%h2-silent%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%h2-silent%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "no settings", AHTTP "%h2-silent%/", MUTE, AT(HEAD), READ,
    .named = HERE "%h2-silent%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "mute", AHTTP "%h2-mute%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%h2-mute%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "mute", AHTTP "%h2-mute%/", MUTE, AT(HEAD), READ,
    .named = HERE "%h2-mute%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "pings", AHTTP "%h2-pings%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%h2-pings%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "pings", AHTTP "%h2-pings%/", MUTE, AT(HEAD), READ,
    .named = HERE "%h2-pings%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "half a frame", AHTTP "%h2-half-frame%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%h2-half-frame%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "continued", AHTTP "%h2-continued%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%h2-continued%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "mute: tls", ATLS "%tls-h2%/", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%tls-h2%", .http2 = FSOCK_HTTP2_TLS},
{"h2 head", "refused", AHTTP "%h2-refused%/", AS(RESET), AT(HEAD), TOTAL,
    .named = HERE "%h2-refused%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 head", "GOAWAY", AHTTP "%h2-gone%/", AS(CLOSED), AT(HEAD), TOTAL,
    .named = HERE "%h2-gone%", .http2 = FSOCK_HTTP2_PRIOR},

{"h2 body", "mute", AHTTP "%h2-half-body%/", MUTE, AT(BODY), TOTAL,
    .named = HERE "%h2-half-body%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 body", "mute", AHTTP "%h2-half-body%/", MUTE, AT(BODY), READ,
    .named = HERE "%h2-half-body%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 body", "drip", AHTTP "%h2-bytes%/", MUTE, AT(BODY), TOTAL,
    .named = HERE "%h2-bytes%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 body", "drip: nothing", AHTTP "%h2-empty%/", MUTE, AT(BODY), TOTAL,
    .named = HERE "%h2-empty%", .http2 = FSOCK_HTTP2_PRIOR},
{"h2 body", "fin", AHTTP "%h2-cut%/", AS(TRUNCATED), AT(BODY), TOTAL,
    .named = HERE "%h2-cut%", .http2 = FSOCK_HTTP2_PRIOR},

{"h2 send", "no window", AHTTP "%h2-shut-window%/", MUTE, AT(SEND), TOTAL,
    .named = HERE "%h2-shut-window%", .upload = 1, .http2 = FSOCK_HTTP2_PRIOR},
{"h2 send", "no window", AHTTP "%h2-shut-window%/", MUTE, AT(SEND), READ,
    .named = HERE "%h2-shut-window%", .upload = 1, .http2 = FSOCK_HTTP2_PRIOR},
{"h2 send", "stops reading", AHTTP "%h2-deaf%/", MUTE, AT(SEND), TOTAL,
    .named = HERE "%h2-deaf%", .upload = 1, .http2 = FSOCK_HTTP2_PRIOR},
{"h2 send", "stops reading", AHTTP "%h2-deaf%/", MUTE, AT(SEND), READ,
    .named = HERE "%h2-deaf%", .upload = 1, .http2 = FSOCK_HTTP2_PRIOR},

{"retry", "mute: not tried again", HTTP "/mute", MUTE, AT(HEAD), TOTAL,
    .named = HERE "%http%", .retries = 9},
{"retry", "mute connect: nor this", AHTTP "%tcp-backlog%/", MUTE, AT(CONNECT), TOTAL,
    .named = HERE "%tcp-backlog%", .retries = 9},
{"retry", "refused for ever", AHTTP "%tcp-refused%/", AS(CONNECT), AT(CONNECT), TOTAL,
    .named = HERE "%tcp-refused%", .retries = 100000, .slow = 1},
};
/* clang-format on */

const unsigned n_cells = sizeof cells / sizeof *cells;

/* What stands for a name between percent signs. */
static int put_value(const char *name, char *out, size_t cap)
{
    int port = peer_port(&place.peers, name);
    if (strcmp(name, "dir") == 0)
        return snprintf(out, cap, "%s", place.dir);
    return snprintf(out, cap, "%d", port ? port : site_port(&place.site, name));
}

void cell_text(const char *text, char *out, size_t cap)
{
    size_t n = 0;
    out[0] = '\0';
    while (text && *text && n + sizeof place.dir < cap) {
        char name[32] = "";
        const char *end = *text == '%' ? strchr(text + 1, '%') : NULL;
        if (!end) {
            out[n++] = *text++;
            out[n] = '\0';
            continue;
        }
        snprintf(name, sizeof name, "%.*s", (int)(end - text - 1), text + 1);
        n += (size_t)put_value(name, out + n, cap - n);
        text = end + 1;
    }
}
