#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

void fsk_buf_fini(struct fsk_buf *b)
{
    if (!b->lent)
        free(b->mem);
    fsk_buf_init(b, b->ceiling);
}

void fsk_buf_consume(struct fsk_buf *b, size_t n)
{
    b->start += n;
    if (b->start == b->end)
        b->start = b->end = 0;
}

enum fsock_err fsk_buf_grow(struct fsk_buf *b, size_t n)
{
    size_t len = fsk_buf_len(b);
    if (n > b->ceiling || len > b->ceiling - n)
        return FSOCK_ERR_TOO_BIG;
    if (b->start) {
        memmove(b->mem, b->mem + b->start, len);
        b->start = 0;
        b->end = len;
    }
    if (n <= b->cap - len)
        return FSOCK_OK;
    size_t cap = b->cap ? b->cap : 256;
    while (cap < len + n)
        cap = cap > b->ceiling / 2 ? b->ceiling : cap * 2;
    char *mem = realloc(b->lent ? NULL : b->mem, cap);
    if (!mem)
        return FSOCK_ERR_MEMORY;
    if (b->lent)
        memcpy(mem, b->mem, len);
    b->lent = false;
    b->mem = mem;
    b->cap = cap;
    return FSOCK_OK;
}

enum fsock_err fsk_buf_prepend(struct fsk_buf *b, const void *p, size_t n)
{
    enum fsock_err err = fsk_buf_reserve(b, n);
    if (err != FSOCK_OK || n == 0)
        return err;
    memmove(b->mem + b->start + n, b->mem + b->start, fsk_buf_len(b));
    memcpy(b->mem + b->start, p, n);
    b->end += n;
    return FSOCK_OK;
}

enum fsock_err fsk_buf_terminate(struct fsk_buf *b)
{
    enum fsock_err err = fsk_buf_reserve(b, 1);
    if (err == FSOCK_OK)
        b->mem[b->end] = '\0';
    return err;
}

bool fsk_buf_read_file(struct fsk_buf *b, const char *path)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = 1;
    while (n > 0 && fsk_buf_reserve(b, 8192) == FSOCK_OK) {
        n = fread(b->mem + b->end, 1, 8192, f);
        b->end += n;
    }
    bool whole = feof(f) && !ferror(f);
    fclose(f);
    return whole;
}
