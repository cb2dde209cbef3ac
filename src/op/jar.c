#include "op/jar.h"

#include <stdlib.h>

#include "wire/h1.h"
#include "wire/setcookie.h"
#include "wire/site.h"

/* All cookies of a site. */
struct fsk_jar_site {
    struct fsk_map_node node;
    struct fsk_list cookies;
    size_t n;
    char name[];
};

static struct fsk_jar_cookie *in_site(struct fsk_list *link)
{
    return FSK_HOLDER(link, struct fsk_jar_cookie, link);
}

void fsk_jar_init(struct fsock_jar *jar)
{
    *jar = (struct fsock_jar){.n = 0};
    pthread_mutex_init(&jar->lock, NULL);
    fsk_map_init(&jar->sites);
    fsk_list_init(&jar->used);
}

/* ---- Sites ----------------------------------------------------------------------------------- */

/* The site's name in lower case. Empty: no domain is so long. */
static struct fsk_span name_of(struct fsk_span domain, char out[FSK_COOKIE_DOMAIN_MAX])
{
    struct fsk_span site = fsk_site_of(domain);
    if (site.n > FSK_COOKIE_DOMAIN_MAX)
        site.n = 0;
    for (size_t i = 0; i < site.n; i++)
        out[i] = fsk_lower(site.p[i]);
    return fsk_span(out, site.n);
}

static struct fsk_jar_site *find_site(const struct fsock_jar *jar, struct fsk_span domain)
{
    char name[FSK_COOKIE_DOMAIN_MAX];
    struct fsk_map_node *node = fsk_map_get(&jar->sites, name_of(domain, name));
    return node ? FSK_HOLDER(node, struct fsk_jar_site, node) : NULL;
}

static struct fsk_jar_site *make_site(struct fsock_jar *jar, struct fsk_span domain)
{
    char text[FSK_COOKIE_DOMAIN_MAX];
    struct fsk_span name = name_of(domain, text);
    struct fsk_jar_site *site = malloc(sizeof *site + name.n);
    if (!site)
        return NULL;
    *site = (struct fsk_jar_site){.n = 0};
    memcpy(site->name, name.p, name.n);
    site->node.key = fsk_span(site->name, name.n);
    fsk_list_init(&site->cookies);
    if (fsk_map_add(&jar->sites, &site->node))
        return site;
    free(site);
    return NULL;
}

static void leave_site(struct fsock_jar *jar, struct fsk_jar_site *site)
{
    if (site->n)
        return;
    fsk_map_remove(&jar->sites, &site->node);
    free(site);
}

/* ---- In and out ------------------------------------------------------------------------------ */

/* Out it goes; its site stays, though it may be empty now. */
static void drop(struct fsock_jar *jar, struct fsk_jar_cookie *c)
{
    fsk_list_remove(&c->link);
    fsk_list_remove(&c->used);
    c->site->n--;
    jar->n--;
    free(c);
}

void fsk_jar_fini(struct fsock_jar *jar)
{
    FSK_LIST_EACH (link, &jar->used) {
        struct fsk_jar_cookie *c = FSK_HOLDER(link, struct fsk_jar_cookie, used);
        struct fsk_jar_site *site = c->site;
        drop(jar, c);
        leave_site(jar, site);
    }
    fsk_map_fini(&jar->sites);
    pthread_mutex_destroy(&jar->lock);
}

static struct fsk_span put_text(char **end, struct fsk_span text)
{
    struct fsk_span copy = fsk_span(*end, text.n);
    if (text.n)
        memcpy(*end, text.p, text.n);
    *end += text.n;
    return copy;
}

/* A copy, in no ring. */
static struct fsk_jar_cookie *copy_of(const struct fsk_cookie *c)
{
    size_t n = c->name.n + c->value.n + c->domain.n + c->path.n;
    struct fsk_jar_cookie *copy = malloc(sizeof *copy + n);
    if (!copy)
        return NULL;
    char *end = copy->text;
    copy->cookie = *c;
    copy->cookie.name = put_text(&end, c->name);
    copy->cookie.value = put_text(&end, c->value);
    copy->cookie.path = put_text(&end, c->path);
    copy->cookie.domain = put_text(&end, c->domain);
    for (char *p = end - c->domain.n; p < end; p++)
        *p = fsk_lower(*p);
    fsk_list_init(&copy->link);
    fsk_list_init(&copy->used);
    return copy;
}

/* Behind those with longer paths, and those as long that are older. */
static void stand_in_site(struct fsk_jar_site *site, struct fsk_jar_cookie *c)
{
    struct fsk_list *at = site->cookies.next;
    while (at != &site->cookies) {
        const struct fsk_jar_cookie *other = in_site(at);
        size_t mine = c->cookie.path.n, its = other->cookie.path.n;
        if (mine > its || (mine == its && c->born < other->born))
            break;
        at = at->next;
    }
    fsk_list_add_before(at, &c->link);
    c->site = site;
    site->n++;
}

/* ---- Making room ----------------------------------------------------------------------------- */

/* Who goes first of a site: those without Secure, then those not used for the longest time. */
static struct fsk_jar_cookie *least_of(const struct fsock_jar *jar, const struct fsk_jar_site *site,
                                       struct fsk_span domain)
{
    struct fsk_jar_cookie *least = NULL;
    FSK_LIST_EACH (link, &jar->used) {
        struct fsk_jar_cookie *c = FSK_HOLDER(link, struct fsk_jar_cookie, used);
        if (c->site != site || (domain.n && !fsk_span_caseeq(c->cookie.domain, domain)))
            continue;
        if (!c->cookie.secure)
            return c;
        least = least ? least : c;
    }
    return least;
}

/* Drop what has expired of a site; returns how many of the domain are left. */
static size_t count(struct fsock_jar *jar, struct fsk_jar_site *site, struct fsk_span domain,
                    int64_t now)
{
    size_t n = 0;
    FSK_LIST_EACH (link, &site->cookies) {
        struct fsk_jar_cookie *c = in_site(link);
        if (c->cookie.expires <= now)
            drop(jar, c);
        else
            n += fsk_span_caseeq(c->cookie.domain, domain);
    }
    return n;
}

static void make_room(struct fsock_jar *jar, struct fsk_jar_site *site, struct fsk_span domain,
                      int64_t now)
{
    if (count(jar, site, domain, now) >= FSK_JAR_DOMAIN)
        drop(jar, least_of(jar, site, domain));
    else if (site->n >= FSK_JAR_SITE)
        drop(jar, least_of(jar, site, fsk_span(NULL, 0)));
    if (jar->n < FSK_JAR_ALL)
        return;
    struct fsk_jar_cookie *oldest = FSK_HOLDER(jar->used.next, struct fsk_jar_cookie, used);
    struct fsk_jar_site *left = oldest->site;
    drop(jar, oldest);
    if (left != site)
        leave_site(jar, left);
}

/* ---- Putting --------------------------------------------------------------------------------- */

static bool is_same(const struct fsk_cookie *a, const struct fsk_cookie *b)
{
    return fsk_span_eq(a->name, b->name) && fsk_span_eq(a->path, b->path) &&
           a->others_too == b->others_too && fsk_span_caseeq(a->domain, b->domain);
}

static struct fsk_jar_cookie *find(struct fsk_jar_site *site, const struct fsk_cookie *cookie)
{
    FSK_LIST_EACH (link, &site->cookies)
        if (is_same(&in_site(link)->cookie, cookie))
            return in_site(link);
    return NULL;
}

static enum fsock_err put(struct fsock_jar *jar, const struct fsk_cookie *cookie, int64_t now)
{
    struct fsk_jar_site *site = find_site(jar, cookie->domain);
    bool gone = cookie->expires <= now;
    if (!site && gone)
        return FSOCK_OK;
    struct fsk_jar_cookie *c = gone ? NULL : copy_of(cookie);
    if (!site && c)
        site = make_site(jar, cookie->domain);
    if (!gone && (!c || !site)) {
        free(c);
        return FSOCK_ERR_MEMORY;
    }
    struct fsk_jar_cookie *old = find(site, cookie);
    uint64_t born = old ? old->born : ++jar->born;
    if (old)
        drop(jar, old);
    if (c) {
        make_room(jar, site, cookie->domain, now);
        c->born = born;
        stand_in_site(site, c);
        fsk_list_append(&jar->used, &c->used);
        jar->n++;
    }
    leave_site(jar, site);
    return FSOCK_OK;
}

enum fsock_err fsk_jar_put(struct fsock_jar *jar, const struct fsk_cookie *cookie, int64_t now)
{
    pthread_mutex_lock(&jar->lock);
    enum fsock_err err = put(jar, cookie, now);
    pthread_mutex_unlock(&jar->lock);
    return err;
}

/* Http must not put itself in front of, or in place of, what https has set. */
static bool covers_secure(const struct fsock_jar *jar, const struct fsk_cookie *cookie, int64_t now)
{
    struct fsk_jar_site *site = find_site(jar, cookie->domain);
    if (!site)
        return false;
    FSK_LIST_EACH (link, &site->cookies) {
        const struct fsk_cookie *c = &in_site(link)->cookie;
        bool near = fsk_cookie_domain_match(c->domain, cookie->domain) ||
                    fsk_cookie_domain_match(cookie->domain, c->domain);
        if (c->secure && c->expires > now && near && fsk_span_eq(c->name, cookie->name) &&
            fsk_cookie_path_match(cookie->path, c->path))
            return true;
    }
    return false;
}

/* ---- Answers and requests -------------------------------------------------------------------- */

/* A host may end in a dot; that makes it no other one. */
static struct fsk_cookie_scope without_dot(const struct fsk_cookie_scope *given)
{
    struct fsk_cookie_scope scope = *given;
    if (scope.host.n > 1 && scope.host.p[scope.host.n - 1] == '.')
        scope.host.n--;
    return scope;
}

enum fsock_err fsk_jar_take(struct fsock_jar *jar, struct fsk_span fields,
                            const struct fsk_cookie_scope *given, int64_t now)
{
    struct fsk_cookie_scope scope = without_dot(given);
    struct fsk_span name, value;
    struct fsk_cookie cookie;
    enum fsock_err err = FSOCK_OK;
    size_t pos = 0, taken = 0;
    while (err == FSOCK_OK && taken < FSK_JAR_TAKEN &&
           fsk_h1_next_field(fields, &pos, &name, &value)) {
        if (!fsk_span_caseeq(name, FSK_SPAN("Set-Cookie")))
            continue;
        taken++;
        if (!fsk_setcookie_parse(value, now, &cookie) || !fsk_cookie_accept(&cookie, &scope))
            continue;
        pthread_mutex_lock(&jar->lock);
        if (scope.secure || !covers_secure(jar, &cookie, now))
            err = put(jar, &cookie, now);
        pthread_mutex_unlock(&jar->lock);
    }
    return err;
}

/* "; name=value", or the value alone. */
static enum fsock_err write_one(const struct fsk_cookie *c, bool first, struct fsk_buf *out)
{
    enum fsock_err err = fsk_buf_reserve(out, c->name.n + c->value.n + 3);
    if (err != FSOCK_OK)
        return err;
    if (!first)
        fsk_buf_append(out, "; ", 2);
    fsk_buf_append(out, c->name.p, c->name.n);
    if (c->name.n)
        fsk_buf_append(out, "=", 1);
    return fsk_buf_append(out, c->value.p, c->value.n);
}

static enum fsock_err write_fitting(struct fsock_jar *jar, struct fsk_jar_site *site,
                                    const struct fsk_cookie_scope *scope, int64_t now,
                                    struct fsk_buf *out)
{
    enum fsock_err err = FSOCK_OK;
    size_t sent = 0, from = fsk_buf_len(out);
    FSK_LIST_EACH (link, &site->cookies) {
        struct fsk_jar_cookie *c = in_site(link);
        if (c->cookie.expires <= now) {
            drop(jar, c);
            continue;
        }
        size_t room = FSK_JAR_FIELD - (fsk_buf_len(out) - from);
        if (sent == FSK_JAR_SENT || !fsk_cookie_fits(&c->cookie, scope) ||
            c->cookie.name.n + c->cookie.value.n + 3 > room)
            continue;
        if ((err = write_one(&c->cookie, sent == 0, out)) != FSOCK_OK)
            return err;
        sent++;
        fsk_list_remove(&c->used);
        fsk_list_append(&jar->used, &c->used);
    }
    return FSOCK_OK;
}

enum fsock_err fsk_jar_write(struct fsock_jar *jar, const struct fsk_cookie_scope *given,
                             int64_t now, struct fsk_buf *out)
{
    struct fsk_cookie_scope scope = without_dot(given);
    enum fsock_err err = FSOCK_OK;
    pthread_mutex_lock(&jar->lock);
    struct fsk_jar_site *site = find_site(jar, scope.host);
    if (site) {
        err = write_fitting(jar, site, &scope, now, out);
        leave_site(jar, site);
    }
    pthread_mutex_unlock(&jar->lock);
    return err;
}
