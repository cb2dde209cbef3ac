/*
 * fuzz_cli_bytes_c.c - C source: what is read is shown as C and read back.
 */
#include "bytes_fuzz.h"
#include "bytes_c.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool read_only(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return bytes_c_read(text, NULL, bytes, fault);
}

static bool read_named(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault)
{
    return bytes_c_read(text, "x", bytes, fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fsk_span text = fsk_span((const char *)data, size);
    struct fsk_buf bytes;
    fuzz_reader_and_view(read_only, VIEW_C, text);
    fuzz_read(read_named, text, &bytes);
    fsk_buf_fini(&bytes);
    return 0;
}
