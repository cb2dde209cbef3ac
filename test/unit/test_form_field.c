/* -F, as it is written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "form_field.h"
#include "guard.h"

static char result[1024];

/* "NAME T|<|@ VALUE TYPE FILENAME", or the sentence. */
static const char *parsed(const char *text,
                          bool (*parse)(struct form_field *, const char *, char *, char *, size_t))
{
    struct guard in, room;
    struct form_field f;
    char why[512] = "";
    size_t n = strlen(text) + 1;
    guard_init(&in, n);
    guard_init(&room, n);
    char *out = guard_copy(&room, text, n);
    if (parse(&f, guard_copy(&in, text, n), out, why, sizeof why))
        snprintf(result, sizeof result, "%s %c %s %s %s", f.name, "T<@"[f.source], f.value,
                 f.type ? f.type : "-", f.filename ? f.filename : "-");
    else
        snprintf(result, sizeof result, "%s", why);
    guard_fini(&in);
    guard_fini(&room);
    return result;
}

static void fields(void **state)
{
    (void)state;
    /* clang-format off */
    static const char *const rows[][2] = {
        {"a=1", "a T 1 - -"},
        {"a=", "a T  - -"},
        {"a=b=c", "a T b=c - -"},
        {"a b=c d ", "a b T c d  - -"},
        {"a=@f", "a @ f - -"},
        {"a=@-", "a @ - - -"},
        {"a=<f", "a < f - -"},
        {"a=1;type=text/x", "a T 1 text/x -"},
        {"a=@f;type=text/x; charset=utf-8;filename=o", "a @ f text/x; charset=utf-8 o"},
        {"a=@f; FileName=o ;TYPE=t/t", "a @ f t/t o "},
        {"a=@f;filename=", "a @ f - "},
        {"a=@\"f;g\";type=t/t", "a @ f;g t/t -"},
        {"a=\"x;y\"", "a T x;y - -"},
        {"a=\"x\\\"\\\\\\n\" ;type=t/t", "a T x\"\\\\n t/t -"},
        {"a=\"x\"y", "a T \"x\"y - -"},
        {"a=\"x", "a T \"x - -"},
        {"a=\"", "a T \" - -"},
        {"a=\"\"", "a T  - -"},
        {"a=\"\\", "a T \"\\ - -"},
        {"a=@f;filename=\"q;\\\"r\"", "a @ f - q;\"r"},
        {"a", "-F needs NAME=VALUE, not 'a'"},
        {"=a", "-F needs NAME=VALUE, not '=a'"},
        {"", "-F needs NAME=VALUE, not ''"},
        {"a=@", "-F a needs the name of a file behind @"},
        {"a=<;type=x", "-F a needs the name of a file behind <"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_string_equal(parsed(rows[i][0], form_field_parse), rows[i][1]);
    assert_non_null(strstr(parsed("a=b;c", form_field_parse), "--form-string"));
    assert_non_null(strstr(parsed("a=b;", form_field_parse), "--form-string"));
    assert_non_null(
        strstr(parsed("a=@f;type=x;headers=y;filename=z", form_field_parse), "x;headers=y z"));
}

static void literals(void **state)
{
    (void)state;
    assert_string_equal(parsed("a=@b;type=c", form_field_literal), "a T @b;type=c - -");
    assert_string_equal(parsed("a=\"b\"", form_field_literal), "a T \"b\" - -");
    assert_string_equal(parsed("a", form_field_literal), "--form-string needs NAME=VALUE, not 'a'");
}

static void types(void **state)
{
    (void)state;
    assert_string_equal(form_field_type("x.PNG"), "image/png");
    assert_string_equal(form_field_type(".html"), "text/html");
    assert_null(form_field_type("png"));
    assert_null(form_field_type(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fields), cmocka_unit_test(literals),
                                       cmocka_unit_test(types)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
