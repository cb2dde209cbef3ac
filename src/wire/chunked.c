#include "wire/chunked.h"

#include "base/digits.h"

void fsk_chunked_init(struct fsk_chunked *c, uint32_t max_trailers)
{
    *c = (struct fsk_chunked){.max = max_trailers};
}

static void enter(struct fsk_chunked *c, enum fsk_chunked_state state)
{
    c->state = state;
    c->cr = false;
    c->line = 0;
}

/* A chunk's line is over: its data follows, or after a chunk of size 0 the trailers. */
static enum fsk_chunked_err end_line(struct fsk_chunked *c)
{
    if (c->left > INT64_MAX - c->length)
        return FSK_CHUNKED_TOO_LARGE;
    /* Lines are paid for by the body: many small chunks with long extensions are an attack. */
    c->line_bytes += c->line > 16 ? c->line - 16 : 0;
    c->length += c->left;
    if (c->line_bytes > c->length + FSK_CHUNKED_SLACK)
        return FSK_CHUNKED_TOO_MUCH_EXT;
    enter(c, c->left ? FSK_CHUNKED_BODY : FSK_CHUNKED_TRAILERS);
    return FSK_CHUNKED_OK;
}

static enum fsk_chunked_err size_digit(struct fsk_chunked *c, int digit)
{
    if (c->left > (uint64_t)INT64_MAX >> 4)
        return FSK_CHUNKED_TOO_LARGE;
    c->left = c->left << 4 | (uint64_t)digit;
    return FSK_CHUNKED_OK;
}

/* One byte of a chunk's line, in the states SIZE, SPACE and EXT. */
static enum fsk_chunked_err line_byte(struct fsk_chunked *c, char b)
{
    int digit = c->state == FSK_CHUNKED_SIZE ? fsk_hex_value(b) : -1;

    if (c->cr && b != '\n')
        return FSK_CHUNKED_BARE_CR;
    if (c->line == 0 && digit < 0)
        return FSK_CHUNKED_BAD_SIZE;
    if (b == '\n')
        return end_line(c);
    if (b == '\r') {
        c->cr = true;
        return FSK_CHUNKED_OK;
    }
    if (++c->line > FSK_CHUNKED_LINE_MAX)
        return FSK_CHUNKED_LINE_TOO_LONG;
    if (digit >= 0)
        return size_digit(c, digit);
    if (c->state == FSK_CHUNKED_EXT) {
        bool control = ((unsigned char)b < ' ' && b != '\t') || b == 0x7f;
        return control ? FSK_CHUNKED_BAD_EXT : FSK_CHUNKED_OK;
    }
    if (b == ';')
        c->state = FSK_CHUNKED_EXT;
    else if (b == ' ' || b == '\t')
        c->state = FSK_CHUNKED_SPACE;
    else
        return c->state == FSK_CHUNKED_SIZE ? FSK_CHUNKED_BAD_SIZE : FSK_CHUNKED_BAD_LINE;
    return FSK_CHUNKED_OK;
}

/* A byte behind a chunk's data. */
static enum fsk_chunked_err data_end_byte(struct fsk_chunked *c, char b)
{
    if (b == '\n')
        enter(c, FSK_CHUNKED_SIZE);
    else if (b == '\r' && !c->cr)
        c->cr = true;
    else
        return FSK_CHUNKED_NO_LINE_END;
    return FSK_CHUNKED_OK;
}

/* Trailer lines as they come. Only an empty line is taken apart: it is no trailer. */
static int next_trailer(struct fsk_chunked *c, const char *in, size_t n, size_t *used,
                        struct fsk_span *data)
{
    if (c->line == 0) {
        if (in[0] == '\n') {
            *used = 1;
            enter(c, FSK_CHUNKED_END);
            return FSK_CHUNKED_DONE;
        }
        if (c->cr)
            return -FSK_CHUNKED_BARE_CR;
        if (in[0] == '\r') {
            *used = 1;
            c->cr = true;
            return FSK_CHUNKED_MORE;
        }
    }
    const char *lf = memchr(in, '\n', n);
    size_t take = lf ? (size_t)(lf - in) + 1 : n;
    if (take > c->max - c->trailers)
        return -FSK_CHUNKED_TRAILERS_TOO_LONG;
    c->trailers += (uint32_t)take;
    c->line = lf ? 0 : c->line + (uint32_t)take;
    *data = fsk_span(in, take);
    *used = take;
    return FSK_CHUNKED_TRAILER;
}

/* As fsk_chunked_next, but may also return MORE with input left. Not called without input. */
static int step(struct fsk_chunked *c, const char *in, size_t n, size_t *used,
                struct fsk_span *data)
{
    if (c->state == FSK_CHUNKED_TRAILERS)
        return next_trailer(c, in, n, used, data);
    if (c->state == FSK_CHUNKED_BODY && c->left) {
        size_t take = n < c->left ? n : (size_t)c->left;
        *data = fsk_span(in, take);
        *used = take;
        c->left -= take;
        return FSK_CHUNKED_DATA;
    }
    *used = 1;
    return -(int)(c->state == FSK_CHUNKED_BODY ? data_end_byte(c, in[0]) : line_byte(c, in[0]));
}

int fsk_chunked_next(struct fsk_chunked *c, const char *in, size_t n, size_t *used,
                     struct fsk_span *data)
{
    int what = FSK_CHUNKED_MORE;

    *used = 0;
    *data = fsk_span(NULL, 0);
    if (c->err)
        return -c->err;
    if (c->state == FSK_CHUNKED_END)
        return FSK_CHUNKED_DONE;
    while (what == FSK_CHUNKED_MORE && *used < n) {
        size_t took = 0;
        what = step(c, in + *used, n - *used, &took, data);
        *used += took;
    }
    if (what < 0)
        c->err = -what;
    return what;
}

const char *fsk_chunked_error_text(enum fsk_chunked_err err)
{
    static const char *const texts[] = {
        [FSK_CHUNKED_OK] = "is well-formed",
        [FSK_CHUNKED_BAD_SIZE] = "has a chunk size that isn't a hex number",
        [FSK_CHUNKED_TOO_LARGE] = "has a chunk size that is too large",
        [FSK_CHUNKED_BAD_LINE] = "has something other than an extension after a chunk size",
        [FSK_CHUNKED_BAD_EXT] = "has a control byte in a chunk extension",
        [FSK_CHUNKED_NO_LINE_END] = "has no line end after a chunk's data",
        [FSK_CHUNKED_LINE_TOO_LONG] = "has a chunk line of more than 16 KiB",
        [FSK_CHUNKED_TOO_MUCH_EXT] = "has more chunk extensions than data",
        [FSK_CHUNKED_TRAILERS_TOO_LONG] = "has trailers above their ceiling",
        [FSK_CHUNKED_BARE_CR] = "has a carriage return that ends no line",
    };
    return texts[err];
}
