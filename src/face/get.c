/*
 * fsock_get: one URL, blocking. The same transfer as in a fetch, run to its end by drive/run.
 */
#include <stdlib.h>

#include "base/explain.h"
#include "base/fault.h"
#include "drive/run.h"
#include "face/given.h"
#include "op/transfer.h"

#define BODY_MAX ((uint64_t)64 * 1024 * 1024)

struct fsock_result {
    struct fsk_op op; /* steps the transfer, and gathers its body */
    struct fsk_http http;
    struct fsk_transfer transfer;
    struct fsock_request request;
    struct fsk_buf body;
    struct fsock_fault fault;
    bool began; /* the transfer is initialised */
};

static enum fsock_err step(struct fsk_op *op, fsock_time now)
{
    struct fsock_result *r = FSK_HOLDER(op, struct fsock_result, op);
    for (;;) {
        enum fsock_err err = fsk_op_inner(op, &r->transfer.op, now);
        if (err != FSOCK_AGAIN || !r->http.shown)
            return err;
        r->http.shown = NULL;
        fsk_op_clear(op);
        if (r->transfer.event == FSK_TRANSFER_RESTART)
            fsk_buf_clear(&r->body);
        if (r->transfer.event != FSK_TRANSFER_DATA)
            continue;
        err = fsk_buf_append(&r->body, r->transfer.data.p, r->transfer.data.n);
        if (err != FSOCK_OK)
            return fsk_fault_set(&r->fault, err, FSOCK_STAGE_BODY, 0, "body: out of memory");
    }
}

static enum fsock_err run_it(struct fsock_result *r, const char *url,
                             const struct fsock_options *options, fsock_time deadline)
{
    struct fsk_run run;
    if (!fsk_run_init(&run, options->trace))
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = fsk_http_init(&r->http, options, &run.sched.driver, 1, 1, &r->fault);
    if (err == FSOCK_OK) {
        r->began = true;
        err = fsk_transfer_init(&r->transfer, &r->http, fsk_span_str(url), &r->request, 1);
    }
    if (err == FSOCK_OK) {
        fsk_transfer_start(&r->transfer, NULL, deadline);
        fsk_op_init(&r->op, step, r->transfer.op.deadline);
        r->op.id = r->transfer.op.id;
        err = fsk_run(&run, &r->op);
    }
    if (r->began) {
        if (r->fault.err == FSOCK_OK && err != FSOCK_OK)
            r->fault = r->transfer.fault;
        fsk_transfer_close(&r->transfer);
    }
    fsk_http_fini(&r->http);
    fsk_run_fini(&run);
    return err;
}

enum fsock_err fsock_get(fsock_result **result, const char *url,
                         const struct fsock_request *request, const struct fsock_options *options,
                         fsock_time deadline)
{
    struct fsock_options given;
    struct fsock_result *r = calloc(1, sizeof *r);
    *result = r;
    if (!r)
        return FSOCK_ERR_MEMORY;
    enum fsock_err err = fsk_given_options(&given, options, &r->fault);
    if (err == FSOCK_OK)
        err = fsk_given_request(&r->request, request, &r->fault);
    if (given.max_body == 0)
        given.max_body = BODY_MAX;
    fsk_buf_init(&r->body, (size_t)given.max_body);
    fsk_response_init(&r->transfer.response, "");
    if (err == FSOCK_OK)
        err = run_it(r, url, &given, deadline);
    if (err != FSOCK_OK)
        fsk_fault_set(&r->fault, err, FSOCK_STAGE_NONE, 0, "%s",
                      err == FSOCK_ERR_MEMORY ? "out of memory" : fsock_err_name(err));
    fsk_fault_advise(&r->fault);
    return err;
}

const struct fsock_response *fsock_result_response(const fsock_result *result)
{
    return &result->transfer.response;
}

const char *fsock_result_body(const fsock_result *result, size_t *len)
{
    struct fsk_span body = fsk_buf_span(&result->body);
    *len = body.n;
    return body.n ? body.p : "";
}

const struct fsock_fault *fsock_result_fault(const fsock_result *result)
{
    return result->fault.err == FSOCK_OK ? NULL : &result->fault;
}

void fsock_result_free(fsock_result *result)
{
    if (!result)
        return;
    if (result->began)
        fsk_transfer_fini(&result->transfer);
    fsk_buf_fini(&result->body);
    free(result);
}
