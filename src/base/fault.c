#include "base/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const err_names[] = {
    [FSOCK_OK] = "ok",
    [FSOCK_AGAIN] = "again",
    [FSOCK_EOF] = "end",
    [FSOCK_ERR_INPUT] = "input",
    [FSOCK_ERR_MEMORY] = "memory",
    [FSOCK_ERR_TIMEOUT] = "timeout",
    [FSOCK_ERR_SYSTEM] = "system",
    [FSOCK_ERR_NAME] = "name",
    [FSOCK_ERR_DNS] = "dns",
    [FSOCK_ERR_CONNECT] = "connect",
    [FSOCK_ERR_PROXY_NAME] = "proxy-name",
    [FSOCK_ERR_PROXY] = "proxy",
    [FSOCK_ERR_TLS] = "tls",
    [FSOCK_ERR_CERT] = "certificate",
    [FSOCK_ERR_TLS_LOCAL] = "tls-local",
    [FSOCK_ERR_RESET] = "reset",
    [FSOCK_ERR_CLOSED] = "closed",
    [FSOCK_ERR_PROTOCOL] = "protocol",
    [FSOCK_ERR_TRUNCATED] = "truncated",
    [FSOCK_ERR_TOO_BIG] = "too-big",
    [FSOCK_ERR_DECODE] = "decode",
    [FSOCK_ERR_REDIRECTS] = "redirects",
    [FSOCK_ERR_STATUS] = "status",
    [FSOCK_ERR_RESUME] = "resume",
    [FSOCK_ERR_CANCELED] = "canceled",
    [FSOCK_ERR_ASIDE] = "aside",
    [FSOCK_ERR_FORBIDDEN] = "forbidden",
    [FSOCK_ERR_SPENT] = "spent",
    [FSOCK_ERR_LOGIN] = "login",
};

static const char *const stage_names[] = {
    [FSOCK_STAGE_NONE] = "input",      [FSOCK_STAGE_QUEUE] = "queue",
    [FSOCK_STAGE_RESOLVE] = "resolve", [FSOCK_STAGE_CONNECT] = "connect",
    [FSOCK_STAGE_PROXY] = "proxy",     [FSOCK_STAGE_TLS] = "tls",
    [FSOCK_STAGE_SEND] = "send",       [FSOCK_STAGE_HEAD] = "head",
    [FSOCK_STAGE_BODY] = "body",       [FSOCK_STAGE_RECV] = "recv",
    [FSOCK_STAGE_LISTEN] = "listen",   [FSOCK_STAGE_DIALOG] = "dialog",
    [FSOCK_STAGE_LOGIN] = "login",
};

const char *fsock_version(void)
{
    return FSOCK_VERSION;
}

const char *fsock_err_name(enum fsock_err err)
{
    return (unsigned)err < FSOCK_ERR_COUNT_ ? err_names[err] : "unknown";
}

const char *fsock_stage_name(enum fsock_stage stage)
{
    return (unsigned)stage < FSOCK_STAGE_COUNT_ ? stage_names[stage] : "unknown";
}

enum fsock_err fsk_fault_set(struct fsock_fault *fault, enum fsock_err err, enum fsock_stage stage,
                             int sys_errno, const char *format, ...)
{
    if (!fault || fault->err != FSOCK_OK)
        return err;
    va_list ap;
    va_start(ap, format);
    vsnprintf(fault->text, sizeof fault->text, format, ap);
    va_end(ap);
    fault->err = err;
    fault->stage = stage;
    fault->sys_errno = sys_errno;
    return err;
}

void fsk_fault_hint(struct fsock_fault *fault, const char *format, ...)
{
    if (!fault || fault->hint[0])
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(fault->hint, sizeof fault->hint, format, ap);
    va_end(ap);
}

void fsk_fault_try(struct fsock_fault *fault, const char *addr, int sys_errno, fsock_time took)
{
    if (!fault)
        return;
    unsigned i = fault->tries++;
    if (i >= FSOCK_TRIES_MAX)
        return;
    snprintf(fault->tried[i].addr, sizeof fault->tried[i].addr, "%s", addr);
    fault->tried[i].sys_errno = sys_errno;
    fault->tried[i].took = took;
}

const char *fsk_errno_text(int sys_errno)
{
    switch (sys_errno) {
    case 0:
    case EINPROGRESS:
    case EAGAIN:
        return "no answer";
    case ECONNREFUSED:
        return "refused";
    case ECONNRESET:
        return "connection reset by the peer";
    case EPIPE:
        return "connection closed by the peer";
    case ETIMEDOUT:
        return "timed out";
    case EHOSTUNREACH:
        return "no route to the host";
    case ENETUNREACH:
        return "network unreachable";
    case EADDRNOTAVAIL:
        return "address not available on this machine";
    case EADDRINUSE:
        return "address already in use";
    case EACCES:
        return "permission denied";
    case EPERM:
        return "not permitted (a firewall rule?)";
    case ENOENT:
        return "no such file";
    case EMFILE:
        return "too many open files";
    case ENFILE:
        return "too many open files on this machine";
    case ENOTSOCK:
        return "not a socket";
    case EPROTOTYPE:
        return "wrong type of socket";
    default: {
        const char *text = strerrordesc_np(sys_errno);
        return text ? text : "unknown error";
    }
    }
}
