#include "bytes.h"

#include <stdarg.h>
#include <stdio.h>

/* "line 2, column 7: "; the line is left out where there is only one. Returns its length. */
static size_t put_place(struct bytes_reader *r, size_t at)
{
    struct bytes_fault *f = r->fault;
    size_t lines = 1;
    f->line = f->column = 1;
    for (size_t i = 0; i < r->text.n; i++) {
        bool newline = r->text.p[i] == '\n';
        lines += newline && i + 1 < r->text.n;
        if (i >= at)
            continue;
        f->line += newline;
        f->column = newline ? 1 : f->column + 1;
    }
    int n = lines > 1
                ? snprintf(f->why, sizeof f->why, "line %zu, column %zu: ", f->line, f->column)
                : snprintf(f->why, sizeof f->why, "byte %zu: ", f->column);
    return (size_t)n;
}

bool bytes_blame(struct bytes_reader *r, size_t at, const char *format, ...)
{
    va_list args;
    size_t n = put_place(r, at);
    va_start(args, format);
    vsnprintf(r->fault->why + n, sizeof r->fault->why - n, format, args);
    va_end(args);
    r->out->end = r->out->start + r->had;
    return false;
}

bool bytes_room(struct bytes_reader *r, size_t n)
{
    switch (fsk_buf_reserve(r->out, n)) {
    case FSOCK_OK:
        return true;
    case FSOCK_ERR_TOO_BIG:
        return bytes_blame(r, r->at, "from here on there are more than %zu bytes; send fewer",
                           r->out->ceiling - r->had);
    default:
        return bytes_blame(r, r->at, "there is no memory for the bytes from here on; send fewer");
    }
}

bool bytes_put(struct bytes_reader *r, const void *p, size_t n)
{
    return bytes_room(r, n) && fsk_buf_append(r->out, p, n) == FSOCK_OK;
}

const char *bytes_name(const struct bytes_reader *r, size_t at, char text[BYTES_NAME])
{
    unsigned char c = at < r->text.n ? (unsigned char)r->text.p[at] : 0;
    if (at >= r->text.n)
        snprintf(text, BYTES_NAME, "the end");
    else if (c == '\n')
        snprintf(text, BYTES_NAME, "the end of the line");
    else if (c > ' ' && c < 0x7f)
        snprintf(text, BYTES_NAME, "'%c'", c);
    else
        snprintf(text, BYTES_NAME, "the byte 0x%02x", c);
    return text;
}
