/* Certificates from simulated platforms, for every peer, as the verifier sees them. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "ratls/policy.h"
#include "ratls/sim.h"
#include "world.h"

#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static const struct {
    const char *name;
    ratls_tee tee;
    uint16_t version;
    bool td15;
    bool gramine, open_enclave; /* they read its quotes */
} flavours[] = {
    {"SGX v3", RATLS_TEE_SGX, 3, false, true, true},
    {"SGX v4", RATLS_TEE_SGX, 4, false, true, false},
    {"SGX v5", RATLS_TEE_SGX, 5, false, true, false},
    {"TDX v4", RATLS_TEE_TDX, 4, false, false, false},
    {"TDX v5, 1.0", RATLS_TEE_TDX, 5, false, false, false},
    {"TDX v5, 1.5", RATLS_TEE_TDX, 5, true, false, false},
};

static void remove_all(const char *dir)
{
    static const char *const files[] = {
        "root.pem",        "root-key.pem",        "platform-ca.pem", "platform-ca-key.pem",
        "tcb-signer.pem",  "tcb-signer-key.pem",  "pck.pem",         "pck-key.pem",
        "collateral.json", "attestation-key.pem", "platform.json"};
    char path[128];
    EACH(i, files)
    {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(dir), 0);
}

static ratls_verifier *verifier_for(const ratls_sim *sim)
{
    static uint8_t collateral[256 * 1024];
    char policy[8192];
    size_t n = 0;
    ratls_error e = {.text = ""};
    ratls_verifier *r = ratls_verifier_new();
    assert_non_null(r);
    assert_int_equal(ratls_verifier_set_root(r, ratls_sim_root(sim), &e), RATLS_OK);
    assert_int_equal(ratls_sim_collateral(sim, collateral, sizeof collateral, &n, &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(r, bytes_of(collateral, n), &e), RATLS_OK);
    assert_int_equal(ratls_policy_write(policy, sizeof policy, &n, ratls_sim_facts(sim), true, &e),
                     RATLS_OK);
    if (ratls_verifier_set_policy(r, bytes_of(policy, n), &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return r;
}

static void every_flavour_and_peer(void **state)
{
    (void)state;
    EACH(f, flavours)
    {
        char dir[] = "test-attest-sim-XXXXXX";
        ratls_sim_options so;
        ratls_error e = {.text = ""};
        assert_non_null(mkdtemp(dir));
        ratls_sim_defaults(flavours[f].tee, &so);
        so.quote_version = flavours[f].version;
        so.td15 = flavours[f].td15;
        if (ratls_sim_new(dir, &so, NOW, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        ratls_sim *sim = ratls_sim_open(dir, &e);
        assert_non_null(sim);
        ratls_verifier *r = verifier_for(sim);
        ratls_sim_free(&sim);
        for (ratls_peer p = RATLS_PEER_ANY; p <= RATLS_PEER_OPEN_ENCLAVE; p++) {
            ratls_attester_options o = {.peer = p,
                                        .staple = p == RATLS_PEER_ANY || p == RATLS_PEER_RATS_TLS};
            if (ratls_source_sim(dir, &o.source, &e) != RATLS_OK)
                fail_msg("%s", e.text);
            assert_string_equal(o.source.name, "sim");
            ratls_attester *a = world_attester(&o);
            bool reads = p == RATLS_PEER_GRAMINE        ? flavours[f].gramine
                         : p == RATLS_PEER_OPEN_ENCLAVE ? flavours[f].open_enclave
                                                        : true;
            ratls_code code = ratls_attester_renew(a, NOW, &e);
            if (code != (reads ? RATLS_OK : RATLS_E_UNSUPPORTED))
                fail_msg("%s for %s: %s", flavours[f].name, ratls_peer_name(p), e.text);
            ratls_credential *c = ratls_attester_certificate(a);
            if (reads && world_judge(r, ratls_credential_chain(c, 0), NOW, &e) != RATLS_OK)
                fail_msg("%s for %s: %s", flavours[f].name, ratls_peer_name(p), e.text);
            ratls_credential_free(&c);
            ratls_attester_free(&a);
        }
        ratls_verifier_free(&r);
        remove_all(dir);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_flavour_and_peer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
