#include "get_loop.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/eventfd.h>

#include "base/fault.h"
#include "base/fnv.h"
#include "base/time.h"
#include "interrupt.h"

static enum fsock_err feed(struct loop *l);
static enum fsock_err next_event(struct loop *l, struct fsock_event *e);
static enum fsock_err act(struct loop *l, const struct fsock_event *e);
static void tick(struct loop *l, fsock_time now);
static void run_out(struct loop *l, enum fsock_limit limit);

static bool workers_finished(const struct loop *l)
{
    for (size_t i = 0; i < l->n_workers; i++)
        if (!l->workers[i].finished)
            return false;
    return true;
}

static bool worker_failed(const struct loop *l)
{
    for (size_t i = 0; i < l->n_workers; i++)
        if (l->workers[i].finished && l->workers[i].err != FSOCK_OK)
            return true;
    return false;
}

/* No URL is at hand, and none will be. */
static bool has_no_more(const struct loop *l)
{
    return l->items.cut_short || (l->ended && !l->at_hand && !later_count(&l->later));
}

/* Of a list that was stopped, nobody need hear of what had not begun. */
static bool is_done(const struct loop *l)
{
    bool left_over =
        l->items.cut_short && !l->run->report->single && !fsock_fetch_running(l->fetch);
    size_t open = l->items.open + (l->inbox ? 0 : l->run->errands->n);
    return has_no_more(l) && (!open || left_over) && workers_finished(l);
}

enum fsock_err loop_run(struct loop *l)
{
    for (;;) {
        struct fsock_event e;
        enum fsock_err err = feed(l);
        if (err == FSOCK_OK && is_done(l))
            return FSOCK_OK;
        if (err == FSOCK_OK)
            err = next_event(l, &e);
        if (err == FSOCK_OK)
            err = act(l, &e);
        if (err != FSOCK_OK && err != FSOCK_ERR_TIMEOUT)
            return err == FSOCK_EOF ? FSOCK_OK : err;
        if (err != FSOCK_OK || (e.kind != FSOCK_EVENT_START && e.kind != FSOCK_EVENT_HEAD))
            tick(l, fsock_now()); /* (after these two more of the same URL is to come) */
    }
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* What the events of watched descriptors are known by. */
static char list_watch, signal_watch, room_watch, inbox_watch;

/* When to ask again for what the library gave back; while its queue is full, an event will tell. */
static fsock_time next_return(const struct loop *l)
{
    if (l->items.cut_short || l->waiting || !fsk_list_empty(&l->items.next))
        return FSOCK_NEVER;
    return fsk_time_min(later_due(&l->later), l->items.back_at);
}

/* Until when nothing need happen; of all else a worker is told. */
static fsock_time next_tick(const struct loop *l)
{
    const struct run *run = l->run;
    fsock_time next = next_return(l);
    if (l->inbox)
        return next;
    next = fsk_time_min(next, fsk_time_min(run->report->progress.next, run->deadline));
    return fsk_time_min(next, run->batch.until);
}

/* Wait for an event, until something has to be written. */
static enum fsock_err next_event(struct loop *l, struct fsock_event *e)
{
    const fsock_time now_or_never = 0;
    fsock_time until = fsk_time_min(next_tick(l), report_due(l->run->report));
    return fsock_fetch_next(l->fetch, e, l->busy ? now_or_never : until);
}

/* A watched descriptor has news. */
static enum fsock_err on_ready(struct loop *l, const void *watch)
{
    if (watch == &list_watch) {
        l->waits = false;
        list_ready(&l->run->source->list);
    } else if (watch == &inbox_watch) {
        inbox_calm(l->inbox);
        return fsock_fetch_watch(l->fetch, l->inbox->news, FSOCK_READABLE, &inbox_watch);
    } else if (watch == &room_watch) {
        eventfd_t unused;
        (void)!eventfd_read(l->run->room, &unused);
        return fsock_fetch_watch(l->fetch, l->run->room, FSOCK_READABLE, &room_watch);
    }
    return FSOCK_OK; /* tick() finds the signal */
}

static enum fsock_err act(struct loop *l, const struct fsock_event *e)
{
    struct report *report = l->run->report;
    switch (e->kind) {
    case FSOCK_EVENT_ROOM:
        return FSOCK_OK; /* the next feed() finds it */
    case FSOCK_EVENT_READY:
        return on_ready(l, e->user);
    case FSOCK_EVENT_MARK:
        report_marks(report);
        return FSOCK_OK;
    case FSOCK_EVENT_START:
        if (report->single)
            report_patience(report, l->run->deadline,
                            fsk_time_limit(fsock_now(), l->run->ask->options.total_timeout),
                            l->run->signals);
        break;
    case FSOCK_EVENT_HEAD:
        if (l->run->o->verbose)
            report_head(report, e);
        break;
    case FSOCK_EVENT_DONE:
        if (e->err == FSOCK_ERR_SPENT && !l->items.cut_short)
            run_out(l, e->fault->limit);
        break;
    default:
        break;
    }
    if (!l->inbox && errands_event(l->run->errands, e))
        return FSOCK_OK;
    item_event(&l->items, e);
    return FSOCK_OK;
}

/* No more URLs: what has not begun will not. */
static void cut_short(struct loop *l)
{
    l->items.cut_short = l->ended = true;
    l->at_hand = false;
    if (l->waiting)
        item_drop(&l->items, l->waiting);
    l->waiting = NULL;
    for (size_t i = 0; i < l->n_workers; i++)
        inbox_poke(l->workers[i].inbox);
}

/* End early; `why` goes into the records of what was going on. */
static void stop(struct loop *l, const char *why)
{
    l->items.stopped = true;
    l->items.over = l->run->over;
    cut_short(l);
    fsock_fetch_stop(l->fetch, why); /* in front of threads, what it fetches for itself */
}

/* --max-requests or --max-total has left nothing. What was asked for goes on, as far as the library
 * lets it. */
static void run_out(struct loop *l, enum fsock_limit limit)
{
    l->run->spent = limit;
    cut_short(l);
    if (l->inbox)
        (void)!eventfd_write(l->run->room, 1); /* the first loop tells the others */
}

/* What ends a run: a signal, --run-time, an output that is gone. NULL: nothing yet. */
static const char *end_of_run(struct run *run, fsock_time now)
{
    if (interrupt_signal())
        return "interrupted";
    if (now >= run->deadline) {
        run->over = true;
        return "the run is over (--run-time raises this limit)";
    }
    if (run->gate->journal.sys_errno)
        return "the journal can't be written";
    return report_broken(run->report) ? "standard output can't be written" : NULL;
}

static size_t count_running(const struct loop *l)
{
    size_t n = fsock_fetch_running(l->fetch);
    for (size_t i = 0; i < l->n_workers; i++)
        n += l->workers[i].running;
    return n;
}

/* Whether what had blocked the first loop is over, but for a pause. */
static bool may_go_on(struct run *run)
{
    return report_has_room(run->report, run->numbered) &&
           (!run->batch.size || batch_ended(&run->batch, report_ended(run->report)));
}

/* What goes by the clock, and the end of the run. */
static void tick(struct loop *l, fsock_time now)
{
    struct run *run = l->run;
    if (l->inbox) {
        report_write(run->report, now);
        l->running = fsock_fetch_running(l->fetch);
        if (run->blocked && may_go_on(run))
            (void)!eventfd_write(run->room, 1);
    } else {
        report_tick(run->report, now, count_running(l));
        if (!run->why)
            run->why = worker_failed(l) ? "a thread has failed" : end_of_run(run, now);
    }
    if (run->spent && !l->items.cut_short)
        cut_short(l);
    if (run->why && !l->items.stopped)
        stop(l, run->why);
}

/* ---- Feeding --------------------------------------------------------------------------------- */

enum { LINES_A_TURN = 256 };

/* The list had to be given up; the next one, if any, goes on. */
static void list_broke(struct loop *l, const char *name)
{
    char text[4096];
    snprintf(text, sizeof text, "can't read the list %s: %s", name,
             fsk_errno_text(l->run->source->list.sys_errno));
    report_say(l->run->report, text);
}

static bool batch_has_room(struct run *run)
{
    return !run->batch.size ||
           batch_goes_on(&run->batch, run->numbered, report_ended(run->report), fsock_now());
}

/* The next URL of the source's. */
static enum list_result from_source(struct loop *l)
{
    struct run *run = l->run;
    run->blocked = true; /* before we look: who ends meanwhile must know that we wait */
    if (!report_has_room(run->report, run->numbered) || !batch_has_room(run))
        return LIST_WAIT;
    run->blocked = false;
    if (!robots_has_room(run->robots))
        return LIST_WAIT;
    enum list_result result = source_next(run->source, &l->url);
    return result == LIST_END && robots_wait(run->robots) ? LIST_WAIT : result;
}

/* A URL of the source's is at hand, with its number, unless it is to be passed over, or must wait
 * for its robots.txt. */
static enum fsock_err admit(struct loop *l)
{
    struct run *run = l->run;
    l->at_hand = true;
    if (!l->url.why) {
        const char *variant = rounds_variant(run->rounds, l->url.variant);
        enum gate_verdict verdict =
            gate_pass(run->gate, &l->url, fsk_span_str(variant ? variant : ""));
        if (verdict == GATE_NO_MEMORY)
            return FSOCK_ERR_MEMORY;
        l->at_hand = verdict == GATE_GO;
    }
    if (!l->at_hand)
        return FSOCK_OK;
    l->url.number = run->numbered++;
    follow_took(run->follow, &l->url);
    enum robots_verdict verdict = l->url.why ? ROBOTS_GO : robots_ask(run->robots, &l->url);
    l->at_hand = verdict != ROBOTS_PARKED;
    if (verdict == ROBOTS_PARKED)
        robots_work(run->robots); /* there may be nothing else whose events would let us */
    return verdict == ROBOTS_NO_MEMORY ? FSOCK_ERR_MEMORY : FSOCK_OK;
}

/* Nothing yet. Inboxes are always watched; --ordered, sitemaps and robots.txt go on by events. */
static enum fsock_err wait_for_source(struct loop *l)
{
    if (l->inbox || l->run->blocked || l->waits)
        return FSOCK_AGAIN;
    int fd = source_fd(l->run->source);
    if (fd < 0 || !robots_has_room(l->run->robots))
        return FSOCK_AGAIN;
    l->waits = true;
    enum fsock_err err = fsock_fetch_watch(l->fetch, fd, FSOCK_READABLE, &list_watch);
    return err == FSOCK_OK ? FSOCK_AGAIN : err;
}

/* Those that waited are lost. The run can't be whole any more, and ends. */
static void later_broke(struct loop *l)
{
    char text[256];
    int sys_errno = l->later.urls.sys_errno;
    snprintf(text, sizeof text, "can't read back URLs from a temporary file: %s",
             sys_errno ? fsk_errno_text(sys_errno) : "out of memory");
    report_say(l->run->report, text);
    l->run->lost = true;
    l->run->why = "URLs that waited are lost";
    if (l->run->room >= 0)
        (void)!eventfd_write(l->run->room, 1);
}

/* Whether there is a URL at hand that was given back before. */
static bool from_later(struct loop *l)
{
    if (!later_count(&l->later))
        return false;
    bool idle = !fsock_fetch_queued(l->fetch);
    enum list_result result = later_next(&l->later, fsock_now(), idle, &l->url);
    if (result == LIST_FAILED)
        later_broke(l);
    return result == LIST_LINE;
}

/* No more are read while too many wait, or some do that should be in a file and can't. */
static bool reads_on(const struct loop *l)
{
    bool in_memory = l->later.urls.sys_errno && !fsk_list_empty(&l->items.back);
    return !l->ended && !in_memory && later_has_room(&l->later);
}

/* FSOCK_OK: there is a URL at hand, or the reading goes on. FSOCK_AGAIN: there is none. */
static enum fsock_err next_url(struct loop *l)
{
    if ((!l->inbox && robots_next(l->run->robots, &l->url)) || from_later(l)) {
        l->at_hand = true;
        return FSOCK_OK;
    }
    if (!reads_on(l))
        return FSOCK_AGAIN;
    switch (l->inbox ? inbox_next(l->inbox, &l->url) : from_source(l)) {
    case LIST_END:
        l->ended = true;
        return FSOCK_AGAIN;
    case LIST_MORE:
        l->busy = true;
        return FSOCK_AGAIN;
    case LIST_WAIT:
        return wait_for_source(l);
    case LIST_FAILED:
        list_broke(l, l->url.list);
        return FSOCK_OK;
    default:
        if (!l->inbox)
            return admit(l);
        l->at_hand = true;
        return FSOCK_OK;
    }
}

/* The loop that fetches from this URL's host: 64-bit FNV-1a of the name, in any case. */
static struct loop *worker_of(struct loop *l, struct fsk_span url)
{
    struct fsk_span host = record_host(url);
    uint64_t hash = FSK_FNV_START;
    for (size_t i = 0; i < host.n; i++) {
        const char c = fsk_lower(host.p[i]);
        hash = fsk_fnv(hash, fsk_span(&c, 1));
    }
    return &l->workers[hash % l->n_workers];
}

/* Pass on the URL at hand: FSOCK_OK; FSOCK_AGAIN: there is no room for it yet. */
static enum fsock_err deliver(struct loop *l)
{
    if (l->workers)
        return inbox_put(worker_of(l, l->url.text)->inbox, &l->url);
    struct item *item = l->waiting ? l->waiting : item_of_url(&l->items, &l->url);
    l->waiting = NULL;
    if (!item)
        return FSOCK_ERR_MEMORY;
    if (l->url.denied) {
        item_deny(&l->items, item, l->url.why);
    } else if (l->url.why) {
        item_refuse(&l->items, item, l->url.why);
    } else if (item_add(&l->items, item) == FSOCK_AGAIN) {
        l->waiting = item;
        return FSOCK_AGAIN;
    }
    return FSOCK_OK;
}

/* Those who take from the inboxes need wait for no more. */
static void close_inboxes(struct loop *l)
{
    for (size_t i = 0; i < l->n_workers; i++)
        inbox_close(l->workers[i].inbox);
}

/* Take as many as there is room for. FSOCK_OK, or FSOCK_ERR_MEMORY. */
static enum fsock_err feed(struct loop *l)
{
    enum fsock_err err = items_go_on(&l->items);
    items_return(&l->items);
    if (has_no_more(l))
        return FSOCK_OK;
    if (!l->inbox) {
        sitemaps_work(l->run->sitemaps);
        robots_work(l->run->robots);
    }
    l->busy = false;
    if (err != FSOCK_OK)
        return FSOCK_OK;
    for (unsigned i = 0; err == FSOCK_OK && i < LINES_A_TURN; i++) {
        if (!l->at_hand)
            err = next_url(l);
        if (l->at_hand)
            err = deliver(l);
        if (err == FSOCK_OK)
            l->at_hand = false;
    }
    if (err == FSOCK_OK)
        l->busy = true;
    if (l->ended)
        close_inboxes(l);
    items_go_on(&l->items); /* what ended at once brings no event */
    return err == FSOCK_AGAIN ? FSOCK_OK : err;
}

/* ---- Before and after ------------------------------------------------------------------------ */

bool loop_init(struct loop *l, struct run *run, fsock_fetch *fetch, struct inbox *inbox)
{
    *l = (struct loop){.run = run, .fetch = fetch, .inbox = inbox};
    struct journal *journal = run->gate->journal.name ? &run->gate->journal : NULL;
    later_init(&l->later);
    items_init(&l->items, run->o, run->ask, run->rounds, run->abroad, fetch, run->report, journal,
               &l->later);
    l->items.follow = run->follow;
    int fd = inbox ? inbox->news : run->signals;
    bool good = fsock_fetch_watch(fetch, fd, FSOCK_READABLE,
                                  inbox ? &inbox_watch : &signal_watch) == FSOCK_OK;
    if (good && !inbox && run->room >= 0)
        good = fsock_fetch_watch(fetch, run->room, FSOCK_READABLE, &room_watch) == FSOCK_OK;
    return good;
}

void loop_fini(struct loop *l)
{
    fsock_fetch_free(l->fetch);
    items_fini(&l->items);
    later_fini(&l->later);
}

static void *work(void *arg)
{
    struct loop *l = arg;
    l->err = loop_run(l);
    l->running = 0;
    l->finished = true;
    (void)!eventfd_write(l->run->room, 1);
    return NULL;
}

/* Signals are for the first thread. */
static bool start(struct loop *l)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool good = pthread_create(&l->thread, NULL, work, l) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return good;
}

enum fsock_err loop_run_all(struct loop *first, struct loop *workers, size_t n)
{
    enum fsock_err err = FSOCK_OK;
    size_t started = 0;
    while (started < n && start(&workers[started]))
        started++;
    first->workers = workers;
    first->n_workers = started;
    if (started < n)
        err = FSOCK_ERR_MEMORY;
    else
        err = loop_run(first);
    if (err != FSOCK_OK) {
        first->run->why = "out of memory";
        stop(first, first->run->why);
    }
    for (size_t i = 0; i < started; i++) {
        pthread_join(workers[i].thread, NULL);
        if (err == FSOCK_OK)
            err = workers[i].err;
    }
    return err;
}
