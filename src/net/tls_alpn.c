#include "net/tls_alpn.h"

#include <stdlib.h>

#include "base/fault.h"

#define NAME_MAX_BYTES 255 /* what the length byte can say */

static bool is_name(struct fsk_span name)
{
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] <= ' ' || name.p[i] == 0x7f)
            return false;
    return name.n > 0 && name.n <= NAME_MAX_BYTES;
}

/* Cut the first name off *list, and the comma behind it; false behind the last one. */
static bool next_name(struct fsk_span *list, struct fsk_span *name)
{
    if (!list->p)
        return false;
    const char *comma = list->n ? memchr(list->p, ',', list->n) : NULL;
    size_t n = comma ? (size_t)(comma - list->p) : list->n;
    *name = fsk_span(list->p, n);
    *list = comma ? fsk_span(comma + 1, list->n - n - 1) : fsk_span(NULL, 0);
    return true;
}

enum fsock_err fsk_tls_alpn_parse(char wire[FSK_TLS_ALPN_MAX], size_t *n, const char *text,
                                  struct fsock_fault *fault)
{
    struct fsk_span list = fsk_span_str(text), name;
    *n = 0;
    while (next_name(&list, &name)) {
        if (!is_name(name))
            return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                                 "the ALPN protocols \"%.80s\" are no list of names between "
                                 "commas, of 1 to %d bytes each, without blanks",
                                 text, NAME_MAX_BYTES);
        if (FSK_TLS_ALPN_MAX - *n < 1 + name.n)
            return fsk_fault_set(fault, FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0,
                                 "the list of ALPN protocols has more than %d bytes",
                                 FSK_TLS_ALPN_MAX);
        wire[(*n)++] = (char)name.n;
        memcpy(wire + *n, name.p, name.n);
        *n += name.n;
    }
    return FSOCK_OK;
}

/* How many bytes the name at `at` has. */
static size_t length_at(struct fsk_span wire, size_t at)
{
    return (unsigned char)wire.p[at];
}

bool fsk_tls_alpn_init(struct fsk_tls_alpn *list, struct fsk_span wire)
{
    *list = (struct fsk_tls_alpn){.names = NULL};
    if (wire.n == 0)
        return true;
    char *copy = malloc(wire.n + wire.n + 1);
    if (!copy)
        return false;
    memcpy(copy, wire.p, wire.n);
    list->wire = fsk_span(copy, wire.n);
    list->names = copy + wire.n;
    memcpy(list->names, wire.p, wire.n);
    for (size_t at = 0; at < wire.n; at += 1 + length_at(wire, at))
        list->names[at] = '\0';
    list->names[wire.n] = '\0';
    return true;
}

void fsk_tls_alpn_fini(struct fsk_tls_alpn *list)
{
    free((void *)(size_t)list->wire.p);
    *list = (struct fsk_tls_alpn){.names = NULL};
}

const char *fsk_tls_alpn_find(const struct fsk_tls_alpn *list, struct fsk_span name)
{
    for (size_t at = 0; at < list->wire.n; at += 1 + length_at(list->wire, at))
        if (fsk_span_eq(fsk_span(list->wire.p + at + 1, length_at(list->wire, at)), name))
            return list->names + at + 1;
    return NULL;
}
