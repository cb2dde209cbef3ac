/*
 * get_submit.h - --submit: a page is fetched for the form in it, and what a browser would send with
 * that is the request of the URL.
 *
 * The page is one that belongs to its item, like a round before all others; what goes wrong with it
 * is how the URL ended. The form goes where it says; if that is another site than the URL's,
 * without passwords and cookies of the user's own, as a redirect does. Of uploaded files each form
 * has a copy, which is made between two events of the loop.
 */
#ifndef FSOCK_CLI_GET_SUBMIT_H
#define FSOCK_CLI_GET_SUBMIT_H

#include <stdbool.h>

#include <fsock.h>

#include "get_page.h"
#include "get_referer.h"
#include "get_request.h"

/* Of one URL. */
struct submission {
    const struct get_options *o;
    const struct get_request *ask;
    bool foreign;                 /* the URL is none of the user's own */
    bool filled;                  /* the form is, and `request` is for `url` */
    struct fsock_request request; /* until then, for the page */
    struct fsk_buf url;           /* where the form leads */
    struct fsk_span login;        /* user and password of the item's URL, if they are for there */
    struct get_page *page;
    struct upload upload;
    struct fsk_span body;
    char type[FORM_TYPE];
    struct referer referer;
};

/* NULL: out of memory. */
struct submission *submission_new(const struct get_options *o, const struct get_request *ask,
                                  bool foreign);
void submission_free(struct submission *s); /* NULL is fine */

/* Whether what comes is of the form's page. NULL is fine: it isn't. */
static inline bool submission_has_page(const struct submission *s)
{
    return s && !s->filled;
}

/* The page: its header has come; more of its body. False: the outcome says why. */
bool submission_begin(struct submission *s, const struct fsock_response *r,
                      struct outcome *outcome);
bool submission_push(struct submission *s, struct fsk_span bytes, struct outcome *outcome);

/*
 * The page of `url`, which is a C string, is whole: fill the form in. The answer to it may begin
 * anew if it `restarts`. False: the outcome says why.
 */
bool submission_fill(struct submission *s, const char *url, bool restarts,
                     const struct fsock_response *r, struct outcome *outcome);

#endif
