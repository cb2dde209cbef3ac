/*
 * A jar for the caller: made, freed, filled and looked into. What requests do with it is in
 * op/jar.c.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/fault.h"
#include "base/time.h"
#include "face/given.h"
#include "op/jar.h"

/* A copy: the cookies, with texts as C strings behind them in one piece. */
struct fsock_cookies {
    size_t n, next;
    struct fsock_cookie cookie[];
};

fsock_jar *fsock_jar_new(void)
{
    struct fsock_jar *jar = malloc(sizeof *jar);
    if (jar)
        fsk_jar_init(jar);
    return jar;
}

void fsock_jar_free(fsock_jar *jar)
{
    if (!jar)
        return;
    fsk_jar_fini(jar);
    free(jar);
}

void fsock_cookie_init(struct fsock_cookie *cookie)
{
    *cookie = (struct fsock_cookie){
        .size = sizeof *cookie, .name = "", .value = "", .domain = "", .path = "/"};
}

/* ---- Filling --------------------------------------------------------------------------------- */

/* What a Set-Cookie field could hold between its separators. */
static bool is_text(struct fsk_span s, const char *separators)
{
    for (size_t i = 0; i < s.n; i++)
        if (((unsigned char)s.p[i] < ' ' && s.p[i] != '\t') || s.p[i] == 0x7f ||
            strchr(separators, s.p[i]))
            return false;
    struct fsk_span trimmed = fsk_span_trim(s);
    return trimmed.n == s.n;
}

static bool is_good(const struct fsk_cookie *c)
{
    bool dot = c->domain.n && c->domain.p[0] == '.';
    bool unclear =
        !c->name.n && memchr(c->value.p, '=', c->value.n); /* sent, it would have a name */
    return !dot && !unclear && is_text(c->name, "=;") && is_text(c->value, ";") &&
           is_text(c->path, ";") && is_text(c->domain, "=; \t/#") && fsk_cookie_is_possible(c);
}

enum fsock_err fsock_jar_put(fsock_jar *jar, const struct fsock_cookie *cookie,
                             struct fsock_fault *fault)
{
    struct fsock_fault unheard;
    struct fsock_cookie given;
    fault = fault ? fault : &unheard;
    *fault = (struct fsock_fault){.err = FSOCK_OK};
    enum fsock_err err = fsk_given_cookie(&given, cookie, fault);
    if (err != FSOCK_OK)
        return err;
    const struct fsk_cookie c = {
        .name = fsk_span_str(given.name),
        .value = fsk_span_str(given.value),
        .domain = fsk_span_str(given.domain),
        .path = fsk_span_str(given.path),
        .expires = given.expires ? given.expires : FSK_COOKIE_SESSION,
        .others_too = given.others_too != 0,
        .secure = given.secure != 0,
        .http_only = given.http_only != 0,
        .path_given = true,
        .same_site = given.same_site,
    };
    if (!is_good(&c))
        return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                             "no server could have set the cookie");
    if (fsk_jar_put(jar, &c, fsk_time_unix() / FSOCK_SECOND) == FSOCK_OK)
        return FSOCK_OK;
    return fsk_fault_set(fault, FSOCK_ERR_MEMORY, FSOCK_STAGE_NONE, ENOMEM, "out of memory");
}

/* ---- Looking --------------------------------------------------------------------------------- */

static const char *put_text(char **end, struct fsk_span text)
{
    char *copy = *end;
    if (text.n)
        memcpy(copy, text.p, text.n);
    copy[text.n] = '\0';
    *end += text.n + 1;
    return copy;
}

static size_t texts_of(const struct fsk_cookie *c)
{
    return c->name.n + c->value.n + c->domain.n + c->path.n + 4;
}

static void copy_cookie(struct fsock_cookie *to, const struct fsk_cookie *c, char **end)
{
    *to = (struct fsock_cookie){
        .size = sizeof *to,
        .name = put_text(end, c->name),
        .value = put_text(end, c->value),
        .domain = put_text(end, c->domain),
        .path = put_text(end, c->path),
        .expires = c->expires == FSK_COOKIE_SESSION ? 0 : c->expires,
        .others_too = c->others_too,
        .secure = c->secure,
        .http_only = c->http_only,
        .same_site = c->same_site,
    };
}

static int by_birth(const void *left, const void *right)
{
    const struct fsk_jar_cookie *const *a = left, *const *b = right;
    return (*a)->born < (*b)->born ? -1 : 1;
}

/* Those that have not expired, the oldest first, and how many bytes their texts need. */
static size_t gather(const struct fsock_jar *jar, const struct fsk_jar_cookie **all, size_t *bytes)
{
    int64_t now = fsk_time_unix() / FSOCK_SECOND;
    size_t n = 0;
    FSK_LIST_EACH (link, &jar->used) {
        const struct fsk_jar_cookie *c = FSK_HOLDER(link, const struct fsk_jar_cookie, used);
        if (c->cookie.expires <= now)
            continue;
        all[n++] = c;
        *bytes += texts_of(&c->cookie);
    }
    qsort(all, n, sizeof(const struct fsk_jar_cookie *), by_birth);
    return n;
}

fsock_cookies *fsock_jar_cookies(fsock_jar *jar)
{
    struct fsock_cookies *cookies = NULL;
    pthread_mutex_lock(&jar->lock);
    const struct fsk_jar_cookie **all =
        malloc((jar->n + 1) * sizeof(const struct fsk_jar_cookie *));
    if (all) {
        size_t bytes = 0, n = gather(jar, all, &bytes);
        cookies = malloc(sizeof *cookies + n * sizeof cookies->cookie[0] + bytes);
        char *end = cookies ? (char *)&cookies->cookie[n] : NULL;
        if (cookies)
            *cookies = (struct fsock_cookies){.n = n};
        for (size_t i = 0; cookies && i < n; i++)
            copy_cookie(&cookies->cookie[i], &all[i]->cookie, &end);
    }
    pthread_mutex_unlock(&jar->lock);
    free(all);
    return cookies;
}

int fsock_cookies_next(fsock_cookies *cookies, struct fsock_cookie *cookie)
{
    if (!cookies || cookies->next == cookies->n)
        return 0;
    const struct fsock_cookie *c = &cookies->cookie[cookies->next++];
    size_t size = cookie->size; /* an older caller's is shorter */
    memcpy(cookie, c, size < sizeof *c ? size : sizeof *c);
    cookie->size = size;
    return 1;
}

void fsock_cookies_free(fsock_cookies *cookies)
{
    free(cookies);
}
