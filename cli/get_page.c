#include "get_page.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/time.h"
#include "get_follow.h"
#include "interrupt.h"
#include "page_links.h"
#include "wire/h1.h"

static const fsock_time parse_time = FSOCK_SECOND;

static void see_type(struct get_page *p, const struct fsock_response *r)
{
    struct fsk_span head = fsk_span(r->head, r->head_len), name, value;
    size_t pos = 0;
    fsk_h1_next_line(head, &pos);
    while (fsk_h1_next_field(head, &pos, &name, &value))
        if (fsk_span_caseeq(name, FSK_SPAN("Content-Type"))) {
            fsk_span_text(value, p->type, sizeof p->type);
            return;
        }
}

void get_page_free(struct get_page *p)
{
    if (!p)
        return;
    fsk_buf_fini(&p->body);
    fsk_buf_fini(&p->result);
    free(p);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static bool no_page(const struct get_page *p, struct outcome *outcome)
{
    outcome_fail(outcome, EXIT_WEIRD, "page", 0, "the answer is no HTML page, but %s", p->type);
    return false;
}

bool get_page_fails(enum page_err err, struct outcome *outcome)
{
    bool big =
        err == PAGE_TOO_LONG || err == PAGE_TOO_MUCH || err == PAGE_LINKED || err == PAGE_FULL;
    if (err == PAGE_TOO_SLOW && interrupt_signal()) {
        outcome_fail(outcome, EXIT_CANCELED, fsock_err_name(FSOCK_ERR_CANCELED), 0, "interrupted");
        return false;
    }
    enum fsock_err class = big                     ? FSOCK_ERR_TOO_BIG
                           : err == PAGE_TOO_SLOW  ? FSOCK_ERR_TIMEOUT
                           : err == PAGE_NO_MEMORY ? FSOCK_ERR_MEMORY
                                                   : FSOCK_ERR_DECODE;
    outcome_fail(outcome, exitcode_of(class, FSOCK_STAGE_BODY), fsock_err_name(class),
                 err == PAGE_NO_MEMORY ? ENOMEM : 0, "the page %s", page_err_text(err));
    return false;
}

/* ---- The body -------------------------------------------------------------------------------- */

/* A page that is to come; `needed`: what is none, is a failure. */
static bool begin(struct get_page **made, const struct get_options *o,
                  const struct fsock_response *r, bool needed, struct outcome *outcome)
{
    struct get_page *p = calloc(1, sizeof *p);
    if (!p)
        return get_page_fails(PAGE_NO_MEMORY, outcome);
    *made = p;
    p->o = o;
    fsk_buf_init(&p->body, PAGE_BYTES);
    fsk_buf_init(&p->result, GET_PAGE_RESULT);
    see_type(p, r);
    p->is_html = page_is_html(fsk_span_str(p->type));
    return p->is_html || !needed ? true : no_page(p, outcome);
}

bool get_page_begin(struct get_page **made, const struct get_options *o,
                    const struct fsock_response *r, struct outcome *outcome)
{
    bool needed = get_page_wants(&o->page) && !o->json;
    return !get_page_reads(o) || begin(made, o, r, needed, outcome);
}

bool get_page_need(struct get_page **made, const struct get_options *o,
                   const struct fsock_response *r, struct outcome *outcome)
{
    return begin(made, o, r, true, outcome);
}

bool get_page_push(struct get_page *p, struct fsk_span bytes, struct outcome *outcome)
{
    if (!p->is_html || p->too_long)
        return true;
    enum fsock_err err = fsk_buf_append(&p->body, bytes.p, bytes.n);
    if (err == FSOCK_OK)
        return true;
    if (err == FSOCK_ERR_TOO_BIG && !get_page_wants(&p->o->page) && get_saves(p->o)) {
        p->too_long = true; /* a file of it can be whole all the same */
        fsk_buf_fini(&p->body);
        return true;
    }
    return get_page_fails(err == FSOCK_ERR_MEMORY ? PAGE_NO_MEMORY : PAGE_TOO_LONG, outcome);
}

static bool has_time(fsock_time until)
{
    return !interrupt_signal() && fsock_now() < until;
}

static bool is_time(void *user)
{
    const fsock_time *deadline = user;
    return has_time(*deadline);
}

static enum page_err parse(struct get_page *p, const struct fsock_response *r,
                           struct page_doc **doc)
{
    fsock_time now = fsock_now(), deadline = now + parse_time;
    if (p->o->max_time > 0 && p->o->max_time > r->times.total)
        deadline = fsk_time_min(deadline, now + p->o->max_time - r->times.total);
    struct page_source from = {.bytes = fsk_buf_span(&p->body),
                               .content_type = fsk_span_str(p->type),
                               .url = fsk_span_str(r->url),
                               .go_on = is_time,
                               .user = &deadline};
    return page_doc_new(doc, &from);
}

struct page_doc *get_page_parse(struct get_page *p, const struct fsock_response *r,
                                struct outcome *outcome)
{
    struct page_doc *doc;
    enum page_err err = parse(p, r, &doc);
    fsk_buf_fini(&p->body);
    if (err != PAGE_OK)
        get_page_fails(err, outcome);
    return doc;
}

/* Write what is found; `doc` is NULL if there is no page. */
static enum page_err write_result(struct get_page *p, const struct page_doc *doc, fsock_time until)
{
    char why[sizeof p->type + 32];
    struct out *to = malloc(sizeof *to);
    if (!to)
        return PAGE_NO_MEMORY;
    out_init_buf(to, &p->result);
    snprintf(why, sizeof why, "no HTML page, but %s", p->type);
    enum page_err err = p->o->json ? get_page_json(to, p->o, doc, p->is_html ? NULL : why, until)
                                   : get_page_lines(to, p->o, doc, until);
    out_flush(to);
    if (err == PAGE_OK && to->sys_errno)
        err = PAGE_FULL;
    out_fini(to);
    free(to);
    return err;
}

bool get_page_finish(struct get_page *p, const struct fsock_response *r, struct outcome *outcome)
{
    struct page_doc *doc = NULL;
    enum page_err err = p->too_long ? PAGE_TOO_LONG : p->is_html ? parse(p, r, &doc) : PAGE_OK;
    fsock_time until = fsock_now() + parse_time; /* once more, for what is in it */
    fsk_buf_fini(&p->body);
    if (err == PAGE_OK && doc && p->follow)
        err = follow_links(p->follow, p->given, p->url, doc, has_time, until);
    if (err == PAGE_OK && get_page_wants(&p->o->page))
        err = write_result(p, doc, until);
    page_doc_free(doc);
    if (err == PAGE_OK)
        return true;
    fsk_buf_fini(&p->result);
    return get_page_fails(err, outcome);
}

/* ---- The record ------------------------------------------------------------------------------ */

struct fsk_span get_page_members(const struct get_page *p, const struct get_options *o,
                                 char nothing[GET_PAGE_NOTHING])
{
    if (!o->json || !get_page_wants(&o->page))
        return fsk_span(NULL, 0);
    if (p && fsk_buf_len(&p->result))
        return fsk_buf_span(&p->result);
    int n =
        snprintf(nothing, GET_PAGE_NOTHING, "%s%s%s%s%s%s,\"page_error\":null",
                 o->page.title ? ",\"title\":null" : "", o->page.meta ? ",\"meta\":null" : "",
                 o->page.links ? ",\"links\":null" : "", o->page.images ? ",\"images\":null" : "",
                 o->page.text ? ",\"text\":null" : "", o->page.forms ? ",\"forms\":null" : "");
    return fsk_span(nothing, (size_t)n);
}

struct page_links_ask get_page_ask(const struct get_options *o, bool images, fsock_time until)
{
    return (struct page_links_ask){.kinds = images ? PAGE_LINK_IMG : o->page.kinds,
                                   .unique = true,
                                   .fragments = o->page.fragments && !images,
                                   .go_on = has_time,
                                   .until = until};
}
