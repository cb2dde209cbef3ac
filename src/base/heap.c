#include "base/heap.h"

#include <assert.h>
#include <stdlib.h>

void fsk_heap_fini(struct fsk_heap *heap)
{
    free(heap->node);
    *heap = (struct fsk_heap){0};
}

bool fsk_heap_reserve(struct fsk_heap *heap, size_t n)
{
    if (n <= heap->cap)
        return true;
    size_t cap = heap->cap ? heap->cap : 16;
    while (cap < n)
        cap *= 2;
    struct fsk_heap_node **node = realloc(heap->node, cap * sizeof *node);
    if (!node)
        return false;
    heap->node = node;
    heap->cap = cap;
    return true;
}

static void set(struct fsk_heap *heap, size_t i, struct fsk_heap_node *node)
{
    heap->node[i] = node;
    node->place = i + 1;
}

/* Move `node` from the free place i towards the root or the leaves, to where it belongs. */
static void settle(struct fsk_heap *heap, size_t i, struct fsk_heap_node *node)
{
    while (i > 0 && heap->node[(i - 1) / 4]->at > node->at) {
        set(heap, i, heap->node[(i - 1) / 4]);
        i = (i - 1) / 4;
    }
    for (;;) {
        size_t first = 4 * i + 1, best = first;
        if (first >= heap->n)
            break;
        for (size_t c = first + 1; c < first + 4 && c < heap->n; c++)
            if (heap->node[c]->at < heap->node[best]->at)
                best = c;
        if (heap->node[best]->at >= node->at)
            break;
        set(heap, i, heap->node[best]);
        i = best;
    }
    set(heap, i, node);
}

void fsk_heap_put(struct fsk_heap *heap, struct fsk_heap_node *node, fsock_time at)
{
    node->at = at;
    if (!node->place) {
        assert(heap->n < heap->cap);
        heap->node[heap->n] = node;
        node->place = ++heap->n;
    }
    settle(heap, node->place - 1, node);
}

void fsk_heap_remove(struct fsk_heap *heap, struct fsk_heap_node *node)
{
    if (!node->place)
        return;
    size_t i = node->place - 1;
    node->place = 0;
    struct fsk_heap_node *last = heap->node[--heap->n];
    if (i < heap->n)
        settle(heap, i, last);
}
