/*
 * heap.h - points in time, earliest first: an intrusive 4-ary heap.
 *
 * Each node knows its place, so that one in the middle can move or leave. The array grows by
 * doubling and never holds more entries than there are nodes inside.
 */
#ifndef FSK_HEAP_H
#define FSK_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include <fsock.h>

struct fsk_heap_node {
    fsock_time at;
    size_t place; /* 1 and up; 0 = in no heap */
};

struct fsk_heap {
    struct fsk_heap_node **node; /* node[0] is the earliest */
    size_t n, cap;
};

/* A zeroed heap is an empty one. */
void fsk_heap_fini(struct fsk_heap *heap);

/* Make room for n nodes in all, so that the next puts can't fail. False: out of memory. */
bool fsk_heap_reserve(struct fsk_heap *heap, size_t n);

/* Put a node in at `at`, or move it there. There must be room (fsk_heap_reserve). */
void fsk_heap_put(struct fsk_heap *heap, struct fsk_heap_node *node, fsock_time at);

/* Take it out; harmless if it is not in. */
void fsk_heap_remove(struct fsk_heap *heap, struct fsk_heap_node *node);

/* The earliest, or NULL. */
static inline struct fsk_heap_node *fsk_heap_first(const struct fsk_heap *heap)
{
    return heap->n ? heap->node[0] : NULL;
}

#endif
