#include "face/check_wish.h"

#include <openssl/crypto.h>
#include <stdlib.h>

#define MYSELF "[127.0.0.1]" /* an address literal (RFC 5321 4.1.3): no look-up, nothing told */

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

static struct fsk_span text_or(const char *text, const char *other)
{
    return fsk_span_str(text ? text : other);
}

/* Copy a text and a NUL; the span becomes that of the copy. */
static void keep(char **at, struct fsk_span *s)
{
    char *copy = *at;
    if (s->n)
        memcpy(copy, s->p, s->n);
    copy[s->n] = '\0';
    *at += s->n + 1;
    s->p = copy;
}

bool fsk_kept_wish_init(struct fsk_kept_wish *k, const char *target,
                        const struct fsock_check_request *r)
{
    size_t n = count(r->recipients), size = (n + 1) * sizeof(char *);
    struct fsk_span name = fsk_span_str(target);
    struct fsk_wish *w = &k->wish;
    *k = (struct fsk_kept_wish){.target = ""};
    *w = (struct fsk_wish){
        .starttls = r->starttls,
        .user = text_or(r->user, ""),
        .password = text_or(r->password, ""),
        .mechanism = text_or(r->mechanism, ""),
        .myself = text_or(r->name, MYSELF),
        .sender = text_or(r->sender, ""),
        .message = r->message,
        .list = r->list,
        .send = fsk_span(r->send ? r->send : "", r->send ? r->send_len : 0),
        .expect = fsk_span(r->expect ? r->expect : "", r->expect ? r->expect_len : 0),
    };
    struct fsk_span *text[] = {&name,      &w->user,   &w->password, &w->mechanism,
                               &w->myself, &w->sender, &w->send,     &w->expect};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        size += text[i]->n + 1;
    for (size_t i = 0; i < n; i++)
        size += strlen(r->recipients[i]) + 1;
    k->mem = malloc(size);
    if (!k->mem)
        return false;
    k->size = size;
    const char **recipient = (const char **)(void *)k->mem;
    char *at = k->mem + (n + 1) * sizeof(char *);
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        keep(&at, text[i]);
    for (size_t i = 0; i < n; i++) {
        struct fsk_span s = fsk_span_str(r->recipients[i]);
        keep(&at, &s);
        recipient[i] = s.p;
    }
    recipient[n] = NULL;
    w->recipients = recipient;
    k->target = name.p;
    return true;
}

void fsk_kept_wish_fini(struct fsk_kept_wish *k)
{
    if (k->mem)
        OPENSSL_cleanse(k->mem, k->size);
    free(k->mem);
    k->mem = NULL;
}
