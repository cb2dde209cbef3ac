/* lookup.c: one question, blocking, by drive/run. */
#include <stdio.h>
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "base/time.h"
#include "base/trace.h"
#include "drive/run.h"
#include "face/ask.h"
#include "face/given.h"
#include "op/resolve.h"

/* What fsock_lookup() gives out: the answer, and the question, whose texts it uses. */
struct lookup {
    struct fsk_answer answer; /* first */
    struct fsk_ask ask;
    char server[FSK_ADDR_TEXT + 8]; /* the servers themselves are gone by then */
};

static enum fsock_err run_it(struct lookup *l, struct fsk_run *run,
                             const struct fsock_options *options,
                             const struct fsock_dns_options *how, fsock_time deadline,
                             struct fsock_fault *fault)
{
    struct fsk_dns_setup setup;
    enum fsock_err err =
        fsk_dns_setup_init(&setup, &run->sched.driver, options, how, deadline, fault);
    if (err == FSOCK_OK) {
        fsock_time now = fsock_now();
        fsk_ask_begin(&l->ask, &setup, 1,
                      fsk_time_min(deadline, fsk_time_limit(now, how->timeout)));
        err = fsk_run(run, &l->ask.query.op);
        fsk_answer_tell(&l->answer, &l->ask, err, "");
        fsk_mark_done(run->sched.driver.trace, 1, l->answer.answer.fault);
        snprintf(l->server, sizeof l->server, "%s", l->answer.answer.server);
        l->answer.answer.server = l->server;
        fsk_query_fini(&l->ask.query);
        l->ask.query.stub = NULL;
    }
    fsk_dns_setup_fini(&setup);
    return err;
}

enum fsock_err fsock_lookup(struct fsock_answer **answer, const char *name, unsigned type,
                            const struct fsock_options *options,
                            const struct fsock_dns_options *dns_options, fsock_time deadline)
{
    struct fsock_options given;
    struct fsock_dns_options how;
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_run run;
    *answer = NULL;
    struct lookup *l = calloc(1, sizeof *l);
    if (!l || !fsk_run_init(&run, NULL)) {
        free(l);
        return FSOCK_ERR_MEMORY;
    }
    *answer = &l->answer.answer;
    fsk_answer_init(&l->answer);
    fsk_ask_init(&l->ask);
    fsk_answer_refused(&l->answer, name, &fault);
    enum fsock_err err = fsk_given_options(&given, options, &fault);
    run.sched.driver.trace = given.trace;
    if (err == FSOCK_OK)
        err = fsk_given_dns_options(&how, dns_options, &fault);
    if (err == FSOCK_OK)
        err = fsk_ask_set(&l->ask, name, strlen(name), type, &fault);
    if (err == FSOCK_OK)
        err = run_it(l, &run, &given, &how, deadline, &fault);
    if (fault.err != FSOCK_OK)
        fsk_answer_refused(&l->answer, name, &fault);
    fsk_run_fini(&run);
    return l->answer.answer.fault ? l->answer.answer.fault->err : err;
}

void fsock_answer_free(struct fsock_answer *answer)
{
    struct lookup *l = (struct lookup *)(void *)answer;
    if (!l)
        return;
    fsk_answer_fini(&l->answer);
    fsk_ask_fini(&l->ask);
    free(l);
}

enum fsock_err fsock_dns_parse(struct fsock_answer **answer, const void *message, size_t len)
{
    *answer = NULL;
    struct lookup *l = calloc(1, sizeof *l);
    if (!l)
        return FSOCK_ERR_MEMORY;
    *answer = &l->answer.answer;
    fsk_answer_init(&l->answer);
    fsk_ask_init(&l->ask);
    return fsk_answer_parse(&l->answer, message, len);
}

/* ---- Names and addresses as text ------------------------------------------------------------- */

/* A text that was given, or as much of it as there is room for. */
static void copy(char out[FSOCK_NAME_MAX], const char *text)
{
    snprintf(out, FSOCK_NAME_MAX, "%s", text);
}

/* The first PTR record, without the dot at its end. */
static enum fsock_err first_name(char name[FSOCK_NAME_MAX], const struct fsock_answer *a)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct fsock_record *r = &a->records[i];
        if (r->type != FSOCK_PTR || r->data_len >= FSOCK_NAME_MAX)
            continue;
        copy(name, r->data);
        if (r->data_len > 1)
            name[r->data_len - 1] = '\0';
        return FSOCK_OK;
    }
    return FSOCK_ERR_NAME;
}

enum fsock_err fsock_name_of(char name[FSOCK_NAME_MAX], const char *address,
                             const struct fsock_options *options, fsock_time deadline,
                             struct fsock_fault *fault)
{
    struct fsock_answer *a;
    struct fsk_addr addr;
    struct fsk_span zone;
    if (fault)
        *fault = (struct fsock_fault){.err = FSOCK_OK};
    copy(name, address);
    if (!fsk_addr_parse(fsk_span_str(address), &addr, &zone))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "\"%.200s\": it is no IP address", address);
    enum fsock_err err = fsock_lookup(&a, address, 0, options, NULL, deadline);
    if (err == FSOCK_OK)
        err = first_name(name, a);
    if (fault && a && a->fault)
        *fault = *a->fault;
    if (!a)
        fsk_fault_set(fault, err, FSOCK_STAGE_NONE, 0, "out of memory");
    if (err == FSOCK_ERR_NAME)
        fsk_fault_set(fault, err, FSOCK_STAGE_RESOLVE, 0, "resolve %.200s PTR: it has no name",
                      address);
    fsock_answer_free(a);
    return err;
}

static enum fsock_err find_address(char address[FSOCK_NAME_MAX], const char *name,
                                   struct fsk_run *run, const struct fsock_options *options,
                                   fsock_time deadline, struct fsock_fault *fault)
{
    struct fsk_resolve r;
    char text[FSK_ADDR_TEXT];
    struct fsk_resolver *resolver = fsk_resolver_new(options, &run->sched.driver, fault);
    if (!resolver)
        return fault->err;
    fsk_resolve_init(&r, resolver, fsk_span_str(name), 0, options->family, deadline, fault);
    enum fsock_err err = fsk_run(run, &r.op);
    if (err == FSOCK_OK) {
        fsk_addr_format(&r.addr[0], text);
        copy(address, text);
    }
    fsk_resolve_fini(&r);
    fsk_resolver_free(resolver);
    if (err != FSOCK_OK)
        fsk_fault_set(fault, err, FSOCK_STAGE_RESOLVE, 0, "out of memory");
    fsk_fault_advise(fault);
    return err;
}

enum fsock_err fsock_address_of(char address[FSOCK_NAME_MAX], const char *name,
                                const struct fsock_options *options, fsock_time deadline,
                                struct fsock_fault *fault)
{
    struct fsock_options given;
    struct fsock_fault unheard;
    struct fsk_run run;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    copy(address, name);
    enum fsock_err err = fsk_given_options(&given, options, fault);
    if (err != FSOCK_OK)
        return err;
    if (!fsk_run_init(&run, given.trace))
        return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, 0, "out of memory");
    err = find_address(address, name, &run, &given, deadline, fault);
    fsk_run_fini(&run);
    return err;
}
