/* When items are asked for, and how many a keeper holds for whom. */
#include "testing.h"

#include <stdlib.h>

#include "arena.h"
#include "collateral/schedule.h"
#include "collateral/stock.h"

enum { DAY = 86400, HOUR = 3600 };

#define NOW 4102444800 /* 2100-01-01T00:00:00Z */

static const uint32_t randoms[] = {0, 1, 0x7fffffff, 0x80000000, 0xdeadbeef, UINT32_MAX};
enum { RANDOMS = sizeof randoms / sizeof *randoms };

static void test_due_between_half_and_three_quarters(void **state)
{
    static const int64_t lives[] = {1,    2,       3,        60,
                                    HOUR, 7 * DAY, 30 * DAY, (int64_t)9000 * 366 * DAY};
    (void)state;
    for (size_t i = 0; i < sizeof lives / sizeof *lives; i++) {
        int64_t issued = lives[i] > NOW ? 0 : NOW - 1;
        for (size_t r = 0; r < RANDOMS; r++) {
            int64_t due = schedule_due(issued, issued + lives[i], randoms[r]);
            assert_true(due >= issued + lives[i] / 2);
            assert_true(due <= issued + lives[i] * 3 / 4);
        }
        assert_int_equal(schedule_due(issued, issued + lives[i], 0), issued + lives[i] / 2);
    }
    /* The whole quarter is used. */
    assert_true(schedule_due(0, 4000, UINT32_MAX) >= 2999);
    /* What expires before it was issued is due at once. */
    assert_int_equal(schedule_due(NOW, NOW - 5, UINT32_MAX), NOW);
    assert_int_equal(schedule_due(NOW, NOW, UINT32_MAX), NOW);
}

static void test_not_more_often_than_least(void **state)
{
    (void)state;
    for (size_t r = 0; r < RANDOMS; r++) {
        /* Early in its life, least does not matter. */
        assert_int_equal(schedule_next(NOW, NOW + 30 * DAY, NOW + HOUR, HOUR, randoms[r]),
                         schedule_due(NOW, NOW + 30 * DAY, randoms[r]));
        /* Late, it alone does. */
        int64_t late = NOW + 29 * DAY,
                next = schedule_next(NOW, NOW + 30 * DAY, late, HOUR, randoms[r]);
        assert_true(next >= late + HOUR && next <= late + HOUR + HOUR / 4);
    }
}

static void test_retries_grow(void **state)
{
    static const int64_t most[] = {30, 60, 120, 240, 480, 960, 1920, 3600, 3600};
    (void)state;
    for (unsigned n = 1; n <= sizeof most / sizeof *most; n++)
        for (size_t r = 0; r < RANDOMS; r++) {
            int64_t delay = schedule_retry(NOW, n, HOUR, randoms[r]) - NOW;
            assert_true(delay <= most[n - 1] && delay >= most[n - 1] / 2);
        }
    assert_int_equal(schedule_retry(NOW, 1, HOUR, 0), NOW + 30);
    assert_int_equal(schedule_retry(NOW, 4000000000u, HOUR, 0), NOW + HOUR);
    assert_int_equal(schedule_retry(NOW, 9, 1, UINT32_MAX), NOW + 1);
    /* Never at once, or it would be asked for without end. */
    assert_int_equal(schedule_retry(NOW, 1, 0, 0), NOW + 1);
}

/* Seeds may be as alike as 1 and 2, as of machines that start from one image. */
static void test_fleet_is_spread(void **state)
{
    enum { KEEPERS = 100, MINUTE = 60 };
    static const char *const names[] = {"sgx-tcb-00906ed50000", "tdx-qe", "root-ca-crl"};
    (void)state;
    for (size_t name = 0; name < 3; name++) {
        int64_t minutes[KEEPERS];
        int64_t first = INT64_MAX, last = 0;
        for (uint64_t seed = 0; seed < KEEPERS; seed++) {
            uint32_t random = schedule_random(seed, names[name], NOW);
            minutes[seed] = schedule_due(NOW, NOW + 30 * DAY, random) / MINUTE;
            first = minutes[seed] < first ? minutes[seed] : first;
            last = minutes[seed] > last ? minutes[seed] : last;
        }
        /* Over nearly all of the 7.5 days, never more than two in a minute. */
        assert_true(last - first > 7 * 24 * 60);
        for (size_t i = 0; i < KEEPERS; i++) {
            unsigned same = 0;
            for (size_t j = 0; j < KEEPERS; j++)
                same += minutes[j] == minutes[i];
            assert_true(same <= 2);
        }
    }
    assert_int_not_equal(schedule_random(1, names[0], NOW), schedule_random(1, names[1], NOW));
    assert_int_not_equal(schedule_random(1, names[0], NOW), schedule_random(2, names[0], NOW));
    assert_int_not_equal(schedule_random(1, names[0], NOW), schedule_random(1, names[0], NOW + 1));
    assert_int_equal(schedule_random(1, names[0], NOW), schedule_random(1, names[0], NOW));
}

static ratls_item family(unsigned n)
{
    ratls_item item = {.kind = RATLS_ITEM_TCB_INFO, .tee = RATLS_TEE_SGX};
    item.fmspc[0] = (uint8_t)(n >> 8);
    item.fmspc[1] = (uint8_t)n;
    item.fmspc[5] = 1;
    return item;
}

static stock_item *want(stock *s, unsigned n, stock_rank rank)
{
    ratls_item item = family(n);
    return stock_want(s, &item, rank);
}

static bool has(stock *s, unsigned n)
{
    ratls_item item = family(n);
    return stock_find(s, &item) != NULL;
}

static void put(stock_item *i, int64_t issued, int64_t expires)
{
    ratls_item_facts facts = {.item = i->item, .issued = issued, .expires = expires};
    uint8_t *data = malloc(1);
    assert_non_null(data);
    data[0] = '{';
    stock_put(i, data, 1, &facts);
}

static void test_strangers_are_few(void **state)
{
    stock *s = stock_new();
    (void)state;
    assert_non_null(want(s, 60000, STOCK_WANTED));
    assert_non_null(want(s, 60001, STOCK_LEARNED));
    for (unsigned n = 0; n < 1000; n++) {
        assert_non_null(want(s, n, STOCK_STRANGER));
        assert_true(has(s, n));
        assert_int_equal(has(s, n - STOCK_STRANGERS + 1), n + 1 >= STOCK_STRANGERS);
        assert_false(n >= STOCK_STRANGERS && has(s, n - STOCK_STRANGERS));
    }
    assert_true(has(s, 60000) && has(s, 60001));
    assert_true(s->n <= STOCK_STRANGERS + 2);
    stock_free(s);
}

static void test_families_are_bounded(void **state)
{
    stock *s = stock_new();
    (void)state;
    for (unsigned n = 0; n < STOCK_FAMILIES; n++)
        assert_non_null(want(s, n, n == 7 || n == 9 ? STOCK_LEARNED : STOCK_WANTED));
    /* No more are learned, and a stranger stays one. */
    assert_null(want(s, 2000, STOCK_LEARNED));
    stock_item *stranger = want(s, 2001, STOCK_STRANGER);
    assert_non_null(stranger);
    stock_promote(s, stranger);
    assert_int_equal(stranger->rank, STOCK_STRANGER);
    /* Those wanted displace those learned, the oldest first. */
    assert_non_null(want(s, 2002, STOCK_WANTED));
    assert_true(!has(s, 7) && has(s, 9));
    /* What is wanted already needs no room, and what was learned keeps its own. */
    assert_non_null(want(s, 9, STOCK_WANTED));
    assert_true(has(s, 9));
    assert_null(want(s, 2003, STOCK_WANTED));
    assert_non_null(want(s, 3, STOCK_WANTED));
    /* Nor does a stranger that is wanted find any. */
    assert_null(want(s, 2001, STOCK_WANTED));
    assert_int_equal(stranger->rank, STOCK_STRANGER);
    /* What all platforms share needs none. */
    const ratls_item crl = {.kind = RATLS_ITEM_ROOT_CA_CRL};
    assert_non_null(stock_want(s, &crl, STOCK_WANTED));
    stock_free(s);
}

static void test_stranger_is_promoted(void **state)
{
    stock *s = stock_new();
    (void)state;
    stock_item *i = want(s, 1, STOCK_STRANGER);
    stock_promote(s, i);
    assert_int_equal(i->rank, STOCK_LEARNED);
    assert_ptr_equal(want(s, 1, STOCK_STRANGER), i);
    assert_int_equal(i->rank, STOCK_LEARNED);
    assert_ptr_equal(want(s, 1, STOCK_WANTED), i);
    stock_promote(s, i);
    assert_int_equal(i->rank, STOCK_WANTED);
    stock_drop(i);
    assert_false(has(s, 1));
    stock_free(s);
}

static void test_unknown_for_an_hour(void **state)
{
    stock *s = stock_new();
    ratls_item item = family(5), other = family(6);
    (void)state;
    assert_int_equal(stock_unknown_until(s, &item, NOW), 0);
    stock_set_unknown(s, &item, NOW);
    assert_int_equal(stock_unknown_until(s, &item, NOW), NOW + HOUR);
    assert_int_equal(stock_unknown_until(s, &other, NOW), 0);
    /* By a clock that was set back, it was never noted. */
    assert_int_equal(stock_unknown_until(s, &item, NOW - 1), 0);
    /* Nothing is forgotten early: then nobody new is asked for. */
    for (unsigned n = 1; n < STOCK_UNKNOWN; n++) {
        assert_true(stock_full_until(s, NOW) <= NOW);
        other = family(1000 + n);
        stock_set_unknown(s, &other, NOW + 10);
    }
    assert_int_equal(stock_full_until(s, NOW + 10), NOW + HOUR);
    assert_true(stock_full_until(s, NOW + HOUR) <= NOW + HOUR);
    assert_int_equal(stock_unknown_until(s, &item, NOW), NOW + HOUR);
    stock_free(s);
}

static void test_next_and_latest(void **state)
{
    stock *s = stock_new();
    (void)state;
    assert_int_equal(stock_next(s), INT64_MAX);
    assert_int_equal(stock_latest_expiry(s), 0);
    stock_item *a = want(s, 1, STOCK_WANTED), *b = want(s, 2, STOCK_WANTED);
    assert_int_equal(stock_next(s), 0);
    a->due = NOW + 9;
    b->due = NOW + 7;
    assert_int_equal(stock_next(s), NOW + 7);
    a->save = NOW + 5;
    assert_int_equal(stock_next(s), NOW + 5);
    put(a, NOW, NOW + 100);
    put(b, NOW, NOW + 50);
    assert_int_equal(stock_latest_expiry(s), NOW + 100);
    put(a, NOW, NOW + 20); /* in its place */
    assert_int_equal(stock_latest_expiry(s), NOW + 50);
    stock_drop(b);
    assert_int_equal(stock_latest_expiry(s), NOW + 20);
    stock_free(s);
    stock_free(NULL);
}

static void test_newer(void **state)
{
    ratls_item_facts a = {.issued = 0}, b = a;
    (void)state;
    assert_false(item_newer(&a, &b));
    a.order[27] = 1;
    assert_true(item_newer(&a, &b) && !item_newer(&b, &a));
    b.order[0] = 1;
    assert_true(item_newer(&b, &a) && !item_newer(&a, &b));
}

static void test_same(void **state)
{
    const ratls_item a = family(1);
    ratls_item b = a;
    (void)state;
    assert_true(item_same(&a, &b));
    b.tee = RATLS_TEE_TDX;
    assert_false(item_same(&a, &b));
    b = a;
    b.fmspc[3] ^= 1;
    assert_false(item_same(&a, &b));
    b = a;
    b.kind = RATLS_ITEM_PCK_CRL;
    assert_false(item_same(&a, &b));
    b = a;
    b.processor_ca = true;
    assert_false(item_same(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due_between_half_and_three_quarters),
        cmocka_unit_test(test_not_more_often_than_least),
        cmocka_unit_test(test_retries_grow),
        cmocka_unit_test(test_fleet_is_spread),
        cmocka_unit_test(test_strangers_are_few),
        cmocka_unit_test(test_families_are_bounded),
        cmocka_unit_test(test_stranger_is_promoted),
        cmocka_unit_test(test_unknown_for_an_hour),
        cmocka_unit_test(test_next_and_latest),
        cmocka_unit_test(test_newer),
        cmocka_unit_test(test_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
