/*
 * map.h - find things by a key of bytes in O(1): an intrusive hash map with chains.
 *
 * A holder embeds a struct fsk_map_node whose key it owns and keeps unchanged while it is in. The
 * hash is keyed at random per map (SipHash-1-3), so that nobody can choose names that collide.
 */
#ifndef FSK_MAP_H
#define FSK_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct fsk_map_node {
    struct fsk_map_node *next; /* in the same slot */
    struct fsk_span key;
    uint64_t hash;
};

struct fsk_map {
    struct fsk_map_node **slot;
    size_t slots, n; /* slots: 0 or a power of two */
    uint64_t secret[2];
};

/* A zeroed map is not enough: the secret comes from the kernel. */
void fsk_map_init(struct fsk_map *map);

/* Frees the table, not the holders. */
void fsk_map_fini(struct fsk_map *map);

/* The node with this key, or NULL. */
struct fsk_map_node *fsk_map_get(const struct fsk_map *map, struct fsk_span key);

/* Put in a node whose `key` is set and not yet in the map. False: out of memory. */
bool fsk_map_add(struct fsk_map *map, struct fsk_map_node *node);

/* Take out a node that is in. */
void fsk_map_remove(struct fsk_map *map, struct fsk_map_node *node);

/* Walk all nodes in no order: NULL to begin; NULL at the end. No changes meanwhile. */
struct fsk_map_node *fsk_map_next(const struct fsk_map *map, const struct fsk_map_node *node);

#endif
