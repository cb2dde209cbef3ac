/*
 * Scripts of other services: what the server says is one text, given in pieces of any size.
 */
#include "script_rig.h"

#define BYTES(s) s, sizeof(s) - 1

static const size_t pieces[] = {1, 2, 5, 4096};
enum { PIECES = sizeof pieces / sizeof *pieces };

static struct rig rig;

static void note(const struct fsk_script *s)
{
    struct fsk_span out = fsk_buf_span(&s->out);
    assert_true(rig.n + out.n < sizeof rig.said);
    if (out.n)
        memcpy(rig.said + rig.n, out.p, out.n);
    rig.n += out.n;
}

/* Hear these bytes, at once or not; what is said is noted. */
static enum fsock_err converse(const char *heard, size_t n, size_t piece)
{
    struct fsk_script *s = &rig.script;
    assert_null(fsk_wish_check(&rig.wish));
    fsk_script_init(s, rig.target.service, &rig.wish, rig.target.service->transport == FSK_TLS,
                    rig_nonce);
    for (unsigned turns = 0; turns < 100000; turns++)
        switch (fsk_script_next(s)) {
        case FSK_SCRIPT_SAY:
            note(s);
            fsk_script_said(s);
            break;
        case FSK_SCRIPT_HEAR:
            if (!n) {
                fsk_script_ended(s);
                break;
            }
            piece = piece < n ? piece : n;
            fsk_script_heard(s, heard, piece);
            heard += piece, n -= piece;
            break;
        case FSK_SCRIPT_OVER:
            return s->err;
        default:
            break;
        }
    fail_msg("it does not end");
    return FSOCK_AGAIN;
}

static void no_wish(struct fsk_wish *wish)
{
    (void)wish;
}

/* The same in pieces of any size; the last one is left to be looked at. */
static void goes(const char *target, void (*set)(struct fsk_wish *), const char *heard, size_t n,
                 enum fsock_err err, const char *said, size_t said_n)
{
    for (size_t i = 0; i < PIECES; i++) {
        rig_init(&rig, target);
        set(&rig.wish);
        rig.wish.path = rig.target.path;
        rig.wish.host = rig.target.endpoint.host;
        enum fsock_err got = converse(heard, n, pieces[i]);
        if (got != err)
            fail_msg("%s: %s", fsock_err_name(got), rig.script.why);
        assert_int_equal(rig.n, said_n);
        assert_memory_equal(rig.said, said, said_n);
        if (i < PIECES - 1)
            rig_fini(&rig);
    }
}

static void tim(struct fsk_wish *wish)
{
    wish->login = true;
    wish->user = fsk_span_str("tim");
    wish->password = fsk_span_str("pencil");
}

/* Without TLS, all the same. */
static void tim_pass(struct fsk_wish *wish)
{
    tim(wish);
    wish->starttls = FSOCK_STARTTLS_NO;
    wish->mechanism = fsk_span_str("PASS");
}

static void tim_scram(struct fsk_wish *wish)
{
    tim(wish);
    wish->starttls = FSOCK_STARTTLS_NO;
}

static void untouched(struct fsk_wish *wish)
{
    wish->starttls = FSOCK_STARTTLS_NO;
}

/* ---- Lines ----------------------------------------------------------------------------------- */

static void test_ftp(void **state)
{
    (void)state;
    goes("ftps://a.test", tim,
         BYTES("220-x\r\ny\r\n220 z\r\n211-a\r\n UTF8\r\n211 b\r\n331 p\r\n230 i\r\n"), FSOCK_OK,
         BYTES("FEAT\r\nUSER tim\r\nPASS pencil\r\nQUIT\r\n"));
    assert_string_equal(rig.script.banner, "z");
    assert_string_equal(fsk_buf_span(&rig.script.words).p, "UTF8");
    rig_fini(&rig);
    goes("ftps://a.test", tim, BYTES("220 z\r\n500 b\r\n331 p\r\n530 i\r\n"), FSOCK_ERR_LOGIN,
         BYTES("FEAT\r\nUSER tim\r\nPASS pencil\r\nQUIT\r\n"));
    rig_fini(&rig);
    goes("ftps://a.test", tim, BYTES("220 z\r\n500 b\r\n331 p\r\n331 p\r\n"), FSOCK_ERR_PROTOCOL,
         BYTES("FEAT\r\nUSER tim\r\nPASS pencil\r\n")); /* it is not told twice */
    rig_fini(&rig);
    goes("ftp://a.test", tim, BYTES("220 z\r\n211-a\r\n UTF8\r\n211 b\r\n"), FSOCK_ERR_PROTOCOL,
         BYTES("FEAT\r\nQUIT\r\n"));
    rig_fini(&rig);
    /* who does not say what it offers is asked for it, if it must have it */
    goes("ftp://a.test", tim, BYTES("220 z\r\n530 first\r\n534 no\r\n"), FSOCK_ERR_PROTOCOL,
         BYTES("FEAT\r\nAUTH TLS\r\nQUIT\r\n"));
    rig_fini(&rig);
}

static void test_ssh(void **state)
{
    (void)state;
    goes("ssh://a.test", no_wish, BYTES("motd\r\nSSH-2.0-x y\r\n\0\0"), FSOCK_OK,
         BYTES("SSH-2.0-fsock\r\n"));
    assert_string_equal(rig.script.banner, "SSH-2.0-x y");
    rig_fini(&rig);
    goes("ssh://a.test", no_wish, BYTES("SSH-1.5-x\r\n"), FSOCK_ERR_STATUS,
         BYTES("SSH-2.0-fsock\r\n"));
    rig_fini(&rig);
}

static void test_http(void **state)
{
    static const char get[] = "GET /x HTTP/1.1\r\nHost: a.test\r\nUser-Agent: fsock/" FSOCK_VERSION
                              "\r\nAccept: */*\r\nConnection: close\r\n\r\n";
    (void)state;
    goes("http://a.test/x", no_wish, BYTES("HTTP/1.0 302 F\r\nServer: y\r\n\r\n"), FSOCK_OK,
         BYTES(get));
    assert_string_equal(rig_fact(&rig, "server"), "y");
    rig_fini(&rig);
    goes("http://a.test/x", no_wish, BYTES("HTTP/1.1 500 F\r\n\r\n"), FSOCK_ERR_STATUS, BYTES(get));
    rig_fini(&rig);
    goes("http://a.test/x", no_wish, BYTES("220 x\r\n\r\n"), FSOCK_ERR_PROTOCOL, BYTES(get));
    rig_fini(&rig);
    goes("http://a.test/x", no_wish, BYTES("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 204 N\r\n\r\n"),
         FSOCK_OK, BYTES(get));
    assert_string_equal(rig.script.banner, "HTTP/1.1 204 N");
    rig_fini(&rig);
    goes("http://a.test/x", no_wish, BYTES("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 500 F\r\n\r\n"),
         FSOCK_ERR_STATUS, BYTES(get));
    rig_fini(&rig);
}

static void test_stores(void **state)
{
    (void)state;
    goes("redis://a.test", no_wish, BYTES("+PONG\r\n$25\r\nredis_version:7\r\nrole:m\r\n\r\n"),
         FSOCK_OK, BYTES("PING\r\nINFO\r\nQUIT\r\n"));
    assert_string_equal(rig_fact(&rig, "redis_version"), "7");
    assert_string_equal(rig_fact(&rig, "role"), "m");
    rig_fini(&rig);
    goes("rediss://a.test", tim, BYTES("-WRONGPASS x\r\n"), FSOCK_ERR_LOGIN,
         BYTES("AUTH \"tim\" \"pencil\"\r\nQUIT\r\n"));
    rig_fini(&rig);
    goes("redis://a.test", tim_scram, BYTES("+PONG\r\n"), FSOCK_ERR_LOGIN, BYTES("QUIT\r\n"));
    rig_fini(&rig);
    goes("memcached://a.test", no_wish, BYTES("VERSION 1\r\nSTAT uptime 42\r\nEND\r\n"), FSOCK_OK,
         BYTES("version\r\nstats\r\nquit\r\n"));
    assert_string_equal(rig_fact(&rig, "uptime"), "42");
    rig_fini(&rig);
}

static void test_telnet(void **state)
{
    static const char heard[] =
        "\xff\xfd\x18\xff\xfb\x01\xff\xfa\x18\x01\xff\xf0\xff\xf1\r\nlogin: ";
    (void)state;
    goes("telnet://a.test", no_wish, heard, sizeof heard - 8, FSOCK_ERR_CLOSED,
         BYTES("\xff\xfc\x18\xff\xfe\x01"));
    rig_fini(&rig);
    rig_init(&rig, "telnet://a.test");
    rig.wish.expect = fsk_span_str("login:");
    assert_int_equal(converse(heard, sizeof heard - 1, 6), FSOCK_OK);
    assert_int_equal(rig.n, 6);
    assert_string_equal(rig.script.banner, "login:");
    rig_fini(&rig);
}

/* ---- Databases ------------------------------------------------------------------------------- */

#define STARTUP "\0\0\0\x24\0\3\0\0user\0tim\0database\0postgres\0\0"

/* A server that never comes to its point. */
static void test_more_and_more(void **state)
{
    static const char begin[] = "R\0\0\0\x08\0\0\0\x03R\0\0\0\x08\0\0\0\0",
                      setting[] = "S\0\0\0\x08q\0r\0";
    static char heard[sizeof begin + 1000 * sizeof setting];
    size_t n = sizeof begin - 1;
    (void)state;
    memcpy(heard, begin, n);
    for (unsigned i = 0; i < 1000; i++, n += sizeof setting - 1)
        memcpy(heard + n, setting, sizeof setting - 1);
    goes("postgres://a.test", tim_pass, heard, n, FSOCK_ERR_PROTOCOL,
         BYTES(STARTUP "p\0\0\0\x0bpencil\0"));
    assert_non_null(strstr(rig.script.why, "again and again"));
    rig_fini(&rig);
}

static void test_postgres(void **state)
{
    (void)state;
    goes("postgres://a.test", untouched, BYTES("R\0\0\0\x08\0\0\0\x03"), FSOCK_OK,
         BYTES("\0\0\0\x26\0\3\0\0user\0fsock\0database\0postgres\0\0X\0\0\0\4"));
    assert_string_equal(rig_fact(&rig, "login"), "required");
    rig_fini(&rig);
    goes("postgres://a.test", tim_pass,
         BYTES(
             "R\0\0\0\x08\0\0\0\x03R\0\0\0\x08\0\0\0\0S\0\0\0\x16server_version\00015\0Z\0\0\0\5I"),
         FSOCK_OK, BYTES(STARTUP "p\0\0\0\x0bpencil\0X\0\0\0\4"));
    assert_string_equal(rig_fact(&rig, "server_version"), "15");
    rig_fini(&rig);
    goes("postgres://a.test", tim_pass, BYTES("R\0\0\0\x0c\0\0\0\x05salt"), FSOCK_ERR_CLOSED,
         BYTES(STARTUP "p\0\0\0\x28md598bff3c7f79a94ceedb73e2e7c23e0cc\0"));
    rig_fini(&rig);
    /* in the clear only if that was wished for, and never what was not asked for */
    goes("postgres://a.test", tim_scram, BYTES("R\0\0\0\x08\0\0\0\x03"), FSOCK_ERR_LOGIN,
         BYTES(STARTUP "X\0\0\0\4"));
    rig_fini(&rig);
    goes("postgres://a.test", tim_scram, BYTES("R\0\0\0\x08\0\0\0\x0b"), FSOCK_ERR_LOGIN,
         BYTES(STARTUP "X\0\0\0\4"));
    rig_fini(&rig);
    goes("postgres://a.test", tim_scram, BYTES("E\0\0\0\x13SFATAL\0C53300\0\0"), FSOCK_ERR_STATUS,
         BYTES(STARTUP "X\0\0\0\4"));
    rig_fini(&rig);
}

/* ---- Datagrams ------------------------------------------------------------------------------- */

/* Each piece is one; those that are forged are passed over. */
static void test_datagrams(void **state)
{
    static const char stamp[] = "12345678";
    char packet[3 * 48] = {0};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        packet[48 * i] = i == 2 ? 0x24 : 0x23;
        packet[48 * i + 1] = 2;
        memcpy(packet + 48 * i + 24, i ? stamp : "87654321", 8);
    }
    rig_init(&rig, "ntp://a.test");
    assert_int_equal(converse(packet, sizeof packet, 48), FSOCK_OK);
    assert_string_equal(rig_fact(&rig, "stratum"), "2");
    rig_fini(&rig);
    rig_init(&rig, "ntp://a.test");
    assert_int_equal(converse(packet, 96, 48), FSOCK_ERR_CLOSED);
    assert_int_equal(fsk_buf_len(&rig.script.out), 48); /* it may be sent again */
    rig_fini(&rig);
    rig_init(&rig, "dns://a.test");
    assert_int_equal(converse(BYTES("21\x81\x85\0\1\0\0\0\0\0\0\0\0\2\0\1"), 512),
                     FSOCK_ERR_STATUS);
    assert_non_null(strstr(rig.script.why, "REFUSED"));
    rig_fini(&rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ftp),           cmocka_unit_test(test_ssh),
        cmocka_unit_test(test_http),          cmocka_unit_test(test_stores),
        cmocka_unit_test(test_telnet),        cmocka_unit_test(test_postgres),
        cmocka_unit_test(test_more_and_more), cmocka_unit_test(test_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
