/* fsock_dns: many questions at once, and all that a caller may do in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "dns_rig.h"

enum { MANY = 1000 };

static enum fsock_err add(fsock_dns *d, const char *name, void *user)
{
    struct fsock_fault fault;
    enum fsock_err err = fsock_dns_add(d, name, strlen(name), 0, user, &fault);
    assert_true(err == FSOCK_OK || err == FSOCK_AGAIN || fault.err == err);
    return err;
}

static void must_add(fsock_dns *d, const char *name, void *user)
{
    assert_int_equal(add(d, name, user), FSOCK_OK);
}

/* The next event must be the end of a question; its answer. */
static const struct fsock_answer *must_end(fsock_dns *d, void *user)
{
    struct fsock_dns_event e;
    assert_int_equal(fsock_dns_next(d, &e, fsock_after(10)), FSOCK_OK);
    assert_int_equal(e.kind, FSOCK_EVENT_DONE);
    assert_ptr_equal(e.user, user);
    return e.answer;
}

static void must_be_over(fsock_dns *d)
{
    struct fsock_dns_event e;
    assert_int_equal(fsock_dns_next(d, &e, fsock_after(10)), FSOCK_EOF);
    assert_int_equal(fsock_dns_running(d), 0);
    assert_int_equal(fsock_dns_queued(d), 0);
}

/* ---- the queue ---- */

/* Feeds as a caller with a long list does; each question ends once, with its own answer. */
static void a_long_list(void **state)
{
    static unsigned seen[MANY];
    static char name[MANY][32];
    struct fsock_dns_event e;
    struct fsock_dns_server server;
    (void)state;
    memset(seen, 0, sizeof seen);
    rig_serve(DNS_GOOD);
    fsock_dns *d = rig_new();
    unsigned added = 0, done = 0, rooms = 0, again = 0;
    while (done < MANY) {
        while (added < MANY) {
            snprintf(name[added], sizeof name[added], "both.n%u.example", added);
            enum fsock_err err = add(d, name[added], &seen[added]);
            again += err == FSOCK_AGAIN;
            if (err != FSOCK_OK)
                break;
            added++;
            assert_true(fsock_dns_queued(d) < MANY / 2); /* it is bounded */
        }
        assert_int_equal(fsock_dns_next(d, &e, fsock_after(10)), FSOCK_OK);
        if (e.kind == FSOCK_EVENT_ROOM) {
            rooms++;
            continue;
        }
        assert_int_equal(e.kind, FSOCK_EVENT_DONE);
        size_t i = (size_t)((unsigned *)e.user - seen);
        assert_int_equal(e.id, i + 1);
        assert_string_equal(e.answer->name, name[i]);
        assert_int_equal(e.answer->status, FSOCK_DNS_NOERROR);
        assert_int_equal(seen[i]++, 0);
        done++;
    }
    assert_true(again > 0 && rooms > 0 && rooms <= again);
    must_be_over(d);
    assert_int_equal(fsock_dns_server(d, 0, &server), 1);
    assert_string_equal(server.name, rig.servers);
    assert_true(server.asked >= server.answered + server.lost); /* some are no longer wanted */
    assert_true(server.asked >= MANY && server.srtt > 0 && server.open == 0 && server.window >= 8);
    assert_int_equal(fsock_dns_server(d, 1, &server), 0);
    fsock_dns_free(d);
}

static void room_is_told_once_it_was_missed(void **state)
{
    struct fsock_dns_event e;
    (void)state;
    rig_serve(DNS_GOOD);
    fsock_dns *d = rig_new();
    unsigned queued = 0;
    while (add(d, "both.example", NULL) == FSOCK_OK)
        queued++;
    assert_int_equal(fsock_dns_queued(d), queued);
    assert_int_equal(add(d, "both.example", NULL), FSOCK_AGAIN);
    unsigned rooms = 0, done = 0;
    while (fsock_dns_next(d, &e, fsock_after(10)) == FSOCK_OK) {
        rooms += e.kind == FSOCK_EVENT_ROOM;
        done += e.kind == FSOCK_EVENT_DONE;
    }
    assert_int_equal(rooms, 1);
    assert_int_equal(done, queued);
    must_add(d, "both.example", &rooms); /* an end is no end */
    must_end(d, &rooms);
    must_be_over(d);
    fsock_dns_free(d);
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
    (void)state;
    struct fsock_fault fault;
    rig_serve(DNS_GOOD);
    fsock_dns *d = rig_new();
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(add(d, "a..b", NULL), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_dns_add(d, "a\0b", 3, 0, NULL, &fault), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_dns_add(d, "a", 1, 70000, NULL, NULL), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_dns_queued(d), 0);
    must_be_over(d);
    char name[] = "both.example";
    must_add(d, name, name);
    memset(name, 'x', sizeof name); /* it was copied */
    assert_string_equal(must_end(d, name)->name, "both.example");
    fsock_dns_free(d);
}

/* ---- time ---- */

static void next_waits_until_its_deadline(void **state)
{
    struct fsock_dns_event e;
    (void)state;
    rig_serve(DNS_MUTE);
    fsock_dns *d = rig_new();
    must_add(d, "both.example", NULL);
    assert_int_equal(fsock_dns_next(d, &e, 0), FSOCK_ERR_TIMEOUT);
    fsock_time begun = fsock_now();
    assert_int_equal(fsock_dns_next(d, &e, begun + 100 * MS), FSOCK_ERR_TIMEOUT);
    assert_in_range(fsock_now() - begun, 100 * MS, 150 * MS);
    assert_int_equal(fsock_dns_running(d), 1);
    fsock_dns_free(d);
}

static void a_past_deadline_gets_what_is_there(void **state)
{
    struct fsock_dns_event e;
    const struct timespec nap = {.tv_nsec = MS};
    const fsock_time enough = fsock_after(10);
    (void)state;
    rig_serve(DNS_GOOD);
    fsock_dns *d = rig_new();
    for (unsigned i = 0; i < 5; i++)
        must_add(d, "both.example", NULL);
    unsigned done = 0;
    while (done < 5 && fsock_now() < enough) {
        if (fsock_dns_next(d, &e, 0) == FSOCK_OK)
            done++;
        else
            nanosleep(&nap, NULL);
    }
    assert_int_equal(done, 5);
    must_be_over(d);
    fsock_dns_free(d);
}

static void each_question_has_its_own_time(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD);
    rig.how.timeout = 200 * MS;
    fsock_dns *d = rig_new();
    must_add(d, "mute.example", &rig);
    must_add(d, "both.example", d);
    must_end(d, d);
    const struct fsock_answer *a = must_end(d, &rig);
    assert_int_equal(a->status, FSOCK_DNS_TIMEOUT);
    assert_in_range(a->took, 200 * MS, 250 * MS);
    assert_int_equal(a->fault->err, FSOCK_ERR_TIMEOUT);
    assert_int_equal(a->fault->limit, FSOCK_LIMIT_TOTAL);
    fsock_dns_free(d);
}

static void rates_are_kept(void **state)
{
    static const struct {
        uint32_t all, each;
    } rates[] = {
        {100, 0 },
        {0,   50},
    };
    (void)state;
    rig_serve(DNS_GOOD);
    rig_serve(DNS_GOOD);
    for (size_t i = 0; i < 2; i++) {
        rig.how.rate = rates[i].all;
        rig.how.server_rate = rates[i].each;
        fsock_dns *d = rig_new();
        for (unsigned k = 0; k < 40; k++)
            must_add(d, "both.example", &rig);
        fsock_time begun = fsock_now();
        for (unsigned k = 0; k < 40; k++)
            must_end(d, &rig);
        assert_in_range(fsock_now() - begun, 375 * MS, 600 * MS);
        fsock_dns_free(d);
    }
}

static void no_more_than_parallel(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD)->limp_ms = 20;
    rig.how.parallel = 2;
    fsock_dns *d = rig_new();
    for (unsigned i = 0; i < 20; i++)
        must_add(d, "both.example", &rig);
    fsock_time begun = fsock_now();
    for (unsigned i = 0; i < 20; i++) {
        assert_true(fsock_dns_running(d) <= 2);
        must_end(d, &rig);
    }
    assert_true(fsock_now() - begun >= 195 * MS);
    fsock_dns_free(d);
}

/* ---- stop, free, watch ---- */

static void stopped(void **state)
{
    static const char *const whys[] = {"interrupted", NULL};
    struct fsock_dns_event e;
    (void)state;
    rig_serve(DNS_GOOD)->limp_ms = 30;
    for (unsigned when = 0; when < 8; when++) { /* queued; running; some ended; one shown */
        unsigned done = 0, canceled = 0, user[40] = {0};
        fsock_dns *d = rig_new();
        rig.how.parallel = when % 2 ? 10 : 100;
        for (unsigned i = 0; i < 40; i++)
            must_add(d, i % 3 ? "hop1.example" : "mute.example", &user[i]);
        if (when / 2 == 1)
            fsock_dns_next(d, &e, fsock_now() + 10 * MS);
        for (unsigned i = 0; i < 5 && when / 2 > 1; i++, done++) {
            assert_int_equal(fsock_dns_next(d, &e, fsock_after(5)), FSOCK_OK);
            (*(unsigned *)e.user)++;
        }
        if (when / 2 == 3) {
            struct timespec nap = {.tv_nsec = 50 * MS};
            nanosleep(&nap, NULL);
        }
        fsock_dns_stop(d, whys[when % 2]);
        assert_int_equal(add(d, "both.example", NULL), FSOCK_ERR_CANCELED);
        for (; fsock_dns_next(d, &e, fsock_now()) == FSOCK_OK; done++) {
            assert_int_equal(e.kind, FSOCK_EVENT_DONE);
            (*(unsigned *)e.user)++;
            if (e.answer->status != FSOCK_DNS_CANCELED)
                continue;
            canceled++;
            assert_int_equal(e.answer->fault->err, FSOCK_ERR_CANCELED);
            assert_non_null(strstr(e.answer->fault->text, whys[when % 2] ? "interrupted" : ""));
            assert_string_equal(e.answer->status_name, "INTERRUPTED");
            assert_true(strncmp(e.answer->qname, e.answer->name, strlen(e.answer->name)) == 0);
        }
        assert_int_equal(done, 40);
        assert_true(canceled >= 30);
        for (unsigned i = 0; i < 40; i++)
            assert_int_equal(user[i], 1);
        fsock_dns_stop(d, "again");
        must_be_over(d);
        fsock_dns_free(d);
    }
}

static void freed_in_any_state(void **state)
{
    struct fsock_dns_event e;
    (void)state;
    rig_serve(DNS_GOOD)->limp_ms = 5;
    rig_serve(DNS_MUTE);
    rig.how.race = 2;
    fsock_dns_free(NULL);
    for (unsigned events = 0; events < 30; events++) {
        fsock_dns *d = rig_new();
        for (unsigned i = 0; i < events * 2; i++)
            must_add(d,
                     i % 3 == 0   ? "hop1.example"
                     : i % 3 == 1 ? "big.example"
                                  : "mute.example",
                     NULL);
        fsock_dns_watch(d, rig.server[0].wake[0], FSOCK_READABLE, NULL);
        for (unsigned i = 0; i < events; i++)
            fsock_dns_next(d, &e, fsock_now() + MS);
        if (events % 4 == 3)
            fsock_dns_stop(d, NULL);
        fsock_dns_free(d);
    }
}

static void watched(void **state)
{
    int end[2];
    struct fsock_dns_event e;
    (void)state;
    rig_serve(DNS_MUTE);
    fsock_dns *d = rig_new();
    assert_int_equal(pipe2(end, O_CLOEXEC), 0);
    assert_int_equal(fsock_dns_watch(d, -1, FSOCK_READABLE, NULL), FSOCK_ERR_INPUT);
    assert_int_equal(fsock_dns_watch(d, end[0], FSOCK_READABLE, end), FSOCK_OK);
    must_add(d, "both.example", NULL);
    assert_int_equal(fsock_dns_next(d, &e, fsock_now() + 20 * MS), FSOCK_ERR_TIMEOUT);
    assert_int_equal(write(end[1], "x", 1), 1);
    assert_int_equal(fsock_dns_next(d, &e, fsock_after(5)), FSOCK_OK);
    assert_true(e.kind == FSOCK_EVENT_READY && e.user == end && !e.answer);
    assert_int_equal(fsock_dns_next(d, &e, fsock_now() + 20 * MS), FSOCK_ERR_TIMEOUT);
    assert_int_equal(fsock_dns_watch(d, end[0], FSOCK_READABLE, end + 1), FSOCK_OK); /* once more */
    assert_int_equal(fsock_dns_next(d, &e, fsock_after(5)), FSOCK_OK);
    assert_true(e.kind == FSOCK_EVENT_READY && e.user == end + 1);
    assert_int_equal(fsock_dns_watch(d, end[1], FSOCK_READABLE, NULL), FSOCK_OK);
    fsock_dns_stop(d, NULL); /* ends the watch without a word */
    must_end(d, NULL);
    must_be_over(d);
    fsock_dns_free(d);
    close(end[0]);
    close(end[1]);
}

/* ---- options ---- */

static void cannot_be_made(void **state)
{
    static const struct {
        const char *servers, *says;
        enum fsock_err err;
    } rows[] = {
        {"",                      "",                 FSOCK_ERR_INPUT},
        {"192.0.2.1,,192.0.2.2",  "empty",            FSOCK_ERR_INPUT},
        {"http://192.0.2.1",      "http://192.0.2.1", FSOCK_ERR_INPUT},
        {"192.0.2.1:0",           "192.0.2.1:0",      FSOCK_ERR_INPUT},
        {"192.0.2.1:99999",       "192.0.2.1:99999",  FSOCK_ERR_INPUT},
        {"192.0.2.1#dns.example", "tls://",           FSOCK_ERR_INPUT},
        {"tls://192.0.2.1#",      "#",                FSOCK_ERR_INPUT},
        {"fe80::1%nonesuch",      "interface",        FSOCK_ERR_INPUT},
        {"nonesuch.invalid",      "nonesuch.invalid", FSOCK_ERR_NAME },
        {"a..b",                  "a..b",             FSOCK_ERR_INPUT},
    };
    struct fsock_fault fault;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        rig.options.dns_servers = rows[i].servers;
        assert_null(fsock_dns_new(&rig.options, NULL, fsock_after(5), &fault));
        if (fault.err != rows[i].err || !fault.text[0] || !strstr(fault.text, rows[i].says))
            fail_msg("%s: %s: %s", rows[i].servers, fsock_err_name(fault.err), fault.text);
        assert_int_equal(rig_look("both.example", 0, FSOCK_SECOND), rows[i].err);
        assert_null(fsock_dns_new(&rig.options, NULL, fsock_after(5), NULL));
    }
    rig.options.dns_servers = "192.0.2.1";
    rig.how.race = 5;
    assert_null(fsock_dns_new(&rig.options, &rig.how, FSOCK_NEVER, &fault));
    assert_non_null(strstr(fault.text, "race"));
    assert_int_equal(rig_look("both.example", 0, FSOCK_SECOND), FSOCK_ERR_INPUT);
    memset(&rig.how, 0, sizeof rig.how);
    assert_null(fsock_dns_new(&rig.options, &rig.how, FSOCK_NEVER, &fault));
    assert_non_null(strstr(fault.text, "fsock_dns_options_init"));
    rig.options.size = 1;
    assert_null(fsock_dns_new(&rig.options, NULL, FSOCK_NEVER, &fault));
    assert_non_null(strstr(fault.text, "fsock_options_init"));
    assert_int_equal(rig_look("both.example", 0, FSOCK_SECOND), FSOCK_ERR_INPUT);
    fsock_options_init(&rig.options);
    rig.options.dns_servers = "tls://192.0.2.1";
    rig.options.ca_file = "/nonesuch/ca.pem";
    assert_null(fsock_dns_new(&rig.options, NULL, FSOCK_NEVER, &fault));
    assert_non_null(strstr(fault.text, "/nonesuch/ca.pem"));
}

static void no_descriptor_for_it(void **state)
{
    struct rlimit old, none;
    struct fsock_fault fault;
    (void)state;
    rig_serve(DNS_GOOD);
    getrlimit(RLIMIT_NOFILE, &old);
    none = old;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_NOFILE, &none);
    fsock_dns *d = fsock_dns_new(&rig.options, NULL, fsock_after(5), &fault);
    setrlimit(RLIMIT_NOFILE, &old);
    assert_null(d);
    assert_int_equal(fault.err, FSOCK_ERR_SYSTEM);
    assert_int_equal(fault.sys_errno, EMFILE);
    assert_true(fault.text[0]);
}

static void servers_by_name(void **state)
{
    struct fsock_dns_server server;
    struct fsock_fault fault;
    char servers[64], hosts[32] = "/tmp/fsock-test-XXXXXX";
    (void)state;
    rig_serve(DNS_GOOD);
    FILE *f = fdopen(mkstemp(hosts), "w");
    fputs("127.0.0.1 ns.example\n", f);
    fclose(f);
    snprintf(servers, sizeof servers, "ns.example:%u", rig.server[0].port);
    rig.options.dns_servers = servers;
    rig.options.hosts = hosts;
    fsock_dns *d = fsock_dns_new(&rig.options, &rig.how, fsock_after(5), &fault);
    unlink(hosts);
    assert_non_null(d);
    assert_string_equal(fault.text, "");
    fsock_dns_server(d, 0, &server);
    assert_string_equal(server.name, rig.servers);
    must_add(d, "both.example", NULL);
    assert_int_equal(must_end(d, NULL)->status, FSOCK_DNS_NOERROR);
    fsock_dns_free(d);
}

static void forged_ones_are_counted(void **state)
{
    (void)state;
    rig_serve(DNS_GOOD);
    fsock_dns *d = rig_new();
    assert_int_equal(fsock_dns_dropped(d), 0);
    must_add(d, "forged.example", NULL);
    assert_string_equal(must_end(d, NULL)->records[0].data, "192.0.2.1");
    assert_true(fsock_dns_dropped(d) >= 100);
    fsock_dns_free(d);
}

/* A server in a process of its own, with descriptors of its own; it ends when *stop is closed. */
static pid_t serve_apart(int *stop)
{
    struct dns_server s;
    int port[2], end[2];
    char byte;
    assert_true(pipe2(port, O_CLOEXEC) == 0 && pipe2(end, O_CLOEXEC) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(end[1]);
        dns_start(&s, DNS_GOOD);
        if (write(port[1], &s.port, sizeof s.port) == sizeof s.port)
            (void)!read(end[0], &byte, 1);
        _exit(0);
    }
    assert_int_equal(read(port[0], &s.port, sizeof s.port), sizeof s.port);
    snprintf(rig.servers, sizeof rig.servers, "127.0.0.1:%u", s.port);
    close(port[0]);
    close(port[1]);
    close(end[0]);
    *stop = end[1];
    return pid;
}

/* Sixteen descriptors, of which the test has a few: all is answered, without haste. */
static void few_descriptors(void **state)
{
    struct rlimit old, few;
    int stop;
    (void)state;
    pid_t pid = serve_apart(&stop);
    getrlimit(RLIMIT_NOFILE, &old);
    few = old;
    few.rlim_cur = 16;
    setrlimit(RLIMIT_NOFILE, &few);
    for (unsigned tcp = 0; tcp < 3; tcp++) { /* 1: what was cut off, 2: all */
        rig.how.tcp = tcp == 2;
        fsock_dns *d = rig_new();
        unsigned n = 60, good = 0, tries = 0;
        for (unsigned i = 0; i < n; i++)
            must_add(d, tcp == 1 ? "big.example" : "both.example", NULL);
        for (unsigned i = 0; i < n; i++) {
            const struct fsock_answer *a = must_end(d, NULL);
            good += a->status == FSOCK_DNS_NOERROR;
            tries += a->tries;
        }
        must_be_over(d);
        fsock_dns_free(d);
        if (good != n || tries > n * 10)
            fail_msg("%u: %u of %u in %u tries", tcp, good, n, tries);
    }
    setrlimit(RLIMIT_NOFILE, &old);
    close(stop);
    waitpid(pid, NULL, 0);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(a_long_list),
        T(room_is_told_once_it_was_missed),
        T(what_cannot_be_asked_is_refused_at_once),
        T(next_waits_until_its_deadline),
        T(a_past_deadline_gets_what_is_there),
        T(each_question_has_its_own_time),
        T(rates_are_kept),
        T(no_more_than_parallel),
        T(stopped),
        T(freed_in_any_state),
        T(watched),
        T(cannot_be_made),
        T(no_descriptor_for_it),
        T(servers_by_name),
        T(forged_ones_are_counted),
        T(few_descriptors),
    };
    return cmocka_run_group_tests_name("dns_bulk", tests, NULL, NULL);
}
