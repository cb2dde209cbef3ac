#include "order.h"

#include <stdlib.h>

void order_fini(struct order *order)
{
    for (size_t i = 0; i < ORDER_MOST; i++)
        free(order->slot[i].text);
}

/* Write those that have been waiting for the one before them. */
static void write_next(struct order *order, struct out *out)
{
    for (;;) {
        size_t i = order->next % ORDER_MOST;
        if (!order->slot[i].text)
            return;
        out_bytes(out, order->slot[i].text, order->slot[i].n);
        free(order->slot[i].text);
        order->slot[i].text = NULL;
        order->bytes -= order->slot[i].n;
        order->next++;
    }
}

bool order_put(struct order *order, uint64_t number, struct fsk_span text, struct out *out)
{
    if (number == order->next) {
        out_span(out, text);
        order->next++;
        write_next(order, out);
        return true;
    }
    char *copy = malloc(text.n + 1);
    if (!copy)
        return false;
    if (text.n > 0)
        memcpy(copy, text.p, text.n);
    order->slot[number % ORDER_MOST].text = copy;
    order->slot[number % ORDER_MOST].n = text.n;
    order->bytes += text.n;
    return true;
}

void order_flush(struct order *order, struct out *out)
{
    for (size_t i = 0; i < ORDER_MOST; i++) {
        write_next(order, out);
        order->next++;
    }
}
