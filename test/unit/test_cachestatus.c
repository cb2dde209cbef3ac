/* What headers tell of a cache: the forms that servers and networks write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "guard.h"
#include "wire/cachestatus.h"

#define UNKNOWN FSK_CACHE_UNKNOWN
#define HIT     FSK_CACHE_HIT
#define MISS    FSK_CACHE_MISS
#define EXPIRED FSK_CACHE_EXPIRED
#define STALE   FSK_CACHE_STALE
#define BYPASS  FSK_CACHE_BYPASS

static struct guard guard;

struct row {
    const char *fields;
    enum fsk_cache_verdict verdict;
};

static enum fsk_cache_verdict verdict(const char *fields, size_t n)
{
    return fsk_cachestatus(fsk_span(guard_copy(&guard, fields, n), n));
}

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char lines[512];
        size_t len = (size_t)snprintf(lines, sizeof lines, "Date: now\r\n%s\r\n", rows[i].fields);
        enum fsk_cache_verdict v = verdict(lines, len);
        if (v != rows[i].verdict)
            fail_msg("%s: %s", rows[i].fields, fsk_cache_verdict_name(v));
    }
}

#define CHECK(rows) check(rows, sizeof(rows) / sizeof *(rows))

static void standard(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Cache-Status: ExampleCache; hit",                                 HIT    },
        {"cache-status: ExampleCache;hit;ttl=376",                          HIT    },
        {"Cache-Status: ExampleCache; hit; ttl=-412",                       STALE  },
        {"Cache-Status: ExampleCache; hit=?1",                              HIT    },
        {"Cache-Status: ExampleCache; hit=?0; fwd=miss",                    MISS   },
        {"Cache-Status: ExampleCache; fwd=uri-miss; stored",                MISS   },
        {"Cache-Status: ExampleCache; fwd=vary-miss",                       MISS   },
        {"Cache-Status: ExampleCache; fwd=partial",                         MISS   },
        {"Cache-Status: ExampleCache; fwd=stale; fwd-status=304",           EXPIRED},
        {"Cache-Status: ExampleCache; fwd=bypass",                          BYPASS },
        {"Cache-Status: ExampleCache; fwd=method",                          BYPASS },
        {"Cache-Status: ExampleCache; fwd=request",                         BYPASS },
        {"Cache-Status: ExampleCache; fwd=new-word",                        MISS   },
        {"Cache-Status: ExampleCache",                                      UNKNOWN},
        {"Cache-Status: ExampleCache; detail=odd; key=\"hit; fwd=miss\"",   UNKNOWN},
        {"Cache-Status: \"A; hit, b\"; fwd=miss",                           MISS   },
        {"Cache-Status: \"A\\\", B; hit\"; fwd=miss",                       MISS   },
        {"Cache-Status: Origin; hit; ttl=1100, \"CDN, Inc\"; fwd=uri-miss", MISS   },
        {"Cache-Status: Origin; fwd=stale, Near; hit; ttl=5",               HIT    },
        {"Cache-Status: Origin; hit, Near; detail=none",                    HIT    },
        {"Cache-Status: Origin; fwd=miss\r\nCache-Status: Near; hit",       HIT    },
        {"Cache-Status: \"Next.js\"; hit; fwd=stale",                       STALE  },
        {"Cache-Status: a;hit\r\nX-Cache: MISS",                            HIT    },
        {"X-Cache: MISS\r\nCache-Status: a;hit",                            HIT    },
        {"Cache-Status: \"open; hit",                                       UNKNOWN},
        {"Cache-Status:",                                                   UNKNOWN},
        {"Cache-Status: ,;,;hit;,",                                         HIT    },
    };
    CHECK(rows);
}

static void networks(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"CF-Cache-Status: HIT",                                          HIT    },
        {"CF-Cache-Status: MISS",                                         MISS   },
        {"CF-Cache-Status: EXPIRED",                                      EXPIRED},
        {"CF-Cache-Status: STALE",                                        STALE  },
        {"CF-Cache-Status: UPDATING",                                     STALE  },
        {"CF-Cache-Status: REVALIDATED",                                  EXPIRED},
        {"CF-Cache-Status: BYPASS",                                       BYPASS },
        {"CF-Cache-Status: DYNAMIC",                                      BYPASS },
        {"CF-Cache-Status: NONE/UNKNOWN",                                 UNKNOWN},
        {"CF-Cache-Status: MISS\r\nX-Cache: HIT",                         MISS   },
        {"X-Cache: Hit from cloudfront",                                  HIT    },
        {"X-Cache: Miss from cloudfront",                                 MISS   },
        {"X-Cache: RefreshHit from cloudfront",                           EXPIRED},
        {"X-Cache: OriginShieldHit from cloudfront",                      HIT    },
        {"X-Cache: Error from cloudfront",                                UNKNOWN},
        {"X-Cache: Error from cloudfront\r\nAge: 7",                      HIT    },
        {"X-Cache: MISS, HIT",                                            HIT    },
        {"X-Cache: HIT, MISS",                                            MISS   },
        {"X-Cache: MISS\r\nX-Cache: HIT",                                 HIT    },
        {"X-Cache: TCP_HIT from a23-1-2-3.deploy (AkamaiGHost/11.0) (-)", HIT    },
        {"X-Cache: TCP_MISS from a23-1-2-3.deploy",                       MISS   },
        {"X-Cache: TCP_MEM_HIT from a",                                   HIT    },
        {"X-Cache: TCP_IMS_HIT from a",                                   HIT    },
        {"X-Cache: TCP_NEGATIVE_HIT from a",                              HIT    },
        {"X-Cache: TCP_REFRESH_HIT from a",                               EXPIRED},
        {"X-Cache: TCP_REFRESH_MISS from a",                              EXPIRED},
        {"X-Cache: TCP_REFRESH_FAIL_HIT from a",                          STALE  },
        {"X-Cache: TCP_CLIENT_REFRESH_MISS from a",                       BYPASS },
        {"X-Cache: TCP_DENIED from a",                                    UNKNOWN},
        {"X-Cache: TCP_REMOTE_HIT",                                       HIT    },
        {"X-Cache: PRIVATE_NOSTORE",                                      BYPASS },
        {"X-Cache: CONFIG_NOCACHE",                                       BYPASS },
        {"X-Cache: HIT TCP_MEM_HIT dirn:10:111",                          HIT    },
        {"X-Cache-Lookup: Cache Hit",                                     HIT    },
        {"X-Vercel-Cache: PRERENDER",                                     HIT    },
        {"X-Sucuri-Cache: HIT",                                           HIT    },
        {"CDN-Cache: HIT",                                                HIT    },
        {"Server-Timing: cdn-cache; desc=HIT, edge; dur=1",               HIT    },
        {"Server-Timing: edge; desc=HIT",                                 UNKNOWN},
        {"Server-Timing: app;dur=5, cdn-cache; dur=1; desc=\"MISS\"",     MISS   },
    };
    CHECK(rows);
}

static void servers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"X-Cache: HIT from proxy.example",     HIT    },
        {"X-Cache: MISS from proxy.example",    MISS   },
        {"X-Cache: HIT (12)",                   HIT    },
        {"X-Cache: cp3060 miss, cp3062 hit/20", HIT    },
        {"X-Cache: cached",                     HIT    },
        {"X-Cache: uncached",                   MISS   },
        {"X-Cache-Status: hit-front",           HIT    },
        {"X-Cache-Status: REVALIDATED",         EXPIRED},
        {"X-Proxy-Cache: HIT",                  HIT    },
        {"X-Fastcgi-Cache: BYPASS",             BYPASS },
        {"X-Varnish: 32770 3",                  HIT    },
        {"X-Varnish: 32770",                    MISS   },
        {"X-Varnish: 5, 32770 3",               HIT    },
        {"X-Varnish: 32770 3\r\nX-Varnish: 7",  MISS   },
        {"X-Varnish: 1 2 3",                    UNKNOWN},
        {"X-Varnish: 3\r\nAge: 0",              MISS   },
        {"X-Cache-Status: HIT\r\nX-Varnish: 3", HIT    },
        {"Age: 1",                              HIT    },
        {"Age: 0",                              UNKNOWN},
        {"Age: 00",                             UNKNOWN},
        {"Age: -1",                             UNKNOWN},
        {"Age:",                                UNKNOWN},
        {"X-Litespeed-Cache: hit",              HIT    },
        {"X-LiteSpeed-Cache: hit,private",      HIT    },
        {"x-litespeed-cache: miss",             MISS   },
        {"Server: nothing",                     UNKNOWN},
    };
    CHECK(rows);
}

/* What an application says is stored with its page: what stands before it is asked first. */
static void applications(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"X-Drupal-Cache: HIT",                                 HIT    },
        {"X-Drupal-Cache: UNCACHEABLE (request policy)",        BYPASS },
        {"X-Drupal-Dynamic-Cache: MISS",                        MISS   },
        {"X-Drupal-Dynamic-Cache: MISS\r\nX-Drupal-Cache: HIT", HIT    },
        {"X-Drupal-Cache: MISS\r\nX-Varnish: 32770 3",          HIT    },
        {"WP-Super-Cache: Served supercache file from PHP",     HIT    },
        {"X-WP-Super-Cache: Served legacy cache file",          HIT    },
        {"X-WP-Super-Cache: MISS",                              MISS   },
        {"WP-Super-Cache: not served",                          UNKNOWN},
        {"X-Magento-Cache-Debug: MISS",                         MISS   },
        {"X-Nextjs-Cache: STALE",                               STALE  },
    };
    CHECK(rows);
}

static void odd_bytes(void **state)
{
    (void)state;
    static const char head[] = "Age: 3\r\nX-Cache:\r\n MISS,\tHIT\r\nCache-Status: a; hit\r\n\r\n";
    for (size_t n = 0; n < sizeof head; n++)
        assert_in_range(verdict(head, n), 0, FSK_CACHE_VERDICTS - 1);
    assert_int_equal(verdict("X-Cache:\r\n HIT\r\n", 16), HIT); /* folded */
    assert_int_equal(verdict("X-Cache: H\0IT\r\n", 15), UNKNOWN);
    assert_int_equal(verdict("\0", 1), UNKNOWN);
    for (int v = 0; v < FSK_CACHE_VERDICTS; v++)
        assert_non_null(fsk_cache_verdict_name((enum fsk_cache_verdict)v));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard),     cmocka_unit_test(networks),  cmocka_unit_test(servers),
        cmocka_unit_test(applications), cmocka_unit_test(odd_bytes),
    };
    guard_init(&guard, 4096);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    guard_fini(&guard);
    return failed;
}
