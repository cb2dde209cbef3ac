/*
 * A list of ports. Invariants: what comes out ascends and is as many as were counted; or there is a
 * sentence, which was not cut off.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "talk_ports.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct talk_ports *ports)
{
    uint16_t port;
    int32_t last = 0;
    uint32_t n = 0;
    while (talk_ports_next(ports, &port)) {
        assert(port > last);
        last = port;
        n++;
    }
    assert(n > 0 && n == ports->n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct talk_ports ports;
    char why[TALK_PORTS_WHY] = "";
    char *copy = malloc(size ? size : 1);
    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    if (talk_ports_parse(&ports, fsk_span(copy, size), why))
        check(&ports);
    else
        assert(why[0] && strlen(why) < sizeof why - 1);
    free(copy);
    return 0;
}
