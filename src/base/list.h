/*
 * list.h - an intrusive doubly linked ring. A head is a link that belongs to no item.
 *
 * A link is always valid: alone it points to itself, so removing twice is harmless.
 */
#ifndef FSK_LIST_H
#define FSK_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * may_alias: gcc 12 at -O2 else takes a head's `next`, seen as a member of the struct around it,
 * for unchanged by fsk_list_remove() of an item, and keeps it across a loop.
 */
struct fsk_list {
    struct fsk_list *next, *prev;
} __attribute__((may_alias));

/* The struct that holds `link` as its member `member`. */
#define FSK_HOLDER(link, type, member) ((type *)(void *)((char *)(link)-offsetof(type, member)))

/* Walk a ring; the item may be removed inside the body. */
#define FSK_LIST_EACH(link, head)                                                                  \
    for (struct fsk_list *link = (head)->next, *link##_next = link->next; link != (head);          \
         link = link##_next, link##_next = link->next)

static inline void fsk_list_init(struct fsk_list *l)
{
    l->next = l->prev = l;
}

static inline bool fsk_list_empty(const struct fsk_list *l)
{
    return l->next == l;
}

static inline void fsk_list_remove(struct fsk_list *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    fsk_list_init(l);
}

/* Put l, which stands in no ring, before `at`: at the end, if `at` is the head. */
static inline void fsk_list_add_before(struct fsk_list *at, struct fsk_list *l)
{
    l->prev = at->prev;
    l->next = at;
    at->prev->next = l;
    at->prev = l;
}

static inline void fsk_list_append(struct fsk_list *head, struct fsk_list *l)
{
    fsk_list_add_before(head, l);
}

static inline void fsk_list_prepend(struct fsk_list *head, struct fsk_list *l)
{
    fsk_list_add_before(head->next, l);
}

#endif
