#include "form_encode.h"

#include <errno.h>
#include <stdio.h>

#include "base/rand.h"
#include "charset.h"

#define TEXT_MOST ((size_t)256 * 1024 * 1024) /* of one name or value, after conversion */

/* ---- Texts ----------------------------------------------------------------------------------- */

/* Append a text whose line ends are CR LF. */
static enum fsock_err append_lines(struct fsk_buf *to, struct fsk_span text)
{
    enum fsock_err err = fsk_buf_reserve(to, text.n);
    for (size_t i = 0, from = 0; err == FSOCK_OK && i <= text.n; i++) {
        bool end = i < text.n && (text.p[i] == '\r' || text.p[i] == '\n');
        if (!end && i < text.n)
            continue;
        err = fsk_buf_append(to, text.p + from, i - from);
        if (end && err == FSOCK_OK)
            err = fsk_buf_append(to, "\r\n", 2);
        i += end && text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n';
        from = i + 1;
    }
    return err;
}

/* Append a name or a value as the form has it. */
static enum fsock_err append_text(const struct form_content *content, struct fsk_span text,
                                  struct fsk_buf *to)
{
    if (!content->charset)
        return fsk_buf_append(to, text.p, text.n);
    struct fsk_buf lines;
    fsk_buf_init(&lines, TEXT_MOST);
    enum fsock_err err = append_lines(&lines, text);
    if (err == FSOCK_OK)
        err = charset_from_utf8(content->charset, fsk_buf_span(&lines), to);
    fsk_buf_fini(&lines);
    return err;
}

/* The last part of a file's name. */
static const char *base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

/* The name that an uploaded file has; NULL: it is no file. */
static const char *file_name(const struct form_entry *entry)
{
    const struct form_given *given = entry->given;
    if (given && given->field.filename)
        return given->field.filename;
    if (given && given->field.source == FORM_FILE)
        return base_name(given->field.value);
    return entry->is_file ? "" : NULL;
}

/* What is sent as the value where there are no files. */
static struct fsk_span plain_value(const struct form_entry *entry)
{
    return entry->is_file ? fsk_span_str(file_name(entry)) : entry->value;
}

/* ---- Urlencoded, plain ----------------------------------------------------------------------- */

static enum fsock_err encode(struct fsk_buf *to, struct fsk_span text)
{
    static const char hex[] = "0123456789ABCDEF";
    enum fsock_err err = fsk_buf_reserve(to, text.n * 3);
    for (size_t i = 0; err == FSOCK_OK && i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        char low = fsk_lower((char)c);
        if ((c >= '0' && c <= '9') || (low >= 'a' && low <= 'z') || (c && strchr("*-._", c))) {
            to->mem[to->end++] = (char)c;
        } else if (c == ' ') {
            to->mem[to->end++] = '+';
        } else {
            to->mem[to->end++] = '%';
            to->mem[to->end++] = hex[c >> 4];
            to->mem[to->end++] = hex[c & 15];
        }
    }
    return err;
}

static enum fsock_err append_encoded(const struct form_content *content, struct fsk_span text,
                                     struct fsk_buf *to)
{
    struct fsk_buf converted;
    fsk_buf_init(&converted, TEXT_MOST);
    enum fsock_err err = append_text(content, text, &converted);
    if (err == FSOCK_OK)
        err = encode(to, fsk_buf_span(&converted));
    fsk_buf_fini(&converted);
    return err;
}

enum fsock_err form_encode_query(const struct form_content *content, struct fsk_buf *to)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; i < content->n && err == FSOCK_OK; i++) {
        const struct form_entry *entry = &content->entry[i];
        err = i ? fsk_buf_puts(to, "&") : FSOCK_OK;
        if (err == FSOCK_OK)
            err = append_encoded(content, entry->name, to);
        if (err == FSOCK_OK)
            err = fsk_buf_puts(to, "=");
        if (err == FSOCK_OK)
            err = append_encoded(content, plain_value(entry), to);
    }
    return err;
}

enum fsock_err form_encode_plain(const struct form_content *content, struct fsk_buf *to)
{
    enum fsock_err err = FSOCK_OK;
    for (size_t i = 0; i < content->n && err == FSOCK_OK; i++) {
        const struct form_entry *entry = &content->entry[i];
        err = append_text(content, entry->name, to);
        if (err == FSOCK_OK)
            err = fsk_buf_puts(to, "=");
        if (err == FSOCK_OK)
            err = append_text(content, plain_value(entry), to);
        if (err == FSOCK_OK)
            err = fsk_buf_puts(to, "\r\n");
    }
    return err;
}

/* ---- Multipart ------------------------------------------------------------------------------- */

void form_boundary(char boundary[FORM_BOUNDARY])
{
    static const char letters[] = "0123456789abcdefghijklmnopqrstuv";
    struct fsk_rand rand = {.left = 0};
    unsigned char random[26]; /* 130 bits */
    memset(boundary, '-', 16);
    fsk_rand_bytes(&rand, random, sizeof random);
    for (size_t i = 0; i < sizeof random; i++)
        boundary[16 + i] = letters[random[i] & 31];
    boundary[16 + sizeof random] = '\0';
}

/* ; KEY="TEXT" */
static enum fsock_err append_parameter(const struct form_content *content, const char *key,
                                       struct fsk_span text, struct fsk_buf *to)
{
    struct fsk_buf converted;
    fsk_buf_init(&converted, TEXT_MOST);
    enum fsock_err err = append_text(content, text, &converted);
    if (err == FSOCK_OK)
        err = fsk_buf_puts(to, key);
    struct fsk_span all = fsk_buf_span(&converted);
    for (size_t i = 0; i < all.n && err == FSOCK_OK; i++) {
        char c = all.p[i];
        const char *code = c == '"' ? "%22" : c == '\r' ? "%0D" : c == '\n' ? "%0A" : NULL;
        err = code ? fsk_buf_puts(to, code) : fsk_buf_append(to, &c, 1);
    }
    fsk_buf_fini(&converted);
    return err == FSOCK_OK ? fsk_buf_puts(to, "\"") : err;
}

/* The Content-Type of a part; NULL: it has none. */
static const char *part_type(const struct form_entry *entry)
{
    const struct form_given *given = entry->given;
    const char *name = file_name(entry), *type = NULL;
    if (given && given->field.type)
        return given->field.type;
    if (name)
        type = form_field_type(name);
    if (!type && given && given->field.source == FORM_FILE)
        type = form_field_type(given->field.value);
    bool is_file = entry->is_file || (given && given->field.source == FORM_FILE);
    return !type && is_file ? "application/octet-stream" : type;
}

/* What stands before the part's content. */
static enum fsock_err part_head(const struct form_content *content, const struct form_entry *entry,
                                const char *boundary, struct fsk_buf *to)
{
    const char *name = file_name(entry), *type = part_type(entry);
    enum fsock_err err = fsk_buf_puts(to, "--");
    if (err == FSOCK_OK)
        err = fsk_buf_puts(to, boundary);
    if (err == FSOCK_OK)
        err = append_parameter(content, "\r\nContent-Disposition: form-data; name=\"", entry->name,
                               to);
    if (err == FSOCK_OK && name)
        err = append_parameter(content, "; filename=\"", fsk_span_str(name), to);
    if (err == FSOCK_OK && type)
        err = fsk_buf_puts(to, "\r\nContent-Type: ");
    if (err == FSOCK_OK && type)
        err = fsk_buf_puts(to, type);
    return err == FSOCK_OK ? fsk_buf_puts(to, "\r\n\r\n") : err;
}

static enum fsock_err append_part(const struct form_content *content,
                                  const struct form_entry *entry, const char *boundary,
                                  struct upload *to, int *sys_errno)
{
    struct fsk_buf text;
    fsk_buf_init(&text, 2 * TEXT_MOST);
    bool is_file = entry->given && entry->given->field.source == FORM_FILE;
    enum fsock_err err = part_head(content, entry, boundary, &text);
    if (err == FSOCK_OK && !is_file)
        err = append_text(content, entry->value, &text);
    upload_text(to, fsk_buf_span(&text));
    fsk_buf_fini(&text);
    if (err == FSOCK_OK && is_file && entry->given->text.p)
        upload_text(to, entry->given->text);
    else if (err == FSOCK_OK && is_file)
        *sys_errno = upload_file(to, entry->given->field.value);
    upload_text(to, FSK_SPAN("\r\n"));
    return err;
}

enum fsock_err form_encode_multipart(const struct form_content *content, const char *boundary,
                                     struct upload *to, const char **unread, int *sys_errno)
{
    *unread = NULL;
    *sys_errno = 0;
    for (size_t i = 0; i < content->n && !to->sys_errno; i++) {
        const struct form_entry *entry = &content->entry[i];
        enum fsock_err err = append_part(content, entry, boundary, to, sys_errno);
        if (err != FSOCK_OK)
            return err;
        if (*sys_errno) {
            *unread = entry->given->field.value;
            return FSOCK_ERR_SYSTEM;
        }
    }
    upload_text(to, FSK_SPAN("--"));
    upload_text(to, fsk_span_str(boundary));
    upload_text(to, FSK_SPAN("--\r\n"));
    return FSOCK_OK;
}
