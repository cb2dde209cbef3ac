/*
 * get_record.h - one record per URL: a line for people and grep, or a JSON object.
 *
 * A record's fields stand in one table, in get_record.c; the JSON object has all of them, and -w
 * can name each. Names and units are curl's (-w json), and some of our own. Passwords in URLs are
 * masked.
 */
#ifndef FSOCK_CLI_GET_RECORD_H
#define FSOCK_CLI_GET_RECORD_H

#include <stdint.h>

#include <fsock.h>

#include "base/span.h"
#include "out.h"
#include "outcome.h"
#include "wire/cachestatus.h"

#define RECORD_SCHEMA 1

struct record {
    struct fsk_span url;                   /* as it was given */
    const char *list;                      /* the list it stands in; NULL: the command line */
    uint64_t line;                         /* its line there, or in the page of --depth; from 1 */
    uint64_t number;                       /* of the URL in this run, from 0 */
    const struct fsock_response *response; /* never NULL; record_no_response if there was none */
    const struct outcome *outcome;
    const char *file; /* where the body is; NULL: in no file */
    const char *referer;
    const char *referrer; /* --depth: the page it was found in; NULL: none */
    int64_t depth;        /* ... steps from what the user has given */
    struct fsk_span page; /* members for the JSON object, of get_page.h; empty: none */

    bool warm;                           /* its line tells of the cache and the variant, too */
    const char *variant;                 /* of --vary; NULL: there is but one */
    bool again;                          /* there was an answer before the last one: */
    enum fsk_cache_verdict cache_before; /* ... what it told of the cache */
    fsock_time time_before;              /* ... how long it took */
    uint64_t received_before;            /* body bytes of all answers before the last one */
    int purge_status;                    /* of the answer to --purge; 0: none */
};

/* The answer of a URL that was never asked. */
extern const struct fsock_response record_no_response;

/*
 * The last record in JSON. Most fields of a list's records say the same as in the record before:
 * they are copied from there, many at a time. All zeros: there was none.
 */
enum { RECORD_FIELDS = 63, RECORD_USUAL = 4096 };
struct record_past {
    int64_t mark[RECORD_FIELDS]; /* the value, or the length of the text */
    uint16_t len[RECORD_FIELDS]; /* bytes with the key; 0: not known */
    char text[RECORD_USUAL];
};

/* A JSON object and a newline. `past` may be NULL; what is written is the same. */
void record_json(struct out *o, const struct record *r, struct record_past *past);

/*
 * "ok STATUS BYTES SECONDS URL [FILE]" or "failed STATUS BYTES SECONDS URL SENTENCE", separated by
 * tabs; for a terminal in columns and in units for people, and in colour if asked. With r->warm two
 * more: CACHE ("MISS->HIT") and VARIANT.
 */
void record_line(struct out *o, const struct record *r, bool terminal, bool colour);

/* The field of that name, or NULL. */
struct record_field;
const struct record_field *record_field(struct fsk_span name);

/* The field's value as -w prints it. */
void record_value(struct out *o, const struct record_field *field, const struct record *r);

/* What an answer's header tells of the cache. */
enum fsk_cache_verdict record_verdict(const struct fsock_response *response);

/* The URL without what stands before '@' in its authority, which becomes "***@". */
void record_url(struct out *o, struct fsk_span url, void (*put)(struct out *, struct fsk_span));

/* The host of a URL, or the empty span. */
struct fsk_span record_host(struct fsk_span url);

#endif
