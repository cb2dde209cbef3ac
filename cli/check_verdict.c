#include "check_verdict.h"

#include <stdio.h>

#include "base/time.h"

#define DAY INT64_C(86400)

const char *check_state_name(enum check_state state)
{
    static const char *const names[] = {"ok", "warning", "critical", "unknown"};
    return names[state];
}

int64_t check_days_left(const struct fsock_cert *cert, int64_t now)
{
    int64_t left = cert->not_after - now;
    return left >= 0 ? left / DAY : (left - DAY + 1) / DAY;
}

/* It could not be said: the target is wrong, or the run was ended. */
static bool is_unknown(const struct fsock_fault *fault)
{
    return fault->err == FSOCK_ERR_CANCELED || fault->err == FSOCK_ERR_INPUT ||
           fault->err == FSOCK_ERR_MEMORY || fault->err == FSOCK_ERR_TLS_LOCAL;
}

static void judge_time(struct check_verdict *v, const struct check_options *o, fsock_time took)
{
    char time[32], limit[32];
    if (o->critical && took >= o->critical) {
        v->state = CHECK_CRITICAL;
        outcome_fail(&v->outcome, EXIT_STATUS, "slow", 0, "it took %s, and --critical is %s",
                     fsk_time_text(time, sizeof time, took),
                     fsk_time_text(limit, sizeof limit, o->critical));
    } else if (o->warn && took >= o->warn) {
        v->state = CHECK_WARNING;
        snprintf(v->warning, sizeof v->warning, "it took %s, and --warn is %s",
                 fsk_time_text(time, sizeof time, took),
                 fsk_time_text(limit, sizeof limit, o->warn));
    }
}

static void judge_certificate(struct check_verdict *v, const struct check_options *o,
                              const struct fsock_cert *cert)
{
    int64_t left = check_days_left(cert, v->now);
    if (v->state != CHECK_OK || left >= o->cert_days)
        return;
    v->state = CHECK_WARNING;
    if (left < 0) /* (--insecure) */
        snprintf(v->warning, sizeof v->warning, "the certificate has ended");
    else
        snprintf(v->warning, sizeof v->warning, "the certificate ends in %lld days",
                 (long long)left);
}

void check_judge(struct check_verdict *v, const struct check_options *o,
                 const struct fsock_check_result *result, int64_t now)
{
    *v = (struct check_verdict){.state = CHECK_OK, .now = now};
    outcome_fine(&v->outcome);
    if (result->fault) {
        outcome_fault(&v->outcome, result->fault, "", o->ca_file);
        if (result->fault->err == FSOCK_ERR_INPUT)
            v->outcome.exitcode = EXIT_USAGE;
        v->state = is_unknown(result->fault) ? CHECK_UNKNOWN : CHECK_CRITICAL;
        return;
    }
    judge_time(v, o, result->took);
    if (result->cert)
        judge_certificate(v, o, result->cert);
}
