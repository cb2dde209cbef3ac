/*
 * talk_telnet.h - --telnet: the protocol (wire/telnet.h), and a terminal that is put into the mode
 * that the host asks for.
 *
 * While the host echoes and sends without waiting for its turn, keys go to it one by one, and the
 * escape character (^]) is the way out: it is followed by a key: q leaves, b sends a break, a asks
 * whether the host is there, the escape character itself is sent.
 */
#ifndef FSOCK_CLI_TALK_TELNET_H
#define FSOCK_CLI_TALK_TELNET_H

#include <termios.h>

#include "talk_options.h"
#include "wire/telnet.h"

struct talk_telnet {
    struct fsk_telnet telnet;
    struct fsk_buf log; /* of -v */
    bool verbose;
    bool terminal; /* standard input is one, */
    bool is_raw;   /* and in the host's mode now */
    struct termios before;
    int escape;   /* the character; -1: none */
    bool escaped; /* it was the last one typed */
    bool leave;   /* the user wants to */
    int resized;  /* readable when the window has another size; -1: never */
};

/* What is wrong with --escape, which may be NULL; else NULL. */
const char *talk_telnet_unknown(const char *escape);

/* `to_peer` collects what goes to the host. */
void talk_telnet_init(struct talk_telnet *t, const struct talk_options *o, bool terminal,
                      struct fsk_buf *to_peer);

/* The terminal is as it was. */
void talk_telnet_fini(struct talk_telnet *t);

/*
 * Take received bytes: *data of them is what the host says. FSOCK_AGAIN: answers find no room
 * before something is sent; *used bytes have been taken in every case.
 */
enum fsock_err talk_telnet_receive(struct talk_telnet *t, struct fsk_span in, size_t *used,
                                   struct fsk_span *data);

/* Typed or piped bytes, to be sent; *used of them are taken. */
enum fsock_err talk_telnet_send(struct talk_telnet *t, struct fsk_span in, size_t *used);

/* The window may have changed. */
void talk_telnet_resize(struct talk_telnet *t);

#endif
