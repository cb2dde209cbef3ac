/*
 * budget.h - how many at once the limit of open files allows.
 */
#ifndef FSK_BUDGET_H
#define FSK_BUDGET_H

/* At most `wished`, at least 1: each takes a descriptor, and `own_files` of the caller's. */
unsigned fsk_budget(unsigned wished, int own_files);

#endif
