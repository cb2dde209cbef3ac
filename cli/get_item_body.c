/* get_item_body: where an item's answer goes, from its header to its last byte. */
#include "get_item_inside.h"

#include <stdlib.h>

#include "base/fault.h"

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

/* Whether a new connection costs less than the rest of the answer. */
static bool is_long(const struct fsock_response *r)
{
    const int64_t worth = 256 * 1024;
    return r->content_length < 0 || r->content_length > worth;
}

/* Its links are followed, if any are. */
static void follow_from(struct items *all, struct item *item)
{
    item->found->follow = all->follow;
    item->found->given = &item->given;
    item->found->url = fsk_buf_span(&item->url);
}

void item_on_head(struct items *all, struct item *item, const struct fsock_event *e)
{
    const struct fsock_response *r = e->response;
    if (submission_has_page(item->form)) {
        if (item->failure || !submission_begin(item->form, r, &all->outcome))
            fail(all, item, e->id);
        return;
    }
    if (item->failure || !dump_header(all, r)) {
        fail(all, item, e->id);
        return;
    }
    if (!has_body(all, item, r))
        return;
    if (item->given.external) {
        item->enough = item->again;
        if (item->enough)
            fsock_fetch_cancel(all->fetch, e->id);
        return;
    }
    if (!get_page_begin(&item->found, all->o, r, &all->outcome)) {
        fail(all, item, e->id);
        return;
    }
    if (item->found && !r->redirect_url[0])
        follow_from(all, item);
    if (all->o->check_links && !item->found->is_html && is_long(r)) {
        item->enough = true;
        fsock_fetch_cancel(all->fetch, e->id);
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
        good = sink_write(&item->sink, item_url(item), r->head, r->head_len, &all->outcome);
    if (!good)
        fail(all, item, e->id);
}

/* What has been written of the body is void; its header comes next. */
void item_on_restart(struct items *all, struct item *item, const struct fsock_event *e)
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
        good = sink_write(&item->sink, item_url(item), e->data, e->len, &all->outcome);
    return good;
}

void item_on_data(struct items *all, struct item *item, const struct fsock_event *e)
{
    report_moved(all->report, e->len);
    if (item->failure || !has_body(all, item, e->response))
        return;
    struct fsk_span bytes = fsk_span(e->data, e->len);
    if (submission_has_page(item->form)) {
        if (!submission_push(item->form, bytes, &all->outcome))
            fail(all, item, e->id);
        return;
    }
    bool good = !item->found || get_page_push(item->found, bytes, &all->outcome);
    if (good && !get_page_replaces(item->found))
        good = write_body(all, item, e);
    if (!good)
        fail(all, item, e->id);
}

/* The library is content; so must the sink be. */
void item_finish(struct items *all, struct item *item, const struct fsock_response *r)
{
    if (!has_body(all, item, r))
        return;
    if (item->found && !get_page_finish(item->found, r, &all->outcome) &&
        get_page_wants(&all->o->page))
        return;
    if (get_page_replaces(item->found)) {
        struct fsk_span lines = fsk_buf_span(&item->found->result);
        if (item->sink.kind == SINK_STDOUT)
            progress_clear(&all->report->progress);
        if (!sink_write(&item->sink, item_url(item), lines.p, lines.n, &all->outcome))
            return;
    }
    if (held_is_open(&item->held) &&
        !held_release(&item->held, r, &item->sink, item_url(item), &all->outcome))
        return;
    sink_commit(&item->sink, &all->outcome);
}
