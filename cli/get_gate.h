/*
 * get_gate.h - which URLs of a run are fetched: between the source and the items.
 *
 * A URL of a list is passed over if it was in this run before; any URL is, if the journal of
 * earlier runs says so. What a URL is known by is in url_key.h; of each a fingerprint is kept
 * (fingerprints.h), which is all that grows with a list. URLs of the command line, each of which
 * may have a file of its own, are never taken for repetitions.
 *
 * The journal's last word on a URL counts:
 *
 *                        fine          failed        not in it
 *     --resume           passed over   passed over   fetched
 *     --only-failed      passed over   fetched       passed over
 *     both               passed over   fetched       fetched
 *     --fresh TIME       if younger    fetched       fetched
 */
#ifndef FSOCK_CLI_GET_GATE_H
#define FSOCK_CLI_GET_GATE_H

#include "fingerprints.h"
#include "get_options.h"
#include "get_source.h"
#include "journal.h"
#include "summary.h"

enum gate_verdict {
    GATE_GO,
    GATE_REPEATED,   /* it was there before */
    GATE_RECORDED,   /* the journal has it */
    GATE_FRESH,      /* ... and it is younger than --fresh */
    GATE_NOT_FAILED, /* --only-failed: the journal doesn't have it */
    GATE_VERDICTS,
    GATE_NO_MEMORY
};

struct gate {
    const struct get_options *o;
    int lock;               /* --lock; -1: none */
    struct journal journal; /* .name is NULL: none */
    struct journal_reader failed;
    struct fingerprints known;
    struct fsk_buf key;
    int64_t began; /* by the wall clock */
    uint64_t held[GATE_VERDICTS];
};

/*
 * Take the lock, open the journal, learn what it holds. The options are borrowed. Returns 0, with a
 * sentence in `why` if something is worth a word; or the exit code, with the sentence.
 */
int gate_open(struct gate *g, const struct get_options *o, char *why, size_t cap);

/* A good URL of the source's; the variant may be empty. What is let through once is known then. */
enum gate_verdict gate_pass(struct gate *g, const struct source_url *u, struct fsk_span variant);

/* --only-failed without a list: the next URL of the journal's whose last word is a failure. */
enum list_result gate_next_failed(struct gate *g, struct source_url *u);

/* Add what was passed over to the summary. */
void gate_count(const struct gate *g, struct summary *s);

/*
 * After gate_open(), or of what is all zero: close the journal, let go of the lock. Returns 0, or
 * the exit code, with the sentence in `why`, if the journal couldn't be written.
 */
int gate_close(struct gate *g, char *why, size_t cap);

#endif
