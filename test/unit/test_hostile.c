/* What a transfer says of a peer that lies, breaks off or has no end: never a success. */
#include "transfer_rig.h"

#define AS(name) FSOCK_ERR_##name
#define AT(name) FSOCK_STAGE_##name

/* A page, and what has to come of it. */
static const struct row {
    const char *path;
    enum fsock_err err;
    enum fsock_stage stage;
} rows[] = {
  /* Framing that can be understood in two ways. */
    {"/two-lengths",        AS(PROTOCOL),  AT(HEAD)},
    {"/list-length",        AS(PROTOCOL),  AT(HEAD)},
    {"/negative-length",    AS(PROTOCOL),  AT(HEAD)},
    {"/plus-length",        AS(PROTOCOL),  AT(HEAD)},
    {"/hex-length",         AS(PROTOCOL),  AT(HEAD)},
    {"/empty-length",       AS(PROTOCOL),  AT(HEAD)},
    {"/overflow-length",    AS(PROTOCOL),  AT(HEAD)},
    {"/te-unknown",         AS(PROTOCOL),  AT(HEAD)},
    {"/te-twice",           AS(PROTOCOL),  AT(HEAD)},
    {"/te-not-last",        AS(PROTOCOL),  AT(HEAD)},
 /* Heads that are none. */
    {"/bare-cr",            AS(PROTOCOL),  AT(HEAD)},
    {"/nul-header",         AS(PROTOCOL),  AT(HEAD)},
    {"/nul-name",           AS(PROTOCOL),  AT(HEAD)},
    {"/space-colon",        AS(PROTOCOL),  AT(HEAD)},
    {"/space-first",        AS(PROTOCOL),  AT(HEAD)},
    {"/no-colon",           AS(PROTOCOL),  AT(HEAD)},
    {"/no-name",            AS(PROTOCOL),  AT(HEAD)},
    {"/http09",             AS(PROTOCOL),  AT(HEAD)},
    {"/http2-line",         AS(PROTOCOL),  AT(HEAD)},
    {"/http9-line",         AS(PROTOCOL),  AT(HEAD)},
    {"/short-status",       AS(PROTOCOL),  AT(HEAD)},
    {"/long-status",        AS(PROTOCOL),  AT(HEAD)},
    {"/status-words",       AS(PROTOCOL),  AT(HEAD)},
    {"/status-101",         AS(PROTOCOL),  AT(HEAD)},
    {"/icy",                AS(PROTOCOL),  AT(HEAD)},
    {"/garbage",            AS(PROTOCOL),  AT(HEAD)},
 /* Heads that break off. */
    {"/empty-reply",        AS(CLOSED),    AT(HEAD)},
    {"/head-fin",           AS(CLOSED),    AT(HEAD)},
    {"/reset-head",         AS(RESET),     AT(HEAD)},
    {"/reset",              AS(RESET),     AT(HEAD)},
 /* Heads without end. */
    {"/endless-header",     AS(TOO_BIG),   AT(HEAD)},
    {"/endless-headers",    AS(TOO_BIG),   AT(HEAD)},
    {"/endless-1xx",        AS(TOO_BIG),   AT(HEAD)},
    {"/many-headers/10000", AS(TOO_BIG),   AT(HEAD)},
    {"/big-header/1000000", AS(TOO_BIG),   AT(HEAD)},
 /* Bodies that break off. */
    {"/reset-body",         AS(RESET),     AT(BODY)},
    {"/truncated",          AS(TRUNCATED), AT(BODY)},
    {"/close-reset",        AS(TRUNCATED), AT(BODY)},
    {"/truncated-chunked",  AS(TRUNCATED), AT(BODY)},
    {"/no-last-chunk",      AS(TRUNCATED), AT(BODY)},
    {"/half-last-chunk",    AS(TRUNCATED), AT(BODY)},
    {"/truncated-gzip",     AS(TRUNCATED), AT(BODY)},
    {"/no-crc-gzip",        AS(TRUNCATED), AT(BODY)},
    {"/truncated-br",       AS(TRUNCATED), AT(BODY)},
    {"/truncated-zstd",     AS(TRUNCATED), AT(BODY)},
 /* Chunks that lie. */
    {"/bad-chunk",          AS(PROTOCOL),  AT(BODY)},
    {"/bad-chunk-end",      AS(PROTOCOL),  AT(BODY)},
    {"/negative-chunk",     AS(PROTOCOL),  AT(BODY)},
    {"/hex-chunk",          AS(PROTOCOL),  AT(BODY)},
    {"/empty-chunk",        AS(PROTOCOL),  AT(BODY)},
    {"/huge-chunk-size",    AS(PROTOCOL),  AT(BODY)},
    {"/bare-cr-chunk",      AS(PROTOCOL),  AT(BODY)},
    {"/endless-chunk-ext",  AS(TOO_BIG),   AT(BODY)},
    {"/endless-trailers",   AS(TOO_BIG),   AT(BODY)},
 /* Codings that lie. */
    {"/bad-gzip",           AS(DECODE),    AT(BODY)},
    {"/bad-crc-gzip",       AS(DECODE),    AT(BODY)},
    {"/bad-isize-gzip",     AS(DECODE),    AT(BODY)},
    {"/not/gzip",           AS(DECODE),    AT(BODY)},
    {"/not/br",             AS(DECODE),    AT(BODY)},
    {"/not/zstd",           AS(DECODE),    AT(BODY)},
    {"/not/deflate",        AS(DECODE),    AT(BODY)},
    {"/not/martian",        AS(DECODE),    AT(BODY)},
    {"/zstd-window",        AS(DECODE),    AT(BODY)},
    {"/many-codings",       AS(DECODE),    AT(BODY)},
    {"/bomb",               AS(TOO_BIG),   AT(BODY)},
    {"/bomb-br",            AS(TOO_BIG),   AT(BODY)},
};

static void check(const struct row *row, const char *url, unsigned flags)
{
    struct fsock_request r = request(flags);
    struct got *g = both(url, &r, NULL);
    if (g->err != row->err || g->fault.err != row->err || g->fault.stage != row->stage)
        fail_msg("%s: %s in %s, not %s in %s: %s", url, fsock_err_name(g->err),
                 fsock_stage_name(g->fault.stage), fsock_err_name(row->err),
                 fsock_stage_name(row->stage), g->fault.text);
    assert_int_equal(g->fault.limit,
                     strstr(row->path, "bomb") ? FSOCK_LIMIT_RATIO : FSOCK_LIMIT_NONE);
    assert_non_null(strstr(g->fault.text, url[4] == 's' ? "localhost:" : "127.0.0.1:"));
    forget(g);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], page(rows[i].path), 0);
}

static void test_rows_discarded(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], page(rows[i].path), FSOCK_DISCARD);
}

static void test_rows_by_tls(void **state)
{
    const struct row no_close_notify = {"/https-no-close-notify", AS(TRUNCATED), AT(BODY)};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check(&rows[i], tls_page(rows[i].path), 0);
    check(&no_close_notify, tls_page(no_close_notify.path), 0);
}

/* Faults that RFC 9110 and 9112 let a client overlook. */
static void test_accepted(void **state)
{
    static const struct {
        const char *path, *body;
    } pages[] = {
        {"/same-lengths",          NULL                                },
        {"/obs-fold",              NULL                                },
        {"/lf-only",               NULL                                },
        {"/no-reason",             NULL                                },
        {"/http10",                NULL                                },
        {"/too-much-body",         "hello"                             },
        {"/https-no-close-notify", "a body that ends with a bare FIN\n"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        struct got *g = both(page(pages[i].path), NULL, NULL);
        if (g->err != FSOCK_OK)
            fail_msg("%s: %s", pages[i].path, g->fault.text);
        assert_int_equal(g->response.status, 200);
        if (pages[i].body)
            assert_string_equal(g->body, pages[i].body);
        forget(g);
    }
}

/* Either refused, or understood in the one way that is safe. */
static void test_both_framings(void **state)
{
    (void)state;
    struct got *g = both(page("/length-and-chunked"), NULL, NULL);
    if (g->err != FSOCK_ERR_PROTOCOL)
        assert_int_equal(g->err, FSOCK_OK);
    forget(g);
}

/* After a body that is longer than it should be, or where none may be, the next request goes out on
 * another connection. */
static void test_no_reuse_after_lies(void **state)
{
    static const char *const first[] = {"/too-much-body", "/body-on-204", "/length-and-chunked"};
    struct fsock_options o = site_options();
    struct fsock_event e;
    struct fsock_fault fault;
    (void)state;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        struct got *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
        const char *urls[] = {page(first[i]), page("/plain/3")};
        fsock_fetch *f = fsock_fetch_new(&o, 1, 1, &fault);
        fsock_fetch_add(f, urls[0], strlen(urls[0]), NULL, a, &fault);
        fsock_fetch_add(f, urls[1], strlen(urls[1]), NULL, b, &fault);
        while (fsock_fetch_next(f, &e, FSOCK_NEVER) == FSOCK_OK)
            take_event(e.user, &e);
        fsock_fetch_free(f);
        assert_int_equal(b->err, FSOCK_OK);
        assert_int_equal(b->response.status, 200);
        assert_int_equal(b->response.connects, 1);
        assert_null(b->body ? strstr(b->body, "evil") : NULL);
        forget(a);
        forget(b);
    }
}

static void test_ceilings(void **state)
{
    static const char *const pages[] = {"/sized/1000001",  "/huge-chunked/1000001", "/endless-body",
                                        "/endless-chunks", "/huge-gzip/1000001",    "/bomb-br"};
    struct fsock_options o = site_options();
    (void)state;
    o.max_body = 1000000;
    for (unsigned flags = 0; flags <= FSOCK_DISCARD; flags += FSOCK_DISCARD)
        for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
            struct fsock_request r = request(flags);
            struct got *g = both(page(pages[i]), &r, &o);
            assert_int_equal(g->err, FSOCK_ERR_TOO_BIG);
            assert_int_equal(g->fault.stage, FSOCK_STAGE_BODY);
            assert_int_equal(g->fault.limit, FSOCK_LIMIT_BODY);
            assert_true(g->len <= o.max_body);
            forget(g);
        }
    struct got *g = both(page("/sized/1000000"), NULL, &o);
    assert_int_equal(g->err, FSOCK_OK);
    assert_int_equal(g->len, 1000000);
    forget(g);
    o.max_body = 0;
    o.max_ratio = 2;
    g = both(page("/huge-gzip/50000000"), NULL, &o);
    assert_int_equal(g->err, FSOCK_ERR_TOO_BIG);
    forget(g);
}

static void test_tls_peers(void **state)
{
    static const struct {
        const char *service;
        enum fsock_err err;
    } peers[] = {
        {"tls-expired",     AS(CERT)},
        {"tls-notyet",      AS(CERT)},
        {"tls-wronghost",   AS(CERT)},
        {"tls-cnonly",      AS(CERT)},
        {"tls-partialwild", AS(CERT)},
        {"tls-selfsigned",  AS(CERT)},
        {"tls-plain",       AS(TLS) },
        {"tls-garbage",     AS(TLS) },
        {"tls-alert",       AS(TLS) },
    };
    (void)state;
    for (size_t i = 0; i < sizeof peers / sizeof *peers; i++) {
        struct got *g = both(at_host(peers[i].service, "localhost", "/"), NULL, NULL);
        if (g->err != peers[i].err || g->fault.stage != FSOCK_STAGE_TLS)
            fail_msg("%s: %s: %s", peers[i].service, fsock_err_name(g->err), g->fault.text);
        forget(g);
    }
}

/* What can't be asked for is refused before any connection. */
static void test_input(void **state)
{
    static const char *const urls[] = {"",
                                       "ftp://127.0.0.1/",
                                       "http://",
                                       "http://a b/",
                                       "http://[::1/",
                                       "http://127.0.0.1:99999/",
                                       "http:///x"};
    static const char *const headers[] = {"X: a\r\nEvil: 1", NULL};
    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct got *g = both(urls[i], NULL, NULL);
        if (g->err != FSOCK_ERR_INPUT)
            fail_msg("%s: %s", urls[i], fsock_err_name(g->err));
        assert_int_equal(g->fault.stage, FSOCK_STAGE_NONE);
        assert_true(g->fault.text[0]);
        forget(g);
    }
    struct fsock_request r = request(0);
    r.headers = headers;
    struct got *g = both(page("/echo"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_INPUT);
    forget(g);
    r.headers = NULL;
    r.method = "GET /evil HTTP/1.1\r\n";
    g = both(page("/echo"), &r, NULL);
    assert_int_equal(g->err, FSOCK_ERR_INPUT);
    forget(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),          cmocka_unit_test(test_rows_discarded),
        cmocka_unit_test(test_rows_by_tls),   cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_both_framings), cmocka_unit_test(test_no_reuse_after_lies),
        cmocka_unit_test(test_ceilings),      cmocka_unit_test(test_tls_peers),
        cmocka_unit_test(test_input),
    };
    return cmocka_run_group_tests(tests, rig_start, rig_stop);
}
