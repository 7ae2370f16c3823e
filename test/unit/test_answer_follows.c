/* Certificates in a handshake after which an answer is demanded: what is judged of them, and that
 * they are never accepted by themselves. */
#include "testing.h"

#include "answer_world.h"
#include "count_signatures.h"
#include "equal_results.h"

static ratls_code judge_certificate(world *w, bytes der, bool follows)
{
    const ratls_verify_options o = {
        .time = VENDOR_T0, .time_is_explicit = true, .answer_follows = follows};
    w->e = (ratls_error){.text = ""};
    return ratls_verify_certificate(w->verifier, der, &o, w->r, &w->e);
}

static tls_spec spec_of(const world *w, tls_scheme scheme)
{
    return tls_spec_of(&w->v, scheme, key_named(KEY_TYPE_P256, "server"));
}

static bytes certificate_of(const world *w, tls_scheme scheme)
{
    tls_spec t = spec_of(w, scheme);
    return tls_make(&t).der;
}

static bytes ca_signed(const world *w, const cert_spec *ca)
{
    tls_spec t = spec_of(w, TLS_NONE);
    cert_issued_by(&t.cert, ca);
    return tls_make(&t).der;
}

static void no_evidence_is_no_failure(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    bytes der = certificate_of(&w, TLS_NONE);
    assert_int_equal(judge_certificate(&w, der, true), RATLS_OK);
    must_be(&w, "go on", RATLS_OK, "", "");
    assert_false(ratls_result_accepted(w.r) || ratls_result_evidence_valid(w.r));
    assert_null(ratls_result_binding_level(w.r));
    assert_null(ratls_result_binding_by(w.r));
    assert_null(ratls_result_scheme(w.r));
    assert_true(ratls_result_time(w.r) == VENDOR_T0);
    must_be_check(w.r, "certificate.format", RATLS_PASSED, "version 3");
    must_be_check(w.r, "certificate.validity", RATLS_PASSED, "valid from");
    must_be_check(w.r, "certificate.signature", RATLS_PASSED, "self-signed");
    must_be_check(w.r, "evidence.present", RATLS_NOT_RUN, "no evidence: an answer is to bring it");
    must_be_check(w.r, "policy.present", RATLS_PASSED, "");
    static const char *const later[] = {"policy.identity", "policy.tcb_status", "policy.platform",
                                        "policy.binding", "policy.peer"};
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        must_be_check(w.r, later[i], RATLS_NOT_RUN, "judged with the answer");
    static const char *const none[] = {"evidence.format", "quote.format",    "binding.key",
                                       "binding.session", "quote.signature", "tcb.level"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        must_be_check(w.r, none[i], RATLS_NOT_RUN, "no evidence");
    /* If none follows it is as ever, whatever was judged before. */
    (void)judge_certificate(&w, der, false);
    must_be(&w, "nothing follows", RATLS_E_MISSING, "evidence.present", "no evidence among");
    end(&w);
}

/* What is wrong with a certificate that has no evidence. */
static void a_bare_certificate_is_judged(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    const bytes right = certificate_of(&w, TLS_NONE);
    tls_spec expired = spec_of(&w, TLS_NONE), early = expired, broken = expired, critical = expired,
             fourth = expired, spoilt = expired, half = expired, renamed = expired;
    expired.cert.not_after = VENDOR_T0 - 1;
    early.cert.not_before = VENDOR_T0 + 1;
    broken.cert.break_signature = true;
    (void)ext_add(&critical.cert.ext, "1.2.3.4", true, bytes_text("x"));
    fourth.cert.version = 3;
    spoilt.cert.serial = bytes_from_hex("00");
    half.endorsements_raw = mk_octets(stapled_by(&w));
    half.endorsements_raw.n--;
    renamed.cert.issuer = w.v.ca.subject;
    const struct {
        const char *what;
        bytes der;
        ratls_code code;
        const char *check, *says;
    } cases[] = {
        {"not DER", bytes_text("x"), RATLS_E_MALFORMED, "certificate.format", ""},
        {"cut", bytes_cut(right, right.n - 1), RATLS_E_MALFORMED, "certificate.format", ""},
        {"serial 0", tls_make(&spoilt).der, RATLS_E_MALFORMED, "certificate.format", "serial"},
        {"critical", tls_make(&critical).der, RATLS_E_UNSUPPORTED, "certificate.format", "1.2.3.4"},
        {"version 4", tls_make(&fourth).der, RATLS_E_MALFORMED, "certificate.format",
         "version 4, which does not exist"},
        {"expired", tls_make(&expired).der, RATLS_E_STALE, "certificate.validity", "expired"},
        {"early", tls_make(&early).der, RATLS_E_STALE, "certificate.validity", "not valid before"},
        {"broken", tls_make(&broken).der, RATLS_E_UNTRUSTED, "certificate.signature", ""},
        {"renamed", tls_make(&renamed).der, RATLS_E_UNTRUSTED, "certificate.signature",
         "a name was changed"},
        {"half an OCTET STRING of endorsements", tls_make(&half).der, RATLS_E_MALFORMED,
         "evidence.format", "endorsements"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)judge_certificate(&w, cases[i].der, true);
        must_be(&w, cases[i].what, cases[i].code, cases[i].check, cases[i].says);
    }
    ratls_verifier_free(&w.verifier);
    w.verifier = verifier_of(&w, BYTES_NONE, true);
    (void)judge_certificate(&w, right, true);
    must_be(&w, "no policy", RATLS_E_MISSING, "policy.present", "nothing is accepted");
    end(&w);
}

/* A nonce was demanded of the certificate itself: no later answer makes up for it. */
static void a_nonce_by_hand_is_demanded_all_the_same(void **state)
{
    (void)state;
    static const char nonce[] = "0123456789abcdef";
    world w = world_named("sgx3");
    const ratls_verify_options o = {.time = VENDOR_T0,
                                    .time_is_explicit = true,
                                    .answer_follows = true,
                                    .nonce = bytes_text(nonce)};
    tls_spec t = spec_of(&w, TLS_INTEROPERABLE);
    t.has_nonce = true;
    t.nonce = bytes_text(nonce);
    const struct {
        const char *what;
        bytes der;
        ratls_code code;
        const char *check;
    } cases[] = {
        {"no evidence", certificate_of(&w, TLS_NONE), RATLS_E_MISSING, "evidence.present"},
        {"no nonce", certificate_of(&w, TLS_INTEROPERABLE), RATLS_E_BINDING, "binding.nonce"},
        {"right", tls_make(&t).der, RATLS_OK, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        w.e = (ratls_error){.text = ""};
        ratls_code code = ratls_verify_certificate(w.verifier, cases[i].der, &o, w.r, &w.e);
        assert_int_equal(code, cases[i].code);
        must_be(&w, cases[i].what, cases[i].code, cases[i].check, "");
        assert_false(ratls_result_accepted(w.r));
    }
    assert_string_equal(ratls_result_binding_by(w.r), "nonce given by hand");
    end(&w);
}

static void a_ca_is_demanded_at_once(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    const bytes plain = certificate_of(&w, TLS_NONE);
    const struct {
        const char *what, *members;
        bool ca_given, by_caller;
        bytes der;
        ratls_code code;
        const char *check, *identity;
    } cases[] = {
        {"self-signed", IDENTITY("ca"), false, false, plain, RATLS_E_POLICY, "policy.peer", "none"},
        {"CA not given", IDENTITY("ca"), false, false, ca_signed(&w, &w.v.ca), RATLS_E_POLICY,
         "policy.peer", "none"},
        {"by the CA", IDENTITY("ca"), true, false, ca_signed(&w, &w.v.ca), RATLS_OK, "", "ca"},
        {"by another", IDENTITY("ca"), true, false, ca_signed(&w, &w.v.root), RATLS_E_UNTRUSTED,
         "certificate.signature", "none"},
        {"the caller checks", IDENTITY("ca"), false, true, ca_signed(&w, &w.v.ca), RATLS_OK, "",
         "ca"},
        {"none demanded", IDENTITY("none"), false, false, ca_signed(&w, &w.v.ca), RATLS_OK, "",
         "none"},
        {"a platform", IDENTITY("platform"), false, false, plain, RATLS_OK, "", "none"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        demand(&w, strstr(cases[i].members, "platform") == NULL
                       ? cases[i].members
                       : "\"platforms\": {\"pinned\": [{\"ppid\": "
                         "\"00112233445566778899aabbccddeeff\", \"added\": "
                         "\"2025-12-01T00:00:00Z\"}]}, " IDENTITY("platform"));
        w.e = (ratls_error){.text = ""};
        if (cases[i].ca_given)
            assert_int_equal(ratls_verifier_set_ca(w.verifier, cert_make(&w.v.ca), &w.e), RATLS_OK);
        const ratls_verify_options o = {.time = VENDOR_T0,
                                        .time_is_explicit = true,
                                        .answer_follows = true,
                                        .caller_checks_ca = cases[i].by_caller};
        ratls_code code = ratls_verify_certificate(w.verifier, cases[i].der, &o, w.r, &w.e);
        assert_int_equal(code, cases[i].code);
        must_be(&w, cases[i].what, cases[i].code, cases[i].check, "");
        assert_string_equal(ratls_result_identity(w.r), cases[i].identity);
        assert_false(ratls_result_accepted(w.r));
    }
    end(&w);
}

/* Evidence that is there is judged as ever, but for the level, which the answer is to reach. */
static void evidence_is_judged_whole(void **state)
{
    (void)state;
    static const char *const minimums[] = {MINIMUM("key"), MINIMUM("nonce"), MINIMUM("session")};
    static const char *const names[] = {"sgx3", "tdx15"};
    for (size_t i = 0; i < 2; i++)
        for (size_t k = 0; k < 3; k++) {
            world w = world_named(names[i]);
            bytes der = certificate_of(&w, TLS_INTEROPERABLE);
            demand(&w, minimums[k]);
            for (unsigned again = 0; again < 2; again++) {
                assert_int_equal(judge_certificate(&w, der, true), RATLS_OK);
                must_be(&w, "go on", RATLS_OK, "", "");
                assert_false(ratls_result_accepted(w.r));
                assert_true(ratls_result_evidence_valid(w.r));
                assert_string_equal(ratls_result_binding_level(w.r), "key");
                assert_string_equal(ratls_result_binding_by(w.r), "certificate");
                must_be_check(w.r, "policy.binding", RATLS_NOT_RUN, "judged with the answer");
                must_be_check(w.r, "policy.identity", RATLS_PASSED, "");
                must_be_check(w.r, "binding.session", RATLS_NOT_RUN, "no answer");
                /* Without the answer: as ever, whatever a memo knows. */
                (void)judge_certificate(&w, der, false);
                if (k == 0)
                    must_be(&w, "key", RATLS_OK, "", "");
                else
                    must_be(&w, "alone", RATLS_E_BINDING, "policy.binding", "at level \"key\"");
                assert_int_equal(ratls_result_accepted(w.r), k == 0);
            }
            end(&w);
        }
}

static void bad_evidence_refuses(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    tls_spec other = spec_of(&w, TLS_INTEROPERABLE), report = other, unread = other,
             flipped = other;
    other.hashed_key = key_spki(key_named(KEY_TYPE_P256, "other"));
    uint8_t *ereport = arena_alloc(432);
    report.evidence = evidence_of(60002, 0, bytes_of(ereport, 432), BYTES_EMPTY);
    unread.evidence = bytes_text("x");
    quote_made q = vendor_quote(&w.v, BYTES_NONE);
    flipped.quote = bytes_flipped(q.quote, q.report_data_at, 0);
    const struct {
        const char *what;
        bytes der;
        ratls_code code;
        const char *check;
    } cases[] = {
        {"other key", tls_make(&other).der, RATLS_E_BINDING, "binding.key"},
        {"other report data", tls_make(&flipped).der, RATLS_E_BINDING, "binding.report_data"},
        {"a report", tls_make(&report).der, RATLS_E_UNSUPPORTED, "evidence.format"},
        {"not CBOR", tls_make(&unread).der, RATLS_E_MALFORMED, "evidence.format"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        (void)judge_certificate(&w, cases[i].der, true);
        must_be(&w, cases[i].what, cases[i].code, cases[i].check, "");
    }
    vendor debug = w.v;
    debug.quote.body[SGX_AT_ATTRIBUTES] |= 2;
    tls_spec t = tls_spec_of(&debug, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "server"));
    (void)judge_certificate(&w, tls_make(&t).der, true);
    must_be(&w, "debug", RATLS_E_POLICY, "policy.debug", "");
    end(&w);
}

static void judge_both(const world *w, ratls_verifier *warm, bytes der, bool follows, int64_t time)
{
    ratls_error e;
    ratls_verifier *cold = verifier_of(w, policy_with(w, MINIMUM("nonce")), true);
    ratls_result *a = ratls_result_new(), *b = ratls_result_new();
    const ratls_verify_options o = {
        .time = time, .time_is_explicit = true, .answer_follows = follows};
    ratls_code code = ratls_verify_certificate(warm, der, &o, a, &e);
    assert_int_equal(ratls_verify_certificate(cold, der, &o, b, &e), code);
    must_equal(follows ? "follows" : "alone", a, b);
    ratls_result_free(&a);
    ratls_result_free(&b);
    ratls_verifier_free(&cold);
}

/* Signatures that a verifier looks at in a certificate that it has seen before. */
static unsigned signatures_again(world *w, bytes der)
{
    assert_int_equal(judge_certificate(w, der, true), RATLS_OK);
    signatures_verified = 0;
    assert_int_equal(judge_certificate(w, der, true), RATLS_OK);
    return signatures_verified;
}

static void a_memo_changes_no_verdict(void **state)
{
    (void)state;
    world w = world_named("sgx4");
    ratls_verifier *warm = verifier_of(&w, policy_with(&w, MINIMUM("nonce")), true);
    const bytes with = certificate_of(&w, TLS_INTEROPERABLE), none = certificate_of(&w, TLS_NONE);
    for (int64_t day = -40; day <= 40; day += 8)
        for (unsigned i = 0; i < 8; i++)
            judge_both(&w, warm, i % 2 == 0 ? with : none, i / 2 % 2 == 0,
                       VENDOR_T0 + day * VENDOR_DAY);
    assert_int_equal(signatures_again(&w, with), 0);
    assert_int_equal(signatures_again(&w, none), 1);
    ratls_verifier_free(&warm);
    end(&w);
}

static void other_functions_pass_over_it(void **state)
{
    (void)state;
    world w = world_named("sgx3");
    const ratls_verify_options o = {
        .time = VENDOR_T0, .time_is_explicit = true, .answer_follows = true};
    for (unsigned with = 0; with < 2; with++) {
        tls_spec t = spec_of(&w, with != 0 ? TLS_INTEROPERABLE : TLS_NONE);
        tls_made m = tls_prepare(&t);
        ext_remove(&m.cert.ext, OID_AUTHORITY_KEY_ID);
        request_spec q = request_for(&m.cert);
        w.e = (ratls_error){.text = ""};
        ratls_code code = ratls_verify_request(w.verifier, request_make(&q), &o, w.r, &w.e);
        assert_int_equal(code, with != 0 ? RATLS_OK : RATLS_E_MISSING);
        must_be(&w, "request", code, with != 0 ? "" : "evidence.present", "");
        assert_int_equal(ratls_result_accepted(w.r), with);
    }
    demand(&w, MINIMUM("session"));
    tls_spec t = spec_of(&w, TLS_INTEROPERABLE);
    tls_made m = tls_prepare(&t);
    ext_remove(&m.cert.ext, OID_AUTHORITY_KEY_ID);
    request_spec q = request_for(&m.cert);
    assert_int_equal(ratls_verify_request(w.verifier, request_make(&q), &o, w.r, &w.e),
                     RATLS_E_BINDING);
    must_be(&w, "request", RATLS_E_BINDING, "policy.binding", "");
    assert_int_equal(ratls_verify_quote(w.verifier, m.quote.quote, &o, w.r, &w.e), RATLS_OK);
    assert_false(ratls_result_accepted(w.r));
    assert_null(ratls_result_binding_by(w.r));
    end(&w);
}

static void what_a_verifier_demands(void **state)
{
    (void)state;
    static const struct {
        const char *members;
        ratls_binding minimum;
    } cases[] = {
        {"\"comment\": \"\"", RATLS_BINDING_KEY},    {IDENTITY("none"), RATLS_BINDING_KEY},
        {MINIMUM("key"), RATLS_BINDING_KEY},         {MINIMUM("nonce"), RATLS_BINDING_NONCE},
        {MINIMUM("session"), RATLS_BINDING_SESSION},
    };
    world w = world_named("sgx3");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ratls_verifier *v = verifier_of(&w, policy_with(&w, cases[i].members), false);
        assert_int_equal(ratls_verifier_minimum(v), cases[i].minimum);
        ratls_verifier_free(&v);
    }
    ratls_verifier *v = ratls_verifier_new();
    assert_int_equal(ratls_verifier_minimum(v), RATLS_BINDING_SESSION);
    ratls_verifier_free(&v);
    ratls_result *r = ratls_result_new();
    assert_null(ratls_result_binding_by(r));
    assert_true(ratls_result_time(r) == 0);
    ratls_result_free(&r);
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_evidence_is_no_failure),
        cmocka_unit_test(a_bare_certificate_is_judged),
        cmocka_unit_test(a_nonce_by_hand_is_demanded_all_the_same),
        cmocka_unit_test(a_ca_is_demanded_at_once),
        cmocka_unit_test(evidence_is_judged_whole),
        cmocka_unit_test(bad_evidence_refuses),
        cmocka_unit_test(a_memo_changes_no_verdict),
        cmocka_unit_test(other_functions_pass_over_it),
        cmocka_unit_test(what_a_verifier_demands),
    };
    return cmocka_run_group_tests_name("answer follows", tests, NULL, NULL);
}
