#include "get_submit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fault.h"
#include "charset.h"
#include "page_walk.h"

#define URL_MOST  ((size_t)16 * 1024 * 1024)  /* with the fields of a GET form */
#define BODY_MOST ((size_t)256 * 1024 * 1024) /* of one that is not multipart */

struct submission *submission_new(const struct get_options *o, const struct get_request *ask,
                                  bool foreign)
{
    struct submission *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->o = o;
    s->ask = ask;
    s->foreign = foreign;
    s->request = foreign ? ask->abroad : ask->request;
    s->request.flags &= ~(unsigned)(FSOCK_DISCARD | FSOCK_NO_DECODE);
    s->request.flags |= FSOCK_FOLLOW;
    fsk_buf_init(&s->url, URL_MOST);
    referer_init(&s->referer);
    upload_init(&s->upload);
    return s;
}

void submission_free(struct submission *s)
{
    if (!s)
        return;
    get_page_free(s->page);
    fsk_buf_fini(&s->url);
    referer_fini(&s->referer);
    upload_fini(&s->upload);
    free(s);
}

/* ---- The page -------------------------------------------------------------------------------- */

bool submission_begin(struct submission *s, const struct fsock_response *r, struct outcome *outcome)
{
    return get_page_need(&s->page, s->o, r, outcome);
}

bool submission_push(struct submission *s, struct fsk_span bytes, struct outcome *outcome)
{
    return get_page_push(s->page, bytes, outcome);
}

/* ---- Failures -------------------------------------------------------------------------------- */

static bool failed(struct outcome *outcome, enum fsock_err err)
{
    bool big = err == FSOCK_ERR_TOO_BIG;
    if (err == FSOCK_OK)
        return true;
    outcome_fail(outcome, big ? EXIT_TOO_BIG : EXIT_MEMORY, fsock_err_name(err), big ? 0 : ENOMEM,
                 big ? "what the form would send is larger than 256 MiB" : "out of memory");
    return false;
}

static bool no_form(struct outcome *outcome, const char *why)
{
    outcome_fail(outcome, EXIT_WEIRD, "page", 0, "%s", why);
    return false;
}

/* ---- Where it goes --------------------------------------------------------------------------- */

/* Where the form leads: `to`, which is in `action`; a GET form has its fields in the query. The
 * user and password that the page's URL was given with go on. */
static enum fsock_err set_url(struct submission *s, struct fsk_span action,
                              const struct fsk_url *to, bool query,
                              const struct form_content *content)
{
    const char *mark = query ? memchr(action.p, '?', action.n) : NULL;
    const char *end = mark ? mark : action.p + action.n;
    const char *authority = to->scheme.p + to->scheme.n + strlen("://");
    struct fsk_span login = to->has_userinfo ? fsk_span(NULL, 0) : s->login;
    enum fsock_err err = fsk_buf_append(&s->url, action.p, (size_t)(authority - action.p));
    if (err == FSOCK_OK && login.n)
        err = fsk_buf_append(&s->url, login.p, login.n);
    if (err == FSOCK_OK && login.n)
        err = fsk_buf_puts(&s->url, "@");
    if (err == FSOCK_OK)
        err = fsk_buf_append(&s->url, authority, (size_t)(end - authority));
    if (err == FSOCK_OK && query)
        err = fsk_buf_puts(&s->url, "?");
    return err == FSOCK_OK && query ? form_encode_query(content, &s->url) : err;
}

/* ---- What is sent ---------------------------------------------------------------------------- */

static bool end_body(struct submission *s, struct outcome *outcome)
{
    int sys_errno = upload_end(&s->upload, &s->body);
    if (sys_errno == ENOMEM)
        return failed(outcome, FSOCK_ERR_MEMORY);
    if (sys_errno)
        outcome_fail(outcome, EXIT_WRITE, "write", sys_errno,
                     "can't write the body to a temporary file: %s", fsk_errno_text(sys_errno));
    return !sys_errno;
}

static bool set_multipart(struct submission *s, const struct form_content *content,
                          struct outcome *outcome)
{
    char boundary[FORM_BOUNDARY];
    const char *file;
    int sys_errno;
    form_boundary(boundary);
    enum fsock_err err = form_encode_multipart(content, boundary, &s->upload, &file, &sys_errno);
    if (err == FSOCK_ERR_SYSTEM) {
        outcome_fail(outcome, EXIT_READ, "read", sys_errno, "can't read %s: %s", file,
                     fsk_errno_text(sys_errno));
        return false;
    }
    snprintf(s->type, sizeof s->type, "multipart/form-data; boundary=%s", boundary);
    return failed(outcome, err) && end_body(s, outcome);
}

static bool set_text(struct submission *s, const struct form_content *content, bool plain,
                     struct outcome *outcome)
{
    struct fsk_buf text;
    fsk_buf_init(&text, BODY_MOST);
    enum fsock_err err =
        plain ? form_encode_plain(content, &text) : form_encode_query(content, &text);
    upload_text(&s->upload, fsk_buf_span(&text));
    fsk_buf_fini(&text);
    snprintf(s->type, sizeof s->type, "%s",
             plain ? "text/plain" : "application/x-www-form-urlencoded");
    return failed(outcome, err) && end_body(s, outcome);
}

static bool set_body(struct submission *s, const struct form_filled *filled,
                     const struct form_content *content, struct outcome *outcome)
{
    bool multipart = strcmp(filled->enctype, "multipart/form-data") == 0;
    bool good = multipart
                    ? set_multipart(s, content, outcome)
                    : set_text(s, content, strcmp(filled->enctype, "text/plain") == 0, outcome);
    s->request.body = s->body.n ? s->body.p : "";
    s->request.body_len = s->body.n;
    s->request.content_type = s->type;
    return good;
}

/* Only a multipart form takes files with it. */
static bool files_fit(const struct form_filled *filled, struct outcome *outcome)
{
    char why[FORM_WHY];
    if (strcmp(filled->enctype, "multipart/form-data") == 0 && strcmp(filled->method, "POST") == 0)
        return true;
    for (size_t i = 0; i < filled->n; i++) {
        const struct form_given *given = filled->entry[i].given;
        if (!given || given->field.source != FORM_FILE)
            continue;
        snprintf(why, sizeof why, "the form sends no files: it is %s, %s", filled->method,
                 filled->enctype);
        return no_form(outcome, why);
    }
    return true;
}

/* ---- The form -------------------------------------------------------------------------------- */

/* The encoding it is sent in: the first that it accepts and we know, or the page's. */
static const char *charset_of(const struct page_form *form, const struct page_doc *doc)
{
    struct fsk_span rest = form->charset;
    const char *found = NULL;
    while (rest.n && !found) {
        size_t n = 0;
        while (n < rest.n && !page_is_blank(rest.p[n]) && rest.p[n] != ',')
            n++;
        found = charset_of_label(fsk_span(rest.p, n));
        n += n < rest.n;
        rest = fsk_span(rest.p + n, rest.n - n);
    }
    found = found ? found : page_charset(doc);
    return strncmp(found, "UTF-16", 6) == 0 ? "UTF-8" : found;
}

/* What the request is made of: the usual one for where it goes. */
static void set_request(struct submission *s, const char *url, const struct fsk_url *to,
                        bool restarts)
{
    struct fsk_url own;
    const struct get_request *ask = s->ask;
    bool foreign = s->foreign || fsk_url_parse(fsk_span_str(url), true, &own, NULL) != FSK_URL_OK ||
                   !fsk_url_same_origin(&own, to);
    s->login = foreign ? fsk_span(NULL, 0) : own.userinfo;
    if (foreign)
        s->request = restarts ? ask->abroad_restarting : ask->abroad;
    else
        s->request = restarts ? ask->restarting : ask->request;
    s->request.flags |= FSOCK_FIRST;
    s->request.flags &= ~(unsigned)FSOCK_GIVE_BACK;
}

static bool send_form(struct submission *s, const struct page_doc *doc,
                      const struct form_filled *filled, const char *charset, const char *url,
                      bool restarts, struct outcome *outcome)
{
    char room[PAGE_URL_ROOM];
    struct fsk_url to;
    struct form_content content = {filled->entry, filled->n, charset};
    const struct page_field *button = filled->button;
    struct fsk_span action = filled->form->action;
    if (button && button->action.p)
        action = page_resolve(page_trim(button->action).n ? page_base(doc) : page_url(doc),
                              page_trim(button->action), room);
    const char *fragment = action.n ? memchr(action.p, '#', action.n) : NULL;
    if (fragment)
        action.n = (size_t)(fragment - action.p);
    if (strcmp(filled->method, "DIALOG") == 0)
        return no_form(outcome, "the form only closes a dialog; nothing is sent");
    if (fsk_url_parse(action, false, &to, NULL) != FSK_URL_OK)
        return no_form(outcome, "the form leads nowhere that could be asked");
    if (fsk_span_caseeq(page_url(doc)->scheme, FSK_SPAN("https")) &&
        fsk_span_caseeq(to.scheme, FSK_SPAN("http")))
        return no_form(outcome, "the form leads from https to http, where everybody on the way can "
                                "read it");
    if (!files_fit(filled, outcome))
        return false;
    bool post = strcmp(filled->method, "POST") == 0;
    set_request(s, url, &to, restarts);
    enum fsock_err err = set_url(s, action, &to, !post, &content);
    if (err == FSOCK_OK)
        err = referer_add(&s->referer, page_url(doc), &to, &s->request);
    s->request.method = filled->method;
    return failed(outcome, err) && (!post || set_body(s, filled, &content, outcome));
}

static bool fill(struct submission *s, const struct page_doc *doc, const char *url, bool restarts,
                 const struct fsock_response *r, struct outcome *outcome)
{
    char why[FORM_WHY] = "";
    struct page_forms forms;
    struct form_filled filled = {.form = NULL};
    struct form_ask ask = {.form = s->o->submit,
                           .button = s->o->button,
                           .given = s->ask->form.given,
                           .n_given = s->ask->form.n};
    enum page_err page_err = page_forms_init(&forms, doc);
    if (page_err != PAGE_OK)
        return get_page_fails(page_err, outcome);
    const struct page_form *form = form_choose(&forms, &ask, why);
    enum fsock_err err = FSOCK_ERR_INPUT;
    const char *charset = form ? charset_of(form, doc) : NULL;
    if (form)
        err = form_fill(&filled, form, &ask, charset, why);
    else if (r->status >= 400)
        snprintf(why + strlen(why), sizeof why - strlen(why), "; its status is %d", r->status);
    bool good = err == FSOCK_ERR_INPUT ? no_form(outcome, why) : failed(outcome, err);
    if (good)
        good = send_form(s, doc, &filled, charset, url, restarts, outcome);
    form_filled_fini(&filled);
    page_forms_fini(&forms);
    return good;
}

bool submission_fill(struct submission *s, const char *url, bool restarts,
                     const struct fsock_response *r, struct outcome *outcome)
{
    struct page_doc *doc = get_page_parse(s->page, r, outcome);
    bool good = doc && fill(s, doc, url, restarts, r, outcome);
    page_doc_free(doc);
    get_page_free(s->page);
    s->page = NULL;
    s->filled = good;
    return good;
}
