/*
 * hint.h - what to do about a failure, in one sentence that fits its stage.
 */
#ifndef FSK_HINT_H
#define FSK_HINT_H

#include <fsock.h>

/* Fill in fault->hint, if it is empty and there is a hint for its err, stage and errno. */
void fsk_fault_advise(struct fsock_fault *fault);

#endif
