/*
 * Memory runs out in a check: for n = 1, 2, 3 ... the n-th allocation of the library fails, until a
 * run needs no more than that. It goes well, or says that memory was out, never anything else; and
 * nothing stays allocated or open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check_rig.h"
#include "starve.h"

static struct mail mail;
static char target[64];

/* Whether it went well; else it has to be memory that was missing. */
static bool went_well(enum fsock_err err, const struct fsock_fault *fault)
{
    if (err != FSOCK_OK && err != FSOCK_ERR_MEMORY)
        fail_msg("%s: %s", fsock_err_name(err), fault ? fault->text : "");
    return err == FSOCK_OK;
}

static bool run(fsock_check *c)
{
    struct fsock_check_event e;
    struct fsock_check_request login;
    struct fsock_fault fault;
    mail_login(&login);
    enum fsock_err err = fsock_check_add(c, target, &login, NULL, &fault);
    if (err != FSOCK_OK)
        return went_well(err, &fault);
    err = fsock_check_next(c, &e, SOON);
    if (err != FSOCK_OK)
        return went_well(err, NULL);
    return !e.result->fault || went_well(e.result->fault->err, e.result->fault);
}

static bool check(void)
{
    struct fsock_fault fault;
    fsock_check *c = fsock_check_new(NULL, 0, &fault);
    bool good = c ? run(c) : went_well(fault.err, &fault);
    fsock_check_free(c);
    return good;
}

static void test_memory(void **state)
{
    (void)state;
    mail_start(&mail);
    snprintf(target, sizeof target, "smtp://127.0.0.1:%d", mail.port);
    for (int g = 0; g < 2; g++) {
        bool good = false;
        for_good = g;
        for (unsigned long n = 1; n < N_MAX; n++) {
            starve(n);
            good = check();
            armed = false;
            if (held != 0)
                fail_msg("allocation %lu: %ld are left", n, held);
            if (!struck)
                break;
        }
        assert_true(good);
        assert_false(struck);
    }
    mail_stop(&mail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(test_memory)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
