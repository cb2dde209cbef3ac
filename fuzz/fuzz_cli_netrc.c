/*
 * A netrc, behind a byte that says how long the host's name in front of it is. Invariants: what is
 * found are strings; and whoever is found by name has that name.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "netrc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct netrc_entry any, same;
    if (size < 1 || size - 1 < data[0] % 16u)
        return 0;
    char *copy = malloc(size); /* of just this size, so that asan sees each step over */
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    struct fsk_span host = fsk_span(copy + 1, data[0] % 16u);
    struct fsk_span text = fsk_span(host.p + host.n, size - 1 - host.n);
    if (netrc_find(text, host, fsk_span("", 0), &any)) {
        assert(memchr(any.login, '\0', sizeof any.login));
        assert(memchr(any.password, '\0', sizeof any.password));
        if (any.login[0]) {
            bool found = netrc_find(text, host, fsk_span_str(any.login), &same);
            assert(found && strcmp(any.login, same.login) == 0);
            assert(strcmp(any.password, same.password) == 0);
        }
    }
    free(copy);
    return 0;
}
