#include "check_run.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/time.h"
#include "check_monitor.h"
#include "check_record.h"
#include "check_targets.h"
#include "interrupt.h"
#include "wire/service.h"

static const fsock_time flush_after = 100 * FSOCK_MILLISECOND;

/* What the events of watched descriptors are known by. */
static char list_watch, signal_watch, out_watch;

struct run {
    const struct check_options *o;
    struct check_secret *secret;
    fsock_check *check;
    struct fsock_check_request request;
    struct check_targets targets;
    struct check_next next; /* waits for room, if `waiting` */
    bool waiting;
    bool room, ended, list_waits, list_failed, stopped, busy;
    bool terminal;
    int signals, exitcode;  /* exitcode: of the last target */
    enum check_state state; /* ... and its state */
    uint64_t fine, failed;
    fsock_time flushed, round; /* round: when the next one begins; FSOCK_NEVER: never */
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

static void put(struct run *run, const struct fsock_check_result *result,
                const struct check_verdict *verdict)
{
    struct check_record record = {result, verdict, run->o->every};
    if (run->o->json)
        check_record_json(&run->out, &record);
    else if (run->o->nagios)
        check_nagios(&run->out, run->o, result, verdict);
    else if (!run->o->prometheus)
        check_record_line(&run->out, &record, run->terminal);
    if (run->terminal || run->o->every)
        out_flush(&run->out);
}

/* With --every, only what has changed; `target` NULL: it is not kept. */
static void tell(struct run *run, const struct fsock_check_result *result,
                 struct check_target *target)
{
    struct check_verdict v;
    check_judge(&v, run->o, result, fsk_time_unix() / FSOCK_SECOND);
    bool news = !target || target->state != (int)v.state;
    if (run->o->every && run->stopped)
        return; /* that it was ended changes nothing about the service */
    if (target)
        check_remember(target, result, &v);
    if (news)
        put(run, result, &v);
    run->exitcode = v.outcome.exitcode;
    run->state = v.state;
    run->fine += v.outcome.exitcode == EXIT_FINE;
    run->failed += v.outcome.exitcode != EXIT_FINE;
    bool hints = !run->o->json && !run->o->nagios && check_is_single(run->o) && news;
    if (hints && v.outcome.hint[0]) {
        out_flush(&run->out);
        say(run, v.outcome.hint);
    }
}

/* Of a target that could not even be tried. */
static void tell_refused(struct run *run, const struct fsock_fault *fault)
{
    static const char *const none[] = {NULL};
    struct fsock_check_result result = {
        .target = run->next.text,
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
    tell(run, &result, run->next.target);
}

/* ---- Targets --------------------------------------------------------------------------------- */

/* FSOCK_AGAIN: the queue is full, once more later. */
static enum fsock_err add(struct run *run)
{
    struct fsock_fault fault;
    struct fsk_service_target parts;
    char unused[FSK_ENDPOINT_WHY];
    const char *target = run->next.text;
    bool good = fsk_service_parse(fsk_span_str(target), &parts, unused);
    if (good)
        check_secret_choose(run->secret, parts.endpoint.host, parts.user);
    run->request.user = good && parts.user.n ? NULL : run->secret->user; /* its own counts */
    run->request.password = run->secret->password;
    enum fsock_err err =
        fsock_check_add(run->check, target, &run->request, run->next.target, &fault);
    if (err != FSOCK_OK && err != FSOCK_AGAIN)
        tell_refused(run, &fault);
    return err == FSOCK_AGAIN ? err : FSOCK_OK;
}

static void list_broke(struct run *run)
{
    char text[4200];
    snprintf(text, sizeof text, "can't read %s: %s", run->next.list,
             fsk_errno_text(run->targets.list.sys_errno));
    run->list_failed = true;
    say(run, text);
}

static enum fsock_err wait_for_list(struct run *run)
{
    if (!run->list_waits && fsock_check_watch(run->check, run->targets.list.fd, FSOCK_READABLE,
                                              &list_watch) != FSOCK_OK)
        return FSOCK_ERR_MEMORY;
    run->list_waits = true;
    return FSOCK_AGAIN;
}

/* The next target is in run->next, or was told as a bad one. FSOCK_AGAIN: there is none now. */
static enum fsock_err next_target(struct run *run)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    switch (check_targets_next(&run->targets, &run->next)) {
    case LIST_LINE:
        run->waiting = true;
        return FSOCK_OK;
    case LIST_BAD:
        fsk_fault_set(&fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, "%s", run->next.why);
        tell_refused(run, &fault);
        return FSOCK_OK;
    case LIST_FAILED:
        list_broke(run);
        return FSOCK_OK;
    case LIST_WAIT:
        return wait_for_list(run);
    case LIST_MORE:
        run->busy = true;
        return FSOCK_AGAIN;
    case LIST_END:
        break;
    }
    run->ended = true;
    return FSOCK_AGAIN;
}

/* Put in what there is, as long as the library takes it. */
static enum fsock_err feed(struct run *run)
{
    enum fsock_err err = FSOCK_OK;
    run->busy = false;
    while (run->room && !run->ended && err == FSOCK_OK) {
        if (!run->waiting)
            err = next_target(run);
        if (err == FSOCK_OK && run->waiting) {
            run->room = add(run) == FSOCK_OK;
            run->waiting = !run->room;
        }
    }
    return err == FSOCK_AGAIN ? FSOCK_OK : err;
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

static bool is_busy(const struct run *run)
{
    return fsock_check_running(run->check) || fsock_check_queued(run->check);
}

/* All once more; a round that took longer than it may is followed by the next at once. */
static void begin_round(struct run *run)
{
    fsock_time now = fsock_now();
    run->round += run->o->every;
    run->round = run->round > now ? run->round : now;
    run->ended = false;
    check_targets_again(&run->targets);
}

static void tick(struct run *run)
{
    if (run->out.n && fsock_now() - run->flushed > flush_after)
        flush(run);
    if (run->stopped)
        return;
    if (run->ended && run->round != FSOCK_NEVER && !is_busy(run) && fsock_now() >= run->round)
        begin_round(run);
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
    bool idle = run->ended && !is_busy(run);
    return fsock_check_next(run->check, e, idle && !run->stopped ? run->round : FSOCK_NEVER);
}

static void act(struct run *run, const struct fsock_check_event *e)
{
    if (e->kind == FSOCK_EVENT_ROOM)
        run->room = true;
    if (e->kind == FSOCK_EVENT_MARK)
        trace_log_drain(&run->trace);
    if (e->kind == FSOCK_EVENT_DONE)
        tell(run, e->result, e->user);
    if (e->kind == FSOCK_EVENT_READY && e->user == &list_watch) {
        run->list_waits = false;
        list_ready(&run->targets.list);
    }
    if (e->kind == FSOCK_EVENT_READY && e->user == &out_watch)
        run->out.sys_errno = EPIPE;
}

static bool is_done(const struct run *run)
{
    return run->ended && !is_busy(run) && (run->stopped || run->round == FSOCK_NEVER);
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

/* With --every nothing may be written for days: a pipe tells when its reader has gone. */
static enum fsock_err watch_reader(struct run *run)
{
    struct stat st;
    if (!run->o->every || fstat(STDOUT_FILENO, &st) != 0 || !S_ISFIFO(st.st_mode))
        return FSOCK_OK;
    return fsock_check_watch(run->check, STDOUT_FILENO, FSOCK_READABLE, &out_watch);
}

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
        fsock_check_watch(run->check, run->signals, FSOCK_READABLE, &signal_watch) != FSOCK_OK ||
        watch_reader(run) != FSOCK_OK) {
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
    if (run->o->nagios)
        return err == FSOCK_OK && !run->out.sys_errno && !interrupt_signal() ? (int)run->state
                                                                             : CHECK_UNKNOWN;
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
    if (run->o->prometheus)
        check_prometheus(&run->out, &run->targets);
    flush(run);
    if (run->out.sys_errno && run->out.sys_errno != EPIPE) {
        snprintf(text, sizeof text, "can't write standard output: %s",
                 fsk_errno_text(run->out.sys_errno));
        say(run, text);
    }
    if (err != FSOCK_OK)
        say(run, err == FSOCK_ERR_MEMORY ? "out of memory" : "waiting for the network failed");
    if (!check_is_single(run->o) && !run->o->silent && !run->o->every) {
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
    run.round = o->every ? run.flushed + o->every : FSOCK_NEVER;
    check_targets_init(&run.targets, o);
    fill_request(&run);
    int code = prepare(&run, why, sizeof why);
    if (code)
        say(&run, why);
    if (code && o->nagios)
        code = check_nagios_mistake(why);
    else if (!code)
        code = finish(&run, loop(&run));
    fsock_check_free(run.check);
    code = trace_log_end(&run.trace, code, why, sizeof why);
    say(&run, why);
    check_targets_fini(&run.targets);
    out_fini(&run.out);
    out_fini(&run.err);
    return code;
}
