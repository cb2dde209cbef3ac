/*
 * telnet_option.h - the part of telnet.c that decides: which options we have, and RFC 1143, which
 * says how two sides agree on one without ever going in circles.
 *
 * An option of one side is a byte, 0 at first. It knows what is on, what is being asked for, and
 * whether the opposite is to be asked for as soon as the answer has come.
 */
#ifndef FSK_TELNET_OPTION_H
#define FSK_TELNET_OPTION_H

#include "wire/telnet.h"

enum fsk_telnet_event {
    FSK_TELNET_HEARD_ON,  /* the peer says WILL or DO */
    FSK_TELNET_HEARD_OFF, /* WONT or DONT */
    FSK_TELNET_ASK_ON,    /* our side wants it; only for options that we have */
    FSK_TELNET_ASK_OFF
};

/* Whether we can do it, or let the peer do it. Then a request for it is never refused. */
bool fsk_telnet_has(enum fsk_telnet_side side, uint8_t option);

/* What the event makes of the option, and the verb to be sent with it: WILL to DONT, or 0. */
uint8_t fsk_telnet_negotiate(uint8_t *state, enum fsk_telnet_side side, uint8_t option,
                             enum fsk_telnet_event event);

/* As fsk_telnet_on(). */
bool fsk_telnet_in_effect(uint8_t state, enum fsk_telnet_side side);

#endif
