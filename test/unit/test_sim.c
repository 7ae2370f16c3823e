/* Simulated platforms: made, opened, judged by the verifier, damaged. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "appraise/appraise.h"
#include "evidence/intel_quote.h"
#include "ratls/policy.h"
#include "ratls/sim.h"
#include "ratls/verify.h"
#include "sim_dir.h"

static bytes quote_of(const ratls_sim *sim, const uint8_t report_data[64])
{
    ratls_error e;
    size_t n, again;
    assert_int_equal(ratls_sim_quote(sim, report_data, NULL, 0, &n, &e), RATLS_OK);
    uint8_t *quote = malloc(n);
    assert_non_null(quote);
    assert_int_equal(ratls_sim_quote(sim, report_data, quote, n - 1, &again, &e), RATLS_E_LIMIT);
    assert_int_equal(again, n);
    assert_int_equal(ratls_sim_quote(sim, report_data, quote, n, &again, &e), RATLS_OK);
    assert_int_equal(again, n);
    return bytes_of(quote, n);
}

static bytes collateral_of(const ratls_sim *sim)
{
    ratls_error e;
    size_t n, again;
    assert_int_equal(ratls_sim_collateral(sim, NULL, 0, &n, &e), RATLS_OK);
    uint8_t *out = malloc(n);
    assert_non_null(out);
    assert_int_equal(ratls_sim_collateral(sim, out, n - 1, &again, &e), RATLS_E_LIMIT);
    assert_int_equal(ratls_sim_collateral(sim, out, n, &again, &e), RATLS_OK);
    assert_int_equal(again, n);
    return bytes_of(out, n);
}

/* A quote of `sim`, judged at `time` with `collateral` under a root (empty: Intel's). */
static ratls_code judge(const ratls_sim *sim, bytes root, bytes collateral, int64_t time,
                        ratls_result *r)
{
    uint8_t report_data[64];
    ratls_error e;
    for (size_t i = 0; i < 64; i++)
        report_data[i] = (uint8_t)(i + 1);
    bytes quote = quote_of(sim, report_data);
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    if (root.n > 0)
        assert_int_equal(ratls_verifier_set_root(v, root, &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(v, collateral, &e), RATLS_OK);
    ratls_verify_options options = {.time = time, .time_is_explicit = true};
    ratls_code code = ratls_verify_quote(v, quote, &options, r, &e);
    assert_memory_equal(ratls_result_facts(r)->report_data, report_data, 64);
    ratls_verifier_free(&v);
    file_drop(quote);
    return code;
}

static ratls_code judge_own(const ratls_sim *sim, int64_t time, ratls_result *r)
{
    bytes collateral = collateral_of(sim);
    ratls_code code = judge(sim, ratls_sim_root(sim), collateral, time, r);
    file_drop(collateral);
    return code;
}

static const struct {
    ratls_tee tee;
    uint16_t version;
    bool td15;
} flavours[] = {{RATLS_TEE_SGX, 3, false}, {RATLS_TEE_SGX, 4, false}, {RATLS_TEE_SGX, 5, false},
                {RATLS_TEE_TDX, 4, false}, {RATLS_TEE_TDX, 5, false}, {RATLS_TEE_TDX, 5, true}};
enum { FLAVOURS = sizeof flavours / sizeof *flavours };

static ratls_sim_options options_of(size_t i)
{
    return sim_options(flavours[i].tee, flavours[i].version, flavours[i].td15);
}

/* The policy that is made from facts accepts them, once status and debug are what it takes. */
static void assert_policy_accepts(const ratls_facts *f, bool accepted)
{
    char json[8192];
    size_t n;
    ratls_error e;
    check_list checks;
    insecure_list insecure = {0};
    assert_int_equal(ratls_policy_write(json, sizeof json, &n, f, true, &e), RATLS_OK);
    policy *p = policy_new(bytes_of(json, n), &e);
    assert_non_null(p);
    checks_init(&checks);
    assert_int_equal(appraise(p, f, SIM_NOW, &checks, &insecure) == RATLS_OK, accepted);
    policy_free(p);
}

static void check_flavour(size_t flavour, ratls_tcb_status status)
{
    ratls_error e;
    ratls_sim_options o = options_of(flavour);
    ratls_result *r = ratls_result_new();
    sim_place p = sim_place_new();
    o.tcb_status = status;
    bool relaunch = status >= RATLS_TCB_TD_RELAUNCH_ADVISED;
    if (relaunch && !o.td15) {
        assert_int_equal(ratls_sim_new(p.root, &o, SIM_NOW, &e), RATLS_E_UNSUPPORTED);
        assert_int_equal(access(p.root, F_OK), -1);
        ratls_result_free(&r);
        sim_place_end(&p);
        return;
    }
    ratls_sim *sim = sim_make_open(p.root, &o);
    ratls_code code = judge_own(sim, SIM_NOW, r);
    const ratls_facts *f = ratls_result_facts(r);
    assert_int_equal(code, status == RATLS_TCB_REVOKED ? RATLS_E_REVOKED : RATLS_OK);
    assert_int_equal(f->tcb_status, status);
    assert_int_equal(f->tee, o.tee);
    assert_int_equal(f->quote_version, o.quote_version);
    assert_int_equal(f->tdx.has_td15, o.td15);
    assert_false(f->debug);
    assert_true(f->other_root && f->has_pck && f->pck.has_platform);
    assert_false(f->collateral_expired);
    assert_int_equal(f->earliest_expiration, SIM_NOW + 30 * SIM_DAY);
    assert_int_equal(f->latest_issue, SIM_NOW - 3600);
    if (o.tee == RATLS_TEE_SGX)
        assert_memory_equal(f->sgx.mrenclave, o.sgx.mrenclave, 32);
    else
        assert_memory_equal(f->tdx.mrtd, o.tdx.mrtd, 48);
    if (code == RATLS_OK)
        assert_policy_accepts(f, status == RATLS_TCB_UP_TO_DATE);
    assert_int_equal(ratls_sim_facts(sim)->tcb_status, status);

    /* Nobody else trusts it. */
    bytes collateral = collateral_of(sim);
    assert_int_equal(judge(sim, BYTES_NONE, collateral, SIM_NOW, r), RATLS_E_UNTRUSTED);
    assert_string_equal(ratls_result_failure(r)->id, "pck.chain");
    file_drop(collateral);
    ratls_sim_free(&sim);
    assert_null(sim);
    ratls_result_free(&r);
    sim_place_end(&p);
}

static void test_every_status_of_every_flavour(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLAVOURS; i++)
        for (unsigned s = RATLS_TCB_UP_TO_DATE;
             s <= RATLS_TCB_TD_RELAUNCH_ADVISED_CONFIGURATION_NEEDED; s++)
            check_flavour(i, (ratls_tcb_status)s);
}

static void test_chosen_identity(void **state)
{
    (void)state;
    for (size_t i = 0; i < FLAVOURS; i++) {
        sim_place p = sim_place_new();
        ratls_result *r = ratls_result_new();
        ratls_sim_options o = options_of(i);
        memset(o.sgx.mrenclave, 0xe1, 32);
        memset(o.sgx.mrsigner, 0xe2, 32);
        memset(o.sgx.config_id, 0xe3, 64);
        memset(o.sgx.isv_ext_prod_id, 0xe4, 16);
        memset(o.sgx.isv_family_id, 0xe5, 16);
        o.sgx.isv_prod_id = 0xe6e7;
        o.sgx.isv_svn = 0xe8e9;
        o.sgx.config_svn = 0xeaeb;
        o.sgx.misc_select = 0x12345678;
        o.sgx.attributes[0] |= 2; /* DEBUG */
        memset(o.tdx.mrtd, 0xd1, 48);
        memset(o.tdx.rtmr, 0xd2, sizeof o.tdx.rtmr);
        o.tdx.rtmr[3][47] = 0xd3;
        memset(o.tdx.mrconfigid, 0xd4, 48);
        memset(o.tdx.mrowner, 0xd5, 48);
        memset(o.tdx.mrownerconfig, 0xd6, 48);
        memset(o.tdx.mrservicetd, 0xd7, 48);
        o.tdx.td_attributes[0] = 1; /* DEBUG */
        ratls_sim *sim = sim_make_open(p.root, &o);
        assert_int_equal(judge_own(sim, SIM_NOW, r), RATLS_OK);
        const ratls_facts *f = ratls_result_facts(r);
        assert_true(f->debug);
        if (o.tee == RATLS_TEE_SGX) {
            memcpy(o.sgx.cpu_svn, f->pck.cpu_svn, 16);
            assert_memory_equal(&f->sgx, &o.sgx, sizeof o.sgx);
        } else {
            assert_memory_equal(f->tdx.rtmr, o.tdx.rtmr, sizeof o.tdx.rtmr);
            assert_memory_equal(f->tdx.mrownerconfig, o.tdx.mrownerconfig, 48);
            assert_memory_equal(f->tdx.mrowner, o.tdx.mrowner, 48);
            assert_memory_equal(f->tdx.mrconfigid, o.tdx.mrconfigid, 48);
            assert_memory_equal(f->tdx.td_attributes, o.tdx.td_attributes, 8);
            if (o.td15)
                assert_memory_equal(f->tdx.mrservicetd, o.tdx.mrservicetd, 48);
        }
        ratls_sim_free(&sim);
        ratls_result_free(&r);
        sim_place_end(&p);
    }
}

static void test_opened_again(void **state)
{
    (void)state;
    sim_place p = sim_place_new();
    static const uint8_t zeros[64];
    ratls_sim_options o = options_of(5);
    ratls_sim *first = sim_make_open(p.root, &o), *second = sim_open(p.root);
    bytes a = quote_of(first, zeros), b = quote_of(second, zeros);
    intel_quote x, y;
    ratls_error e;
    assert_int_equal(intel_quote_parse(a, &x, &e), RATLS_OK);
    assert_int_equal(intel_quote_parse(b, &y, &e), RATLS_OK);
    assert_true(bytes_equal(x.signed_bytes, y.signed_bytes));
    assert_true(bytes_equal(x.attestation_key, y.attestation_key));
    assert_true(bytes_equal(x.cert_data, y.cert_data));
    assert_false(bytes_equal(x.signature, y.signature));
    file_drop(a);
    file_drop(b);
    ratls_sim_free(&first);
    ratls_sim_free(&second);
    ratls_sim_free(&second);
    ratls_sim_free(NULL);
    sim_place_end(&p);
}

static void test_one_vendor(void **state)
{
    (void)state;
    sim_place p = sim_place_new(), q = sim_place_new();
    ratls_result *r = ratls_result_new();
    ratls_sim_options o = options_of(0);
    ratls_sim *first = sim_make_open(p.root, &o);
    bytes collateral = collateral_of(first);

    /* Another platform of the same family: the same root and the same collateral do. */
    o.vendor = p.root;
    o.tcb_status = RATLS_TCB_OUT_OF_DATE;
    memset(o.sgx.mrenclave, 0xab, 32);
    ratls_sim *second = sim_make_open(q.root, &o);
    assert_true(bytes_equal(ratls_sim_root(first), ratls_sim_root(second)));
    assert_int_equal(judge(second, ratls_sim_root(first), collateral, SIM_NOW, r), RATLS_OK);
    assert_int_equal(ratls_result_facts(r)->tcb_status, RATLS_TCB_OUT_OF_DATE);
    assert_memory_not_equal(ratls_result_facts(r)->pck.ppid, ratls_sim_facts(first)->pck.ppid, 16);
    assert_false(sim_same_file(p.root, q.root, "pck-key.pem"));
    assert_false(sim_same_file(p.root, q.root, "attestation-key.pem"));
    ratls_sim_free(&second);
    sim_remove(q.root);

    /* Of another TEE: the same root, collateral of its own. */
    ratls_sim_options tdx = options_of(3);
    tdx.vendor = p.root;
    second = sim_make_open(q.root, &tdx);
    assert_true(bytes_equal(ratls_sim_root(first), ratls_sim_root(second)));
    assert_int_equal(judge_own(second, SIM_NOW, r), RATLS_OK);
    assert_int_equal(judge(second, ratls_sim_root(first), collateral, SIM_NOW, r), RATLS_E_MISSING);

    /* Two vendors have nothing in common. */
    file_drop(collateral);
    ratls_sim_free(&second);
    sim_remove(q.root);
    tdx.vendor = NULL;
    second = sim_make_open(q.root, &tdx);
    collateral = collateral_of(second);
    assert_int_equal(judge(second, ratls_sim_root(first), collateral, SIM_NOW, r),
                     RATLS_E_UNTRUSTED);

    file_drop(collateral);
    ratls_sim_free(&first);
    ratls_sim_free(&second);
    ratls_result_free(&r);
    sim_place_end(&p);
    sim_place_end(&q);
}

static void test_renew(void **state)
{
    (void)state;
    sim_place p = sim_place_new();
    ratls_error e;
    ratls_result *r = ratls_result_new();
    ratls_sim_options o = options_of(4);
    o.valid_days = 7;
    ratls_sim *sim = sim_make_open(p.root, &o);
    int64_t later = SIM_NOW + 100 * SIM_DAY;
    assert_int_equal(judge_own(sim, later, r), RATLS_OK);
    assert_true(ratls_result_facts(r)->collateral_expired);
    assert_int_equal(ratls_sim_renew(sim, later, 0, &e), RATLS_OK);
    assert_int_equal(judge_own(sim, later, r), RATLS_OK);
    assert_false(ratls_result_facts(r)->collateral_expired);
    assert_int_equal(ratls_result_facts(r)->earliest_expiration, later + 7 * SIM_DAY);
    assert_int_equal(ratls_sim_renew(sim, later, 1, &e), RATLS_OK);
    assert_int_equal(judge_own(sim, later, r), RATLS_OK);
    assert_int_equal(ratls_result_facts(r)->earliest_expiration, later + SIM_DAY);
    /* Collateral from the future is refused as any other. */
    assert_int_equal(judge_own(sim, SIM_NOW, r), RATLS_E_STALE);
    assert_int_equal(ratls_sim_renew(sim, later, 100000, &e), RATLS_E_UNSUPPORTED);
    assert_int_equal(ratls_sim_renew(sim, INT64_MAX, 0, &e), RATLS_E_UNSUPPORTED);
    assert_int_equal(ratls_sim_renew(sim, INT64_MIN, 0, &e), RATLS_E_UNSUPPORTED);
    ratls_sim_free(&sim);
    sim = sim_open(p.root);
    ratls_sim_free(&sim);
    ratls_result_free(&r);
    sim_place_end(&p);
}

static void test_refused_options(void **state)
{
    (void)state;
    static const struct {
        ratls_tee tee;
        uint16_t version;
        bool td15;
        ratls_tcb_status status;
        uint32_t days;
        const char *text;
    } cases[] = {
        {RATLS_TEE_NONE, 3, false, RATLS_TCB_UP_TO_DATE, 30, "no TEE is named"},
        {RATLS_TEE_SGX, 2, false, RATLS_TCB_UP_TO_DATE, 30, "SGX with quotes of version 2"},
        {RATLS_TEE_SGX, 6, false, RATLS_TCB_UP_TO_DATE, 30, "SGX with quotes of version 6"},
        {RATLS_TEE_TDX, 3, false, RATLS_TCB_UP_TO_DATE, 30, "TDX with quotes of version 3"},
        {RATLS_TEE_SGX, 5, true, RATLS_TCB_UP_TO_DATE, 30, "TD report 1.5 with SGX"},
        {RATLS_TEE_TDX, 4, true, RATLS_TCB_UP_TO_DATE, 30, "TD report 1.5 with TDX"},
        {RATLS_TEE_SGX, 3, false, RATLS_TCB_NONE, 30, "TCB status unknown"},
        {RATLS_TEE_SGX, 3, false, (ratls_tcb_status)99, 30, "TCB status unknown"},
        {RATLS_TEE_TDX, 5, false, RATLS_TCB_TD_RELAUNCH_ADVISED, 30, "TDRelaunchAdvised"},
        {RATLS_TEE_SGX, 3, false, RATLS_TCB_UP_TO_DATE, 0, "for 0 days"},
        {RATLS_TEE_SGX, 3, false, RATLS_TCB_UP_TO_DATE, 3651, "for 3651 days"},
    };
    sim_place p = sim_place_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ratls_error e = {.text = ""};
        ratls_sim_options o = options_of(0);
        o.tee = cases[i].tee;
        o.quote_version = cases[i].version;
        o.td15 = cases[i].td15;
        o.tcb_status = cases[i].status;
        o.valid_days = cases[i].days;
        assert_int_equal(ratls_sim_new(p.root, &o, SIM_NOW, &e), RATLS_E_UNSUPPORTED);
        if (strstr(e.text, cases[i].text) == NULL)
            fail_msg("'%s' lacks '%s'", e.text, cases[i].text);
    }
    /* The last day of the range, in which a certificate needs GeneralizedTime, and the next. */
    ratls_error e = {.text = ""};
    ratls_sim_options o = options_of(0);
    int64_t last = 13569465600 - 1;
    assert_int_equal(ratls_sim_new(p.root, &o, last + 1, &e), RATLS_E_UNSUPPORTED);
    assert_non_null(strstr(e.text, "from 1971 to 2400"));
    assert_int_equal(ratls_sim_new(p.root, &o, 31536000 - 1, &e), RATLS_E_UNSUPPORTED);
    assert_int_equal(ratls_sim_new(p.root, &o, last, &e), RATLS_OK);
    ratls_sim *sim = sim_open(p.root);
    ratls_sim_free(&sim);
    sim_place_end(&p);
}

enum { THREADS = 4, QUOTES = 25 };

static void *ask(void *context)
{
    static uint8_t failed;
    uint8_t report_data[64] = {1}, quote[16384];
    ratls_error e;
    size_t n;
    for (int i = 0; i < QUOTES; i++)
        if (ratls_sim_quote(context, report_data, quote, sizeof quote, &n, &e) != RATLS_OK ||
            ratls_sim_collateral(context, NULL, 0, &n, &e) != RATLS_OK)
            return &failed;
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    sim_place p = sim_place_new();
    ratls_sim_options o = options_of(5);
    ratls_sim *sim = sim_make_open(p.root, &o);
    for (size_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, sim), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;
        assert_int_equal(pthread_join(threads[i], &failed), 0);
        assert_null(failed);
    }
    ratls_sim_free(&sim);
    sim_place_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_status_of_every_flavour),
        cmocka_unit_test(test_chosen_identity),
        cmocka_unit_test(test_opened_again),
        cmocka_unit_test(test_one_vendor),
        cmocka_unit_test(test_renew),
        cmocka_unit_test(test_refused_options),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
