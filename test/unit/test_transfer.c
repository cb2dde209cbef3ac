/* Transfers with a peer that keeps the rules: bodies, redirects, connections, proxies. */
#include "transfer_rig.h"

#include <openssl/evp.h>

static void hex_sha(const void *data, size_t len, char hex[65])
{
    unsigned char sum[32];
    assert_true(EVP_Digest(data, len, sum, NULL, EVP_sha256(), NULL));
    for (int i = 0; i < 32; i++)
        snprintf(hex + 2 * i, 3, "%02x", sum[i]);
}

/* The answer is complete, and its body is what X-SHA256 says. */
static void assert_whole(const struct got *g)
{
    char sha[65];
    if (g->err != FSOCK_OK)
        fail_msg("%s: %s", g->url, g->fault.text);
    assert_int_equal(g->response.status, 200);
    hex_sha(g->body ? g->body : "", g->len, sha);
    const char *said = strstr(g->head, "X-SHA256: ");
    assert_non_null(said);
    assert_memory_equal(said + 10, sha, 64);
    assert_int_equal(g->response.size_body, g->len);
}

static void assert_contains(const char *text, const char *part)
{
    if (!text || !strstr(text, part))
        fail_msg("no \"%s\" in:\n%s", part, text ? text : "(nothing)");
}

static void assert_lacks(const char *text, const char *part)
{
    if (text && strstr(text, part))
        fail_msg("\"%s\" in:\n%s", part, text);
}

/* ---- Bodies ---------------------------------------------------------------------------------- */

static void test_bodies(void **state)
{
    static const char *const pages[] = {"/plain/0",
                                        "/plain/1",
                                        "/plain/19",
                                        "/chunked/0",
                                        "/chunked/7",
                                        "/chunked/19",
                                        "/gzip/0",
                                        "/gzip/4",
                                        "/gzip/19",
                                        "/x-gzip/9",
                                        "/deflate/0",
                                        "/deflate/19",
                                        "/rawdeflate/1",
                                        "/rawdeflate/19",
                                        "/br/0",
                                        "/br/4",
                                        "/br/19",
                                        "/zstd/0",
                                        "/zstd/9",
                                        "/zstd/19",
                                        "/gzip-chunked/0",
                                        "/gzip-chunked/19",
                                        "/stacked",
                                        "/multi-gzip",
                                        "/identity",
                                        "/close",
                                        "/body-sha/1/1000",
                                        "/body-sha/2/3000000"};
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct got *g = both(page(pages[i]), NULL, NULL);
        assert_whole(g);
        forget(g);
        g = both(tls_page(pages[i]), NULL, NULL);
        assert_whole(g);
        assert_string_equal(g->response.tls_version, "TLSv1.3");
        forget(g);
    }
}

static void test_discard(void **state)
{
    static const struct {
        const char *path;
        uint64_t size;
    } pages[] = {
        {"/sized/1000000",        1000000 },
        {"/sized/0",              0       },
        {"/huge/60000000",        60000000},
        {"/huge-chunked/5000000", 5000000 },
        {"/huge-gzip/5000000",    5000000 },
    };
    struct fsock_request r = request(FSOCK_DISCARD);
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct got *g = both(page(pages[i].path), &r, NULL);
        assert_int_equal(g->err, FSOCK_OK);
        assert_int_equal(g->response.size_body, pages[i].size);
        assert_string_equal(g->events, "SHX");
        assert_int_equal(g->len, 0);
        forget(g);
    }
}

static void test_no_body(void **state)
{
    struct fsock_request r = request(0);
    (void)state;
    struct got *g = both(page("/empty"), NULL, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 204);
    assert_string_equal(g->events, "SHX");
    forget(g);
    r.method = "HEAD";
    g = both(page("/head-only"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.content_length, 123456);
    assert_int_equal(g->response.size_body, 0);
    forget(g);
    g = both(page("/status/304"), NULL, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 304);
    assert_string_equal(g->events, "SHX");
    forget(g);
    g = both(page("/gzip/4"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    forget(g);
}

static void test_not_decoded(void **state)
{
    struct fsock_request r = request(FSOCK_NO_DECODE);
    (void)state;
    struct got *g = both(page("/gzip/19"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_memory_equal(g->body, "\x1f\x8b", 2);
    assert_int_equal(g->len, (size_t)g->response.content_length);
    forget(g);
}

static void test_interim_answers(void **state)
{
    (void)state;
    struct got *g = both(page("/1xx/5"), NULL, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 200);
    assert_string_equal(g->events, "SHDX");
    forget(g);
}

static void test_decoded_head(void **state)
{
    (void)state;
    struct got *g = both(page("/chunked/7"), NULL, NULL);
    char length[64];
    snprintf(length, sizeof length, "Content-Length: %zu\r\n", g->len);
    assert_contains(g->decoded, "HTTP/1.1 200 OK\r\n");
    assert_contains(g->decoded, length);
    assert_contains(g->decoded, "X-Trailer: yes\r\n");
    assert_lacks(g->decoded, "chunked");
    assert_contains(g->head, "Transfer-Encoding: chunked");
    forget(g);
    g = both(page("/gzip-chunked/4"), NULL, NULL);
    assert_lacks(g->decoded, "gzip");
    assert_lacks(g->decoded, "chunked");
    forget(g);
}

/* ---- Requests -------------------------------------------------------------------------------- */

static void test_uploads(void **state)
{
    const size_t large = 40000000,
                 sizes[] = {0, 1, 5000, 3000000, large}; /* the kernel takes 3 MB */
    char *body = calloc(1, large), sha[65], answer[128];
    struct fsock_request r = request(0);
    (void)state;
    for (size_t i = 0; i < large; i++)
        body[i] = (char)(i * i >> 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        r.body = body;
        r.body_len = sizes[i];
        hex_sha(body, sizes[i], sha);
        snprintf(answer, sizeof answer, "POST %zu %s\n", sizes[i], sha);
        struct got *g = both(i % 2 ? tls_page("/upload") : page("/upload"), &r, NULL);
        assert_int_equal(g->err, FSOCK_OK);
        assert_string_equal(g->body, answer);
        assert_int_equal(g->response.size_upload, sizes[i]);
        forget(g);
    }
    struct got *g = both(page("/early-response"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 413);
    forget(g);
    free(body);
}

static void test_host_header(void **state)
{
    char expected[64];
    (void)state;
    struct got *g = both(page("/echo?a=b#c"), NULL, NULL);
    snprintf(expected, sizeof expected, "\r\nHost: 127.0.0.1:%d\r\n", site_port(&site, "http"));
    assert_contains(g->body, expected);
    assert_contains(g->body, "GET /echo?a=b HTTP/1.1\r\n");
    forget(g);
    g = both(at_host("hang4", "[::1]", "/echo"), NULL, NULL);
    snprintf(expected, sizeof expected, "\r\nHost: [::1]:%d\r\n", site_port(&site, "hang4"));
    assert_contains(g->body, expected);
    forget(g);
}

static void test_unix_socket(void **state)
{
    struct fsock_options o = site_options();
    char path[128];
    (void)state;
    snprintf(path, sizeof path, "%s/site.sock", site_dir);
    o.unix_socket = path;
    struct got *g = both("http://site.test/echo", NULL, &o);
    assert_int_equal(g->err, FSOCK_OK);
    assert_contains(g->body, "\r\nHost: site.test\r\n");
    forget(g);
}

static void test_ranges(void **state)
{
    struct fsock_request r = request(0);
    (void)state;
    struct got *whole = both(page("/range/1000"), NULL, NULL), *g;
    r.range = "10-19";
    g = both(page("/range/1000"), &r, NULL);
    assert_int_equal(g->response.status, 206);
    assert_int_equal(g->len, 10);
    assert_memory_equal(g->body, whole->body + 10, 10);
    forget(g);
    r.range = NULL;
    r.resume_from = 400;
    r.validator = "\"range-1000\"";
    g = both(page("/range/1000"), &r, NULL);
    assert_int_equal(g->response.status, 206);
    assert_true(g->response.resumed);
    assert_memory_equal(g->body, whole->body + 400, 600);
    forget(g);
    r.validator = "\"other\""; /* it has changed: all of it */
    g = both(page("/range/1000"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 200);
    assert_false(g->response.resumed);
    assert_int_equal(g->len, 1000);
    forget(g);
    r.validator = NULL;
    r.resume_from = 1000;
    g = both(page("/range/1000"), &r, NULL);
    assert_int_equal(g->response.status, 416);
    assert_false(g->response.resumed);
    forget(g);
    forget(whole);
}

static void test_fail_status(void **state)
{
    struct fsock_request r = request(FSOCK_FAIL_STATUS);
    (void)state;
    struct got *g = both(page("/status/404"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_STATUS);
    assert_int_equal(g->fault.stage, FSOCK_STAGE_HEAD);
    assert_contains(g->fault.text, "404");
    assert_int_equal(g->len, 0);
    forget(g);
    g = both(page("/status/201"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    forget(g);
}

/* ---- Redirects ------------------------------------------------------------------------------- */

static void test_redirects(void **state)
{
    struct fsock_request r = request(FSOCK_FOLLOW);
    (void)state;
    struct got *g = both(page("/redirect/5"), &r, NULL);
    assert_whole(g);
    assert_int_equal(g->response.redirects, 5);
    assert_int_equal(g->response.connects, 1);
    assert_string_equal(g->url, page("/plain/1#fragment"));
    assert_string_equal(g->events, "SHDX");
    forget(g);
    r.max_redirects = 4;
    g = both(page("/redirect/5"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_REDIRECTS);
    assert_int_equal(g->fault.limit, FSOCK_LIMIT_REDIRECTS);
    forget(g);
    r.max_redirects = 20;
    g = both(page("/redirect-loop"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_REDIRECTS);
    assert_int_equal(g->fault.limit, FSOCK_LIMIT_NONE);
    assert_contains(g->fault.text, "redirects to itself: GET http://");
    assert_int_equal(g->response.redirects, 0);
    assert_string_equal(g->url, page("/redirect-loop"));
    forget(g);
    g = both(page("/redirect-ring/3#x"), &r, NULL); /* the second is /redirect-ring/3?at=1 */
    assert_int_equal(g->err, FSOCK_ERR_REDIRECTS);
    assert_contains(g->fault.text, "redirects to itself");
    assert_int_equal(g->response.redirects, 3);
    forget(g);
    g = both(page("/redirect-ring/0"), &r, NULL); /* no two are the same */
    assert_int_equal(g->err, FSOCK_ERR_REDIRECTS);
    assert_int_equal(g->fault.limit, FSOCK_LIMIT_REDIRECTS);
    assert_int_equal(g->response.redirects, 20);
    forget(g);
    r.body = "x"; /* the same URL, but not the same request */
    r.body_len = 1;
    g = both(page("/redirect-after-post"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.redirects, 1);
    forget(g);
    r.body = NULL;
    r.body_len = 0;
    r.flags = 0;
    g = both(page("/redirect/5"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 302);
    assert_string_equal(g->redirect_url, page("/redirect/4"));
    forget(g);
    r.flags = FSOCK_FOLLOW;
    g = both(page("/no-location"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 302);
    forget(g);
}

static void test_redirect_methods(void **state)
{
    static const struct {
        int status;
        const char *method;
        unsigned flags;
        const char *after;
        bool with_body;
    } rows[] = {
        {301, "POST",  0,                 "GET",   false},
        {302, "POST",  0,                 "GET",   false},
        {303, "POST",  0,                 "GET",   false},
        {307, "POST",  0,                 "POST",  true },
        {308, "POST",  0,                 "POST",  true },
        {301, "HEAD",  0,                 "HEAD",  false},
        {303, "HEAD",  0,                 "HEAD",  false},
        {301, "PUT",   0,                 "PUT",   true },
        {303, "PUT",   0,                 "GET",   false},
        {301, "POST",  FSOCK_KEEP_METHOD, "POST",  true },
        {302, "POST",  FSOCK_KEEP_METHOD, "POST",  true },
        {303, "PATCH", FSOCK_KEEP_METHOD, "PATCH", true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fsock_request r = request(FSOCK_FOLLOW | rows[i].flags);
        char path[64];
        snprintf(path, sizeof path, "/redirect-to/http/echo?code=%d", rows[i].status);
        r.method = rows[i].method;
        if (strcmp(r.method, "HEAD") != 0) {
            r.body = "the body";
            r.body_len = 8;
        }
        struct got *g = both(page(path), &r, NULL);
        assert_int_equal(g->err, FSOCK_OK);
        assert_string_equal(g->method, rows[i].after);
        if (strcmp(r.method, "HEAD") != 0) {
            assert_int_equal(strncmp(g->body, rows[i].after, strlen(rows[i].after)), 0);
            assert_int_equal(strstr(g->body, "the body") != NULL, rows[i].with_body);
            assert_int_equal(strstr(g->body, "Content-Type") != NULL, rows[i].with_body);
        }
        forget(g);
    }
}

static void test_bad_redirects(void **state)
{
    struct fsock_request r = request(FSOCK_FOLLOW);
    (void)state;
    for (int i = 0; i <= 10; i++) {
        char path[64];
        snprintf(path, sizeof path, "/location-bad/%d", i);
        struct got *g = both(page(path), &r, NULL);
        if (i == 2) /* an empty one is none */
            assert_int_equal(g->err, FSOCK_OK);
        else if (i < 9 && g->err != FSOCK_ERR_REDIRECTS && g->err != FSOCK_ERR_PROTOCOL)
            fail_msg("%s: %s", path, fsock_err_name(g->err));
        forget(g);
    }
    struct got *g = both(tls_page("/redirect-to/http/plain/1"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_REDIRECTS);
    assert_contains(g->fault.text, "http, after https");
    forget(g);
    /* What the response says stays valid when the next place can't be reached. */
    g = both(page("/redirect-to/tcp-refused/x"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_CONNECT);
    assert_string_equal(g->url, at_host("tcp-refused", "127.0.0.1", "/x"));
    assert_int_equal(g->response.redirects, 1);
    forget(g);
}

static void test_secrets_stay_home(void **state)
{
    static const char *const headers[] = {"Cookie: secret=1", "X-Open: yes", NULL};
    struct fsock_request r = request(FSOCK_FOLLOW);
    (void)state;
    r.user = "user:pass";
    r.headers = headers;
    struct got *g = both(page("/echo"), &r, NULL);
    assert_contains(g->body, "\r\nAuthorization: Basic dXNlcjpwYXNz\r\n");
    assert_contains(g->body, "\r\nCookie: secret=1\r\n");
    forget(g);
    g = both(page("/redirect-cross"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_lacks(g->body, "Authorization");
    assert_lacks(g->body, "secret");
    assert_contains(g->body, "\r\nX-Open: yes\r\n");
    forget(g);
    g = both(page("/redirect-to/http/echo"), &r, NULL);
    assert_contains(g->body, "Authorization: Basic");
    forget(g);
    /* Another scheme or port is another origin, and coming back doesn't make it home. */
    struct fsock_options o = site_options();
    o.insecure = 1;
    g = both(page("/redirect-to/https/echo"), &r, &o);
    assert_int_equal(g->err, FSOCK_OK);
    assert_lacks(g->body, "Authorization");
    forget(g);
    g = both(page("/redirect-to/hang6/redirect-to/http/echo"), &r, NULL);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.redirects, 2);
    assert_lacks(g->body, "Authorization");
    assert_lacks(g->body, "secret");
    forget(g);
    char url[256];
    snprintf(url, sizeof url, "http://user:pass@127.0.0.1:%d/redirect-cross",
             site_port(&site, "http"));
    r.user = NULL;
    g = both(url, &r, NULL);
    assert_lacks(g->body, "Authorization");
    forget(g);
}

/* ---- Proxies --------------------------------------------------------------------------------- */

static void through(const char *proxy, const char *service, const char *user, const char *url)
{
    struct fsock_options o = site_options();
    char text[128];
    snprintf(text, sizeof text, "%s://127.0.0.1:%d", proxy, site_port(&site, service));
    o.proxy = text;
    o.proxy_user = user;
    struct got *g = both(url, NULL, &o);
    if (g->err != FSOCK_OK)
        fail_msg("%s, %s: %s", text, url, g->fault.text);
    assert_int_equal(g->response.status, 200);
    assert_true(g->response.proxy_used);
    assert_lacks(g->body, "Proxy-Authorization");
    if (strcmp(proxy, "http") == 0 && strncmp(url, "http:", 5) == 0)
        assert_contains(g->body, "Via:");
    else
        assert_lacks(g->body, "Via:");
    forget(g);
}

static void test_proxies(void **state)
{
    (void)state;
    for (int tls = 0; tls < 2; tls++) {
        const char *url = tls ? tls_page("/echo") : page("/echo");
        through("http", "proxy", NULL, url);
        through("http", "proxy-auth", "user:pass", url);
        through("socks5", "socks5", NULL, url);
        through("socks5h", "socks5", NULL, url);
        through("socks5h", "socks5-auth", "user:pass", url);
        through("socks4", "socks4", NULL, url);
        through("socks4a", "socks4", "user", url);
    }
    struct fsock_options o = site_options();
    char text[128];
    snprintf(text, sizeof text, "http://127.0.0.1:%d", site_port(&site, "proxy-auth"));
    o.proxy = text;
    struct got *g = both(tls_page("/echo"), NULL, &o);
    assert_int_equal(g->err, FSOCK_ERR_PROXY);
    assert_int_equal(g->fault.stage, FSOCK_STAGE_PROXY);
    assert_contains(g->fault.text, "407");
    forget(g);
    g = both(page("/echo"), NULL, &o); /* a plain one's answer is the answer */
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->response.status, 407);
    forget(g);
}

/* ---- Names ----------------------------------------------------------------------------------- */

static void test_names(void **state)
{
    struct fsock_options o = site_options();
    char servers[64], two[128];
    (void)state;
    snprintf(servers, sizeof servers, "127.0.0.1:%d", site_port(&site, "dns"));
    o.dns_servers = servers;
    struct got *g = both(at_host("http", "a.site.test", "/plain/3"), NULL, &o);
    assert_whole(g);
    assert_string_equal(g->response.remote_ip, "127.0.0.1");
    forget(g);
    g = both(at_host("http", "nx.site.test", "/"), NULL, &o);
    assert_int_equal(g->err, FSOCK_ERR_NAME);
    forget(g);
    g = both(at_host("refuse6", "both.site.test", "/plain/3"), NULL, &o);
    assert_whole(g);
    forget(g);
    /* A mute server takes no more than its part of the total limit. */
    snprintf(two, sizeof two, "127.0.0.1:%d,%s", site_port(&site, "dns-mute"), servers);
    o.dns_servers = two;
    o.total_timeout = FSOCK_SECOND;
    g = both(at_host("http", "a.site.test", "/plain/3"), NULL, &o);
    assert_whole(g);
    forget(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_discard),
        cmocka_unit_test(test_no_body),
        cmocka_unit_test(test_not_decoded),
        cmocka_unit_test(test_interim_answers),
        cmocka_unit_test(test_decoded_head),
        cmocka_unit_test(test_uploads),
        cmocka_unit_test(test_host_header),
        cmocka_unit_test(test_unix_socket),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_fail_status),
        cmocka_unit_test(test_redirects),
        cmocka_unit_test(test_redirect_methods),
        cmocka_unit_test(test_bad_redirects),
        cmocka_unit_test(test_secrets_stay_home),
        cmocka_unit_test(test_proxies),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
