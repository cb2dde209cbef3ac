/*
 * dns_order.h - records in the order of the input (--ordered): each waits until those before it
 * have been written.
 *
 * At most DNS_ORDER_MOST are open at once, that is asked for and not written; then no more may be
 * asked for, nor while the texts that wait have more than DNS_ORDER_BYTES. A record that waits is
 * kept as its text.
 */
#ifndef FSOCK_CLI_DNS_ORDER_H
#define FSOCK_CLI_DNS_ORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "out.h"

#define DNS_ORDER_MOST  16384 /* a power of two */
#define DNS_ORDER_BYTES ((size_t)16 * 1024 * 1024)

struct dns_order {
    uint64_t next; /* the number of the record to be written next, from 0 */
    size_t bytes;  /* of the texts that wait */
    struct {
        char *text; /* NULL: it hasn't come */
        size_t n;
    } slot[DNS_ORDER_MOST];
};

/* Frees what waits. A zeroed one is ready for use. */
void dns_order_fini(struct dns_order *order);

/* Whether the record of this number may be asked for now. */
static inline bool dns_order_room(const struct dns_order *order, uint64_t number)
{
    return number - order->next < DNS_ORDER_MOST && order->bytes <= DNS_ORDER_BYTES;
}

/* The text of a record has come (copied): write it, or keep it. False: out of memory. */
bool dns_order_put(struct dns_order *order, uint64_t number, struct fsk_span text, struct out *out);

#endif
