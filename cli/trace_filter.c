#include "trace_filter.h"

#include <stdlib.h>

#include "base/span.h"

enum trait { HAS_FAILED, HAS_HOST };

void trace_filter_init(struct trace_filter *f, const struct trace_verb *o, bool twice)
{
    *f = (struct trace_filter){.o = o, .twice = twice};
}

void trace_filter_fini(struct trace_filter *f)
{
    free(f->traits.fact);
    free(f->used.fact);
    free(f->chosen.fact);
}

bool trace_filter_selects(const struct trace_filter *f)
{
    return f->twice && (f->o->host || f->o->failed || f->o->id > 0);
}

void trace_filter_run(struct trace_filter *f)
{
    f->run++;
}

/* ---- Facts ----------------------------------------------------------------------------------- */

static int by_all(const void *a, const void *b)
{
    const struct trace_fact *x = a, *y = b;
    if (x->run != y->run)
        return x->run < y->run ? -1 : 1;
    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static void sort(struct trace_facts *s)
{
    size_t n = 0;
    if (s->n)
        qsort(s->fact, s->n, sizeof *s->fact, by_all);
    for (size_t i = 0; i < s->n; i++)
        if (!n || by_all(&s->fact[n - 1], &s->fact[i]) != 0)
            s->fact[n++] = s->fact[i];
    s->n = n;
}

static bool has(const struct trace_facts *s, uint64_t run, uint64_t id, uint64_t number)
{
    const struct trace_fact key = {run, id, number};
    return s->n && bsearch(&key, s->fact, s->n, sizeof key, by_all);
}

/* The same fact is told often; room is made by sorting before there is more of it. */
static bool add(struct trace_facts *s, uint64_t run, uint64_t id, uint64_t number)
{
    const struct trace_fact fact = {run, id, number};
    if (s->n && by_all(&s->fact[s->n - 1], &fact) == 0)
        return true;
    bool full = s->n == s->cap;
    if (full)
        sort(s);
    if (full && s->n >= s->cap / 2) {
        size_t cap = s->cap ? s->cap * 2 : 256;
        struct trace_fact *more =
            cap <= TRACE_FACTS_MAX ? realloc(s->fact, cap * sizeof *more) : NULL;
        if (!more && s->n == s->cap)
            return false;
        s->fact = more ? more : s->fact;
        s->cap = more ? cap : s->cap;
    }
    s->fact[s->n++] = fact;
    return true;
}

/* ---- The first reading ----------------------------------------------------------------------- */

/* The host of "http://user@host:80/", "tcp://[::1]:80", "host:80" or "host". */
static struct fsk_span host_of(const char *text)
{
    const char *scheme = strstr(text, "://");
    const char *p = scheme ? scheme + 3 : text;
    size_t n = strcspn(p, "/?#");
    const char *user = memchr(p, '@', n);
    if (user) {
        n -= (size_t)(user + 1 - p);
        p = user + 1;
    }
    if (n && *p == '[') {
        const char *end = memchr(p, ']', n);
        return fsk_span(p + 1, end ? (size_t)(end - p - 1) : n - 1);
    }
    const char *colon = memchr(p, ':', n);
    bool several = colon && memchr(colon + 1, ':', n - (size_t)(colon + 1 - p)); /* IPv6 */
    return fsk_span(p, colon && !several ? (size_t)(colon - p) : n);
}

static bool names_host(const struct fsock_mark *m, const char *host)
{
    static const char *const keys[] = {"url", "target", "name", "host"};
    if (m->kind != FSOCK_MARK_START && m->kind != FSOCK_MARK_LOOKUP &&
        m->kind != FSOCK_MARK_REQUEST)
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const struct fsock_field *field = fsock_mark_field(m, keys[i]);
        if (field && field->text && fsk_span_caseeq(host_of(field->text), fsk_span_str(host)))
            return true;
    }
    return false;
}

bool trace_filter_look(struct trace_filter *f, const struct fsock_mark *m)
{
    bool good = true;
    if (!m->id || m->kind == FSOCK_MARK_CALL)
        return true;
    if (m->connection)
        good = add(&f->used, f->run, m->id, m->connection);
    if (good && f->o->host && names_host(m, f->o->host))
        good = add(&f->traits, f->run, m->id, HAS_HOST);
    if (good && m->kind == FSOCK_MARK_DONE && (m->sys_errno || fsock_mark_field(m, "err")))
        good = add(&f->traits, f->run, m->id, HAS_FAILED);
    return good;
}

static bool is_chosen(const struct trace_filter *f, uint64_t run, uint64_t id)
{
    const struct trace_verb *o = f->o;
    return (o->id < 0 || (uint64_t)o->id == id) &&
           (!o->failed || has(&f->traits, run, id, HAS_FAILED)) &&
           (!o->host || has(&f->traits, run, id, HAS_HOST));
}

bool trace_filter_looked(struct trace_filter *f)
{
    bool good = true;
    sort(&f->traits);
    sort(&f->used);
    for (size_t i = 0; i < f->used.n && good; i++) {
        const struct trace_fact *u = &f->used.fact[i];
        if (is_chosen(f, u->run, u->id))
            good = add(&f->chosen, u->run, 0, u->number);
    }
    sort(&f->chosen);
    f->run = 0;
    return good;
}

/* ---- Marks ----------------------------------------------------------------------------------- */

bool trace_filter_passes(const struct trace_filter *f, const struct fsock_mark *m)
{
    const struct trace_verb *o = f->o;
    if ((o->connection >= 0 && (uint64_t)o->connection != m->connection) ||
        (o->fd >= 0 && o->fd != m->fd) || (o->since >= 0 && m->at < o->since) ||
        (o->until >= 0 && m->at > o->until))
        return false;
    if (!trace_filter_selects(f))
        return o->id < 0 || (uint64_t)o->id == m->id;
    return m->id ? is_chosen(f, f->run, m->id) : has(&f->chosen, f->run, 0, m->connection);
}
