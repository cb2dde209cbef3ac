/*
 * order.h - records in the order of the input (--ordered): each waits until those before it
 * have been written.
 *
 * At most ORDER_MOST are open at once, that is asked for and not written; then no more may be
 * asked for, nor while the texts that wait have more than ORDER_BYTES. A record that waits is
 * kept as its text.
 */
#ifndef FSOCK_CLI_ORDER_H
#define FSOCK_CLI_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "out.h"

#define ORDER_MOST  16384 /* a power of two */
#define ORDER_BYTES ((size_t)16 * 1024 * 1024)

struct order {
    uint64_t next; /* the number of the record to be written next, from 0 */
    size_t bytes;  /* of the texts that wait */
    struct {
        char *text; /* NULL: it hasn't come */
        size_t n;
    } slot[ORDER_MOST];
};

/* Frees what waits. A zeroed one is ready for use. */
void order_fini(struct order *order);

/* Whether the record of this number may be asked for now. */
static inline bool order_room(const struct order *order, uint64_t number)
{
    return number - order->next < ORDER_MOST && order->bytes <= ORDER_BYTES;
}

/* The text of a record has come (copied): write it, or keep it. False: out of memory. */
bool order_put(struct order *order, uint64_t number, struct fsk_span text, struct out *out);

/* Write all that waits, whoever is missing between: no more will come. */
void order_flush(struct order *order, struct out *out);

#endif
