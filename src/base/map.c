#include "base/map.h"

#include <stdlib.h>

#include "base/rand.h"

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1], v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0], v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1], v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2], v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

/* SipHash-1-3 (Aumasson and Bernstein), words read in the machine's own order. */
static uint64_t hash_of(const uint64_t secret[2], struct fsk_span key)
{
    uint64_t v[4] = {secret[0] ^ 0x736f6d6570736575, secret[1] ^ 0x646f72616e646f6d,
                     secret[0] ^ 0x6c7967656e657261, secret[1] ^ 0x7465646279746573};
    uint64_t last = (uint64_t)key.n << 56;
    size_t whole = key.n & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8) {
        uint64_t word;
        memcpy(&word, key.p + i, 8);
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    for (size_t i = whole; i < key.n; i++)
        last |= (uint64_t)(unsigned char)key.p[i] << 8 * (i - whole);
    v[3] ^= last;
    sip_round(v);
    v[0] ^= last;
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

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
    uint64_t hash = hash_of(map->secret, key);
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
    node->hash = hash_of(map->secret, node->key);
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
