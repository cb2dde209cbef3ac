/*
 * fuzz_cli_view.c - views of any bytes. The first byte chooses the view, the second how the bytes
 * are cut.
 *
 * Held: the output is the same, however they are cut; the safe view drives no terminal; EBCDIC
 * comes back.
 */
#include <stdlib.h>

#include "bytes_escape.h"
#include "bytes_fuzz.h"
#include "utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Printable UTF-8, newlines, and what else the view lets through. */
static void check_plain(struct fsk_span shown, const char *controls)
{
    const unsigned char *p = (const unsigned char *)shown.p;
    for (size_t i = 0, len; i < shown.n; i += len) {
        len = p[i] < 0x80 ? 1 : utf8_len(p + i, shown.n - i);
        assert(len && p[i] && p[i] != 0x7f);
        assert(p[i] >= 0x20 || strchr(controls, p[i]));
        assert(!utf8_steers(p + i, len));
    }
}

static void check_ebcdic(const struct ebcdic *e, struct fsk_span shown, struct fsk_span bytes)
{
    struct fsk_buf text = {.ceiling = 16 * FUZZ_MAX}, again = {.ceiling = FUZZ_MAX};
    struct bytes_fault fault;
    assert(bytes_escape_read(shown, &text, &fault));
    assert(ebcdic_read(e, fsk_buf_span(&text), &again, &fault));
    assert(fsk_span_eq(fsk_buf_span(&again), bytes));
    fsk_buf_fini(&text);
    fsk_buf_fini(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct ebcdic page;
    struct fsk_buf whole = {.ceiling = 16 * FUZZ_MAX}, pieces = {.ceiling = 16 * FUZZ_MAX};
    if (!page.ebcdic[1] && ebcdic_init(&page, FSK_SPAN("1047")))
        abort();
    if (size < 2)
        return 0;
    enum view_kind kind = (enum view_kind)(data[0] % (VIEW_SAFE + 1));
    struct fsk_span bytes = fsk_span((const char *)data + 2, size - 2);
    fuzz_show(kind, &page, bytes, 0, &whole);
    fuzz_show(kind, &page, bytes, 1 + data[1] % 40, &pieces);
    assert(fsk_span_eq(fsk_buf_span(&whole), fsk_buf_span(&pieces)));
    if (kind != VIEW_RAW)
        check_plain(fsk_buf_span(&whole), kind == VIEW_SAFE ? "\n\t\r" : "\n");
    if (kind == VIEW_EBCDIC)
        check_ebcdic(&page, fsk_buf_span(&whole), bytes);
    fsk_buf_fini(&whole);
    fsk_buf_fini(&pieces);
    return 0;
}
