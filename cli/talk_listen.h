/*
 * talk_listen.h - `fsock talk -l`: wait for somebody to connect, and talk.
 */
#ifndef FSOCK_CLI_TALK_LISTEN_H
#define FSOCK_CLI_TALK_LISTEN_H

#include "talk_call.h"

/* One conversation, or with -k one after the other. The exit code. */
int talk_listen(struct talk_call *call);

#endif
