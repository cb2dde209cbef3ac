/*
 * talk_plan.h - what is to be sent and awaited, step by step: the pieces of the command line, or a
 * script. The conversation (talk_relay.h) carries it out.
 *
 * A script has a step a line; blank lines and those that begin with # are none:
 *
 *     send TEXT          TEXT with escapes (bytes_escape.h); quotes around it keep blanks at its
 * ends hex DIGITS         as --hex, and so on base64 TEXT ebcdic TEXT file FILE c-array FILE[:NAME]
 *     stdin              standard input, up to its end
 *     expect TEXT        wait until the peer has sent TEXT (with escapes) since the last expect
 *     limit TIME         how long each expect from here on may take (10s; 0: no limit)
 *     delay TIME
 *     starttls           put TLS on
 *     shut               tell the peer that no more will be sent
 *     close              leave, whatever the peer still sends
 */
#ifndef FSOCK_CLI_TALK_PLAN_H
#define FSOCK_CLI_TALK_PLAN_H

#include "base/buf.h"
#include "talk_options.h"

enum step_kind {
    STEP_SEND,  /* bytes */
    STEP_FILE,  /* what is in the file `path` */
    STEP_STDIN, /* standard input, up to its end */
    STEP_EXPECT,
    STEP_DELAY,
    STEP_STARTTLS,
    STEP_SHUT,
    STEP_CLOSE
};

struct step {
    enum step_kind kind;
    struct fsk_span bytes; /* of SEND and EXPECT; in the plan's buffer */
    const char *path;      /* of FILE */
    int64_t time;          /* nanoseconds: of DELAY; the limit of EXPECT, 0 for none */
    unsigned line;         /* of the script; 0: of the command line */
};

struct plan {
    struct step *step;
    size_t n;
    struct fsk_buf bytes; /* what the steps' spans point into, once all is read */
    char *text;           /* the script's own, which paths point into; NULL: there is none */
};

/*
 * Read it. Without pieces and script the plan is STEP_STDIN alone, or nothing with --no-stdin.
 * 0; or an exit code, and `why` says what is wrong and where. To be freed in every case.
 */
int plan_init(struct plan *plan, const struct talk_options *o, char *why, size_t cap);
void plan_fini(struct plan *plan);

#endif
