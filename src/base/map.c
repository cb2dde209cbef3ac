#include "base/map.h"

#include <stdlib.h>

#include "base/rand.h"
#include "base/siphash.h"

void fsk_map_init(struct fsk_map *map)
{
    struct fsk_rand r = {.left = 0};
    *map = (struct fsk_map){.slots = 0};
    fsk_rand_bytes(&r, map->secret, sizeof map->secret);
}

void fsk_map_fini(struct fsk_map *map)
{
    free(map->slot);
    map->slot = NULL;
    map->slots = map->n = 0;
}

struct fsk_map_node *fsk_map_get(const struct fsk_map *map, struct fsk_span key)
{
    if (!map->slots)
        return NULL;
    uint64_t hash = fsk_siphash(map->secret, key);
    struct fsk_map_node *node = map->slot[hash & (map->slots - 1)];
    while (node && !(node->hash == hash && fsk_span_eq(node->key, key)))
        node = node->next;
    return node;
}

static bool grow(struct fsk_map *map)
{
    size_t slots = map->slots ? map->slots * 2 : 16;
    struct fsk_map_node **slot = calloc(slots, sizeof *slot);
    if (!slot)
        return false;
    for (size_t i = 0; i < map->slots; i++)
        for (struct fsk_map_node *node = map->slot[i], *next; node; node = next) {
            next = node->next;
            node->next = slot[node->hash & (slots - 1)];
            slot[node->hash & (slots - 1)] = node;
        }
    free(map->slot);
    map->slot = slot;
    map->slots = slots;
    return true;
}

bool fsk_map_add(struct fsk_map *map, struct fsk_map_node *node)
{
    if (map->n >= map->slots && !grow(map))
        return false;
    node->hash = fsk_siphash(map->secret, node->key);
    struct fsk_map_node **slot = &map->slot[node->hash & (map->slots - 1)];
    node->next = *slot;
    *slot = node;
    map->n++;
    return true;
}

void fsk_map_remove(struct fsk_map *map, struct fsk_map_node *node)
{
    struct fsk_map_node **at = &map->slot[node->hash & (map->slots - 1)];
    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    map->n--;
}

struct fsk_map_node *fsk_map_next(const struct fsk_map *map, const struct fsk_map_node *node)
{
    if (node && node->next)
        return node->next;
    size_t i = node ? (node->hash & (map->slots - 1)) + 1 : 0;
    while (i < map->slots && !map->slot[i])
        i++;
    return i < map->slots ? map->slot[i] : NULL;
}
