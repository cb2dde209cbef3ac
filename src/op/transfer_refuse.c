#include "op/transfer_refuse.h"

#include <errno.h>

#include "base/fault.h"

enum fsock_err fsk_transfer_late(struct fsk_transfer *t)
{
    t->fault.limit = FSOCK_LIMIT_TOTAL;
    return fsk_fault_set(&t->fault, FSOCK_ERR_TIMEOUT, FSOCK_STAGE_QUEUE, ETIMEDOUT,
                         "queue %s: %s in time%s%s", t->aim.peer,
                         fsk_lease_is_paced(&t->lease) ? "the pace left no room for this request"
                                                       : "no connection to this host became free",
                         t->again.why[0] ? "; before, " : "", t->again.why);
}

static void blame(struct fsk_transfer *t, enum fsock_limit limit)
{
    (void)fsk_allowance_blame(t->http->allowance, limit, FSOCK_STAGE_QUEUE, t->aim.peer,
                              t->again.why, &t->fault);
}

bool fsk_transfer_refused(struct fsk_transfer *t)
{
    if (t->state == FSK_TRANSFER_AT_EXCHANGE)
        return false;
    enum fsock_limit spent = fsk_allowance_spent(t->http->allowance);
    if (spent != FSOCK_LIMIT_NONE)
        blame(t, spent);
    return spent != FSOCK_LIMIT_NONE;
}

bool fsk_transfer_may_ask(struct fsk_transfer *t)
{
    bool may = fsk_allowance_ask(t->http->allowance);
    if (!may)
        blame(t, FSOCK_LIMIT_REQUESTS);
    return may;
}
