#include "dns_window.h"

#include "list.h"

/* What stands in front of each text in the buffer, at any alignment. */
struct head {
    struct dns_entry *entry; /* NULL: nothing is to be replaced */
    uint32_t n;              /* bytes of the text */
    uint32_t at, place_n;    /* where in it the address stands */
};

void dns_window_init(struct dns_window *w, struct dns_cache *cache, bool append, size_t bytes,
                     size_t lines)
{
    const size_t least = sizeof(struct head) + LIST_LINE_MAX;
    *w = (struct dns_window){
        .cache = cache, .append = append, .bytes = bytes > least ? bytes : least};
    w->most_lines = lines ? lines : 1;
    fsk_buf_init(&w->buf, 2 * w->bytes);
}

/* The line in front. */
static struct head front(const struct dns_window *w)
{
    struct head h;
    memcpy(&h, w->buf.mem + w->buf.start, sizeof h);
    return h;
}

static void pop(struct dns_window *w, const struct head *h)
{
    if (h->entry)
        dns_cache_release(w->cache, h->entry);
    fsk_buf_consume(&w->buf, sizeof *h + h->n);
    w->lines--;
}

void dns_window_fini(struct dns_window *w)
{
    while (w->lines) {
        struct head h = front(w);
        pop(w, &h);
    }
    fsk_buf_fini(&w->buf);
}

/* Is there room for a text of n bytes? */
static bool fits(const struct dns_window *w, size_t n)
{
    size_t room = w->bytes - fsk_buf_len(&w->buf);
    return w->lines < w->most_lines && room >= sizeof(struct head) &&
           n <= room - sizeof(struct head);
}

bool dns_window_full(const struct dns_window *w)
{
    return !fits(w, LIST_LINE_MAX);
}

/*
 * Room for n more bytes. When the buffer has to be moved or to grow, as much room again as it holds
 * is asked for, so that what moves each byte is rare, however full the window stays.
 */
static bool reserve(struct dns_window *w, size_t n)
{
    return n <= w->buf.cap - w->buf.end ||
           fsk_buf_reserve(&w->buf, n + fsk_buf_len(&w->buf)) == FSOCK_OK;
}

bool dns_window_push(struct dns_window *w, struct fsk_span text, struct dns_entry *entry,
                     const struct dns_place *place)
{
    struct head h = {.entry = entry, .n = (uint32_t)text.n};
    if (entry) {
        h.at = (uint32_t)place->at;
        h.place_n = (uint32_t)place->n;
    }
    if (!fits(w, text.n) || !reserve(w, sizeof h + text.n)) {
        if (entry)
            dns_cache_release(w->cache, entry);
        return false;
    }
    fsk_buf_append(&w->buf, &h, sizeof h);
    fsk_buf_append(&w->buf, text.p, text.n);
    w->lines++;
    return true;
}

static void count(struct dns_window *w, const struct dns_entry *entry)
{
    if (entry->state == DNS_NAMED)
        w->named++;
    else if (entry->state == DNS_NAMELESS)
        w->nameless++;
    else
        w->failed++;
}

bool dns_window_write(struct dns_window *w, struct out *out)
{
    bool written = false;
    while (w->lines) {
        struct head h = front(w);
        if (h.entry && h.entry->state == DNS_PENDING)
            break;
        struct fsk_span text = fsk_span(w->buf.mem + w->buf.start + sizeof h, h.n);
        struct dns_place place = {.at = h.at, .n = h.place_n};
        out_begin(out);
        if (h.entry) {
            dns_line_write(out, text, &place, dns_entry_name(h.entry), w->append);
            count(w, h.entry);
        } else {
            out_span(out, text);
        }
        pop(w, &h);
        written = true;
    }
    return written;
}
