/*
 * fuzz_cli_bytes_escape.c - text with escapes: what is read is shown as text and read back.
 */
#include "bytes_fuzz.h"
#include "bytes_escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_reader_and_view(bytes_escape_read, VIEW_TEXT, fsk_span((const char *)data, size));
    return 0;
}
