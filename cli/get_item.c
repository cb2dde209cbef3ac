#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/list.h"
#include "base/time.h"
#include "get_item_inside.h"
#include "get_names.h"

enum { WAITING_MOST = 8192 };

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
    submission_free(item->form);
    if (item->visit)
        referer_fini(&item->visit->referer);
    free(item->visit);
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
    struct fsk_span url = u->text, query = fsk_buf_span(&all->ask->body);
    bool adds = all->o->query && query.n && !u->back;
    const char *fragment = adds ? memchr(url.p, '#', url.n) : NULL;
    size_t n = fragment ? (size_t)(fragment - url.p) : url.n;
    bool good = fsk_buf_append(&item->url, url.p, n) == FSOCK_OK;
    if (adds) {
        const char *joint = memchr(url.p, '?', n) ? "&" : "?";
        good = good && fsk_buf_puts(&item->url, joint) == FSOCK_OK &&
               fsk_buf_append(&item->url, query.p, query.n) == FSOCK_OK;
    }
    return good && fsk_buf_terminate(&item->url) == FSOCK_OK;
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

/* The same with its Referer; without memory for that, as it is. */
static const struct fsock_request *visit(struct item *item, const struct fsock_request *usual)
{
    struct fsk_url to;
    struct visit *v = item->visit;
    if (v) {
        const char *const *headers = v->request.headers;
        v->request = *usual;
        v->request.headers = headers;
        return &v->request;
    }
    if (fsk_url_parse(fsk_buf_span(&item->url), true, &to, NULL) != FSK_URL_OK)
        return usual;
    v = item->visit = malloc(sizeof *v);
    if (!v)
        return usual;
    v->request = *usual;
    referer_init(&v->referer);
    (void)referer_add(&v->referer, &item->given.from->at, &to, &v->request);
    return &v->request;
}

/* The request; with -C one that goes on where an earlier run had to stop. */
static const struct fsock_request *usual_for(struct items *all, struct item *item)
{
    const struct get_request *ask = all->ask;
    const struct rounds *rounds = item->given.foreign ? all->abroad : all->rounds;
    bool restarts = sink_restarts(&item->sink);
    const struct fsock_request *usual = restarts ? &ask->restarting : &ask->request;
    if (item->form)
        return &item->form->request;
    if (item->given.external)
        return item->again ? &ask->look_again : &ask->look;
    if (item->given.foreign)
        usual = restarts ? &ask->abroad_restarting : &ask->abroad;
    if (all->o->warm || all->o->vary.n)
        return rounds_request(rounds, &item->at, item->given.variant);
    if (!all->o->continue_at)
        return usual;
    if (!item->resumed)
        item->resumed = resumption_new(&item->sink, item_url(item), usual);
    return item->resumed ? &item->resumed->request : usual;
}

static const struct fsock_request *request_for(struct items *all, struct item *item)
{
    const struct fsock_request *usual = usual_for(all, item);
    return item->given.from ? visit(item, usual) : usual;
}

/* Ask for its round. FSOCK_OK, FSOCK_AGAIN; else it has ended. */
static enum fsock_err ask(struct items *all, struct item *item)
{
    struct fsock_fault fault = {.err = FSOCK_OK};
    if (all->o->submit && !item->form)
        item->form = submission_new(all->o, all->ask, item->given.foreign);
    bool filled = item->form && item->form->filled;
    struct fsk_span url = fsk_buf_span(filled ? &item->form->url : &item->url);
    if (item->given.delay)
        fsock_fetch_slow(all->fetch, url.p, url.n, item->given.delay, NULL);
    enum fsock_err err = FSOCK_ERR_MEMORY;
    if (item->form || !all->o->submit)
        err = fsock_fetch_add(all->fetch, url.p, url.n, request_for(all, item), item, &fault);
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

/* The Referer that was sent, if it was one of ours; else that of -e, or NULL. */
static const char *referer_of(const struct items *all, const struct item *item)
{
    const char *own = item->form    ? referer_url(&item->form->referer)
                      : item->visit ? referer_url(&item->visit->referer)
                                    : NULL;
    return own ? own : all->o->referer;
}

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
        .referer = referer_of(all, item),
        .referrer = item->given.from ? item->given.from->url : NULL,
        .depth = item->given.depth,
        .page = get_page_members(item->found, all->o, nothing),
        .warm = all->o->warm || all->o->vary.n,
        .variant = rounds_variant(all->rounds, item->given.variant),
        .again = item->at.asked,
        .cache_before = item->at.before,
        .time_before = item->at.time_before,
        .received_before = item->at.received,
        .purge_status = item->at.page ? item->at.page->purge_status : 0,
    };
    if (!all->stopped || all->outcome.exitcode == EXIT_FINE)
        follow_ended(all->follow, &item->given, r.url, response, &all->outcome,
                     item->found && item->found->is_html && !response->redirect_url[0]);
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

static void on_done(struct items *all, struct item *item, const struct fsock_event *e)
{
    outcome_fine(&all->outcome);
    if (item->failure)
        all->outcome = *item->failure;
    else if (resumption_is_whole(item->resumed, e->response) &&
             sink_open(&item->sink, item->resumed->rest.size, fsk_span(NULL, 0), false,
                       &all->outcome))
        sink_commit(&item->sink, &all->outcome);
    else if (e->fault && e->err != FSOCK_OK && !(item->enough && e->err == FSOCK_ERR_CANCELED))
        outcome_fault(&all->outcome, e->fault, item_url(item), all->o->ca_file);
    else if (submission_has_page(item->form))
        submission_fill(item->form, item_url(item), sink_restarts(&item->sink), e->response,
                        &all->outcome);
    else
        item_finish(all, item, e->response);
    if (all->over && e->err == FSOCK_ERR_CANCELED && !item->failure) {
        all->outcome.exitcode = EXIT_TIMEOUT;
        all->outcome.err = fsock_err_name(FSOCK_ERR_TIMEOUT);
    }
    if (all->outcome.exitcode != EXIT_FINE)
        sink_abandon(&item->sink, item_url(item));
    if (all->ask->request.flags & FSOCK_DISCARD)
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

/* Its next request is to be asked for. */
static void go_on(struct items *all, struct item *item)
{
    fsk_list_append(&all->next, &item->turn);
    all->open++;
}

/* Who answers HEAD with a failure, or not at all, may know GET. */
static bool asks_again(struct item *item, const struct fsock_event *e)
{
    int status = e->response->status;
    bool refused = status >= 400 && status != 429;
    bool unanswered = !status && e->fault && e->fault->stage == FSOCK_STAGE_HEAD &&
                      e->err != FSOCK_ERR_CANCELED && e->err != FSOCK_ERR_SPENT;
    if (!item->given.external || item->again || !(refused || unanswered))
        return false;
    item->again = true;
    return true;
}

/* A round has ended; all->outcome says how. */
static void round_ended(struct items *all, struct item *item, const struct fsock_event *e,
                        bool had_page)
{
    const struct fsock_response *response = e->response;
    if (had_page && all->outcome.exitcode == EXIT_FINE) {
        go_on(all, item);
        return;
    }
    bool again = asks_again(item, e);
    if (!again)
        rounds_next(all->rounds, &item->at, response, &all->outcome);
    if (again || item->at.round != ROUND_END) {
        go_on(all, item);
        return;
    }
    if (item->at.page)
        next_turn(all, item->at.page);
    /* Those that were still in the queue when the run was ended have no record. */
    if (item->started || !all->cut_short || all->report->single)
        record(all, item, response);
    /* What the run had no time for, or no more requests, is for the next one. */
    bool cut_short =
        all->stopped || e->err == FSOCK_ERR_SPENT || all->outcome.exitcode == EXIT_CANCELED;
    if (!cut_short || all->outcome.exitcode == EXIT_FINE)
        remember(all, item, response);
    item_drop(all, item);
}

void item_event(struct items *all, const struct fsock_event *e)
{
    struct item *item = e->user;
    bool had_page;
    outcome_fine(&all->outcome);
    switch (e->kind) {
    case FSOCK_EVENT_START:
        item->started = true;
        if (item->given.back)
            later_began(all->later, fsock_now());
        break;
    case FSOCK_EVENT_HEAD:
        item_on_head(all, item, e);
        break;
    case FSOCK_EVENT_DATA:
        item_on_data(all, item, e);
        break;
    case FSOCK_EVENT_RESTART:
        item_on_restart(all, item, e);
        break;
    case FSOCK_EVENT_DONE:
        had_page = submission_has_page(item->form);
        on_done(all, item, e);
        all->open--;
        round_ended(all, item, e, had_page);
        break;
    case FSOCK_EVENT_BACK:
        on_back(all, item);
        break;
    default:
        break;
    }
}
