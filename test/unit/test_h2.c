/* Sessions and streams of HTTP/2, against a server in the same thread. */
#include "h2_rig.h"

#define GET "GET /x?y=1 HTTP/2\r\nHost: shop.example\r\n\r\n"

static const nghttp2_nv OK_HEAD[] = {H2_NV(":status", "200"), H2_NV("content-length", "5"),
                                     H2_NV("X-Upper", "is lowered")};

/* A body of so many bytes, which are given as fast as windows allow. */
struct body {
    size_t left;
    bool no_end;
};

static ssize_t give(nghttp2_session *ng, int32_t id, uint8_t *buf, size_t length, uint32_t *flags,
                    nghttp2_data_source *source, void *user)
{
    struct body *b = source->ptr;
    size_t n = b->left < length ? b->left : length;
    (void)ng, (void)id, (void)user;
    memset(buf, 'b', n);
    b->left -= n;
    if (!b->left && b->no_end)
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    if (!b->left)
        *flags |= NGHTTP2_DATA_FLAG_EOF;
    return (ssize_t)n;
}

static void answer(struct h2_rig *rig, int32_t id, const nghttp2_nv *nv, size_t n, struct body *b)
{
    nghttp2_data_provider data = {.source.ptr = b, .read_callback = give};
    assert_int_equal(nghttp2_submit_response(rig->server, id, nv, n, b ? &data : NULL), 0);
}

static int setup(void **state)
{
    static struct h2_rig rig;
    h2_rig_init(&rig);
    *state = &rig;
    return 0;
}

static int teardown(void **state)
{
    h2_rig_fini(*state);
    return 0;
}

/* ---- What goes out, and what comes in -------------------------------------------------------- */

static void test_request_and_answer(void **state)
{
    struct h2_rig *rig = *state;
    struct body body = {.left = 5};
    struct h2_user u;
    char text[500];
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &u);
    h2_user_say(&u, "GET /x?y=1 HTTP/2\r\nHost: shop.example\r\nAccept: */*\r\n"
                    "Connection: close\r\nTE: gzip\r\nTransfer-Encoding: chunked\r\n"
                    "Upgrade: h2c\r\nX-A:\r\nX-B: b b\r\n\r\n");
    h2_pump(rig);
    assert_string_equal(rig->asked[0].fields, ":method: GET\n:path: /x?y=1\n:scheme: http\n"
                                              ":authority: shop.example\naccept: */*\nx-a: \n"
                                              "x-b: b b\n");
    assert_true(rig->asked[0].whole);
    assert_int_equal(h2_user_hear(&u, text, sizeof text), FSOCK_AGAIN);
    unsigned before = u.steps;
    answer(rig, 1, OK_HEAD, 3, &body);
    h2_pump(rig);
    assert_true(u.steps > before);
    assert_int_equal(h2_user_hear(&u, text, sizeof text), FSOCK_EOF);
    assert_string_equal(text,
                        "HTTP/2 200\r\ncontent-length: 5\r\nx-upper: is lowered\r\n\r\nbbbbb");
    h2_user_close(&u);
    h2_pump(rig);
    assert_false(rig->asked[0].reset);
    assert_false(fsk_h2_is_over(rig->h2));
}

static void test_head_in_pieces(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_user u;
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &u);
    for (const char *p = GET; *p; p++)
        h2_user_say(&u, (char[]){*p, 0});
    h2_pump(rig);
    assert_true(rig->asked[0].whole);
    assert_non_null(strstr(rig->asked[0].fields, ":authority: shop.example\n"));
    h2_user_close(&u);
}

static void test_interim_and_trailers(void **state)
{
    static const nghttp2_nv early[] = {H2_NV(":status", "103"), H2_NV("link", "</a>")};
    static const nghttp2_nv trailer[] = {H2_NV("x-sum", "7")};
    struct h2_rig *rig = *state;
    struct body body = {.left = 5, .no_end = true};
    struct fsk_layer_info info = {.fd = -1};
    struct h2_user u;
    char text[500];
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    assert_int_equal(nghttp2_submit_headers(rig->server, 0, 1, NULL, early, 2, NULL), 0);
    h2_pump(rig);
    assert_int_equal(h2_user_hear(&u, text, sizeof text), FSOCK_AGAIN);
    assert_string_equal(text, "HTTP/2 103\r\nlink: </a>\r\n\r\n");
    answer(rig, 1, OK_HEAD, 2, &body);
    h2_pump(rig);
    assert_int_equal(nghttp2_submit_trailer(rig->server, 1, trailer, 1), 0);
    h2_pump(rig);
    assert_int_equal(h2_user_hear(&u, text, sizeof text), FSOCK_EOF);
    assert_string_equal(text, "HTTP/2 200\r\ncontent-length: 5\r\n\r\nbbbbb");
    u.layer->ops->info(u.layer, &info);
    assert_true(info.shared);
    assert_true(fsk_span_eq(info.trailers, FSK_SPAN("x-sum: 7\r\n")));
    h2_user_close(&u);
}

/* ---- Windows --------------------------------------------------------------------------------- */

static void test_upload_waits_for_its_window(void **state)
{
    static const nghttp2_settings_entry narrow[] = {
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 1000}
    };
    struct h2_rig *rig = *state;
    struct fsk_wait wait = {.wants = 0};
    static const char bytes[3000];
    struct h2_user u;
    size_t n, sent = 0;
    h2_serve(rig, narrow, 1);
    nghttp2_session_set_user_data(rig->server, rig);
    h2_pump(rig);
    h2_user_open(rig, &u);
    h2_user_say(&u, "POST /x HTTP/2\r\nHost: a\r\nContent-Length: 3000\r\n\r\n");
    for (unsigned i = 0; i < 20 && sent < sizeof bytes; i++) {
        if (u.layer->ops->send(u.layer, bytes + sent,
                               sizeof bytes - sent < 700 ? sizeof bytes - sent : 700, &n, 0, NULL,
                               &wait) == FSOCK_OK)
            sent += n;
        h2_pump(rig);
    }
    assert_int_equal(sent, sizeof bytes);
    assert_int_equal(rig->asked[0].body, 3000);
    assert_true(rig->asked[0].whole);
    h2_user_close(&u);
}

static void test_one_that_nobody_reads_stops_nobody_else(void **state)
{
    struct h2_rig *rig = *state;
    struct body large = {.left = 3 * FSK_H2_WINDOW}, small = {.left = 5};
    struct h2_user slow, fast;
    static char text[4 * FSK_H2_WINDOW];
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &slow);
    h2_user_open(rig, &fast);
    h2_user_say(&slow, GET);
    h2_user_say(&fast, GET);
    h2_pump(rig);
    answer(rig, 1, OK_HEAD, 1, &large);
    h2_pump(rig);
    assert_int_equal(large.left, 2 * FSK_H2_WINDOW); /* that, and no more, waits here */
    answer(rig, 3, OK_HEAD, 2, &small);
    h2_pump(rig);
    assert_int_equal(h2_user_hear(&fast, text, sizeof text), FSOCK_EOF);
    size_t got = 0;
    for (enum fsock_err err = FSOCK_AGAIN; err != FSOCK_EOF; h2_pump(rig)) {
        err = h2_user_hear(&slow, text, sizeof text);
        assert_true(err == FSOCK_AGAIN || err == FSOCK_EOF);
        got += strlen(text);
    }
    assert_int_equal(got, 3 * FSK_H2_WINDOW + strlen("HTTP/2 200\r\n\r\n"));
    h2_user_close(&slow);
    h2_user_close(&fast);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void test_closing_resets_and_others_go_on(void **state)
{
    struct h2_rig *rig = *state;
    struct body body = {.left = 5};
    struct h2_user one, two, never;
    char text[500];
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &one);
    h2_user_open(rig, &two);
    h2_user_open(rig, &never); /* a stream that has asked for nothing */
    h2_user_say(&one, GET);
    h2_user_say(&two, GET);
    h2_pump(rig);
    h2_user_close(&one);
    h2_user_close(&never);
    h2_pump(rig);
    assert_true(rig->asked[0].reset);
    assert_int_equal(rig->asked[0].code, NGHTTP2_CANCEL);
    answer(rig, 3, OK_HEAD, 2, &body);
    h2_pump(rig);
    assert_int_equal(h2_user_hear(&two, text, sizeof text), FSOCK_EOF);
    assert_int_equal(fsk_h2_streams(rig->h2), 1);
    h2_user_close(&two);
    assert_int_equal(fsk_h2_streams(rig->h2), 0);
}

static void hears(struct h2_user *u, enum fsock_err err, bool untaken, const char *why)
{
    struct fsk_layer_info info = {.fd = -1};
    char text[2000];
    assert_int_equal(h2_user_hear(u, text, sizeof text), err);
    u->layer->ops->info(u->layer, &info);
    assert_int_equal(info.untaken, untaken);
    if (!strstr(u->layer->detail, why))
        fail_msg("\"%s\" does not say \"%s\"", u->layer->detail, why);
}

static void test_resets_have_words(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_user u[3];
    h2_serve(rig, NULL, 0);
    for (int i = 0; i < 3; i++) {
        h2_user_open(rig, &u[i]);
        h2_user_say(&u[i], GET);
    }
    h2_pump(rig);
    nghttp2_submit_rst_stream(rig->server, 0, 1, NGHTTP2_INTERNAL_ERROR);
    nghttp2_submit_rst_stream(rig->server, 0, 3, NGHTTP2_REFUSED_STREAM);
    h2_pump(rig);
    hears(&u[0], FSOCK_ERR_RESET, false, "the peer reset the stream (INTERNAL_ERROR)");
    hears(&u[1], FSOCK_ERR_RESET, true, "REFUSED_STREAM");
    assert_true(fsk_h2_room(rig->h2));
    nghttp2_submit_rst_stream(rig->server, 0, 5, NGHTTP2_HTTP_1_1_REQUIRED);
    h2_pump(rig);
    hears(&u[2], FSOCK_ERR_RESET, true, "HTTP_1_1_REQUIRED");
    assert_true(fsk_h2_is_unwanted(rig->h2));
    assert_false(fsk_h2_room(rig->h2));
    for (int i = 0; i < 3; i++)
        h2_user_close(&u[i]);
}

static void test_goaway(void **state)
{
    struct h2_rig *rig = *state;
    struct body body = {.left = 5};
    struct h2_user u[2];
    char text[500];
    h2_serve(rig, NULL, 0);
    for (int i = 0; i < 2; i++) {
        h2_user_open(rig, &u[i]);
        h2_user_say(&u[i], GET);
    }
    h2_pump(rig);
    unsigned before = rig->changes;
    nghttp2_submit_goaway(rig->server, 0, 1, NGHTTP2_NO_ERROR, NULL, 0);
    answer(rig, 1, OK_HEAD, 2, &body);
    h2_pump(rig);
    assert_true(rig->changes > before);
    assert_false(fsk_h2_is_open(rig->h2));
    hears(&u[1], FSOCK_ERR_CLOSED, true, "GOAWAY: NO_ERROR");
    assert_int_equal(h2_user_hear(&u[0], text, sizeof text), FSOCK_EOF);
    assert_non_null(strstr(text, "bbbbb"));
    h2_user_close(&u[0]);
    h2_user_close(&u[1]);
    h2_pump(rig);
    assert_true(fsk_h2_is_over(rig->h2)); /* with its last stream */
    assert_true(rig->closed);
}

static void test_goaway_while_idle(void **state)
{
    struct h2_rig *rig = *state;
    h2_serve(rig, NULL, 0);
    h2_pump(rig);
    assert_true(fsk_h2_room(rig->h2));
    nghttp2_submit_goaway(rig->server, 0, 0, NGHTTP2_NO_ERROR, NULL, 0);
    h2_pump(rig);
    assert_true(fsk_h2_is_over(rig->h2));
}

static void test_connection_is_lost(void **state)
{
    struct h2_rig *rig = *state;
    struct body body = {.left = 3, .no_end = true};
    struct h2_user one, two;
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &one);
    h2_user_open(rig, &two);
    h2_user_say(&one, GET);
    h2_user_say(&two, GET);
    h2_pump(rig);
    answer(rig, 3, OK_HEAD, 2, &body);
    h2_pump(rig);
    close(rig->fd);
    rig->fd = -1;
    h2_pump(rig);
    hears(&one, FSOCK_ERR_CLOSED, false, "the peer closed the connection");
    hears(&two, FSOCK_ERR_TRUNCATED, false, "the peer closed the connection");
    assert_true(fsk_h2_is_over(rig->h2));
    h2_user_close(&one);
    h2_user_close(&two);
}

static void test_too_short_a_body(void **state)
{
    struct h2_rig *rig = *state;
    struct body body = {.left = 3};
    struct h2_user u;
    h2_serve(rig, NULL, 0);
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    answer(rig, 1, OK_HEAD, 2, &body);
    h2_pump(rig);
    hears(&u, FSOCK_ERR_TRUNCATED, false, "the peer ended the stream after 3 of 5 bytes");
    h2_user_close(&u);
}

static void test_room_is_what_the_peer_allows(void **state)
{
    static const nghttp2_settings_entry one[] = {
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1}
    };
    struct h2_rig *rig = *state;
    struct h2_user u;
    h2_serve(rig, one, 1);
    h2_pump(rig);
    assert_true(fsk_h2_room(rig->h2));
    h2_user_open(rig, &u);
    assert_true(fsk_h2_is_open(rig->h2));
    assert_false(fsk_h2_room(rig->h2));
    unsigned before = rig->changes;
    h2_user_close(&u);
    assert_true(rig->changes > before);
    assert_true(fsk_h2_room(rig->h2));
    fsk_h2_drain(rig->h2);
    h2_pump(rig);
    assert_true(fsk_h2_is_over(rig->h2));
}

/* ---- Peers that misbehave -------------------------------------------------------------------- */

static void test_not_http2(void **state)
{
    struct h2_rig *rig = *state;
    struct h2_user u;
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    h2_put(rig, "HTTP/1.1 400 Bad Request\r\n\r\n", 28);
    h2_pump(rig);
    assert_true(fsk_h2_is_over(rig->h2));
    hears(&u, FSOCK_ERR_PROTOCOL, false, "the peer broke HTTP/2");
    h2_user_close(&u);
}

/* A frame, so often, behind SETTINGS: it ends the session, and its request with words. */
static void flood(struct h2_rig *rig, const void *frame, size_t n, const char *why)
{
    static const uint8_t settings[9] = {0, 0, 0, NGHTTP2_SETTINGS};
    struct h2_user u;
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    h2_put(rig, settings, sizeof settings);
    for (unsigned i = 0; i < 20000 && !fsk_h2_is_over(rig->h2); i++)
        h2_put(rig, frame, n);
    h2_pump(rig);
    assert_true(fsk_h2_is_over(rig->h2));
    hears(&u, FSOCK_ERR_PROTOCOL, false, why);
    h2_user_close(&u);
}

static void test_flood_of_pings(void **state)
{
    flood(*state, (uint8_t[17]){0, 0, 8, NGHTTP2_PING}, 17, "floods");
}

static void test_flood_of_settings(void **state)
{
    flood(*state, (uint8_t[9]){0, 0, 0, NGHTTP2_SETTINGS}, 9, "floods");
}

static void test_flood_of_window_updates(void **state)
{
    flood(*state, (uint8_t[13]){0, 0, 4, NGHTTP2_WINDOW_UPDATE, 0, 0, 0, 0, 1, 0, 0, 0, 1}, 13,
          "floods");
}

static void test_flood_of_unknown_frames(void **state)
{
    static const uint8_t frame[9 + 16000] = {0, 16000 >> 8, 16000 & 255, 0xfa, 0, 0, 0, 0, 1};
    flood(*state, frame, sizeof frame, "floods");
}

static void test_flood_of_empty_data(void **state)
{
    /* :status: 200 from the static table, then DATA without an end. */
    static const uint8_t head[] = {0, 0, 1, NGHTTP2_HEADERS, 4, 0, 0, 0, 1, 0x88};
    static const uint8_t settings[9] = {0, 0, 0, NGHTTP2_SETTINGS};
    struct h2_rig *rig = *state;
    struct h2_user u;
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    h2_put(rig, settings, sizeof settings);
    h2_put(rig, head, sizeof head);
    for (unsigned i = 0; i < 20000 && !fsk_h2_is_over(rig->h2); i++)
        h2_put(rig, (uint8_t[9]){0, 0, 0, NGHTTP2_DATA, 0, 0, 0, 0, 1}, 9);
    h2_pump(rig);
    hears(&u, FSOCK_ERR_PROTOCOL, false, "floods");
    h2_user_close(&u);
}

static void test_flood_of_continuations(void **state)
{
    static const uint8_t settings[9] = {0, 0, 0, NGHTTP2_SETTINGS};
    static const uint8_t head[] = {0, 0, 1, NGHTTP2_HEADERS, 0, 0, 0, 0, 1, 0x88};
    struct h2_rig *rig = *state;
    struct h2_user u;
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    h2_put(rig, settings, sizeof settings);
    h2_put(rig, head, sizeof head);
    for (unsigned i = 0; i < 20000 && !fsk_h2_is_over(rig->h2); i++)
        h2_put(rig, (uint8_t[9]){0, 0, 0, NGHTTP2_CONTINUATION, 0, 0, 0, 0, 1}, 9);
    h2_pump(rig);
    hears(&u, FSOCK_ERR_PROTOCOL, false, "");
    h2_user_close(&u);
}

/* A field of 4 KiB in the table of both sides, and then one byte for each time it is meant. */
static void test_header_bomb(void **state)
{
    static const uint8_t settings[9] = {0, 0, 0, NGHTTP2_SETTINGS};
    static uint8_t bomb[9 + 1 + 2 + 1 + 3 + 4000 + 4000];
    struct h2_rig *rig = *state;
    struct h2_user u;
    size_t n = 9;
    bomb[n++] = 0x88;
    bomb[n++] = 0x40; /* a new field for the table */
    bomb[n++] = 1;
    bomb[n++] = 'a';
    bomb[n++] = 0x7f; /* 4000 = 127 + 33 + 30 * 128 */
    bomb[n++] = 0x80 | 33;
    bomb[n++] = 30;
    memset(bomb + n, 'b', 4000);
    n += 4000;
    memset(bomb + n, 0x80 | 62, 4000); /* that field */
    n += 4000;
    bomb[1] = (uint8_t)((n - 9) >> 8);
    bomb[2] = (uint8_t)(n - 9);
    bomb[3] = NGHTTP2_HEADERS;
    bomb[4] = NGHTTP2_FLAG_END_HEADERS;
    bomb[8] = 1;
    h2_user_open(rig, &u);
    h2_user_say(&u, GET);
    h2_pump(rig);
    h2_put(rig, settings, sizeof settings);
    h2_put(rig, bomb, n);
    h2_pump(rig);
    static char text[400 * 1024];
    assert_int_equal(h2_user_hear(&u, text, sizeof text), FSOCK_ERR_TOO_BIG);
    assert_true(strlen(text) < 300 * 1024);
    assert_non_null(strstr(u.layer->detail, "the header has more than"));
    assert_false(fsk_h2_is_over(rig->h2));
    h2_user_close(&u);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(request_and_answer),
        TEST(head_in_pieces),
        TEST(interim_and_trailers),
        TEST(upload_waits_for_its_window),
        TEST(one_that_nobody_reads_stops_nobody_else),
        TEST(closing_resets_and_others_go_on),
        TEST(resets_have_words),
        TEST(goaway),
        TEST(goaway_while_idle),
        TEST(connection_is_lost),
        TEST(too_short_a_body),
        TEST(room_is_what_the_peer_allows),
        TEST(not_http2),
        TEST(flood_of_pings),
        TEST(flood_of_settings),
        TEST(flood_of_window_updates),
        TEST(flood_of_unknown_frames),
        TEST(flood_of_empty_data),
        TEST(flood_of_continuations),
        TEST(header_bomb),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
