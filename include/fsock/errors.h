/*
 * fsock/errors.h - what an error means: its text, its likely cause, and what to try. Included by
 * <fsock.h>.
 *
 * The hint of a struct fsock_fault is made of the same knowledge; these calls are for numbers that
 * come from elsewhere: a log, another program, errno after a call of one's own.
 */
#ifndef FSOCK_ERRORS_H
#define FSOCK_ERRORS_H

#include <fsock.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * This machine's text for an error number, in English whatever the locale: "Connection refused".
 * Numbers that tell of no error (0, and EINPROGRESS, which only says that a connection is still
 * being made) get a text that says so; never is it "Success", "Operation now in progress" or empty.
 * A number that this machine doesn't know gets a sentence with the number, which stays until the
 * same thread asks for the next one of these; all other texts stay for ever.
 */
FSOCK_API const char *fsock_strerror(int sys_errno);

/* Half a sentence each, in lower case and without a full stop. */
struct fsock_explanation {
    const char *cause;  /* what has most likely happened; never "" */
    const char *remedy; /* what to try; "" if there is nothing but to read the fault's text */
};

/*
 * What an error most likely means where it happened: a refusal (ECONNREFUSED) while connecting is
 * something else than while reading. `err` may be FSOCK_OK if only the number is known, and
 * `sys_errno` 0 if only the class is; for a timeout the class says that a limit of ours struck,
 * and the number alone that the system gave up. FSOCK_STAGE_NONE: where it happened is not known.
 * NULL if there is nothing to say. The texts are constants.
 */
FSOCK_API const struct fsock_explanation *fsock_explain(enum fsock_err err, enum fsock_stage stage,
                                                        int sys_errno);

#ifdef __cplusplus
}
#endif

#endif
