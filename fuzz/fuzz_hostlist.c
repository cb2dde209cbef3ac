/* Lists of hosts: what an entry matches, and what is unsound never does. The host is behind a NUL.
 */
#include <assert.h>

#include "wire/addrkind.h"
#include "wire/hostlist.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size ? memchr(data, '\0', size) : NULL;
    size_t n = nul ? (size_t)(nul - data) : size;
    struct fsk_span list = fsk_span((const char *)data, n), bad, zone;
    struct fsk_span host =
        fsk_span((const char *)data + n + (nul != NULL), size - n - (nul != NULL));
    struct fsk_addr addr, inner;
    bool has = fsk_hostlist_has(list, host, 80);
    if (!fsk_hostlist_is_sound(list, &bad))
        assert(bad.n > 0 && bad.p >= list.p && bad.p + bad.n <= list.p + list.n);
    if (!fsk_addr_parse(host, &addr, &zone))
        return 0;
    addr.port = 80;
    if (has)
        assert(fsk_hostlist_has_addr(list, &addr));
    if (fsk_addr_embedded(&addr, &inner) && fsk_addr_special(&inner))
        assert(fsk_addr_special(&addr));
    return 0;
}
