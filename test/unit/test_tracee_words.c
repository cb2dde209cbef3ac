/* The words of a traced program's calls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>

#include "tracee_words.h"

static void test_words(void **state)
{
    (void)state;
    char room[TRACEE_WORDS];
    assert_string_equal(tracee_word_fcntl(F_SETFL, room), "F_SETFL");
    assert_string_equal(tracee_word_fcntl(12345, room), "12345");
    assert_string_equal(tracee_word_epoll_op(EPOLL_CTL_MOD, room), "EPOLL_CTL_MOD");
    assert_string_equal(tracee_word_epoll_op(-7, room), "-7");
}

static void test_flags(void **state)
{
    (void)state;
    char room[TRACEE_WORDS];
    assert_string_equal(tracee_word_open_flags(O_RDWR | O_NONBLOCK, room), "O_RDWR|O_NONBLOCK");
    assert_string_equal(tracee_word_open_flags(0100000, room), "O_RDONLY");
    assert_string_equal(tracee_word_epoll_events(EPOLLIN | EPOLLET, room), "EPOLLIN|EPOLLET");
    assert_string_equal(tracee_word_epoll_events(0, room), "0");
    assert_string_equal(tracee_word_epoll_flags(EPOLL_CLOEXEC | 1, room), "EPOLL_CLOEXEC|0x1");
    assert_string_equal(tracee_word_splice_flags(SPLICE_F_MOVE | SPLICE_F_MORE, room),
                        "SPLICE_F_MOVE|SPLICE_F_MORE");
}

/* All at once fit. */
static void test_room(void **state)
{
    (void)state;
    char room[TRACEE_WORDS];
    assert_true(strlen(tracee_word_open_flags(-1, room)) < TRACEE_WORDS - 1);
    assert_true(strlen(tracee_word_epoll_events(UINT32_MAX, room)) < TRACEE_WORDS - 1);
    assert_true(strlen(tracee_word_splice_flags(UINT32_MAX, room)) < TRACEE_WORDS - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
