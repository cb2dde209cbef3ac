/*
 * journal_merge.h - several journals become one, with the newest record of each URL and variant.
 *
 * For the journals of machines or shards that have parted a list, and to shorten one of many runs.
 * Two passes over the journals: the first notes of each record its fingerprint and its time, 24
 * bytes, and sorts them; the second writes those that are the newest, in the order in which they
 * stand. Of two of the same time the later one counts.
 */
#ifndef FSOCK_CLI_JOURNAL_MERGE_H
#define FSOCK_CLI_JOURNAL_MERGE_H

#include <stddef.h>

#include "option.h"

/*
 * Join the named journals in `out`, which is written as OUT.part and renamed: it is whole at any
 * time. A file that is there already has to be a journal and one of those that are joined. None of
 * them may be in use. Returns 0, and `why` says what was done; or the exit code, with the sentence
 * in `why`.
 */
int journal_merge(const char *out, const struct option_list *names, char *why, size_t cap);

#endif
