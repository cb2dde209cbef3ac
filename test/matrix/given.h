/*
 * given.h - a cell as its caller writes it: the library's structs, and the texts they point to.
 */
#ifndef MATRIX_GIVEN_H
#define MATRIX_GIVEN_H

#include "cells.h"

#define FAR (30 * FSOCK_SECOND) /* a limit that must not strike */

struct given {
    struct fsock_options options;
    struct fsock_request request;
    char url[256], dns[128], proxy[128], resolve[128], unix_socket[128], ca[128];
    const char *resolves[2];
};

void give(struct given *g, const struct cell *c);

/* 64 MiB, which no buffer on the way holds; the same each time. */
#define UPLOAD ((size_t)64 << 20)
const char *upload_bytes(void);

#endif
