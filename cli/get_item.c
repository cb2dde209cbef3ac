#include "get_item.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/time.h"
#include "get_held.h"
#include "get_names.h"
#include "get_page.h"
#include "get_resume.h"
#include "get_sink.h"

enum { WAITING_MOST = 8192 };

struct item {
    struct fsk_list link;    /* in items.used or items.spare */
    struct fsk_list turn;    /* in items.next, in items.back, or it waits for its page */
    struct fsk_buf url;      /* with a NUL behind it */
    struct source_url given; /* what it was made of, but for the text */
    struct rounds_at at;
    bool started;           /* it had left the queue */
    bool stdout_asked;      /* by -o - */
    struct held held;       /* --include=decoded: the body, until the header is known */
    struct get_page *found; /* what is in the page; NULL: nobody wants to know */
    struct sink sink;
    uint64_t from;              /* where in the file the answer begins */
    struct resumption *resumed; /* -C; NULL: from the beginning */
    struct outcome *failure;    /* what went wrong here, not on the network; NULL: nothing */
    char room[128];             /* where `url` begins */
};

/* ---- A run's items --------------------------------------------------------------------------- */

void items_init(struct items *all, const struct get_options *o, const struct get_request *ask,
                const struct rounds *rounds, const struct rounds *abroad, fsock_fetch *fetch,
                struct report *report, struct journal *journal, struct later *later)
{
    *all = (struct items){.o = o,
                          .ask = ask,
                          .rounds = rounds,
                          .abroad = abroad,
                          .fetch = fetch,
                          .report = report,
                          .journal = journal,
                          .later = later,
                          .back_at = FSOCK_NEVER};
    fsk_list_init(&all->next);
    fsk_list_init(&all->back);
    fsk_list_init(&all->used);
    fsk_list_init(&all->spare);
}

void items_fini(struct items *all)
{
    if (!all->o)
        return;
    FSK_LIST_EACH (link, &all->used)
        item_drop(all, FSK_HOLDER(link, struct item, link));
    FSK_LIST_EACH (link, &all->spare) {
        struct item *item = FSK_HOLDER(link, struct item, link);
        fsk_buf_fini(&item->url);
        free(item);
    }
    page_unref(all->page[false]);
    page_unref(all->page[true]);
}

/* ---- Making and freeing ---------------------------------------------------------------------- */

static struct item *item_new(struct items *all)
{
    struct item *item;
    if (fsk_list_empty(&all->spare)) {
        item = calloc(1, sizeof *item);
        if (!item)
            return NULL;
        fsk_list_init(&item->link);
    } else {
        item = FSK_HOLDER(all->spare.next, struct item, link);
        fsk_list_remove(&item->link);
    }
    fsk_list_init(&item->turn);
    fsk_buf_init_in(&item->url, 1 << 28, item->room, sizeof item->room);
    sink_init(&item->sink);
    held_init(&item->held);
    fsk_list_append(&all->used, &item->link);
    return item;
}

void item_drop(struct items *all, struct item *item)
{
    sink_fini(&item->sink);
    held_fini(&item->held);
    get_page_free(item->found);
    free(item->resumed);
    free(item->failure);
    fsk_list_remove(&item->turn);
    page_unref(item->at.page);
    fsk_buf_fini(&item->url);
    fsk_list_remove(&item->link);
    memset(item, 0, offsetof(struct item, room));
    fsk_list_prepend(&all->spare, &item->link);
}

/* The URL, with the data of -G in its query. */
static bool set_url(struct items *all, struct item *item, const struct source_url *u)
{
    struct fsk_span url = u->text;
    bool adds = all->o->query && !u->back;
    const char *fragment = adds ? memchr(url.p, '#', url.n) : NULL;
    size_t n = fragment ? (size_t)(fragment - url.p) : url.n;
    bool good = fsk_buf_append(&item->url, url.p, n) == FSOCK_OK;
    if (adds) {
        const char *joint = memchr(url.p, '?', n) ? "&" : "?";
        struct fsk_span query = fsk_buf_span(&all->ask->body);
        good = good && fsk_buf_puts(&item->url, joint) == FSOCK_OK &&
               fsk_buf_append(&item->url, query.p, query.n) == FSOCK_OK;
    }
    return good && fsk_buf_terminate(&item->url) == FSOCK_OK;
}

static const char *url_text(const struct item *item)
{
    return item->url.mem + item->url.start;
}

/* Where its body goes. False: out of memory. */
static bool set_sink(struct items *all, struct item *item, const struct source_url *u)
{
    char name[NAME_SIZE];
    item->stdout_asked = u->output && get_is_dash(u->output);
    if (item->stdout_asked ||
        (!u->output && all->report->single && !all->o->json && !all->o->remote_name)) {
        sink_to_stdout(&item->sink, &all->report->out);
        return true;
    }
    if (u->output)
        return sink_to_file(&item->sink, all->o->output_dir, u->output);
    if (!all->o->remote_name || u->why)
        return true;
    names_of_url(fsk_buf_span(&item->url), u->marked, name);
    return sink_to_file(&item->sink, all->o->output_dir, name);
}

/* The first round, and the page that all variants of the URL share. False: out of memory. */
static bool set_round(struct items *all, struct item *item, const struct source_url *u)
{
    bool shares = rounds_share(all->rounds) && !u->why;
    struct page **page = &all->page[u->back];
    bool first = shares && (!*page || (*page)->serial != u->serial);
    if (first) {
        page_unref(*page);
        *page = page_new(u->serial);
    }
    if (shares && !*page)
        return false;
    rounds_begin(all->rounds, &item->at, shares ? page_ref(*page) : NULL, first);
    return true;
}

struct item *item_of_url(struct items *all, const struct source_url *u)
{
    struct item *item = item_new(all);
    if (!item)
        return NULL;
    item->given = *u;
    if (set_url(all, item, u) && set_sink(all, item, u) && set_round(all, item, u))
        return item;
    item_drop(all, item);
    return NULL;
}

/* The request; with -C one that goes on where an earlier run had to stop. */
static const struct fsock_request *request_for(struct items *all, struct item *item)
{
    const struct get_request *ask = all->ask;
    const struct rounds *rounds = item->given.foreign ? all->abroad : all->rounds;
    bool restarts = sink_restarts(&item->sink);
    const struct fsock_request *usual = restarts ? &ask->restarting : &ask->request;
    if (item->given.foreign)
        usual = restarts ? &ask->abroad_restarting : &ask->abroad;
    if (all->o->warm || all->o->vary.n)
        return rounds_request(rounds, &item->at, item->given.variant);
    if (!all->o->continue_at)
        return usual;
    if (!item->resumed)
        item->resumed = resumption_new(&item->sink, url_text(item), usual);
    return item->resumed ? &item->resumed->request : usual;
}

/* Ask for its round. FSOCK_OK, FSOCK_AGAIN; else it has ended. */
static enum fsock_err ask(struct items *all, struct item *item)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    struct fsk_span url = fsk_buf_span(&item->url);
    if (item->given.delay)
        fsock_fetch_slow(all->fetch, url.p, url.n, item->given.delay, NULL);
    enum fsock_err err =
        fsock_fetch_add(all->fetch, url.p, url.n, request_for(all, item), item, &fault);
    if (err == FSOCK_OK)
        all->open++;
    if (err == FSOCK_OK || err == FSOCK_AGAIN)
        return err;
    if (fault.err == FSOCK_OK)
        fsk_fault_set(&fault, err, FSOCK_STAGE_NONE, 0, "out of memory");
    struct fsock_event done = {.kind = FSOCK_EVENT_DONE,
                               .user = item,
                               .response = &record_no_response,
                               .err = err,
                               .fault = &fault};
    all->open++; /* as if it had begun */
    item_event(all, &done);
    return err;
}

enum fsock_err item_add(struct items *all, struct item *item)
{
    struct page *page = item->at.page;
    if (!page || !page->busy) {
        enum fsock_err err;
        if (page)
            page->busy = true;
        err = ask(all, item);
        if (page && err == FSOCK_AGAIN)
            page->busy = false;
        return err;
    }
    if (all->waiting == WAITING_MOST)
        return FSOCK_AGAIN;
    fsk_list_append(&page->waiting, &item->turn);
    all->waiting++;
    all->open++;
    return FSOCK_OK;
}

enum fsock_err items_go_on(struct items *all)
{
    while (!fsk_list_empty(&all->next)) {
        struct item *item = FSK_HOLDER(all->next.next, struct item, turn);
        fsk_list_remove(&item->turn);
        all->open--;
        if (ask(all, item) != FSOCK_AGAIN)
            continue;
        fsk_list_prepend(&all->next, &item->turn);
        all->open++;
        return FSOCK_AGAIN;
    }
    return FSOCK_OK;
}

/* ---- Given back by the library --------------------------------------------------------------- */

/* Make it anew later. False: it can't be kept for that. */
static bool put_off(struct items *all, struct item *item)
{
    struct source_url u = item->given;
    u.text = fsk_buf_span(&item->url);
    u.back = true;
    if (later_put(all->later, &u, fsock_now()) != FSOCK_OK)
        return false;
    item_drop(all, item);
    return true;
}

/* It will be asked for once more as it is. */
static void hold(struct items *all, struct item *item)
{
    fsk_list_append(&all->back, &item->turn);
    all->open++;
    all->back_at = fsk_time_min(all->back_at, fsk_time_limit(fsock_now(), LATER_LEAST));
}

/* Those of its page that wait for it go with it; so it must be held while more of them may come. */
static void on_back(struct items *all, struct item *item)
{
    struct page *page = item->at.page ? page_ref(item->at.page) : NULL;
    bool whole = !page || (page != all->page[false] && page != all->page[true]);
    all->open--;
    if (!whole || !put_off(all, item)) {
        hold(all, item);
    } else if (page) {
        page->busy = false;
        FSK_LIST_EACH (link, &page->waiting) {
            struct item *next = FSK_HOLDER(link, struct item, turn);
            fsk_list_remove(link);
            all->waiting--;
            all->open--;
            if (!put_off(all, next))
                hold(all, next);
        }
    }
    page_unref(page);
}

void items_return(struct items *all)
{
    fsock_time now = fsk_list_empty(&all->back) ? 0 : fsock_now();
    while (!fsk_list_empty(&all->back) && now >= all->back_at) {
        struct item *item = FSK_HOLDER(all->back.next, struct item, turn);
        fsk_list_remove(&item->turn);
        all->open--;
        if (ask(all, item) != FSOCK_AGAIN)
            continue;
        fsk_list_prepend(&all->back, &item->turn);
        all->open++;
        all->back_at = fsk_time_limit(now, LATER_LEAST);
    }
    if (fsk_list_empty(&all->back))
        all->back_at = FSOCK_NEVER;
}

/* ---- The record ------------------------------------------------------------------------------ */

static void record(struct items *all, const struct item *item,
                   const struct fsock_response *response)
{
    char nothing[GET_PAGE_NOTHING];
    struct record r = {
        .url = fsk_buf_span(&item->url),
        .list = item->given.list,
        .line = item->given.line,
        .number = item->given.number,
        .response = response,
        .outcome = &all->outcome,
        .file = all->outcome.exitcode == EXIT_FINE ? item->sink.name : NULL,
        .referer = all->o->referer,
        .page = get_page_members(item->found, all->o, nothing),
        .warm = all->o->warm || all->o->vary.n,
        .variant = rounds_variant(all->rounds, item->given.variant),
        .again = item->at.asked,
        .cache_before = item->at.before,
        .time_before = item->at.time_before,
        .received_before = item->at.received,
        .purge_status = item->at.page ? item->at.page->purge_status : 0,
    };
    report_record(all->report, &r);
}

void item_deny(struct items *all, struct item *item, const char *why)
{
    outcome_fine(&all->outcome);
    outcome_fail(&all->outcome, EXIT_FORBIDDEN, "robots", 0, "%s", why);
    record(all, item, &record_no_response);
    item_drop(all, item);
}

/* Its end in the journal; by now the body's file has its name. */
static void remember(struct items *all, const struct item *item,
                     const struct fsock_response *response)
{
    const char *variant = rounds_variant(all->rounds, item->given.variant);
    struct journal_record r = {
        .cache = fsk_span_str(all->o->warm ? fsk_cache_verdict_name(record_verdict(response)) : ""),
        .variant = fsk_span_str(variant ? variant : ""),
        .time = fsk_time_unix(),
        .err = fsk_span_str(all->outcome.err),
        .status = response->status > 0 ? (unsigned)response->status : 0,
        .exitcode = all->outcome.exitcode,
        .took = response->times.total,
        .url = fsk_buf_span(&item->url),
    };
    if (all->journal)
        journal_add(all->journal, &r);
}

void item_refuse(struct items *all, struct item *item, const char *why)
{
    outcome_fine(&all->outcome);
    outcome_fail(&all->outcome, EXIT_URL, fsock_err_name(FSOCK_ERR_INPUT), 0, "%s line %llu: %s",
                 item->given.list, (unsigned long long)item->given.line, why);
    record(all, item, &record_no_response);
    item_drop(all, item);
}

/* ---- Events ---------------------------------------------------------------------------------- */

/* all->outcome holds a failure of ours: end the transfer; its DONE event will find it. */
static void fail(struct items *all, struct item *item, uint64_t id)
{
    if (item->failure)
        return;
    item->failure = malloc(sizeof *item->failure);
    if (item->failure)
        *item->failure = all->outcome;
    fsock_fetch_cancel(all->fetch, id);
}

static bool dump_header(struct items *all, const struct fsock_response *r)
{
    int sys_errno = report_dump(all->report, r->head, r->head_len);
    if (sys_errno)
        outcome_fail(&all->outcome, EXIT_WRITE, "write", sys_errno, "can't write %s: %s",
                     all->o->dump_header, fsk_errno_text(sys_errno));
    return !sys_errno;
}

/* A status that is a failure has no body for us. */
static bool has_body(const struct items *all, const struct item *item,
                     const struct fsock_response *r)
{
    if ((all->ask->request.flags & FSOCK_FAIL_STATUS) && r->status >= 400)
        return false;
    return !(item->resumed && r->status == 416);
}

static void on_head(struct items *all, struct item *item, const struct fsock_event *e)
{
    const struct fsock_response *r = e->response;
    if (item->failure || !dump_header(all, r)) {
        fail(all, item, e->id);
        return;
    }
    if (!has_body(all, item, r))
        return;
    if (!get_page_begin(&item->found, all->o, r, &all->outcome)) {
        fail(all, item, e->id);
        return;
    }
    if (item->sink.kind == SINK_NONE)
        return;
    if (all->report->single && r->content_length > 0)
        all->report->expected = (uint64_t)r->content_length;
    item->from = r->resumed && item->resumed ? item->resumed->rest.size : 0;
    struct fsk_span validator =
        item->from ? fsk_span_str(item->resumed->rest.validator) : resumption_validator(r);
    bool dirs = all->o->create_dirs || all->o->output_dir; /* the latter is there to be filled */
    bool good = sink_open(&item->sink, item->from, validator, dirs, &all->outcome);
    if (good && all->o->include == INCLUDE_DECODED)
        good = held_open(&item->held, &all->outcome);
    else if (good && (all->o->include == INCLUDE_RECEIVED || all->o->head))
        good = sink_write(&item->sink, url_text(item), r->head, r->head_len, &all->outcome);
    if (!good)
        fail(all, item, e->id);
}

/* What has been written of the body is void; its header comes next. */
static void on_restart(struct items *all, struct item *item, const struct fsock_event *e)
{
    held_fini(&item->held);
    get_page_free(item->found);
    item->found = NULL;
    if (!item->failure && !sink_restart(&item->sink, item->from, &all->outcome))
        fail(all, item, e->id);
}

/* Bytes that a terminal would take for commands are not for it, unless -o - says so. */
static bool harmless(struct items *all, const struct item *item, const struct fsock_event *e)
{
    if (item->sink.kind != SINK_STDOUT || !all->report->terminal || item->stdout_asked ||
        !memchr(e->data, '\0', e->len))
        return true;
    outcome_fail(&all->outcome, EXIT_WRITE, "write", 0,
                 "the body is binary and could garble the terminal; save it with -o FILE, or "
                 "print it all the same with -o -");
    return false;
}

/* Some of the body is to be written. */
static bool write_body(struct items *all, struct item *item, const struct fsock_event *e)
{
    bool good = harmless(all, item, e);
    if (good && item->sink.kind == SINK_STDOUT)
        progress_clear(&all->report->progress);
    if (good && held_is_open(&item->held))
        good = held_write(&item->held, fsk_span(e->data, e->len), &all->outcome);
    else if (good)
        good = sink_write(&item->sink, url_text(item), e->data, e->len, &all->outcome);
    return good;
}

static void on_data(struct items *all, struct item *item, const struct fsock_event *e)
{
    report_moved(all->report, e->len);
    if (item->failure || !has_body(all, item, e->response))
        return;
    struct fsk_span bytes = fsk_span(e->data, e->len);
    bool good = !item->found || get_page_push(item->found, bytes, &all->outcome);
    if (good && !get_page_replaces(item->found))
        good = write_body(all, item, e);
    if (!good)
        fail(all, item, e->id);
}

/* The library is content; so must the sink be. */
static void finish(struct items *all, struct item *item, const struct fsock_response *r)
{
    if (!has_body(all, item, r))
        return;
    if (item->found && !get_page_finish(item->found, r, &all->outcome))
        return;
    if (get_page_replaces(item->found)) {
        struct fsk_span lines = fsk_buf_span(&item->found->result);
        if (item->sink.kind == SINK_STDOUT)
            progress_clear(&all->report->progress);
        if (!sink_write(&item->sink, url_text(item), lines.p, lines.n, &all->outcome))
            return;
    }
    if (held_is_open(&item->held) &&
        !held_release(&item->held, r, &item->sink, url_text(item), &all->outcome))
        return;
    sink_commit(&item->sink, &all->outcome);
}

static void on_done(struct items *all, struct item *item, const struct fsock_event *e)
{
    outcome_fine(&all->outcome);
    if (item->failure)
        all->outcome = *item->failure;
    else if (resumption_is_whole(item->resumed, e->response) &&
             sink_open(&item->sink, item->resumed->rest.size, fsk_span(NULL, 0), false,
                       &all->outcome))
        sink_commit(&item->sink, &all->outcome);
    else if (e->fault && e->err != FSOCK_OK)
        outcome_fault(&all->outcome, e->fault, url_text(item), all->o->ca_file);
    else
        finish(all, item, e->response);
    if (all->over && e->err == FSOCK_ERR_CANCELED && !item->failure) {
        all->outcome.exitcode = EXIT_TIMEOUT;
        all->outcome.err = fsock_err_name(FSOCK_ERR_TIMEOUT);
    }
    if (all->outcome.exitcode != EXIT_FINE)
        sink_abandon(&item->sink, url_text(item));
    if (item->sink.kind == SINK_NONE && !get_page_wants(&all->o->page))
        report_moved(all->report, e->response->size_body);
}

/* The page's next variant has its turn. */
static void next_turn(struct items *all, struct page *page)
{
    page->busy = !fsk_list_empty(&page->waiting);
    if (!page->busy)
        return;
    struct fsk_list *turn = page->waiting.next;
    fsk_list_remove(turn);
    fsk_list_append(&all->next, turn);
    all->waiting--;
}

/* A round has ended; all->outcome says how. */
static void round_ended(struct items *all, struct item *item, const struct fsock_event *e)
{
    const struct fsock_response *response = e->response;
    rounds_next(all->rounds, &item->at, response, &all->outcome);
    if (item->at.round != ROUND_END) {
        fsk_list_append(&all->next, &item->turn);
        all->open++;
        return;
    }
    if (item->at.page)
        next_turn(all, item->at.page);
    /* Those that were still in the queue when the run was ended have no record. */
    if (item->started || !all->cut_short || all->report->single)
        record(all, item, response);
    /* What the run had no time for, or no more requests, is for the next one. */
    if ((!all->stopped && e->err != FSOCK_ERR_SPENT) || all->outcome.exitcode == EXIT_FINE)
        remember(all, item, response);
    item_drop(all, item);
}

void item_event(struct items *all, const struct fsock_event *e)
{
    struct item *item = e->user;
    outcome_fine(&all->outcome);
    switch (e->kind) {
    case FSOCK_EVENT_START:
        item->started = true;
        if (item->given.back)
            later_began(all->later, fsock_now());
        break;
    case FSOCK_EVENT_HEAD:
        on_head(all, item, e);
        break;
    case FSOCK_EVENT_DATA:
        on_data(all, item, e);
        break;
    case FSOCK_EVENT_RESTART:
        on_restart(all, item, e);
        break;
    case FSOCK_EVENT_DONE:
        on_done(all, item, e);
        all->open--;
        round_ended(all, item, e);
        break;
    case FSOCK_EVENT_BACK:
        on_back(all, item);
        break;
    default:
        break;
    }
}
