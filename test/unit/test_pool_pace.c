/* The pool's paces: when places open, who gets the run's next unit, what is remembered. In
 * simulated time: a driver that does nothing, and a clock that is set. */
#include "pool_rig.h"
#include "stub_driver.h"

#define SEC    FSOCK_SECOND
#define HOUR   (3600 * SEC)
#define SIM(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

static struct stub_driver stub;
static struct fsock_pacer *pacer;

static int set_up(void **state)
{
    (void)state;
    stub_driver_init(&stub);
    stub.driver.now = HOUR;
    pacer = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    end_pool();
    assert_int_equal(pool.timers.reserved, 2); /* the pool's own */
    fsock_pacer_free(pacer);
    return 0;
}

/* A pool with this many requests a second, 0: any number, of the run and of each place. */
static void open_pool(double run, double each, int64_t delay, unsigned per_place)
{
    struct rig rig = {.driver = &stub.driver};
    make_pool(&rig, per_place, MANY);
    if (run > 0)
        assert_non_null(pacer = fsock_pacer_new(run, 0));
    fsk_pool_pace(&pool,
                  &(struct fsk_pool_rates){.pacer = pacer, .host_rate = each, .host_delay = delay});
}

/* It becomes `now`, and what strikes until then does so `late`. */
static void advance(fsock_time now, fsock_time late)
{
    struct fsk_heap_node *first;
    while ((first = fsk_heap_first(&pool.timers.heap)) && first->at + late <= now) {
        stub.driver.now = first->at + late;
        fsk_op_step(&pool.timers.op, stub.driver.now);
    }
    stub.driver.now = now;
}

static void wait_in(struct fsk_lease *lease, const char *key, enum fsock_err wanted)
{
    *lease = (struct fsk_lease){.place = NULL};
    fsk_list_init(&lease->waiter);
    static struct fsk_op op; /* nobody runs it */
    assert_int_equal(fsk_pool_move(&pool, lease, fsk_span_str(key), &op), wanted);
    assert_int_equal(lease->held, wanted == FSOCK_OK);
}

/* Begin and end what can begin, until `until`: looked at each millisecond. Returns how many. */
static unsigned begin_all(fsock_time until, fsock_time late, fsock_time *nearest)
{
    fsock_time last = 0;
    unsigned n = 0;
    for (fsock_time t = stub.driver.now; t <= until; t += MS) {
        struct fsk_lease lease;
        advance(t, late);
        for (; fsk_pool_ready(&pool) && *next(&lease); n++) {
            fsk_pool_release(&lease);
            if (nearest && last && stub.driver.now - last < *nearest)
                *nearest = stub.driver.now - last;
            last = stub.driver.now;
        }
    }
    return n;
}

static void queue_many(struct item *item, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++)
        queue(&item[i], name);
}

static void unqueue_all(struct item *item, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!fsk_list_empty(&item[i].link))
            fsk_pool_unqueue(item[i].place, &item[i].link);
}

/* ---- A place's ---- */

static void each_place_has_its_own(void **state)
{
    (void)state;
    struct fsk_lease a[2], b, none;
    struct item item[3];
    open_pool(0, 100, 0, 6);
    queue(&item[0], "a1");
    queue(&item[1], "a2");
    queue(&item[2], "b1");
    assert_string_equal(next(&a[0]), "a1");
    assert_string_equal(next(&b), "b1");
    assert_string_equal(next(&none), "");
    assert_false(fsk_pool_ready(&pool));
    advance(HOUR + 10 * MS - 1, 0);
    assert_string_equal(next(&none), "");
    advance(HOUR + 10 * MS, 0);
    assert_string_equal(next(&a[1]), "a2");
    fsk_pool_release(&a[0]);
    fsk_pool_release(&a[1]);
    fsk_pool_release(&b);
}

static void the_average_is_met_though_timers_are_late(void **state)
{
    (void)state;
    static struct item item[2100];
    for (fsock_time late = 0; late < 5 * MS; late += 2 * MS) {
        stub.driver.now = HOUR;
        open_pool(0, 200, 0, 6);
        queue_many(item, 2100, "a");
        assert_in_range(begin_all(HOUR + 10 * SEC, late, NULL), 1990, 2002);
        unqueue_all(item, 2100);
        if (late < 4 * MS)
            end_pool();
    }
}

/* No two requests are nearer than the delay, however late the first was. */
static void a_delay_is_kept(void **state)
{
    (void)state;
    static const struct {
        double rate;
        fsock_time delay;
        unsigned wanted; /* in 10 s */
    } rows[] = {
        {0,  100 * MS, 92}, /* each 3 ms late, and 5 more, which are looked at by milliseconds */
        {5,  100 * MS, 50}, /* the rate is the slower one */
        {50, 100 * MS, 92},
        {0,  2 * SEC,  5 },
    };
    static struct item item[200];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fsock_time nearest = HOUR;
        stub.driver.now = HOUR;
        open_pool(0, rows[i].rate, rows[i].delay, 6);
        queue_many(item, 200, "a");
        unsigned n = begin_all(HOUR + 10 * SEC, 7 * MS, &nearest);
        assert_in_range(n, rows[i].wanted, rows[i].wanted + 2);
        assert_true(nearest >= rows[i].delay);
        unqueue_all(item, 200);
        if (i < 3)
            end_pool();
    }
}

/* The next request at the same place, a redirect's or one sent again, takes a unit as well. */
static void staying_takes_a_unit(void **state)
{
    (void)state;
    struct fsk_lease lease, other;
    struct fsk_op op = {.running = false};
    open_pool(0, 100, 0, 1);
    lease_of(&lease, "a");
    wait_in(&other, "a", FSOCK_AGAIN);
    assert_int_equal(fsk_pool_move(&pool, &lease, FSK_SPAN("a"), &op), FSOCK_AGAIN);
    assert_false(lease.held);
    assert_true(fsk_lease_is_paced(&lease));
    advance(HOUR + 10 * MS, 0);
    assert_true(other.held); /* it came first */
    assert_false(lease.held);
    advance(HOUR + 20 * MS, 0);
    assert_false(lease.held);
    assert_false(fsk_lease_is_paced(&lease)); /* it is the connection that it lacks */
    fsk_pool_release(&other);
    assert_true(lease.held);
    advance(HOUR + 30 * MS, 0);
    assert_int_equal(fsk_pool_move(&pool, &lease, FSK_SPAN("a"), &op), FSOCK_OK);
    assert_true(lease.held);
    fsk_place_hold(lease.place, HOUR + SEC);
    advance(HOUR + SEC / 2, 0);
    assert_int_equal(fsk_pool_move(&pool, &lease, FSK_SPAN("a"), &op), FSOCK_AGAIN);
    advance(HOUR + SEC, 0);
    assert_true(lease.held);
    fsk_pool_release(&lease);
}

/* Who comes back to a place that nobody uses has to wait as if it had never left. */
static void debts_are_remembered(void **state)
{
    (void)state;
    struct fsk_lease lease;
    open_pool(0, 0.5, 0, 6);
    lease_of(&lease, "a");
    fsk_pool_release(&lease);
    assert_int_equal(pool.places.n, 1);
    advance(HOUR + SEC, 0);
    wait_in(&lease, "a", FSOCK_AGAIN);
    advance(HOUR + 2 * SEC, 0);
    assert_true(lease.held);
    fsk_pool_release(&lease);
    advance(HOUR + 4 * SEC, 0);
    assert_int_equal(pool.places.n, 0);
    lease_of(&lease, "a");
    fsk_pool_release(&lease);
}

static void debts_of_bytes_are_remembered(void **state)
{
    (void)state;
    struct fsk_lease lease;
    open_pool(0, 0, 0, 6);
    fsk_pool_pace(&pool, &(struct fsk_pool_rates){.host_bytes = 1000});
    lease_of(&lease, "a");
    fsk_pace_take(&lease.place->bytes, 100, stub.driver.now);
    fsk_pool_release(&lease);
    wait_in(&lease, "a", FSOCK_AGAIN);
    advance(HOUR + 100 * MS, 0);
    assert_true(lease.held);
    fsk_pool_release(&lease);
    assert_int_equal(pool.places.n, 0);
}

/* What one place has asked for holds there alone, and when nobody has used it for a while, too. */
static void a_place_can_be_slowed(void **state)
{
    (void)state;
    struct fsk_lease lease, other;
    open_pool(0, 100, 0, 6);
    assert_true(fsk_pool_slow(&pool, FSK_SPAN("a"), SEC));
    assert_true(fsk_pool_slow(&pool, FSK_SPAN("b"), MS)); /* less than everywhere */
    assert_int_equal(pool.places.n, 1);
    for (int i = 0; i < 3; i++) {
        lease_of(&lease, "a");
        fsk_pool_release(&lease);
        advance(stub.driver.now + SEC - 1, 0);
        wait_in(&other, "a", FSOCK_AGAIN);
        advance(stub.driver.now + 1, 0);
        assert_true(other.held);
        fsk_pool_release(&other);
        advance(stub.driver.now + HOUR, 0);
        assert_int_equal(pool.places.n, 1);
    }
    assert_true(fsk_pool_slow(&pool, FSK_SPAN("a"), 0)); /* taken back */
    assert_int_equal(pool.places.n, 0);
    assert_true(fsk_pool_slow(&pool, FSK_SPAN("a"), SEC)); /* the pool can end with it */
}

static void not_too_many_are_remembered(void **state)
{
    (void)state;
    struct fsk_lease lease;
    char name[16];
    open_pool(0, 0, 0, 6);
    lease_of(&lease, "x1"); /* it is in use */
    for (unsigned i = 0; i < FSK_POOL_SLOWED_MAX + 100; i++) {
        snprintf(name, sizeof name, "x%u", i);
        assert_true(fsk_pool_slow(&pool, fsk_span_str(name), SEC));
    }
    assert_int_equal(pool.places.n, FSK_POOL_SLOWED_MAX + 1);
    assert_int_equal(pool.n_slowed, FSK_POOL_SLOWED_MAX);
    assert_true(fsk_pool_slow(&pool, FSK_SPAN("x200"), 2 * SEC)); /* the last one now */
    assert_int_equal(pool.n_slowed, FSK_POOL_SLOWED_MAX);
    fsk_pool_release(&lease);
    assert_int_equal(pool.places.n, FSK_POOL_SLOWED_MAX);
}

/* ---- The run's ---- */

static void the_run_as_a_whole(void **state)
{
    (void)state;
    static struct item item[5][300];
    static const char *const names[] = {"a", "b", "c", "d", "e"};
    open_pool(100, 0, 0, 6);
    for (int i = 0; i < 5; i++)
        queue_many(item[i], 300, names[i]);
    assert_in_range(begin_all(HOUR + 10 * SEC, 3 * MS, NULL), 998, 1002);
    for (int i = 0; i < 5; i++) { /* in turn */
        unsigned left = 0;
        for (int k = 0; k < 300; k++)
            left += !fsk_list_empty(&item[i][k].link);
        assert_in_range(left, 99, 101);
        unqueue_all(item[i], 300);
    }
}

/* Who runs already gets the next unit, in turn with those at other places. */
static void waiters_come_first(void **state)
{
    (void)state;
    struct fsk_lease lease[4], last, none;
    struct item item;
    open_pool(100, 0, 0, 6);
    lease_of(&last, "x");
    queue(&item, "a1");
    wait_in(&lease[0], "a", FSOCK_AGAIN);
    wait_in(&lease[1], "b", FSOCK_AGAIN);
    wait_in(&lease[2], "a", FSOCK_AGAIN);
    assert_true(fsk_lease_is_paced(&lease[0]));
    assert_false(fsk_pool_ready(&pool));
    for (int i = 0; i < 3; i++) {
        assert_string_equal(next(&none), "");
        advance(HOUR + (i + 1) * 10 * MS, 0);
        assert_int_equal(lease[0].held + lease[1].held + lease[2].held, i + 1);
    }
    assert_string_equal(next(&none), "");
    advance(HOUR + 40 * MS, 0);
    assert_string_equal(next(&lease[3]), "a1");
    for (int i = 0; i < 4; i++)
        fsk_pool_release(&lease[i]);
    fsk_pool_release(&last);
}

/* One who waits for a unit and gives up leaves nothing behind. */
static void waiters_may_leave(void **state)
{
    (void)state;
    struct fsk_lease lease, last;
    open_pool(100, 0, 0, 6);
    lease_of(&last, "x");
    wait_in(&lease, "a", FSOCK_AGAIN);
    fsk_pool_release(&lease);
    fsk_pool_release(&last);
    assert_int_equal(pool.places.n, 0);
    advance(HOUR + SEC, 0);
    lease_of(&lease, "a");
    fsk_pool_release(&lease);
}

/* Two of them, as those of two threads, have together what one would have. */
static void others_share_the_pacer(void **state)
{
    (void)state;
    static struct item item[1200];
    unsigned n[2] = {0};
    open_pool(100, 0, 0, 6);
    queue_many(item, 1200, "a");
    for (fsock_time t = HOUR; t <= HOUR + 10 * SEC; t += MS) {
        struct fsk_lease lease;
        advance(t, 0);
        if (t / MS % 3 == 0 && fsk_pace_ask(&pacer->requests, t)) /* the other one */
            n[1]++;
        for (; fsk_pool_ready(&pool) && *next(&lease); n[0]++)
            fsk_pool_release(&lease);
    }
    assert_in_range(n[0] + n[1], 998, 1002);
    assert_true(n[0] > 100 && n[1] > 100);
    unqueue_all(item, 1200);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        SIM(each_place_has_its_own), SIM(the_average_is_met_though_timers_are_late),
        SIM(a_delay_is_kept),        SIM(staying_takes_a_unit),
        SIM(debts_are_remembered),   SIM(debts_of_bytes_are_remembered),
        SIM(a_place_can_be_slowed),  SIM(not_too_many_are_remembered),
        SIM(the_run_as_a_whole),     SIM(waiters_come_first),
        SIM(waiters_may_leave),      SIM(others_share_the_pacer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
