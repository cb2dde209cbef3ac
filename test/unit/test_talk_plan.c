/* The plan of `fsock talk`: pieces of the command line, and scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guard.h"
#include "outcome.h"
#include "talk_plan.h"
#include "talk_script.h"

static char directory[] = "/tmp/fsock-test-XXXXXX";
static char why[512];

static const char *in_directory(const char *name)
{
    static char path[4][64];
    static unsigned next;
    char *p = path[next++ % 4];
    snprintf(p, sizeof path[0], "%s/%s", directory, name);
    return p;
}

static const char *file_of(const char *name, struct fsk_span bytes)
{
    const char *path = in_directory(name);
    FILE *f = fopen(path, "w");
    if (!f || fwrite(bytes.p, 1, bytes.n, f) != bytes.n || fclose(f))
        abort();
    return path;
}

/* ---- The command line ------------------------------------------------------------------------ */

static int plan_of(struct plan *plan, struct talk_options *o, const struct option_item *item,
                   size_t n)
{
    o->pieces = (struct option_list){(struct option_item *)(size_t)item, n};
    why[0] = '\0';
    return plan_init(plan, o, why, sizeof why);
}

static void is_step(const struct plan *plan, size_t i, enum step_kind kind, const char *bytes)
{
    assert_true(i < plan->n);
    assert_int_equal(plan->step[i].kind, kind);
    assert_int_equal(plan->step[i].bytes.n, strlen(bytes));
    assert_true(fsk_span_eq(plan->step[i].bytes, fsk_span_str(bytes)));
}

static void test_pieces(void **state)
{
    (void)state;
    char dump[80], array[80];
    const char *path = file_of("any", FSK_SPAN("any"));
    snprintf(dump, sizeof dump, "@%s",
             file_of("dump", FSK_SPAN("00000000: 4142 430a                 ABC.\n")));
    snprintf(array, sizeof array, "%s:b",
             file_of("a.c", FSK_SPAN("char a[] = {1}; char b[] = {'b', '!'};")));
    const struct option_item items[] = {
        {"EHLO a\\r\\n", PIECE_TEXT   },
        {"220 ",         PIECE_WAIT   },
        {"0d 0a",        PIECE_HEX    },
        {dump,           PIECE_HEX    },
        {"aGVsbG8=",     PIECE_BASE64 },
        {"AB\\n",        PIECE_EBCDIC },
        {path,           PIECE_FILE   },
        {array,          PIECE_C_ARRAY},
        {"500ms",        PIECE_DELAY  },
        {"-",            PIECE_STDIN  },
        {"",             PIECE_TEXT   },
    };
    struct talk_options o = {.view = -1};
    struct plan plan;
    int code = plan_of(&plan, &o, items, sizeof items / sizeof *items);
    if (code)
        fail_msg("%d %s", code, why);
    assert_int_equal(plan.n, 11);
    is_step(&plan, 0, STEP_SEND, "EHLO a\r\n");
    is_step(&plan, 1, STEP_EXPECT, "220 ");
    assert_int_equal(plan.step[1].time, 0);
    is_step(&plan, 2, STEP_SEND, "\r\n");
    is_step(&plan, 3, STEP_SEND, "ABC\n");
    is_step(&plan, 4, STEP_SEND, "hello");
    is_step(&plan, 5, STEP_SEND, "\xc1\xc2\x25");
    is_step(&plan, 6, STEP_FILE, "");
    assert_string_equal(plan.step[6].path, path);
    is_step(&plan, 7, STEP_SEND, "b!");
    assert_int_equal(plan.step[8].kind, STEP_DELAY);
    assert_int_equal(plan.step[8].time, 500 * FSOCK_MILLISECOND);
    is_step(&plan, 9, STEP_STDIN, "");
    is_step(&plan, 10, STEP_SEND, "");
    assert_int_equal(plan.step[10].line, 0);
    plan_fini(&plan);
}

static void test_without_pieces(void **state)
{
    (void)state;
    struct talk_options o = {.view = -1};
    struct plan plan;
    assert_int_equal(plan_of(&plan, &o, NULL, 0), 0);
    assert_int_equal(plan.n, 1);
    is_step(&plan, 0, STEP_STDIN, "");
    plan_fini(&plan);
    o.no_stdin = 1;
    assert_int_equal(plan_of(&plan, &o, NULL, 0), 0);
    assert_int_equal(plan.n, 0);
    plan_fini(&plan);
}

static void refuses_piece(int tag, const char *value, int code, const char *words)
{
    const struct option_item item = {value, tag};
    struct talk_options o = {.view = -1};
    struct plan plan;
    int got = plan_of(&plan, &o, &item, 1);
    if (got != code || !strstr(why, words))
        fail_msg("%s: %d %s", value, got, why);
    plan_fini(&plan);
}

static void test_mistakes_of_pieces(void **state)
{
    (void)state;
    char value[80];
    refuses_piece(PIECE_TEXT, "ab\\q", EXIT_USAGE,
                  "--send 'ab\\q': byte 3: a backslash before 'q'");
    refuses_piece(PIECE_TEXT, "\x1b\\q", EXIT_USAGE, "--send '\\x1b\\q': ");
    refuses_piece(PIECE_HEX, "0d0", EXIT_USAGE, "--hex '0d0': byte ");
    refuses_piece(PIECE_BASE64, "a*", EXIT_USAGE, "--base64 'a*': byte 2");
    refuses_piece(PIECE_EBCDIC, "\\q", EXIT_USAGE, "--ebcdic '\\q': byte 1");
    refuses_piece(PIECE_EBCDIC, "\\u20ac", EXIT_USAGE, "when its escapes have been read, byte 1");
    refuses_piece(PIECE_WAIT, "", EXIT_USAGE, "--wait '': an empty text");
    refuses_piece(PIECE_DELAY, "soon", EXIT_USAGE, "--delay 'soon': a time is written like");
    refuses_piece(PIECE_FILE, "-", EXIT_USAGE, "--stdin -");
    refuses_piece(PIECE_FILE, in_directory("none"), EXIT_READ, "no such file");
    refuses_piece(PIECE_FILE, directory, EXIT_READ, "s a directory");
    refuses_piece(PIECE_FILE, "", EXIT_READ, "--file ''");
    refuses_piece(PIECE_C_ARRAY, in_directory("none:a"), EXIT_READ, "/none' can't be read");
    refuses_piece(PIECE_C_ARRAY, directory, EXIT_READ, "s a directory");
    snprintf(value, sizeof value, "@%s", in_directory("none"));
    refuses_piece(PIECE_HEX, value, EXIT_READ, "no such file");
    snprintf(value, sizeof value, "@%s", file_of("bad", FSK_SPAN("0d\n0x")));
    refuses_piece(PIECE_HEX, value, EXIT_USAGE, "/bad': line 2, column ");
}

static void test_names_of_arrays(void **state)
{
    (void)state;
    static const char *const ends[] = {"odd:name:", "odd:name:x1_", "plain.c", "plain.c:x1_"};
    file_of("odd:name", FSK_SPAN("char x1_[] = \"x\";"));
    file_of("plain.c", FSK_SPAN("char x1_[] = \"x\";"));
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        const struct option_item item = {in_directory(ends[i]), PIECE_C_ARRAY};
        struct talk_options o = {.view = -1};
        struct plan plan;
        if (plan_of(&plan, &o, &item, 1))
            fail_msg("%s", why);
        is_step(&plan, 0, STEP_SEND, "x");
        plan_fini(&plan);
    }
    refuses_piece(PIECE_C_ARRAY, in_directory("odd:name"), EXIT_READ, "/odd' can't be read");
    refuses_piece(PIECE_C_ARRAY, in_directory("plain.c:1x"), EXIT_READ, "/plain.c:1x' can't");
    refuses_piece(PIECE_C_ARRAY, in_directory("plain.c:y"), EXIT_USAGE, "y");
}

/* A pipe to be sent has perhaps no writer yet. */
static void test_pipes(void **state)
{
    (void)state;
    const char *path = in_directory("fifo");
    assert_int_equal(mkfifo(path, 0600), 0);
    const struct option_item item = {path, PIECE_FILE};
    struct talk_options o = {.view = -1};
    struct plan plan;
    assert_int_equal(plan_of(&plan, &o, &item, 1), 0);
    assert_int_equal(open(path, O_WRONLY | O_NONBLOCK), -1); /* nobody has it open */
    plan_fini(&plan);
}

/* So much that the buffer moves: spans are right all the same. */
static void test_many_bytes(void **state)
{
    (void)state;
    enum { N = 5000 };
    static char text[N][16];
    static struct option_item items[N];
    struct talk_options o = {.view = -1};
    struct plan plan;
    for (unsigned i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "%.*s", (int)(i % 12), "abcdefghijkl");
        items[i] = (struct option_item){text[i], PIECE_TEXT};
    }
    assert_int_equal(plan_of(&plan, &o, items, N), 0);
    for (unsigned i = 0; i < N; i++)
        is_step(&plan, i, STEP_SEND, text[i]);
    plan_fini(&plan);
}

/* 64 MiB, and a byte more. */
static void test_ceiling(void **state)
{
    (void)state;
    const char *source = file_of("big.c", FSK_SPAN("char half[33554432] = {1};"));
    const struct option_item items[] = {
        {source, PIECE_C_ARRAY},
        {source, PIECE_C_ARRAY},
        {"x",    PIECE_TEXT   }
    };
    struct talk_options o = {.view = -1};
    struct plan plan;
    assert_int_equal(plan_of(&plan, &o, items, 2), 0);
    assert_int_equal(plan.step[1].bytes.n, 33554432);
    plan_fini(&plan);
    assert_int_equal(plan_of(&plan, &o, items, 3), EXIT_USAGE);
    assert_non_null(strstr(why, "--send 'x': byte 1: from here on there are more than 0 bytes"));
    plan_fini(&plan);
    refuses_piece(PIECE_C_ARRAY, "/dev/zero", EXIT_USAGE, "more than 64 MiB; cut it up");
}

/* ---- Scripts --------------------------------------------------------------------------------- */

static int script(struct plan *plan, struct talk_options *o, struct fsk_span text)
{
    o->script = file_of("script", text);
    why[0] = '\0';
    return plan_init(plan, o, why, sizeof why);
}

static void test_script(void **state)
{
    (void)state;
    struct talk_options o = {.view = -1};
    struct plan plan;
    file_of("any", FSK_SPAN("any"));
    char text[600];
    snprintf(text, sizeof text,
             "\xef\xbb\xbf# a dialog\r\n\r\n  expect 220\r\n\tsend \t EHLO a\\r\\n \t\r\n"
             "limit 1m\nexpect \" STARTTLS \"\nsend ' \"x\" \\'y\\' '\nlimit 0\nexpect z\n"
             "starttls\nhex 0d0a\nbase64 aGk=\nebcdic A\nfile \"%s/any\"\nsend \"\"\ndelay 2\n"
             "stdin\nsend say \"hi\"\nshut\nexpect x\n#close\n  # and\nclose",
             directory);
    int code = script(&plan, &o, fsk_span_str(text));
    if (code)
        fail_msg("%d %s", code, why);
    is_step(&plan, 0, STEP_EXPECT, "220");
    assert_int_equal(plan.step[0].time, 10 * FSOCK_SECOND);
    assert_int_equal(plan.step[0].line, 3);
    is_step(&plan, 1, STEP_SEND, "EHLO a\r\n");
    assert_int_equal(plan.step[1].line, 4);
    is_step(&plan, 2, STEP_EXPECT, " STARTTLS ");
    assert_int_equal(plan.step[2].time, 60 * FSOCK_SECOND);
    is_step(&plan, 3, STEP_SEND, " \"x\" 'y' ");
    is_step(&plan, 4, STEP_EXPECT, "z");
    assert_int_equal(plan.step[4].time, 0);
    is_step(&plan, 5, STEP_STARTTLS, "");
    is_step(&plan, 6, STEP_SEND, "\r\n");
    is_step(&plan, 7, STEP_SEND, "hi");
    is_step(&plan, 8, STEP_SEND, "\xc1");
    is_step(&plan, 9, STEP_FILE, "");
    assert_string_equal(plan.step[9].path, in_directory("any"));
    is_step(&plan, 10, STEP_SEND, "");
    assert_int_equal(plan.step[11].time, 2 * FSOCK_SECOND);
    is_step(&plan, 12, STEP_STDIN, "");
    is_step(&plan, 13, STEP_SEND, "say \"hi\"");
    is_step(&plan, 14, STEP_SHUT, "");
    is_step(&plan, 15, STEP_EXPECT, "x");
    is_step(&plan, 16, STEP_CLOSE, "");
    assert_int_equal(plan.step[16].line, 23);
    assert_int_equal(plan.n, 17);
    plan_fini(&plan);
}

static void refuses_script(struct talk_options o, struct fsk_span text, int code, const char *words)
{
    struct plan plan;
    int got = script(&plan, &o, text);
    if (got != code || !strstr(why, words))
        fail_msg("%.*s: %d %s", (int)text.n, text.p, got, why);
    plan_fini(&plan);
}

#define REFUSES(text, words)                                                                       \
    refuses_script((struct talk_options){.view = -1}, FSK_SPAN(text), EXIT_USAGE, words)

static void test_mistakes_of_scripts(void **state)
{
    (void)state;
    REFUSES("\nsned x\n", "/script:2: unknown word 'sned'; did you mean send?");
    REFUSES("QUIT", ":1: unknown word 'QUIT'; a line begins with");
    REFUSES("a\0b", ":1: unknown word 'a\\x00b'");
    REFUSES("send", ":1: send needs a text");
    REFUSES("delay\t", ":1: delay needs a time");
    REFUSES("shut now", ":1: shut takes no value");
    REFUSES("send \"a", ":1: the quote \" has no end");
    REFUSES("send \"", ":1: the quote \" has no end");
    REFUSES("send \"a\\\"", ":1: the quote \" has no end");
    REFUSES("send 'a' b", ":1: something stands behind the closing quote");
    REFUSES("send ok\nsend a\\", ":2: send: byte 2: a backslash");
    REFUSES("hex 0\n", ":1: hex: ");
    REFUSES("expect \"\"", ":1: expect: an empty text");
    REFUSES("limit x", ":1: limit: a time is written like");
    REFUSES("close\nsend x", ":2: send: nothing is done after close");
    REFUSES("shut\nstarttls", ":2: starttls: nothing can be sent after shut");
    REFUSES("starttls\nstarttls", ":2: starttls: TLS is on already");
    REFUSES("stdin\nstdin", ":2: stdin: standard input can be read only once");
    REFUSES("file a\0b", ":1: file: a NUL byte");
    REFUSES("file -", "the word stdin");
    refuses_script((struct talk_options){.udp = 1}, FSK_SPAN("starttls"), EXIT_USAGE, "drop -u");
    refuses_script((struct talk_options){.tls = 1}, FSK_SPAN("starttls"), EXIT_USAGE, "--tls");
    refuses_script((struct talk_options){.no_stdin = 1}, FSK_SPAN("stdin"), EXIT_USAGE, "-d");
    refuses_script((struct talk_options){.view = -1}, FSK_SPAN("\nfile /none/at/all"), EXIT_READ,
                   ":2: file: '/none/at/all' can't be read");
}

static void test_script_files(void **state)
{
    (void)state;
    struct talk_options o = {.script = in_directory("none")};
    struct plan plan;
    assert_int_equal(plan_init(&plan, &o, why, sizeof why), EXIT_READ);
    assert_non_null(strstr(why, "--script '"));
    plan_fini(&plan);
    o.script = directory;
    assert_int_equal(plan_init(&plan, &o, why, sizeof why), EXIT_READ);
    plan_fini(&plan);
    o.script = "/dev/zero";
    assert_int_equal(plan_init(&plan, &o, why, sizeof why), EXIT_USAGE);
    assert_non_null(strstr(why, "more than 16 MiB"));
    plan_fini(&plan);
    assert_int_equal(script(&plan, &o, FSK_SPAN("")), 0);
    assert_int_equal(plan.n, 0);
    plan_fini(&plan);
}

/* The script as standard input, which then can't be sent. */
static void test_script_of_stdin(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int code;
    } cases[] = {
        {"send a\n", 0         },
        {"stdin\n",  EXIT_USAGE},
        {"hex @-\n", EXIT_USAGE}
    };
    int saved = dup(STDIN_FILENO), ends[2];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct talk_options o = {.script = "-"};
        struct plan plan;
        assert_int_equal(pipe(ends), 0);
        assert_true(write(ends[1], cases[i].text, strlen(cases[i].text)) > 0);
        close(ends[1]);
        dup2(ends[0], STDIN_FILENO);
        close(ends[0]);
        why[0] = '\0';
        assert_int_equal(plan_init(&plan, &o, why, sizeof why), cases[i].code);
        assert_true(!cases[i].code || strstr(why, "standard input:1: "));
        assert_true(!cases[i].code || strstr(why, "--script reads it"));
        plan_fini(&plan);
    }
    dup2(saved, STDIN_FILENO);
    close(saved);
}

/* Each beginning of a script, before a closed page: one byte more is the caller's. */
static void test_beginnings(void **state)
{
    (void)state;
    static const char text[] =
        "\xef\xbb\xbf# c\r\nsend \" a \\\" \"\r\nexpect 'x'\nclose\n\nfile a b \t";
    struct guard g;
    guard_init(&g, sizeof text);
    for (size_t n = 0; n < sizeof text; n++) {
        struct script s;
        struct script_line line;
        char *copy = guard_copy(&g, text, n + 1);
        script_init(&s, copy, n);
        enum script_result result;
        while ((result = script_next(&s, &line, why, sizeof why)) == SCRIPT_LINE)
            assert_true(line.what == WORD_CLOSE || line.value.p[line.value.n] == '\0');
        assert_true(result == SCRIPT_END || why[0]);
    }
    guard_fini(&g);
}

static void remove_files(void)
{
    static const char *const names[] = {"any",     "dump", "a.c",   "bad",   "odd:name",
                                        "plain.c", "fifo", "big.c", "script"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(in_directory(names[i]));
    rmdir(directory);
}

int main(void)
{
    if (!mkdtemp(directory))
        abort();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_without_pieces),
        cmocka_unit_test(test_mistakes_of_pieces),
        cmocka_unit_test(test_names_of_arrays),
        cmocka_unit_test(test_pipes),
        cmocka_unit_test(test_many_bytes),
        cmocka_unit_test(test_ceiling),
        cmocka_unit_test(test_script),
        cmocka_unit_test(test_mistakes_of_scripts),
        cmocka_unit_test(test_script_files),
        cmocka_unit_test(test_script_of_stdin),
        cmocka_unit_test(test_beginnings),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_files();
    return failed;
}
