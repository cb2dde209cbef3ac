/*
 * shard.h - a part of a list, the same on each machine: --shard I/N.
 *
 * All URLs of one site belong to one shard, so that what is promised for a host holds although
 * several machines fetch from the same list. A URL's shard is worked out from its site alone, where
 * its line stands doesn't matter:
 *
 *   site    the registrable domain of its host by the public suffix list that is built into libpsl,
 *           in lower case, IDNs as A-labels, without dots at its end: www.shop.example.co.uk is of
 *           example.co.uk. A host that has none (a public suffix, a single label) is its own site.
 *           An address is, too, in the form of RFC 5952, without brackets, zone and port.
 *   hash    64-bit FNV-1a of the site's bytes, folded: its upper 32 bits XOR its lower ones
 *   shard   1 + hash modulo N
 *
 * Text that is no URL takes the place of the site: one shard of them tells of it. This won't
 * change; but the public suffix list does: machines that share a list should have the same libpsl.
 */
#ifndef FSOCK_CLI_SHARD_H
#define FSOCK_CLI_SHARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

#define SHARDS_MAX 100000

struct shard {
    uint32_t index, count; /* index from 1 to count; count 0: no shards, everything belongs */
};

/*
 * Read "I/N", from "1/N" to "N/N"; "auto": from the variables of a Slurm job array; "auto/N": from
 * those, or from JOB_COMPLETION_INDEX of an indexed Kubernetes job of N pods. False: `why` is a
 * sentence.
 */
bool shard_parse(struct shard *s, const char *text, char *why, size_t cap);

/* Does this URL belong to it? */
bool shard_has(const struct shard *s, struct fsk_span url);

/* The site's hash, before it is folded. */
uint64_t shard_hash(struct fsk_span url);

#endif
