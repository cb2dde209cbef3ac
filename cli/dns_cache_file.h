/*
 * dns_cache_file.h - the file of --cache: a cache of names (dns_cache.h) from one run to the next.
 *
 * It is text. The first line is `# fsock dns cache 1`, where 1 is the version of the format; each
 * of the others is an address, the time at which its name expires, in seconds since 1970, and the
 * name or `-` for "has none", parted by tabs:
 *
 *     192.0.2.1	1735689600	host.example
 *     2001:db8::1	1735689600	-
 *
 * A file that isn't there, or is empty, is an empty cache. Anything else that isn't exactly this is
 * not touched: loading and saving fail, and `why` names the file, the line and what to do.
 *
 * FILE is written as FILE.part, brought to the disk and renamed, so that it is whole at any time:
 * after a crash or on a full disk it is the old one. FILE.part is locked (flock) meanwhile, and
 * what FILE holds then is merged, so that runs which end at the same time don't lose each other's
 * names; those that this run had no room for or didn't look at stay in it until they expire. Of two
 * answers the one that expires later is kept. The file is its owner's alone (mode 0600). A symbolic
 * link is followed: the file that it points to is replaced.
 *
 * `now` is the time on the cache's clock, `wall` the same moment by fsk_time_unix(): expiry is told
 * from one to the other by their difference, rounded to seconds, and is at most ten years away.
 */
#ifndef FSOCK_CLI_DNS_CACHE_FILE_H
#define FSOCK_CLI_DNS_CACHE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <fsock.h>

#include "dns_cache.h"

/*
 * Put in what the file holds and hasn't expired. With more of it than the ceiling, the last lines
 * stay. False: it can't be read, or couldn't be written later since its directory can't be; why is
 * one sentence. The cache then holds some of the file.
 */
bool dns_cache_load(struct dns_cache *c, const char *file, fsock_time now, int64_t wall, char *why,
                    size_t cap);

/*
 * Write all that is known and hasn't expired. Another run that is writing the file is waited for
 * until `deadline`. False: the file is as it was; why is one sentence. Where the file holds
 * something that expires later than what the cache has, the cache gets it.
 */
bool dns_cache_save(struct dns_cache *c, const char *file, fsock_time now, int64_t wall,
                    fsock_time deadline, char *why, size_t cap);

#endif
