/* The forms of pages: whose fields are whose, and what they hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "page_forms.h"
#include "page_rig.h"

static char text[4096];
static size_t text_n;

static void put(const char *before, struct fsk_span s)
{
    text_n += (size_t)snprintf(text + text_n, sizeof text - text_n, "%s%.*s", before,
                               (int)(s.p ? s.n : 1), s.p ? s.p : "-");
}

static void put_field(const struct page_field *field)
{
    put("  ", field->name);
    put(":", fsk_span_str(field->type));
    put("=", field->value);
    put(field->checked ? " checked" : "", FSK_SPAN(""));
    put(field->disabled ? " off" : "", FSK_SPAN(""));
    put(field->required ? " required" : "", FSK_SPAN(""));
    put(field->multiple ? " multiple" : "", FSK_SPAN(""));
    for (size_t i = 0; i < field->n_options; i++) {
        const struct page_option *option = &field->option[i];
        put(option->selected ? " +" : " ", option->value);
        put(option->disabled ? "!" : "/", option->text);
    }
    put("\n", FSK_SPAN(""));
}

/* "METHOD ACTION ENCTYPE\n", and a line for each field. */
static const char *forms_of(const char *page)
{
    struct page_doc *doc = page_of(page);
    struct page_forms forms;
    assert_int_equal(page_forms_init(&forms, doc), PAGE_OK);
    text_n = 0;
    text[0] = '\0';
    for (size_t i = 0; i < forms.n_forms; i++) {
        const struct page_form *form = &forms.form[i];
        put("", fsk_span_str(form->method));
        put(" ", form->action);
        put(" ", fsk_span_str(form->enctype + strcspn(form->enctype, "/") + 1));
        put("\n", FSK_SPAN(""));
        for (size_t k = 0; k < form->n_fields; k++)
            put_field(&form->field[k]);
    }
    page_forms_fini(&forms);
    page_doc_free(doc);
    return text;
}

struct row {
    const char *page, *forms;
};

#define GET(action) "GET http://h.example" action " x-www-form-urlencoded\n"

/* clang-format off */
static const struct row rows[] = {
    /* Forms. */
    {"<input name=none>", ""},
    {"<form>", GET("/d/page")},
    {"<form action=' /x?a=b#c ' METHOD=Post enctype=Multipart/form-data id=f>",
     "POST http://h.example/x?a=b form-data\n"},
    {"<base href=/b/><form></form><form action=''></form><form action=x></form>",
     GET("/d/page") GET("/d/page") GET("/b/x")},
    {"<form method=put enctype=text/plain action=mailto:a@h>", "GET mailto:a@h plain\n"},
    {"<form method=dialog action='http://'>", "DIALOG http:// x-www-form-urlencoded\n"},
    {"<template><form></template>", ""},
    /* Fields. */
    {"<form><input name=a><input name=b type=HIDDEN value='1 &amp; 2'><input type=odd name=c "
     "required><input name=d type=password value=x disabled>",
     GET("/d/page") "  a:text=\n  b:hidden=1 & 2\n  c:text= required\n  d:password=x off\n"},
    {"<form><input type=checkbox name=a><input type=checkbox name=b value=1 checked>"
     "<input type=radio name=c value=x><input type=submit value=Go><input type=file name=f "
     "multiple>",
     GET("/d/page") "  a:checkbox=on\n  b:checkbox=1 checked\n  c:radio=x\n  -:submit=Go\n"
                    "  f:file= multiple\n"},
    {"<form><textarea name=t>\na\nb &lt;</textarea><textarea name=u></textarea>"
     "<button name=s value=1>Go</button><button type=button>No</button>",
     GET("/d/page") "  t:textarea=a\nb <\n  u:textarea=\n  s:submit=1\n  -:button=\n"},
    /* Choices. */
    {"<form><select name=s><option value=1>one<option> two \n 2 </select>",
     GET("/d/page") "  s:select=1 +1/one two 2/two 2\n"},
    {"<form><select name=s><option disabled>a<option>b<option>c</select>",
     GET("/d/page") "  s:select=b a!a +b/b c/c\n"},
    {"<form><select name=s><option selected>a<option selected>b<option>c</select>",
     GET("/d/page") "  s:select=b a/a +b/b c/c\n"},
    {"<form><select name=s multiple><option selected>a<option selected>b<option>c</select>",
     GET("/d/page") "  s:select=a multiple +a/a +b/b c/c\n"},
    {"<form><select name=s multiple><option>a</select><select name=t></select>",
     GET("/d/page") "  s:select= multiple a/a\n  t:select=\n"},
    {"<form><select name=s><optgroup disabled><option>a</optgroup><option value>b</select>",
     GET("/d/page") "  s:select= a!a +/b\n"},
    {"<form><datalist><option>a</datalist><input name=i>", GET("/d/page") "  i:text=\n"},
    /* Of radio buttons with one name one is marked, the last. */
    {"<form><input type=radio name=a value=1 checked><input type=radio name=b value=2 checked>"
     "<input type=radio name=a value=3 checked><input type=radio name=a value=4>"
     "<input type=checkbox name=a value=5 checked></form>"
     "<form><input type=radio name=a value=6 checked><input type=radio value=7 checked>"
     "<input type=radio value=8 checked>",
     GET("/d/page") "  a:radio=1\n  b:radio=2 checked\n  a:radio=3 checked\n  a:radio=4\n"
     "  a:checkbox=5 checked\n"
     GET("/d/page") "  a:radio=6 checked\n  -:radio=7 checked\n  -:radio=8 checked\n"},
    /* Whose they are. */
    {"<form id=f><input name=a></form><input name=b><input name=c form=f><input name=d form=g>",
     GET("/d/page") "  a:text=\n  c:text=\n"},
    {"<form id=f><input name=a form=g></form><form id=g><input name=b></form>",
     "GET http://h.example/d/page x-www-form-urlencoded\n"
     "GET http://h.example/d/page x-www-form-urlencoded\n  a:text=\n  b:text=\n"},
    {"<form id=f><input name=a form=''>",
     "GET http://h.example/d/page x-www-form-urlencoded\n"},
    {"<table><form action=x><tr><td><input name=a></table></form><form action=y><input name=b>",
     GET("/d/x") "  a:text=\n" GET("/d/y") "  b:text=\n"},
    {"<form action=x><form action=y><input name=a>", GET("/d/x") "  a:text=\n"},
    /* Disabled with all around them. */
    {"<form><fieldset disabled><legend><input name=a></legend><legend><input name=b></legend>"
     "<input name=c></fieldset><fieldset><input name=d></fieldset>",
     GET("/d/page") "  a:text=\n  b:text= off\n  c:text= off\n  d:text=\n"},
};
/* clang-format on */

static void forms_and_fields(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(forms_of(rows[i].page), rows[i].forms);
}

static void buttons_may_change_their_form(void **state)
{
    struct page_doc *doc = page_of("<form><button formaction=y formmethod=post formenctype="
                                   "multipart/form-data name=b></button>");
    struct page_forms forms;
    (void)state;
    assert_int_equal(page_forms_init(&forms, doc), PAGE_OK);
    const struct page_field *b = &forms.form[0].field[0];
    assert_true(fsk_span_eq(b->action, FSK_SPAN("y")));
    assert_string_equal(page_form_method(b->method), "POST");
    assert_string_equal(page_form_enctype(b->enctype), "multipart/form-data");
    page_forms_fini(&forms);
    page_doc_free(doc);
}

static void many_forms(void **state)
{
    enum { N = 3000 };
    static char page[N * 60];
    size_t n = 0;
    struct page_forms forms;
    (void)state;
    for (unsigned i = 0; i < N; i++)
        n += (size_t)snprintf(page + n, sizeof page - n,
                              "<form id=f%u></form><input name=i%u form=f%u>", i, i, N - 1 - i);
    struct page_doc *doc = page_of(page);
    assert_int_equal(page_forms_init(&forms, doc), PAGE_OK);
    assert_int_equal(forms.n_forms, N);
    for (unsigned i = 0; i < N; i++) {
        char name[16];
        snprintf(name, sizeof name, "i%u", N - 1 - i);
        assert_int_equal(forms.form[i].n_fields, 1);
        assert_true(fsk_span_eq(forms.form[i].field[0].name, fsk_span_str(name)));
    }
    page_forms_fini(&forms);
    page_doc_free(doc);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_and_fields),
        cmocka_unit_test(buttons_may_change_their_form),
        cmocka_unit_test(many_forms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
