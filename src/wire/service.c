#include "wire/service.h"

#include <stdio.h>

#include "base/digits.h"

#define NAME_SHOWN 31

#define MAIL (FSK_CAN_SASL | FSK_CAN_RCPT)
#define POP3 (FSK_CAN_SASL | FSK_CAN_PASS | FSK_CAN_APOP | FSK_CAN_RETR)
#define IMAP (FSK_CAN_SASL | FSK_CAN_PASS)
#define PASS FSK_CAN_PASS
#define TLS  FSK_CAN_LATER
#define S2S  FSK_AMONG_SERVERS

/* clang-format off */
static const struct fsk_service services[] = {
    {"tcp",         0,   FSK_TCP,  "text", fsk_moves_open, FSK_CAN_TEXT},
    {"tls",         0,   FSK_TLS,  "text", fsk_moves_open, FSK_CAN_TEXT},
    {"unix",        0,   FSK_UNIX, "text", fsk_moves_open, FSK_CAN_TEXT},
    {"smtp",        25,  FSK_TCP,  "SMTP", fsk_moves_smtp, MAIL | TLS},
    {"smtps",       465, FSK_TLS,  "SMTP", fsk_moves_smtp, MAIL},
    {"submission",  587, FSK_TCP,  "SMTP", fsk_moves_smtp, MAIL | TLS},
    {"submissions", 465, FSK_TLS,  "SMTP", fsk_moves_smtp, MAIL},
    {"lmtp",        24,  FSK_TCP,  "LMTP", fsk_moves_lmtp, FSK_CAN_RCPT | TLS},
    {"pop3",        110, FSK_TCP,  "POP3", fsk_moves_pop3, POP3 | TLS},
    {"pop3s",       995, FSK_TLS,  "POP3", fsk_moves_pop3, POP3},
    {"imap",        143, FSK_TCP,  "IMAP", fsk_moves_imap, IMAP | TLS},
    {"imaps",       993, FSK_TLS,  "IMAP", fsk_moves_imap, IMAP},
    {"sieve",       4190, FSK_TCP, "ManageSieve", fsk_moves_sieve, FSK_CAN_SASL | TLS},
    {"ftp",         21,  FSK_TCP,  "FTP",  fsk_moves_ftp,  PASS | TLS},
    {"ftps",        990, FSK_TLS,  "FTP",  fsk_moves_ftp,  PASS},
    {"nntp",        119, FSK_TCP,  "NNTP", fsk_moves_nntp, PASS | TLS},
    {"nntps",       563, FSK_TLS,  "NNTP", fsk_moves_nntp, PASS},
    {"irc",         6667, FSK_TCP, "IRC",  fsk_moves_irc,  TLS},
    {"ircs",        6697, FSK_TLS, "IRC",  fsk_moves_irc,  0},
    {"xmpp",        5222, FSK_TCP, "XMPP", fsk_moves_xmpp, TLS},
    {"xmpps",       5223, FSK_TLS, "XMPP", fsk_moves_xmpp, 0},
    {"xmpp-server", 5269, FSK_TCP, "XMPP", fsk_moves_xmpp, S2S | TLS},
    {"xmpps-server", 5270, FSK_TLS, "XMPP", fsk_moves_xmpp, S2S},
    {"ldap",        389, FSK_TCP,  "LDAP", fsk_moves_ldap, PASS | TLS},
    {"ldaps",       636, FSK_TLS,  "LDAP", fsk_moves_ldap, PASS},
    {"ssh",         22,  FSK_TCP,  "SSH",  fsk_moves_ssh,  0},
    {"telnet",      23,  FSK_TCP,  "telnet", fsk_moves_telnet, FSK_CAN_EXPECT},
    {"http",        80,  FSK_TCP,  "HTTP", fsk_moves_http, 0},
    {"https",       443, FSK_TLS,  "HTTP", fsk_moves_http, 0},
    {"redis",       6379, FSK_TCP, "Redis", fsk_moves_redis, PASS},
    {"rediss",      6379, FSK_TLS, "Redis", fsk_moves_redis, PASS},
    {"memcached",   11211, FSK_TCP, "memcached", fsk_moves_memcached, 0},
    {"postgres",    5432, FSK_TCP, "PostgreSQL", fsk_moves_postgres, FSK_CAN_SASL | PASS | TLS},
    {"mysql",       3306, FSK_TCP, "MySQL", fsk_moves_mysql, PASS | TLS},
    {"dns",         53,  FSK_UDP,  "DNS",  fsk_moves_dns,  0},
    {"ntp",         123, FSK_UDP,  "NTP",  fsk_moves_ntp,  0},
    {"udp",         0,   FSK_UDP,  "text", fsk_moves_udp,  FSK_CAN_TEXT},
};
/* clang-format on */

enum { SERVICES = sizeof services / sizeof *services };

/* In the order of the rows. */
static const char *const names[SERVICES + 1] = {
    "tcp",      "tls",   "unix",   "smtp",  "smtps", "submission",  "submissions",  "lmtp",
    "pop3",     "pop3s", "imap",   "imaps", "sieve", "ftp",         "ftps",         "nntp",
    "nntps",    "irc",   "ircs",   "xmpp",  "xmpps", "xmpp-server", "xmpps-server", "ldap",
    "ldaps",    "ssh",   "telnet", "http",  "https", "redis",       "rediss",       "memcached",
    "postgres", "mysql", "dns",    "ntp",   "udp",   NULL,
};

const char *const *fsk_service_names(void)
{
    return names;
}

const char *fsk_service_refuses(const struct fsk_service *s, const struct fsk_wish *w)
{
    if (w->login && !(s->can & (FSK_CAN_SASL | FSK_CAN_PASS)))
        return "this service has no login; drop the user and the password";
    if (w->starttls == FSOCK_STARTTLS_REQUIRE && s->transport == FSK_TCP &&
        !(s->can & FSK_CAN_LATER))
        return "this service can't begin TLS in the middle";
    if (fsk_span_caseeq(w->mechanism, fsk_span_str("APOP")) && !(s->can & FSK_CAN_APOP))
        return "APOP is POP3's";
    if (fsk_span_caseeq(w->mechanism, fsk_span_str("PASS")) && !(s->can & FSK_CAN_PASS))
        return "this service logs in by mechanisms only, and PASS is none";
    if (w->login && fsk_sasl_find(w->mechanism) && !(s->can & FSK_CAN_SASL))
        return "this service logs in by commands of its own; the way is PASS";
    if (w->recipients && w->recipients[0] && !(s->can & FSK_CAN_RCPT))
        return "only SMTP and LMTP have recipients";
    if ((w->message || w->list) && !(s->can & FSK_CAN_RETR))
        return "only POP3 lists and gives out messages";
    if ((w->message || w->list) && !w->login)
        return "who wants messages has to log in; name a user";
    if ((w->send.n && !(s->can & FSK_CAN_TEXT)) ||
        (w->expect.n && !(s->can & (FSK_CAN_TEXT | FSK_CAN_EXPECT))))
        return "what is said to this service is fixed; texts of your own are for tcp, tls, unix "
               "and "
               "udp";
    if (s->transport == FSK_UDP && s->can & FSK_CAN_TEXT && !w->send.n)
        return "udp answers only to what it is told; give it something to send";
    return NULL;
}

const struct fsk_service *fsk_service_find(struct fsk_span name)
{
    for (size_t i = 0; i < SERVICES; i++)
        if (fsk_span_caseeq(name, fsk_span_str(services[i].name)))
            return &services[i];
    return NULL;
}

static bool is_of_a_name(char c)
{
    return (fsk_lower(c) >= 'a' && fsk_lower(c) <= 'z') || fsk_is_digit(c) || c == '-';
}

/* What stands before "://"; nothing if a bracket, a slash or the like comes first. */
static struct fsk_span scheme_of(struct fsk_span text)
{
    size_t n = 0;
    while (n < text.n && is_of_a_name(text.p[n]))
        n++;
    bool is_one = n && text.n - n >= 3 && memcmp(text.p + n, "://", 3) == 0;
    return fsk_span(text.p, is_one ? n : 0);
}

static bool unknown(char why[FSK_ENDPOINT_WHY], struct fsk_span name)
{
    char list[360] = "";
    for (size_t i = 0, n = 0; i < SERVICES && n < sizeof list; i++)
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", names[i]);
    name.n = name.n < NAME_SHOWN ? name.n : NAME_SHOWN;
    snprintf(why, FSK_ENDPOINT_WHY, "there is no service %.*s://; there are %s", (int)name.n,
             name.p, list);
    return false;
}

/* Before the last @ of the part before a slash. False: there is a password. */
static bool take_user(struct fsk_span *rest, struct fsk_span *user)
{
    const char *slash = rest->n ? memchr(rest->p, '/', rest->n) : NULL;
    size_t n = slash ? (size_t)(slash - rest->p) : rest->n;
    const char *at = n ? memrchr(rest->p, '@', n) : NULL;
    if (!at)
        return true;
    *user = fsk_span(rest->p, (size_t)(at - rest->p));
    *rest = fsk_span(at + 1, rest->n - user->n - 1);
    return !memchr(user->p, ':', user->n);
}

bool fsk_service_parse(struct fsk_span text, struct fsk_service_target *t,
                       char why[FSK_ENDPOINT_WHY])
{
    *t = (struct fsk_service_target){.service = services};
    struct fsk_span scheme = scheme_of(text), rest = text;
    if (scheme.n) {
        t->service = fsk_service_find(scheme);
        rest = fsk_span(text.p + scheme.n + 3, text.n - scheme.n - 3);
    }
    if (!t->service)
        return unknown(why, scheme);
    if (fsk_transport_local(t->service->transport))
        return fsk_endpoint_parse(text, 0, false, &t->endpoint, why);
    if (!take_user(&rest, &t->user)) {
        snprintf(why, FSK_ENDPOINT_WHY,
                 "a password in a target can be read by everybody on this machine; give it by a "
                 "file or the environment");
        return false;
    }
    const char *slash = rest.n ? memchr(rest.p, '/', rest.n) : NULL;
    if (slash)
        t->path = fsk_span(slash, rest.n - (size_t)(slash - rest.p));
    rest.n -= t->path.n;
    if (!fsk_endpoint_parse(rest, t->service->port, false, &t->endpoint, why))
        return false;
    t->endpoint.transport = t->service->transport;
    return true;
}
