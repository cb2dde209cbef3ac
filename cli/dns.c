/*
 * dns.c - `fsock dns`: names and addresses, one or a million, straight from name servers.
 *
 * A run is one loop, as that of `get`: put questions until the library takes no more, take the next
 * answer, print its record. Memory does not grow with the list. The parts:
 *
 *   dns_options.h  the command line       dns_run.h      input, outputs, what ends a run
 *   dns_target.h   a line's questions     dns_record.h   a question's record
 *   order.h        --ordered              dns_log.h      --log, with dns_line, _cache, _window
 */
#include "dns.h"

#include <stdio.h>

#include "dns_log.h"
#include "dns_record.h"
#include "dns_target.h"
#include "order.h"
#include "outcome.h"

enum { QUESTIONS_A_TURN = 256 };

struct dns {
    struct dns_options o;
    struct dns_run run;
    struct dns_target target;
    bool in_target;       /* it has questions left */
    bool refused;         /* one of them could not be asked, and that has been told */
    size_t next_name;     /* of the command line */
    struct fsk_span name; /* of the question that finds no room yet */
    uint16_t type;
    bool waiting;
    uint64_t asked, ended; /* questions, and inputs that make none; a number is its user pointer */
    int exitcode;          /* of the first failure */
    bool advised;          /* the hint has been told */
    struct order order;
    struct fsk_buf text; /* --ordered: the record at hand */
    struct out record;   /* ... on its way there */
};

/* ---- Records --------------------------------------------------------------------------------- */

static void print(struct dns *d, struct out *out, const struct dns_record *r)
{
    if (d->o.json)
        dns_record_json(out, r);
    else if (d->o.brief)
        dns_record_short(out, r);
    else
        dns_record_lines(out, r, d->run.terminal, d->run.colour);
}

static enum fsock_err tell(struct dns *d, uint64_t number, const struct dns_record *r)
{
    dns_run_count(&d->run, r->status, r->exitcode == EXIT_FINE, r->answer);
    progress_clear(&d->run.progress);
    d->ended++;
    if (r->exitcode && d->exitcode == EXIT_FINE)
        d->exitcode = r->exitcode;
    if (r->exitcode && d->o.brief && !d->o.silent && d->o.single)
        dns_run_say(&d->run, r->text);
    if (!d->o.ordered) {
        print(d, &d->run.out, r);
        return FSOCK_OK;
    }
    fsk_buf_clear(&d->text);
    print(d, &d->record, r);
    out_flush(&d->record);
    bool good = order_put(&d->order, number, fsk_buf_span(&d->text), &d->run.out);
    return good && !d->record.sys_errno ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

/* What to do about a failure, behind its record; once, though a name is asked for twice. */
static void advise(struct dns *d, const struct fsock_fault *fault)
{
    if (!fault || !fault->hint[0] || !d->o.single || d->o.silent || d->o.json || d->advised)
        return;
    d->advised = true;
    out_flush(&d->run.out);
    dns_run_say(&d->run, fault->hint);
}

static enum fsock_err tell_answer(struct dns *d, const struct fsock_dns_event *e)
{
    const struct fsock_answer *a = e->answer;
    char text[704] = "";
    int exitcode = dns_run_exitcode(a);
    if (a->fault && a->fault->limit == FSOCK_LIMIT_TOTAL)
        snprintf(text, sizeof text, "%s (-m raises this limit)", a->fault->text);
    else if (a->fault)
        snprintf(text, sizeof text, "%s", a->fault->text);
    struct dns_record r = {.name = fsk_span_str(a->name),
                           .type = a->type_name,
                           .status = a->status_name,
                           .exitcode = exitcode,
                           .err = fsock_err_name(a->fault ? a->fault->err : FSOCK_OK),
                           .text = text,
                           .answer = a};
    enum fsock_err err = tell(d, (uint64_t)(uintptr_t)e->user, &r);
    advise(d, a->fault);
    return err;
}

/* An input that asks for nothing that could be asked. */
static enum fsock_err tell_invalid(struct dns *d, uint64_t number, struct fsk_span name,
                                   const char *why)
{
    struct dns_record r = {.name = name,
                           .type = "",
                           .status = "INVALID",
                           .exitcode = EXIT_URL,
                           .err = fsock_err_name(FSOCK_ERR_INPUT),
                           .text = why};
    return tell(d, number, &r);
}

/* ---- Feeding --------------------------------------------------------------------------------- */

/* Whether one more record may come. */
static bool has_place(const struct dns *d)
{
    return !d->o.ordered || order_room(&d->order, d->asked);
}

/* Begin with a word or a line. */
static enum fsock_err begin(struct dns *d, struct fsk_span text, const char *why, bool address)
{
    struct fsk_addr addr;
    struct fsk_span zone;
    if (!why)
        why = dns_target_init(&d->target, text, d->o.type, d->o.n_types);
    if (!why && address && !fsk_addr_parse(text, &addr, &zone))
        why = "it is no IP address";
    d->in_target = !why;
    d->refused = false;
    return why ? tell_invalid(d, d->asked++, text, why) : FSOCK_OK;
}

/* The next input: of the command line, else of the lists. FSOCK_AGAIN: there is none now, or no
 * place for its record. */
static enum fsock_err next_input(struct dns *d)
{
    if (!has_place(d))
        return FSOCK_AGAIN;
    if (d->next_name < d->o.names.n) {
        const struct option_item *item = &d->o.names.item[d->next_name++];
        return begin(d, fsk_span_str(item->value), NULL, item->tag == NAME_ADDRESS);
    }
    struct list_line line;
    char why[300] = "";
    enum fsock_err err = dns_run_line(&d->run, &line);
    if (err == FSOCK_OK && line.why)
        snprintf(why, sizeof why, "line %llu of %.200s: %s", (unsigned long long)line.number,
                 line.name, line.why);
    return err == FSOCK_OK ? begin(d, line.text, line.why ? why : NULL, false) : err;
}

/*
 * Put the question at hand. FSOCK_AGAIN: there is no room for it. A bad name is told once, not for
 * each of its types.
 */
static enum fsock_err put(struct dns *d)
{
    struct fsock_fault fault;
    if (!d->run.room || !has_place(d))
        return FSOCK_AGAIN;
    void *number = (void *)(uintptr_t)d->asked;
    enum fsock_err err = fsock_dns_add(d->run.dns, d->name.p, d->name.n, d->type, number, &fault);
    if (err == FSOCK_AGAIN) {
        d->run.room = false;
        return err;
    }
    d->waiting = false;
    if (err == FSOCK_ERR_INPUT && d->refused)
        return FSOCK_OK;
    d->asked++;
    d->refused = err == FSOCK_ERR_INPUT;
    return d->refused ? tell_invalid(d, d->asked - 1, d->name, fault.text) : err;
}

/* FSOCK_OK, or FSOCK_ERR_MEMORY. */
static enum fsock_err feed(struct dns *d)
{
    enum fsock_err err = FSOCK_OK;
    d->run.busy = false;
    for (unsigned i = 0; err == FSOCK_OK && !d->run.ended; i++) {
        if (i == QUESTIONS_A_TURN) {
            d->run.busy = true;
            break;
        }
        if (!d->waiting && d->in_target)
            d->waiting = d->in_target = dns_target_next(&d->target, &d->name, &d->type);
        if (d->waiting)
            err = put(d);
        else if (!d->in_target)
            err = next_input(d);
    }
    return err == FSOCK_AGAIN ? FSOCK_OK : err;
}

/* ---- The loop -------------------------------------------------------------------------------- */

static enum fsock_err loop(struct dns *d)
{
    for (;;) {
        struct fsock_dns_event e;
        enum fsock_err err = feed(d);
        if (err != FSOCK_OK)
            return err;
        if (d->run.ended && d->ended == d->asked)
            return FSOCK_OK;
        enum fsock_err news = dns_run_next(&d->run, &e);
        err = news == FSOCK_OK ? tell_answer(d, &e) : news;
        if (err != FSOCK_OK && err != FSOCK_ERR_TIMEOUT)
            return err;
        dns_run_tick(&d->run, news);
    }
}

static int list(struct dns *d)
{
    fsk_buf_init(&d->text, (size_t)64 * 1024 * 1024);
    out_init_buf(&d->record, &d->text);
    enum fsock_err err = loop(d);
    int code = dns_run_finish(&d->run, err, d->o.single ? &d->exitcode : NULL);
    order_fini(&d->order);
    out_fini(&d->record);
    fsk_buf_fini(&d->text);
    return code;
}

int dns_main(int argc, char **argv)
{
    static struct dns d;
    char why[1024];
    dns_options_init(&d.o);
    enum option_result result =
        option_parse(&dns_option_set, &d.o, argc, argv, &d.o.words, why, sizeof why);
    int code = result == OPTION_BAD ? EXIT_USAGE : EXIT_FINE;
    if (result == OPTION_SHOW_HELP) {
        option_help(&dns_option_set, stdout);
    } else {
        if (!code)
            code = dns_options_check(&d.o, why, sizeof why);
        if (code)
            fprintf(stderr, "fsock: dns: %s\n", why);
    }
    if (!code && result == OPTION_OK) {
        code = dns_run_init(&d.run, &d.o, d.o.log, why, sizeof why);
        if (code)
            dns_run_say(&d.run, why);
        else
            code = d.o.log ? dns_log(&d.run) : list(&d);
        code = dns_run_fini(&d.run, code);
    }
    dns_options_fini(&d.o);
    return code;
}
