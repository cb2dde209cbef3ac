/* inflate.c - see inflate.h */
#include "wire/inflate.h"

#include <stdint.h>

/* ISA-L counts in 32 bits. */
#define PIECE ((size_t)1 << 30)

enum fsk_decode_err fsk_inflate_step(struct inflate_state *s, struct fsk_span *in, char *out,
                                     size_t cap, size_t *made)
{
    *made = 0;
    for (;;) {
        uint32_t give = (uint32_t)(in->n < PIECE ? in->n : PIECE);
        uint32_t room = (uint32_t)(cap - *made);
        s->next_in = (uint8_t *)(uintptr_t)in->p; /* only read */
        s->avail_in = give;
        s->next_out = (uint8_t *)out + *made;
        s->avail_out = room;
        int r = isal_inflate(s);
        uint32_t used = give - s->avail_in;
        uint32_t got = room - s->avail_out;
        in->p = used ? in->p + used : in->p;
        in->n -= used;
        *made += got;
        if (r != ISAL_DECOMP_OK)
            return FSK_DECODE_DATA;
        if (fsk_inflate_ended(s))
            return FSK_DECODE_OK;
        if (*made == cap)
            return FSK_DECODE_FULL;
        if (in->n == 0)
            return FSK_DECODE_OK;
        if (used == 0 && got == 0)
            return FSK_DECODE_DATA; /* input and room, and yet it stands still */
    }
}

size_t fsk_inflate_held(const struct inflate_state *s, unsigned char held[8])
{
    size_t n = s->read_in_length > 0 ? (size_t)s->read_in_length / 8 : 0;
    uint64_t bits = s->read_in >> (s->read_in_length > 0 ? s->read_in_length % 8 : 0);
    for (size_t i = 0; i < n; i++)
        held[i] = (unsigned char)(bits >> (8 * i));
    return n;
}
