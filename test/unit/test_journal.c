/* The file of a journal: what is kept, what is refused, what a crash leaves, and who waits. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "journal.h"
#include "outcome.h"

static char dir[] = "/tmp/fsock-journal-XXXXXX", file[100], why[600];

static void put(const char *text, size_t n)
{
    FILE *f = fopen(file, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static long size_of_file(void)
{
    struct stat st;
    assert_int_equal(stat(file, &st), 0);
    return (long)st.st_size;
}

static int empty(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s && mkdir %s", dir, dir);
    return system(command);
}

static struct journal_record numbered(unsigned n, char url[40])
{
    int len = snprintf(url, 40, "http://h.example/%u", n);
    return (struct journal_record){.time = n * FSOCK_SECOND,
                                   .err = FSK_SPAN("ok"),
                                   .status = 200,
                                   .url = fsk_span(url, (size_t)len)};
}

static void add(struct journal *j, unsigned n)
{
    char url[40];
    struct journal_record r = numbered(n, url);
    journal_add(j, &r);
}

/* Open it, expect the records from 0 to n - 1, and start it. */
static void opens(struct journal *j, unsigned n, const char *note)
{
    struct journal_record r;
    char url[40];
    assert_int_equal(journal_open(j, file, why, sizeof why), 0);
    for (unsigned i = 0; i < n; i++) {
        struct journal_record want = numbered(i, url);
        assert_true(journal_next(j, &r));
        assert_true(fsk_span_eq(r.url, want.url) && r.time == want.time && r.status == 200);
    }
    assert_false(journal_next(j, &r));
    assert_false(journal_next(j, &r));
    assert_int_equal(journal_start(j, why, sizeof why), 0);
    assert_string_equal(why, note);
}

static void add_from(unsigned from, unsigned to)
{
    struct journal j;
    opens(&j, from, "");
    for (unsigned i = from; i < to; i++)
        add(&j, i);
    assert_int_equal(journal_close(&j), 0);
}

static void grows(void **state)
{
    (void)state;
    struct stat st;
    add_from(0, 0);
    assert_int_equal(size_of_file(), sizeof JOURNAL_FIRST - 1);
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    add_from(0, 1);
    add_from(1, 2500);
    add_from(2500, 2501);
    add_from(2501, 2501);
}

/* What another has written down is there a little later, without anything else happening. */
static void written_soon(void **state)
{
    (void)state;
    struct journal j;
    opens(&j, 0, "");
    long before = size_of_file();
    add(&j, 0);
    fsock_time limit = fsock_now() + 10 * FSOCK_SECOND;
    while (size_of_file() == before && fsock_now() < limit)
        usleep(5000);
    assert_true(size_of_file() > before);
    add(&j, 1);
    assert_int_equal(journal_close(&j), 0);
    add_from(2, 2);
}

static void locked(void **state)
{
    (void)state;
    struct journal j, second;
    opens(&j, 0, "");
    assert_int_equal(journal_open(&second, file, why, sizeof why), EXIT_USAGE);
    assert_non_null(strstr(why, "is in use by another run"));
    journal_close(&second);
    add(&j, 0);
    assert_int_equal(journal_close(&j), 0);
    add_from(1, 1);
}

/* Killed at any byte of its last line: that line is cut off, the others are there. */
static void torn(void **state)
{
    (void)state;
    char text[1000];
    add_from(0, 2);
    long start = size_of_file();
    add_from(2, 3);
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    size_t n = fread(text, 1, sizeof text, f);
    fclose(f);
    for (size_t cut = (size_t)start + 1; cut < n; cut++) {
        struct journal j;
        char note[200];
        put(text, cut);
        snprintf(note, sizeof note,
                 "the journal %s ended in a half-written line, which was cut off", file);
        opens(&j, 2, note);
        assert_int_equal(size_of_file(), start);
        add(&j, 2);
        assert_int_equal(journal_close(&j), 0);
        add_from(3, 3);
    }
}

static void damaged(void **state)
{
    (void)state;
    struct journal j;
    struct journal_record r;
    add_from(0, 5);
    int fd = open(file, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "XX", 2, 100), 2);
    assert_int_equal(lseek(fd, 0, SEEK_END), size_of_file());
    assert_int_equal(write(fd, "\0\0\0", 3), 3);
    close(fd);
    assert_int_equal(journal_open(&j, file, why, sizeof why), 0);
    unsigned n = 0;
    while (journal_next(&j, &r))
        n++;
    assert_int_equal(n, 4);
    assert_int_equal(journal_start(&j, why, sizeof why), 0);
    assert_non_null(strstr(why, "is damaged: 1 line, the first of them 3, can't be read, and a "
                                "half-written one at its end was cut off"));
    assert_int_equal(journal_close(&j), 0);
}

/* Refused, and left as it is. */
static void is_foreign(const char *text, size_t n)
{
    struct journal j;
    struct journal_record r;
    char got[100];
    put(text, n);
    assert_int_equal(journal_open(&j, file, why, sizeof why), 0);
    assert_false(journal_next(&j, &r));
    assert_false(journal_next(&j, &r));
    assert_int_equal(journal_start(&j, why, sizeof why), EXIT_USAGE);
    assert_non_null(strstr(why, "is no journal"));
    journal_close(&j);
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    assert_int_equal(fread(got, 1, sizeof got, f), n);
    assert_memory_equal(got, text, n);
    fclose(f);
}

static void foreign(void **state)
{
    (void)state;
    static const char *const text[] = {"x",
                                       "\n",
                                       "http://h.example/\n",
                                       "# fsock journal 2\n",
                                       "# fsock journal 1",
                                       "# fsock journal 1\r\n"};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        is_foreign(text[i], strlen(text[i]));
    is_foreign("\0", 1);
}

static void no_file(void **state)
{
    (void)state;
    struct journal j;
    assert_int_equal(journal_open(&j, dir, why, sizeof why), EXIT_WRITE);
    assert_non_null(strstr(why, "can't open the journal"));
    journal_close(&j);
    assert_int_equal(journal_open(&j, "/dev/null", why, sizeof why), EXIT_USAGE);
    assert_non_null(strstr(why, "is no regular file"));
    journal_close(&j);
    assert_int_equal(mkfifo(file, 0600), 0);
    assert_int_equal(journal_open(&j, file, why, sizeof why), EXIT_USAGE);
    journal_close(&j);
}

/* A full disk: the error is told, and who adds more than there is room for doesn't wait forever. */
static void full(void **state)
{
    (void)state;
    struct journal j;
    struct rlimit before, small = {4096, 4096};
    opens(&j, 0, "");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    for (unsigned i = 0; i < 300000; i++)
        add(&j, i);
    assert_int_equal(journal_close(&j), EFBIG);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(journal_open(&j, file, why, sizeof why), 0);
    struct journal_record r;
    while (journal_next(&j, &r))
        continue;
    assert_int_equal(journal_start(&j, why, sizeof why), 0);
    journal_close(&j);
}

static void *add_many(void *arg)
{
    for (unsigned i = 0; i < 50000; i++)
        add(arg, i);
    return NULL;
}

static void threads(void **state)
{
    (void)state;
    struct journal j;
    struct journal_record r;
    pthread_t t[4];
    unsigned n = 0;
    opens(&j, 0, "");
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&t[i], NULL, add_many, &j), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(t[i], NULL);
    assert_int_equal(journal_close(&j), 0);
    assert_int_equal(journal_open(&j, file, why, sizeof why), 0);
    while (journal_next(&j, &r))
        n++;
    assert_int_equal(n, 200000);
    assert_int_equal(j.old.damaged, 0);
    journal_close(&j);
}

/* A line longer than any is one that is damaged, wherever it stands. */
static void overlong(void **state)
{
    (void)state;
    size_t n = 3 * JOURNAL_LINE_MAX;
    char *text = malloc(n);
    struct journal j;
    struct journal_record r;
    assert_non_null(text);
    memset(text, 'x', n);
    add_from(0, 1);
    FILE *f = fopen(file, "a");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fputc('\n', f);
    fclose(f);
    free(text);
    assert_int_equal(journal_open(&j, file, why, sizeof why), 0);
    assert_true(journal_next(&j, &r));
    assert_false(journal_next(&j, &r));
    assert_int_equal(j.old.damaged, 1);
    assert_int_equal(j.old.whole, size_of_file());
    assert_true(j.old.buf.cap <= 2 * JOURNAL_LINE_MAX);
    journal_close(&j);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    snprintf(file, sizeof file, "%s/journal", dir);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(grows, empty),   cmocka_unit_test_setup(written_soon, empty),
        cmocka_unit_test_setup(locked, empty),  cmocka_unit_test_setup(torn, empty),
        cmocka_unit_test_setup(damaged, empty), cmocka_unit_test_setup(foreign, empty),
        cmocka_unit_test_setup(no_file, empty), cmocka_unit_test_setup(full, empty),
        cmocka_unit_test_setup(threads, empty), cmocka_unit_test_setup(overlong, empty),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    empty(NULL);
    rmdir(dir);
    return failed;
}
