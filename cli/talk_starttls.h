/*
 * talk_starttls.h - the words of a protocol that come before TLS: STARTTLS and its kin.
 *
 * They stand in the tables that a check goes through (wire/script.h); here one is gone through up
 * to TLS, and no further:
 *
 *     smtp submission     EHLO, STARTTLS (RFC 3207)
 *     lmtp                LHLO, STARTTLS (RFC 2033)
 *     pop3                CAPA, STLS (RFC 2595)
 *     imap                CAPABILITY, STARTTLS (RFC 9051 6.2.1)
 *     ftp                 FEAT, AUTH TLS (RFC 4217)
 *     nntp                CAPABILITIES, STARTTLS (RFC 4642)
 *     sieve               STARTTLS of ManageSieve (RFC 5804)
 *     irc                 CAP LS, STARTTLS (IRCv3's tls extension)
 *     xmpp xmpp-server    <starttls/> of a client's stream, of a server's (RFC 6120 5)
 *     ldap                the extended request StartTLS (RFC 4511 4.14)
 *     postgres            SSLRequest
 *     mysql               the flag CLIENT_SSL in a short answer to the server's greeting
 *
 * Nothing but what leads to TLS is said. What comes next is the user's own: after TLS the greetings
 * of most of these protocols begin anew.
 *
 * Bounded: one deadline for all of it, and 64 KiB of each answer. Bytes that have come behind the
 * server's go-ahead and before TLS are refused, since whoever is on the way could have put them
 * there.
 */
#ifndef FSOCK_CLI_TALK_STARTTLS_H
#define FSOCK_CLI_TALK_STARTTLS_H

#include <fsock.h>

#define TALK_STARTTLS_NAMES                                                                        \
    "smtp, submission, lmtp, pop3, imap, ftp, nntp, sieve, xmpp, xmpp-server, ldap, postgres, "    \
    "mysql, irc"

/* NULL if `protocol` is one of them; else a sentence. */
const char *talk_starttls_unknown(const char *protocol);

/*
 * Speak them, and put TLS on. `host` is the peer's name: for protocols that say it, and for the
 * certificate, unless options->tls_name is another; NULL or "": it has none. FSOCK_OK; else the
 * error, of which the fault says what the peer has answered: FSOCK_ERR_PROTOCOL if it does not
 * offer TLS, refuses it or speaks something else, in FSOCK_STAGE_TLS, as all errors are here.
 */
enum fsock_err talk_starttls(fsock_stream *stream, const char *protocol, const char *host,
                             const struct fsock_options *options, fsock_time deadline,
                             struct fsock_fault *fault);

#endif
