/* The containers of base/: heap, map and list, by random operations against something simpler. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"

/* The same numbers in each run. */
static uint32_t next_random(void)
{
    static uint64_t x = 88172645463325252u;
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    return (uint32_t)(x >> 16);
}

/* ---- heap ------------------------------------------------------------------------------------ */

#define NODES 200

static void check_heap(const struct fsk_heap *heap, const struct fsk_heap_node *node)
{
    size_t in = 0;
    fsock_time earliest = FSOCK_NEVER;
    for (size_t i = 0; i < NODES; i++)
        if (node[i].place) {
            in++;
            assert_true(node[i].place <= heap->n);
            assert_ptr_equal(heap->node[node[i].place - 1], &node[i]);
            if (node[i].at < earliest)
                earliest = node[i].at;
        }
    assert_int_equal(heap->n, in);
    if (in == 0)
        assert_null(fsk_heap_first(heap));
    else
        assert_int_equal(fsk_heap_first(heap)->at, earliest);
}

static void test_heap_at_random(void **state)
{
    static struct fsk_heap_node node[NODES];
    struct fsk_heap heap = {0};
    (void)state;
    assert_null(fsk_heap_first(&heap));
    assert_true(fsk_heap_reserve(&heap, NODES));
    for (int i = 0; i < 20000; i++) {
        struct fsk_heap_node *n = &node[next_random() % NODES];
        if (next_random() % 3)
            fsk_heap_put(&heap, n, next_random() % 64); /* many are equal */
        else
            fsk_heap_remove(&heap, n);
        check_heap(&heap, node);
    }
    fsk_heap_fini(&heap);
    assert_null(fsk_heap_first(&heap));
}

static int by_time(const void *a, const void *b)
{
    const fsock_time *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Out they come as qsort would have them. */
static void test_heap_sorts(void **state)
{
    static struct fsk_heap_node node[NODES];
    static fsock_time sorted[NODES];
    struct fsk_heap heap = {0};
    (void)state;
    for (size_t i = 0; i < NODES; i++) {
        sorted[i] = (fsock_time)next_random() - (INT64_C(1) << 31);
        assert_true(fsk_heap_reserve(&heap, i + 1));
        fsk_heap_put(&heap, &node[i], sorted[i]);
    }
    qsort(sorted, NODES, sizeof *sorted, by_time);
    for (size_t i = 0; i < NODES; i++) {
        struct fsk_heap_node *first = fsk_heap_first(&heap);
        assert_int_equal(first->at, sorted[i]);
        fsk_heap_remove(&heap, first);
        fsk_heap_remove(&heap, first); /* harmless */
        assert_int_equal(first->place, 0);
    }
    assert_null(fsk_heap_first(&heap));
    fsk_heap_fini(&heap);
}

/* ---- map ------------------------------------------------------------------------------------- */

#define KEYS 500

struct thing {
    struct fsk_map_node node;
    char key[24];
    bool in;
    unsigned seen;
};

static struct fsk_map_node *find(const struct fsk_map *map, const struct thing *t)
{
    char copy[sizeof t->key]; /* found by its bytes, not by where they are */
    memcpy(copy, t->key, sizeof copy);
    return fsk_map_get(map, fsk_span(copy, t->node.key.n));
}

static void check_walk(const struct fsk_map *map, struct thing *things)
{
    size_t in = 0, walked = 0;
    for (size_t i = 0; i < KEYS; i++) {
        things[i].seen = 0;
        in += things[i].in;
    }
    for (struct fsk_map_node *n = NULL; (n = fsk_map_next(map, n));) {
        struct thing *t = FSK_HOLDER(n, struct thing, node);
        assert_true(t->in);
        assert_int_equal(t->seen++, 0);
        walked++;
    }
    assert_int_equal(walked, in);
    assert_int_equal(map->n, in);
}

static void test_map_at_random(void **state)
{
    static struct thing things[KEYS];
    struct fsk_map map;
    (void)state;
    fsk_map_init(&map);
    assert_null(fsk_map_get(&map, FSK_SPAN("nobody")));
    assert_null(fsk_map_next(&map, NULL));
    for (size_t i = 0; i < KEYS; i++) { /* keys of many lengths, one of them empty */
        int n = snprintf(things[i].key, sizeof things[i].key, "%.*zu", (int)(i % 20), i);
        things[i].node.key = fsk_span(things[i].key, i ? (size_t)n + 1 : 0); /* NUL included */
    }
    for (int i = 0; i < 20000; i++) {
        struct thing *t = &things[next_random() % KEYS];
        assert_ptr_equal(find(&map, t), t->in ? &t->node : NULL);
        if (!t->in)
            assert_true(fsk_map_add(&map, &t->node));
        else
            fsk_map_remove(&map, &t->node);
        t->in = !t->in;
        assert_ptr_equal(find(&map, t), t->in ? &t->node : NULL);
        if (i % 500 == 0)
            check_walk(&map, things);
    }
    check_walk(&map, things);
    fsk_map_fini(&map);
    assert_int_equal(map.n, 0);
}

/* Two maps hash alike only by accident: nobody can prepare names that collide. */
static void test_map_secret(void **state)
{
    struct fsk_map a, b;
    (void)state;
    fsk_map_init(&a);
    fsk_map_init(&b);
    assert_memory_not_equal(a.secret, b.secret, sizeof a.secret);
    fsk_map_fini(&a);
    fsk_map_fini(&b);
}

/* ---- list ------------------------------------------------------------------------------------ */

struct item {
    struct fsk_list link;
    char letter;
};

static void assert_letters(struct fsk_list *head, const char *expected)
{
    char letters[16] = "", backwards[16] = "";
    size_t n = 0, m = strlen(expected);
    FSK_LIST_EACH (link, head)
        letters[n++] = FSK_HOLDER(link, struct item, link)->letter;
    assert_string_equal(letters, expected);
    for (struct fsk_list *l = head->prev; l != head; l = l->prev)
        backwards[--m] = FSK_HOLDER(l, struct item, link)->letter;
    assert_int_equal(m, 0);
    assert_string_equal(backwards, expected);
}

struct box {
    long other;
    struct fsk_list head;
};

/* Not inlined, as the compiler must know nothing of the box: see list.h on may_alias. */
__attribute__((noinline)) static unsigned drain(struct box *box, unsigned at_once)
{
    unsigned rounds = 0;
    while (!fsk_list_empty(&box->head) && rounds < 100) {
        rounds++;
        for (unsigned i = 0; i < at_once; i++)
            fsk_list_remove(box->head.next);
    }
    return rounds;
}

static void test_list_in_a_struct(void **state)
{
    struct box box;
    struct item item[6];
    (void)state;
    fsk_list_init(&box.head);
    for (unsigned i = 0; i < 6; i++)
        fsk_list_append(&box.head, &item[i].link);
    assert_int_equal(drain(&box, 3), 2);
}

static void test_list(void **state)
{
    struct item item[5];
    struct fsk_list head;
    (void)state;
    fsk_list_init(&head);
    for (int i = 0; i < 5; i++) {
        item[i].letter = (char)('a' + i);
        fsk_list_init(&item[i].link);
    }
    assert_true(fsk_list_empty(&head));
    fsk_list_append(&head, &item[1].link);
    fsk_list_append(&head, &item[2].link);
    fsk_list_prepend(&head, &item[0].link);
    fsk_list_append(&head, &item[4].link);
    fsk_list_add_before(&item[4].link, &item[3].link);
    assert_false(fsk_list_empty(&head));
    assert_letters(&head, "abcde");
    fsk_list_remove(&item[1].link);
    fsk_list_remove(&item[1].link); /* harmless */
    assert_true(fsk_list_empty(&item[1].link));
    assert_letters(&head, "acde");
    FSK_LIST_EACH (link, &head) /* while walking */
        if (link != &item[3].link)
            fsk_list_remove(link);
    assert_letters(&head, "d");
    fsk_list_remove(&item[3].link);
    assert_true(fsk_list_empty(&head));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heap_at_random),
        cmocka_unit_test(test_heap_sorts),
        cmocka_unit_test(test_map_at_random),
        cmocka_unit_test(test_map_secret),
        cmocka_unit_test(test_list),
        cmocka_unit_test(test_list_in_a_struct),
        cmocka_unit_test(test_list_in_a_struct),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
