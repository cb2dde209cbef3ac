/*
 * Sitemaps: the same entries whether the bytes come at once or in pieces, numbered, and none longer
 * than it may be; dates whose end isn't before their beginning. The first byte of the input is the
 * size of the pieces.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sitemap.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    uint64_t entries, sum;
};

static void found(void *user, const struct sitemap_entry *e)
{
    struct seen *seen = user;
    assert(e->number == ++seen->entries && seen->entries <= SITEMAP_ENTRIES);
    assert(e->url.n && e->url.n <= SITEMAP_URL_MAX);
    assert(!e->dated || e->modified.first <= e->modified.last);
    for (size_t i = 0; i < e->url.n; i++)
        seen->sum = seen->sum * 31 + (unsigned char)e->url.p[i];
    seen->sum = seen->sum * 31 + e->is_sitemap + 2 * e->dated + 4 * (e->why != NULL);
}

static struct seen read_all(const uint8_t *data, size_t size, size_t piece, char why[256])
{
    struct seen seen = {0, 0};
    struct sitemap *s = sitemap_new(FSK_SPAN("http://h/d/sitemap.xml"), found, &seen);
    bool good = true;
    if (!s)
        abort();
    for (size_t at = 0; good && at < size; at += piece) {
        size_t n = size - at < piece ? size - at : piece;
        char *copy = malloc(n); /* of just this size, so that asan sees each step over */
        if (!copy)
            abort();
        memcpy(copy, data + at, n);
        good = sitemap_push(s, fsk_span(copy, n));
        free(copy);
    }
    good = good && sitemap_finish(s);
    assert(good == !sitemap_why(s)[0]);
    fsk_span_text(fsk_span_str(sitemap_why(s)), why, 256);
    sitemap_free(s);
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char why[256], why2[256];
    struct date date;
    if (!size)
        return 0;
    struct seen whole = read_all(data + 1, size - 1, size, why);
    struct seen pieces = read_all(data + 1, size - 1, data[0] + 1u, why2);
    if (!strstr(why, "unpacked") && !strstr(why2, "unpacked")) {
        assert(!why[0] == !why2[0]); /* in other words: expat's depend on what it has seen */
        assert(whole.entries == pieces.entries && whole.sum == pieces.sum);
    }
    if (date_parse(fsk_span((const char *)data, size), &date))
        assert(date.first <= date.last);
    return 0;
}
