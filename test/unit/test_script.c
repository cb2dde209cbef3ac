/*
 * Scripts of mail: what is said to which answers, however these are cut; TLS, logins, refusals.
 */
#include "script_rig.h"

static const size_t pieces[] = {1, 2, 3, 7, 4096};
enum { PIECES = sizeof pieces / sizeof *pieces };

static struct rig rig;

/* The same in pieces of any size. */
static void goes(const char *target, const struct scene *scene, const struct fsk_wish *wish,
                 enum fsock_err err, const char *said)
{
    for (size_t i = 0; i < PIECES; i++) {
        rig_init(&rig, target);
        if (wish) {
            struct fsk_span myself = rig.wish.myself;
            rig.wish = *wish;
            rig.wish.myself = myself;
        }
        enum fsock_err got = rig_run(&rig, scene, pieces[i]);
        if (got != err)
            fail_msg("%s: %s: %s", fsock_err_name(got), rig.script.why, rig.said);
        if (strcmp(rig.said, said) != 0)
            fail_msg("said %s", rig.said);
        if (i < PIECES - 1)
            rig_fini(&rig);
    }
}

static struct fsk_wish wish_of(const char *user, const char *password, enum fsock_starttls tls)
{
    rig_init(&rig, "smtp://a.test");
    rig_login(&rig, user, password);
    rig.wish.login = user[0];
    rig.wish.starttls = tls;
    return rig.wish;
}

/* ---- SMTP ------------------------------------------------------------------------------------ */

static const struct scene smtp[] = {
    {"",                                                     "220-mx.test\r\n220 ready\r\n"                                                  },
    {"EHLO ",                                                "250-mx.test\r\n250-STARTTLS\r\n250-AUTH PLAIN LOGIN CRAM-MD5\r\n250 SIZE 1\r\n"},
    {"STARTTLS",                                             "220 go\r\n235 injected\r\n"                                                    },
    {"AUTH PLAIN",                                           "334 \r\n"                                                                      },
    {"AHRpbQBzZWNyZXQ=",                                     "235 welcome\r\n"                                                               },
    {"AUTH LOGIN",                                           "334 VXNlcm5hbWU6\r\n"                                                          },
    {"dGlt\r\n",                                             "334 UGFzc3dvcmQ6\r\n"                                                          },
    {"c2VjcmV0\r\n",                                         "535 5.7.8 no\r\n"                                                              },
    {"AUTH CRAM-MD5",                                        "334 PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+\r\n"              },
    {"dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n", "235 yes\r\n"                                                                   },
    {"MAIL FROM:<>",                                         "250 fine\r\n"                                                                  },
    {"RCPT TO:<a@",                                          "250 fine\r\n"                                                                  },
    {"RCPT TO:<b@",                                          "550 no such user\r\n"                                                          },
    {"RSET",                                                 "250 fine\r\n"                                                                  },
    {NULL,                                                   NULL                                                                            },
};

static void test_smtp(void **state)
{
    (void)state;
    struct fsk_wish wish = wish_of("", "", FSOCK_STARTTLS_NO);
    goes("smtp://a.test", smtp, &wish, FSOCK_OK, "EHLO me.test\r\nQUIT\r\n");
    assert_string_equal(rig.script.banner, "ready");
    assert_memory_equal(fsk_buf_span(&rig.script.words).p,
                        "STARTTLS\0AUTH PLAIN LOGIN CRAM-MD5\0SIZE 1", 42);
    rig_fini(&rig);
    goes("smtp://a.test", smtp, NULL, FSOCK_OK,
         "EHLO me.test\r\nSTARTTLS\r\n<TLS>EHLO me.test\r\nQUIT\r\n");
    assert_string_equal(rig_fact(&rig, "bytes_before_tls"), "14");
    rig_fini(&rig);
}

static void test_smtp_logins(void **state)
{
    (void)state;
    struct fsk_wish wish = wish_of("tim", "secret", FSOCK_STARTTLS_AUTO);
    goes("submission://a.test", smtp, &wish, FSOCK_OK,
         "EHLO me.test\r\nSTARTTLS\r\n<TLS>EHLO me.test\r\nAUTH PLAIN\r\nAHRpbQBzZWNyZXQ=\r\n"
         "QUIT\r\n");
    assert_true(rig.script.in);
    assert_string_equal(fsk_script_mechanism(&rig.script), "PLAIN");
    rig_fini(&rig);
    wish.mechanism = fsk_span_str("login");
    goes("smtps://a.test", smtp, &wish, FSOCK_ERR_LOGIN,
         "EHLO me.test\r\nAUTH LOGIN\r\ndGlt\r\nc2VjcmV0\r\nQUIT\r\n");
    assert_non_null(strstr(rig.script.why, "'535 5.7.8 no'"));
    assert_int_equal(rig.script.stage, FSOCK_STAGE_LOGIN);
    rig_fini(&rig);
    /* an empty password would only be counted against the user */
    wish = wish_of("tim", "", FSOCK_STARTTLS_AUTO);
    goes("smtps://a.test", smtp, &wish, FSOCK_ERR_LOGIN, "EHLO me.test\r\nQUIT\r\n");
    assert_non_null(strstr(rig.script.why, "no password"));
    rig_fini(&rig);
    /* without TLS only what hides the password is taken by itself */
    wish = wish_of("tim", "tanstaaftanstaaf", FSOCK_STARTTLS_NO);
    goes("smtp://a.test", smtp, &wish, FSOCK_OK,
         "EHLO me.test\r\nAUTH CRAM-MD5\r\ndGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw\r\n"
         "QUIT\r\n");
    rig_fini(&rig);
}

static void test_smtp_recipients(void **state)
{
    static const char *const two[] = {"a@b.test", "b@b.test", "c@b.test", NULL};
    (void)state;
    struct fsk_wish wish = wish_of("", "", FSOCK_STARTTLS_NO);
    wish.recipients = two;
    goes("smtp://a.test", smtp, &wish, FSOCK_ERR_STATUS,
         "EHLO me.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nRCPT TO:<b@b.test>\r\nQUIT\r\n");
    assert_non_null(strstr(rig.script.why, "no such user"));
    rig_fini(&rig);
    static const char *const one[] = {"a@b.test", NULL};
    wish.recipients = one;
    goes("smtp://a.test", smtp, &wish, FSOCK_OK,
         "EHLO me.test\r\nMAIL FROM:<>\r\nRCPT TO:<a@b.test>\r\nRSET\r\nQUIT\r\n");
    rig_fini(&rig);
}

/* Servers that refuse, lie, or are something else. */
static void test_smtp_refusals(void **state)
{
    static const struct scene full[] = {
        {"",   "421 too busy\r\n"},
        {NULL, NULL              }
    };
    static const struct scene web[] = {
        {"",   "HTTP/1.1 400 Bad Request\r\n\r\n"},
        {NULL, NULL                              }
    };
    static const struct scene dead[] = {
        {"",   NULL},
        {NULL, NULL}
    };
    static const struct scene old[] = {
        {"",     "220 x\r\n"   },
        {"EHLO", "502 what\r\n"},
        {"HELO", "250 hi\r\n"  },
        {NULL,   NULL          }
    };
    static const struct scene later[] = {
        {"",     "220 x\r\n"                  },
        {"EHLO", "250-x\r\n250 AUTH PLAIN\r\n"},
        {"AUTH", "454 later\r\n"              },
        {NULL,   NULL                         }
    };
    static const struct scene broken[] = {
        {"",         "220 x\r\n"                },
        {"EHLO",     "250-x\r\n250 STARTTLS\r\n"},
        {"STARTTLS", "454 no\r\n"               },
        {NULL,       NULL                       }
    };
    (void)state;
    goes("smtp://a.test", full, NULL, FSOCK_ERR_STATUS, "QUIT\r\n");
    rig_fini(&rig);
    goes("smtp://a.test", web, NULL, FSOCK_ERR_PROTOCOL, "QUIT\r\n");
    rig_fini(&rig);
    goes("smtp://a.test", dead, NULL, FSOCK_ERR_CLOSED, "");
    rig_fini(&rig);
    goes("smtp://a.test", old, NULL, FSOCK_OK, "EHLO me.test\r\nHELO me.test\r\nQUIT\r\n");
    rig_fini(&rig);
    goes("smtp://a.test", broken, NULL, FSOCK_ERR_PROTOCOL, "EHLO me.test\r\nSTARTTLS\r\nQUIT\r\n");
    assert_int_equal(rig.script.stage, FSOCK_STAGE_TLS);
    rig_fini(&rig);
    /* an offer that was stripped: the password stays here */
    struct fsk_wish wish = wish_of("tim", "secret", FSOCK_STARTTLS_AUTO);
    goes("smtp://a.test", later, &wish, FSOCK_ERR_PROTOCOL, "EHLO me.test\r\nQUIT\r\n");
    assert_int_equal(rig.script.stage, FSOCK_STAGE_TLS);
    rig_fini(&rig);
    wish.starttls = FSOCK_STARTTLS_TRY;
    goes("smtp://a.test", later, &wish, FSOCK_ERR_LOGIN, "EHLO me.test\r\nQUIT\r\n");
    rig_fini(&rig);
    goes("smtps://a.test", later, &wish, FSOCK_ERR_STATUS,
         "EHLO me.test\r\nAUTH PLAIN\r\nQUIT\r\n");
    assert_int_equal(rig.script.stage, FSOCK_STAGE_LOGIN);
    rig_fini(&rig);
}

/* ---- POP3 ------------------------------------------------------------------------------------ */

static const struct scene pop3[] = {
    {"",                                                "+OK ready <1896.697170952@dbc.mtview.ca.us>\r\n"},
    {"CAPA",                                            "+OK\r\nSTLS\r\nUSER\r\n.\r\n"                   },
    {"STLS",                                            "+OK go\r\n"                                     },
    {"USER mrose",                                      "+OK\r\n"                                        },
    {"PASS tanstaaf",                                   "+OK\r\n"                                        },
    {"APOP mrose c4c9334bac560ecc979e58001b3e22fb\r\n", "+OK in\r\n"                                     },
    {"STAT",                                            "+OK 2 320\r\n"                                  },
    {"LIST",                                            "+OK 2\r\n1 120\r\n2 200\r\n.\r\n"               },
    {"RETR 2",                                          "+OK 200\r\nSubject: x\r\n\r\n..\r\n.\r\n"       },
    {NULL,                                              NULL                                             },
};

static void test_pop3(void **state)
{
    (void)state;
    struct fsk_wish wish = wish_of("mrose", "tanstaaf", FSOCK_STARTTLS_AUTO);
    wish.list = true;
    wish.message = 2;
    goes("pop3://a.test", pop3, &wish, FSOCK_OK,
         "CAPA\r\nSTLS\r\n<TLS>CAPA\r\nUSER mrose\r\nPASS tanstaaf\r\nSTAT\r\nLIST\r\nRETR 2\r\n"
         "QUIT\r\n");
    assert_string_equal(rig.script.banner, "ready <1896.697170952@dbc.mtview.ca.us>");
    assert_string_equal(rig_fact(&rig, "messages"), "2");
    assert_string_equal(rig_fact(&rig, "bytes"), "320");
    struct fsk_span text = fsk_buf_span(&rig.script.text);
    assert_int_equal(text.n, strlen("1 120\n2 200\nSubject: x\n\n.\n"));
    assert_memory_equal(text.p, "1 120\n2 200\nSubject: x\n\n.\n", text.n);
    rig_fini(&rig);
    wish = wish_of("mrose", "tanstaaf", FSOCK_STARTTLS_NO); /* the example of RFC 1939 7 */
    goes("pop3://a.test", pop3, &wish, FSOCK_OK,
         "CAPA\r\nAPOP mrose c4c9334bac560ecc979e58001b3e22fb\r\nSTAT\r\nQUIT\r\n");
    rig_fini(&rig);
}

/* ---- IMAP ------------------------------------------------------------------------------------ */

static const struct scene imap[] = {
    {"",                                     "* OK [CAPABILITY IMAP4rev1] ready\r\n"                          },
    {"a1",                                   "* CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED\r\na1 OK done\r\n"},
    {"a2",                                   "a2 OK go\r\n"                                                   },
    {"a3",                                   "* CAPABILITY IMAP4rev1\r\na3 OK done\r\n"                       },
    {"a5 LOGIN \"a b\" \"s\\\"c\\\\t\"\r\n", "a5 OK in\r\n"                                                   },
    {"a6",                                   "* STATUS INBOX (MESSAGES 231 UNSEEN 4)\r\na6 OK\r\n"            },
    {NULL,                                   NULL                                                             },
};

static void test_imap(void **state)
{
    static const struct scene full[] = {
        {"",   "* BYE too many\r\n"},
        {NULL, NULL                }
    };
    (void)state;
    struct fsk_wish wish = wish_of("a b", "s\"c\\t", FSOCK_STARTTLS_AUTO);
    goes("imap://a.test", imap, &wish, FSOCK_OK,
         "a1 CAPABILITY\r\na2 STARTTLS\r\n<TLS>a3 CAPABILITY\r\n"
         "a5 LOGIN \"a b\" \"s\\\"c\\\\t\"\r\na6 STATUS INBOX (MESSAGES UNSEEN)\r\na7 LOGOUT\r\n");
    assert_string_equal(rig_fact(&rig, "messages"), "231");
    assert_string_equal(rig_fact(&rig, "unseen"), "4");
    rig_fini(&rig);
    goes("imaps://a.test", full, NULL, FSOCK_ERR_STATUS, "a7 LOGOUT\r\n");
    rig_fini(&rig);
}

/* ---- Others ---------------------------------------------------------------------------------- */

static void test_text(void **state)
{
    static const struct scene echo[] = {
        {"hello", "12345 world and more"},
        {NULL,    NULL                  }
    };
    (void)state;
    goes("tcp://a.test:1", echo, NULL, FSOCK_OK, "");
    rig_fini(&rig);
    struct fsk_wish wish = wish_of("", "", FSOCK_STARTTLS_AUTO);
    wish.send = fsk_span_str("hello");
    wish.expect = fsk_span_str("world");
    goes("tcp://a.test:1", echo, &wish, FSOCK_OK, "hello");
    rig_fini(&rig);
    wish.expect = fsk_span_str("moon");
    goes("tcp://a.test:1", echo, &wish, FSOCK_ERR_CLOSED, "hello");
    rig_fini(&rig);
}

static void test_wishes(void **state)
{
    static const char *const evil[] = {"a@b>\r\nDATA", NULL};
    (void)state;
    struct fsk_wish wish = wish_of("tim", "a\r\nb", FSOCK_STARTTLS_AUTO);
    assert_non_null(fsk_wish_check(&wish));
    wish = wish_of("tim\n", "x", FSOCK_STARTTLS_AUTO);
    assert_non_null(fsk_wish_check(&wish));
    wish = wish_of("tim", "x", FSOCK_STARTTLS_AUTO);
    assert_null(fsk_wish_check(&wish));
    wish.recipients = evil;
    assert_non_null(fsk_wish_check(&wish));
    wish.recipients = NULL;
    wish.mechanism = fsk_span_str("GSSAPI");
    assert_non_null(fsk_wish_check(&wish));
    wish.mechanism = fsk_span_str("APOP");
    assert_null(fsk_wish_check(&wish));
    wish.myself = fsk_span_str("a b");
    assert_non_null(fsk_wish_check(&wish));
}

static void test_targets(void **state)
{
    static const struct {
        const char *text, *service, *user, *host, *path;
        unsigned port;
    } good[] = {
        {"smtp://mx.test",         "smtp",  "",    "mx.test", "",       25 },
        {"SMTPS://a@mx.test:26",   "smtps", "a",   "mx.test", "",       26 },
        {"imap://a@b@[::1]",       "imap",  "a@b", "::1",     "",       143},
        {"mx.test:99",             "tcp",   "",    "mx.test", "",       99 },
        {"tls://mx.test:99/a@b:c", "tls",   "",    "mx.test", "/a@b:c", 99 },
        {"unix:///run/x",          "unix",  "",    "",        "",       0  },
    };
    static const char *const bad[] = {"",        "x://a",   "smtp://",    "smtp://a:b@c",
                                      "mx.test", "tcp://a", "smtp://a b", "smtp://a:99999",
                                      "unix://"};
    struct fsk_service_target t;
    char why[FSK_ENDPOINT_WHY];
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!fsk_service_parse(fsk_span_str(good[i].text), &t, why))
            fail_msg("%s: %s", good[i].text, why);
        assert_string_equal(t.service->name, good[i].service);
        assert_true(fsk_span_eq(t.user, fsk_span_str(good[i].user)));
        assert_true(fsk_span_eq(t.endpoint.host, fsk_span_str(good[i].host)));
        assert_true(fsk_span_eq(t.path, fsk_span_str(good[i].path)));
        assert_int_equal(t.endpoint.port, good[i].port);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        if (fsk_service_parse(fsk_span_str(bad[i]), &t, why))
            fail_msg("%s", bad[i]);
        assert_true(why[0]);
    }
    for (const char *const *name = fsk_service_names(); *name; name++) {
        char text[64];
        bool local = strcmp(*name, "unix") == 0;
        snprintf(text, sizeof text, local ? "%s://x" : "%s://x:1", *name);
        assert_true(fsk_service_parse(fsk_span_str(text), &t, why));
        assert_string_equal(t.service->name, *name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smtp),
        cmocka_unit_test(test_smtp_logins),
        cmocka_unit_test(test_smtp_recipients),
        cmocka_unit_test(test_smtp_refusals),
        cmocka_unit_test(test_pop3),
        cmocka_unit_test(test_imap),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_wishes),
        cmocka_unit_test(test_targets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
