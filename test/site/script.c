#include "script.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SMALL 16384

void script_pop(struct conn *c)
{
    struct part *p = c->parts;
    c->parts = p->next;
    if (!c->parts)
        c->last = NULL;
    free(p->own);
    free(p);
}

void script_free(struct conn *c)
{
    while (c->parts)
        script_pop(c);
}

static struct part *append(struct conn *c, enum part_kind kind)
{
    struct part *p = xzalloc(sizeof *p);
    p->kind = kind;
    if (c->last)
        c->last->next = p;
    else
        c->parts = p;
    c->last = p;
    return p;
}

void say_bytes(struct conn *c, const void *data, size_t len)
{
    if (!len || c->muted)
        return;
    struct part *p = c->last;
    if (!p || p->kind != PART_BYTES || !p->own || p->gap_ms || p->total != p->len)
        p = append(c, PART_BYTES);
    if (p->room - p->len < len) {
        p->room = p->len + len + (p->len ? p->room : 512);
        p->own = xrealloc(p->own, p->room);
        p->data = p->own;
    }
    memcpy(p->own + p->len, data, len);
    p->len += len;
    p->total = p->len;
}

void say(struct conn *c, const char *fmt, ...)
{
    char text[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= sizeof text)
        die("say: too long");
    say_bytes(c, text, (size_t)n);
}

/* Gives the part data of its own: so many copies. */
static void repeat_into(struct part *p, const void *data, size_t len, size_t times)
{
    p->own = xrealloc(NULL, times * len);
    for (size_t i = 0; i < times; i++)
        memcpy(p->own + i * len, data, len);
    p->data = p->own;
    p->len = p->room = times * len;
}

void say_repeat(struct conn *c, const void *data, size_t len, uint64_t total)
{
    if (!total || c->muted)
        return;
    struct part *p = append(c, PART_BYTES);
    p->data = data;
    p->len = len;
    p->total = total;
    if (len >= SMALL || total <= len)
        return;
    repeat_into(p, data, len, SMALL / len + 1); /* a few large writes instead of many small ones */
}

void say_static(struct conn *c, const void *data, size_t len)
{
    say_repeat(c, data, len, len);
}

static size_t common_divisor(size_t a, size_t b)
{
    while (b) {
        size_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

void say_drip(struct conn *c, const void *data, size_t len, uint64_t total, size_t piece,
              unsigned ms)
{
    if (!total || c->muted)
        return;
    struct part *p = append(c, PART_BYTES);
    /* As many copies as make whole pieces: none is cut where the data starts anew. */
    repeat_into(p, data, len, total > len ? piece / common_divisor(piece, len) : 1);
    p->total = total;
    p->piece = piece;
    p->gap_ms = ms;
}

void say_pause(struct conn *c, unsigned ms)
{
    append(c, PART_PAUSE)->gap_ms = ms;
}

void say_shut(struct conn *c)
{
    append(c, PART_SHUT);
}

void say_close(struct conn *c)
{
    append(c, PART_CLOSE);
}

void say_bare_fin(struct conn *c)
{
    append(c, PART_BARE_FIN);
}

void say_reset(struct conn *c)
{
    append(c, PART_RESET);
}

void say_hang(struct conn *c)
{
    append(c, PART_HANG);
}

void say_deaf_hang(struct conn *c)
{
    append(c, PART_DEAF_HANG);
}

uint64_t conn_backlog(const struct conn *c)
{
    uint64_t sum = 0;
    for (const struct part *p = c->parts; p; p = p->next)
        if (p->kind == PART_BYTES)
            sum += p->total - p->done;
    return sum;
}
