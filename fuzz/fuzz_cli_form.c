/*
 * Forms: the lines of the input up to an empty one are fields as -F has them, the rest is a page.
 * Whatever both are, a form is filled in and encoded, or a sentence says why not.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "form_encode.h"

enum { GIVEN = 8 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Take a line; NULL: an empty one, or none. To be freed. */
static char *take_line(struct fsk_span *rest)
{
    const char *end = rest->n ? memchr(rest->p, '\n', rest->n) : NULL;
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    char *line = n ? strndup(rest->p, n) : NULL;
    n += end != NULL;
    *rest = fsk_span(rest->p + n, rest->n - n);
    return line;
}

static size_t give(struct form_given *given, struct fsk_span *rest, char **rooms)
{
    size_t n = 0;
    char why[512], *line;
    while (n < GIVEN && (line = take_line(rest))) {
        rooms[n] =
            malloc(strlen(line) + 1); /* of just this size, so that asan sees each step over */
        if (!rooms[n])
            abort();
        if (form_field_parse(&given[n].field, line, rooms[n], why, sizeof why)) {
            assert(given[n].field.name[0]);
            given[n].text = fsk_span_str(given[n].field.value);
            if (given[n].field.source == FORM_FILE) {
                given[n].field.value = "/dev/null";
                given[n].text = fsk_span(NULL, 0);
            }
            n++;
        } else {
            assert(why[0]);
            free(rooms[n]);
        }
        free(line);
    }
    return n;
}

static void encode(const struct form_filled *filled, const char *charset)
{
    struct form_content content = {filled->entry, filled->n, charset};
    struct fsk_buf text;
    struct upload upload;
    struct fsk_span body;
    const char *unread;
    int sys_errno;
    fsk_buf_init(&text, (size_t)1 << 26);
    assert(form_encode_query(&content, &text) == FSOCK_OK);
    struct fsk_span query = fsk_buf_span(&text);
    for (size_t i = 0; i < query.n; i++)
        assert(query.p[i] > ' ' && query.p[i] < 0x7f);
    fsk_buf_clear(&text);
    assert(form_encode_plain(&content, &text) == FSOCK_OK);
    fsk_buf_fini(&text);
    upload_init(&upload);
    assert(form_encode_multipart(&content, "B", &upload, &unread, &sys_errno) == FSOCK_OK);
    assert(upload_end(&upload, &body) == 0 && body.n >= 7);
    upload_fini(&upload);
}

static void fill(const struct page_doc *doc, const struct form_given *given, size_t n)
{
    static const char *const charsets[] = {"UTF-8", "CP1252", "ISO-2022-JP", "GB18030"};
    struct form_ask ask = {.form = "", .given = given, .n_given = n};
    struct page_forms forms;
    char why[FORM_WHY] = "";
    assert(page_forms_init(&forms, doc) == PAGE_OK);
    const struct page_form *form = form_choose(&forms, &ask, why);
    assert(form || why[0]);
    for (size_t i = 0; form && i < 4; i++) {
        struct form_filled filled;
        enum fsock_err err = form_fill(&filled, form, &ask, charsets[i], why);
        assert(err == FSOCK_OK || (err == FSOCK_ERR_INPUT && why[0]));
        if (err == FSOCK_OK)
            encode(&filled, charsets[i]);
        form_filled_fini(&filled);
    }
    page_forms_fini(&forms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct form_given given[GIVEN];
    char *rooms[GIVEN];
    struct fsk_span rest = fsk_span((const char *)data, size);
    size_t n = give(given, &rest, rooms);
    struct page_source from = {.bytes = rest,
                               .content_type = FSK_SPAN("text/html; charset=utf-8"),
                               .url = FSK_SPAN("http://h/d/page")};
    struct page_doc *doc;
    if (page_doc_new(&doc, &from) == PAGE_OK)
        fill(doc, given, n);
    page_doc_free(doc);
    for (size_t i = 0; i < n; i++)
        free(rooms[i]);
    return 0;
}
