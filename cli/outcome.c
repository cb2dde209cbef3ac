#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void outcome_fine(struct outcome *o)
{
    o->exitcode = EXIT_FINE;
    o->err = fsock_err_name(FSOCK_OK);
    o->stage = "";
    o->sys_errno = 0;
    o->fault = NULL;
    o->text[0] = o->hint[0] = '\0';
}

/* A connection that broke: what curl says depends on what was going on. */
static int broken(enum fsock_stage stage, int in_head, int in_body)
{
    switch (stage) {
    case FSOCK_STAGE_RESOLVE:
        return EXIT_NAME;
    case FSOCK_STAGE_PROXY:
        return EXIT_PROXY;
    case FSOCK_STAGE_TLS:
        return EXIT_TLS;
    case FSOCK_STAGE_SEND:
        return EXIT_SEND;
    case FSOCK_STAGE_HEAD:
    case FSOCK_STAGE_DIALOG:
    case FSOCK_STAGE_LOGIN:
        return in_head;
    case FSOCK_STAGE_BODY:
        return in_body;
    case FSOCK_STAGE_RECV:
        return EXIT_RECV;
    case FSOCK_STAGE_LISTEN:
        return EXIT_INTERFACE;
    default:
        return EXIT_CONNECT;
    }
}

int exitcode_of(enum fsock_err err, enum fsock_stage stage)
{
    static const int fixed[FSOCK_ERR_COUNT_] = {
        [FSOCK_ERR_INPUT] = EXIT_URL,
        [FSOCK_ERR_MEMORY] = EXIT_MEMORY,
        [FSOCK_ERR_TIMEOUT] = EXIT_TIMEOUT,
        [FSOCK_ERR_NAME] = EXIT_NAME,
        [FSOCK_ERR_DNS] = EXIT_NAME,
        [FSOCK_ERR_CONNECT] = EXIT_CONNECT,
        [FSOCK_ERR_PROXY_NAME] = EXIT_PROXY_NAME,
        [FSOCK_ERR_PROXY] = EXIT_PROXY,
        [FSOCK_ERR_CERT] = EXIT_PEER_CERT,
        [FSOCK_ERR_TLS_LOCAL] = EXIT_LOCAL_CERT,
        [FSOCK_ERR_TRUNCATED] = EXIT_PARTIAL,
        [FSOCK_ERR_DECODE] = EXIT_ENCODING,
        [FSOCK_ERR_REDIRECTS] = EXIT_REDIRECTS,
        [FSOCK_ERR_STATUS] = EXIT_STATUS,
        [FSOCK_ERR_RESUME] = EXIT_RANGE,
        [FSOCK_ERR_CANCELED] = EXIT_CANCELED,
        [FSOCK_ERR_ASIDE] = EXIT_CONNECT,
        [FSOCK_ERR_FORBIDDEN] = EXIT_FORBIDDEN,
        [FSOCK_ERR_SPENT] = EXIT_TOO_BIG,
        [FSOCK_ERR_LOGIN] = EXIT_LOGIN,
    };
    switch (err) {
    case FSOCK_OK:
        return EXIT_FINE;
    case FSOCK_ERR_TLS:
        return stage == FSOCK_STAGE_TLS ? EXIT_TLS : broken(stage, EXIT_RECV, EXIT_RECV);
    case FSOCK_ERR_SYSTEM:
    case FSOCK_ERR_RESET:
        return broken(stage, EXIT_RECV, EXIT_RECV);
    case FSOCK_ERR_CLOSED:
        return broken(stage, EXIT_EMPTY, EXIT_PARTIAL);
    case FSOCK_ERR_PROTOCOL:
        return broken(stage, EXIT_WEIRD, EXIT_RECV);
    case FSOCK_ERR_TOO_BIG:
        return broken(stage, EXIT_RECV, EXIT_TOO_BIG);
    default:
        return (unsigned)err < FSOCK_ERR_COUNT_ && fixed[err] ? fixed[err] : EXIT_RECV;
    }
}

/* "ftp://x" has a scheme, and not one of ours; "host:80/x" has none. */
static bool foreign_scheme(const char *url)
{
    const char *end = strstr(url, "://");
    if (!end || strcspn(url, "/?#") < (size_t)(end - url))
        return false;
    size_t n = (size_t)(end - url);
    return !(n == 4 && !strncasecmp(url, "http", n)) && !(n == 5 && !strncasecmp(url, "https", n));
}

/* The option that raises each limit. */
static const char *const raised_by[] = {
    [FSOCK_LIMIT_NONE] = NULL,
    [FSOCK_LIMIT_CONNECT] = "--connect-timeout",
    [FSOCK_LIMIT_READ] = "--read-timeout",
    [FSOCK_LIMIT_TOTAL] = "-m",
    [FSOCK_LIMIT_BODY] = "--max-body",
    [FSOCK_LIMIT_RATIO] = "--max-ratio",
    [FSOCK_LIMIT_REDIRECTS] = "--max-redirs",
    [FSOCK_LIMIT_REQUESTS] = "--max-requests",
    [FSOCK_LIMIT_BYTES] = "--max-total",
};

/* The option that a hint of the library's means but can't name, or NULL. */
static const char *meant_by(enum fsock_err err)
{
    switch (err) {
    case FSOCK_ERR_CERT:
        return "--cacert FILE";
    case FSOCK_ERR_DECODE:
        return "--raw";
    case FSOCK_ERR_FORBIDDEN:
        return "--public-only, --allow, --deny";
    default:
        return NULL;
    }
}

void outcome_fault(struct outcome *o, const struct fsock_fault *fault, const char *url,
                   const char *ca_file)
{
    o->exitcode = exitcode_of(fault->err, fault->stage);
    if (fault->err == FSOCK_ERR_INPUT && foreign_scheme(url))
        o->exitcode = EXIT_SCHEME;
    if (fault->err == FSOCK_ERR_TLS_LOCAL && ca_file && strstr(fault->text, ca_file))
        o->exitcode = EXIT_CA_FILE;
    o->err = fsock_err_name(fault->err);
    o->stage = fsock_stage_name(fault->stage);
    o->sys_errno = fault->sys_errno;
    o->fault = fault;
    const char *option = raised_by[fault->limit];
    if (option)
        snprintf(o->text, sizeof o->text, "%s (%s raises this limit)", fault->text, option);
    else
        snprintf(o->text, sizeof o->text, "%s", fault->text);
    option = fault->hint[0] ? meant_by(fault->err) : NULL;
    snprintf(o->hint, sizeof o->hint, option ? "%s (%s)" : "%s", fault->hint, option);
}

void outcome_sentence(char *text, size_t cap, const struct fsock_fault *fault)
{
    snprintf(text, cap, "%s%s%s", fault->text, fault->hint[0] ? "; " : "", fault->hint);
}

void outcome_fail(struct outcome *o, int exitcode, const char *err, int sys_errno,
                  const char *format, ...)
{
    if (o->exitcode != EXIT_FINE)
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(o->text, sizeof o->text, format, ap);
    va_end(ap);
    o->exitcode = exitcode;
    o->err = err;
    o->sys_errno = sys_errno;
}
