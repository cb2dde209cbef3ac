#include "get_source.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/map.h"
#include "get_follow.h"
#include "get_gate.h"
#include "get_names.h"
#include "get_sitemap.h"

enum { LINES_A_CALL = 256 }; /* of other shards, before others get their turn */

struct named {
    struct fsk_map_node node;
    char name[NAME_SIZE];
    size_t index;
};

/* With -O, those of the command line's URLs whose plain names are the same get marked ones. */
static bool mark_names(struct source *s)
{
    const struct get_options *o = s->o;
    size_t n = o->urls.n;
    bool more = o->lists.n || o->sitemaps.n || get_follows(o);
    if (!o->remote_name || (n < 2 && !more))
        return true;
    struct fsk_map map;
    struct named *a = calloc(n + 1, sizeof *a);
    s->marked = calloc(n + 1, sizeof *s->marked);
    bool good = a && s->marked;
    fsk_map_init(&map);
    for (size_t i = o->outputs.n; good && i < n; i++) {
        names_of_url(fsk_span_str(o->urls.item[i].value), false, a[i].name);
        a[i].index = i;
        a[i].node.key = fsk_span_str(a[i].name);
        struct fsk_map_node *same = fsk_map_get(&map, a[i].node.key);
        if (same || more)
            s->marked[i] = true;
        if (same)
            s->marked[FSK_HOLDER(same, struct named, node)->index] = true;
        else
            good = fsk_map_add(&map, &a[i].node);
    }
    fsk_map_fini(&map);
    free(a);
    return good;
}

bool source_init(struct source *s, const struct get_options *o, struct gate *gate,
                 struct sitemaps *sitemaps, struct follow *follow)
{
    bool from_journal = o->only_failed && !o->urls.n && !o->lists.n && !o->sitemaps.n;
    *s = (struct source){.o = o,
                         .gate = from_journal ? gate : NULL,
                         .sitemaps = sitemaps,
                         .follow = follow,
                         .variants = 1};
    list_init(&s->list, &o->lists);
    return mark_names(s);
}

void source_fini(struct source *s)
{
    if (!s->o)
        return;
    list_fini(&s->list);
    free(s->marked);
}

static enum list_result from_command_line(struct source *s, struct source_url *u)
{
    size_t i = s->next_url++;
    *u = (struct source_url){.text = fsk_span_str(s->o->urls.item[i].value),
                             .output = i < s->o->outputs.n ? s->o->outputs.item[i].value : NULL,
                             .marked = s->marked && s->marked[i]};
    return LIST_LINE;
}

static enum list_result from_list(struct source *s, struct source_url *u)
{
    struct list_line line;
    enum list_result result = list_next(&s->list, &line);
    *u = (struct source_url){.marked = true};
    if (result == LIST_FAILED) {
        u->list = line.name;
        s->failed = true;
    } else if (result == LIST_LINE || result == LIST_BAD) {
        u->text = line.text;
        u->list = line.name;
        u->line = line.number;
        u->why = line.why;
    }
    return result;
}

/* The next URL, whatever its variants. */
static enum list_result next_url(struct source *s, struct source_url *u)
{
    if (s->gate)
        return gate_next_failed(s->gate, u);
    if (s->next_url < s->o->urls.n)
        return from_command_line(s, u);
    enum list_result result = from_list(s, u);
    if (result != LIST_WAIT && result != LIST_END)
        return result;
    enum list_result found = sitemaps_next(s->sitemaps, u);
    if (found == LIST_LINE || found == LIST_BAD)
        return found;
    enum list_result followed = follow_next(s->follow, u);
    if (followed == LIST_LINE)
        return followed;
    return result == LIST_WAIT || found == LIST_WAIT ? LIST_WAIT : followed;
}

/* The next one of our shard. */
static enum list_result next_of_ours(struct source *s, struct source_url *u)
{
    for (unsigned i = 0; i < LINES_A_CALL; i++) {
        enum list_result result = next_url(s, u);
        if ((result != LIST_LINE && result != LIST_BAD) || shard_has(&s->o->shard, u->text))
            return result;
        s->elsewhere++;
    }
    return LIST_MORE;
}

enum list_result source_next(struct source *s, struct source_url *u)
{
    enum list_result result = LIST_LINE;
    if (s->last.variant == 0) {
        uint64_t serial = s->last.serial;
        result = next_of_ours(s, &s->last);
        s->last.serial = serial + 1;
    }
    *u = s->last;
    s->last.variant = result == LIST_LINE ? (s->last.variant + 1) % s->variants : 0;
    return result;
}
