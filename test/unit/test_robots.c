/* robots.txt: groups, the longest match, wildcards, the normal form, delays and sitemaps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/time.h"
#include "guard.h"
#include "wire/robots.h"

static struct guard file_guard, target_guard, agent_guard;
static char rules[FSK_ROBOTS_ROOM(65536)];

static struct fsk_robots pick(const char *file, const char *agent)
{
    struct fsk_robots r;
    size_t n = strlen(file), a = strlen(agent);
    fsk_robots_pick(fsk_span(guard_copy(&file_guard, file, n), n),
                    fsk_span(guard_copy(&agent_guard, agent, a), a), &r, rules);
    assert_true(r.rules.n <= FSK_ROBOTS_ROOM(n));
    return r;
}

static bool allows(struct fsk_robots r, const char *path)
{
    char out[FSK_ROBOTS_ROOM(256)];
    size_t n = strlen(path);
    struct fsk_span target = {guard_copy(&target_guard, path, n), n};
    n = fsk_robots_target(target, out);
    return fsk_robots_allows(r.rules, fsk_span(guard_copy(&target_guard, out, n), n));
}

static void groups(void **state)
{
    static const char file[] = "\xef\xbb\xbf# a site\r\n"
                               "User-Agent: other\n"
                               "user-agent : FSOCK/2.0\r"
                               "Disallow: /both\n"
                               "\n"
                               "User-agent: *\n"
                               "Disallow: /all # really\n"
                               "User-agent: fsock\n"
                               "Sitemap: http://h/s.xml\n"
                               "nonsense\n"
                               "Crawl-delay: 1.5\n"
                               "User-agent: third\n"
                               "Disallow: /third\n"
                               "User-agent: fsock-news\n"
                               "Disallow:\n"
                               "User-agent: fsock\n"
                               "Disallow: /second";
    struct fsk_robots r = pick(file, "fsock/1.0 (+http://h/)");
    (void)state;
    assert_int_equal(r.delay, 1500 * FSOCK_MILLISECOND);
    assert_false(allows(r, "/both"));
    assert_false(allows(r, "/second/page"));
    assert_true(allows(r, "/all") && allows(r, "/third") && allows(r, "/"));
    r = pick(file, "else");
    assert_true(!allows(r, "/all") && allows(r, "/both") && r.delay == 0);
    r = pick(file, "*");
    assert_false(allows(r, "/all"));
    r = pick(file, "fsock-news/1");
    assert_true(r.rules.n == 0 && allows(r, "/all"));
    r = pick(file, "third");
    assert_true(!allows(r, "/third") && r.delay == 0);
    r = pick("Disallow: /\nno: group\n", "fsock");
    assert_true(allows(r, "/"));
    r = pick("", "");
    assert_true(allows(r, "/"));
}

/* The table of RFC 9309 5.2 and its relatives. */
static void longest(void **state)
{
    static const struct {
        const char *rules, *path;
        bool allowed;
    } rows[] = {
        {"Disallow: /a\nAllow: /a/b",            "/a/b/c",                   true },
        {"Allow: /a/b\nDisallow: /a",            "/a/c",                     false},
        {"Allow: /p\nDisallow: /",               "/page",                    true },
        {"Allow: /folder\nDisallow: /folder",    "/folder/page",             true },
        {"Disallow: /folder\nAllow: /folder",    "/folder/page",             true },
        {"Allow: /page\nDisallow: /*.htm",       "/page.htm",                false},
        {"Allow: /$\nDisallow: /",               "/",                        true },
        {"Allow: /$\nDisallow: /",               "/page.htm",                false},
        {"Disallow: /fish",                      "/fish",                    false},
        {"Disallow: /fish",                      "/fish.html",               false},
        {"Disallow: /fish",                      "/Fish.asp",                true },
        {"Disallow: /fish",                      "/catfish",                 true },
        {"Disallow: /fish*",                     "/fishheads/yummy",         false},
        {"Disallow: /fish/",                     "/fish",                    true },
        {"Disallow: /*.php",                     "/folder/x.php?p=1",        false},
        {"Disallow: /*.php",                     "/windows.PHP",             true },
        {"Disallow: /*.php$",                    "/filename.php",            false},
        {"Disallow: /*.php$",                    "/filename.php?x",          true },
        {"Disallow: /*.php$",                    "/a.php/b.php",             false},
        {"Disallow: /fish*.php",                 "/fishheads/c.php?x",       false},
        {"Disallow: /fish*.php",                 "/Fish.PHP",                true },
        {"Disallow: *",                          "/",                        false},
        {"Disallow: *$",                         "/x",                       false},
        {"Disallow: /**b**$",                    "/ab",                      false},
        {"Disallow: $",                          "/x",                       true },
        {"Disallow: /a*a$",                      "/a",                       true },
        {"Disallow: /a*a$",                      "/aa",                      false},
        {"Disallow: /$x",                        "/$x",                      false},
        {"Disallow: /%24x",                      "/$x",                      false},
        {"Disallow: /a%2Ab",                     "/a*b",                     false},
        {"Disallow: /a%2Ab",                     "/axb",                     true },
        {"Disallow: /path/file-with-a-%2A.html", "/path/file-with-a-*.html", false},
        {"Disallow: /path/foo-%24",              "/path/foo-$",              false},
        {"Disallow: /foo/bar/%62%61%7A",         "/foo/bar/baz",             false},
        {"Disallow: /foo/bar/\xe3\x83\x84",      "/foo/bar/%e3%83%84",       false},
        {"Disallow: /foo/bar/%E3%83%84",         "/foo/bar/\xe3\x83\x84",    false},
        {"Disallow: /x?b=https://f.b",           "/x?b=https%3A%2F%2Ff.b",   false},
        {"Disallow: /x?b=https%3a%2f%2Ff.b",     "/x?b=https://f.b",         false},
        {"Disallow: /*/print",                   "/x?u=/print",              false},
        {"Disallow: /a/b",                       "/a%2Fb",                   true },
        {"Disallow: /100%",                      "/100%25",                  false},
        {"Disallow: /100%2",                     "/100%2",                   false},
        {"Disallow: /a|b",                       "/a%7Cb",                   false},
        {"Disallow: /",                          "/robots.txt",              true },
        {"Disallow: /\nDISALLOW: /x",            "/robots.txt?x",            false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char file[256];
        snprintf(file, sizeof file, "User-agent: *\n%s\n", rows[i].rules);
        if (allows(pick(file, "fsock"), rows[i].path) != rows[i].allowed)
            fail_msg("%s: %s", rows[i].rules, rows[i].path);
    }
}

static void delays(void **state)
{
    static const struct {
        const char *text;
        int64_t delay;
    } rows[] = {
        {"10",                  10 * FSOCK_SECOND       },
        {"0.25",                250 * FSOCK_MILLISECOND },
        {"0",                   0                       },
        {"1h",                  0                       },
        {"-1",                  0                       },
        {"",                    0                       },
        {".",                   0                       },
        {"9999999",             24 * 3600 * FSOCK_SECOND},
        {"9999999999999999999", 24 * 3600 * FSOCK_SECOND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char file[256];
        snprintf(file, sizeof file, "User-agent: *\nCrawl-delay: %s", rows[i].text);
        assert_int_equal(pick(file, "fsock").delay, rows[i].delay);
    }
}

static void sitemaps(void **state)
{
    static const char text[] = "\xef\xbb\xbfSitemap: http://h/1.xml\nUser-agent: *\nDisallow: /\n"
                               "sitemap:\nSITEMAP :\thttp://h/2.xml # two\r\nsitemap: /3.xml";
    struct fsk_span file = {guard_copy(&file_guard, text, sizeof text - 1), sizeof text - 1}, url;
    (void)state;
    assert_true(fsk_robots_sitemap(&file, &url));
    assert_true(fsk_span_eq(url, FSK_SPAN("http://h/1.xml")));
    assert_true(fsk_robots_sitemap(&file, &url));
    assert_true(fsk_span_eq(url, FSK_SPAN("http://h/2.xml")));
    assert_true(fsk_robots_sitemap(&file, &url));
    assert_true(fsk_span_eq(url, FSK_SPAN("/3.xml")));
    assert_false(fsk_robots_sitemap(&file, &url));
}

/* Stars by the thousand cost no more than their number. */
static void hostile(void **state)
{
    static char file[65536], target[65536], out[FSK_ROBOTS_ROOM(sizeof target)];
    struct fsk_robots r;
    (void)state;
    size_t n = (size_t)snprintf(file, sizeof file, "User-agent: *\nDisallow: /");
    while (n < sizeof file - 5) {
        memcpy(file + n, "*aaab", 5);
        n += 5;
    }
    fsk_robots_pick(fsk_span(file, n), FSK_SPAN("x"), &r, rules);
    memset(target, 'a', sizeof target);
    target[0] = '/';
    struct fsk_span t = {out, fsk_robots_target(fsk_span(target, sizeof target), out)};
    for (int i = 0; i < 1000; i++)
        assert_true(fsk_robots_allows(r.rules, t));
}

int main(void)
{
    guard_init(&file_guard, 4096);
    guard_init(&target_guard, 4096);
    guard_init(&agent_guard, 4096);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups),   cmocka_unit_test(longest), cmocka_unit_test(delays),
        cmocka_unit_test(sitemaps), cmocka_unit_test(hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
