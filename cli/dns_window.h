/*
 * dns_window.h - the lines of a log that have been read and not yet written, in their order.
 *
 * Lines wait behind the first one whose address is still being asked for. They stand one after the
 * other in one buffer; there is no allocation per line. When the window is full, reading stops
 * until the line in front can be written. The whole of `fsock dns --log` is this loop:
 *
 *     while (!dns_window_full(&window) && list_next(&list, &line) == LIST_LINE) {
 *         struct dns_entry *entry = NULL;
 *         struct dns_place place;
 *         bool ask = false;
 *         if (line.first && dns_line_find(line.text, field, &place))
 *             entry = dns_cache_get(&cache, &place.addr, now, &ask);
 *         if (ask)
 *             ... put the question, remember the entry ...
 *         dns_window_push(&window, line.text, entry, &place);
 *     }
 *     for each answer that has come
 *         dns_cache_settle(&cache, entry, DNS_NAMED, name, now + ttl);
 *     dns_window_write(&window, &out);
 *
 * To end early, settle what is pending as DNS_FAILED and write: the lines read so far come out.
 */
#ifndef FSOCK_CLI_DNS_WINDOW_H
#define FSOCK_CLI_DNS_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/span.h"
#include "dns_cache.h"
#include "dns_line.h"
#include "out.h"

struct dns_window {
    struct dns_cache *cache;
    struct fsk_buf buf; /* each line with a small head in front */
    size_t bytes;       /* ceiling of what buf holds */
    size_t lines, most_lines;
    bool append;
    uint64_t named, nameless, failed; /* addresses in lines that were written; for the summary */
};

/*
 * `cache` is borrowed; `append` as in dns_line_write(). The ceilings are those of what is held: the
 * buffer may take twice the bytes. There is always room for one line or piece of list.h.
 */
void dns_window_init(struct dns_window *w, struct dns_cache *cache, bool append, size_t bytes,
                     size_t lines);

/* Drops the lines, and lets go of their entries. */
void dns_window_fini(struct dns_window *w);

static inline bool dns_window_empty(const struct dns_window *w)
{
    return w->lines == 0;
}

/* Don't read: a line or piece of LIST_LINE_MAX bytes might not fit. */
bool dns_window_full(const struct dns_window *w);

/*
 * Put a line, or a piece of one, at the end; its bytes are copied. The caller's reference to the
 * entry becomes the window's; with no entry (NULL) nothing is to be replaced, and `place` doesn't
 * count. False: out of memory, or the window was full; the reference is let go.
 */
bool dns_window_push(struct dns_window *w, struct fsk_span text, struct dns_entry *entry,
                     const struct dns_place *place);

/*
 * Write the lines in front, up to the first whose entry is pending, and let go of their entries.
 * `out` isn't flushed, and remembers by itself if a write fails. True: something was written.
 */
bool dns_window_write(struct dns_window *w, struct out *out);

#endif
