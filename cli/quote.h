/*
 * quote.h - bytes of somebody else's in a sentence: what a server has answered, what was typed.
 */
#ifndef FSOCK_CLI_QUOTE_H
#define FSOCK_CLI_QUOTE_H

#include <stddef.h>

#include "base/span.h"

/*
 * Write the bytes between single quotes and a NUL, as much as fits: control characters (C0, DEL,
 * C1) and what isn't UTF-8 become \xXX, and "..." stands for what finds no room. cap is at least
 * 16. Returns text.
 */
const char *quote(struct fsk_span bytes, char *text, size_t cap);

#endif
