#include "base/explain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"

const char *fsock_strerror(int sys_errno)
{
    static _Thread_local char unknown[64];
    if (sys_errno == 0)
        return "No error was reported";
    if (sys_errno == EINPROGRESS)
        return "The connection is still being made";
    const char *text = strerrordesc_np(sys_errno);
    if (text && *text)
        return text;
    snprintf(unknown, sizeof unknown, "Error number %d is not known on this machine", sys_errno);
    return unknown;
}

int fsk_explain_errno_of(enum fsock_err err)
{
    return err == FSOCK_ERR_RESET ? ECONNRESET : err == FSOCK_ERR_MEMORY ? ENOMEM : 0;
}

static const struct fsk_advice *find(const struct fsk_advice_table *table, enum fsock_err err,
                                     enum fsock_stage stage, int sys_errno)
{
    for (const struct fsk_advice *a = table->row; a < table->row + table->n; a++)
        if (a->err == err && a->sys_errno == sys_errno &&
            (!a->stages || (a->stages & FSK_STAGE_BIT(stage))))
            return a;
    return NULL;
}

static const struct fsock_explanation *explain(enum fsock_err err, enum fsock_stage stage,
                                               int sys_errno, bool limit_of_ours)
{
    const struct fsk_advice *by_class = find(&fsk_advice_by_class, err, stage, 0);
    if (!sys_errno)
        sys_errno = fsk_explain_errno_of(err);
    const struct fsk_advice *by_errno = find(&fsk_advice_by_errno, FSOCK_OK, stage, sys_errno);
    const struct fsk_advice *a = by_class && (limit_of_ours || !by_errno) ? by_class : by_errno;
    return a ? &a->says : NULL;
}

const struct fsock_explanation *fsock_explain(enum fsock_err err, enum fsock_stage stage,
                                              int sys_errno)
{
    if ((unsigned)stage >= FSOCK_STAGE_COUNT_)
        stage = FSOCK_STAGE_NONE;
    return explain(err, stage, sys_errno, err == FSOCK_ERR_TIMEOUT);
}

void fsk_fault_advise(struct fsock_fault *f)
{
    if (f->err == FSOCK_OK)
        return;
    const struct fsock_explanation *e =
        explain(f->err, f->stage, f->sys_errno, f->limit != FSOCK_LIMIT_NONE);
    if (e && *e->remedy)
        fsk_fault_hint(f, "%s; %s", e->cause, e->remedy);
}
