/*
 * talk_starttls.h - the few words of each protocol that come before TLS: STARTTLS and its kin.
 */
#ifndef FSOCK_CLI_TALK_STARTTLS_H
#define FSOCK_CLI_TALK_STARTTLS_H

#include <fsock.h>

#define TALK_STARTTLS_NAMES                                                                        \
    "smtp, lmtp, pop3, imap, ftp, nntp, sieve, xmpp, ldap, postgres, mysql, irc"

/* NULL if `protocol` is one of them; else a sentence. */
const char *talk_starttls_unknown(const char *protocol);

/*
 * Speak them, and put TLS on. `host` is the peer's name, for protocols that say it. FSOCK_OK; else
 * the error, of which the fault says what the peer has answered.
 */
enum fsock_err talk_starttls(fsock_stream *stream, const char *protocol, const char *host,
                             const struct fsock_options *options, fsock_time deadline,
                             struct fsock_fault *fault);

#endif
