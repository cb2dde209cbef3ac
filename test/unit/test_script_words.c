/* Scripts of mail, news and chats, line by line: TLS on the way, logins, refusals, and liars. */
#include "script_play.h"

/* ---- Mail and news --------------------------------------------------------------------------- */

static void one_recipient(struct fsk_wish *wish)
{
    static const char *const one[] = {"a@b.test", NULL};
    wish->recipients = one;
}

static void test_lmtp(void **state)
{
    static const struct line lines[] = {
        GREETS("220 lmtp.test\r\n"),
        LINE("LHLO me.test\r\n", "250-x\r\n250-SIZE 1\r\n250 STARTTLS\r\n"),
        LINE("STARTTLS\r\n", "220\r\n250 injected\r\n"),
        TLS(""),
        LINE("LHLO me.test\r\n", "250-x\r\n250 SIZE 2\r\n"),
        LINE("MAIL FROM:<>\r\n", "250 fine\r\n"),
        LINE("RCPT TO:<a@b.test>\r\n", "250 fine\r\n"),
        LINE("RSET\r\n", "250 fine\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line smtp[] = {
        GREETS("220 x\r\n"),
        LINE("LHLO me.test\r\n", "500 what?\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    (void)state;
    goes("lmtp://a.test", one_recipient, lines, FSOCK_OK);
    assert_true(offers("SIZE 2") && !offers("SIZE 1"));
    assert_string_equal(rig.script.banner, "lmtp.test");
    rig_fini(&rig);
    fails("lmtp://a.test", none, smtp, FSOCK_ERR_STATUS, "its answer to LHLO is '500 what?'");
}

/* The login needs TLS, after which the capabilities come by themselves. */
static void test_sieve(void **state)
{
    static const struct line lines[] = {
        GREETS("\"IMPLEMENTATION\" {8}\r\nOK quick\r\n\"SASL\" \"\"\r\n\"STARTTLS\"\r\nOK\r\n"),
        LINE("STARTTLS\r\n", "OK (X) {4}\r\ngo\r\n\r\n"),
        TLS("\"IMPLEMENTATION\" \"x 1\"\r\n\"SASL\" \"PLAIN LOGIN\"\r\nOK {2}\r\nhi\r\n"),
        LINE("AUTHENTICATE \"PLAIN\"\r\n", "\"\"\r\n"),
        LINE("\"AHRpbQBwZW5jaWw=\"\r\n", "OK \"in\"\r\n"),
        LAST("LOGOUT\r\n"),
        END,
    };
    static const struct line literal[] = {
        GREETS("\"SASL\" \"CRAM-MD5\"\r\nOK\r\n"),
        LINE("AUTHENTICATE \"CRAM-MD5\"\r\n", "{4}\r\nPGE+\r\n"),
        LINE("\"dGltIDYyZDZmZmU1NzgxNTQxNmI1OTMwZjA3OTdhMTUwNzM2\"\r\n", "NO \"bad\"\r\n"),
        LAST("LOGOUT\r\n"),
        END,
    };
    (void)state;
    goes("sieve://a.test", tim, lines, FSOCK_OK);
    assert_true(rig.script.in && offers("SASL PLAIN LOGIN") && !offers("STARTTLS"));
    assert_string_equal(fsk_script_mechanism(&rig.script), "PLAIN");
    rig_fini(&rig);
    fails("sieve://a.test", tim_plain, literal, FSOCK_ERR_LOGIN, "'NO \"bad\"'");
}

static void test_sieve_refusals(void **state)
{
    static const struct line full[] = {
        GREETS("BYE \"too many\"\r\n"),
        LAST("LOGOUT\r\n"),
        END,
    };
    static const struct line bare[] = {
        GREETS("\"SASL\" \"PLAIN\"\r\nOK\r\n"),
        LAST("LOGOUT\r\n"),
        END,
    };
    static const struct line smtp[] = {
        GREETS("220 OK\r\nNO\r\n"),
        LAST("LOGOUT\r\n"),
        END,
    };
    static const struct line huge[] = {
        GREETS("\"SASL\" {99999999}\r\n"),
        END,
    };
    (void)state;
    fails("sieve://a.test", none, full, FSOCK_ERR_STATUS, "'BYE \"too many\"'");
    fails("sieve://a.test", must, bare, FSOCK_ERR_PROTOCOL,
          "does not offer STARTTLS, only 'SASL PLAIN'");
    fails("sieve://a.test", tim, bare, FSOCK_ERR_PROTOCOL, "could be read by others");
    fails("sieve://a.test", none, smtp, FSOCK_ERR_STATUS, "'NO'");
    fails("sieve://a.test", none, huge, FSOCK_ERR_PROTOCOL, "this is no ManageSieve");
}

static void test_nntp(void **state)
{
    static const struct line lines[] = {
        GREETS("201 news.test\r\n"),
        LINE("CAPABILITIES\r\n", "101 list\r\nVERSION 2\r\nSTARTTLS\r\n.\r\n"),
        LINE("STARTTLS\r\n", "382 go\r\n281 injected\r\n"),
        TLS(""),
        LINE("CAPABILITIES\r\n", "101 list\r\nVERSION 2\r\nSASL PLAIN\r\nAUTHINFO USER\r\n.\r\n"),
        LINE("AUTHINFO USER tim\r\n", "381 and?\r\n"),
        LINE("AUTHINFO PASS pencil\r\n", "281 in\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line wrong[] = {
        GREETS("200 x\r\n"),
        LINE("CAPABILITIES\r\n", "500 what?\r\n"),
        LINE("AUTHINFO USER tim\r\n", "381 and?\r\n"),
        LINE("AUTHINFO PASS pencil\r\n", "481 no\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    /* who does not say what it offers is asked for it, if it must have it */
    static const struct line silent[] = {
        GREETS("200 x\r\n"),
        LINE("CAPABILITIES\r\n", "500 what?\r\n"),
        LINE("STARTTLS\r\n", "580 no\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line busy[] = {
        GREETS("400 busy\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    (void)state;
    goes("nntp://a.test", tim, lines, FSOCK_OK);
    assert_string_equal(fsk_script_mechanism(&rig.script), "PASS");
    assert_string_equal(rig.script.banner, "news.test");
    assert_true(offers("AUTHINFO USER") && !offers("STARTTLS"));
    rig_fini(&rig);
    fails("nntp://a.test", tim_by_pass, wrong, FSOCK_ERR_LOGIN, "'481 no'");
    fails("nntp://a.test", must, silent, FSOCK_ERR_PROTOCOL, "refuses TLS: its answer to STARTTLS");
    fails("nntp://a.test", none, busy, FSOCK_ERR_STATUS, "'400 busy'");
}

static void test_imap_preauth(void **state)
{
    static const struct line lines[] = {
        GREETS("* PREAUTH hi\r\n"),
        LAST("a7 LOGOUT\r\n"),
        END,
    };
    static const struct line fine[] = {
        GREETS("* PREAUTH hi\r\n"),
        LINE("a1 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1\r\na1 OK\r\n"),
        LAST("a7 LOGOUT\r\n"),
        END,
    };
    (void)state;
    fails("imap://a.test", must, lines, FSOCK_ERR_PROTOCOL, "its greeting is '* PREAUTH hi'");
    goes("imap://a.test", none, fine, FSOCK_OK);
    rig_fini(&rig);
}

/* ---- Chats ----------------------------------------------------------------------------------- */

static void test_irc(void **state)
{
    static const struct line lines[] = {
        LINE("CAP LS\r\n", ":irc.test NOTICE * :*** Looking up your hostname\r\nPING :x\r\n"
                           ":irc.test CAP * LS * :multi-prefix\r\n"
                           "@time=1 :irc.test CAP * LS :tls sasl=PLAIN\r\n"),
        LINE("STARTTLS\r\n", ":irc.test 670 * :go\r\n:irc.test CAP * LS :injected\r\n"),
        TLS(""),
        LINE("CAP LS\r\n", ":irc.test CAP * LS :sasl\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line old[] = {
        LINE("CAP LS\r\n", "NOTICE AUTH :hi\r\n:irc.test 451 * CAP :Register first.\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line forced[] = {
        LINE("CAP LS\r\n", ":irc.test 421 * CAP :Unknown command\r\n"),
        LINE("STARTTLS\r\n", ":irc.test 691 * :no\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line full[] = {
        LINE("CAP LS\r\n", "ERROR :Closing Link: too many\r\n"),
        LAST("QUIT\r\n"),
        END,
    };
    static const struct line mail[] = {
        LINE("CAP LS\r\n", "220 smtp.test\r\n"),
        END,
    };
    (void)state;
    goes("irc://a.test", must, lines, FSOCK_OK);
    assert_string_equal(rig.script.banner, "irc.test");
    assert_true(offers("sasl") && !offers("tls"));
    rig_fini(&rig);
    goes("irc://a.test", none, old, FSOCK_OK);
    rig_fini(&rig);
    fails("irc://a.test", must, forced, FSOCK_ERR_PROTOCOL,
          "refuses TLS: its answer to STARTTLS is "
          "'691 * :no'");
    fails("ircs://a.test", none, full, FSOCK_ERR_STATUS, "too many");
    fails("irc://a.test", none, mail, FSOCK_ERR_CLOSED, "its answer to CAP was complete");
}

#define XMPP_TO(to)                                                                                \
    "<?xml version='1.0'?><stream:stream to='" to "' version='1.0' xmlns='jabber:client' "         \
    "xmlns:stream='http://etherx.jabber.org/streams'>"
#define XMPP_OPEN     XMPP_TO("a.test")
#define XMPP_STARTTLS "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"
#define XMPP_CLOSE    "</stream:stream>"
#define STREAM        "<?xml version='1.0'?>\n<stream:stream id=\"a>b\" version='1.0'>"

static void test_xmpp(void **state)
{
    static const struct line lines[] = {
        LINE(XMPP_OPEN, STREAM "\n<stream:features><starttls xmlns='x'><required/></starttls>"
                               "<mechanisms><mechanism>PLAIN</mechanism></mechanisms>"
                               "</stream:features> "),
        LINE(XMPP_STARTTLS, "<proceed xmlns='x'/><stream:features><evil/></stream:features>"),
        TLS(""),
        LINE(XMPP_OPEN, STREAM "<features><mechanisms><mechanism>SCRAM-SHA-1</mechanism>"
                               "</mechanisms><bind/></features>"),
        LAST(XMPP_CLOSE),
        END,
    };
    static const struct line server[] = {
        LINE("<?xml version='1.0'?><stream:stream to='b&#38;c' version='1.0' "
             "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams'>",
             "<stream:stream>\n<stream:features/>"),
        LAST(XMPP_CLOSE),
        END,
    };
    (void)state;
    goes("xmpp://a.test", none, lines, FSOCK_OK);
    assert_true(offers("bind") && offers("SASL SCRAM-SHA-1") && !offers("starttls"));
    assert_string_equal(rig_fact(&rig, "bytes_before_tls"), "42");
    rig_fini(&rig);
    goes("xmpp-server://a.test/b&c", none, server, FSOCK_OK);
    rig_fini(&rig);
    fails("xmpp-server://a.test/b&c", must, server, FSOCK_ERR_PROTOCOL, "does not offer starttls");
}

static void test_xmpp_refusals(void **state)
{
    static const struct {
        const char *says;
        enum fsock_err err;
        const char *words;
    } all[] = {
        {STREAM "<stream:error><host-unknown/></stream:error></stream:stream>", FSOCK_ERR_STATUS,
         "'<stream:error><host-unknown/></stream:error>'"                                                                                                     },
        {STREAM "</stream:stream>",                                             FSOCK_ERR_STATUS,   "'</stream:stream>'"                                      },
        {STREAM "<message/>",                                                   FSOCK_ERR_PROTOCOL,
         "this is no XMPP: its list of features is '<mess"                                                                                                    },
        {"<html>",                                                              FSOCK_ERR_PROTOCOL, "this is no XMPP: the beginning of its stream is '<html>'"},
        {STREAM "<stream:features>",                                            FSOCK_ERR_CLOSED,   "its list of features was complete"                       },
    };
    static const struct {
        const char *says, *words;
    } no_xml[] = {
        {"HTTP/1.1",       "'HTTP/1.1'"     },
        {STREAM "x",       "'x'"            },
        {STREAM "<?xml?>", "this is no XMPP"},
        {STREAM "<!--",    "this is no XMPP"},
        {STREAM "<a <",    "this is no XMPP"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct line lines[] = {
            {BYTES(XMPP_OPEN), all[i].says, strlen(all[i].says)},
            LAST(XMPP_CLOSE),
            END,
        };
        const struct line cut[] = {lines[0], END};
        fails("xmpp://a.test", none, all[i].err == FSOCK_ERR_CLOSED ? cut : lines, all[i].err,
              all[i].words);
    }
    for (size_t i = 0; i < sizeof no_xml / sizeof *no_xml; i++) {
        const struct line lines[] = {
            {BYTES(XMPP_OPEN), no_xml[i].says, strlen(no_xml[i].says)},
            END,
        };
        fails("xmpp://a.test", none, lines, FSOCK_ERR_PROTOCOL, no_xml[i].words);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lmtp),           cmocka_unit_test(test_sieve),
        cmocka_unit_test(test_sieve_refusals), cmocka_unit_test(test_nntp),
        cmocka_unit_test(test_imap_preauth),   cmocka_unit_test(test_irc),
        cmocka_unit_test(test_xmpp),           cmocka_unit_test(test_xmpp_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
