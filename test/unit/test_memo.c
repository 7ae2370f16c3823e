/* The memos: a verdict from them is the verdict of a full verification, at every time and after
 * every change. */
#include "testing.h"

#include <pthread.h>
#include <stdlib.h>

#include "cert_maker.h"
#include "equal_results.h"
#include "ratls/policy.h"
#include "ratls/verify.h"

enum { HOUR = 3600, DAY = VENDOR_DAY };

/* A world, its collateral, and certificates of one platform with different quotes. */
typedef struct world {
    vendor v;
    bytes root, collateral;
    tls_made certificate[3];
    char *policy;
} world;

static const char *const key_names[] = {"one", "two", "three"};

static char *policy_of(const ratls_facts *facts)
{
    size_t n;
    ratls_error e;
    assert_int_equal(ratls_policy_write(NULL, 0, &n, facts, true, &e), RATLS_OK);
    char *text = malloc(n + 1);
    assert_non_null(text);
    assert_int_equal(ratls_policy_write(text, n + 1, &n, facts, true, &e), RATLS_OK);
    return text;
}

static ratls_verifier *verifier_of(const world *w)
{
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    assert_int_equal(ratls_verifier_set_root(v, w->root, &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(v, w->collateral, &e), RATLS_OK);
    if (w->policy != NULL)
        assert_int_equal(ratls_verifier_set_policy(v, bytes_text(w->policy), &e), RATLS_OK);
    return v;
}

static ratls_code judge(const ratls_verifier *v, bytes der, int64_t time, ratls_result *r)
{
    ratls_error e;
    const ratls_verify_options o = {.time = time, .time_is_explicit = true, .skew_seconds = 60};
    return ratls_verify_certificate(v, der, &o, r, &e);
}

static void world_of(world *w, quote_tee tee, unsigned version, bool td15)
{
    w->v = vendor_of(tee, version, td15, VENDOR_T0);
    w->root = vendor_root(&w->v);
    w->collateral = vendor_collateral_json(&w->v);
    for (size_t i = 0; i < 3; i++) {
        tls_spec t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, key_names[i]));
        w->certificate[i] = tls_make(&t);
    }
    w->policy = NULL;
    ratls_verifier *v = verifier_of(w);
    ratls_result *r = ratls_result_new();
    (void)judge(v, w->certificate[0].der, VENDOR_T0, r);
    assert_true(ratls_result_evidence_valid(r));
    w->policy = policy_of(ratls_result_facts(r));
    ratls_result_free(&r);
    ratls_verifier_free(&v);
}

/* By a verifier that knows it and by one that knows nothing. */
static ratls_code same_verdict(const world *w, const ratls_verifier *warm, bytes der, int64_t time)
{
    ratls_verifier *cold = verifier_of(w);
    ratls_result *a = ratls_result_new(), *b = ratls_result_new();
    ratls_code code = judge(warm, der, time, a);
    assert_int_equal(judge(cold, der, time, b), code);
    must_equal("by a memo", a, b);
    ratls_result_free(&a);
    ratls_result_free(&b);
    ratls_verifier_free(&cold);
    return code;
}

static const struct {
    quote_tee tee;
    unsigned version;
    bool td15;
} worlds[] = {
    {QUOTE_SGX, 3, false}, {QUOTE_SGX, 4, false}, {QUOTE_TDX, 4, false}, {QUOTE_TDX, 5, true}};

static void a_memo_changes_no_verdict_at_any_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof worlds / sizeof *worlds; i++) {
        world w;
        world_of(&w, worlds[i].tee, worlds[i].version, worlds[i].td15);
        ratls_verifier *warm = verifier_of(&w);
        assert_int_equal(same_verdict(&w, warm, w.certificate[0].der, VENDOR_T0), RATLS_OK);
        bool accepted = false, refused = false;
        for (int64_t t = VENDOR_T0 - 60 * DAY; t <= VENDOR_T0 + 60 * DAY; t += 20 * HOUR)
            for (size_t k = 0; k < 3; k++) {
                bool ok = same_verdict(&w, warm, w.certificate[k].der, t) == RATLS_OK;
                accepted = accepted || ok;
                refused = refused || !ok;
            }
        assert_true(accepted && refused);
        ratls_verifier_free(&warm);
        free(w.policy);
    }
}

/* A known platform vouches for its attestation key, not for whatever is signed with another. */
static void a_known_platform_helps_no_forged_quote(void **state)
{
    (void)state;
    world w;
    world_of(&w, QUOTE_SGX, 3, false);
    ratls_verifier *warm = verifier_of(&w);
    ratls_result *r = ratls_result_new();
    ratls_error e;
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
    const quote_made *m = &w.certificate[0].quote;
    assert_int_equal(ratls_verify_quote(warm, m->quote, &o, r, &e), RATLS_OK);
    for (size_t at = 0; at < m->cert_at; at++) {
        bytes forged = bytes_flipped(m->quote, at, 0);
        assert_int_not_equal(ratls_verify_quote(warm, forged, &o, r, &e), RATLS_OK);
        assert_int_equal(ratls_verify_quote(warm, m->quote, &o, r, &e), RATLS_OK);
    }
    assert_int_not_equal(
        ratls_verify_quote(warm, quote_resigned(m, m->quote, key_named(KEY_TYPE_P256, "another")),
                           &o, r, &e),
        RATLS_OK);
    ratls_result_free(&r);
    ratls_verifier_free(&warm);
    free(w.policy);
}

/* What changes the ground of a verdict makes it forgotten. */
static void new_root_collateral_or_policy_count_at_once(void **state)
{
    (void)state;
    world w;
    world_of(&w, QUOTE_SGX, 3, false);
    ratls_verifier *v = verifier_of(&w);
    ratls_result *r = ratls_result_new();
    ratls_error e;
    bytes der = w.certificate[0].der;
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_OK);
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_OK);

    static const char none[] = "{\"version\":1,\"accept\":[{\"tee\":\"sgx\",\"mrenclave\":["
                               "\"000102030405060708090a0b0c0d0e0f"
                               "101112131415161718191a1b1c1d1e1f\"]}]}";
    assert_int_equal(ratls_verifier_set_policy(v, bytes_text(none), &e), RATLS_OK);
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_E_POLICY);
    assert_true(ratls_result_evidence_valid(r));
    assert_int_equal(ratls_verifier_set_policy(v, bytes_text(w.policy), &e), RATLS_OK);
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_OK);

    /* Collateral of an hour later in which the PCK certificate is revoked. */
    vendor later = w.v;
    crl_revoke(&later.pck_crl, &later.pck);
    later.pck_crl.this_update += HOUR;
    assert_int_equal(ratls_verifier_add_collateral(v, vendor_collateral_json(&later), &e),
                     RATLS_OK);
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_E_REVOKED);
    assert_string_equal(ratls_result_failure(r)->id, "pck.revocation");
    ratls_verifier_free(&v);

    v = verifier_of(&w);
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_OK);
    vendor stranger = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    vendor_use_names(&stranger, "Stranger", "Stranger");
    assert_int_equal(ratls_verifier_set_root(v, vendor_root(&stranger), &e), RATLS_OK);
    assert_int_equal(judge(v, der, VENDOR_T0, r), RATLS_E_UNTRUSTED);
    assert_false(ratls_result_evidence_valid(r));
    ratls_result_free(&r);
    ratls_verifier_free(&v);
    free(w.policy);
}

static ratls_code judge_quote(const ratls_verifier *v, bytes quote, ratls_result *r)
{
    ratls_error e;
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
    return ratls_verify_quote(v, quote, &o, r, &e);
}

/* The signature data again, with the same bytes cut into its parts elsewhere: the certification
 * data is of another length, and the parts that a memo may know after it move along. */
static bytes quote_shifted(const quote_made *m, int by)
{
    const uint8_t *q = m->quote.p;
    size_t auth_n = m->cert_type_at - m->auth_at, cert_n = m->sig_end - m->cert_at;
    bytes run = join(bytes_of(q + m->cert_at, cert_n), bytes_of(q + m->qe_report_at, SGX_BODY_N),
                     bytes_of(q + m->qe_signature_at, 64), bytes_of(q + m->key_at, 64),
                     bytes_of(q + m->auth_at, auth_n));
    cert_n += (size_t)by;
    auth_n -= (size_t)by;
    const uint8_t *report = run.p + cert_n, *key = report + SGX_BODY_N + 64;
    buf b = {0};
    buf_put(&b, bytes_cut(m->quote, m->key_at));
    buf_put(&b, bytes_of(key, 64));
    buf_put(&b, bytes_of(report, SGX_BODY_N + 64));
    buf_le(&b, auth_n, 2);
    buf_put(&b, bytes_of(key + 64, auth_n));
    buf_put(&b, bytes_of(q + m->cert_type_at, 2));
    buf_le(&b, cert_n, 4);
    buf_put(&b, bytes_of(run.p, cert_n));
    return buf_bytes(&b);
}

/* Else a quoting enclave that is out of date could take its SVN from other bytes, such as
 * MRSIGNER. */
static void no_byte_moves_between_the_parts_of_a_quote(void **state)
{
    (void)state;
    world w = {.v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0)};
    w.v.quote.qe_report[SGX_AT_ISVSVN] = 6;
    w.root = vendor_root(&w.v);
    w.collateral = vendor_collateral_json(&w.v);
    quote_made m = vendor_quote(&w.v, BYTES_NONE);
    ratls_result *r = ratls_result_new();
    ratls_verifier *warm = verifier_of(&w);
    assert_int_equal(judge_quote(warm, m.quote, r), RATLS_OK);
    assert_int_equal(ratls_result_facts(r)->tcb_status, RATLS_TCB_OUT_OF_DATE);
    assert_int_equal(m.cert_type_at - m.auth_at, 32);
    for (int by = -300; by <= 32; by++) {
        ratls_code code = judge_quote(warm, quote_shifted(&m, by), r);
        if ((code == RATLS_OK) != (by == 0))
            fail_msg("%d bytes: %s, TCB %s", by, ratls_code_name(code),
                     ratls_tcb_status_name(ratls_result_facts(r)->tcb_status));
        assert_true(by == 0 || !ratls_result_evidence_valid(r));
    }
    assert_true(bytes_equal(quote_shifted(&m, 0), m.quote));
    ratls_result_free(&r);
    ratls_verifier_free(&warm);
}

typedef struct job {
    const world *w;
    const ratls_verifier *v;
    size_t wrong;
} job;

static void *verify_many(void *arg)
{
    job *j = arg;
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < 60; i++) {
        bytes der = j->w->certificate[i % 3].der;
        int64_t time = VENDOR_T0 + (i % 5 == 4 ? 400 * DAY : 0);
        ratls_code expected = i % 5 == 4 ? RATLS_E_STALE : RATLS_OK;
        if (i % 7 == 6) {
            uint8_t *bad = malloc(der.n);
            memcpy(bad, der.p, der.n);
            bad[der.n - 1] ^= 1;
            j->wrong += judge(j->v, bytes_of(bad, der.n), time, r) == RATLS_OK ? 1 : 0;
            free(bad);
        } else {
            j->wrong += judge(j->v, der, time, r) != expected ? 1 : 0;
        }
    }
    ratls_result_free(&r);
    return NULL;
}

static void threads_share_a_verifier(void **state)
{
    (void)state;
    world w;
    world_of(&w, QUOTE_TDX, 4, false);
    ratls_verifier *v = verifier_of(&w);
    pthread_t threads[4];
    job jobs[4];
    for (size_t i = 0; i < 4; i++) {
        jobs[i] = (job){&w, v, 0};
        assert_int_equal(pthread_create(&threads[i], NULL, verify_many, &jobs[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(jobs[i].wrong, 0);
    }
    ratls_verifier_free(&v);
    free(w.policy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_memo_changes_no_verdict_at_any_time),
        cmocka_unit_test(a_known_platform_helps_no_forged_quote),
        cmocka_unit_test(new_root_collateral_or_policy_count_at_once),
        cmocka_unit_test(no_byte_moves_between_the_parts_of_a_quote),
        cmocka_unit_test(threads_share_a_verifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
