/*
 * form_encode.h - what a form sends, in the three ways of the HTML standard (4.10.21): urlencoded,
 * multipart (RFC 7578) and plain text.
 *
 * Names and values are UTF-8 and become `charset`. Line ends in them become CR LF, but for what is
 * in files. A quote or a line end in the name of a field or a file becomes %22, %0D or %0A.
 */
#ifndef FSOCK_CLI_FORM_ENCODE_H
#define FSOCK_CLI_FORM_ENCODE_H

#include "form_fill.h"
#include "upload.h"

#define FORM_BOUNDARY 48 /* room for one */
#define FORM_TYPE     (FORM_BOUNDARY + 40)

/* The entries of a form in which all texts stay as they are (-F without a form): charset NULL. */
struct form_content {
    const struct form_entry *entry;
    size_t n;
    const char *charset;
};

/* name=value&... FSOCK_ERR_MEMORY, FSOCK_ERR_TOO_BIG, FSOCK_ERR_SYSTEM: iconv(3) lacks it. */
enum fsock_err form_encode_query(const struct form_content *content, struct fsk_buf *to);

/* name=value, a line each; as above. */
enum fsock_err form_encode_plain(const struct form_content *content, struct fsk_buf *to);

/* A boundary that no file has in it, as nobody can know it. */
void form_boundary(char boundary[FORM_BOUNDARY]);

/*
 * Parts with this boundary. FSOCK_ERR_SYSTEM: *unread is the name of the file that can't be read,
 * errno why. What fails otherwise is in to->sys_errno.
 */
enum fsock_err form_encode_multipart(const struct form_content *content, const char *boundary,
                                     struct upload *to, const char **unread, int *sys_errno);

#endif
