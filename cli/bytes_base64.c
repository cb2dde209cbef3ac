#include "bytes_base64.h"

#include "wire/base64.h"

bool bytes_base64_read(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    struct bytes_reader r = bytes_reader(text, bytes, fault);
    char name[BYTES_NAME];
    size_t n, at;
    if (!bytes_room(&r, FSK_BASE64_BYTES(text.n)))
        return false;
    const char *why = fsk_base64_decode(text, bytes->mem + bytes->end, &n, &at);
    if (why)
        return bytes_blame(&r, at, "%s %s; copy the base64 text once more, all of it",
                           bytes_name(&r, at, name), why);
    bytes->end += n;
    return true;
}
