/*
 * fuzz_cli_bytes_hex.c - digits and dumps: what is read is shown in hex and read back.
 */
#include "bytes_fuzz.h"
#include "bytes_hex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_reader_and_view(bytes_hex_read, VIEW_HEX, fsk_span((const char *)data, size));
    return 0;
}
