#include "wire/cachestatus.h"

#include "wire/h1.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* How a field says it. */
enum form {
    STANDARD, /* RFC 9211 */
    WORDS,    /* elements; in each the first known word counts, "HIT from a.example (12)" */
    SERVED,   /* words, or a sentence that begins with "Served": then it was */
    IDS,      /* elements; in each two ids are a hit, one is a miss */
    TIMING,   /* Server-Timing: a metric cdn-cache, whose description is a word */
    SECONDS   /* above zero: it has been in a cache */
};

/* The first that says something counts. */
/* clang-format off */
static const struct {
    struct fsk_span name;
    enum form form;
} rows[] = {
    {FSK_SPAN("Cache-Status"),           STANDARD},
    /* Networks. */
    {FSK_SPAN("CF-Cache-Status"),        WORDS   },
    {FSK_SPAN("X-Vercel-Cache"),         WORDS   },
    {FSK_SPAN("X-QC-Cache"),             WORDS   },
    {FSK_SPAN("X-Sucuri-Cache"),         WORDS   },
    {FSK_SPAN("CDN-Cache"),              WORDS   },
    {FSK_SPAN("X-Cache"),                WORDS   },
    {FSK_SPAN("X-Cache-Lookup"),         WORDS   },
    /* Web servers. */
    {FSK_SPAN("X-Cache-Status"),         WORDS   },
    {FSK_SPAN("X-Proxy-Cache"),          WORDS   },
    {FSK_SPAN("X-Proxy-Cache-Status"),   WORDS   },
    {FSK_SPAN("X-Nginx-Cache"),          WORDS   },
    {FSK_SPAN("X-Nginx-Cache-Status"),   WORDS   },
    {FSK_SPAN("X-Fastcgi-Cache"),        WORDS   },
    {FSK_SPAN("X-Srcache-Fetch-Status"), WORDS   },
    {FSK_SPAN("X-Varnish-Cache"),        WORDS   },
    {FSK_SPAN("X-Varnish"),              IDS     },
    {FSK_SPAN("X-Kinsta-Cache"),         WORDS   },
    {FSK_SPAN("X-Ac"),                   WORDS   },
    {FSK_SPAN("X-Litespeed-Cache"),      WORDS   },
    {FSK_SPAN("X-Lsadc-Cache"),          WORDS   },
    /* Applications. */
    {FSK_SPAN("X-Magento-Cache-Debug"),  WORDS   },
    {FSK_SPAN("X-Nextjs-Cache"),         WORDS   },
    {FSK_SPAN("X-Drupal-Cache"),         WORDS   },
    {FSK_SPAN("X-Drupal-Dynamic-Cache"), WORDS   },
    {FSK_SPAN("WP-Super-Cache"),         SERVED  },
    {FSK_SPAN("X-WP-Super-Cache"),       SERVED  },
    {FSK_SPAN("X-Page-Cache"),           WORDS   },
    /* Hints. */
    {FSK_SPAN("Server-Timing"),          TIMING  },
    {FSK_SPAN("Age"),                    SECONDS },
};
/* clang-format on */

/* "TCP_REFRESH_HIT" is three words. */
static const struct meaning {
    struct fsk_span word;
    enum fsk_cache_verdict verdict;
} meanings[] = {
    {FSK_SPAN("hit"),             FSK_CACHE_HIT    },
    {FSK_SPAN("miss"),            FSK_CACHE_MISS   },
    {FSK_SPAN("expired"),         FSK_CACHE_EXPIRED},
    {FSK_SPAN("stale"),           FSK_CACHE_STALE  },
    {FSK_SPAN("bypass"),          FSK_CACHE_BYPASS },
    {FSK_SPAN("updating"),        FSK_CACHE_STALE  }, /* nginx, Cloudflare: stale meanwhile */
    {FSK_SPAN("revalidated"),     FSK_CACHE_EXPIRED}, /* the same: it had to ask first */
    {FSK_SPAN("refresh"),         FSK_CACHE_EXPIRED}, /* Squid's TCP_REFRESH_... */
    {FSK_SPAN("refreshhit"),      FSK_CACHE_EXPIRED}, /* CloudFront */
    {FSK_SPAN("originshieldhit"), FSK_CACHE_HIT    },
    {FSK_SPAN("prerender"),       FSK_CACHE_HIT    }, /* Vercel */
    {FSK_SPAN("cached"),          FSK_CACHE_HIT    },
    {FSK_SPAN("fresh"),           FSK_CACHE_HIT    },
    {FSK_SPAN("uncached"),        FSK_CACHE_MISS   },
    {FSK_SPAN("dynamic"),         FSK_CACHE_BYPASS }, /* Cloudflare: not a page to be cached */
    {FSK_SPAN("uncacheable"),     FSK_CACHE_BYPASS }, /* Drupal */
    {FSK_SPAN("pass"),            FSK_CACHE_BYPASS }, /* Varnish */
    {FSK_SPAN("hfp"),             FSK_CACHE_BYPASS },
    {FSK_SPAN("hfm"),             FSK_CACHE_BYPASS },
    {FSK_SPAN("skip"),            FSK_CACHE_BYPASS },
    {FSK_SPAN("client"),          FSK_CACHE_BYPASS }, /* TCP_CLIENT_REFRESH_MISS: we asked for it */
    {FSK_SPAN("nostore"),         FSK_CACHE_BYPASS }, /* Azure's PRIVATE_NOSTORE */
    {FSK_SPAN("nocache"),         FSK_CACHE_BYPASS }, /* ... and CONFIG_NOCACHE */
    {FSK_SPAN("disabled"),        FSK_CACHE_BYPASS },
};

/* ---- Cutting --------------------------------------------------------------------------------- */

/* Cut off what stands before the next `stop` outside of quotes; false at the end. */
static bool cut(struct fsk_span *rest, char stop, struct fsk_span *piece)
{
    size_t n = 0;
    bool quoted = false;
    if (rest->n == 0)
        return false;
    for (; n < rest->n && (quoted || rest->p[n] != stop); n++) {
        if (rest->p[n] == '"')
            quoted = !quoted;
        else if (quoted && rest->p[n] == '\\' && n + 1 < rest->n)
            n++;
    }
    size_t used = n < rest->n ? n + 1 : n;
    *piece = fsk_span_trim(fsk_span(rest->p, n));
    *rest = fsk_span(rest->p + used, rest->n - used);
    return true;
}

static bool is_letter(char c)
{
    return (fsk_lower(c) >= 'a' && fsk_lower(c) <= 'z') || (c >= '0' && c <= '9');
}

/* The next run of letters and digits; false at the end. */
static bool next_word(struct fsk_span *text, struct fsk_span *word)
{
    while (text->n && !is_letter(text->p[0]))
        text->p++, text->n--;
    size_t n = 0;
    while (n < text->n && is_letter(text->p[n]))
        n++;
    *word = fsk_span(text->p, n);
    *text = fsk_span(text->p + n, text->n - n);
    return n > 0;
}

static bool is(struct fsk_span s, const char *word)
{
    return fsk_span_caseeq(s, fsk_span_str(word));
}

/* ---- The forms ------------------------------------------------------------------------------- */

static enum fsk_cache_verdict meaning_of(struct fsk_span word)
{
    for (size_t i = 0; i < COUNT(meanings); i++)
        if (fsk_span_caseeq(word, meanings[i].word))
            return meanings[i].verdict;
    return FSK_CACHE_UNKNOWN;
}

static enum fsk_cache_verdict by_words(struct fsk_span text)
{
    enum fsk_cache_verdict v = FSK_CACHE_UNKNOWN;
    struct fsk_span word;
    while (v == FSK_CACHE_UNKNOWN && next_word(&text, &word))
        v = meaning_of(word);
    bool in_vain = v == FSK_CACHE_EXPIRED && next_word(&text, &word) && is(word, "fail");
    return in_vain ? FSK_CACHE_STALE : v; /* TCP_REFRESH_FAIL_HIT */
}

static enum fsk_cache_verdict by_served(struct fsk_span text)
{
    enum fsk_cache_verdict v = by_words(text);
    struct fsk_span word;
    bool served = next_word(&text, &word) && is(word, "served");
    return v == FSK_CACHE_UNKNOWN && served ? FSK_CACHE_HIT : v;
}

static enum fsk_cache_verdict by_ids(struct fsk_span text)
{
    struct fsk_span id;
    unsigned n = 0;
    while (next_word(&text, &id))
        n++;
    return n == 1 ? FSK_CACHE_MISS : n == 2 ? FSK_CACHE_HIT : FSK_CACHE_UNKNOWN;
}

static enum fsk_cache_verdict by_seconds(struct fsk_span text)
{
    bool digits = text.n > 0, some = false;
    for (size_t i = 0; i < text.n; i++) {
        digits = digits && text.p[i] >= '0' && text.p[i] <= '9';
        some = some || text.p[i] != '0';
    }
    return digits && some ? FSK_CACHE_HIT : FSK_CACHE_UNKNOWN;
}

/* "key=value"; a key alone is true, and its value empty. */
static struct fsk_span value_of(struct fsk_span *param)
{
    struct fsk_span key = *param, value = fsk_span(param->p + param->n, 0);
    const char *equals = param->n ? memchr(param->p, '=', param->n) : NULL;
    if (equals) {
        key.n = (size_t)(equals - param->p);
        value = fsk_span_trim(fsk_span(equals + 1, param->n - key.n - 1));
    }
    *param = fsk_span_trim(key);
    return value;
}

/* Why it went to the next server (RFC 9211 2.2). */
static enum fsk_cache_verdict by_forward(struct fsk_span why)
{
    if (is(why, "bypass") || is(why, "method") || is(why, "request"))
        return FSK_CACHE_BYPASS;
    return is(why, "stale") ? FSK_CACHE_EXPIRED : FSK_CACHE_MISS;
}

/* `"The cache"; hit; ttl=300` or `The-cache; fwd=uri-miss; stored`. */
static enum fsk_cache_verdict by_standard(struct fsk_span member)
{
    struct fsk_span param, forward = {NULL, 0};
    bool hit = false, old = false;
    cut(&member, ';', &param); /* the cache's name */
    while (cut(&member, ';', &param)) {
        struct fsk_span value = value_of(&param);
        if (is(param, "hit"))
            hit = !is(value, "?0");
        else if (is(param, "fwd"))
            forward = value;
        else if (is(param, "ttl"))
            old = value.n && value.p[0] == '-';
    }
    if (hit)
        return old || is(forward, "stale") ? FSK_CACHE_STALE : FSK_CACHE_HIT;
    return forward.n ? by_forward(forward) : FSK_CACHE_UNKNOWN;
}

/* `cdn-cache; desc=HIT` among other metrics. */
static enum fsk_cache_verdict by_timing(struct fsk_span metric)
{
    struct fsk_span param;
    if (!cut(&metric, ';', &param) || !is(param, "cdn-cache"))
        return FSK_CACHE_UNKNOWN;
    while (cut(&metric, ';', &param)) {
        struct fsk_span value = value_of(&param);
        if (is(param, "desc"))
            return by_words(value);
    }
    return FSK_CACHE_UNKNOWN;
}

static enum fsk_cache_verdict by_element(enum form form, struct fsk_span element)
{
    switch (form) {
    case STANDARD:
        return by_standard(element);
    case WORDS:
        return by_words(element);
    case SERVED:
        return by_served(element);
    case IDS:
        return by_ids(element);
    case TIMING:
        return by_timing(element);
    case SECONDS:
        return by_seconds(element);
    }
    return FSK_CACHE_UNKNOWN;
}

/* ---- The header ------------------------------------------------------------------------------ */

/* The last element that says something: that of the cache nearest to us. */
static enum fsk_cache_verdict by_value(enum form form, struct fsk_span value)
{
    enum fsk_cache_verdict last = FSK_CACHE_UNKNOWN;
    struct fsk_span element;
    while (cut(&value, ',', &element)) {
        enum fsk_cache_verdict v = by_element(form, element);
        last = v == FSK_CACHE_UNKNOWN ? last : v;
    }
    return last;
}

/* The row of that name among the first n; n if there is none. */
static size_t row_of(struct fsk_span name, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (fsk_span_caseeq(name, rows[i].name))
            return i;
    return n;
}

void fsk_cache_look_at(struct fsk_cache_look *look, struct fsk_span name, struct fsk_span value)
{
    size_t n = COUNT(rows) - look->ruled_out, row = row_of(name, n);
    enum fsk_cache_verdict v = row < n ? by_value(rows[row].form, value) : FSK_CACHE_UNKNOWN;
    if (v == FSK_CACHE_UNKNOWN)
        return;
    look->verdict = v;
    look->ruled_out = COUNT(rows) - row - 1; /* the same field once more: a cache nearer to us */
}

enum fsk_cache_verdict fsk_cachestatus(struct fsk_span fields)
{
    struct fsk_cache_look look = {.ruled_out = 0};
    struct fsk_span name, value;
    size_t pos = 0;
    while (fields.n - pos > 2) {
        if (!fsk_cache_may_tell(fields.p + pos)) {
            fsk_h1_next_line(fields, &pos);
            continue;
        }
        fsk_h1_next_field(fields, &pos, &name, &value);
        fsk_cache_look_at(&look, name, value);
    }
    return look.verdict;
}

const char *fsk_cache_verdict_name(enum fsk_cache_verdict verdict)
{
    static const char *const names[FSK_CACHE_VERDICTS] = {
        [FSK_CACHE_UNKNOWN] = "UNKNOWN", [FSK_CACHE_HIT] = "HIT",     [FSK_CACHE_MISS] = "MISS",
        [FSK_CACHE_EXPIRED] = "EXPIRED", [FSK_CACHE_STALE] = "STALE", [FSK_CACHE_BYPASS] = "BYPASS",
    };
    return names[verdict];
}
