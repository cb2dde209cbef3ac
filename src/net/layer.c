#include "net/layer.h"

#include <stdarg.h>
#include <stdio.h>

enum fsock_err fsk_layer_fail_as_below(struct fsk_layer *l, enum fsock_err err)
{
    l->sys_errno = l->below->sys_errno;
    memcpy(l->detail, l->below->detail, sizeof l->detail);
    return err;
}

enum fsock_err fsk_layer_fail(struct fsk_layer *l, enum fsock_err err, int sys_errno,
                              const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(l->detail, sizeof l->detail, format, ap);
    va_end(ap);
    l->sys_errno = sys_errno;
    return err;
}
