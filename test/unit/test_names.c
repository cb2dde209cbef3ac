/* File names of URLs: safe, and the same for the same URL. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "get_names.h"

static struct guard guard;

static const char *name_of(const char *url, bool marked)
{
    static char name[NAME_SIZE];
    size_t n = strlen(url);
    memset(name, 'x', sizeof name);
    names_of_url(fsk_span(guard_copy(&guard, url, n), n), marked, name);
    return name;
}

static void plain(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://host/a/b.html",           "b.html"          },
        {"http://host/a/b.html?q=1/2#f/g", "b.html"          },
        {"http://host/a/",                 "index.html"      },
        {"http://host",                    "index.html"      },
        {"http://host?x/y.z",              "index.html"      },
        {"host/file",                      "file"            },
        {"host",                           "index.html"      },
        {"",                               "index.html"      },
        {"http://host/a%20b.txt",          "a b.txt"         },
        {"http://host/%E2%82%AC.txt",      "\xe2\x82\xac.txt"},
        {"http://host/%",                  "%"               },
        {"http://host/%4",                 "%4"              },
        {"http://host/%zz",                "%zz"             },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(name_of(cases[i][0], false), cases[i][1]);
}

static void made_safe(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"http://host/..",                     "__"              },
        {"http://host/.bashrc",                "_bashrc"         },
        {"http://host/-rf",                    "_rf"             },
        {"http://host/.-x",                    "__x"             },
        {"http://host/..%2f..%2fetc%2fpasswd", "___.._etc_passwd"},
        {"http://host/a%00b%0ac%1b[2J",        "a_b_c_[2J"       },
        {"http://host/a%5cb:c",                "a_b_c"           },
        {"http://host/%ff%c0%80x",             "___x"            },
        {"http://host/%c2%9bx",                "__x"             },
        {"http://host/name.",                  "name_"           },
        {"http://host/name%20.",               "name__"          },
        {"http://host/CON",                    "_CON"            },
        {"http://host/nul.txt",                "_nul.txt"        },
        {"http://host/com1.html",              "_com1.html"      },
        {"http://host/com0",                   "com0"            },
        {"http://host/console",                "console"         },
        {"http://host/x.part",                 "x.part_"         },
        {"http://host/x.part.meta",            "x.part.meta_"    },
        {"http://host/nul.x.part",             "_nul.x.part_"    },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(name_of(cases[i][0], false), cases[i][1]);
}

/* A reserved word is put off by a sign in front; what that pushes over the end may leave a blank
 * there. */
static void reserved_and_long(void **state)
{
    (void)state;
    char url[400] = "http://host/nul.", *at = url + strlen(url);
    for (size_t blank = NAME_LONGEST - 8; blank < NAME_LONGEST; blank++) {
        memset(at, 'x', NAME_LONGEST - 4);
        at[NAME_LONGEST - 4] = '\0';
        if (blank - 4 < NAME_LONGEST - 4)
            at[blank - 4] = '.';
        const char *name = name_of(url, false);
        assert_true(strlen(name) <= NAME_LONGEST);
        assert_int_not_equal(name[strlen(name) - 1], '.');
    }
}

static void marked(void **state)
{
    (void)state;
    /* printf %s http://host/a/b.html | sha256sum: the first 60 bits in base32 */
    char first[NAME_SIZE];
    strcpy(first, name_of("http://host/a/b.html", true));
    assert_string_equal(first, "b-e5u4uvtwfzcq.html");
    assert_string_equal(name_of("http://host/a/b.html#part", true), first);
    assert_string_not_equal(name_of("http://host/b/b.html", true), first);
    assert_string_not_equal(name_of("http://host/a/b.html?x", true), first);
    assert_string_equal(name_of("http://host/a/b.html", true), first);
    assert_string_equal(strrchr(name_of("http://host/README", true), '-'),
                        name_of("http://host/README", true) + 6);
}

static void against_sha256(void **state)
{
    (void)state;
    /* SHA-256("abc") = ba7816bf 8f01cfea...: its first 60 bits, by hand, in RFC 4648's letters */
    const char *name = name_of("abc", true);
    assert_string_equal(name, "index-xj4bnp4pahh6.html");
}

static void long_ones(void **state)
{
    (void)state;
    char url[5000] = "http://host/", first[NAME_SIZE];
    for (size_t n = 1; n < 2000; n = n < 230 ? n + 1 : n + 217) {
        size_t at = 12;
        for (size_t i = 0; i < n; i++, at += 2)
            memcpy(url + at, "\xc3\xa9", 2); /* two bytes each */
        strcpy(url + at, ".html");
        for (int m = 0; m < 2; m++) {
            const char *name = name_of(url, m);
            size_t len = strlen(name);
            assert_true(len <= NAME_LONGEST);
            for (size_t i = 0; i < len; i++) /* no character is cut in two */
                if ((unsigned char)name[i] == 0xc3)
                    assert_int_equal((unsigned char)name[i + 1], 0xa9);
        }
    }
    memset(url + 12, 'a', 1000);
    strcpy(url + 1012, "1");
    strcpy(first, name_of(url, false));
    strcpy(url + 1012, "2");
    assert_string_not_equal(name_of(url, false), first);
}

/* Whatever the bytes: a name that stays in its directory. */
static void any_bytes(void **state)
{
    (void)state;
    srand(1);
    for (int round = 0; round < 20000; round++) {
        char url[64];
        size_t n = (size_t)rand() % sizeof url;
        for (size_t i = 0; i < n; i++)
            url[i] = (char)(rand() % 3 ? "/.%?#-:ab2\0 "[rand() % 12] : rand());
        char name[NAME_SIZE];
        names_of_url(fsk_span(guard_copy(&guard, url, n), n), round & 1, name);
        size_t len = strlen(name);
        assert_true(len > 0 && len <= NAME_LONGEST);
        assert_true(name[0] != '.' && name[0] != '-');
        for (size_t i = 0; i < len; i++)
            assert_true((unsigned char)name[i] >= 0x20 && name[i] != '/' && name[i] != 0x7f);
    }
}

int main(void)
{
    guard_init(&guard, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(made_safe),
        cmocka_unit_test(reserved_and_long),
        cmocka_unit_test(marked),
        cmocka_unit_test(against_sha256),
        cmocka_unit_test(long_ones),
        cmocka_unit_test(any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
