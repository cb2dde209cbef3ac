/* The file of a cache of names: what is kept, merged, refused, and never left half-written. */
#include <errno.h>
#include <fcntl.h>
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
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/time.h"
#include "dns_cache_file.h"

#define SECOND FSOCK_SECOND
#define FIRST  "# fsock dns cache 1\n"

/* The two clocks as the tests see them: the wall shows 1,000,000 seconds, and a half. */
static const fsock_time now = 5 * SECOND;
static const int64_t wall = 1000000 * SECOND + SECOND / 2;

static char dir[] = "/tmp/fsock-cache-XXXXXX", file[100], part[110], why[600];

static void put_file(const char *name, const char *text, size_t n)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    fclose(f);
}

static void put(const char *text)
{
    put_file(file, text, strlen(text));
}

static void holds(const char *text)
{
    char got[1000] = "";
    FILE *f = fopen(file, "r");
    assert_non_null(f);
    got[fread(got, 1, sizeof got - 1, f)] = '\0';
    fclose(f);
    assert_string_equal(got, text);
    assert_int_equal(access(part, F_OK), -1);
}

static bool loads(struct dns_cache *c)
{
    dns_cache_init(c, 1000);
    return dns_cache_load(c, file, now, wall, why, sizeof why);
}

static bool saves(struct dns_cache *c)
{
    return dns_cache_save(c, file, now, wall, fsock_now() + 10 * SECOND, why, sizeof why);
}

static struct fsk_addr address(const char *text)
{
    struct fsk_addr a;
    assert_true(fsk_addr_parse(fsk_span_str(text), &a, NULL));
    return a;
}

static void know(struct dns_cache *c, const char *addr, enum dns_state state, const char *name,
                 fsock_time expires)
{
    struct fsk_addr a = address(addr);
    assert_true(dns_cache_put(c, &a, state, fsk_span_str(name), expires));
}

static void is(const struct dns_cache *c, const char *addr, enum dns_state state, const char *name,
               fsock_time expires)
{
    struct fsk_addr a = address(addr);
    const struct dns_entry *e = dns_cache_peek(c, &a);
    assert_non_null(e);
    assert_int_equal(e->state, state);
    assert_true(fsk_span_eq(dns_entry_name(e), fsk_span_str(name)));
    assert_int_equal(e->expires, expires);
}

static int empty(void **state)
{
    (void)state;
    char command[200];
    snprintf(command, sizeof command, "rm -rf %s && mkdir %s", dir, dir);
    return system(command);
}

static void there_and_back(void **state)
{
    (void)state;
    struct dns_cache c;
    struct stat st;
    assert_true(loads(&c)); /* no file: an empty cache */
    assert_int_equal(dns_cache_count(&c), 0);
    assert_int_equal(access(file, F_OK), -1);
    know(&c, "192.0.2.1", DNS_NAMED, "a.example", now + 60 * SECOND);
    know(&c, "2001:db8::1", DNS_NAMELESS, "", now + 61 * SECOND + SECOND / 4);
    know(&c, "192.0.2.3", DNS_FAILED, "", now + 60 * SECOND);
    know(&c, "192.0.2.4", DNS_NAMED, "over.example", now);
    know(&c, "192.0.2.5", DNS_NAMED, "-", now + 60 * SECOND);
    know(&c, "::ffff:192.0.2.6", DNS_NAMED, "\\032.example", FSOCK_NEVER);
    mode_t mask = umask(022);
    assert_true(saves(&c));
    umask(mask);
    holds(FIRST "192.0.2.1\t1000061\ta.example\n"
                "2001:db8::1\t1000062\t-\n"
                "192.0.2.5\t1000061\t\\045\n"
                "::ffff:192.0.2.6\t316360001\t\\032.example\n");
    assert_int_equal(stat(file, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    dns_cache_fini(&c);
    assert_true(loads(&c));
    assert_int_equal(dns_cache_count(&c), 4);
    is(&c, "192.0.2.1", DNS_NAMED, "a.example", now + 60 * SECOND + SECOND / 2);
    is(&c, "2001:db8::1", DNS_NAMELESS, "", now + 61 * SECOND + SECOND / 2);
    is(&c, "192.0.2.5", DNS_NAMED, "\\045", now + 60 * SECOND + SECOND / 2);
    dns_cache_fini(&c);
}

/* Saved again and again at other moments, times stay the same. */
static void times_do_not_drift(void **state)
{
    (void)state;
    struct dns_cache c;
    static const char text[] = FIRST "192.0.2.1\t1000061\ta.example\n";
    put(text);
    for (int i = 0; i < 20; i++) {
        int64_t step = i * SECOND / 7, run = SECOND / 3;
        dns_cache_init(&c, 10);
        assert_true(dns_cache_load(&c, file, now + step, wall + step, why, sizeof why));
        assert_true(dns_cache_save(&c, file, now + step + run, wall + step + run + 1000,
                                   fsock_now(), why, sizeof why));
        dns_cache_fini(&c);
        holds(text);
    }
}

static void what_is_over(void **state)
{
    (void)state;
    struct dns_cache c;
    put(FIRST "192.0.2.1\t1000000\tover.example\n"
              "192.0.2.2\t1000001\ta.example\n"
              "192.0.2.3\t0\t-\n"
              "192.0.2.4\t18446744073709551615\tb.example\n");
    assert_true(loads(&c));
    assert_int_equal(dns_cache_count(&c), 2);
    is(&c, "192.0.2.2", DNS_NAMED, "a.example", now + SECOND / 2);
    is(&c, "192.0.2.4", DNS_NAMED, "b.example", now + 315360000 * SECOND - SECOND / 2);
    assert_true(
        dns_cache_save(&c, file, now + SECOND, wall + SECOND, fsock_now(), why, sizeof why));
    holds(FIRST "192.0.2.4\t316360001\tb.example\n");
    dns_cache_fini(&c);
}

static void merged(void **state)
{
    (void)state;
    struct dns_cache c;
    put(FIRST "192.0.2.1\t1000100\told.example\n");
    assert_true(loads(&c));
    know(&c, "192.0.2.2", DNS_NAMED, "mine.example", now + 100 * SECOND);
    know(&c, "192.0.2.3", DNS_NAMED, "mine.example", now + 100 * SECOND);
    know(&c, "192.0.2.4", DNS_FAILED, "", now + 1000 * SECOND);
    bool ask;
    struct fsk_addr asked = address("192.0.2.5");
    assert_non_null(dns_cache_get(&c, &asked, now, &ask));
    put(FIRST "192.0.2.2\t1000200\tlater.example\n" /* written by another run meanwhile */
              "192.0.2.3\t1000050\tsooner.example\n"
              "192.0.2.4\t1000050\tfour.example\n"
              "192.0.2.5\t1000050\t-\n"
              "192.0.2.6\t1000050\tsix.example\n"
              "192.0.2.7\t999999\tover.example\n");
    assert_true(saves(&c));
    holds(FIRST "192.0.2.4\t1000050\tfour.example\n"
                "192.0.2.5\t1000050\t-\n"
                "192.0.2.6\t1000050\tsix.example\n"
                "192.0.2.1\t1000100\told.example\n"
                "192.0.2.3\t1000101\tmine.example\n"
                "192.0.2.2\t1000200\tlater.example\n");
    is(&c, "192.0.2.2", DNS_NAMED, "later.example", now + 199 * SECOND + SECOND / 2);
    dns_cache_fini(&c);
    unlink(file); /* or removed */
    dns_cache_init(&c, 1000);
    know(&c, "192.0.2.1", DNS_NAMELESS, "", now + 100 * SECOND);
    assert_true(saves(&c));
    holds(FIRST "192.0.2.1\t1000101\t-\n");
    dns_cache_fini(&c);
}

/* A cache that is smaller than the file keeps its last lines, and the file all. */
static void small_cache(void **state)
{
    (void)state;
    struct dns_cache c;
    static const char text[] = FIRST "192.0.2.1\t1000100\ta\n192.0.2.2\t1000100\tb\n"
                                     "192.0.2.3\t1000100\tc\n192.0.2.4\t1000100\td\n";
    put(text);
    dns_cache_init(&c, 2);
    assert_true(dns_cache_load(&c, file, now, wall, why, sizeof why));
    assert_int_equal(dns_cache_count(&c), 2);
    is(&c, "192.0.2.3", DNS_NAMED, "c", now + 99 * SECOND + SECOND / 2);
    is(&c, "192.0.2.4", DNS_NAMED, "d", now + 99 * SECOND + SECOND / 2);
    assert_true(saves(&c));
    holds(text);
    dns_cache_fini(&c);
}

/* Neither loaded nor overwritten; `why` names file and line. */
static void refused(const char *text, size_t n, int line)
{
    struct dns_cache c;
    struct stat before, after;
    char place[200], got[1000];
    put_file(file, text, n);
    snprintf(place, sizeof place, "%s, line %d: ", file, line);
    assert_int_equal(stat(file, &before), 0);
    for (int i = 0; i < 2; i++) {
        why[0] = '\0';
        if (i == 0) {
            assert_false(loads(&c));
            dns_cache_fini(&c);
        } else {
            dns_cache_init(&c, 10);
            assert_false(saves(&c));
            dns_cache_fini(&c);
        }
        assert_memory_equal(why, place, strlen(place));
        assert_non_null(strstr(why, "remove the file, or name another one (--cache)"));
    }
    assert_int_equal(stat(file, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    FILE *f = fopen(file, "r");
    assert_int_equal(fread(got, 1, sizeof got, f), n < sizeof got ? n : sizeof got);
    fclose(f);
    assert_memory_equal(got, text, n < sizeof got ? n : sizeof got);
    assert_int_equal(access(part, F_OK), -1);
}

static void damaged(void **state)
{
    (void)state;
    static const char *const first[] = {"\n",
                                        "x",
                                        "# fsock dns cache 1",
                                        "# fsock dns cache 1\r\n",
                                        "# fsock dns cache 2\n",
                                        "192.0.2.1\t1000100\ta\n"};
    static const char *const third[] = {
        "192.0.2.1\t1000100\ta",
        "192.0.2.1\t1000100\n",
        "192.0.2.1\t1000100\t\n",
        "192.0.2.1\t1000100\ta\tb\n",
        "192.0.2.1\t1000100\ta b\n",
        "192.0.2.1\t1000100\ta\r\n",
        "192.0.2.1 1000100 a\n",
        "192.0.2.1\t-1\ta\n",
        "192.0.2.1\t\ta\n",
        "192.0.2.1\t1e6\ta\n",
        "\n",
        "# comment\n",
        "192.0.2\t1000100\ta\n",
        "\t1000100\ta\n",
        "fe80::1%2\t1000100\ta\n",
        "192.0.2.1\t1000100\t\xc3\xa9\n",
        "192.0.2.1\t18446744073709551616\ta\n",
        FIRST,
    };
    char text[400];
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        refused(first[i], strlen(first[i]), 1);
    for (size_t i = 0; i < sizeof third / sizeof *third; i++) {
        snprintf(text, sizeof text, FIRST "192.0.2.9\t1000100\tz\n%s", third[i]);
        refused(text, strlen(text), 3);
    }
    static const char nul[] = FIRST "192.0.2.1\t1000100\ta\0b\n";
    refused(nul, sizeof nul - 1, 2);
    size_t n = 3 << 20; /* a foreign file without a newline, or a name without an end */
    char *big = malloc(n);
    memset(big, 'x', n);
    refused(big, n, 1);
    int head = snprintf(big, n, FIRST "192.0.2.1\t1000100\t");
    big[head] = 'x';
    refused(big, n, 2);
    free(big);
    struct dns_cache c;
    put(""); /* as mktemp makes it: an empty cache */
    assert_true(loads(&c));
    assert_true(saves(&c));
    holds(FIRST);
    dns_cache_fini(&c);
}

static void unusable(void **state)
{
    (void)state;
    struct dns_cache c;
    static const char *const names[] = {"/dev/null", "/nonexistent/cache", "/tmp"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        dns_cache_init(&c, 10);
        why[0] = '\0';
        assert_false(dns_cache_load(&c, names[i], now, wall, why, sizeof why));
        assert_non_null(strstr(why, names[i]));
        why[0] = '\0';
        assert_false(dns_cache_save(&c, names[i], now, wall, fsock_now(), why, sizeof why));
        assert_non_null(strstr(why, names[i]));
        dns_cache_fini(&c);
    }
    dns_cache_init(&c, 10);
    assert_int_equal(symlink(file, part), 0); /* nobody makes us write through a link */
    assert_false(saves(&c));
    assert_int_equal(unlink(part), 0);
    assert_int_equal(mkfifo(part, 0600), 0);
    assert_false(saves(&c));
    assert_int_equal(unlink(part), 0);
    put_file(file, FIRST, strlen(FIRST));
    assert_int_equal(link(file, part), 0); /* or into a file that has another name */
    assert_false(saves(&c));
    assert_int_equal(unlink(part), 0);
    holds(FIRST);
    dns_cache_fini(&c);
}

static void behind_a_link(void **state)
{
    (void)state;
    struct dns_cache c;
    struct stat st;
    char target[110];
    snprintf(target, sizeof target, "%s/target", dir);
    put_file(target, FIRST "192.0.2.1\t1000100\ta\n", strlen(FIRST) + 20);
    assert_int_equal(symlink("target", file), 0);
    assert_true(loads(&c));
    know(&c, "192.0.2.2", DNS_NAMED, "b", now + 100 * SECOND);
    assert_true(saves(&c));
    holds(FIRST "192.0.2.1\t1000100\ta\n192.0.2.2\t1000101\tb\n");
    assert_int_equal(lstat(file, &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    dns_cache_fini(&c);
}

/* A full disk, here a limit: the old file stays, and no other. What a crash left is no hindrance.
 */
static void full_disk(void **state)
{
    (void)state;
    struct dns_cache c;
    struct rlimit old, low;
    put(FIRST "192.0.2.1\t1000100\ta\n");
    put_file(part, "192.0.2.1 left over, and longer than what is to come: xxxxxxxxxxxxxxxxxxxxx",
             70);
    dns_cache_init(&c, 10000);
    for (int i = 0; i < 5000; i++) {
        char text[40];
        snprintf(text, sizeof text, "10.0.%d.%d", i / 256, i % 256);
        know(&c, text, DNS_NAMED, "host.example", now + 100 * SECOND);
    }
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &old);
    low = old;
    low.rlim_cur = 100000;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
    bool good = dns_cache_save(&c, file, now, wall, fsock_now(), why, sizeof why);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_false(good);
    assert_non_null(strstr(why, part));
    holds(FIRST "192.0.2.1\t1000100\ta\n");
    dns_cache_fini(&c);
    put_file(part, "192.0.2.1 left over, and longer than what is to come: xxxxxxxxxxxxxxxxxxxxx",
             70);
    dns_cache_init(&c, 10);
    assert_true(saves(&c));
    holds(FIRST "192.0.2.1\t1000100\ta\n");
    dns_cache_fini(&c);
}

static void locked(void **state)
{
    (void)state;
    struct dns_cache c;
    dns_cache_init(&c, 10);
    know(&c, "192.0.2.1", DNS_NAMED, "a", now + 100 * SECOND);
    int fd = open(part, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(flock(fd, LOCK_EX), 0);
    fsock_time start = fsock_now();
    assert_false(dns_cache_save(&c, file, now, wall, start + SECOND / 10, why, sizeof why));
    assert_true(fsock_now() - start >= SECOND / 10);
    assert_non_null(strstr(why, "another run"));
    assert_int_equal(access(part, F_OK), 0); /* it isn't ours */
    close(fd);
    assert_true(saves(&c));
    holds(FIRST "192.0.2.1\t1000101\ta\n");
    dns_cache_fini(&c);
}

/* Many runs that end at the same time: no name is lost. */
static void together(void **state)
{
    (void)state;
    enum { RUNS = 8, ROUNDS = 25 };
    for (int run = 0; run < RUNS; run++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child)
            continue;
        for (int round = 0; round < ROUNDS; round++) {
            struct dns_cache c;
            struct fsk_addr a = {
                .family = 4, .ip = {10, 0, (uint8_t)run, (uint8_t)round}
            };
            dns_cache_init(&c, 5);
            if (!dns_cache_load(&c, file, now, wall, why, sizeof why) ||
                !dns_cache_put(&c, &a, DNS_NAMED, FSK_SPAN("a"), now + 100 * SECOND) ||
                !dns_cache_save(&c, file, now, wall, fsock_now() + 20 * SECOND, why, sizeof why))
                _exit(1);
            dns_cache_fini(&c);
        }
        _exit(0);
    }
    for (int run = 0; run < RUNS; run++) {
        int status;
        assert_true(wait(&status) > 0);
        assert_int_equal(status, 0);
    }
    struct dns_cache c;
    assert_true(loads(&c));
    assert_int_equal(dns_cache_count(&c), RUNS * ROUNDS);
    dns_cache_fini(&c);
    assert_int_equal(access(part, F_OK), -1);
}

static void wall_clock(void **state)
{
    (void)state;
    int64_t first = fsk_time_unix();
    assert_true(first > INT64_C(1600000000) * SECOND); /* 2020 */
    assert_true(first / SECOND - time(NULL) >= -1 && first / SECOND - time(NULL) <= 1);
}

static int clean(void **state)
{
    (void)state;
    char command[80];
    snprintf(command, sizeof command, "rm -r %s", dir);
    return system(command);
}

int main(void)
{
    if (!mkdtemp(dir))
        return 1;
    snprintf(file, sizeof file, "%s/cache", dir);
    snprintf(part, sizeof part, "%s.part", file);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(there_and_back, empty),
        cmocka_unit_test_setup(times_do_not_drift, empty),
        cmocka_unit_test_setup(what_is_over, empty),
        cmocka_unit_test_setup(merged, empty),
        cmocka_unit_test_setup(small_cache, empty),
        cmocka_unit_test_setup(damaged, empty),
        cmocka_unit_test_setup(unusable, empty),
        cmocka_unit_test_setup(behind_a_link, empty),
        cmocka_unit_test_setup(full_disk, empty),
        cmocka_unit_test_setup(locked, empty),
        cmocka_unit_test_setup(together, empty),
        cmocka_unit_test(wall_clock),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
