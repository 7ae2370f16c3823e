/*
 * Real input of other projects, from file to verdict: the published interoperability certificates,
 * and Open Enclave's evidence with its endorsements.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "arena.h"
#include "base/hex.h"
#include "codec/pem.h"
#include "ratls/policy.h"
#include "ratls/verify.h"
#include "vectors.h"

#define COLLATERAL   "dcap/collateral/sgx-00606a000000-e15-2023-05.json"
#define GRAMINE      "interop-certs/gramine-cert.pem"
#define RATS_TLS     "interop-certs/rats-tls-cert.pem"
#define INTEL_SGXSDK "interop-certs/intel-sgxsdk-cert.pem"

static const ratls_verify_options at_2023_05_15 = {.time = 1684162180, .time_is_explicit = true};

static bytes certificate_of(const char *name)
{
    bytes pem = vector_read(name), label;
    reader r = rd_of(pem);
    uint8_t *der = arena_alloc(pem.n);
    size_t n;
    assert_int_equal(pem_next(&r, &label, der, pem.n, &n), 1);
    return bytes_of(der, n);
}

/* The policy that `ratls policy new` writes for this certificate, with what the case allows beside.
 */
static char *policy_for(const ratls_facts *facts, bool debug, const char *status)
{
    size_t n;
    ratls_error e;
    assert_int_equal(ratls_policy_write(NULL, 0, &n, facts, true, &e), RATLS_OK);
    char *text = malloc(n + 1);
    assert_non_null(text);
    assert_int_equal(ratls_policy_write(text, n + 1, &n, facts, true, &e), RATLS_OK);
    json_t *policy = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(policy);
    json_object_set_new(policy, "insecure_allow_debug", json_boolean(debug));
    if (status != NULL)
        json_array_append_new(json_object_get(json_object_get(policy, "tcb"), "allow_status"),
                              json_string(status));
    free(text);
    text = json_dumps(policy, 0);
    json_decref(policy);
    return text;
}

typedef struct verdict {
    ratls_code code;
    bool accepted, valid;
    char check[40], text[RATLS_TEXT_SIZE];
    ratls_facts facts;
    char scheme[32], hash[16];
    size_t claims_n;
    bool says_insecure;
} verdict;

static verdict judge(const char *certificate, const char *collateral, const char *policy)
{
    verdict out = {0};
    ratls_error e = {0};
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    size_t n;
    assert_non_null(v);
    assert_non_null(r);
    if (collateral != NULL)
        assert_int_equal(ratls_verifier_add_collateral(v, vector_read(collateral), &e), RATLS_OK);
    if (policy != NULL && ratls_verifier_set_policy(v, bytes_text(policy), &e) != RATLS_OK)
        fail_msg("policy: %s", e.text);
    out.code = ratls_verify_certificate(v, certificate_of(certificate), &at_2023_05_15, r, &e);
    out.accepted = ratls_result_accepted(r);
    out.valid = ratls_result_evidence_valid(r);
    out.facts = *ratls_result_facts(r);
    if (ratls_result_failure(r) != NULL)
        (void)snprintf(out.check, sizeof out.check, "%s", ratls_result_failure(r)->id);
    (void)snprintf(out.text, sizeof out.text, "%s", e.text);
    if (ratls_result_scheme(r) != NULL)
        (void)snprintf(out.scheme, sizeof out.scheme, "%s", ratls_result_scheme(r));
    if (ratls_result_binding_hash(r) != NULL)
        (void)snprintf(out.hash, sizeof out.hash, "%s", ratls_result_binding_hash(r));
    (void)ratls_result_claims(r, &out.claims_n);
    const char *const *insecure = ratls_result_insecure(r, &n);
    for (size_t i = 0; i < n; i++)
        out.says_insecure = out.says_insecure || strcmp(insecure[i], "insecure_allow_debug") == 0;
    ratls_verifier_free(&v);
    ratls_result_free(&r);
    return out;
}

static void must_refuse(const verdict *v, ratls_code code, const char *check)
{
    assert_false(v->accepted);
    assert_string_equal(v->check, check);
    assert_int_equal(v->code, code);
}

static void gramine_and_rats_tls_verify(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file;
        size_t claims;
    } cases[] = {{GRAMINE, 0}, {RATS_TLS, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *file = cases[i].file;
        verdict v = judge(file, COLLATERAL, NULL);
        must_refuse(&v, RATLS_E_MISSING, "policy.present");
        assert_true(v.valid);
        assert_true(v.facts.debug);
        assert_int_equal(v.facts.tcb_status, RATLS_TCB_OUT_OF_DATE);
        assert_int_equal(v.facts.tcb_date, 1636502400);
        assert_false(v.facts.collateral_expired);
        assert_string_equal(v.scheme, "interoperable");
        assert_string_equal(v.hash, "sha256");
        assert_int_equal(v.claims_n, cases[i].claims);
        ratls_facts facts = v.facts;

        char *both = policy_for(&facts, true, "OutOfDate"),
             *no_debug = policy_for(&facts, false, "OutOfDate"),
             *no_status = policy_for(&facts, true, NULL),
             *neither = policy_for(&facts, false, NULL);
        v = judge(file, COLLATERAL, both);
        if (!v.accepted)
            fail_msg("%s: %s", file, v.text);
        assert_int_equal(v.code, RATLS_OK);
        assert_true(v.says_insecure);
        v = judge(file, COLLATERAL, no_debug);
        must_refuse(&v, RATLS_E_POLICY, "policy.debug");
        v = judge(file, COLLATERAL, no_status);
        must_refuse(&v, RATLS_E_POLICY, "policy.tcb_status");
        v = judge(file, COLLATERAL, neither);
        must_refuse(&v, RATLS_E_POLICY, "policy.debug");
        v = judge(file, NULL, both);
        must_refuse(&v, RATLS_E_MISSING, "collateral.present");
        free(both);
        free(no_debug);
        free(no_status);
        free(neither);
    }
}

/* Each one's policy refuses the other's enclave. */
static void policies_do_not_fit_each_other(void **state)
{
    (void)state;
    vectors_need();
    verdict v = judge(GRAMINE, COLLATERAL, NULL);
    char *policy = policy_for(&v.facts, true, "OutOfDate");
    v = judge(RATS_TLS, COLLATERAL, policy);
    must_refuse(&v, RATLS_E_POLICY, "policy.identity");
    free(policy);
}

static void sgx_sdk_lacks_collateral_only(void **state)
{
    (void)state;
    vectors_need();
    verdict v = judge(INTEL_SGXSDK, COLLATERAL, NULL);
    must_refuse(&v, RATLS_E_MISSING, "collateral.present");
    assert_non_null(strstr(v.text, "no collateral for FMSPC 00706a100000"));
    assert_string_equal(v.hash, "sha256");
    v = judge(INTEL_SGXSDK, NULL, NULL);
    must_refuse(&v, RATLS_E_MISSING, "collateral.present");
    assert_non_null(strstr(v.text, "no collateral for FMSPC 00706a100000"));
}

static void open_enclave_evidence_and_endorsements(void **state)
{
    (void)state;
    vectors_need();
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    const ratls_verify_options o = {.time = 1651017600, .time_is_explicit = true};
    assert_int_equal(
        ratls_verifier_add_collateral(v, vector_read("oe/sgx-2022/endorsements.bin"), &e),
        RATLS_OK);
    ratls_code code = ratls_verify_quote(v, vector_read("oe/sgx-2022/evidence.bin"), &o, r, &e);
    if (code != RATLS_OK)
        fail_msg("%s", e.text);
    const ratls_facts *f = ratls_result_facts(r);
    assert_true(ratls_result_evidence_valid(r));
    assert_false(ratls_result_accepted(r));
    assert_true(f->debug);
    assert_int_equal(f->tcb_status, RATLS_TCB_SW_HARDENING_NEEDED);
    assert_false(f->collateral_expired);
    assert_string_equal(HEX(bytes_of(f->pck.fmspc, 6)), "00906ed50000");
    ratls_verifier_free(&v);
    ratls_result_free(&r);
}

/* Open Enclave's own negative samples: bytes of the PCK chain were changed, and the certificates
 * not signed again. */
static void corrupted_open_enclave_samples(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file, *check;
    } certificates[] = {
        {"oe/sgx_cert_ec_bad.der", "certificate.signature"},
        {"oe/sgx_cert_rsa_bad.der", "certificate.signature"},
    };
    ratls_error e;
    ratls_verifier *v = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    const ratls_verify_options o = {.time = 1684162180, .time_is_explicit = true};
    assert_int_equal(ratls_verifier_add_collateral(
                         v, vector_read("dcap/collateral/sgx-00906ed50000-e17-2025-05.json"), &e),
                     RATLS_OK);
    for (size_t i = 0; i < sizeof certificates / sizeof *certificates; i++) {
        assert_int_not_equal(
            ratls_verify_certificate(v, vector_read(certificates[i].file), &o, r, &e), RATLS_OK);
        assert_false(ratls_result_accepted(r));
        assert_false(ratls_result_evidence_valid(r));
        assert_string_equal(ratls_result_failure(r)->id, certificates[i].check);
    }
    assert_int_not_equal(ratls_verify_quote(v, vector_read("oe/sgx_report_bad.bin"), &o, r, &e),
                         RATLS_OK);
    assert_false(ratls_result_evidence_valid(r));
    ratls_verifier_free(&v);
    ratls_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gramine_and_rats_tls_verify),
        cmocka_unit_test(policies_do_not_fit_each_other),
        cmocka_unit_test(sgx_sdk_lacks_collateral_only),
        cmocka_unit_test(open_enclave_evidence_and_endorsements),
        cmocka_unit_test(corrupted_open_enclave_samples),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
