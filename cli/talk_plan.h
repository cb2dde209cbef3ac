/*
 * talk_plan.h - what is to be sent and awaited, step by step: the pieces of the command line, or a
 * script. The conversation (talk_relay.h) carries it out.
 *
 * All notations are read before anything is opened, so that a mistake is told before the peer has
 * seen a byte. What a FILE holds is read later, by the conversation; here it is only looked whether
 * that can be. All steps together have BYTES_MAX bytes at most.
 *
 * A script has a step a line; talk_script.h says how lines are read:
 *
 *     send TEXT          TEXT with escapes (bytes_escape.h)
 *     hex DIGITS         digits (bytes_hex.h); @FILE: the digits or the dump in that file
 *     base64 TEXT        what it decodes to
 *     ebcdic TEXT        TEXT with escapes, converted to --code-page
 *     file FILE          the file's bytes, as they are
 *     c-array FILE[:NAME]    the array NAME of that C source, or its only one (bytes_c.h)
 *     stdin              standard input, up to its end; once
 *     expect TEXT        wait until the peer has sent TEXT (with escapes) since the last expect
 *     limit TIME         how long each expect from here on may take (10s; 0: no limit)
 *     delay TIME         do nothing for so long
 *     starttls           put TLS on
 *     shut               tell the peer that no more will be sent
 *     close              leave, whatever the peer still sends; nothing comes behind it
 *
 * NAME is what stands behind the last colon, if it can be a name in C; a colon at the end of FILE
 * says that there is none. The script itself may be standard input (-), and then can't send it.
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

#define PLAN_SCRIPT_MAX ((size_t)16 << 20) /* bytes of a script */
#define PLAN_SOURCE_MAX ((size_t)64 << 20) /* bytes of a dump or a C source */
#define PLAN_STEPS_MAX  ((size_t)1000000)

/*
 * Read it. Without pieces and script the plan is STEP_STDIN alone, or nothing with --no-stdin.
 * 0; or an exit code, and `why` says what is wrong and where. To be freed in every case.
 */
int plan_init(struct plan *plan, const struct talk_options *o, char *why, size_t cap);
void plan_fini(struct plan *plan);

#endif
