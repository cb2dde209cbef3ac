#include "face/given.h"

#include <string.h>

#include "base/fault.h"
#include "base/pace.h"
#include "op/request.h"

static enum fsock_err take(void *out, size_t size, const void *in, const char *what,
                           struct fsock_fault *fault)
{
    size_t given;
    if (!in)
        return FSOCK_OK;
    memcpy(&given, in, sizeof given); /* the first member of each */
    if (given < 2 * sizeof given || given > 4096)
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "struct %s was not set up by %s_init", what, what);
    memcpy(out, in, given < size ? given : size);
    memcpy(out, &size, sizeof size);
    return FSOCK_OK;
}

enum fsock_err fsk_given_options(struct fsock_options *out, const struct fsock_options *in,
                                 struct fsock_fault *fault)
{
    fsock_options_init(out);
    enum fsock_err err = take(out, sizeof *out, in, "fsock_options", fault);
    if (err == FSOCK_OK && out->family != 0 && out->family != 4 && out->family != 6)
        err = fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                            "the address family %d is none of 0, 4 and 6", out->family);
    if (err == FSOCK_OK && (out->http2 < 0 || out->http2 > FSOCK_HTTP2_PRIOR))
        err = fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                            "http2 is %d, which is none of 0, FSOCK_HTTP2_TLS and "
                            "FSOCK_HTTP2_PRIOR",
                            out->http2);
    if (err == FSOCK_OK && (out->adaptive < 0 || out->adaptive > FSOCK_ADAPT_DOWN))
        err = fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                            "adaptive is %d, which is none of 0, FSOCK_ADAPT_UP and "
                            "FSOCK_ADAPT_DOWN",
                            out->adaptive);
    if (err == FSOCK_OK && (out->breaker < 0 || out->breaker > 1))
        err = fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                            "breaker is %d, which is none of 0 and 1", out->breaker);
    if (err == FSOCK_OK && (!fsk_pace_is_rate(out->host_rate) ||
                            !fsk_pace_is_rate(out->host_bytes) || out->host_delay < 0))
        err =
            fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                          "host_rate, host_bytes or host_delay can't be kept: a rate is from 1e-6 "
                          "to 1e12 a second, a delay not negative, and 0 no limit");
    return err;
}

enum fsock_err fsk_given_dns_options(struct fsock_dns_options *out,
                                     const struct fsock_dns_options *in, struct fsock_fault *fault)
{
    fsock_dns_options_init(out);
    enum fsock_err err = take(out, sizeof *out, in, "fsock_dns_options", fault);
    struct fsock_dns_options usual;
    fsock_dns_options_init(&usual);
    out->parallel = out->parallel ? out->parallel : usual.parallel;
    out->race = out->race ? out->race : usual.race;
    return err;
}

enum fsock_err fsk_given_cookie(struct fsock_cookie *out, const struct fsock_cookie *in,
                                struct fsock_fault *fault)
{
    fsock_cookie_init(out);
    enum fsock_err err = take(out, sizeof *out, in, "fsock_cookie", fault);
    const char **texts[] = {&out->name, &out->value, &out->domain, &out->path};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = *texts[i] ? *texts[i] : "";
    return err;
}

enum fsock_err fsk_given_request(struct fsock_request *out, const struct fsock_request *in,
                                 struct fsock_fault *fault)
{
    fsock_request_init(out);
    enum fsock_err err = take(out, sizeof *out, in, "fsock_request", fault);
    return err == FSOCK_OK ? fsk_request_check(out, fault) : err;
}

void fsock_check_request_init(struct fsock_check_request *request)
{
    *request = (struct fsock_check_request){.size = sizeof *request};
}

enum fsock_err fsk_given_check_request(struct fsock_check_request *out,
                                       const struct fsock_check_request *in,
                                       struct fsock_fault *fault)
{
    fsock_check_request_init(out);
    return take(out, sizeof *out, in, "fsock_check_request", fault);
}

enum fsock_err fsock_request_check(const struct fsock_request *request, struct fsock_fault *fault)
{
    struct fsock_request given;
    struct fsock_fault unheard;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    return fsk_given_request(&given, request, fault);
}
