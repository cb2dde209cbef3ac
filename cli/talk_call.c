#include "talk_call.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/time.h"
#include "interrupt.h"
#include "outcome.h"
#include "talk_relay.h"
#include "talk_starttls.h"

#define STDERR_TIME (200 * FSOCK_MILLISECOND) /* in which standard error has to take a sentence */
#define PIPE_BYTES  (1024 * 1024) /* of standard input and output: fewer, longer turns */

/* A terminal that was stopped, or a pipe that nobody reads, must not stretch a limit for ever. */
static bool somebody_listens(void)
{
    struct fsock_wait_item err = {NULL, STDERR_FILENO, FSOCK_WRITABLE, 0};
    return fsock_wait(&err, 1, fsock_now() + STDERR_TIME) != FSOCK_ERR_TIMEOUT;
}

void talk_say(const struct talk_options *o, const char *text, const char *hint)
{
    if (o->silent || !text[0] || !somebody_listens())
        return;
    fprintf(stderr, "fsock: talk: %s\n", text);
    if (hint[0])
        fprintf(stderr, "fsock: talk: %s\n", hint);
}

/* The option that a hint of the library's means but can't name. */
static const char *meant(const struct fsock_fault *f)
{
    return f->err == FSOCK_ERR_CERT ? " (--cacert FILE, --tls-name NAME)" : "";
}

int talk_say_fault(const struct talk_options *o, const struct fsock_fault *f)
{
    char text[sizeof f->text + 40], hint[sizeof f->hint + 64];
    const char *raised = f->limit == FSOCK_LIMIT_CONNECT ? " (-w raises this limit)"
                         : f->limit == FSOCK_LIMIT_TOTAL ? " (-m raises this limit)"
                                                         : "";
    snprintf(text, sizeof text, "%s%s", f->text, raised);
    snprintf(hint, sizeof hint, "%s%s", f->hint, f->hint[0] ? meant(f) : "");
    talk_say(o, text, hint);
    int code = exitcode_of(f->err, f->stage);
    return f->err == FSOCK_ERR_INPUT ? EXIT_USAGE : code;
}

int talk_catch_signals(struct talk_call *call)
{
    if (call->alarm < 0)
        call->alarm = interrupt_catch();
    return call->alarm;
}

static int no_stream(char *why, size_t cap, const struct fsock_fault *f)
{
    outcome_sentence(why, cap, f);
    return EXIT_MEMORY;
}

int talk_call_init(struct talk_call *call, const struct talk_options *o, char *why, size_t cap)
{
    struct fsock_fault fault;
    *call = (struct talk_call){.o = o, .alarm = -1};
    call->deadline = fsk_time_limit(fsock_now(), o->max_time);
    signal(SIGPIPE, SIG_IGN);
    int code = plan_init(&call->plan, o, why, cap);
    if (code)
        return code;
    if (fsock_open_fd(&call->in, STDIN_FILENO, 0, &fault) != FSOCK_OK)
        return no_stream(why, cap, &fault);
    if (fsock_open_fd(&call->out, STDOUT_FILENO, 0, &fault) != FSOCK_OK)
        return no_stream(why, cap, &fault);
    fcntl(STDIN_FILENO, F_SETPIPE_SZ, PIPE_BYTES); /* if it is a pipe, and may have as much */
    fcntl(STDOUT_FILENO, F_SETPIPE_SZ, PIPE_BYTES);
    return 0;
}

void talk_call_fini(struct talk_call *call)
{
    plan_fini(&call->plan);
    fsock_close(call->in);
    fsock_close(call->out);
}

/* ---- -v -------------------------------------------------------------------------------------- */

static void tell_date(const char *what, int64_t seconds)
{
    char text[40];
    time_t at = (time_t)seconds;
    struct tm tm;
    if (gmtime_r(&at, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &tm))
        fprintf(stderr, "%s%s", what, text);
}

static void tell_certificate(const struct fsock_cert *c)
{
    fprintf(stderr, "* certificate of %s, by %s\n", c->subject, c->issuer);
    fprintf(stderr, "* %s, %s", c->key, c->signature);
    tell_date(", from ", c->not_before);
    tell_date(" to ", c->not_after);
    fprintf(stderr, "\n* names:");
    for (const char *const *name = c->names; *name; name++)
        fprintf(stderr, " %s", *name);
    fprintf(stderr, "\n* sha256: ");
    for (size_t i = 0; i < sizeof c->sha256; i++)
        fprintf(stderr, "%02x", c->sha256[i]);
    fprintf(stderr, "\n* %s%s\n",
            c->verified ? "trusted" : "not trusted: ", c->verified ? "" : c->why);
}

static void tell_peer(const struct talk_options *o, fsock_stream *peer)
{
    const struct fsock_stream_info *i = fsock_inspect(peer);
    if (!o->verbose)
        return;
    fprintf(stderr, "* %s from %s to %s\n", i->transport, i->local[0] ? i->local : "(no name)",
            i->peer[0] ? i->peer : "(no name)");
    if (i->tls_version[0])
        fprintf(stderr, "* %s, %s%s%s%s\n", i->tls_version, i->tls_cipher, i->alpn[0] ? ", " : "",
                i->alpn, i->tls_resumed ? ", resumed" : "");
    const struct fsock_cert *c = fsock_certificate(peer);
    if (c)
        tell_certificate(c);
}

static void tell_sizes(const struct relay *r)
{
    if (r->o->verbose && somebody_listens())
        fprintf(stderr, "* %llu bytes sent, %llu received\n", (unsigned long long)r->sent,
                (unsigned long long)r->received);
}

/* ---- One conversation ------------------------------------------------------------------------ */

static bool reads_terminal(const struct talk_call *call)
{
    return isatty(STDIN_FILENO) == 1 && !call->o->no_stdin;
}

int talk_over(struct talk_call *call, fsock_stream *peer, struct fsk_span first)
{
    struct relay r;
    struct talk_telnet telnet;
    talk_catch_signals(call);
    trace_log_patience(call->o->log, call->deadline, call->alarm);
    tell_peer(call->o, peer);
    relay_init(&r, call->o, &call->plan, peer, call->in, call->out, call->alarm);
    r.deadline = call->deadline;
    relay_received(&r, first);
    if (call->o->telnet) {
        talk_telnet_init(&telnet, call->o, reads_terminal(call), &r.to_peer);
        r.telnet = &telnet;
    }
    int code = relay_run(&r);
    if (r.telnet)
        talk_telnet_fini(r.telnet);
    tell_sizes(&r);
    talk_say(call->o, r.why, r.hint);
    relay_fini(&r);
    fsock_close(peer);
    return code;
}

static enum fsock_err start_tls(struct talk_call *call, fsock_stream *peer, fsock_time deadline,
                                struct fsock_fault *fault)
{
    const struct talk_options *o = call->o;
    if (!o->starttls) {
        enum fsock_err err = fsock_start_tls(peer, NULL, &o->options, deadline);
        *fault = *fsock_last_fault(peer);
        return err;
    }
    struct fsk_span name = talk_host(o);
    char *host = strndup(name.p, name.n);
    enum fsock_err err =
        talk_starttls(peer, o->starttls, host ? host : "", &o->options, deadline, fault);
    free(host);
    return err;
}

int talk_connect(struct talk_call *call)
{
    const struct talk_options *o = call->o;
    struct fsock_fault fault;
    fsock_stream *peer;
    fsock_time limit = fsk_time_limit(fsock_now(), o->options.connect_timeout);
    enum fsock_err err = fsock_open(&peer, o->target, 0, &o->options, call->deadline, &fault);
    if (err != FSOCK_OK)
        return talk_say_fault(o, &fault);
    if (o->starttls || (o->tls && o->unix_path)) {
        err = start_tls(call, peer, fsk_time_min(limit, call->deadline), &fault);
        if (err == FSOCK_ERR_TIMEOUT)
            fault.limit = limit < call->deadline ? FSOCK_LIMIT_CONNECT : FSOCK_LIMIT_TOTAL;
        if (err != FSOCK_OK) {
            fsock_close(peer);
            return talk_say_fault(o, &fault);
        }
    }
    return talk_over(call, peer, fsk_span("", 0));
}
