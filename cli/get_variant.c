#include "get_variant.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/span.h"
#include "outcome.h"

enum { TEXT_MOST = 65536 };

/* One name, and what it may be. */
struct axis {
    struct fsk_span name;
    char **line; /* "Name: value", in variants.lines */
    const char *values;
    size_t n;
};

static const struct {
    const char *word, *agent;
} browsers[] = {
    {"mobile",
     "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
     "Gecko) Version/17.5 Mobile/15E148 Safari/604.1"          },
    {"desktop", "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
                "Chrome/126.0.0.0 Safari/537.36"},
};

/* ---- Values ---------------------------------------------------------------------------------- */

/* Cut the next value off *rest, into `value` without its backslashes. False: there is none. */
static bool next_value(const char **rest, struct fsk_buf *value)
{
    const char *p = *rest;
    if (!p)
        return false;
    fsk_buf_clear(value);
    for (; *p && *p != ','; p++) {
        if (*p == '\\' && p[1] == ',')
            p++;
        if (fsk_buf_append(value, p, 1) != FSOCK_OK)
            return false;
    }
    *rest = *p ? p + 1 : NULL;
    return fsk_buf_terminate(value) == FSOCK_OK;
}

static size_t count_values(const char *values)
{
    size_t n = 1;
    for (; *values; values++) {
        if (*values == '\\' && values[1] == ',')
            values++;
        else if (*values == ',')
            n++;
    }
    return n;
}

static struct fsk_span meaning(struct fsk_span name, struct fsk_span value)
{
    for (size_t i = 0; i < sizeof browsers / sizeof *browsers; i++)
        if (fsk_span_caseeq(name, FSK_SPAN("User-Agent")) &&
            fsk_span_caseeq(value, fsk_span_str(browsers[i].word)))
            return fsk_span_str(browsers[i].agent);
    return value;
}

/* "Name: value", or "Name:" so that it isn't sent. */
static char *line_of(struct fsk_span name, struct fsk_span value)
{
    char *line;
    value = meaning(name, value);
    int n = asprintf(&line, "%.*s:%s%.*s", (int)name.n, name.p, value.n ? " " : "", (int)value.n,
                     value.n ? value.p : "");
    return n < 0 ? NULL : line;
}

/* The lines of an axis. False: out of memory. */
static bool make_lines(struct axis *axis)
{
    struct fsk_buf value;
    const char *rest = axis->values;
    fsk_buf_init(&value, TEXT_MOST);
    bool good = true;
    for (size_t i = 0; good && i < axis->n; i++) {
        good = next_value(&rest, &value);
        axis->line[i] = good ? line_of(axis->name, fsk_span_trim(fsk_buf_span(&value))) : NULL;
        good = axis->line[i] != NULL;
    }
    fsk_buf_fini(&value);
    return good;
}

/* ---- Names ----------------------------------------------------------------------------------- */

/* Take the options apart. 0, or the exit code with the sentence. */
static int read_axes(const struct option_list *vary, struct axis *axes, size_t *variants, char *why,
                     size_t cap)
{
    *variants = 1;
    for (size_t i = 0; i < vary->n; i++) {
        const char *text = vary->item[i].value, *equals = strchr(text, '=');
        if (!equals || equals == text) {
            snprintf(why, cap, "--vary needs NAME=VALUE,VALUE, not '%s'", text);
            return EXIT_USAGE;
        }
        axes[i].name = fsk_span(text, (size_t)(equals - text));
        axes[i].values = equals + 1;
        axes[i].n = count_values(equals + 1);
        for (size_t k = 0; k < i; k++) {
            if (fsk_span_caseeq(axes[k].name, axes[i].name)) {
                snprintf(why, cap, "--vary has %.*s twice; give it once, with all values",
                         (int)axes[i].name.n, axes[i].name.p);
                return EXIT_USAGE;
            }
        }
        if (axes[i].n > VARIANTS_MOST / *variants) {
            snprintf(why, cap, "--vary makes more than %d requests of each URL", VARIANTS_MOST);
            return EXIT_USAGE;
        }
        *variants *= axes[i].n;
    }
    return 0;
}

static bool varies(const struct axis *axes, size_t n, const char *header)
{
    struct fsk_span name = fsk_span(header, strcspn(header, ":;"));
    for (size_t i = 0; i < n; i++)
        if (fsk_span_caseeq(axes[i].name, name))
            return true;
    return false;
}

/* ---- Variants -------------------------------------------------------------------------------- */

/* The place of this variant's value in an axis; the last axis goes round fastest. */
static size_t choice(const struct axis *axes, size_t n, size_t axis, size_t variant)
{
    for (size_t i = n - 1; i > axis; i--)
        variant /= axes[i].n;
    return variant % axes[axis].n;
}

/* Append the value as it was written, for people: "user-agent=mobile", not the browser's words. */
static bool put_name(struct fsk_buf *b, const struct axis *axis, size_t chosen, bool first)
{
    struct fsk_buf value;
    const char *rest = axis->values;
    fsk_buf_init(&value, TEXT_MOST);
    bool good = true;
    for (size_t i = 0; good && i <= chosen; i++)
        good = next_value(&rest, &value);
    struct fsk_span shown = fsk_span_trim(fsk_buf_span(&value));
    good = good && (first || fsk_buf_puts(b, "; ") == FSOCK_OK) &&
           fsk_buf_append(b, axis->name.p, axis->name.n) == FSOCK_OK &&
           fsk_buf_puts(b, "=") == FSOCK_OK && fsk_buf_append(b, shown.p, shown.n) == FSOCK_OK;
    fsk_buf_fini(&value);
    return good;
}

static char *name_of(const struct axis *axes, size_t n, size_t variant)
{
    struct fsk_buf b;
    fsk_buf_init(&b, TEXT_MOST);
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = put_name(&b, &axes[i], choice(axes, n, i, variant), i == 0);
    char *name = good && fsk_buf_terminate(&b) == FSOCK_OK ? strdup(b.mem + b.start) : NULL;
    fsk_buf_fini(&b);
    return name;
}

static bool make_variant(struct variant *v, const struct axis *axes, size_t n, size_t variant,
                         const char *const *headers)
{
    size_t count = 0;
    while (headers && headers[count])
        count++;
    v->name = name_of(axes, n, variant);
    v->headers = calloc(count + n + 1, sizeof *v->headers);
    if (!v->name || !v->headers)
        return false;
    size_t at = 0;
    for (size_t i = 0; i < count; i++)
        if (!varies(axes, n, headers[i]))
            v->headers[at++] = headers[i];
    for (size_t i = 0; i < n; i++)
        v->headers[at++] = axes[i].line[choice(axes, n, i, variant)];
    return true;
}

/* The axes being read: their lines, and what is made of them. False: out of memory. */
static bool multiply(struct variants *all, struct axis *axes, size_t n, size_t variants,
                     const char *const *headers)
{
    size_t lines = 0;
    for (size_t i = 0; i < n; i++)
        lines += axes[i].n;
    all->lines = calloc(lines + 1, sizeof *all->lines);
    all->v = calloc(variants, sizeof *all->v);
    if (!all->lines || !all->v)
        return false;
    lines = 0;
    for (size_t i = 0; i < n; i++) {
        axes[i].line = all->lines + lines;
        lines += axes[i].n;
        if (!make_lines(&axes[i]))
            return false;
    }
    while (all->n < variants) {
        all->n++;
        if (!make_variant(&all->v[all->n - 1], axes, n, all->n - 1, headers))
            return false;
    }
    return true;
}

int variants_init(struct variants *all, const struct option_list *vary, const char *const *headers,
                  char *why, size_t cap)
{
    size_t variants;
    *all = (struct variants){.n = 0};
    if (!vary->n)
        return 0;
    struct axis *axes = calloc(vary->n, sizeof *axes);
    int code = axes ? read_axes(vary, axes, &variants, why, cap) : EXIT_MEMORY;
    if (!code && !multiply(all, axes, vary->n, variants, headers))
        code = EXIT_MEMORY;
    if (code == EXIT_MEMORY)
        snprintf(why, cap, "out of memory");
    free(axes);
    return code;
}

void variants_fini(struct variants *all)
{
    for (size_t i = 0; i < all->n; i++) {
        free(all->v[i].name);
        free(all->v[i].headers);
    }
    for (char **line = all->lines; line && *line; line++)
        free(*line);
    free(all->lines);
    free(all->v);
    *all = (struct variants){.n = 0};
}
