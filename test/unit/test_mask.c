/* Masks of secrets in streams of bytes, and the words for the numbers of socket calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "base/mask.h"
#include "base/sockwords.h"
#include "guard.h"

/* ---- Masks ----------------------------------------------------------------------------------- */

/* The bytes before `first`, then the rest, in pieces of `step`: each where it is, and no further.
 */
static void in_pieces(struct guard *g, const char *in, const char *want, size_t first, size_t step)
{
    struct fsk_mask m = {.n = 0};
    size_t len = strlen(in);
    char *out = malloc(len + 1);
    for (size_t at = 0, n = first; at < len; at += n, n = step) {
        n = n < len - at ? n : len - at;
        char *p = guard_copy(g, in + at, n);
        fsk_mask(&m, p, n);
        memcpy(out + at, p, n);
    }
    out[len] = '\0';
    assert_string_equal(out, want);
    free(out);
}

static void masks(const char *in, const char *want)
{
    struct guard g;
    size_t len = strlen(in);
    guard_init(&g, len);
    for (size_t first = 0; first <= len; first++)
        in_pieces(&g, in, want, first, len);
    for (size_t step = 1; step < 8; step++)
        in_pieces(&g, in, want, step, step);
    guard_fini(&g);
}

static void stays(const char *in)
{
    masks(in, in);
}

static void http(void **state)
{
    (void)state;
    masks("GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: Basic dTpw\r\nAccept: */*\r\n\r\n",
          "GET /x HTTP/1.1\r\nHost: a\r\nAuthorization: ***** ****\r\nAccept: */*\r\n\r\n");
    masks("authorization:x y\nPROXY-AUTHORIZATION:\tBearer q\nProxy-authorization: z",
          "authorization:* *\nPROXY-AUTHORIZATION:\t****** *\nProxy-authorization: *");
    masks("HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nCookie:\r\nX: y\r\n\r\nbody",
          "HTTP/1.1 200 OK\r\nSet-Cookie: **** ******\r\nCookie:\r\nX: y\r\n\r\nbody");
    masks("Cookie: {a}\r\nX: y\r\n", "Cookie: ***\r\nX: y\r\n");
    masks("X: Authorization: a\nX-Cookie: b\nCookies: c\nCookie\n: d\nCookie: e\n",
          "X: Authorization: a\nX-Cookie: b\nCookies: c\nCookie\n: d\nCookie: *\n");
    stays("Authorizatio: a\nAuthorization-: b\nXProxy-Authorization: c\n");
    stays("Proxy-Authorization-And-Much-More-Than-There-Is-Room-For: c\r\n\r\n");
}

static void folded_fields(void **state)
{
    (void)state;
    masks("Cookie: a\r\n b=c\r\n\td\r\nX: y\r\n z\r\n",
          "Cookie: *\r\n ***\r\n\t*\r\nX: y\r\n z\r\n");
    masks("Authorization:\r\n Basic x\r\n\r\n body", "Authorization:\r\n ***** *\r\n\r\n body");
    masks("PASS x\n y\n", "PASS *\n y\n");
}

static void mail(void **state)
{
    (void)state;
    masks("USER me\r\nPASS my secret\r\nSTAT\r\n", "USER me\r\nPASS ** ******\r\nSTAT\r\n");
    masks("APOP me c4c9334b\nSTAT\n", "APOP ** ********\nSTAT\n");
    masks("EHLO x\r\nAUTH PLAIN AGEAYg==\r\n", "EHLO x\r\nAUTH ***** ********\r\n");
    masks("auth login\r\ndXNlcg==\r\ncGFzcw==\r\nMAIL FROM:<a>\r\n",
          "auth *****\r\n********\r\n********\r\nMAIL FROM:<a>\r\n");
    stays("250-AUTHENTIC\r\n250-AUTH=LOGIN\r\nPASSWORD x\r\nMAIL FROM:<a@b>\r\nxPASS y\r\n");
    masks("AUTHINFO USER a\r\nAUTHINFO PASS b\r\nGROUP c\r\n",
          "AUTHINFO **** *\r\nAUTHINFO **** *\r\nGROUP c\r\n");
}

static void imap(void **state)
{
    (void)state;
    masks("a1 LOGIN me \"my secret\"\r\na2 SELECT x\r\n",
          "a1 LOGIN ** *** *******\r\na2 SELECT x\r\n");
    masks("a1 login {2}\r\nme {6}\r\nsecret\r\na2 SELECT x\r\n",
          "a1 login ***\r\n** ***\r\n******\r\na2 SELECT x\r\n");
    masks("a1 LOGIN me {6+}\r\nsecret\r\na2 SELECT x\r\n",
          "a1 LOGIN ** ****\r\n******\r\na2 SELECT x\r\n");
    masks("a1 AUTHENTICATE LOGIN\r\ndQ==\r\ncA==\r\na2 SELECT x\r\n",
          "a1 AUTHENTICATE *****\r\n****\r\n****\r\na2 SELECT x\r\n");
    masks("AUTHENTICATE x\na\nb\nc d\n", "AUTHENTICATE *\n*\n*\nc d\n");
    stays("a1 a2 LOGIN x\r\n* OK LOGINS are x\r\na1 SELECT {6}\r\nfolder\r\n");
}

static void redis(void **state)
{
    (void)state;
    masks("AUTH secret\r\nGET x\r\ny\r\nz\r\n", "AUTH ******\r\n*** *\r\n*\r\nz\r\n");
    masks("HELLO 3 AUTH me secret\r\n", "HELLO 3 AUTH ** ******\r\n");
    masks("*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$6\r\nsecret\r\n*1\r\n",
          "*3\r\n$4\r\nAUTH\r\n**\r\n**\r\n**\r\n******\r\n*1\r\n");
    masks("*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nauth\r\n$2\r\nme\r\n$6\r\nsecret\r\n*1\r\n",
          "*5\r\n$5\r\nHELLO\r\n$1\r\n3\r\n$4\r\nauth\r\n**\r\n**\r\n**\r\n******\r\n*1\r\n");
}

static void what_is_no_secret_stays(void **state)
{
    (void)state;
    stays("");
    stays("\n\n\r\n \n\t\n");
    stays("PASS\nUSER x\npass\r\nx\r\n");
    stays("a PASS x\n b c\n");
    stays("a very long first word that is none of ours, and so on\r\nso it goes\r\n");
    masks(" PASS x\n\tPASS y\n", " PASS *\n\tPASS *\n"); /* blanks in front are no word */
    masks("PASS \t a\tb \r\n", "PASS \t *\t* \r\n");
}

/* Bytes that are no text do no harm, and end no line that they don't end. */
static void any_bytes(void **state)
{
    char all[512];
    struct fsk_mask m = {.n = 0};
    (void)state;
    for (size_t i = 0; i < sizeof all; i++)
        all[i] = (char)(unsigned char)i;
    fsk_mask(&m, all, sizeof all);
    for (size_t i = 0; i < sizeof all; i++)
        assert_int_equal((unsigned char)all[i], i % 256);
    char secret[] = "\nPASS \0\377\r\t.";
    fsk_mask(&m, secret, sizeof secret - 1);
    assert_memory_equal(secret, "\nPASS **\r\t*", sizeof secret - 1);
}

/* ---- Words ----------------------------------------------------------------------------------- */

#define is_word(call, text) assert_string_equal(call, text)

static void words_and_numbers(void **state)
{
    char room[FSK_WORDS];
    (void)state;
    is_word(fsk_word_family(AF_INET6, room), "AF_INET6");
    is_word(fsk_word_family(-7, room), "-7");
    is_word(fsk_word_family(INT32_MIN, room), "-2147483648");
    is_word(fsk_word_socket_type(SOCK_STREAM, room), "SOCK_STREAM");
    is_word(fsk_word_socket_type(SOCK_DGRAM | SOCK_CLOEXEC, room), "SOCK_DGRAM|SOCK_CLOEXEC");
    is_word(fsk_word_socket_type(SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK | 0x100, room),
            "SOCK_STREAM|SOCK_CLOEXEC|SOCK_NONBLOCK|0x100");
    is_word(fsk_word_socket_type(0, room), "0");
    is_word(fsk_word_socket_type(15, room), "15");
    is_word(fsk_word_protocol(AF_INET, IPPROTO_TCP, room), "IPPROTO_TCP");
    is_word(fsk_word_protocol(AF_INET6, 0, room), "IPPROTO_IP");
    is_word(fsk_word_protocol(AF_UNIX, 6, room), "6");
    is_word(fsk_word_message_flags(0, room), "0");
    is_word(fsk_word_message_flags(MSG_DONTWAIT | MSG_NOSIGNAL, room), "MSG_DONTWAIT|MSG_NOSIGNAL");
    is_word(fsk_word_message_flags(0x1000000, room), "0x1000000");
    is_word(fsk_word_message_flags(MSG_PEEK | 0x1000000, room), "MSG_PEEK|0x1000000");
    is_word(fsk_word_level(SOL_SOCKET, room), "SOL_SOCKET");
    is_word(fsk_word_level(IPPROTO_TCP, room), "SOL_TCP");
    is_word(fsk_word_level(12345, room), "12345");
    is_word(fsk_word_option(SOL_SOCKET, SO_ERROR, room), "SO_ERROR");
    is_word(fsk_word_option(IPPROTO_TCP, TCP_NODELAY, room), "TCP_NODELAY");
    is_word(fsk_word_option(IPPROTO_IP, IP_TTL, room), "IP_TTL");
    is_word(fsk_word_option(IPPROTO_IPV6, IPV6_V6ONLY, room), "IPV6_V6ONLY");
    is_word(fsk_word_option(IPPROTO_UDP, 103, room), "UDP_SEGMENT");
    is_word(fsk_word_option(IPPROTO_TCP, 9999, room), "9999");
    is_word(fsk_word_option(12345, 1, room), "1");
    is_word(fsk_word_shut(SHUT_WR, room), "SHUT_WR");
    is_word(fsk_word_shut(3, room), "3");
}

/* Whatever the number, the room is enough, and nothing is cut off. */
static void room_for_all_flags(void **state)
{
    struct guard g;
    (void)state;
    guard_init(&g, FSK_WORDS);
    char *room = guard_copy(&g, (char[FSK_WORDS]){0}, FSK_WORDS);
    const char *all = fsk_word_message_flags(-1, room);
    assert_ptr_equal(all, room);
    assert_non_null(strstr(all, "MSG_OOB|MSG_PEEK|"));
    assert_non_null(strstr(all, "|MSG_CMSG_CLOEXEC|0x"));
    assert_true(strlen(fsk_word_socket_type(-1, room)) < FSK_WORDS);
    assert_non_null(strstr(room, "15|SOCK_CLOEXEC|SOCK_NONBLOCK|0xfff"));
    for (unsigned bit = 1; bit; bit <<= 1) {
        fsk_word_message_flags((int)~bit, room);
        fsk_word_message_flags((int)bit, room);
        fsk_word_socket_type((int)bit, room);
    }
    fsk_word_option(INT32_MIN, INT32_MIN, room);
    fsk_word_protocol(AF_INET, INT32_MIN, room);
    guard_fini(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(http),
        cmocka_unit_test(folded_fields),
        cmocka_unit_test(mail),
        cmocka_unit_test(imap),
        cmocka_unit_test(redis),
        cmocka_unit_test(what_is_no_secret_stays),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(words_and_numbers),
        cmocka_unit_test(room_for_all_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
