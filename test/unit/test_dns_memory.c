/*
 * Memory runs out in the calls for DNS: for n = 1, 2, 3 ... the n-th allocation of the library
 * fails, until a run needs no more than that. Each question ends, with FSOCK_ERR_MEMORY or as if
 * nothing had happened, and leaves nothing allocated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>

#include "dns_rig.h"
#include "starve.h"

/* What is tried again and again: one question, whose answer is known. */
struct script {
    const char *name;
    unsigned type;
    enum fsock_dns_status status;
    size_t records;
};

/* The answer is as it should be, or says that memory was out. */
static enum fsock_err check(const struct script *s, const struct fsock_answer *a)
{
    if (a->fault && a->fault->err == FSOCK_ERR_MEMORY) {
        assert_int_equal(a->status, FSOCK_DNS_ERROR);
        assert_true(a->fault->text[0]);
        return FSOCK_ERR_MEMORY;
    }
    if (a->status != s->status)
        fail_msg("%s: %s", a->status_name, a->fault ? a->fault->text : "");
    assert_int_equal(a->count, s->records);
    return FSOCK_OK;
}

static enum fsock_err by_lookup(const struct script *s)
{
    struct fsock_answer *a;
    enum fsock_err err = fsock_lookup(&a, s->name, s->type, &rig.options, &rig.how, fsock_after(5));
    if (!a) {
        assert_int_equal(err, FSOCK_ERR_MEMORY);
        return err;
    }
    enum fsock_err told = check(s, a);
    assert_int_equal(told, err);
    fsock_answer_free(a);
    return err;
}

/* Two questions, each of which has to end, whatever next says in between. */
static enum fsock_err by_bulk(const struct script *s)
{
    struct fsock_dns_event e;
    struct fsock_fault fault;
    enum fsock_err err = FSOCK_OK, ended = FSOCK_OK;
    unsigned added = 0, done = 0;
    fsock_dns *d = fsock_dns_new(&rig.options, &rig.how, fsock_after(5), &fault);
    if (!d) {
        assert_true(fault.text[0]);
        return fault.err;
    }
    for (unsigned i = 0; i < 2; i++) {
        err = fsock_dns_add(d, s->name, strlen(s->name), s->type, NULL, &fault);
        if (err != FSOCK_OK && err != FSOCK_ERR_MEMORY)
            fail_msg("%s", fault.text);
        added += err == FSOCK_OK;
        ended = err == FSOCK_OK ? ended : err;
    }
    for (unsigned tries = 0; tries < 5;) {
        err = fsock_dns_next(d, &e, fsock_after(5));
        if (err == FSOCK_ERR_MEMORY) {
            tries++; /* it may be asked again */
        } else if (err == FSOCK_OK) {
            done++;
            err = check(s, e.answer);
        } else {
            break;
        }
        ended = err == FSOCK_OK ? ended : err;
    }
    fsock_dns_free(d);
    if (err == FSOCK_EOF)
        assert_int_equal(done, added);
    return err == FSOCK_EOF || err == FSOCK_ERR_MEMORY ? ended : err;
}

static enum fsock_err by_name_of(const struct script *s)
{
    char name[FSOCK_NAME_MAX];
    struct fsock_fault fault;
    enum fsock_err err = fsock_name_of(name, s->name, &rig.options, fsock_after(5), &fault);
    assert_string_equal(name, err == FSOCK_OK ? "host.example" : s->name);
    assert_true(fault.err == err && (fault.text[0] != '\0') == (err != FSOCK_OK));
    return err;
}

static enum fsock_err by_address_of(const struct script *s)
{
    char address[FSOCK_NAME_MAX];
    struct fsock_fault fault;
    enum fsock_err err = fsock_address_of(address, s->name, &rig.options, fsock_after(5), &fault);
    assert_string_equal(address, err == FSOCK_OK ? "192.0.2.1" : s->name);
    if (fault.err != err || (fault.text[0] != '\0') != (err != FSOCK_OK))
        fail_msg("%s: %s: %s", fsock_err_name(err), fsock_err_name(fault.err), fault.text);
    return err;
}

static enum fsock_err by_parse(const struct script *s)
{
    static const uint8_t message[] = "\1\2\x81\x80\0\1\0\3\0\0\0\0\1a\0\0\2\0\1"
                                     "\xc0\x0c\0\2\0\1\0\0\0\2\0\2\xc0\x0c"
                                     "\xc0\x0c\0\2\0\1\0\0\0\2\0\3\1b\0"
                                     "\xc0\x0c\0\2\0\1\0\0\0\2\0\3\1c";
    struct fsock_answer *a;
    enum fsock_err err = fsock_dns_parse(&a, message, sizeof message);
    if (a)
        assert_int_equal(check(s, a), err);
    fsock_answer_free(a);
    return err;
}

/*
 * No more descriptors are open than before, as soon as the server has closed its connections. Fewer
 * are what is right from then on: it was still closing some when they were counted.
 */
static bool none_left_open(unsigned *fds)
{
    const struct timespec nap = {.tv_nsec = MS};
    unsigned now = open_fds();
    for (unsigned i = 0; i < 10000 && now > *fds; i++) {
        nanosleep(&nap, NULL);
        now = open_fds();
    }
    bool good = now <= *fds;
    *fds = now;
    return good;
}

/* How many are open, once the server has closed what it had open for those before. */
static unsigned settled_fds(void)
{
    const struct timespec nap = {.tv_nsec = MS};
    unsigned least = open_fds();
    for (unsigned i = 0; i < 50; i++) {
        nanosleep(&nap, NULL);
        unsigned now = open_fds();
        least = now < least ? now : least;
    }
    return least;
}

/* Until nothing struck; the failure may also have been overcome. */
static void exhaust(const struct script *s, enum fsock_err (*go)(const struct script *))
{
    unsigned fds = settled_fds();
    for (int all = 0; all < 2; all++) {
        for_good = all;
        for (unsigned long n = 1;; n++) {
            starve(n);
            enum fsock_err err = go(s);
            armed = false;
            if (err != FSOCK_OK && !(struck && err == FSOCK_ERR_MEMORY))
                fail_msg("%s, allocation %lu: %s", s->name, n, fsock_err_name(err));
            if (held != 0)
                fail_msg("%s, allocation %lu: %ld not freed", s->name, n, held);
            if (!none_left_open(&fds))
                fail_msg("%s, allocation %lu: a descriptor is left open", s->name, n);
            if (!struck)
                break;
            assert_true(n < N_MAX);
        }
    }
}

static const struct script scripts[] = {
    {"both.example", 0,          FSOCK_DNS_NOERROR,  1},
    {"hop1.example", 0,          FSOCK_DNS_NOERROR,  3},
    {"big.example",  0,          FSOCK_DNS_NOERROR,  1},
    {"nx.example",   FSOCK_AAAA, FSOCK_DNS_NXDOMAIN, 0},
};

enum { SCRIPTS = sizeof scripts / sizeof *scripts };

/* One of them in a process of its own, with servers of its own. */
static pid_t begin(void (*serve)(void), const struct script *s,
                   enum fsock_err (*go)(const struct script *))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child)
        return child;
    setenv("CMOCKA_TEST_ABORT", "1", 1); /* what fails ends the child, which runs no other test */
    assert_int_equal(rig_setup(NULL), 0);
    serve();
    exhaust(s, go);
    exit(rig_teardown(NULL));
}

/* Side by side: a try that broke off is followed by the next after a second at the earliest. */
static void all_scripts(void (*serve)(void))
{
    pid_t child[2 * SCRIPTS];
    for (size_t i = 0; i < SCRIPTS; i++) {
        child[2 * i] = begin(serve, &scripts[i], by_lookup);
        child[2 * i + 1] = begin(serve, &scripts[i], by_bulk);
    }
    bool good = true;
    for (size_t i = 0; i < 2 * SCRIPTS; i++) {
        int status = -1;
        good = waitpid(child[i], &status, 0) == child[i] && status == 0 && good;
    }
    assert_true(good);
}

static void serve_good(void)
{
    rig_serve(DNS_GOOD);
}

static void by_udp(void **state)
{
    (void)state;
    all_scripts(serve_good);
}

static void serve_by_tcp(void)
{
    rig_serve(DNS_GOOD);
    rig.how.tcp = 1;
}

static void by_tcp(void **state)
{
    (void)state;
    all_scripts(serve_by_tcp);
}

/* The second one may have what the first lacked; and then it has to be whole. */
static void serve_two(void)
{
    rig_serve(DNS_SERVFAIL);
    rig_serve(DNS_GOOD);
}

static void two_servers(void **state)
{
    (void)state;
    all_scripts(serve_two);
}

static void many_records(const struct dns_asked *asked, struct dns_reply *r)
{
    rig_clear(r);
    for (unsigned i = 0; i < 20; i++)
        rig_add_a(r, asked->name, 60, (uint8_t)i);
}

static void long_answers(void **state)
{
    static const struct script s = {"many.example", 0, FSOCK_DNS_NOERROR, 20};
    (void)state;
    rig_serve(DNS_GOOD)->twist = many_records;
    exhaust(&s, by_lookup);
    exhaust(&s, by_bulk);
}

static void server_by_name(void **state)
{
    char servers[64], pin[64];
    const char *const pins[] = {pin, NULL};
    (void)state;
    rig_serve(DNS_GOOD);
    snprintf(servers, sizeof servers, "ns.example:%u", rig.server[0].port);
    snprintf(pin, sizeof pin, "ns.example:%u:127.0.0.1", rig.server[0].port);
    rig.options.dns_servers = servers;
    rig.options.resolve = pins;
    exhaust(&scripts[0], by_lookup);
    exhaust(&scripts[0], by_bulk);
}

/* These questions fail in any case. */
static enum fsock_err by_failing_lookup(const struct script *s)
{
    struct fsock_answer *a;
    enum fsock_err err = fsock_lookup(&a, s->name, 0, &rig.options, &rig.how, fsock_after(5));
    assert_true(err != FSOCK_OK);
    fsock_answer_free(a);
    return err == FSOCK_ERR_MEMORY ? err : FSOCK_OK;
}

static enum fsock_err by_failing_address_of(const struct script *s)
{
    char address[FSOCK_NAME_MAX];
    struct fsock_fault fault;
    enum fsock_err err =
        fsock_address_of(address, s->name, &rig.options, fsock_now() + 100 * MS, &fault);
    assert_true(err != FSOCK_OK && fault.err == err);
    return err == FSOCK_ERR_MEMORY ? err : FSOCK_OK;
}

/* Nobody answers at the servers of resolv.conf here; but they have to be there. */
static void servers_of_the_system(void **state)
{
    static const struct script s = {"both.example", 0, FSOCK_DNS_ERROR, 0};
    (void)state;
    rig.options.dns_servers = NULL;
    FILE *f = fopen(rig.empty, "w");
    fputs("nameserver 127.0.0.1\nnameserver 127.0.0.2\noptions rotate\n", f);
    fclose(f);
    rig.how.timeout = 100 * MS;
    exhaust(&s, by_failing_lookup);
    exhaust(&s, by_failing_address_of);
}

static void pointer(const struct dns_asked *asked, struct dns_reply *r)
{
    if (asked->type != FSOCK_PTR)
        return;
    rig_clear(r);
    rig_add_name(r, asked->name, FSOCK_PTR, 60, "host.example");
}

static void names_and_addresses(void **state)
{
    static const struct script address = {.name = "192.0.2.1"}, name = {.name = "v4only.example"};
    (void)state;
    rig_serve(DNS_GOOD)->twist = pointer;
    exhaust(&address, by_name_of);
    exhaust(&name, by_address_of);
}

static void messages(void **state)
{
    static const struct script s = {"a message", 0, FSOCK_DNS_NOERROR, 3};
    (void)state;
    exhaust(&s, by_parse);
}

#define T(f) cmocka_unit_test_setup_teardown(f, rig_setup, rig_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(by_udp),
        T(by_tcp),
        T(two_servers),
        T(long_answers),
        T(server_by_name),
        T(servers_of_the_system),
        T(names_and_addresses),
        T(messages),
    };
    return cmocka_run_group_tests_name("dns_memory", tests, NULL, NULL);
}
