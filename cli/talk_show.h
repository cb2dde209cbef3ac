/*
 * talk_show.h - what `fsock talk` shows of the bytes that are received, and with --dump of those
 * that are sent: a view, and a buffer on its way to standard output.
 */
#ifndef FSOCK_CLI_TALK_SHOW_H
#define FSOCK_CLI_TALK_SHOW_H

#include "out.h"
#include "talk_options.h"
#include "view.h"

struct show {
    const struct talk_options *o;
    bool dump, terminal;    /* standard output is one */
    bool ended;             /* show_end() was called */
    struct view view;       /* of received bytes */
    struct view sent, came; /* of --dump */
    struct ebcdic ebcdic;
    fsock_time last;      /* when the line of a dump before was written */
    struct out text;      /* collects in `ready` */
    struct fsk_buf ready; /* to be written */
};

void show_init(struct show *s, const struct talk_options *o, bool terminal);
void show_fini(struct show *s);

/* Bytes go through as they are: no view is needed. */
bool show_is_plain(const struct show *s);

void show_received(struct show *s, struct fsk_span bytes);
void show_sent(struct show *s, struct fsk_span bytes);

/* Nothing more comes for now: on a terminal what is kept is shown. */
void show_pause(struct show *s);

/* Nothing more comes. Saying so twice is fine. */
void show_end(struct show *s);

#endif
