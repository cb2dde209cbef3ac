/*
 * robots.txt. The input is a target, a newline and the file. Invariants: the writers stay in their
 * room; the normal form of a target is its own; a file that is made of what was picked says the
 * same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wire/robots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *room(size_t n)
{
    char *p = malloc(FSK_ROBOTS_ROOM(n));
    if (!p)
        abort();
    return p;
}

/* A file with one group, of these rules. */
static struct fsk_span write_file(struct fsk_span rules)
{
    static const char head[] = "User-agent: *\n";
    char *p = malloc(sizeof head + 11 * rules.n);
    if (!p)
        abort();
    size_t n = sizeof head - 1;
    memcpy(p, head, n);
    for (bool begin = true; rules.n; rules.p++, rules.n--) {
        const char *word = rules.p[0] == '+' ? "allow:" : "disallow:";
        if (begin) {
            memcpy(p + n, word, strlen(word));
            n += strlen(word);
        } else {
            p[n++] = rules.p[0];
        }
        begin = rules.p[0] == '\n';
    }
    return fsk_span(p, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = size ? memchr(data, '\n', size) : NULL;
    if (!end || size > 20000)
        return 0;
    struct fsk_span target = {(const char *)data, (size_t)(end - data)};
    struct fsk_span file = {(const char *)end + 1, size - target.n - 1}, url;
    char *one = room(target.n), *two = room(3 * target.n), *out = room(file.n);
    struct fsk_robots r, again;

    struct fsk_span normal = {one, fsk_robots_target(target, one)};
    assert(normal.n <= 3 * target.n);
    assert(fsk_span_eq(normal, fsk_span(two, fsk_robots_target(normal, two))));
    fsk_robots_pick(file, FSK_SPAN("a/1"), &r, out);
    assert(r.rules.n <= FSK_ROBOTS_ROOM(file.n) && r.delay >= 0);
    bool allowed = fsk_robots_allows(r.rules, normal);
    struct fsk_span copy = write_file(r.rules);
    char *out2 = room(copy.n);
    fsk_robots_pick(copy, FSK_SPAN("a"), &again, out2);
    assert(fsk_span_eq(r.rules, again.rules));
    assert(fsk_robots_allows(again.rules, normal) == allowed);
    while (fsk_robots_sitemap(&file, &url))
        assert(url.n);
    free(one);
    free(two);
    free(out);
    free(out2);
    free((char *)copy.p);
    return 0;
}
