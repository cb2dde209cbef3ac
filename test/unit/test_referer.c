/* What a request tells of the page that it comes from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "get_referer.h"

static struct fsk_url url(const char *text)
{
    struct fsk_url u;
    assert_int_equal(fsk_url_parse(fsk_span_str(text), false, &u, NULL), FSK_URL_OK);
    return u;
}

/* The last header of a request that has these. */
static void gives(const char *from, const char *to, const char *const *headers, const char *expect)
{
    struct referer r;
    struct fsock_request request;
    struct fsk_url a = url(from), b = url(to);
    size_t n = 0;
    fsock_request_init(&request);
    request.headers = headers;
    referer_init(&r);
    assert_int_equal(referer_add(&r, &a, &b, &request), FSOCK_OK);
    if (!expect) {
        assert_ptr_equal(request.headers, headers);
        assert_null(referer_url(&r));
    } else {
        for (; headers && headers[n]; n++)
            assert_string_equal(request.headers[n], headers[n]);
        assert_memory_equal(request.headers[n], "Referer: ", 9);
        assert_string_equal(request.headers[n] + 9, expect);
        assert_string_equal(referer_url(&r), expect);
        assert_null(request.headers[n + 1]);
    }
    referer_fini(&r);
}

static void as_browsers_tell_it(void **state)
{
    static const struct {
        const char *from, *to, *expect;
    } rows[] = {
        {"http://h/a/b?c=d#e",      "http://h/x",      "http://h/a/b?c=d"      },
        {"http://h",                "http://h/x",      "http://h/"             },
        {"HTTP://H:80/a",           "http://h/",       "HTTP://H/a"            },
        {"http://me:secret@h/a",    "http://h/x",      "http://h/a"            },
        {"http://h/\xc3\xa4<",      "http://h/x",      "http://h/%C3%A4%3C"    },
        {"http://h/a?b",            "http://h:8080/x", "http://h/"             },
        {"http://h:8080/a?b",       "http://g/",       "http://h:8080/"        },
        {"http://h/a?b",            "https://h/",      "http://h/"             },
        {"https://h/a?b",           "https://h/",      "https://h/a?b"         },
        {"https://me:secret@h/a?b", "https://g/",      "https://h/"            },
        {"https://[2001:db8::1]/a", "https://g/",      "https://[2001:db8::1]/"},
        {"https://h/a?b",           "http://h/",       NULL                    },
        {"https://h/a?b",           "http://g/",       NULL                    },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        gives(rows[i].from, rows[i].to, NULL, rows[i].expect);
}

static void long_ones_are_cut(void **state)
{
    char from[5000], expect[5000];
    (void)state;
    snprintf(from, sizeof from, "http://h/%04095d", 0);
    gives(from, "http://h/", NULL, from);
    snprintf(expect, sizeof expect, "http://h/%04096d", 0);
    gives(expect, "http://h/", NULL, "http://h/");
}

static void what_the_user_says_counts(void **state)
{
    static const char *const others[] = {"A: b", "Referers: x", NULL};
    static const char *const says[] = {"A: b", "referer: x", NULL};
    static const char *const empty[] = {"Referer;", NULL};
    static const char *const none[] = {"REFERER:", "A: b", NULL};
    (void)state;
    gives("http://h/a", "http://h/b", others, "http://h/a");
    gives("http://h/a", "http://h/b", says, NULL);
    gives("http://h/a", "http://h/b", empty, NULL);
    gives("http://h/a", "http://h/b", none, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_browsers_tell_it),
        cmocka_unit_test(long_ones_are_cut),
        cmocka_unit_test(what_the_user_says_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
