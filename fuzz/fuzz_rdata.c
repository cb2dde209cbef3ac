/*
 * The data of records as text. The input is a type (two bytes), a class, a ceiling, and then the
 * data of a record, as they are, behind a name at 12: whatever they hold, they can be printed.
 * Invariants: printable ASCII; at most five characters a byte and two of the longest names, but for
 * NSEC; the same text whatever was in the buffer; with too low a ceiling the error and the buffer
 * as it was.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/rdata.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { DATA_AT = 21 };

static const char head[DATA_AT + 1] = "\0\0\0\0\0\1\0\1\0\0\0\0\1q\6fuzzed";

static void check_text(const struct fsk_dns_record *rec, struct fsk_span s)
{
    size_t most =
        rec->type == FSK_DNS_NSEC ? FSK_RDATA_TEXT : 2 * FSK_DNAME_TEXT + 100 + 5u * rec->rdlen;

    assert(s.n >= 1 && s.n <= most);
    for (size_t i = 0; i < s.n; i++)
        assert(s.p[i] >= ' ' && s.p[i] <= '~');
}

static void check_ceiling(const struct fsk_dns_msg *m, const struct fsk_dns_record *rec,
                          struct fsk_span text, size_t ceiling)
{
    struct fsk_buf out = {.ceiling = ceiling};
    enum fsock_err err;

    assert(fsk_buf_append(&out, "\xff", 1) == FSOCK_OK);
    err = fsk_rdata_text(&out, m, rec);
    assert(err == (text.n < ceiling ? FSOCK_OK : FSOCK_ERR_TOO_BIG));
    assert(fsk_buf_span(&out).p[0] == '\xff');
    if (err == FSOCK_OK)
        assert(fsk_buf_len(&out) == 1 + text.n && memcmp(out.mem + 1, text.p, text.n) == 0);
    else
        assert(fsk_buf_len(&out) == 1);
    fsk_buf_fini(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_buf out = {.ceiling = FSK_RDATA_TEXT};
    uint8_t *copy;

    if (size < 4 || size - 4 > 0xffff - DATA_AT)
        return 0;
    copy = malloc(DATA_AT + size - 4); /* of just this size, so that asan sees each step over */
    if (!copy)
        return 0;
    memcpy(copy, head, DATA_AT);
    memcpy(copy + DATA_AT, data + 4, size - 4);
    struct fsk_dns_msg m = {.p = copy, .n = DATA_AT + size - 4};
    struct fsk_dns_record rec = {
        .type = (uint16_t)(data[0] << 8 | data[1]),
        .class = data[2],
        .rdata = DATA_AT,
        .rdlen = (uint16_t)(size - 4),
    };
    assert(fsk_rdata_text(&out, &m, &rec) == FSOCK_OK);
    check_text(&rec, fsk_buf_span(&out));
    check_ceiling(&m, &rec, fsk_buf_span(&out), 1u + data[3]);
    fsk_buf_fini(&out);
    free(copy);
    return 0;
}
