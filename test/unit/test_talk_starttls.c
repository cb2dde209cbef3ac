/* The words before TLS: each protocol's good dialog, and all the ways in which it goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <signal.h>

#include "talk_starttls.h"
#include "net_peer.h"
#include "wire/reply.h"

static struct cert server_cert;

/*
 * A server's part: for each turn it waits for what it is to be told (NULL: nothing), and says
 * something. In the last turn `then` says what follows.
 */
struct turn {
    const char *told, *say;
    size_t n;    /* bytes of say */
    size_t skip; /* bytes to be read behind what it is told */
};

enum then { THEN_TLS, THEN_END, THEN_SILENCE, THEN_FLOOD };

struct part {
    struct turn turn[4];
    enum then then;
};

#define TURN(words, answer)                                                                        \
    {                                                                                              \
        .told = (words), .say = (answer), .n = sizeof(answer) - 1                                  \
    }
#define SAYS(answer)                                                                               \
    {                                                                                              \
        .say = (answer), .n = sizeof(answer) - 1                                                   \
    }

static const struct part *part;

#define MYSQL_GREETING(flags)                                                                      \
    "\x22\0\0\0\x0a"                                                                               \
    "8.0.1\0"                                                                                      \
    "\1\0\0\0challen1\0" flags "\x2d\2\0\xff\xc1\x15"                                              \
    "\0\0\0\0\0\0"

/* Read until the client's words end so, and `skip` bytes more. */
static bool is_told(struct peer *p, const char *told, size_t skip)
{
    char heard[1024];
    size_t n = 0, len = strlen(told);
    while (n < sizeof heard && peer_read(p, heard + n, 1) == 1)
        if (++n >= len && memcmp(heard + n - len, told, len) == 0)
            return peer_read_all(p, heard, skip);
    return false;
}

static void play_part(struct peer *p)
{
    char c;
    for (size_t i = 0; i < 4 && (part->turn[i].told || part->turn[i].say); i++) {
        const struct turn *t = &part->turn[i];
        if (t->told && !is_told(p, t->told, t->skip))
            return;
        if (t->say && !peer_write(p, t->say, t->n))
            return;
    }
    while (part->then == THEN_FLOOD && peer_write(p, "220-more\r\n", 10))
        ;
    if (part->then == THEN_TLS && peer_accept_tls(p) && peer_write(p, "hello", 5))
        peer_read(p, &c, 1);
    while (part->then == THEN_SILENCE && peer_read(p, &c, 1) == 1)
        ;
}

struct end {
    enum fsock_err err;
    struct fsock_fault fault;
    fsock_time took;
    char greeting[8]; /* by TLS */
};

/* Play the part to a client that has `seconds`. */
static struct end play(const char *protocol, const struct part *played, double seconds)
{
    struct end e = {.err = FSOCK_OK};
    struct peer p;
    struct fsock_options options;
    fsock_stream *stream;
    size_t n;
    part = played;
    peer_init(&p, "tT", &server_cert, 0);
    p.stack = "t"; /* TLS comes in the part */
    peer_start(&p, play_part);
    fsock_options_init(&options);
    options.insecure = 1;
    int port = ntohs(((struct sockaddr_in *)&p.addr)->sin_port);
    e.err = fsock_open(&stream, "tcp://127.0.0.1", port, &options, fsock_after(10), &e.fault);
    if (e.err != FSOCK_OK)
        fail_msg("%s", e.fault.text);
    fsock_time began = fsock_now();
    e.err = talk_starttls(stream, protocol, "localhost", &options, fsock_after(seconds), &e.fault);
    e.took = fsock_now() - began;
    if (e.err == FSOCK_OK)
        e.err = fsock_read_exact(stream, e.greeting, 5, &n, fsock_after(10));
    fsock_close(stream);
    peer_join(&p);
    peer_fini(&p);
    return e;
}

#define IMAP_CAN  "* CAPABILITY STARTTLS\r\na1 OK\r\n"
#define TOLD_XMPP "streams'>"
#define XMPP_OPEN                                                                                  \
    "<?xml version='1.0'?><stream:stream id=\"a>b\" version='1.0' xmlns='jabber:client'>"
#define LDAP_YES "\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00"

static const struct {
    const char *protocol;
    struct part part;
} good[] = {
    {"smtp",
     {.turn = {SAYS("220-mx.test\r\n220 ready\r\n"),
               TURN("EHLO [127.0.0.1]\r\n",
                    "250-mx.test\r\n250-SIZE 1\r\n250-starttls\r\n250 HELP\r\n"),
               TURN("STARTTLS\r\n", "220 go\r\n")}}                                               },
    {"lmtp",
     {.turn = {SAYS("220 lmtp\r\n"), TURN("LHLO [127.0.0.1]\r\n", "250-x\r\n250 STARTTLS\r\n"),
               TURN("STARTTLS\r\n", "220\r\n")}}                                                  },
    {"submission",
     {.turn = {SAYS("220 ready\r\n"), TURN("EHLO [127.0.0.1]\r\n", "250-x\r\n250 STARTTLS\r\n"),
               TURN("STARTTLS\r\n", "220 go\r\n")}}                                               },
    {"pop3",
     {.turn = {SAYS("+OK\r\n"), TURN("CAPA\r\n", "+OK\r\nSTLS\r\n.\r\n"),
               TURN("STLS\r\n", "+OK begin\r\n")}}                                                },
    {"imap",
     {.turn = {SAYS("* OK [CAPABILITY IMAP4rev1] hi\r\n"),
               TURN("a1 CAPABILITY\r\n", "* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK\r\n"),
               TURN("a2 STARTTLS\r\n", "* CAPABILITY x\r\na2 ok go\r\n")}}                        },
    {"ftp",
     {.turn = {SAYS("220-hi\r\n 220 not yet\r\n2200\r\n220 now\r\n"),
               TURN("FEAT\r\n", "211-x\r\n AUTH TLS\r\n211 end\r\n"),
               TURN("AUTH TLS\r\n", "234 go\r\n")}}                                               },
    {"nntp",
     {.turn = {SAYS("201 no posting\n"), TURN("CAPABILITIES\r\n", "101 x\nSTARTTLS\n.\n"),
               TURN("STARTTLS\r\n", "382 go\n")}}                                                 },
    {"sieve",
     {.turn = {SAYS("\"IMPLEMENTATION\" \"x\"\r\n\"STARTTLS\"\r\nOK \"hi\"\r\n"),
               TURN("STARTTLS\r\n", "OK\r\n")}}                                                   },
    {"irc",
     {.turn = {TURN("CAP LS\r\n", ":a.test NOTICE * :looking up\r\n:a.test CAP * LS :tls\r\n"),
               TURN("STARTTLS\r\n", ":a.test 670 * :STARTTLS successful\r\n")}}                   },
    {"xmpp",
     {.turn = {TURN(TOLD_XMPP, XMPP_OPEN
                    "<stream:features><starttls xmlns='x'><required/></starttls>"
                    "<mechanisms><mechanism>PLAIN</mechanism></mechanisms></stream:features>"),
               TURN("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
                    "<proceed xmlns='x'/>")}}                                                     },
    {"xmpp-server",
     {.turn = {{.told = "xmlns='jabber:server' "},
               TURN(
                   TOLD_XMPP,
                   "<stream:stream xmlns:stream='y'>\n <features xmlns='z'><starttls/></features>"),
               TURN("tls'/>", "<proceed></proceed>")}}                                            },
    {"ldap",        {.turn = {TURN("1.3.6.1.4.1.1466.20037", LDAP_YES)}}                          },
    {"postgres",    {.turn = {TURN("\x04\xd2\x16\x2f", "S")}}                                     },
    {"mysql",       {.turn = {SAYS(MYSQL_GREETING("\xff\xff")), {.told = "\x01\x2d", .skip = 23}}}},
};

#define GOOD (sizeof good / sizeof *good)

static void test_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        struct end e = play(good[i].protocol, &good[i].part, 10);
        if (e.err != FSOCK_OK)
            fail_msg("%s: %s", good[i].protocol, e.fault.text);
        assert_memory_equal(e.greeting, "hello", 5);
    }
}

/* ---- No ----------------------------------------------------------------------------------------
 */

static const struct {
    const char *protocol;
    struct part part;
    enum fsock_err err;
    const char *words;
} bad[] = {
  /* Not offered. */
    {"smtp",
     {.turn = {SAYS("220 x\r\n"),
               TURN("EHLO [127.0.0.1]\r\n", "250-x\r\n250 XSTARTTLS STARTTLS\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "smtp: the server does not offer STARTTLS, only 'XSTARTTLS STARTTLS'"},
    {"sieve",
     {.turn = {SAYS("\"SASL\" \"PLAIN\"\r\nOK\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "the server does not offer "                                         },
    {"xmpp",
     {.turn = {TURN(TOLD_XMPP, XMPP_OPEN "<stream:features/>")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "the server does not offer "                                         },
    {"postgres",
     {.turn = {TURN("\x16\x2f", "N")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "the server does not offer "                                         },
    {"mysql",
     {.turn = {SAYS(MYSQL_GREETING("\xff\xf7"))}},
     FSOCK_ERR_PROTOCOL,                                                                                              "the server does not offer "                                         },

 /* Refused. */
    {"smtp",
     {.turn = {SAYS("554-go\r\n554 away\x1b[2J\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "its greeting is '554 away\\x1b[2J'"                                 },
    {"smtp",
     {.turn = {SAYS("220 x\r\n"), TURN("EHLO [127.0.0.1]\r\n", "250-x\r\n250 STARTTLS\r\n"),
               TURN("STARTTLS\r\n", "454 not now\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "its answer to STARTTLS is '454 not now'"                            },
    {"pop3",
     {.turn = {SAYS("+OK\r\n"), TURN("CAPA\r\n", "-ERR what?\r\n"),
               TURN("STLS\r\n", "-ERR no\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "'-ERR no'"                                                          },
    {"imap",     {.turn = {SAYS("* PREAUTH hi\r\n")}},                                            FSOCK_ERR_PROTOCOL, "'* PREAUTH hi'"                                                     },
    {"imap",
     {.turn = {SAYS("* OK\r\n"), TURN("a1 CAPABILITY\r\n", IMAP_CAN),
               TURN("a2 STARTTLS\r\n", "* 1\r\na2 BAD no\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "its answer to STARTTLS is 'BAD no'"                                 },
    {"imap",
     {.turn = {SAYS("* OK\r\n"), TURN("a1 CAPABILITY\r\n", IMAP_CAN),
               TURN("a2 STARTTLS\r\n", "* BYE\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "'* BYE'"                                                            },
    {"ftp",
     {.turn = {SAYS("220 x\r\n"), TURN("FEAT\r\n", "530 login first\r\n"),
               TURN("AUTH TLS\r\n", "530 no\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "its answer to AUTH TLS is '530 no'"                                 },
    {"nntp",
     {.turn = {SAYS("200 x\r\n"), TURN("CAPABILITIES\r\n", "500 what?\r\n"),
               TURN("STARTTLS\r\n", "580 no\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "'580 no'"                                                           },
    {"sieve",
     {.turn = {SAYS("\"STARTTLS\"\r\nOK\r\n"), TURN("STARTTLS\r\n", "NO \"x\"\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "'NO \"x\"'"                                                         },
    {"irc",
     {.turn = {TURN("CAP LS\r\n", ":a 421 * CAP :Unknown command\r\n"),
               TURN("STARTTLS\r\n", ":a 421 * STARTTLS :Unknown command\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "Unknown command"                                                    },
    {"irc",      {.turn = {TURN("CAP LS\r\n", "ERROR :no\r\n")}},                                 FSOCK_ERR_PROTOCOL, "'ERROR :no'"                                                        },
    {"irc",
     {.turn = {TURN("CAP LS\r\n", ":a CAP * LS :tls\r\n"),
               TURN("STARTTLS\r\n", ":a 691 * :no\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "691"                                                                },
    {"xmpp",
     {.turn = {TURN(TOLD_XMPP, XMPP_OPEN "<stream:error><host-unknown/></stream:error>")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "'<stream:error><host-unknown/></stream:error>'"                     },
    {"xmpp",
     {.turn = {TURN(TOLD_XMPP, XMPP_OPEN "<stream:features><starttls/></stream:features>"),
               TURN("tls'/>", "<failure xmlns='x'/></stream:stream>")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "<failure xmlns="                                                    },
    {"xmpp",
     {.turn = {TURN(TOLD_XMPP, XMPP_OPEN "</stream:stream>")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "</stream:stream>"                                                   },
    {"ldap",
     {.turn = {TURN("20037", "\x30\x81\x0e\x02\x01\x01\x78\x09\x0a\x01\x34\x04\x00\x04\x02no")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "result 52 (unavailable), 'no'"                                      },
    {"postgres",
     {.turn = {TURN("\x16\x2f", "E\0\0\0\x10SFATAL\0Mno\0\0")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "with an error: 'no'"                                                },
    {"mysql",
     {.turn = {SAYS("\x09\0\0\0\xff\x69\4blocked")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "the server refuses: 1129 'blocke"                                   },

 /* Something else. */
    {"smtp",     {.turn = {SAYS("HTTP/1.1 400 Bad\r\n")}},                                        FSOCK_ERR_PROTOCOL, "'HTTP/1.1 400 Bad'"                                                 },
    {"smtp",     {.turn = {SAYS("\r\n")}},                                                        FSOCK_ERR_PROTOCOL, "its greeting is ''"                                                 },
    {"xmpp",
     {.turn = {TURN(TOLD_XMPP, "HTTP/1.1")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "this is no XMPP: the beginning of its stream is 'HTTP/1.1'"         },
    {"xmpp",     {.turn = {TURN(TOLD_XMPP, "<html>")}},                                           FSOCK_ERR_PROTOCOL, "'<html>'"                                                           },
    {"xmpp",     {.turn = {TURN(TOLD_XMPP, "\0")}},                                               FSOCK_ERR_PROTOCOL, "'\\x00'"                                                            },
    {"ldap",
     {.turn = {TURN("20037", "SSH-2.0")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "this is no LDAP: its answer to StartTLS is 'SSH-2.0'"               },
    {"ldap",
     {.turn = {TURN("20037", "\x30\x84\xff\xff\xff\xff")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "this is no LDAP"                                                    },
    {"ldap",     {.turn = {TURN("20037", "\x30\x89")}},                                           FSOCK_ERR_PROTOCOL, "this is no LDAP"                                                    },
    {"ldap",
     {.turn = {TURN("20037", "\x30\x02\x02\x00")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "this is no LDAP: its answer to StartTLS is '0\\x02\\x02\\x00'"      },
    {"postgres", {.turn = {TURN("\x16\x2f", "H")}},                                               FSOCK_ERR_PROTOCOL, "'H'"                                                                },
    {"postgres", {.turn = {TURN("\x16\x2f", "E\0\0\0\3")}},                                       FSOCK_ERR_PROTOCOL, "'E\\x00"                                                            },
    {"mysql",
     {.turn = {SAYS("SSH-2.0-x\r\n")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "this is no MySQL: its greeting is 'SSH-2.0-x"                       },
    {"mysql",
     {.turn = {SAYS("\2\0\0\0\x0a"
                    "8")}},
     FSOCK_ERR_PROTOCOL,                                                                                              "this is no MySQL"                                                   },

 /* The end. */
    {"smtp",     {.then = THEN_END},                                                              FSOCK_ERR_CLOSED,   "hung up before its greeting"                                        },
    {"smtp",
     {.turn = {SAYS("220-x\r\n220")}, .then = THEN_END},
     FSOCK_ERR_CLOSED,                                                                                                "hung up before its greeting was complete"                           },
    {"ldap",
     {.turn = {TURN("20037", "\x30\x0c\x02")}, .then = THEN_END},
     FSOCK_ERR_CLOSED,                                                                                                "its answer to StartTLS was complete"                                },
};

static void test_no(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct end e = play(bad[i].protocol, &bad[i].part, 10);
        if (e.err != bad[i].err || e.fault.err != e.err || !strstr(e.fault.text, bad[i].words))
            fail_msg("%s, %s: %s", bad[i].protocol, bad[i].words, e.fault.text);
        assert_int_equal(e.fault.stage, FSOCK_STAGE_TLS);
    }
}

/* A server that says nothing, or no more, costs the time that there is, and no more. */
static void test_silence(void **state)
{
    (void)state;
    for (size_t i = 0; i < GOOD; i++) {
        for (unsigned turns = 0; turns < 2; turns++) {
            struct part quiet = {.then = THEN_SILENCE};
            if (turns)
                quiet.turn[0] = good[i].part.turn[0];
            if (turns && good[i].part.turn[1].told == NULL)
                continue; /* its good part has no more than one turn */
            struct end e = play(good[i].protocol, &quiet, 0.05);
            assert_int_equal(e.err, FSOCK_ERR_TIMEOUT);
            assert_int_equal(e.fault.limit, FSOCK_LIMIT_TOTAL);
            assert_int_equal(e.fault.stage, FSOCK_STAGE_TLS);
            assert_true(e.took < FSOCK_SECOND);
            assert_true(turns || strstr(e.fault.hint, "spoken at this port?"));
        }
    }
}

static void test_floods(void **state)
{
    (void)state;
    static char line[FSK_REPLY_LINE_MAX + 1], tags[70000];
    static const struct {
        const char *protocol;
        struct part part;
        const char *words;
    } floods[] = {
        {"smtp", {.then = THEN_FLOOD},                                      "64 KiB have come"},
        {"irc",  {.then = THEN_FLOOD},                                      "64 KiB have come"},
        {"pop3", {.turn = {{.say = line, .n = sizeof line}}, THEN_SILENCE}, "this is no POP3" },
        {"xmpp",
         {.turn = {TURN(TOLD_XMPP, XMPP_OPEN), {.say = line, .n = sizeof line}},
          .then = THEN_SILENCE},
         "this is no XMPP"                                                                    },
        {"xmpp",
         {.turn = {TURN(TOLD_XMPP, XMPP_OPEN "<features>"), {.say = tags, .n = sizeof tags}},
          .then = THEN_SILENCE},
         "64 KiB"                                                                             },
    };
    memset(line, '<', sizeof line);
    for (size_t i = 0; i < sizeof tags; i++)
        tags[i] = "<a/>"[i % 4];
    for (size_t i = 0; i < sizeof floods / sizeof *floods; i++) {
        struct end e = play(floods[i].protocol, &floods[i].part, 10);
        if (e.err != FSOCK_ERR_PROTOCOL || !strstr(e.fault.text, floods[i].words))
            fail_msg("%s, %s: %s", floods[i].protocol, floods[i].words, e.fault.text);
    }
}

/*
 * What comes in one piece with the go-ahead would be taken for protected, if it were read after
 * TLS. It is refused before a byte of TLS is sent.
 */
static void test_injection(void **state)
{
    (void)state;
    static const char injected[] = "250 injected\r\n";
    for (size_t i = 0; i < GOOD; i++) {
        struct part played = good[i].part;
        char say[512];
        unsigned last = 3;
        while (!played.turn[last].say)
            last--;
        struct turn *t = &played.turn[last];
        size_t n = t->n;
        memcpy(say, t->say, n);
        memcpy(say + n, injected, sizeof injected);
        t->say = say;
        t->n = n + sizeof injected - 1;
        played.then = THEN_SILENCE;
        struct end e = play(good[i].protocol, &played, 10);
        if (e.err != FSOCK_ERR_PROTOCOL || !strstr(e.fault.text, "bytes came before TLS"))
            fail_msg("%s: %s", good[i].protocol, e.fault.text);
        assert_int_equal(e.fault.stage, FSOCK_STAGE_TLS);
    }
}

static void test_names(void **state)
{
    (void)state;
    char names[] = TALK_STARTTLS_NAMES, *rest = NULL;
    size_t n = 0;
    for (char *name = strtok_r(names, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest), n++)
        assert_null(talk_starttls_unknown(name));
    assert_int_equal(n, GOOD);
    assert_non_null(strstr(talk_starttls_unknown("smtps"), "smtp, submission"));
    assert_non_null(talk_starttls_unknown(""));
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN); /* the peers write with OpenSSL's own socket BIO */
    server_cert = cert_make("localhost", "DNS:localhost", 2, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),      cmocka_unit_test(test_no),
        cmocka_unit_test(test_silence),   cmocka_unit_test(test_floods),
        cmocka_unit_test(test_injection), cmocka_unit_test(test_names),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    cert_free(&server_cert);
    return failed;
}
