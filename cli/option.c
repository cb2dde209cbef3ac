#include "option.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/pace.h"
#include "base/span.h"
#include "base/time.h"

#define NAMES_MAX 160

struct parser {
    const struct option_set *set;
    char *into;
    int argc, at; /* argv[at] is the next word */
    char *const *argv;
    char *why;
    size_t cap;
};

static enum option_result bad(struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static enum option_result bad(struct parser *p, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(p->why, p->cap, format, ap);
    va_end(ap);
    return OPTION_BAD;
}

bool option_list_add(struct option_list *list, const char *value, int tag)
{
    /* Doubled whenever the count reaches a power of two: no capacity to remember. */
    if ((list->n & (list->n - 1)) == 0) {
        size_t cap = list->n ? list->n * 2 : 1;
        struct option_item *item = realloc(list->item, cap * sizeof *item);
        if (!item)
            return false;
        list->item = item;
    }
    list->item[list->n++] = (struct option_item){value, tag};
    return true;
}

void option_list_free(struct option_list *list)
{
    free(list->item);
    *list = (struct option_list){NULL, 0};
}

static bool optional_value(const struct option_row *row)
{
    return row->arg && row->arg[0] == '[';
}

static bool digits(const char *text, int64_t *value, const char **rest)
{
    int64_t v = 0;
    const char *s = text;
    for (; *s >= '0' && *s <= '9'; s++) {
        if (v > (INT64_MAX - 9) / 10)
            return false;
        v = v * 10 + (*s - '0');
    }
    *value = v;
    *rest = s;
    return s > text;
}

static enum option_result put_number(struct parser *p, const struct option_row *row,
                                     const char *dashed, const char *value)
{
    int64_t v;
    const char *rest;
    if (!digits(value, &v, &rest) || *rest || v < row->min || v > row->max)
        return bad(p, "%s needs a whole number from %lld to %lld, not '%s'", dashed,
                   (long long)row->min, (long long)row->max, value);
    *(int64_t *)(void *)(p->into + row->at) = v;
    return OPTION_OK;
}

static enum option_result put_size(struct parser *p, const struct option_row *row,
                                   const char *dashed, const char *value)
{
    static const char units[] = "kMGT";
    int64_t v, most = row->max ? row->max : INT64_MAX;
    const char *rest;
    bool good = digits(value, &v, &rest);
    if (good && *rest) {
        const char *unit = strchr(units, *rest == 'K' ? 'k' : *rest);
        int shift = unit ? 10 * (int)(unit - units + 1) : 0;
        good = unit && !rest[1] && v <= most >> shift;
        v = good ? v << shift : 0;
    }
    if (!good || v < row->min || v > most)
        return bad(p, "%s needs a size like 500, 64k, 10M or 2G, not '%s'", dashed, value);
    *(int64_t *)(void *)(p->into + row->at) = v;
    return OPTION_OK;
}

/* "N" or "N/UNIT". */
static bool parse_rate(const char *text, double *per_second)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {
        {"",   1   },
        {"/s", 1   },
        {"/m", 60  },
        {"/h", 3600}
    };
    int64_t billionths;
    size_t n = strspn(text, "0123456789.");
    if (!fsk_time_parse(fsk_span(text, n), &billionths)) /* a number is one of seconds, too */
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(text + n, units[i].name) == 0) {
            double rate = (double)billionths / 1e9 / units[i].seconds;
            if (!fsk_pace_is_rate(rate))
                return false;
            *per_second = rate;
            return true;
        }
    return false;
}

static enum option_result put_choice(struct parser *p, const struct option_row *row,
                                     const char *dashed, const char *value)
{
    int i = 0;
    for (const char *c = row->choices;; i++) {
        size_t n = strcspn(c, "|");
        if (n == strlen(value) && memcmp(c, value, n) == 0) {
            *(int *)(void *)(p->into + row->at) = i;
            return OPTION_OK;
        }
        if (!c[n])
            return bad(p, "%s must be one of %s, not '%s'", dashed, row->choices, value);
        c += n + 1;
    }
}

/* Store one value; `dashed` is the option as it was written. */
static enum option_result put(struct parser *p, const struct option_row *row, const char *dashed,
                              const char *value)
{
    void *at = p->into + row->at;
    switch (row->kind) {
    case OPTION_FLAG:
        *(int *)at = 1;
        return OPTION_OK;
    case OPTION_SET:
        *(int *)at = (int)row->min;
        return OPTION_OK;
    case OPTION_COUNT:
        *(int *)at += 1;
        return OPTION_OK;
    case OPTION_NUMBER:
        return put_number(p, row, dashed, value);
    case OPTION_SIZE:
        return put_size(p, row, dashed, value);
    case OPTION_TIME:
        if (fsk_time_parse(fsk_span_str(value), at))
            return OPTION_OK;
        return bad(p, "%s needs a time like 1.5, 500ms, 10s or 2m, not '%s'", dashed, value);
    case OPTION_RATE:
        if (parse_rate(value, at))
            return OPTION_OK;
        return bad(p, "%s needs a rate like 0.5, 200/s, 30/m or 100/h, not '%s'", dashed, value);
    case OPTION_STRING:
        *(const char **)at = value ? value : row->choices;
        return OPTION_OK;
    case OPTION_LIST:
        if (option_list_add(at, value, (int)row->min))
            return OPTION_OK;
        return bad(p, "out of memory");
    case OPTION_ENUM:
        if (value)
            return put_choice(p, row, dashed, value);
        *(int *)at = 0;
        return OPTION_OK;
    case OPTION_HELP:
        return OPTION_SHOW_HELP;
    }
    return OPTION_OK;
}

static bool takes_value(const struct option_row *row)
{
    return row->kind != OPTION_FLAG && row->kind != OPTION_SET && row->kind != OPTION_COUNT &&
           row->kind != OPTION_HELP;
}

static enum option_result unknown(struct parser *p, const char *word, size_t len)
{
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (const struct option_row *row = p->set->row; row->help && n < NAMES_MAX; row++)
        if (row->name)
            names[n++] = row->name;
    const char *near = option_nearest(word, len, names, n);
    if (near)
        return bad(p, "unknown option --%.*s; did you mean --%s?", (int)len, word, near);
    return bad(p, "unknown option --%.*s; --help lists them all", (int)len, word);
}

static const struct option_row *long_row(const struct option_set *set, const char *name, size_t len)
{
    for (const struct option_row *row = set->row; row->help; row++)
        if (row->name && strlen(row->name) == len && memcmp(row->name, name, len) == 0)
            return row;
    return NULL;
}

/* `word` is what follows the two dashes. */
static enum option_result long_option(struct parser *p, const char *word)
{
    size_t len = strcspn(word, "=");
    const char *value = word[len] ? word + len + 1 : NULL;
    const struct option_row *row = long_row(p->set, word, len);
    if (!row && len > 3 && memcmp(word, "no-", 3) == 0) {
        row = long_row(p->set, word + 3, len - 3);
        if (row && row->kind == OPTION_FLAG && !value) {
            *(int *)(void *)(p->into + row->at) = 0;
            return OPTION_OK;
        }
        row = NULL;
    }
    if (!row)
        return unknown(p, word, len);
    char dashed[64];
    snprintf(dashed, sizeof dashed, "--%s", row->name);
    if (!takes_value(row))
        return value ? bad(p, "%s takes no value; write it without '=%s'", dashed, value)
                     : put(p, row, dashed, NULL);
    if (!value && !optional_value(row)) {
        if (p->at == p->argc)
            return bad(p, "%s needs a value: %s %s", dashed, dashed, row->arg);
        value = p->argv[p->at++];
    }
    return put(p, row, dashed, value);
}

/* `word` is what follows the one dash: letters, the last of which may have a value. */
static enum option_result short_options(struct parser *p, const char *word)
{
    for (; *word; word++) {
        const struct option_row *row = p->set->row;
        while (row->help && row->letter != *word)
            row++;
        if (!row->help)
            return bad(p, "unknown option -%c; --help lists them all", *word);
        char dashed[3] = {'-', *word, 0};
        const char *value = NULL;
        bool last = takes_value(row) && !optional_value(row);
        if (last && word[1]) {
            value = word + 1;
        } else if (last) {
            if (p->at == p->argc)
                return bad(p, "%s needs a value: %s %s", dashed, dashed, row->arg);
            value = p->argv[p->at++];
        }
        enum option_result result = put(p, row, dashed, value);
        if (last || result != OPTION_OK)
            return result;
    }
    return OPTION_OK;
}

enum option_result option_parse(const struct option_set *set, void *into, int argc,
                                char *const *argv, struct option_list *args, char *why, size_t cap)
{
    struct parser p = {set, into, argc, 1, argv, why, cap};
    bool only_arguments = false;
    while (p.at < argc) {
        const char *word = argv[p.at++];
        enum option_result result = OPTION_OK;
        if (only_arguments || word[0] != '-' || !word[1])
            result = option_list_add(args, word, 0) ? OPTION_OK : bad(&p, "out of memory");
        else if (word[1] != '-')
            result = short_options(&p, word + 1);
        else if (word[2])
            result = long_option(&p, word + 2);
        else
            only_arguments = true;
        if (result != OPTION_OK)
            return result;
    }
    return OPTION_OK;
}
