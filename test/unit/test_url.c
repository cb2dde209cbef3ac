/* URLs: test/data/url-split.jsonl says how PHP splits them, RFC 3986 5.4 how references resolve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/url.h"

static struct guard guard;

static struct fsk_span text(const char *s)
{
    size_t n = strlen(s);
    return fsk_span(guard_copy(&guard, s, n), n);
}

static struct fsk_url url(const char *s)
{
    struct fsk_url u;
    assert_int_equal(fsk_url_parse(fsk_span_str(s), true, &u, NULL), FSK_URL_OK);
    return u;
}

static void assert_span(struct fsk_span s, const char *expected)
{
    if (!fsk_span_eq(s, fsk_span_str(expected)))
        fail_msg("'%.*s' isn't '%s'", (int)s.n, s.p, expected);
}

/* Where fsock differs from PHP on purpose, with what it says instead. Any control byte or space is
 * refused, a port must be a number from 1 on, and a URL must name a host. */
static const struct {
    const char *url;
    enum fsk_url_err err;
} differs[] = {
    {"/path",               FSK_URL_NO_HOST  },
    {"http://h:0/",         FSK_URL_PORT_ZERO},
    {"http://h:80a/",       FSK_URL_BAD_PORT },
    {"http://::1/",         FSK_URL_NO_HOST  },
    {"http://h/a b",        FSK_URL_SPACE    },
    {"http://h/\\r\\nX: y", FSK_URL_CONTROL  },
    {"http://h\\000x/",     FSK_URL_CONTROL  },
    {"http://h:80:90/",     FSK_URL_BAD_PORT },
    {"http:/h/x",           FSK_URL_NO_HOST  },
    {"http:h/x",            FSK_URL_NO_HOST  },
    {"mailto:a@b",          FSK_URL_NO_HOST  },
    {"http:// h/",          FSK_URL_SPACE    },
    {"file:///etc/passwd",  FSK_URL_NO_HOST  },
    {"?q",                  FSK_URL_NO_HOST  },
    {"#f",                  FSK_URL_NO_HOST  },
    {"a:b@c:80/x",          FSK_URL_NO_HOST  },
};

/* Copy a JSON string (s is behind its first quote) without JSON's escapes; returns what follows. */
static const char *json_string(const char *s, char *out)
{
    for (; *s != '"'; s++) {
        if (*s == '\\')
            s++;
        *out++ = *s;
    }
    *out = '\0';
    return s + 1;
}

/* Undo \r, \n and \ooo, in which the data writes bytes that aren't graphic. */
static size_t unescape(const char *s, char *out)
{
    size_t n = 0;
    while (*s) {
        unsigned byte;
        int used = 1;
        if (s[0] == '\\' && (s[1] == 'r' || s[1] == 'n')) {
            out[n++] = s[1] == 'r' ? '\r' : '\n';
            used = 2;
        } else if (s[0] == '\\' && sscanf(s + 1, "%3o", &byte) == 1) {
            out[n++] = (char)byte;
            used = 4;
        } else {
            out[n++] = *s;
        }
        s += used;
    }
    return n;
}

/* PHP's value of a key: false if it isn't there. */
static bool php_value(const char *object, const char *key, char *out)
{
    char name[32], raw[256];
    snprintf(name, sizeof(name), "\"%s\":", key);
    const char *at = strstr(object, name);
    if (!at)
        return false;
    at += strlen(name);
    if (*at == '"') {
        json_string(at + 1, raw);
        out[unescape(raw, out)] = '\0';
    } else {
        size_t n = strspn(at, "0123456789");
        memcpy(out, at, n);
        out[n] = '\0';
    }
    return true;
}

static void same_as_php(const char *object, const struct fsk_url *u)
{
    const struct {
        const char *key;
        struct fsk_span ours;
    } parts[] = {
        {"path",     u->path    },
        {"query",    u->query   },
        {"fragment", u->fragment},
        {"user",     u->user    },
        {"pass",     u->password},
    };
    char value[256], host[64], port[8];

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        bool has = php_value(object, parts[i].key, value);
        assert_span(parts[i].ours, has ? value : "");
    }
    if (php_value(object, "scheme", value))
        assert_span(u->scheme, value);
    assert_true(php_value(object, "host", value));
    snprintf(host, sizeof(host), u->is_ipv6_literal ? "[%.*s]" : "%.*s", (int)u->host.n, u->host.p);
    assert_string_equal(host, value);
    snprintf(port, sizeof(port), "%u", u->port);
    assert_string_equal(port, php_value(object, "port", value) ? value : "0");
    assert_int_equal(u->has_query, php_value(object, "query", value));
    assert_int_equal(u->has_fragment, php_value(object, "fragment", value));
    assert_int_equal(u->has_userinfo, php_value(object, "user", value));
    assert_int_equal(u->has_password, php_value(object, "pass", value));
}

static void one_php_line(const char *line)
{
    char raw[256], bytes[256];
    const char *object = json_string(line + 2, raw);
    size_t n = unescape(raw, bytes);
    struct fsk_url u;
    enum fsk_url_err err = fsk_url_parse(fsk_span(guard_copy(&guard, bytes, n), n), true, &u, NULL);

    if (strcmp(raw, "h/path") == 0) { /* a path for PHP; with http assumed, a host */
        assert_int_equal(err, FSK_URL_OK);
        assert_span(u.host, "h");
        return;
    }
    for (size_t i = 0; i < sizeof(differs) / sizeof(*differs); i++) {
        if (strcmp(raw, differs[i].url) == 0) {
            if (err != differs[i].err)
                fail_msg("%s: %d", raw, (int)err);
            return;
        }
    }
    if ((err != FSK_URL_OK) != (strncmp(object, ",false", 6) == 0))
        fail_msg("%s: %d", raw, (int)err);
    if (!err)
        same_as_php(object, &u);
}

static void splits_as_php_does(void **state)
{
    FILE *f = fopen(FSK_TEST_DATA "/url-split.jsonl", "r");
    char line[512];
    int lines = 0;
    (void)state;
    assert_non_null(f);
    for (; fgets(line, sizeof(line), f); lines++)
        one_php_line(line);
    fclose(f);
    assert_true(lines > 50);
}

static void errors_name_the_problem(void **state)
{
    /* clang-format off */
    static const struct {
        const char *url;
        bool assume_http;
        enum fsk_url_err err;
        const char *sentence;
    } cases[] = {
        {"", true, FSK_URL_EMPTY, "is empty"},
        {"http://h/abc d", true, FSK_URL_SPACE, "has a space at byte 13"},
        {"http://h/\n", true, FSK_URL_CONTROL, "holds a control byte at byte 10"},
        {"http://h/\x7f", true, FSK_URL_CONTROL, "holds a control byte at byte 10"},
        {"h/x", false, FSK_URL_NO_SCHEME, "has no scheme such as http://"},
        {"//h/x", false, FSK_URL_NO_SCHEME, "has no scheme such as http://"},
        {"http:///x", false, FSK_URL_NO_HOST, "has no host"},
        {"http://u@/x", false, FSK_URL_NO_HOST, "has no host"},
        {"http://u@:80/x", false, FSK_URL_NO_HOST, "has no host"},
        {"a:80/x", false, FSK_URL_NO_HOST, "has no host"},
        {"http://h:74321/", false, FSK_URL_PORT_RANGE, "has the port 74321, which is above 65535"},
        {"http://u:p@[::1]:65536", false, FSK_URL_PORT_RANGE,
         "has the port 65536, which is above 65535"},
        {"http://h:-1/", false, FSK_URL_BAD_PORT, "has a port that isn't a number"},
        {"http://h:0", false, FSK_URL_PORT_ZERO, "has the port 0, which can't be connected to"},
        {"http://h%41/", false, FSK_URL_BAD_HOST,
         "has a character that no host name has at byte 9"},
        {"http://a\\b/", false, FSK_URL_BAD_HOST,
         "has a character that no host name has at byte 9"},
        {"http://good.example\\@evil.example/", false, FSK_URL_BAD_USERINFO,
         "has a backslash before its host"},
        {"http://[::1", false, FSK_URL_BAD_IPV6, "has a malformed IPv6 address in its brackets"},
        {"http://[::1]x/", false, FSK_URL_BAD_IPV6, "has a malformed IPv6 address in its brackets"},
        {"http://[1.2.3.4]/", false, FSK_URL_BAD_IPV6,
         "has a malformed IPv6 address in its brackets"},
        {"http://[::1%25]x]/", false, FSK_URL_BAD_IPV6,
         "has a malformed IPv6 address in its brackets"},
    };
    /* clang-format on */
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_url u;
        size_t at;
        char out[FSK_URL_ERROR_TEXT];
        struct fsk_span s = text(cases[i].url);
        enum fsk_url_err err = fsk_url_parse(s, cases[i].assume_http, &u, &at);
        if (err != cases[i].err)
            fail_msg("%s: %d", cases[i].url, (int)err);
        assert_string_equal(fsk_url_error_text(err, s, at, out), cases[i].sentence);
    }
}

static void no_bad_byte_anywhere(void **state)
{
    const char *good = "http://u:p@h.example:80/p?q#f";
    char bad[64];
    struct fsk_url u;
    size_t at, n = strlen(good);
    (void)state;
    for (size_t i = 0; i <= n; i++) {
        for (int c = 0; c <= 0x7f; c = c == ' ' ? 0x7f : c + 1) {
            memcpy(bad, good, i);
            bad[i] = (char)c;
            memcpy(bad + i + 1, good + i, n - i);
            assert_int_equal(fsk_url_parse(fsk_span(bad, n + 1), true, &u, &at),
                             c == ' ' ? FSK_URL_SPACE : FSK_URL_CONTROL);
            assert_int_equal(at, i);
        }
    }
}

static void http_may_be_assumed(void **state)
{
    static const struct {
        const char *url, *host, *path;
        int port;
    } cases[] = {
        {"example.org",     "example.org", "",    0   },
        {"example.org/x",   "example.org", "/x",  0   },
        {"localhost:8080",  "localhost",   "",    8080},
        {"localhost:8080/", "localhost",   "/",   8080},
        {"127.0.0.1:80?q",  "127.0.0.1",   "",    80  },
        {"[::1]:81/",       "::1",         "/",   81  },
        {"u@h/x",           "h",           "/x",  0   },
        {"//h/x",           "h",           "/x",  0   },
        {"h//x",            "h",           "//x", 0   },
        {"h:",              "h",           "",    0   },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_url u;
        assert_int_equal(fsk_url_parse(text(cases[i].url), true, &u, NULL), FSK_URL_OK);
        assert_span(u.scheme, "http");
        assert_span(u.host, cases[i].host);
        assert_span(u.path, cases[i].path);
        assert_int_equal(u.port, cases[i].port);
    }
}

/* References, and what they mean at http://a/b/c/d;p?q. */
static const char *const references[][2] = {
    {"g:h",            "g:h"                  },
    {"g",              "http://a/b/c/g"       },
    {"./g",            "http://a/b/c/g"       },
    {"g/",             "http://a/b/c/g/"      },
    {"/g",             "http://a/g"           },
    {"//g",            "http://g"             },
    {"?y",             "http://a/b/c/d;p?y"   },
    {"g?y",            "http://a/b/c/g?y"     },
    {"#s",             "http://a/b/c/d;p?q#s" },
    {"g#s",            "http://a/b/c/g#s"     },
    {"g?y#s",          "http://a/b/c/g?y#s"   },
    {";x",             "http://a/b/c/;x"      },
    {"g;x",            "http://a/b/c/g;x"     },
    {"g;x?y#s",        "http://a/b/c/g;x?y#s" },
    {"",               "http://a/b/c/d;p?q"   },
    {".",              "http://a/b/c/"        },
    {"./",             "http://a/b/c/"        },
    {"..",             "http://a/b/"          },
    {"../",            "http://a/b/"          },
    {"../g",           "http://a/b/g"         },
    {"../..",          "http://a/"            },
    {"../../",         "http://a/"            },
    {"../../g",        "http://a/g"           },
    {"../../../g",     "http://a/g"           },
    {"../../../../g",  "http://a/g"           },
    {"/./g",           "http://a/g"           },
    {"/../g",          "http://a/g"           },
    {"g.",             "http://a/b/c/g."      },
    {".g",             "http://a/b/c/.g"      },
    {"g..",            "http://a/b/c/g.."     },
    {"..g",            "http://a/b/c/..g"     },
    {"./../g",         "http://a/b/g"         },
    {"./g/.",          "http://a/b/c/g/"      },
    {"g/./h",          "http://a/b/c/g/h"     },
    {"g/../h",         "http://a/b/c/h"       },
    {"g;x=1/./y",      "http://a/b/c/g;x=1/y" },
    {"g;x=1/../y",     "http://a/b/c/y"       },
    {"g?y/./x",        "http://a/b/c/g?y/./x" },
    {"g?y/../x",       "http://a/b/c/g?y/../x"},
    {"g#s/./x",        "http://a/b/c/g#s/./x" },
    {"g#s/../x",       "http://a/b/c/g#s/../x"},
    {"http:g",         "http:g"               },
 /* Not from the RFC. */
    {"https://h/../x", "https://h/x"          },
    {"/a b?c d",       "http://a/a%20b?c%20d" },
    {"\xc3\xa4",       "http://a/b/c/%C3%A4"  },
    {"g/..//h",        "http://a/b/c//h"      },
};

static void resolves_as_rfc_3986_5_4(void **state)
{
    struct fsk_url base = url("http://a/b/c/d;p?q");
    (void)state;
    for (size_t i = 0; i < sizeof(references) / sizeof(*references); i++) {
        char out[256];
        struct fsk_span ref = text(references[i][0]);
        size_t n = fsk_url_resolve(&base, ref, out, sizeof(out));
        assert_span(fsk_span(out, n), references[i][1]);
        for (size_t room = 0; room < n; room++)
            assert_int_equal(fsk_url_resolve(&base, ref, out, room), 0);
    }
    char out[64];
    base = url("http://u:p@[::1%25eth0]:8080");
    assert_span(fsk_span(out, fsk_url_resolve(&base, FSK_SPAN("x"), out, sizeof(out))),
                "http://u:p@[::1%25eth0]:8080/x");
    base = url("http://h/\xc3\xa4/../\xc3\xa4/x");
    assert_span(fsk_span(out, fsk_url_resolve(&base, FSK_SPAN("../y"), out, sizeof(out))),
                "http://h/y");
}

static void writes_target_and_authority(void **state)
{
    static const char *const cases[][3] = {
        {"http://h",                    "/",                               "h"           },
        {"http://h?q",                  "/?q",                             "h"           },
        {"http://h?",                   "/?",                              "h"           },
        {"http://h/a/../b#f",           "/a/../b",                         "h"           },
        {"http://h:80/",                "/",                               "h"           },
        {"https://h:80/",               "/",                               "h:80"        },
        {"https://h:443/",              "/",                               "h"           },
        {"foo://h:5/",                  "/",                               "h:5"         },
        {"foo://h/",                    "/",                               "h"           },
        {"http://u:p@H:8080/%zz?%41",   "/%zz?%41",                        "H:8080"      },
        {"http://[fe80::1%25eth0]:81/", "/",                               "[fe80::1]:81"},
        {"http://[fe80::1%eth0]/",      "/",                               "[fe80::1]"   },
        {"http://h/\xc3\xa4?\xff",      "/%C3%A4?%FF",                     "h"           },
        {"http://h/a\"<>\\^`{|}[]",     "/a%22%3C%3E%5C%5E%60%7B%7C%7D[]", "h"           },
        {"http://h//a",                 "//a",                             "h"           },
    };
    char out[256];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_url u = url(cases[i][0]);
        size_t n = fsk_url_target(&u, out, sizeof(out));
        assert_span(fsk_span(out, n), cases[i][1]);
        for (size_t room = 0; room < n; room++)
            assert_int_equal(fsk_url_target(&u, out, room), 0);
        n = fsk_url_authority(&u, false, out, sizeof(out));
        assert_span(fsk_span(out, n), cases[i][2]);
        for (size_t room = 0; room < n; room++)
            assert_int_equal(fsk_url_authority(&u, false, out, room), 0);
    }
    struct fsk_url u = url("https://h/");
    assert_span(fsk_span(out, fsk_url_authority(&u, true, out, sizeof(out))), "h:443");
}

static void normalises(void **state)
{
    static const char *const cases[][2] = {
        {"HTTP://EXAMPLE.org",          "http://example.org/"      },
        {"http://h:80",                 "http://h/"                },
        {"http://h:",                   "http://h/"                },
        {"https://h:80",                "https://h:80/"            },
        {"http://h/%7euser/%c3%A4/%2f", "http://h/~user/%C3%A4/%2F"},
        {"http://h/a/./b/../c",         "http://h/a/c"             },
        {"http://h/a/%2e%2E/c",         "http://h/c"               },
        {"http://h/../..",              "http://h/"                },
        {"http://h/a/..",               "http://h/"                },
        {"http://h/%zz%4",              "http://h/%25zz%254"       },
        {"http://h/%%65e",              "http://h/%25ee"           },
        {"http://h?%61=%2b#%41",        "http://h/?a=%2B#A"        },
        {"http://U:P@H/",               "http://U:P@h/"            },
        {"http://[2001:DB8:0:0::1]/",   "http://[2001:db8::1]/"    },
        {"http://[fe80::1%eth0]/",      "http://[fe80::1%25eth0]/" },
        {"http://h/\xc3\xa4",           "http://h/%C3%A4"          },
    };
    char out[256];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_url u = url(cases[i][0]);
        size_t n = fsk_url_normalise(&u, out, sizeof(out));
        assert_span(fsk_span(out, n), cases[i][1]);
        for (size_t room = 0; room < n; room++)
            assert_int_equal(fsk_url_normalise(&u, out, room), 0);
    }
}

static void same_origin(void **state)
{
    static const struct {
        const char *a, *b;
        bool same;
    } cases[] = {
        {"http://h/",     "HTTP://H:80/x?y",  true },
        {"https://h/",    "https://h:443",    true },
        {"http://h/",     "https://h/",       false},
        {"http://h/",     "http://h:81/",     false},
        {"http://h/",     "http://h./",       false},
        {"http://a/",     "http://b/",        false},
        {"http://[::1]/", "http://[::1]:80/", true },
        {"http://u@h/",   "http://h/",        true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        struct fsk_url a = url(cases[i].a), b = url(cases[i].b);
        assert_int_equal(fsk_url_same_origin(&a, &b), cases[i].same);
        assert_int_equal(fsk_url_same_origin(&b, &a), cases[i].same);
    }
}

static void decodes_percent(void **state)
{
    char out[32];
    (void)state;
    assert_span(fsk_span(out, fsk_url_decode(text("a%20b%2Bc+"), out)), "a b+c+");
    assert_span(fsk_span(out, fsk_url_decode(text("%zz%4"), out)), "%zz%4");
    assert_span(fsk_span(out, fsk_url_decode(text("%"), out)), "%");
    assert_span(fsk_span(out, fsk_url_decode(text("%%41"), out)), "%A");
    assert_int_equal(fsk_url_decode(text("%00"), out), 1);
    assert_int_equal(out[0], 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_php_does),
        cmocka_unit_test(errors_name_the_problem),
        cmocka_unit_test(no_bad_byte_anywhere),
        cmocka_unit_test(http_may_be_assumed),
        cmocka_unit_test(resolves_as_rfc_3986_5_4),
        cmocka_unit_test(writes_target_and_authority),
        cmocka_unit_test(normalises),
        cmocka_unit_test(same_origin),
        cmocka_unit_test(decodes_percent),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
