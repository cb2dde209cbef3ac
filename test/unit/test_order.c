/* Records in the order of the input, whatever the order of the answers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "order.h"

static struct out out;
static struct order *order;
static struct fsk_buf written;

static int setup(void **state)
{
    (void)state;
    fsk_buf_init(&written, 1 << 20);
    out_init_buf(&out, &written);
    order = calloc(1, sizeof *order);
    return order ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    order_fini(order);
    free(order);
    out_fini(&out);
    fsk_buf_fini(&written);
    return 0;
}

static void put(uint64_t number)
{
    char text[32];
    int n = snprintf(text, sizeof text, "%llu\n", (unsigned long long)number);
    assert_true(order_put(order, number, fsk_span(text, (size_t)n), &out));
    memset(text, 'x', sizeof text); /* it is copied */
}

static void wrote(const char *text)
{
    out_flush(&out);
    fsk_buf_terminate(&written);
    assert_string_equal(written.mem ? written.mem + written.start : "", text);
    fsk_buf_clear(&written);
}

static void test_in_order(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 3; i++)
        put(i);
    wrote("0\n1\n2\n");
    assert_int_equal(order->next, 3);
}

static void test_each_waits_for_those_before(void **state)
{
    (void)state;
    put(3);
    put(1);
    wrote("");
    put(0);
    wrote("0\n1\n");
    put(4);
    wrote("");
    put(2);
    wrote("2\n3\n4\n");
    put(5);
    wrote("5\n");
}

/* A record without text has its place, too. */
static void test_empty_ones(void **state)
{
    (void)state;
    put(2);
    assert_true(order_put(order, 1, (struct fsk_span){NULL, 0}, &out)); /* never written to */
    assert_true(order_put(order, 0, fsk_span("", 0), &out));
    wrote("2\n");
    assert_int_equal(order->next, 3);
}

static void test_there_is_an_end_to_it(void **state)
{
    (void)state;
    assert_true(order_room(order, 0));
    assert_true(order_room(order, ORDER_MOST - 1));
    assert_false(order_room(order, ORDER_MOST));
    for (uint64_t i = ORDER_MOST - 1; i > 0; i--)
        put(i);
    wrote("");
    put(0);
    assert_int_equal(order->next, ORDER_MOST);
    out_flush(&out);
    fsk_buf_clear(&written);
    assert_true(order_room(order, 2 * ORDER_MOST - 1)); /* round the ring */
    assert_false(order_room(order, 2 * ORDER_MOST));
    put(ORDER_MOST + 1);
    put(ORDER_MOST);
    wrote("16384\n16385\n");
}

/* What still waits is freed: the address sanitizer knows. */
static void test_left_over(void **state)
{
    (void)state;
    put(7);
    put(9);
    wrote("");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        T(test_in_order),   T(test_each_waits_for_those_before),
        T(test_empty_ones), T(test_there_is_an_end_to_it),
        T(test_left_over),
    };
    return cmocka_run_group_tests_name("order", tests, NULL, NULL);
}
