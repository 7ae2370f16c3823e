/* Answers on a connection that are what was asked: what decides then. */
#include "testing.h"

#include "answer_world.h"
#include "count_signatures.h"
#include "equal_results.h"

static const char *const names[] = {"sgx3", "sgx4", "sgx5", "tdx4", "tdx5", "tdx15"};
enum { WORLDS = sizeof names / sizeof *names };

static void must_be_accepted(const world *w, const char *what, ratls_binding level)
{
    must_be(w, what, RATLS_OK, "", "");
    const ratls_result *r = w->r;
    assert_true(ratls_result_accepted(r) && ratls_result_evidence_valid(r));
    assert_string_equal(ratls_result_binding_level(r), level == SESSION ? "session" : "nonce");
    assert_string_equal(ratls_result_binding_by(r),
                        level == SESSION ? "ratls/1 and tls-exporter" : "ratls/1");
    assert_string_equal(ratls_result_binding_hash(r), "sha256");
    assert_string_equal(ratls_result_scheme(r), "interoperable");
    assert_true(ratls_result_time(r) == VENDOR_T0);
    must_be_check(r, "binding.key", RATLS_PASSED, "this connection's certificate");
    must_be_check(r, "binding.nonce", RATLS_PASSED, "");
    must_be_check(r, "binding.session", RATLS_PASSED,
                  level == SESSION ? "this connection, for it" : "was not asked for");
    must_be_check(r, "binding.report_data", RATLS_PASSED, "sha256");
    must_be_check(r, "policy.binding", RATLS_PASSED, "");
}

static void accepted_at_each_level(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        world w = world_named(names[i]);
        for (size_t k = 0; k < LEVELS; k++) {
            bytes evidence = right_evidence(&w, levels[k]);
            assert_int_equal(judge(&w, evidence, BYTES_NONE, levels[k]), RATLS_OK);
            must_be_accepted(&w, names[i], levels[k]);
            must_be_check(w.r, "endorsements.format", RATLS_NOT_RUN, "none came");
            must_be_check(w.r, "certificate.format", RATLS_NOT_RUN, "not judged in the handshake");
            must_be_check(w.r, "certificate.validity", RATLS_NOT_RUN, "not judged in");
            must_be_check(w.r, "certificate.signature", RATLS_NOT_RUN, "not judged in");
            assert_string_equal(ratls_result_identity(w.r), "none");

            ratls_verifier_free(&w.verifier);
            w.verifier = verifier_of(&w, w.policy, false);
            assert_int_equal(judge(&w, evidence, BYTES_NONE, levels[k]), RATLS_E_MISSING);
            must_be(&w, names[i], RATLS_E_MISSING, "collateral.present", "");
            assert_false(ratls_result_accepted(w.r));
            assert_int_equal(judge(&w, evidence, stapled_by(&w), levels[k]), RATLS_OK);
            must_be_accepted(&w, names[i], levels[k]);
            assert_int_equal(ratls_result_facts(w.r)->collateral_from[0], RATLS_ORIGIN_STAPLED);
            ratls_verifier_free(&w.verifier);
            w.verifier = verifier_of(&w, w.policy, true);
        }
        end(&w);
    }
}

/* The claims and report data of doc/BINDING.md, byte for byte. */
static void the_claims_are_those_of_the_specification(void **state)
{
    (void)state;
    static const uint8_t zeros[32] = {0};
    assert_int_equal(right_claims(SESSION).n, 209);
    assert_int_equal(right_claims(RATLS_BINDING_NONCE).n, 160);
    bytes claims = bytes_from_hex(
        "a56b7075626b65792d686173685824820158205cd252fb0ce8932436faf8ccd1040981b89ee4ad6b9fe9e2a2b7"
        "e71aacb27cd3656e6f6e63655820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e"
        "1f6a7261746c732d726f6c65467365727665726e7261746c732d6578706f727465725820349d216952ec20bc04"
        "1cb6b3675a020706af7eb028fe51c7ba7396f9b62861dc707261746c732d7472616e736372697074582068be77"
        "b034a05456b58d3fe9e0f07c608a8dbeaaa041024cf5366257e742d86f");
    world w = world_named("tdx4");
    tls_made m = evidence_over(&w, claims);
    bytes hash = bytes_from_hex("f2b5f6efa7d32f1bc48490de3e626f057c9c7f2436a8cefc7f52ef62e1e7a020");
    assert_true(bytes_equal(bytes_of(m.quote.quote.p + m.quote.report_data_at, 64),
                            join(hash, bytes_of(zeros, 32))));
    const peer_answer a = {m.evidence, BYTES_NONE};
    const answer_wanted wanted = {.claims = claims, .level = SESSION};
    assert_int_equal(judge_at(w.verifier, &a, &wanted, VENDOR_T0, w.r, &w.e), RATLS_OK);
    must_be_accepted(&w, "test vector", SESSION);
    end(&w);
}

static const char other_enclave[] =
    "{\"version\": 1, \"accept\": [{\"tee\": \"sgx\", \"mrenclave\": "
    "[\"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\"]}]}";

static void the_policy_decides(void **state)
{
    (void)state;
    static const struct {
        const char *what, *members;
        ratls_binding level;
        ratls_code code;
        const char *check;
    } cases[] = {
        {"key, nonce", MINIMUM("key"), RATLS_BINDING_NONCE, RATLS_OK, ""},
        {"nonce, nonce", MINIMUM("nonce"), RATLS_BINDING_NONCE, RATLS_OK, ""},
        {"session, nonce", MINIMUM("session"), RATLS_BINDING_NONCE, RATLS_E_BINDING,
         "policy.binding"},
        {"key, session", MINIMUM("key"), SESSION, RATLS_OK, ""},
        {"nonce, session", MINIMUM("nonce"), SESSION, RATLS_OK, ""},
        {"session, session", MINIMUM("session"), SESSION, RATLS_OK, ""},
        {"a CA", IDENTITY("ca"), SESSION, RATLS_E_POLICY, "policy.peer"},
    };
    world w = world_named("sgx3");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        demand(&w, cases[i].members);
        (void)judge(&w, right_evidence(&w, cases[i].level), BYTES_NONE, cases[i].level);
        must_be(&w, cases[i].what, cases[i].code, cases[i].check, "");
        assert_int_equal(ratls_result_accepted(w.r), cases[i].code == RATLS_OK);
        assert_true(ratls_result_evidence_valid(w.r));
        assert_string_equal(ratls_result_binding_level(w.r),
                            cases[i].level == SESSION ? "session" : "nonce");
    }
    const struct {
        bytes policy;
        ratls_code code;
        const char *check;
    } others[] = {
        {bytes_text(other_enclave), RATLS_E_POLICY, "policy.identity"},
        {BYTES_NONE, RATLS_E_MISSING, "policy.present"},
    };
    for (size_t i = 0; i < 2; i++) {
        ratls_verifier_free(&w.verifier);
        w.verifier = verifier_of(&w, others[i].policy, true);
        (void)judge(&w, right_evidence(&w, SESSION), BYTES_NONE, SESSION);
        must_be(&w, "other policy", others[i].code, others[i].check, "");
        assert_false(ratls_result_accepted(w.r));
        assert_true(ratls_result_evidence_valid(w.r));
    }
    end(&w);
}

static void a_platform_is_pinned(void **state)
{
    (void)state;
    world w = world_named("sgx4");
    static const char pinned[] = "\"platforms\": {\"pinned\": [{\"ppid\": \"%s\", \"added\": "
                                 "\"2025-12-01T00:00:00Z\"}]}, " IDENTITY("platform");
    const char *ppid =
        (const char *)join(hex_of(bytes_of(w.v.pck_ext.ppid, 16)), bytes_of("", 1)).p;
    demand(&w,
           (const char *)text_replaced(join(bytes_text(pinned), bytes_of("", 1)), "%s", ppid).p);
    assert_int_equal(judge(&w, right_evidence(&w, SESSION), BYTES_NONE, SESSION), RATLS_OK);
    assert_string_equal(ratls_result_identity(w.r), "platform");
    demand(&w, (const char *)text_replaced(join(bytes_text(pinned), bytes_of("", 1)), "%s",
                                           "00112233445566778899aabbccddeeff")
                   .p);
    (void)judge(&w, right_evidence(&w, SESSION), BYTES_NONE, SESSION);
    must_be(&w, "another platform", RATLS_E_POLICY, "policy.platform", "not among the 1 pinned");
    assert_string_equal(ratls_result_identity(w.r), "none");
    end(&w);
}

/* What was found in the handshake, and the answer after it, into the same result. */
static ratls_code judge_after(world *w, bytes certificate, bool ca_given, bool same)
{
    ratls_error e;
    ratls_result *first = same ? w->r : ratls_result_new();
    const ratls_verify_options o = {
        .time = VENDOR_T0, .time_is_explicit = true, .answer_follows = true};
    if (ca_given)
        assert_int_equal(ratls_verifier_set_ca(w->verifier, cert_make(&w->v.ca), &e), RATLS_OK);
    ratls_code code = ratls_verify_certificate(w->verifier, certificate, &o, first, &e);
    assert_true(code == RATLS_OK || code == e.code);
    assert_false(ratls_result_accepted(first));
    const peer_answer a = {right_evidence(w, SESSION), BYTES_NONE};
    const answer_wanted wanted = {
        .claims = right_claims(SESSION), .level = SESSION, .handshake = first};
    code = judge_at(w->verifier, &a, &wanted, VENDOR_T0, w->r, &w->e);
    if (!same)
        ratls_result_free(&first);
    return code;
}

static bytes certificate_of(const world *w, const cert_spec *ca, bool broken)
{
    tls_spec t = tls_spec_of(&w->v, TLS_NONE, key_named(KEY_TYPE_P256, "server"));
    if (ca != NULL)
        cert_issued_by(&t.cert, ca);
    t.cert.break_signature = broken;
    return tls_make(&t).der;
}

static void the_handshake_is_taken_over(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    const struct {
        const char *what, *members;
        bytes certificate;
        bool ca_given;
        ratls_code code;
        const char *check, *identity;
    } cases[] = {
        {"self-signed", MINIMUM("session"), certificate_of(&w, NULL, false), false, RATLS_OK, "",
         "none"},
        {"broken", MINIMUM("session"), certificate_of(&w, NULL, true), false, RATLS_E_UNTRUSTED,
         "certificate.signature", "none"},
        {"not DER", MINIMUM("session"), bytes_text("x"), false, RATLS_E_MALFORMED,
         "certificate.format", "none"},
        {"by the CA", IDENTITY("ca"), certificate_of(&w, &w.v.ca, false), true, RATLS_OK, "", "ca"},
        {"by another CA", IDENTITY("ca"), certificate_of(&w, &w.v.root, false), true,
         RATLS_E_UNTRUSTED, "certificate.signature", "none"},
        {"by a CA, not given", IDENTITY("ca"), certificate_of(&w, &w.v.ca, false), false,
         RATLS_E_POLICY, "policy.peer", "none"},
        {"self-signed, CA wanted", IDENTITY("ca"), certificate_of(&w, NULL, false), false,
         RATLS_E_POLICY, "policy.peer", "none"},
    };
    for (size_t i = 0; i < 2 * sizeof cases / sizeof *cases; i++) {
        bool same = i % 2 == 1;
        demand(&w, cases[i / 2].members);
        (void)judge_after(&w, cases[i / 2].certificate, cases[i / 2].ca_given, same);
        must_be(&w, cases[i / 2].what, cases[i / 2].code, cases[i / 2].check, "");
        assert_string_equal(ratls_result_identity(w.r), cases[i / 2].identity);
        assert_int_equal(ratls_result_accepted(w.r), cases[i / 2].code == RATLS_OK);
        if (cases[i / 2].code != RATLS_OK)
            continue;
        must_be_accepted(&w, cases[i / 2].what, SESSION);
        must_be_check(w.r, "certificate.format", RATLS_PASSED, "bytes of DER");
        must_be_check(w.r, "certificate.validity", RATLS_PASSED, "valid from");
        must_be_check(w.r, "certificate.signature", RATLS_PASSED, "signed");
    }
    end(&w);
}

/* Only the handshake tells of a CA. */
static void an_answer_is_not_signed_by_a_ca(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    demand(&w, IDENTITY("ca"));
    assert_int_equal(ratls_verifier_set_ca(w.verifier, cert_make(&w.v.ca), &w.e), RATLS_OK);
    const peer_answer a = {right_evidence(&w, SESSION), BYTES_NONE};
    const answer_wanted wanted = {.claims = right_claims(SESSION), .level = SESSION};
    const ratls_verify_options o = {
        .time = VENDOR_T0, .time_is_explicit = true, .caller_checks_ca = true};
    w.e = (ratls_error){.text = ""};
    assert_int_equal(verify_answer(w.verifier, &a, &wanted, &o, w.r, &w.e), RATLS_E_UNTRUSTED);
    must_be(&w, "no handshake", RATLS_E_UNTRUSTED, "certificate.signature", "a CA is demanded");
    ratls_result *before = ratls_result_new();
    before->identity.ca = true;
    check_pass(&before->checks, CHECK_CERTIFICATE_SIGNATURE, "signed by the CA given");
    const answer_wanted again = {
        .claims = right_claims(SESSION), .level = SESSION, .handshake = before};
    w.e = (ratls_error){.text = ""};
    assert_int_equal(verify_answer(w.verifier, &a, &again, &o, w.r, &w.e), RATLS_OK);
    must_be(&w, "handshake", RATLS_OK, "", "");
    assert_string_equal(ratls_result_identity(w.r), "ca");
    must_be_check(w.r, "certificate.format", RATLS_NOT_RUN, "not judged in the handshake");
    ratls_result_free(&before);
    end(&w);
}

static void the_time_is_judged(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    const peer_answer a = {right_evidence(&w, SESSION), BYTES_NONE};
    const answer_wanted wanted = {.claims = right_claims(SESSION), .level = SESSION};
    static const struct {
        int64_t time;
        bool is_explicit;
        const char *check;
    } cases[] = {
        {-1, true, "time"},
        {INT64_MAX, true, "time"},
        {0, false, "time"},
        {VENDOR_T0 + 400 * (int64_t)VENDOR_DAY, true, "policy.expiry"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const ratls_verify_options o = {.time = cases[i].time,
                                        .time_is_explicit = cases[i].is_explicit};
        w.e = (ratls_error){.text = ""};
        assert_int_equal(verify_answer(w.verifier, &a, &wanted, &o, w.r, &w.e), RATLS_E_STALE);
        must_be(&w, "time", RATLS_E_STALE, cases[i].check, "");
        assert_true(ratls_result_time(w.r) == cases[i].time);
        assert_false(ratls_result_accepted(w.r));
    }
    end(&w);
}

/* Another answer of a platform that is known takes one signature, and its verdict is to the letter
 * that of a full verification, at each time. */
static void a_memo_changes_no_verdict(void **state)
{
    (void)state;
    for (size_t i = 0; i < WORLDS; i++) {
        world w = world_named(names[i]);
        said s = said_of(SESSION);
        s.claim[NONCE] = claim_of("nonce", value_of("asked again"));
        const bytes later = claims_said(&s);
        const peer_answer first = {right_evidence(&w, SESSION), BYTES_NONE};
        const peer_answer second = {evidence_over(&w, later).evidence, BYTES_NONE};
        const answer_wanted wanted = {.claims = right_claims(SESSION), .level = SESSION};
        const answer_wanted next = {.claims = later, .level = SESSION};
        ratls_error e;
        signatures_verified = 0;
        assert_int_equal(judge_at(w.verifier, &first, &wanted, VENDOR_T0, w.r, &e), RATLS_OK);
        assert_true(signatures_verified > 1);
        signatures_verified = 0;
        assert_int_equal(judge_at(w.verifier, &second, &next, VENDOR_T0, w.r, &e), RATLS_OK);
        assert_int_equal(signatures_verified, 1);
        signatures_verified = 0;
        assert_int_equal(judge_at(w.verifier, &second, &next, VENDOR_T0, w.r, &e), RATLS_OK);
        assert_int_equal(signatures_verified, 1);
        assert_int_equal(judge_at(w.verifier, &first, &next, VENDOR_T0, w.r, &e), RATLS_E_BINDING);
        for (int64_t t = VENDOR_T0 - 40 * VENDOR_DAY; t <= VENDOR_T0 + 40 * VENDOR_DAY;
             t += 5 * VENDOR_DAY) {
            ratls_verifier *cold = verifier_of(&w, w.policy, true);
            ratls_result *full = ratls_result_new();
            ratls_code code = judge_at(cold, &second, &next, t, full, &e);
            assert_int_equal(judge_at(w.verifier, &second, &next, t, w.r, &e), code);
            must_equal(names[i], w.r, full);
            ratls_result_free(&full);
            ratls_verifier_free(&cold);
        }
        end(&w);
    }
}

/* Nothing of an earlier verdict stays in a result, and equal input gives an equal one. */
static void a_result_is_used_again(void **state)
{
    (void)state;
    world w = world_named("sgx4");
    const bytes right = right_evidence(&w, SESSION);
    const bytes others[] = {right,
                            BYTES_NONE,
                            mk_octets(right),
                            bytes_cut(right, 100),
                            evidence_over(&w, of_own_answer()).evidence,
                            right_evidence(&w, RATLS_BINDING_NONCE)};
    const peer_answer a = {right, stapled_by(&w)};
    const answer_wanted wanted = {.claims = right_claims(SESSION), .level = SESSION};
    ratls_result *fresh = ratls_result_new();
    ratls_error e;
    assert_int_equal(judge_at(w.verifier, &a, &wanted, VENDOR_T0, fresh, &e), RATLS_OK);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        (void)judge(&w, others[i], BYTES_NONE, SESSION);
        assert_int_equal(ratls_result_accepted(w.r), i == 0);
        assert_int_equal(judge_at(w.verifier, &a, &wanted, VENDOR_T0, w.r, &e), RATLS_OK);
        must_equal("again", w.r, fresh);
    }
    ratls_result_free(&fresh);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_at_each_level),
        cmocka_unit_test(the_claims_are_those_of_the_specification),
        cmocka_unit_test(the_policy_decides),
        cmocka_unit_test(a_platform_is_pinned),
        cmocka_unit_test(the_handshake_is_taken_over),
        cmocka_unit_test(an_answer_is_not_signed_by_a_ca),
        cmocka_unit_test(the_time_is_judged),
        cmocka_unit_test(a_memo_changes_no_verdict),
        cmocka_unit_test(a_result_is_used_again),
    };
    return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
