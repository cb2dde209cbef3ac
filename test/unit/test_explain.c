/* What errors mean: each number and class that can come up is explained at each of its stages. */
#include <ctype.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/explain.h"

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* What the manual pages of calls on sockets, and those of ip, tcp, udp, unix and packet, name. */
static const int of_sockets[] = {
    EPERM,       ENOENT,          ESRCH,           EINTR,        EIO,          ENXIO,
    E2BIG,       EBADF,           EAGAIN,          ENOMEM,       EACCES,       EFAULT,
    EBUSY,       EEXIST,          EXDEV,           ENODEV,       ENOTDIR,      EISDIR,
    EINVAL,      ENFILE,          EMFILE,          ENOTTY,       EFBIG,        ENOSPC,
    ESPIPE,      EROFS,           EPIPE,           EDOM,         ENAMETOOLONG, ENOSYS,
    ELOOP,       ENODATA,         ENONET,          ENOPKG,       EPROTO,       EBADMSG,
    EOVERFLOW,   EUSERS,          ENOTSOCK,        EDESTADDRREQ, EMSGSIZE,     EPROTOTYPE,
    ENOPROTOOPT, EPROTONOSUPPORT, ESOCKTNOSUPPORT, EOPNOTSUPP,   EPFNOSUPPORT, EAFNOSUPPORT,
    EADDRINUSE,  EADDRNOTAVAIL,   ENETDOWN,        ENETUNREACH,  ENETRESET,    ECONNABORTED,
    ECONNRESET,  ENOBUFS,         EISCONN,         ENOTCONN,     ESHUTDOWN,    ETOOMANYREFS,
    ETIMEDOUT,   ECONNREFUSED,    EHOSTDOWN,       EHOSTUNREACH, EALREADY,     EINPROGRESS,
    ECANCELED,   EDQUOT,          ENOSR,
};

static const struct fsk_advice_table *const tables[] = {&fsk_advice_by_errno, &fsk_advice_by_class};

static void test_strerror(void **state)
{
    (void)state;
    for (int i = -300; i < 4200; i++) {
        char number[16];
        const char *text = fsock_strerror(i), *known = strerrordesc_np(i);
        snprintf(number, sizeof number, " %d ", i);
        assert_true(text[0]);
        assert_null(strstr(text, "Success"));
        assert_null(strstr(text, "now in progress"));
        if (i && i != EINPROGRESS)
            assert_true(known ? strcmp(text, known) == 0 : strstr(text, number) != NULL);
    }
    assert_non_null(strstr(fsock_strerror(INT32_MIN), "-2147483648"));
    assert_string_equal(fsock_strerror(ECONNREFUSED), "Connection refused");
}

static void *unknown(void *arg)
{
    (void)arg;
    return (void *)(uintptr_t)fsock_strerror(5000);
}

static void test_threads_have_their_own(void **state)
{
    pthread_t thread;
    void *theirs;
    (void)state;
    const char *ours = fsock_strerror(4999);
    assert_int_equal(pthread_create(&thread, NULL, unknown, NULL), 0);
    assert_int_equal(pthread_join(thread, &theirs), 0);
    assert_non_null(strstr(ours, "4999"));
    assert_ptr_not_equal(ours, theirs);
}

static void test_every_number_at_every_stage(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(of_sockets); i++)
        for (int stage = FSOCK_STAGE_NONE; stage < FSOCK_STAGE_COUNT_; stage++) {
            const struct fsock_explanation *e =
                fsock_explain(FSOCK_OK, (enum fsock_stage)stage, of_sockets[i]);
            if (!e || !*e->cause || !*e->remedy)
                fail_msg("%s at %s", strerrorname_np(of_sockets[i]),
                         fsock_stage_name((enum fsock_stage)stage));
        }
}

static void test_no_number_but_those(void **state)
{
    (void)state;
    for (int n = -5; n < 200; n++) {
        bool listed = false;
        for (size_t i = 0; i < COUNT(of_sockets); i++)
            listed |= of_sockets[i] == n;
        assert_int_equal(listed, fsock_explain(FSOCK_OK, FSOCK_STAGE_NONE, n) != NULL);
    }
    assert_null(fsock_explain(FSOCK_OK, FSOCK_STAGE_CONNECT, 0));
    assert_null(fsock_explain(FSOCK_EOF, FSOCK_STAGE_CONNECT, 0));
    assert_null(fsock_explain((enum fsock_err)999, (enum fsock_stage)999, 999));
}

static void test_every_class_at_every_stage(void **state)
{
    (void)state;
    for (int err = FSOCK_ERR_INPUT; err < FSOCK_ERR_COUNT_; err++)
        for (int stage = FSOCK_STAGE_NONE; stage < FSOCK_STAGE_COUNT_; stage++) {
            const struct fsock_explanation *e =
                fsock_explain((enum fsock_err)err, (enum fsock_stage)stage, 0);
            if (!e || !*e->cause)
                fail_msg("%s at %s", fsock_err_name((enum fsock_err)err),
                         fsock_stage_name((enum fsock_stage)stage));
        }
}

/* Half sentences, which fit the hint of a fault together. */
static void check_text(const char *text)
{
    size_t n = strlen(text);
    assert_null(strstr(text, "Success"));
    assert_null(strpbrk(text, "\n\t\""));
    if (n == 0)
        return;
    assert_true(text[n - 1] != '.' && text[n - 1] != ';' && text[n - 1] != ' ');
    assert_true(!isupper((unsigned char)text[0]) || strncmp(text, "TLS ", 4) == 0);
}

static void test_texts(void **state)
{
    (void)state;
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < tables[t]->n; i++) {
            const struct fsock_explanation *says = &tables[t]->row[i].says;
            assert_true(says->cause[0]);
            check_text(says->cause);
            check_text(says->remedy);
            size_t n = strlen(says->cause) + 2 + strlen(says->remedy);
            if (n >= sizeof((struct fsock_fault *)0)->hint)
                fail_msg("%zu bytes: %s", n, says->cause);
        }
}

static void test_no_row_is_hidden(void **state)
{
    (void)state;
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < tables[t]->n; i++) {
            const struct fsk_advice *row = &tables[t]->row[i];
            bool found = false;
            for (int stage = FSOCK_STAGE_NONE; stage < FSOCK_STAGE_COUNT_; stage++)
                found |=
                    fsock_explain(row->err, (enum fsock_stage)stage, row->sys_errno) == &row->says;
            if (!found)
                fail_msg("hidden: %s", row->says.cause);
        }
}

static const char *cause(enum fsock_err err, enum fsock_stage stage, int sys_errno)
{
    const struct fsock_explanation *e = fsock_explain(err, stage, sys_errno);
    return e ? e->cause : "";
}

static void test_the_stage_decides(void **state)
{
    (void)state;
    assert_non_null(strstr(cause(0, FSOCK_STAGE_CONNECT, ECONNREFUSED), "nothing listens there"));
    assert_non_null(strstr(cause(0, FSOCK_STAGE_RECV, ECONNREFUSED), "datagram"));
    assert_non_null(strstr(cause(0, FSOCK_STAGE_RESOLVE, ECONNREFUSED), "name server"));
    assert_non_null(strstr(cause(0, FSOCK_STAGE_BODY, ECONNRESET), "in the middle"));
    assert_non_null(strstr(cause(0, FSOCK_STAGE_LISTEN, EACCES), "1024"));
    assert_ptr_equal(cause(FSOCK_ERR_RESET, FSOCK_STAGE_TLS, 0),
                     cause(FSOCK_ERR_RESET, FSOCK_STAGE_TLS, ECONNRESET));
}

static struct fsock_fault advised(enum fsock_err err, enum fsock_stage stage, int sys_errno,
                                  enum fsock_limit limit)
{
    struct fsock_fault f = {.err = err, .stage = stage, .sys_errno = sys_errno, .limit = limit};
    fsk_fault_advise(&f);
    return f;
}

static void test_hints(void **state)
{
    struct fsock_fault f;
    (void)state;
    f = advised(FSOCK_ERR_TIMEOUT, FSOCK_STAGE_BODY, ETIMEDOUT, FSOCK_LIMIT_READ);
    assert_non_null(strstr(f.hint, "a larger limit"));
    f = advised(FSOCK_ERR_TIMEOUT, FSOCK_STAGE_BODY, ETIMEDOUT, FSOCK_LIMIT_NONE);
    assert_non_null(strstr(f.hint, "vanished"));
    f = advised(FSOCK_ERR_CONNECT, FSOCK_STAGE_CONNECT, ECONNREFUSED, FSOCK_LIMIT_NONE);
    assert_non_null(strstr(f.hint, "nothing listens there; check that"));
    f = advised(FSOCK_ERR_INPUT, FSOCK_STAGE_NONE, 0, FSOCK_LIMIT_NONE);
    assert_string_equal(f.hint, "");
    f = advised(FSOCK_OK, FSOCK_STAGE_NONE, 0, FSOCK_LIMIT_NONE);
    assert_string_equal(f.hint, "");
    f = (struct fsock_fault){.err = FSOCK_ERR_NAME, .hint = "better"};
    fsk_fault_advise(&f);
    assert_string_equal(f.hint, "better");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strerror),
        cmocka_unit_test(test_threads_have_their_own),
        cmocka_unit_test(test_every_number_at_every_stage),
        cmocka_unit_test(test_no_number_but_those),
        cmocka_unit_test(test_every_class_at_every_stage),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_no_row_is_hidden),
        cmocka_unit_test(test_the_stage_decides),
        cmocka_unit_test(test_hints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
