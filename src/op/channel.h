/*
 * channel.h - questions to one name server over one TCP or TLS connection (RFC 7766, RFC 7858).
 *
 * A channel is an op that owns the connection and the questions that are open on it: any number at
 * once, answered in any order; but one each, if the server was seen to bear no more. It connects
 * when the first question is asked and closes with the last one. When the connection ends, or is
 * silent for long, all that are open on it fail: with ECONNABORTED if others had been answered, so
 * that they can be asked again at once.
 */
#ifndef FSK_CHANNEL_H
#define FSK_CHANNEL_H

#include "net/tls.h"
#include "op/question.h"

#define FSK_CHANNEL_QUESTIONS 1000               /* open at once on one connection */
#define FSK_CHANNEL_SILENCE   (5 * FSOCK_SECOND) /* ... with questions open */

struct fsk_channels {
    struct fsk_driver *driver;
    const struct fsk_asker *asker;
    struct fsk_tls_config *tls; /* NULL: no server is asked by TLS; owned */
    struct fsk_list closed;     /* struct fsk_channel, to be freed */
    struct fsk_rand rand;
};

void fsk_channels_init(struct fsk_channels *channels, struct fsk_driver *driver,
                       const struct fsk_asker *asker);

/* No question may be open. */
void fsk_channels_fini(struct fsk_channels *channels);

/* As fsk_ports_ask(). */
int fsk_channels_ask(struct fsk_channels *channels, struct fsk_question *q);

#endif
