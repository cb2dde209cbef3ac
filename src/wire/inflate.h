/*
 * inflate.h - raw DEFLATE (RFC 1951) by ISA-L, with its corners rounded off. For gzip and deflate.
 *
 * ISA-L reads ahead by up to seven bytes, into a bit buffer of its own, and so takes bytes of the
 * trailer with it: fsk_inflate_held gives them back. It also tells "needs input" and "has ended"
 * apart only in its block state, and keeps decoded bytes inside when the output is full.
 *
 * ISA-L accepts Huffman code sets with codes to spare, where zlib insists on complete ones. That is
 * safe: a code that stands for nothing is refused when the data uses it.
 */
#ifndef FSK_INFLATE_H
#define FSK_INFLATE_H

#include <isa-l/igzip_lib.h>
#include <stdbool.h>

#include "wire/decode.h"

/* Decode from *in, moved on past the bytes used, to out[0 .. cap), cap at most UINT32_MAX. Returns
 * OK if it needs more input or has ended (ask fsk_inflate_ended), FULL, or DATA. *made is set in
 * each case. */
enum fsk_decode_err fsk_inflate_step(struct inflate_state *s, struct fsk_span *in, char *out,
                                     size_t cap, size_t *made);

/* The last block has been decoded and handed out. */
static inline bool fsk_inflate_ended(const struct inflate_state *s)
{
    return s->block_state == ISAL_BLOCK_FINISH;
}

/* After the end: how many bytes were taken that lie behind it, at most 7; they are put in held. */
size_t fsk_inflate_held(const struct inflate_state *s, unsigned char held[8]);

#endif
