#include "check_targets.h"

#include <stdio.h>
#include <stdlib.h>

void check_targets_init(struct check_targets *t, const struct check_options *o)
{
    *t = (struct check_targets){.o = o, .keep = o->every || o->prometheus};
    fsk_map_init(&t->known);
    list_init(&t->list, &o->lists);
}

void check_targets_fini(struct check_targets *t)
{
    for (size_t i = 0; i < t->n; i++) {
        free(t->kept[i]->text);
        free(t->kept[i]);
    }
    free(t->kept);
    fsk_map_fini(&t->known);
    list_fini(&t->list);
}

/* NULL: out of memory, or there are too many. A metric has each target once. */
static struct check_target *keep(struct check_targets *t, const char *text)
{
    struct fsk_map_node *node =
        t->o->prometheus ? fsk_map_get(&t->known, fsk_span_str(text)) : NULL;
    if (node)
        return FSK_HOLDER(node, struct check_target, node);
    if (t->n == CHECK_TARGETS_MAX)
        return NULL;
    if (t->n == t->cap) {
        size_t cap = t->cap ? 2 * t->cap : 16;
        struct check_target **more = realloc(t->kept, cap * sizeof *more);
        if (!more)
            return NULL;
        t->kept = more;
        t->cap = cap;
    }
    struct check_target *target = calloc(1, sizeof *target);
    char *copy = strdup(text);
    if (target)
        target->node.key = fsk_span_str(copy ? copy : "");
    if (!target || !copy || (t->o->prometheus && !fsk_map_add(&t->known, &target->node))) {
        free(target);
        free(copy);
        return NULL;
    }
    target->text = copy;
    target->state = -1;
    return t->kept[t->n++] = target;
}

static enum list_result take_line(struct check_next *next, const struct list_line *line)
{
    bool fits = line->text.n < sizeof next->text;
    size_t n = fits ? line->text.n : sizeof next->text - 1;
    memcpy(next->text, line->text.p, n);
    next->text[n] = '\0';
    const char *why = line->why ? line->why : fits ? NULL : "the line is too long";
    if (!why)
        return LIST_LINE;
    snprintf(next->why, sizeof next->why, "%.80s, line %llu: %.40s", line->name,
             (unsigned long long)line->number, why);
    return LIST_BAD;
}

static enum list_result from_list(struct check_targets *t, struct check_next *next)
{
    struct list_line line;
    enum list_result result = list_next(&t->list, &line);
    next->list = line.name;
    return result == LIST_LINE || result == LIST_BAD ? take_line(next, &line) : result;
}

/* One of the rounds before. */
static enum list_result from_kept(struct check_targets *t, struct check_next *next)
{
    if (t->next == t->n)
        return LIST_END;
    next->target = t->kept[t->next++];
    snprintf(next->text, sizeof next->text, "%s", next->target->text);
    return LIST_LINE;
}

enum list_result check_targets_next(struct check_targets *t, struct check_next *next)
{
    enum list_result result = LIST_LINE;
    next->target = NULL;
    next->text[0] = next->why[0] = '\0';
    if (t->again)
        return from_kept(t, next);
    if (t->next < t->o->targets.n)
        snprintf(next->text, sizeof next->text, "%s", t->o->targets.item[t->next++].value);
    else
        result = from_list(t, next);
    if (result != LIST_LINE || !t->keep)
        return result;
    next->target = keep(t, next->text);
    if (next->target)
        return LIST_LINE;
    snprintf(next->why, sizeof next->why, "there are too many targets to be kept");
    return LIST_BAD;
}

void check_targets_again(struct check_targets *t)
{
    t->again = true;
    t->next = 0;
}
