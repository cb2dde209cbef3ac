/* Addresses: what parses is written back as text that parses to the same, and libc agrees. */
#include <arpa/inet.h>
#include <assert.h>

#include "wire/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct fsk_addr *a)
{
    char text[FSK_ADDR_TEXT];
    struct fsk_addr back;
    size_t n = fsk_addr_format_port(a, text);
    assert(n < sizeof(text) && text[n] == '\0');
    assert(fsk_addr_parse_port(fsk_span(text, n), 1, &back, NULL));
    assert(fsk_addr_equal(a, &back));
    (void)fsk_addr_scope(a);
    assert(fsk_addr_precedence(a) > 0 && fsk_addr_label(a) <= 13);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span s = fsk_span((const char *)data, size), zone, host;
    struct fsk_addr a;
    uint16_t port;
    char text[64];
    uint8_t ip[16];

    bool parsed = fsk_addr_parse(s, &a, &zone);
    if (parsed)
        round_trip(&a);
    if (size < sizeof(text) && !(size && memchr(data, '%', size)) &&
        !(size && memchr(data, '\0', size))) {
        memcpy(text, data, size);
        text[size] = '\0';
        assert(parsed == (inet_pton(AF_INET, text, ip) == 1 || inet_pton(AF_INET6, text, ip) == 1));
    }
    if (fsk_addr_parse_port(s, 53, &a, &zone)) {
        round_trip(&a);
        assert(fsk_addr_split(s, 53, &host, &port) && port == a.port && host.n > 0);
    }
    if (fsk_addr_parse_loose(s, &a)) {
        assert(fsk_addr_looks_numeric(s));
        round_trip(&a);
    }
    return 0;
}
