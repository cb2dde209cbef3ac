/*
 * dns_target.h - what a word or a line of the input asks for: a name, an address, or a block of
 * addresses, and of which types.
 *
 * A name is asked for each type, in turn; an address for its name (PTR) alone; a block
 * (192.0.2.0/24, 2001:db8::/112) for the names of all its addresses. All of a block comes from one
 * target, without a list in memory.
 */
#ifndef FSOCK_CLI_DNS_TARGET_H
#define FSOCK_CLI_DNS_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "wire/addr.h"

#define DNS_BLOCK_BITS 24 /* a block has 2^24 addresses at most */

struct dns_target {
    const uint16_t *type; /* those for names */
    unsigned types;
    struct fsk_span text; /* a name, or an address, as it was given */
    struct fsk_addr addr; /* the block's next address */
    uint64_t left;        /* questions to come */
    bool block;
    char shown[FSK_ADDR_TEXT]; /* of a block: the address that was given out last */
};

/*
 * Begin. The text stays the caller's, for as long as the target is used; so do the types, of which
 * there are none for the default, A and AAAA. NULL, or why it asks for nothing: half a sentence.
 */
const char *dns_target_init(struct dns_target *t, struct fsk_span text, const uint16_t *type,
                            unsigned types);

/* The next question: its name and type (0 for an address). False: there are no more. */
bool dns_target_next(struct dns_target *t, struct fsk_span *name, uint16_t *type);

#endif
