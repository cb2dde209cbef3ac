#include "dns_log.h"

#include <stdio.h>

#include "base/time.h"
#include "dns_cache.h"
#include "dns_cache_file.h"
#include "dns_window.h"
#include "outcome.h"

#define ENTRIES      100000                    /* addresses remembered */
#define WINDOW_BYTES ((size_t)4 * 1024 * 1024) /* of lines that wait */
#define WINDOW_LINES 65536
#define LINES_A_TURN 1024
#define FAILED_TIME  (60 * FSOCK_SECOND) /* an address without an answer is not asked for again */
#define SAVE_TIME    (2 * FSOCK_SECOND)  /* for another run that saves its names */
#define LAST_TIME    (100 * FSOCK_MILLISECOND) /* ... when this one is to end */

struct dns_log {
    struct dns_run *run;
    struct dns_cache cache;
    struct dns_window window;
    struct dns_entry *waiting; /* its question finds no room yet */
    bool cached;               /* the file was loaded: it may be written */
};

/* ---- Questions and answers ------------------------------------------------------------------- */

static void give_up(struct dns_log *log, struct dns_entry *entry)
{
    dns_cache_settle(&log->cache, entry, DNS_FAILED, fsk_span(NULL, 0), fsock_now() + FAILED_TIME);
}

/* Put the question for an entry, if there is room. */
static void ask(struct dns_log *log, struct dns_entry *entry)
{
    struct fsk_addr addr;
    char text[FSK_ADDR_TEXT];
    dns_entry_addr(entry, &addr);
    size_t n = fsk_addr_format(&addr, text);
    enum fsock_err err = fsock_dns_add(log->run->dns, text, n, 0, entry, NULL);
    log->waiting = err == FSOCK_AGAIN ? entry : NULL;
    if (err == FSOCK_AGAIN)
        log->run->room = false;
    else if (err != FSOCK_OK)
        give_up(log, entry);
}

/* The first name of an answer, without the dot at its end. */
static struct fsk_span name_of(const struct fsock_answer *a)
{
    for (size_t i = 0; i < a->count; i++)
        if (a->records[i].type == FSOCK_PTR && a->records[i].data_len > 1)
            return fsk_span(a->records[i].data, a->records[i].data_len - 1);
    return fsk_span(NULL, 0);
}

static void act(struct dns_log *log, const struct fsock_dns_event *e)
{
    const struct fsock_answer *a = e->answer;
    const struct dns_options *o = log->run->o;
    dns_run_count(log->run, a->status_name, !a->fault, a);
    if (a->fault) {
        give_up(log, e->user);
        return;
    }
    int64_t kept = (int64_t)a->ttl * FSOCK_SECOND;
    if (kept < o->cache_min)
        kept = o->cache_min;
    struct fsk_span name = name_of(a);
    dns_cache_settle(&log->cache, e->user, name.n ? DNS_NAMED : DNS_NAMELESS, name,
                     fsock_now() + kept);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

/* One line, or a piece of one, into the window. */
static enum fsock_err take(struct dns_log *log, const struct list_line *line, fsock_time now)
{
    const struct dns_options *o = log->run->o;
    struct dns_entry *entry = NULL;
    struct dns_place place;
    bool wanted = false;
    if (line->first && dns_line_find(line->text, o->field < 0 ? 1 : (uint64_t)o->field, &place)) {
        entry = dns_cache_get(&log->cache, &place.addr, now, &wanted);
        if (!entry)
            return FSOCK_ERR_MEMORY;
    }
    bool fits = dns_window_push(&log->window, line->text, entry, &place);
    if (wanted)
        ask(log, entry);
    return fits ? FSOCK_OK : FSOCK_ERR_MEMORY;
}

/* Read while there is room, for lines and for questions. */
static enum fsock_err feed(struct dns_log *log)
{
    struct dns_run *run = log->run;
    struct list_line line;
    fsock_time now = fsock_now();
    run->busy = false;
    for (unsigned i = 0; !run->ended && !dns_window_full(&log->window); i++) {
        if (log->waiting && run->room)
            ask(log, log->waiting);
        if (log->waiting)
            break;
        if (i == LINES_A_TURN) {
            run->busy = true;
            break;
        }
        enum fsock_err err = dns_run_line(run, &line);
        if (err == FSOCK_OK)
            err = take(log, &line, now);
        if (err != FSOCK_OK)
            return err == FSOCK_AGAIN ? FSOCK_OK : err;
    }
    if (log->waiting && run->room)
        ask(log, log->waiting);
    return FSOCK_OK;
}

static enum fsock_err loop(struct dns_log *log)
{
    struct dns_run *run = log->run;
    for (;;) {
        struct fsock_dns_event e;
        enum fsock_err err = feed(log);
        if (err != FSOCK_OK)
            return err;
        if (run->stopped && log->waiting) {
            give_up(log, log->waiting);
            log->waiting = NULL;
        }
        dns_window_write(&log->window, &run->out);
        if (run->ended && dns_window_empty(&log->window))
            return FSOCK_OK;
        err = dns_run_next(run, &e);
        if (err == FSOCK_OK)
            act(log, &e);
        else if (err != FSOCK_ERR_TIMEOUT)
            return err;
        dns_run_tick(run, err);
    }
}

/* ---- The file -------------------------------------------------------------------------------- */

/* 0, or the exit code with a sentence said. */
static int load(struct dns_log *log)
{
    char why[1024];
    const char *file = log->run->o->cache;
    if (!file)
        return 0;
    log->cached = dns_cache_load(&log->cache, file, fsock_now(), fsk_time_unix(), why, sizeof why);
    if (log->cached)
        return 0;
    dns_run_say(log->run, why);
    return EXIT_READ;
}

/* False, with a sentence said: the names of this run are lost. */
static bool save(struct dns_log *log)
{
    char why[1024];
    fsock_time now = fsock_now();
    if (!log->cached ||
        dns_cache_save(&log->cache, log->run->o->cache, now, fsk_time_unix(),
                       now + (log->run->stopped ? LAST_TIME : SAVE_TIME), why, sizeof why))
        return true;
    dns_run_say(log->run, why);
    return false;
}

int dns_log(struct dns_run *run)
{
    struct dns_log log = {.run = run};
    dns_cache_init(&log.cache, ENTRIES);
    dns_window_init(&log.window, &log.cache, run->o->append, WINDOW_BYTES, WINDOW_LINES);
    int code = load(&log);
    if (!code) {
        enum fsock_err err = loop(&log);
        bool saved = save(&log);
        code = dns_run_finish(run, err, NULL);
        if (!saved && code == EXIT_FINE)
            code = EXIT_WRITE;
    }
    dns_window_fini(&log.window);
    dns_cache_fini(&log.cache);
    return code;
}
