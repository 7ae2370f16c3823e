/* The time that has certainly passed, and the epoch of collateral. */
#include "testing.h"

#include <pthread.h>

#include "cert_maker.h"
#include "hostile.h"
#include "ratls/verify.h"

enum { DAY = VENDOR_DAY };

/* A world of a hundred days after this build, so that the present can go back in it. */
static vendor later_world(void)
{
    return vendor_of(QUOTE_SGX, 3, false, ratls_build_time() + 100 * DAY);
}

static ratls_verifier *verifier_of(const vendor *v, bytes collateral)
{
    ratls_error e;
    ratls_verifier *r = ratls_verifier_new();
    assert_non_null(r);
    assert_int_equal(ratls_verifier_set_root(r, vendor_root(v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_set_policy(r, hostile_policy(v), &e), RATLS_OK);
    if (collateral.n > 0)
        assert_int_equal(ratls_verifier_add_collateral(r, collateral, &e), RATLS_OK);
    return r;
}

static ratls_code judge(const ratls_verifier *v, bytes der, int64_t time, bool given, uint32_t skew)
{
    ratls_error e;
    const ratls_verify_options o = {.time = time, .time_is_explicit = given, .skew_seconds = skew};
    return ratls_verify_certificate(v, der, &o, NULL, &e);
}

static bool clock_is_wrong(const ratls_verifier *v, int64_t time, uint32_t skew)
{
    ratls_error e = {.text = ""};
    const ratls_verify_options o = {.time = time, .skew_seconds = skew};
    ratls_result *r = ratls_result_new();
    ratls_code code = ratls_verify_quote(v, bytes_text("no quote"), &o, r, &e);
    const ratls_check *failure = ratls_result_failure(r);
    assert_non_null(failure);
    bool wrong = strcmp(failure->id, "time") == 0;
    assert_int_equal(code, wrong ? RATLS_E_STALE : RATLS_E_MALFORMED);
    ratls_result_free(&r);
    return wrong;
}

static void it_is_raised_and_never_goes_down(void **state)
{
    (void)state;
    ratls_verifier *v = ratls_verifier_new();
    int64_t built = ratls_build_time();
    static const int64_t low[] = {INT64_MIN, -1, 0, 1};
    assert_int_equal(ratls_verifier_time(v), built);
    for (size_t i = 0; i < sizeof low / sizeof *low; i++) {
        ratls_verifier_raise_time(v, low[i]);
        assert_int_equal(ratls_verifier_time(v), built);
    }
    assert_true(clock_is_wrong(v, built - 1, 0));
    assert_false(clock_is_wrong(v, built, 0));
    assert_true(clock_is_wrong(v, -1, 0));

    ratls_verifier_raise_time(v, built + 1000);
    assert_int_equal(ratls_verifier_time(v), built + 1000);
    ratls_verifier_raise_time(v, built + 999);
    assert_int_equal(ratls_verifier_time(v), built + 1000);
    assert_true(clock_is_wrong(v, built + 999, 0));
    assert_false(clock_is_wrong(v, built + 1000, 0));
    assert_true(clock_is_wrong(v, built + 939, 60));
    assert_false(clock_is_wrong(v, built + 940, 60));

    ratls_verifier_raise_time(v, INT64_MAX);
    assert_int_equal(ratls_verifier_time(v), INT64_MAX);
    assert_true(clock_is_wrong(v, INT64_C(253402300799), UINT32_MAX));
    ratls_verifier_free(&v);
}

static void genuine_dates_raise_it(void **state)
{
    (void)state;
    vendor w = later_world();
    int64_t now = w.now, issued = now - DAY;
    tls_spec t = tls_spec_of(&w, TLS_INTEROPERABLE, NULL);
    bytes der = tls_make(&t).der, collateral = vendor_collateral_json(&w);
    ratls_verifier *v = verifier_of(&w, collateral);

    /* Not by a time that somebody named, be it in the memo or not. */
    assert_int_equal(judge(v, der, now, true, 0), RATLS_OK);
    assert_int_equal(judge(v, der, now, true, 0), RATLS_OK);
    assert_int_equal(ratls_verifier_time(v), ratls_build_time());
    /* By the clock, though a memo knows the certificate. */
    assert_int_equal(judge(v, der, now, false, 0), RATLS_OK);
    assert_int_equal(ratls_verifier_time(v), issued);
    assert_true(clock_is_wrong(v, issued - 1, 0));
    assert_false(clock_is_wrong(v, issued - 1, 1));
    assert_int_equal(judge(v, der, now, true, 0), RATLS_OK);
    ratls_verifier_free(&v);

    /* And where none does. */
    v = verifier_of(&w, collateral);
    assert_int_equal(judge(v, der, now, false, 0), RATLS_OK);
    assert_int_equal(ratls_verifier_time(v), issued);
    /* Of what is newer, the date that is latest. */
    ratls_error e;
    vendor newer = w;
    newer.pck_crl.this_update += 3600;
    assert_int_equal(ratls_verifier_add_collateral(v, vendor_collateral_json(&newer), &e),
                     RATLS_OK);
    assert_int_equal(ratls_verifier_time(v), issued);
    assert_int_equal(judge(v, der, now, false, 0), RATLS_OK);
    assert_int_equal(ratls_verifier_time(v), issued + 3600);
    ratls_verifier_free(&v);
}

/* What is not genuine says nothing about the time, and what is only given even less. */
static void other_dates_do_not(void **state)
{
    (void)state;
    vendor w = later_world(), forged = w, ahead = w, expired = w;
    tls_spec t = tls_spec_of(&w, TLS_INTEROPERABLE, NULL);
    bytes der = tls_make(&t).der;
    forged.tcb_info_key = key_named(KEY_TYPE_P256, "other");
    forged.tcb_info.issue_date = w.now - 1;
    ratls_verifier *v = verifier_of(&w, vendor_collateral_json(&forged));
    assert_int_equal(judge(v, der, w.now, false, 0), RATLS_E_UNTRUSTED);
    assert_int_equal(ratls_verifier_time(v), ratls_build_time());
    ratls_verifier_free(&v);

    ahead.tcb_info.issue_date = w.now + 10 * DAY;
    v = verifier_of(&w, vendor_collateral_json(&ahead));
    assert_int_equal(judge(v, der, w.now, false, 0), RATLS_E_STALE);
    assert_int_equal(ratls_verifier_time(v), ratls_build_time());
    ratls_verifier_free(&v);

    /* Refused by the policy only: genuine all the same. */
    expired.tcb_info.next_update = w.now - 1;
    v = verifier_of(&w, vendor_collateral_json(&expired));
    assert_int_equal(judge(v, der, w.now, false, 0), RATLS_E_STALE);
    assert_int_equal(ratls_verifier_time(v), w.now - DAY);
    ratls_verifier_free(&v);
}

/* A clock that was set back to a time at which a revoked platform was not revoked yet. */
static void a_clock_set_back_is_noticed(void **state)
{
    (void)state;
    vendor w = later_world();
    tls_spec t = tls_spec_of(&w, TLS_INTEROPERABLE, NULL);
    bytes der = tls_make(&t).der;
    ratls_verifier *v = verifier_of(&w, vendor_collateral_json(&w));
    assert_int_equal(judge(v, der, w.now, false, 60), RATLS_OK);
    ratls_verifier_raise_time(v, w.now + 5 * DAY);
    assert_int_equal(judge(v, der, w.now, false, 60), RATLS_E_STALE);
    assert_int_equal(judge(v, der, w.now, true, 60), RATLS_OK);
    ratls_verifier_free(&v);

    /* A genuine list from ahead was signed by somebody whose clock showed that. */
    vendor ahead = w;
    ahead.pck_crl.this_update = w.now + 10 * DAY;
    v = verifier_of(&w, vendor_collateral_json(&ahead));
    assert_int_equal(judge(v, der, w.now, false, 60), RATLS_E_STALE);
    assert_int_equal(ratls_verifier_time(v), w.now + 10 * DAY);
    assert_true(clock_is_wrong(v, w.now, 60));
    ratls_verifier_free(&v);
}

static void the_epoch_changes_with_the_collateral(void **state)
{
    (void)state;
    vendor w = later_world();
    ratls_error e;
    ratls_verifier *v = verifier_of(&w, BYTES_NONE);
    uint64_t seen[40];
    size_t n = 0;
    seen[n++] = ratls_verifier_epoch(v);
    assert_int_equal(ratls_verifier_epoch(v), seen[0]);
    for (int i = 0; i < 39; i++) {
        vendor next = w;
        next.pck_crl.this_update += (i % 2 == 0 ? 1 : -1) * i;
        bytes json = vendor_collateral_json(&next);
        assert_int_equal(ratls_verifier_add_collateral(v, json, &e), RATLS_OK);
        seen[n] = ratls_verifier_epoch(v);
        for (size_t k = 0; k < n; k++)
            assert_true(seen[k] != seen[n]);
        n++;
        /* Nothing new: the same again, in other words. */
        assert_int_equal(ratls_verifier_add_collateral(v, json, &e), RATLS_OK);
        assert_int_equal(
            ratls_verifier_add_collateral(v, join(bytes_text("\n "), json, bytes_text(" ")), &e),
            RATLS_OK);
        assert_int_equal(ratls_verifier_epoch(v), seen[n - 1]);
    }
    /* What is refused changes nothing. */
    assert_int_equal(ratls_verifier_add_collateral(v, bytes_text("{"), &e), RATLS_E_MALFORMED);
    assert_int_equal(ratls_verifier_add_collateral(v, BYTES_NONE, &e), RATLS_E_MALFORMED);
    bytes large = bytes_of(arena_alloc(256 * 1024 + 1), 256 * 1024 + 1);
    assert_int_equal(ratls_verifier_add_collateral(v, large, &e), RATLS_E_LIMIT);
    assert_int_equal(ratls_verifier_epoch(v), seen[n - 1]);
    ratls_verifier_free(&v);
}

static void *raise_it(void *arg)
{
    const ratls_verifier *v = arg;
    int64_t last = 0;
    for (int64_t i = 0; i < 20000; i++) {
        ratls_verifier_raise_time(v, ratls_build_time() + i);
        int64_t now = ratls_verifier_time(v);
        if (now < last || now < ratls_build_time() + i)
            return arg;
        last = now;
    }
    return NULL;
}

static void threads_only_raise_it(void **state)
{
    (void)state;
    ratls_verifier *v = ratls_verifier_new();
    pthread_t threads[4];
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, raise_it, v), 0);
    for (size_t i = 0; i < 4; i++) {
        void *wrong;
        assert_int_equal(pthread_join(threads[i], &wrong), 0);
        assert_null(wrong);
    }
    assert_int_equal(ratls_verifier_time(v), ratls_build_time() + 19999);
    ratls_verifier_free(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_raised_and_never_goes_down),
        cmocka_unit_test(genuine_dates_raise_it),
        cmocka_unit_test(other_dates_do_not),
        cmocka_unit_test(a_clock_set_back_is_noticed),
        cmocka_unit_test(the_epoch_changes_with_the_collateral),
        cmocka_unit_test(threads_only_raise_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
