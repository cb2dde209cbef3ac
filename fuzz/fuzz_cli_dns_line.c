/*
 * Lines of a log: the place lies within its field, its text is the address to ask for, and all
 * other bytes are kept. The first byte of the input is the number of the field.
 */
#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "dns_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool parted(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

static void check_place(struct fsk_span line, const struct dns_place *place)
{
    assert(place->n && place->at <= line.n && place->n <= line.n - place->at);
    struct fsk_span text = fsk_span(line.p + place->at, place->n), zone;
    struct fsk_addr a;
    for (size_t i = 0; i < text.n; i++)
        assert(!parted(text.p[i]));
    assert(fsk_addr_parse(text, &a, &zone));
    assert(place->addr.port == 0 && place->addr.scope == 0);
    if (a.family == place->addr.family)
        assert(memcmp(a.ip, place->addr.ip, 16) == 0);
    else
        assert(a.family == 6 && memcmp(a.ip + 12, place->addr.ip, 4) == 0);
}

/* Write the line with a name, and compare with what it must be. */
static void check_written(struct fsk_span line, const struct dns_place *place, bool append)
{
    static struct out out;
    static int fd = -1;
    static char got[OUT_SIZE];
    struct fsk_span name = FSK_SPAN("a.example");
    size_t front = append ? place->at + place->n + 1 : place->at;
    size_t behind = line.n - place->at - place->n, n = front + name.n + behind;
    if (line.n > OUT_SIZE / 2)
        return;
    if (fd < 0)
        fd = memfd_create("line", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        abort();
    out_init(&out, fd);
    dns_line_write(&out, line, place, name, append);
    out_flush(&out);
    assert(pread(fd, got, sizeof got, 0) == (ssize_t)n);
    assert(memcmp(got, line.p, append ? front - 1 : front) == 0);
    assert(!append || got[front - 1] == '/');
    assert(memcmp(got + front, name.p, name.n) == 0);
    assert(memcmp(got + n - behind, line.p + line.n - behind, behind) == 0);
    out_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct dns_place place;
    if (!size)
        return 0;
    struct fsk_span line = fsk_span((const char *)data + 1, size - 1);
    if (!dns_line_find(line, data[0] % 8, &place))
        return 0;
    assert(data[0] % 8);
    check_place(line, &place);
    check_written(line, &place, false);
    check_written(line, &place, true);
    return 0;
}
