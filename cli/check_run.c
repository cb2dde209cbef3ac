#include "check_run.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "check_record.h"
#include "interrupt.h"
#include "list.h"
#include "wire/service.h"

static const fsock_time flush_after = 100 * FSOCK_MILLISECOND;

/* What the events of watched descriptors are known by. */
static char list_watch, signal_watch;

struct run {
    const struct check_options *o;
    struct check_secret *secret;
    fsock_check *check;
    struct fsock_check_request request;
    struct list list;
    size_t next; /* of the command line's targets */
    bool room, ended, list_waits, list_failed, stopped, busy;
    bool terminal;
    int signals, exitcode; /* exitcode: of the last target */
    uint64_t fine, failed;
    fsock_time flushed;
    struct trace_log trace;
    struct out out, err;
};

static void say(struct run *run, const char *text)
{
    if (run->o->silent || !text[0])
        return;
    out_str(&run->err, "fsock: check: ");
    out_text(&run->err, fsk_span_str(text));
    out_char(&run->err, '\n');
    out_flush(&run->err);
}

/* ---- Records --------------------------------------------------------------------------------- */

static void tell(struct run *run, const struct fsock_check_result *result)
{
    struct outcome end;
    outcome_fine(&end);
    if (result->fault)
        outcome_fault(&end, result->fault, "", run->o->ca_file);
    if (end.exitcode == EXIT_URL)
        end.exitcode = EXIT_USAGE;
    struct check_record record = {
        .result = result,
        .outcome = &end,
        .state = !result->fault                             ? "ok"
                 : result->fault->err == FSOCK_ERR_CANCELED ? "unknown"
                                                            : "critical",
        .now = fsk_time_unix() / FSOCK_SECOND,
    };
    if (run->o->json)
        check_record_json(&run->out, &record);
    else
        check_record_line(&run->out, &record, run->terminal);
    run->exitcode = end.exitcode;
    run->fine += !result->fault;
    run->failed += result->fault != NULL;
    if (run->terminal)
        out_flush(&run->out);
    if (!run->o->json && end.hint[0] && check_is_single(run->o)) {
        out_flush(&run->out);
        say(run, end.hint);
    }
}

/* Of a target that could not even be tried. */
static void tell_refused(struct run *run, const char *target, const struct fsock_fault *fault)
{
    static const char *const none[] = {NULL};
    struct fsock_check_result result = {
        .target = target,
        .service = "",
        .host = "",
        .peer = "",
        .banner = "",
        .capabilities = none,
        .text = "",
        .tls_version = "",
        .tls_cipher = "",
        .mechanism = "",
        .fault = fault,
    };
    tell(run, &result);
}

/* ---- Targets --------------------------------------------------------------------------------- */

/* FSOCK_AGAIN: the queue is full, once more later. */
static enum fsock_err add(struct run *run, const char *target)
{
    struct fsock_fault fault;
    struct fsk_service_target parts;
    char unused[FSK_ENDPOINT_WHY];
    if (fsk_service_parse(fsk_span_str(target), &parts, unused))
        check_secret_choose(run->secret, parts.endpoint.host);
    run->request.user = run->secret->user;
    run->request.password = run->secret->password;
    enum fsock_err err = fsock_check_add(run->check, target, &run->request, NULL, &fault);
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        tell_refused(run, target, &fault);
    return err == FSOCK_AGAIN ? err : FSOCK_OK;
}

static void list_broke(struct run *run, const char *name)
{
    char text[4200];
    snprintf(text, sizeof text, "can't read %s: %s", name, fsk_errno_text(run->list.sys_errno));
    run->list_failed = true;
    say(run, text);
}

/* A line of a list. What it holds is a target, or is told as a bad one. */
static void add_line(struct run *run, const struct list_line *line, char *target, size_t cap)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    size_t n = line->text.n < cap - 1 ? line->text.n : cap - 1;
    memcpy(target, line->text.p, n);
    target[n] = '\0';
    const char *why = line->why ? line->why : n < line->text.n ? "the line is too long" : NULL;
    if (!why)
        return;
    fsk_fault_set(&fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s, line %llu: %s", line->name,
                  (unsigned long long)line->number, why);
    tell_refused(run, target, &fault);
    target[0] = '\0';
}

/* The next target of the lists; "" if there is none now. */
static enum fsock_err from_list(struct run *run, char *target, size_t cap)
{
    struct list_line line;
    target[0] = '\0';
    switch (list_next(&run->list, &line)) {
    case LIST_LINE:
    case LIST_BAD:
        add_line(run, &line, target, cap);
        return FSOCK_OK;
    case LIST_END:
        run->ended = true;
        return FSOCK_AGAIN;
    case LIST_MORE:
        run->busy = true;
        return FSOCK_AGAIN;
    case LIST_FAILED:
        list_broke(run, line.name);
        return FSOCK_OK;
    case LIST_WAIT:
        break;
    }
    if (!run->list_waits &&
        fsock_check_watch(run->check, run->list.fd, FSOCK_READABLE, &list_watch) != FSOCK_OK)
        return FSOCK_ERR_MEMORY;
    run->list_waits = true;
    return FSOCK_AGAIN;
}

/* Put in what there is, as long as the library takes it. */
static enum fsock_err feed(struct run *run)
{
    static char target[2048]; /* kept while the queue is full */
    run->busy = false;
    while (run->room && !run->ended) {
        enum fsock_err err = FSOCK_OK;
        if (!target[0] && run->next < run->o->targets.n)
            snprintf(target, sizeof target, "%s", run->o->targets.item[run->next++].value);
        else if (!target[0])
            err = from_list(run, target, sizeof target);
        if (err != FSOCK_OK)
            return err == FSOCK_AGAIN ? FSOCK_OK : err;
        if (target[0] && add(run, target) == FSOCK_AGAIN)
            run->room = false;
        else
            target[0] = '\0';
    }
    return FSOCK_OK;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static void flush(struct run *run)
{
    out_flush(&run->out);
    run->flushed = fsock_now();
}

static void stop(struct run *run, const char *why)
{
    run->stopped = run->ended = true;
    fsock_check_stop(run->check, why);
}

static void tick(struct run *run)
{
    if (run->out.n && fsock_now() - run->flushed > flush_after)
        flush(run);
    if (run->stopped)
        return;
    if (interrupt_signal())
        stop(run, "interrupted");
    else if (run->out.sys_errno)
        stop(run, "standard output can't be written");
}

/* Wait for an event; before that, write what is waiting to be read by others. */
static enum fsock_err next_event(struct run *run, struct fsock_check_event *e)
{
    const fsock_time now_or_never = 0;
    if (run->out.n || run->busy) {
        enum fsock_err err = fsock_check_next(run->check, e, now_or_never);
        if (err != FSOCK_ERR_TIMEOUT || run->busy)
            return err;
        flush(run);
    }
    return fsock_check_next(run->check, e, FSOCK_NEVER);
}

static void act(struct run *run, const struct fsock_check_event *e)
{
    if (e->kind == FSOCK_EVENT_ROOM)
        run->room = true;
    if (e->kind == FSOCK_EVENT_MARK)
        trace_log_drain(&run->trace);
    if (e->kind == FSOCK_EVENT_DONE)
        tell(run, e->result);
    if (e->kind == FSOCK_EVENT_READY && e->user == &list_watch) {
        run->list_waits = false;
        list_ready(&run->list);
    }
}

static bool is_done(const struct run *run)
{
    return run->ended && !fsock_check_running(run->check) && !fsock_check_queued(run->check);
}

/* FSOCK_OK, or what stopped the library itself. */
static enum fsock_err loop(struct run *run)
{
    for (;;) {
        struct fsock_check_event e;
        enum fsock_err err = feed(run);
        if (is_done(run))
            return FSOCK_OK;
        if (err == FSOCK_OK)
            err = next_event(run, &e);
        if (err == FSOCK_OK)
            act(run, &e);
        else if (err != FSOCK_ERR_TIMEOUT)
            return err == FSOCK_EOF ? FSOCK_OK : err;
        tick(run);
    }
}

/* ---- Before and after ------------------------------------------------------------------------ */

/* 0, or an exit code with a sentence in `why`. */
static int prepare(struct run *run, char *why, size_t cap)
{
    const struct check_options *o = run->o;
    struct fsock_options options = o->options;
    struct fsock_fault fault = {.err = FSOCK_OK};
    const char *bad = list_unreadable(&o->lists);
    if (bad) {
        snprintf(why, cap, "can't read the list %s: %s", bad, fsk_errno_text(errno));
        return EXIT_READ;
    }
    if (!trace_log_open(&run->trace, &o->trace, "check", check_is_single(o),
                        o->verbose ? &run->err : NULL, why, cap))
        return EXIT_WRITE;
    options.trace = run->trace.trace;
    run->check = fsock_check_new(&options, (unsigned)o->parallel, &fault);
    if (!run->check) {
        struct outcome end;
        outcome_fault(&end, &fault, "", o->ca_file);
        outcome_sentence(why, cap, &fault);
        return fault.err == FSOCK_ERR_INPUT ? EXIT_USAGE : end.exitcode;
    }
    run->signals = interrupt_catch();
    if (run->signals < 0 ||
        fsock_check_watch(run->check, run->signals, FSOCK_READABLE, &signal_watch) != FSOCK_OK) {
        snprintf(why, cap, "out of memory or descriptors");
        return EXIT_MEMORY;
    }
    out_patience(&run->out, FSOCK_NEVER, run->signals);
    out_patience(&run->err, FSOCK_NEVER, run->signals);
    trace_log_patience(&run->trace, FSOCK_NEVER, run->signals);
    return 0;
}

static void fill_request(struct run *run)
{
    const struct check_options *o = run->o;
    struct fsock_check_request *r = &run->request;
    struct fsk_span send = fsk_buf_span(&o->send_bytes), expect = fsk_buf_span(&o->expect_bytes);
    fsock_check_request_init(r);
    r->starttls = (enum fsock_starttls)o->starttls;
    r->mechanism = o->mechanism;
    r->name = o->name;
    r->sender = o->sender;
    r->recipients = o->rcpt;
    r->message = (uint64_t)o->message;
    r->list = o->list_mail;
    r->send = send.p;
    r->send_len = send.n;
    r->expect = expect.p;
    r->expect_len = expect.n;
}

static int exit_code(const struct run *run, enum fsock_err err)
{
    if (run->out.sys_errno)
        return EXIT_WRITE;
    if (interrupt_signal())
        return 128 + interrupt_signal();
    if (err != FSOCK_OK)
        return err == FSOCK_ERR_MEMORY ? EXIT_MEMORY : EXIT_RECV;
    if (run->list_failed)
        return EXIT_READ;
    if (check_is_single(run->o))
        return run->exitcode;
    return !run->failed ? EXIT_FINE : run->fine ? EXIT_SOME_FAILED : EXIT_ALL_FAILED;
}

static int finish(struct run *run, enum fsock_err err)
{
    char text[256];
    flush(run);
    if (run->out.sys_errno && run->out.sys_errno != EPIPE) {
        snprintf(text, sizeof text, "can't write standard output: %s",
                 fsk_errno_text(run->out.sys_errno));
        say(run, text);
    }
    if (err != FSOCK_OK)
        say(run, err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
    if (!check_is_single(run->o) && !run->o->silent) {
        out_u64(&run->err, run->fine);
        OUT_LITERAL(&run->err, " ok, ");
        out_u64(&run->err, run->failed);
        OUT_LITERAL(&run->err, " failed\n");
        out_flush(&run->err);
    }
    return exit_code(run, err);
}

int check_run(const struct check_options *o, struct check_secret *secret)
{
    static struct run run;
    char why[1024] = "";
    run.o = o;
    run.secret = secret;
    run.room = true;
    run.flushed = fsock_now();
    run.terminal = isatty(STDOUT_FILENO) == 1;
    out_init(&run.out, STDOUT_FILENO);
    out_init(&run.err, STDERR_FILENO);
    list_init(&run.list, &o->lists);
    fill_request(&run);
    int code = prepare(&run, why, sizeof why);
    if (code)
        say(&run, why);
    else
        code = finish(&run, loop(&run));
    fsock_check_free(run.check);
    code = trace_log_end(&run.trace, code, why, sizeof why);
    say(&run, why);
    list_fini(&run.list);
    out_fini(&run.out);
    out_fini(&run.err);
    return code;
}
