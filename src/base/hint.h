/*
 * hint.h - what to do about a failure, in one sentence that fits its stage.
 */
#ifndef FSK_HINT_H
#define FSK_HINT_H

#include <fsock.h>

/* Fill in fault->hint from its err, stage, errno and limit, if there is a hint and none is there
 * yet. */
void fsk_fault_advise(struct fsock_fault *fault);

#endif
