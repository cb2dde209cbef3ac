/*
 * bytes_base64.h - bytes as base64 or base64url, as wire/base64.h takes them: lines may be broken
 * anywhere, and padding may be left out.
 */
#ifndef FSOCK_CLI_BYTES_BASE64_H
#define FSOCK_CLI_BYTES_BASE64_H

#include "bytes.h"

/* Append the bytes that the text stands for. */
bool bytes_base64_read(struct fsk_span text, struct fsk_buf *bytes, struct bytes_fault *fault);

#endif
