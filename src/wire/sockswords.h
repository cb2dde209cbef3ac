/*
 * sockswords.h - the words for what SOCKS proxies reply.
 */
#ifndef FSK_SOCKSWORDS_H
#define FSK_SOCKSWORDS_H

/* Half a sentence of the proxy's; "for no known reason" for replies that nobody has defined. */
const char *fsk_socks4_reply(unsigned reply);
const char *fsk_socks5_reply(unsigned reply); /* RFC 1928 6 */

#endif
