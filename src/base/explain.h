/*
 * explain.h - what errors mean and what to do about them: the one source of these words.
 *
 * The knowledge is rows: explain_errno.c has those of error numbers, explain_class.c those of the
 * library's own classes. Hints of faults, fsock_explain() and `fsock errno` are made of them.
 */
#ifndef FSK_EXPLAIN_H
#define FSK_EXPLAIN_H

#include <fsock.h>

#define FSK_STAGE_BIT(stage) (1u << (unsigned)(stage))

/* It fits an error of its class or number at one of its stages. The first row that fits counts. */
struct fsk_advice {
    enum fsock_err err; /* FSOCK_OK: a row of explain_errno.c */
    int sys_errno;      /* 0: a row of explain_class.c */
    unsigned stages;    /* bits; 0: all of them */
    struct fsock_explanation says;
};

struct fsk_advice_table {
    const struct fsk_advice *row;
    size_t n;
};

extern const struct fsk_advice_table fsk_advice_by_errno, fsk_advice_by_class;

/* The number whose rows tell of a class that says no more than it does; 0: it has its own rows. */
int fsk_explain_errno_of(enum fsock_err err);

/* Fill in fault->hint, if it is empty and there is a remedy. `limit` has to be set before. */
void fsk_fault_advise(struct fsock_fault *fault);

#endif
