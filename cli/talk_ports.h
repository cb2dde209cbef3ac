/*
 * talk_ports.h - the ports of a scan: "80", "20-25,80", "1-65535".
 *
 * A set of fixed size, whatever is named: each port is in it once, however the ranges overlap, and
 * comes out in ascending order.
 */
#ifndef FSOCK_CLI_TALK_PORTS_H
#define FSOCK_CLI_TALK_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

#define TALK_PORTS_WHY 160 /* room for any sentence, with its NUL */

struct talk_ports {
    uint64_t bit[65536 / 64];
    uint32_t n;  /* how many there are */
    uint32_t at; /* where the search for the next one begins */
};

/* This one only; also 0, for what has no port. */
void talk_ports_one(struct talk_ports *ports, uint16_t port);

/* Ports and ranges, parted by commas, without blanks. False: `why` is a sentence. */
bool talk_ports_parse(struct talk_ports *ports, struct fsk_span text, char why[TALK_PORTS_WHY]);

/* The next one. False: there are no more. */
bool talk_ports_next(struct talk_ports *ports, uint16_t *port);

#endif
