/*
 * fault.h - making a struct fsock_fault: what failed, where, and what to do.
 *
 * The op in which a failure happens sets err, stage, sys_errno and the sentence. A fault is written
 * once: the first reason stays.
 */
#ifndef FSK_FAULT_H
#define FSK_FAULT_H

#include <fsock.h>

/*
 * Write the fault, unless one is there (err is set). The sentence is printf's. A system error's
 * text is not appended by itself: use fsk_errno_text. Returns `err`. `fault` may be NULL.
 */
enum fsock_err fsk_fault_set(struct fsock_fault *fault, enum fsock_err err, enum fsock_stage stage,
                             int sys_errno, const char *format, ...)
    __attribute__((format(printf, 5, 6)));

/* Set the hint, unless there is one. */
void fsk_fault_hint(struct fsock_fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Note an address that failed; `addr` is its text. */
void fsk_fault_try(struct fsock_fault *fault, const char *addr, int sys_errno, fsock_time took);

/* "connection refused": the errno in words, in lower case, thread-safe, never "Success". */
const char *fsk_errno_text(int sys_errno);

#endif
