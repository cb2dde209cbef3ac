/*
 * charset.h - which encoding the bytes of a page are in, and the same text in UTF-8. Pure.
 *
 * Encodings go by the labels of the Encoding Standard ("latin1" is windows-1252 there). Where a
 * page says nothing of its encoding it is UTF-8 if all of it is valid as that, else windows-1252.
 */
#ifndef FSOCK_CLI_CHARSET_H
#define FSOCK_CLI_CHARSET_H

#include "base/buf.h"
#include "base/span.h"

/* The encoding's name, as iconv(3) has it, for a label as it was written; NULL: there is none. */
const char *charset_of_label(struct fsk_span label);

/* The value of `charset` in a Content-Type, without quotes; the empty span if there is none. */
struct fsk_span charset_parameter(struct fsk_span content_type);

/* What the first 1,024 bytes of a page declare, by <meta> or an XML declaration; NULL: nothing. */
const char *charset_declared(struct fsk_span bytes);

/*
 * The encoding of a page: by its byte order mark, whose length is then *mark; by the header; as the
 * page declares. Never NULL.
 */
const char *charset_of_page(struct fsk_span bytes, struct fsk_span content_type, size_t *mark);

/*
 * Append the text in UTF-8. What can't be decoded becomes U+FFFD each. FSOCK_ERR_TOO_BIG: beyond
 * the buffer's ceiling; FSOCK_ERR_SYSTEM: iconv(3) does not know the encoding here.
 */
enum fsock_err charset_to_utf8(const char *charset, struct fsk_span bytes, struct fsk_buf *to);

/*
 * The other way: append a text in UTF-8 in this encoding, as forms are sent. A character that the
 * encoding has no place for becomes &#N; and bytes that are no UTF-8 stay as they are. Results as
 * above.
 */
enum fsock_err charset_from_utf8(const char *charset, struct fsk_span text, struct fsk_buf *to);

/* What the Encoding Standard calls it, for a peer: "windows-1252". */
const char *charset_name(const char *charset);

#endif
