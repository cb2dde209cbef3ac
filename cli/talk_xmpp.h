/*
 * talk_xmpp.h - <starttls/> of XMPP (RFC 6120 5): tags instead of lines.
 */
#ifndef FSOCK_CLI_TALK_XMPP_H
#define FSOCK_CLI_TALK_XMPP_H

#include "talk_speak.h"

/* As a client, or as another server. */
enum fsock_err talk_xmpp_client(struct speaker *s);
enum fsock_err talk_xmpp_server(struct speaker *s);

#endif
