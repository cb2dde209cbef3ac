/* Forms that are filled in, and what is sent of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "charset.h"
#include "form_encode.h"
#include "page_rig.h"

enum { GIVEN = 8, ROOM = 4096 };

/* How the page's form is asked for: fields as -F has them, separated by blanks. */
struct asked {
    const char *form, *button, *fields, *charset;
};

static char result[ROOM];

static size_t give(struct form_given *given, const char *fields, char *room)
{
    char text[512], why[512];
    size_t n = 0;
    snprintf(text, sizeof text, "%s", fields ? fields : "");
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "), n++) {
        assert_true(form_field_parse(&given[n].field, word, room, why, sizeof why));
        bool is_file = given[n].field.source == FORM_FILE;
        given[n].text = is_file ? fsk_span(NULL, 0) : fsk_span_str(given[n].field.value);
        room += strlen(word) + 1;
    }
    return n;
}

/* What is sent as a query or, with `boundary`, as parts; or the sentence. */
static const char *sent(const char *page, const struct asked *asked, const char *boundary)
{
    struct form_given given[GIVEN];
    char room[512], why[FORM_WHY] = "";
    struct form_ask ask = {.form = asked->form ? asked->form : "",
                           .button = asked->button,
                           .given = given,
                           .n_given = give(given, asked->fields, room)};
    struct page_doc *doc = page_of(page);
    struct page_forms forms;
    struct form_filled filled = {.form = NULL};
    const char *charset = asked->charset ? asked->charset : "UTF-8";
    assert_int_equal(page_forms_init(&forms, doc), PAGE_OK);
    const struct page_form *form = form_choose(&forms, &ask, why);
    enum fsock_err err = form ? form_fill(&filled, form, &ask, charset, why) : FSOCK_ERR_INPUT;
    snprintf(result, sizeof result, "%s", why);
    assert_int_equal(err, why[0] ? FSOCK_ERR_INPUT : FSOCK_OK);
    struct form_content content = {filled.entry, filled.n, charset};
    struct upload upload;
    struct fsk_buf query;
    struct fsk_span body = fsk_span(NULL, 0);
    const char *unread;
    int sys_errno;
    upload_init(&upload);
    fsk_buf_init(&query, ROOM);
    if (err == FSOCK_OK && boundary) {
        err = form_encode_multipart(&content, boundary, &upload, &unread, &sys_errno);
        assert_int_equal(err, unread ? FSOCK_ERR_SYSTEM : FSOCK_OK);
        assert_int_equal(upload_end(&upload, &body), 0);
    } else if (err == FSOCK_OK) {
        assert_int_equal(form_encode_query(&content, &query), FSOCK_OK);
        body = fsk_buf_span(&query);
    }
    if (!why[0])
        fsk_span_text(body, result, sizeof result);
    upload_fini(&upload);
    fsk_buf_fini(&query);
    form_filled_fini(&filled);
    page_forms_fini(&forms);
    page_doc_free(doc);
    return result;
}

struct row {
    const char *page;
    struct asked asked;
    const char *sent;
};

static void check(const struct row *row, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_string_equal(sent(row[i].page, &row[i].asked, NULL), row[i].sent);
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

/* ---- What is sent ---------------------------------------------------------------------------- */

static void defaults(void **state)
{
    (void)state;
    /* clang-format off */
    const struct row rows[] = {
        {"<form>", {0}, ""},
        {"<form><input name=a value=1><input value=2><input name='' value=3>", {0}, "a=1"},
        {"<form><input name=a><input name=a value='x y&z=~*-._'>", {0}, "a=&a=x+y%26z%3D%7E*-._"},
        {"<form><input type=checkbox name=a><input type=checkbox name=b checked>", {0}, "b=on"},
        {"<form><input type=radio name=a value=1><input type=radio name=a value=2 checked>",
         {0}, "a=2"},
        {"<form><select name=a><option>1<option>2</select><select name=b "
         "multiple><option>3</select>", {0},
         "a=1"},
        {"<form><select name=a multiple><option selected>1<option>2<option selected>3",
         {0}, "a=1&a=3"},
        {"<form><select name=a><option disabled selected>1</select><select name=b></select>",
         {0}, ""},
        {"<form><textarea name=a>\n1\n2\r3\r\n4\n</textarea>",
         {0}, "a=1%0D%0A2%0D%0A3%0D%0A4%0D%0A"},
        {"<form><input name=a disabled><fieldset disabled><input name=b></fieldset><input name=c>",
         {0}, "c="},
        {"<form><input type=reset name=a value=1><input type=button name=b value=1>", {0}, ""},
        {"<form><input type=file name=a><input type=hidden name=_charset_>",
         {0}, "a=&_charset_=UTF-8"},
        {"<form id=f></form><input form=f name=a value=1>", {0}, "a=1"},
    };
    /* clang-format on */
    CHECK(rows);
}

static void given(void **state)
{
    (void)state;
    /* clang-format off */
    const struct row rows[] = {
        {"<form><input name=a value=1><input name=b value=2>", {.fields = "b=x"}, "a=1&b=x"},
        {"<form><input name=a value=1><input name=a value=2>", {.fields = "a=x"}, "a=x&a=2"},
        {"<form><input name=a value=1><input name=a value=2>", {.fields = "a=x a=y"}, "a=x&a=y"},
        {"<form><input name=a disabled>", {.fields = "a=x"}, "a=x"},
        {"<form><input type=hidden name=a value=1>", {.fields = "a=x"}, "a=x"},
        {"<form><input name=a><textarea name=b></textarea>",
         {.fields = "a=x\n b=x\n"}, "a=x&b=x%0D%0A"},
        {"<form><input type=checkbox name=a value=1 checked><input type=checkbox name=a value=2>",
         {.fields = "a=2"}, "a=2"},
        {"<form><input type=checkbox name=a value=1 checked><input type=checkbox name=a value=2>",
         {.fields = "a=2 a=1"}, "a=1&a=2"},
        {"<form><input type=checkbox name=a checked>", {.fields = "a="}, ""},
        {"<form><input type=checkbox name=a>", {.fields = "a=on"}, "a=on"},
        {"<form><input type=radio name=a value=1 checked><input type=radio name=a value=2>",
         {.fields = "a=2"}, "a=2"},
        {"<form><select name=a><option value=1>x<option value=2>y", {.fields = "a=2"}, "a=2"},
        {"<form><select name=a multiple><option>1<option>2<option>3",
         {.fields = "a=3 a=1"}, "a=1&a=3"},
        {"<form><input type=hidden name=_charset_>", {.fields = "_charset_=x"}, "_charset_=x"},
    };
    /* clang-format on */
    CHECK(rows);
}

static void buttons(void **state)
{
    (void)state;
    static const char page[] =
        "<form><input name=a><button name=b value=1>x</button><input type=submit value=2>"
        "<input type=image name=c><input type=submit name=d value=3 disabled><input type=image>";
    /* clang-format off */
    const struct row rows[] = {
        {page, {0}, "a=&b=1"},
        {page, {.button = ""}, "a="},
        {page, {.button = "b"}, "a=&b=1"},
        {page, {.button = "2"}, "a="},
        {page, {.button = "c"}, "a=&c.x=0&c.y=0"},
        {page, {.button = "d"}, "a=&d=3"},
        {page, {.button = "e"}, "the form has no button 'e'; it has b, 2, c, d, "},
        {"<form><input type=image>", {0}, "x=0&y=0"},
        {"<form><input name=a>", {.button = "e"}, "the form has no button 'e', nor any other"},
    };
    /* clang-format on */
    CHECK(rows);
}

static void forms(void **state)
{
    (void)state;
    static const char page[] =
        "<form><input name=q></form><form name=two><input name=u><input name=p></form>"
        "<form id=two><input name=x></form><form id=1><input name=p></form>";
    /* clang-format off */
    const struct row rows[] = {
        {page, {0}, "q="},
        {page, {.fields = "p=1"}, "u=&p=1"},
        {page, {.fields = "p=1 u=2"}, "u=2&p=1"},
        {page, {.form = "two"}, "u=&p="},
        {page, {.form = "1"}, "p="},
        {page, {.form = "3"}, "x="},
        {page, {.form = "5"}, "the page has no form '5', but 4: 1, two, two, 1"},
        {page, {.form = "0"}, "the page has no form '0', but 4: 1, two, two, 1"},
        {page,
         {.form = "99999999999999999999"},
         "the page has no form '99999999999999999999', but 4: 1, two, two, 1"},
        {"<p>", {0}, "the page has no form"},
        {"<p>", {.form = "x"}, "the page has no form"},
    };
    /* clang-format on */
    CHECK(rows);
}

static void in_vain(void **state)
{
    (void)state;
    /* clang-format off */
    const struct row rows[] = {
        {"<form><input name=a><input name=b>",
         {.fields = "c=1"}, "the form has no field 'c'; it has a, b"},
        {"<form><input name='a&#27;[31m'>",
         {.fields = "c=1"}, "the form has no field 'c'; it has a?[31m"},
        {"<form><button name=c>", {.fields = "c=1"}, "the form has no field 'c'; it has none"},
        {"<form><input name=a>",
         {.fields = "a=1 a=2"}, "the field 'a' is given more often than the form has it"},
        {"<form><input name=a>",
         {.fields = "a=@f"}, "the field 'a' takes no file; a=<FILE sends what is in it"},
        {"<form><select name=a><option>1<option>2",
         {.fields = "a=3"}, "the field 'a' has no choice '3' that is left; it has 1, 2"},
        {"<form><select name=a><option>1<option>2",
         {.fields = "a=1 a=2"}, "the field 'a' has no choice '2' that is left; it has 1, 2"},
        {"<form><input type=radio name=a value=1><input type=radio name=a value=2>",
         {.fields = "a=3"}, "the field 'a' has no choice '3' that is left; it has 1, 2"},
    };
    /* clang-format on */
    CHECK(rows);
}

/* However many there are, and however long: it fits, and says that there are more. */
static void long_lists(void **state)
{
    (void)state;
    static char page[200000];
    size_t n = (size_t)snprintf(page, sizeof page, "<form>");
    for (int i = 0; i < 2000; i++)
        n += (size_t)snprintf(page + n, sizeof page - n, "<input name=field_%d_%0*d>", i,
                              i % 70 + 1, i);
    struct asked asked = {.fields = "c=1"};
    const char *why = sent(page, &asked, NULL);
    assert_true(strlen(why) < FORM_WHY && strlen(why) > 400);
    assert_string_equal(why + strlen(why) - 3, "...");
}

/* ---- How ------------------------------------------------------------------------------------- */

static void multipart(void **state)
{
    (void)state;
    struct asked asked = {.fields = "f=@/dev/null;filename=q\"r g=@/dev/null;type=t/t"};
    static const char page[] = "<form><input name='a\"\n' value='1\n2'><input type=file name=f>"
                               "<input type=file name=g><input type=file name=h>";
    assert_string_equal(
        sent(page, &asked, "B"),
        "--B\r\nContent-Disposition: form-data; name=\"a%22%0D%0A\"\r\n\r\n1\r\n2\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"q%22r\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"g\"; filename=\"null\"\r\n"
        "Content-Type: t/t\r\n\r\n\r\n"
        "--B\r\nContent-Disposition: form-data; name=\"h\"; filename=\"\"\r\n"
        "Content-Type: application/octet-stream\r\n\r\n\r\n--B--\r\n");
    struct asked missing = {.fields = "f=@/nonexistent"};
    sent(page, &missing, "B");
}

static void boundaries(void **state)
{
    (void)state;
    char one[FORM_BOUNDARY], other[FORM_BOUNDARY];
    form_boundary(one);
    form_boundary(other);
    assert_true(strlen(one) < FORM_BOUNDARY && strcmp(one, other) != 0);
    assert_int_equal(strspn(one, "-0123456789abcdefghijklmnopqrstuv"), strlen(one));
}

static void encodings(void **state)
{
    (void)state;
    static const char page[] =
        "<meta charset=utf-8><form><input name=a value='\xc3\xa4\xe2\x82\xac'>";
    /* clang-format off */
    const struct row rows[] = {
        {page, {0}, "a=%C3%A4%E2%82%AC"},
        {page, {.charset = "CP1252"}, "a=%E4%80"},
        {page, {.charset = "ISO-8859-2"}, "a=%E4%26%238364%3B"},
        {page, {.charset = "KOI8-R"}, "a=%26%23228%3B%26%238364%3B"},
        {"<form><input name=a>",
         {.fields = "a=\xff\xc3x\xe3\x81\x82", .charset = "CP932"}, "a=%FF%C3x%82%A0"},
        {"<form><input name=a>",
         {.fields = "a=\xe3\x81\x82"
         "b",
         .charset = "ISO-2022-JP"},
         "a=%1B%24B%24%22%1B%28Bb"},
        {"<form><input name=a>",
         {.fields = "a=\xe3\x81\x82\xf0\x9f\x98\x80", .charset = "ISO-2022-JP"},
         "a=%1B%24B%24%22%1B%28B%26%23128512%3B"},
    };
    /* clang-format on */
    CHECK(rows);
    assert_string_equal(charset_name("CP1252"), "windows-1252");
    assert_string_equal(charset_name("KOI8-R"), "KOI8-R");
}

/* A name is one of the standard's labels, for the same encoding. */
static void names(void **state)
{
    (void)state;
    static const char *const all[] = {"CP1252",  "CP1250",     "CP874",     "CP932",
                                      "CP949",   "BIG5-HKSCS", "MACINTOSH", "MAC-CYRILLIC",
                                      "GB18030", "KOI8-U",     "UTF-8"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_string_equal(charset_of_label(fsk_span_str(charset_name(all[i]))), all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),  cmocka_unit_test(given),      cmocka_unit_test(buttons),
        cmocka_unit_test(forms),     cmocka_unit_test(in_vain),    cmocka_unit_test(long_lists),
        cmocka_unit_test(multipart), cmocka_unit_test(boundaries), cmocka_unit_test(encodings),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
