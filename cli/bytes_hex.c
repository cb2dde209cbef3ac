#include "bytes_hex.h"

#include "base/digits.h"
#include "bytes_dump.h"

static bool is_separator(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == ',' || c == ':';
}

/* A run of digits, from r->at on. */
static bool read_run(struct bytes_reader *r)
{
    size_t start = r->at;
    for (;;) {
        int high = fsk_hex_value(bytes_peek(r, 0)), low = fsk_hex_value(bytes_peek(r, 1));
        if (high < 0 && r->at > start)
            return true;
        if (high < 0) {
            char name[BYTES_NAME];
            return bytes_blame(r, r->at,
                               "%s is no hex digit; hex is pairs of 0 to 9 and a to f, "
                               "with blanks, commas or colons between them",
                               bytes_name(r, r->at, name));
        }
        if (low < 0)
            return bytes_blame(r, r->at,
                               "this hex digit has no partner: %zu of them stand "
                               "together; write two for each byte, as in 0d",
                               r->at + 1 - start);
        if (!bytes_put_one(r, (uint8_t)(high << 4 | low)))
            return false;
        r->at += 2;
    }
}

static bool read_plain(struct bytes_reader *r)
{
    for (;;) {
        while (!bytes_at_end(r) && is_separator(bytes_peek(r, 0)))
            r->at++;
        if (bytes_at_end(r))
            return true;
        char first = bytes_peek(r, 0);
        if ((first == '0' || first == '\\') && fsk_lower(bytes_peek(r, 1)) == 'x')
            r->at += 2;
        if (!read_run(r))
            return false;
    }
}

bool bytes_hex_read(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    struct bytes_reader r = bytes_reader(text, bytes, fault);
    enum bytes_dump form = bytes_dump_form(text);
    return form == BYTES_DUMP_NONE ? read_plain(&r) : bytes_dump_read(&r, form);
}
