/*
 * fsockopen(): a FILE that is read, written, turned and closed as any other. What opening tells is
 * in test_stream_open.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "stream_rig.h"

/* A FILE, and the stream that is its peer. */
struct call {
    FILE *file;
    fsock_stream *peer;
};

static void call(struct call *c)
{
    struct fsock_fault fault;
    fsock_listener *l = hear("tcp://127.0.0.1:0", NULL);
    c->file = fsockopen("127.0.0.1", fsock_listener_port(l), &fault, 5);
    if (!c->file)
        fail_msg("%s", fault.text);
    assert_int_equal(fault.err, FSOCK_OK);
    assert_int_equal(fault.sys_errno, 0);
    is_text(fault.text, "");
    c->peer = take(l);
    fsock_listener_close(l);
}

static void hang_up(struct call *c)
{
    assert_int_equal(fclose(c->file), 0);
    fsock_close(c->peer);
}

static void test_lines_and_an_answer(void **state)
{
    struct call c;
    char line[64];
    (void)state;
    call(&c);
    assert_true(fprintf(c.file, "GET %s HTTP/1.0\r\n\r\n", "/") > 0);
    assert_int_equal(fflush(c.file), 0);
    hears(c.peer, "GET / HTTP/1.0\r\n\r\n");
    say(c.peer, "HTTP/1.0 200 OK\r\n\r\nbody");
    ok(fsock_shut(c.peer, SOON));
    is_text(fgets(line, sizeof line, c.file), "HTTP/1.0 200 OK\r\n");
    is_text(fgets(line, sizeof line, c.file), "\r\n");
    is_text(fgets(line, sizeof line, c.file), "body");
    assert_null(fgets(line, sizeof line, c.file));
    assert_true(feof(c.file));
    assert_false(ferror(c.file));
    hang_up(&c);
}

static void test_getline_and_fread(void **state)
{
    struct call c;
    char *line = NULL, rest[8];
    size_t room = 0;
    (void)state;
    call(&c);
    fsock_write(c.peer, "a\0b\nlast", 8, NULL, SOON);
    ok(fsock_shut(c.peer, SOON));
    assert_int_equal(getline(&line, &room, c.file), 4);
    assert_memory_equal(line, "a\0b\n", 5);
    assert_int_equal(fread(rest, 1, sizeof rest, c.file), 4);
    assert_memory_equal(rest, "last", 4);
    assert_int_equal(fgetc(c.file), EOF);
    free(line);
    hang_up(&c);
}

static void test_3_01_all_byte_values(void **state)
{
    struct call c;
    unsigned char got[256], want[256];
    (void)state;
    call(&c);
    for (int i = 0; i < 256; i++) {
        want[i] = (unsigned char)i;
        assert_int_equal(putc(i, c.file), i);
    }
    fflush(c.file);
    size_t n;
    ok(fsock_read_exact(c.peer, got, sizeof got, &n, SOON));
    assert_memory_equal(got, want, sizeof got);
    ok(fsock_write(c.peer, want, sizeof want, NULL, SOON));
    for (int i = 0; i < 256; i++)
        assert_int_equal(getc(c.file), i);
    hang_up(&c);
}

static void test_unbuffered(void **state)
{
    struct call c;
    char line[16];
    (void)state;
    call(&c);
    setvbuf(c.file, NULL, _IONBF, 0);
    fputs("at once\n", c.file);
    hears(c.peer, "at once\n");
    say(c.peer, "yes\nno\n");
    is_text(fgets(line, sizeof line, c.file), "yes\n");
    fputs("more\n", c.file);
    hears(c.peer, "more\n");
    is_text(fgets(line, sizeof line, c.file), "no\n");
    hang_up(&c);
}

/* ---- Turning --------------------------------------------------------------------------------- */

/* Read `first` of `all` bytes by fread, write a line, and read the others. */
static void turn(size_t all, size_t first)
{
    struct call c;
    char *bytes = many_bytes(all), *got = malloc(all + 1);
    call(&c);
    ok(fsock_write(c.peer, bytes, all, NULL, SOON));
    assert_int_equal(fread(got, 1, first, c.file), first);
    assert_true(fputs("turn\n", c.file) >= 0);
    assert_int_equal(fflush(c.file), 0);
    hears(c.peer, "turn\n");
    assert_int_equal(fread(got + first, 1, all - first, c.file), all - first);
    assert_memory_equal(got, bytes, all);
    free(bytes);
    free(got);
    hang_up(&c);
}

static void test_turning_with_unread_bytes(void **state)
{
    static const size_t sizes[] = {1, 2, 100, 4096, 16383, 16384, 16385, 40000, 100000};
    (void)state;
    for (size_t i = 0; i < COUNT(sizes); i++)
        for (size_t k = 0; k <= i; k++) {
            turn(sizes[i], sizes[k]);
            turn(sizes[i], sizes[k] - 1);
            turn(sizes[i], sizes[k] / 2);
        }
}

static void test_turning_after_a_part_of_a_line(void **state)
{
    struct call c;
    char line[64];
    (void)state;
    call(&c);
    say(c.peer, "one and more\ntwo\nthree\n");
    is_text(fgets(line, 5, c.file), "one ");
    fputs("a\n", c.file);
    fflush(c.file);
    is_text(fgets(line, sizeof line, c.file), "and more\n");
    fputs("b\n", c.file);
    fputs("c\n", c.file);
    fflush(c.file);
    hears(c.peer, "a\nb\nc\n");
    is_text(fgets(line, sizeof line, c.file), "two\n");
    assert_int_equal(ungetc('T', c.file), 'T');
    is_text(fgets(line, sizeof line, c.file), "Tthree\n");
    hang_up(&c);
}

static void test_turning_many_times(void **state)
{
    struct call c;
    char line[64], want[64];
    (void)state;
    call(&c);
    for (int i = 0; i < 200; i++)
        ok(fsock_printf(c.peer, SOON, "this is line number %d\n", i));
    for (int i = 0; i < 200; i++) {
        snprintf(want, sizeof want, "this is line number %d\n", i);
        is_text(fgets(line, sizeof line, c.file), want);
        fprintf(c.file, "answer %d\n", i);
        fflush(c.file);
        snprintf(want, sizeof want, "answer %d\n", i);
        hears(c.peer, want);
    }
    hang_up(&c);
}

static void test_flushing_with_unread_bytes(void **state)
{
    struct call c;
    char line[64];
    (void)state;
    call(&c);
    say(c.peer, "one\ntwo\nthree\n");
    is_text(fgets(line, sizeof line, c.file), "one\n");
    assert_int_equal(fflush(c.file), 0);
    is_text(fgets(line, sizeof line, c.file), "two\n");
    assert_int_equal(fflush(c.file), 0);
    assert_int_equal(fflush(c.file), 0);
    is_text(fgets(line, sizeof line, c.file), "three\n");
    hang_up(&c);
}

/* What stdio has not read is the stream's, and what it has given back as well. */
static void test_the_stream_under_it(void **state)
{
    struct call c;
    char line[64];
    size_t n;
    (void)state;
    call(&c);
    say(c.peer, "one\ntwo\nthree\n");
    is_text(fgets(line, sizeof line, c.file), "one\n");
    assert_int_equal(fflush(c.file), 0);
    ok(fsock_read_line(fsock_of(c.file), line, sizeof line, &n, SOON));
    is_text(line, "two\n");
    is_text(fgets(line, sizeof line, c.file), "three\n");
    hang_up(&c);
}

static void test_3_15_it_does_not_seek(void **state)
{
    struct call c;
    (void)state;
    call(&c);
    say(c.peer, "abc");
    assert_int_equal(getc(c.file), 'a');
    errno = 0;
    assert_int_equal(fseek(c.file, 0, SEEK_SET), -1);
    assert_int_equal(errno, ESPIPE);
    errno = 0;
    assert_int_equal(fseek(c.file, 10, SEEK_CUR), -1);
    assert_int_equal(errno, ESPIPE);
    errno = 0;
    assert_int_equal(fseek(c.file, 0, SEEK_END), -1);
    assert_int_equal(errno, ESPIPE);
    assert_int_equal(getc(c.file), 'b');
    assert_int_equal(getc(c.file), 'c');
    hang_up(&c);
}

/* ---- Limits ---------------------------------------------------------------------------------- */

static void drip(struct actor *a)
{
    while (fsock_write(a->stream, ".", 1, NULL, SOON) == FSOCK_OK)
        pause_for(0.02);
}

static void timed_out(FILE *file)
{
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(ferror(file));
    assert_false(feof(file));
    assert_true(fsock_inspect(fsock_of(file))->timed_out);
    const struct fsock_fault *fault = fsock_last_fault(fsock_of(file));
    assert_int_equal(fault->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(fault->stage, FSOCK_STAGE_RECV);
    assert_int_equal(fault->sys_errno, ETIMEDOUT);
    assert_non_null(strstr(fault->text, "127.0.0.1"));
}

static void test_a_deadline_within_fgets(void **state)
{
    struct call c;
    char line[4096];
    (void)state;
    call(&c);
    struct actor a = {.stream = c.peer};
    actor_start(&a, drip, 0);
    fsock_time began = fsock_now();
    fsock_set_silence(fsock_of(c.file), 200 * MS);
    fsock_set_deadline(fsock_of(c.file), fsock_after(0.5));
    errno = 0;
    assert_null(fgets(line, sizeof line, c.file));
    took(began, 0.45, 1.0);
    timed_out(c.file);
    assert_int_equal(fsock_last_fault(fsock_of(c.file))->limit, FSOCK_LIMIT_TOTAL);
    fclose(c.file);
    actor_join(&a);
    fsock_close(c.peer);
}

static void test_3_07_silence_within_fgets(void **state)
{
    struct call c;
    char line[64] = "";
    (void)state;
    call(&c);
    fsock_set_silence(fsock_of(c.file), 150 * MS);
    say(c.peer, "one\n");
    is_text(fgets(line, sizeof line, c.file), "one\n");
    fsock_time began = fsock_now();
    errno = 0;
    assert_null(fgets(line, sizeof line, c.file));
    took(began, 0.14, 0.6);
    timed_out(c.file);
    assert_int_equal(fsock_last_fault(fsock_of(c.file))->limit, FSOCK_LIMIT_READ);
    clearerr(c.file);
    say(c.peer, "two\n");
    is_text(fgets(line, sizeof line, c.file), "two\n");
    assert_false(fsock_inspect(fsock_of(c.file))->timed_out);
    hang_up(&c);
}

/* fgets() says nothing of a line that was cut off; getline() gives what there is. */
static void test_the_time_is_up_within_a_line(void **state)
{
    struct call c;
    char *line = NULL, part[64];
    size_t room = 0;
    (void)state;
    call(&c);
    fsock_set_silence(fsock_of(c.file), 50 * MS);
    say(c.peer, "one, ");
    assert_int_equal(getline(&line, &room, c.file), 5);
    is_text(line, "one, ");
    assert_true(ferror(c.file));
    clearerr(c.file);
    say(c.peer, "two, ");
    assert_int_equal(fread(part, 1, sizeof part, c.file), 5);
    assert_memory_equal(part, "two, ", 5);
    assert_true(ferror(c.file));
    clearerr(c.file);
    say(c.peer, "three\n");
    assert_int_equal(getline(&line, &room, c.file), 6);
    is_text(line, "three\n");
    free(line);
    hang_up(&c);
}

static void test_a_write_that_times_out(void **state)
{
    struct call c;
    char *bytes = many_bytes(8 << 20);
    (void)state;
    call(&c);
    fsock_set_silence(fsock_of(c.file), 50 * MS);
    errno = 0;
    assert_true(fwrite(bytes, 1, 8 << 20, c.file) < 8 << 20);
    assert_int_equal(errno, ETIMEDOUT);
    assert_true(ferror(c.file));
    free(bytes);
    fclose(c.file);
    fsock_close(c.peer);
}

/* ---- Ends ------------------------------------------------------------------------------------ */

static void test_3_11_a_peer_that_has_gone(void **state)
{
    struct call c;
    (void)state;
    call(&c);
    fsock_close(c.peer);
    errno = 0;
    while (!ferror(c.file)) {
        fputs("hello\n", c.file);
        fflush(c.file);
    }
    assert_true(errno == EPIPE || errno == ECONNRESET);
    fclose(c.file);
}

static void test_3_12_a_reset(void **state)
{
    struct call c;
    (void)state;
    call(&c);
    ok(fsock_set_option(c.peer, FSOCK_OPTION_LINGER, 0));
    fsock_close(c.peer);
    errno = 0;
    assert_int_equal(getc(c.file), EOF);
    assert_int_equal(errno, ECONNRESET);
    assert_true(ferror(c.file));
    assert_int_equal(fsock_last_fault(fsock_of(c.file))->err, FSOCK_ERR_RESET);
    fclose(c.file);
}

static int write_to_nobody(void)
{
    struct line l;
    int fd[2];
    fsock_stream *out;
    signal(SIGPIPE, SIG_DFL);
    meet(&l);
    FILE *file = fsock_file(l.client);
    fsock_close(l.server);
    for (int i = 0; i < 100 && !ferror(file); i++) {
        fputs("hello\n", file);
        fflush(file);
        pause_for(0.001);
    }
    if (!ferror(file) || fclose(file) != 0 || pipe(fd) < 0 ||
        fsock_open_fd(&out, fd[1], 1, NULL) != FSOCK_OK)
        return 1;
    close(fd[0]);
    file = fsock_file(out);
    errno = 0;
    fputs("hello\n", file);
    if (fflush(file) != EOF || errno != EPIPE || !ferror(file))
        return 2;
    fclose(file);
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE) ? 3 : 0;
}

static void test_never_a_sigpipe(void **state)
{
    (void)state;
    assert_int_equal(child_does(write_to_nobody), 0);
}

/* What fclose() can't write any more it says. */
static void test_closing_tells_of_a_lost_end(void **state)
{
    struct call c;
    (void)state;
    call(&c);
    ok(fsock_set_option(c.peer, FSOCK_OPTION_LINGER, 0));
    fsock_close(c.peer);
    fputs("unsent", c.file);
    assert_int_equal(fclose(c.file), EOF);
}

static void test_whose_stream_it_is(void **state)
{
    struct call a, b;
    (void)state;
    call(&a);
    call(&b);
    assert_null(fsock_of(stdin));
    assert_non_null(fsock_of(a.file));
    assert_non_null(fsock_of(b.file));
    assert_ptr_not_equal(fsock_of(a.file), fsock_of(b.file));
    hang_up(&a);
    assert_non_null(fsock_of(b.file));
    hang_up(&b);
    FILE *other = tmpfile();
    assert_null(fsock_of(other));
    fclose(other);
}

static void test_datagrams(void **state)
{
    char line[64];
    fsock_stream *peer;
    struct fsock_address from;
    size_t n;
    (void)state;
    ok(fsock_bind(&peer, "udp://127.0.0.1", 0, NULL, SOON, NULL));
    FILE *f = fsockopen("udp://127.0.0.1", fsock_inspect(peer)->local_port, NULL, 1);
    assert_non_null(f);
    fputs("who?\n", f);
    fflush(f);
    ok(fsock_recv_from(peer, line, sizeof line, &n, &from, SOON));
    ok(fsock_send_to(peer, "", 0, &from, SOON)); /* no end, though stdio knows no other nothing */
    ok(fsock_send_to(peer, "me\n", 3, &from, SOON));
    is_text(fgets(line, sizeof line, f), "me\n");
    fclose(f);
    fsock_close(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_and_an_answer),
        TEST(test_getline_and_fread),
        TEST(test_3_01_all_byte_values),
        TEST(test_unbuffered),
        TEST(test_turning_with_unread_bytes),
        TEST(test_turning_after_a_part_of_a_line),
        TEST(test_turning_many_times),
        TEST(test_flushing_with_unread_bytes),
        TEST(test_the_stream_under_it),
        TEST(test_3_15_it_does_not_seek),
        TEST(test_a_deadline_within_fgets),
        TEST(test_3_07_silence_within_fgets),
        TEST(test_the_time_is_up_within_a_line),
        TEST(test_a_write_that_times_out),
        TEST(test_3_11_a_peer_that_has_gone),
        TEST(test_3_12_a_reset),
        TEST(test_never_a_sigpipe),
        TEST(test_closing_tells_of_a_lost_end),
        TEST(test_whose_stream_it_is),
        TEST(test_datagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
