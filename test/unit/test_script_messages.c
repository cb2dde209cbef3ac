/* Scripts of binary messages: LDAP, and what databases say before TLS. */
#include "script_play.h"

/* ---- LDAP ------------------------------------------------------------------------------------ */

#define LDAP_TLS                                                                                   \
    "\x30\x1d\2\1\1\x77\x18\x80\x16"                                                               \
    "1.3.6.1.4.1.1466.20037"
#define LDAP_BIND                                                                                  \
    "\x30\x84\0\0\0\x21\2\1\2\x60\x84\0\0\0\x18\2\1\3\4\x84\0\0\0\3tim\x80\x84\0\0\0\6pencil"
#define LDAP_SEARCH                                                                                \
    "\x30\x7d\2\1\3\x63\x78\4\0\x0a\1\0\x0a\1\0\2\1\0\2\1\0\1\1\0\x87\x0bobjectClass\x30\x58"      \
    "\4\x0enamingContexts\4\x0avendorName\4\x0dvendorVersion\4\x12supportedExtension"              \
    "\4\x17supportedSASLMechanisms"
#define LDAP_UNBIND               "\x30\5\2\1\4\x42\0"
#define LDAP_RESULT(id, op, code) "\x30\x0c\2\1" id op "\7\x0a\1" code "\4\0\4\0"
#define LDAP_ENTRY                                                                                 \
    "\x30\x81\x68\2\1\3\x64\x63\4\0\x30\x5f"                                                       \
    "\x30\x1c\4\x0enamingContexts\x31\x0a\4\3o=a\4\3o=b"                                           \
    "\x30\x18\4\x0avendorName\x31\x0a\4\x08Test 1.2"                                               \
    "\x30\x25\4\x17supportedSASLMechanisms\x31\x0a\4\x08"                                          \
    "EXTERNAL"

static void test_ldap(void **state)
{
    static const struct line lines[] = {
        LINE(LDAP_TLS, LDAP_RESULT("\1", "\x78", "\0") LDAP_RESULT("\2", "\x61", "\0")),
        TLS(""),
        LINE(LDAP_BIND, LDAP_RESULT("\2", "\x61", "\0")),
        LINE(LDAP_SEARCH, LDAP_ENTRY LDAP_RESULT("\3", "\x65", "\0")),
        LAST(LDAP_UNBIND),
        END,
    };
    static const struct line wrong[] = {
        LINE(LDAP_BIND, LDAP_RESULT("\2", "\x61", "\x31")),
        LAST(LDAP_UNBIND),
        END,
    };
    static const struct line busy[] = {
        LINE(LDAP_BIND, LDAP_RESULT("\2", "\x61", "\x33")),
        LAST(LDAP_UNBIND),
        END,
    };
    (void)state;
    goes("ldap://a.test", tim, lines, FSOCK_OK);
    assert_true(rig.script.in);
    assert_string_equal(rig_fact(&rig, "vendor_name"), "Test 1.2");
    assert_string_equal(rig_fact(&rig, "naming_context"), "o=a");
    assert_true(offers("EXTERNAL"));
    assert_string_equal(rig_fact(&rig, "bytes_before_tls"), "14");
    rig_fini(&rig);
    fails("ldaps://a.test", tim, wrong, FSOCK_ERR_LOGIN, "49 (invalid credentials)");
    fails("ldaps://a.test", tim, busy, FSOCK_ERR_STATUS, "51 (busy)");
}

/* Without TLS nobody hears the password; who has none is not let in by an empty one. */
static void test_ldap_passwords(void **state)
{
    static const struct line stripped[] = {
        LINE(LDAP_TLS, LDAP_RESULT("\1", "\x78", "\2")),
        LAST(LDAP_UNBIND),
        END,
    };
    static const struct line bare[] = {LAST(LDAP_UNBIND), END};
    static const struct line shouted[] = {
        LINE(LDAP_BIND, LDAP_RESULT("\2", "\x61", "\0")),
        LINE(LDAP_SEARCH, LDAP_RESULT("\3", "\x65", "\0")),
        LAST(LDAP_UNBIND),
        END,
    };
    (void)state;
    fails("ldap://a.test", tim, stripped, FSOCK_ERR_PROTOCOL, "refuses TLS: result 2 (protocol");
    fails("ldap://a.test", tim_plain, bare, FSOCK_ERR_LOGIN, "there is no TLS");
    goes("ldap://a.test", tim_by_pass, shouted, FSOCK_OK);
    rig_fini(&rig);
}

static void test_ldap_refusals(void **state)
{
    static const struct line shy[] = {
        LINE(LDAP_TLS, LDAP_RESULT("\1", "\x78", "\2")),
        LINE(LDAP_SEARCH, LDAP_RESULT("\3", "\x65", "\x30")),
        LAST(LDAP_UNBIND),
        END,
    };
    static const struct {
        const char *says;
        size_t n;
        enum fsock_err err;
        const char *words;
    } all[] = {
        {BYTES("\x30\x81\x0e\2\1\0\x78\x09\x0a\1\x34\4\0\4\2no"), FSOCK_ERR_STATUS,
         "hangs up: result 52 (unavailable), 'no'"                                                               },
        {BYTES(LDAP_RESULT("\0",                                  "\x61",                "\0")),                   FSOCK_ERR_PROTOCOL, "this is no LDAP"},
        {BYTES(LDAP_RESULT("\2",                                      "\x78",                                                           "\0")),                                                              FSOCK_ERR_PROTOCOL, "this is no LDAP"},
        {BYTES(LDAP_RESULT("\1",                                                 "\x61","\0")),FSOCK_ERR_PROTOCOL, "this is no LDAP"},
        {BYTES("\x30\2\2\0"),                                  FSOCK_ERR_PROTOCOL, "'0\\x02\\x02\\x00'"                         },
    };
    (void)state;
    goes("ldap://a.test", none, shy, FSOCK_OK);
    assert_string_equal(rig_fact(&rig, "login"), "required");
    rig_fini(&rig);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const struct line lines[] = {
            {BYTES(LDAP_TLS), all[i].says, all[i].n},
            LAST(LDAP_UNBIND),
            END,
        };
        fails("ldap://a.test", must, lines, all[i].err, all[i].words);
    }
}

/* ---- Databases ------------------------------------------------------------------------------- */

#define MYSQL_GREETING                                                                             \
    "\x22\0\0\0\x0a"                                                                               \
    "8.0.1\0\1\0\0\0challen1\0\xff\xff\x2d\2\0\xff\xc1\x15\0\0\0\0\0\0"

/* An OK from before TLS, right behind the greeting, is no login. */
static void test_mysql_injection(void **state)
{
    static const char heard[] = MYSQL_GREETING "\7\0\0\3\0\0\0\2\0\0\0";
    (void)state;
    rig_init(&rig, "mysql://a.test");
    tim(&rig.wish);
    fsk_script_init(&rig.script, rig.target.service, &rig.wish, false, rig_nonce);
    assert_int_equal(fsk_script_next(&rig.script), FSK_SCRIPT_HEAR);
    fsk_script_heard(&rig.script, heard, sizeof heard - 1);
    assert_int_equal(fsk_script_next(&rig.script), FSK_SCRIPT_SAY);
    fsk_script_said(&rig.script);
    assert_int_equal(fsk_script_next(&rig.script), FSK_SCRIPT_TLS);
    fsk_script_secured(&rig.script);
    assert_string_equal(rig_fact(&rig, "bytes_before_tls"), "11");
    assert_int_equal(fsk_script_next(&rig.script), FSK_SCRIPT_SAY);
    fsk_script_said(&rig.script);
    assert_int_equal(fsk_script_next(&rig.script), FSK_SCRIPT_HEAR);
    assert_false(rig.script.in);
    rig_fini(&rig);
}

/* A greeting that ends too early offers nothing. */
static void test_mysql_cut_greetings(void **state)
{
    char heard[] = MYSQL_GREETING;
    (void)state;
    for (size_t n = 1; n <= 34; n++) {
        rig_init(&rig, "mysql://a.test");
        must(&rig.wish);
        heard[0] = (char)n;
        fsk_script_init(&rig.script, rig.target.service, &rig.wish, false, rig_nonce);
        fsk_script_heard(&rig.script, heard, n + 4);
        fsk_script_next(&rig.script);
        assert_int_equal(rig.script.err, n >= 22 ? FSOCK_OK : FSOCK_ERR_PROTOCOL);
        rig_fini(&rig);
    }
}

/* What is of another protocol is known by its first bytes. */
static void test_databases_that_are_none(void **state)
{
    static const struct line ssh[] = {GREETS("SSH-2.0-x\r\n"), END};
    static const struct line web[] = {LINE("\0\0\0\x08\x04\xd2\x16\x2f", "H"), LAST("X\0\0\0\4"),
                                      END};
    static const struct line full[] = {
        LINE("\0\0\0\x08\x04\xd2\x16\x2f", "E\0\0\0\x17SFATAL\0C53300\0Mno\0\0"),
        LAST("X\0\0\0\4"),
        END,
    };
    (void)state;
    fails("mysql://a.test", none, ssh, FSOCK_ERR_PROTOCOL,
          "this is no MySQL: its greeting is 'SSH-");
    fails("postgres://a.test", none, web, FSOCK_ERR_PROTOCOL, "this is no PostgreSQL");
    fails("postgres://a.test", none, full, FSOCK_ERR_STATUS, "SSLRequest with an error: 'no'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ldap),
        cmocka_unit_test(test_ldap_passwords),
        cmocka_unit_test(test_ldap_refusals),
        cmocka_unit_test(test_mysql_injection),
        cmocka_unit_test(test_mysql_cut_greetings),
        cmocka_unit_test(test_databases_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
