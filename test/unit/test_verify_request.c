/* ratls_verify_request: a request whose evidence speaks for its key, and what is wrong with others.
 */
#include "testing.h"

#include <stdlib.h>

#include "appraise/result.h"
#include "cert_maker.h"
#include "ratls/policy.h"
#include "ratls/verify.h"

#define NONCE "0123456789abcdef0123456789abcdef"

typedef struct scene {
    vendor v;
    ratls_verifier *verifier;
    ratls_result *r;
    char policy[4096];
    ratls_error e;
} scene;

static tls_spec spec_of(const scene *s, tls_scheme scheme)
{
    return tls_spec_of(&s->v, scheme, key_named(KEY_TYPE_P256, "requester"));
}

static request_spec request_of(const tls_spec *t)
{
    tls_made m = tls_prepare(t);
    ext_remove(&m.cert.ext, OID_AUTHORITY_KEY_ID);
    return request_for(&m.cert);
}

static bytes request(const scene *s, tls_scheme scheme)
{
    tls_spec t = spec_of(s, scheme);
    request_spec q = request_of(&t);
    return request_make(&q);
}

static ratls_code judge_with(scene *s, bytes der, bytes nonce)
{
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true, .nonce = nonce};
    s->e = (ratls_error){.text = ""};
    return ratls_verify_request(s->verifier, der, &o, s->r, &s->e);
}

static void must_be(scene *s, const char *what, bytes der, ratls_code code, const char *check,
                    const char *says)
{
    ratls_code got = judge_with(s, der, BYTES_NONE);
    const ratls_check *failure = ratls_result_failure(s->r);
    const char *found = failure != NULL ? failure->id : "";
    if (got != code || strcmp(found, check) != 0 || strstr(s->e.text, says) == NULL)
        fail_msg("%s: %s at %s (%s)", what, ratls_code_name(got), found, s->e.text);
    assert_int_equal(ratls_result_accepted(s->r), code == RATLS_OK);
    assert_int_equal(s->e.code, code);
}

static void demand(scene *s, const char *members)
{
    ratls_error e;
    bytes text = arena_format("%s%s%s}", s->policy, members[0] != '\0' ? ", " : "", members);
    if (ratls_verifier_set_policy(s->verifier, text, &e) != RATLS_OK)
        fail_msg("%s", e.text);
}

static scene scene_of(quote_tee tee, unsigned version)
{
    scene s = {.v = vendor_of(tee, version, false, VENDOR_T0), .r = ratls_result_new()};
    size_t n;
    ratls_error e;
    s.verifier = ratls_verifier_new();
    assert_true(s.verifier != NULL && s.r != NULL);
    assert_int_equal(ratls_verifier_set_root(s.verifier, vendor_root(&s.v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(s.verifier, vendor_collateral_json(&s.v), &e),
                     RATLS_OK);
    assert_int_equal(judge_with(&s, request(&s, TLS_INTEROPERABLE), BYTES_NONE), RATLS_E_MISSING);
    assert_true(ratls_result_evidence_valid(s.r));
    assert_int_equal(
        ratls_policy_write(s.policy, sizeof s.policy, &n, ratls_result_facts(s.r), true, &e),
        RATLS_OK);
    *strrchr(s.policy, '}') = '\0';
    demand(&s, "");
    return s;
}

static void end(scene *s)
{
    ratls_verifier_free(&s->verifier);
    ratls_result_free(&s->r);
}

static const ratls_check *check_of(const ratls_result *r, const char *id)
{
    size_t n;
    const ratls_check *all = ratls_result_checks(r, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i].id, id) == 0)
            return &all[i];
    fail_msg("no check %s", id);
    return NULL;
}

static void every_scheme_can_ask(void **state)
{
    (void)state;
    static const struct {
        tls_scheme scheme;
        bool tdx_too;
    } cases[] = {
        {TLS_INTEROPERABLE, true},   {TLS_GRAMINE, false},         {TLS_SGX_SDK, true},
        {TLS_GRAMINE_LEGACY, false}, {TLS_RATS_TLS_LEGACY, false}, {TLS_OE_EVIDENCE, true},
    };
    for (unsigned tdx = 0; tdx < 2; tdx++) {
        scene s = scene_of(tdx != 0 ? QUOTE_TDX : QUOTE_SGX, 4);
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            if (tdx == 0 || cases[i].tdx_too)
                must_be(&s, "right", request(&s, cases[i].scheme), RATLS_OK, "", "");
        end(&s);
    }
}

static void the_checks_speak_of_a_request(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX, 3);
    must_be(&s, "right", request(&s, TLS_INTEROPERABLE), RATLS_OK, "", "");
    const ratls_check *c = check_of(s.r, "certificate.validity");
    assert_int_equal(c->verdict, RATLS_NOT_RUN);
    assert_string_equal(c->text, "a request has no dates");
    c = check_of(s.r, "certificate.signature");
    assert_int_equal(c->verdict, RATLS_PASSED);
    assert_string_equal(c->text, "signed by the request's own key");
    assert_non_null(strstr(check_of(s.r, "certificate.format")->text, "a certification request"));
    assert_non_null(strstr(check_of(s.r, "binding.key")->text, "the request's key"));
    assert_string_equal(ratls_result_binding_level(s.r), "key");
    assert_string_equal(ratls_result_identity(s.r), "none");
    end(&s);
}

static void what_is_wrong_is_refused(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX, 3);
    EVP_PKEY *thief = key_named(KEY_TYPE_P256, "thief");
    tls_spec t = spec_of(&s, TLS_INTEROPERABLE);
    request_spec good = request_of(&t), q = good;
    q.break_signature = true;
    must_be(&s, "broken signature", request_make(&q), RATLS_E_UNTRUSTED, "certificate.signature",
            "request: its signature is not of its own key");
    q = good;
    q.signer = thief;
    must_be(&s, "signed by another key", request_make(&q), RATLS_E_UNTRUSTED,
            "certificate.signature", "request: its signature is not of its own key");
    q = good;
    q.key = thief;
    must_be(&s, "another key with this evidence", request_make(&q), RATLS_E_BINDING, "binding.key",
            "the request's key has");
    q.signer = t.cert.key;
    must_be(&s, "another key in it", request_make(&q), RATLS_E_BINDING, "binding.key", "");
    q = good;
    q.spki = spki_ec_of("1.2.840.10045.3.1.7", bytes_of(arena_alloc(65), 65));
    must_be(&s, "no point", request_make(&q), RATLS_E_MALFORMED, "certificate.format",
            "request: the key is not an uncompressed point");
    tls_made m = tls_prepare(&t);
    ext_spec *evidence = ext_find(&m.cert.ext, OID_EVIDENCE);
    size_t at = bytes_find(evidence->value, m.quote.quote) + m.quote.body_at + SGX_AT_MRENCLAVE;
    q = request_for(&m.cert);
    ext_set(&q.ext, OID_EVIDENCE, false, bytes_flipped(evidence->value, at, 0));
    must_be(&s, "another MRENCLAVE", request_make(&q), RATLS_E_UNTRUSTED, "quote.signature", "");
    t.cert.ext.n = 0;
    t.scheme = TLS_NONE;
    q = request_of(&(tls_spec){.scheme = TLS_NONE, .cert = spec_of(&s, TLS_NONE).cert});
    must_be(&s, "no evidence", request_make(&q), RATLS_E_MISSING, "evidence.present",
            "request: no evidence among its");
    q.no_extensions = true;
    must_be(&s, "no extensions", request_make(&q), RATLS_E_MISSING, "evidence.present",
            "request: no evidence among its 0 extensions");
    q = good;
    (void)ext_add(&q.ext, "1.2.3.4", true, mk_null());
    must_be(&s, "an unknown critical extension", request_make(&q), RATLS_E_UNSUPPORTED,
            "certificate.format", "request: 1 critical extensions are not known");
    must_be(&s, "a certificate",
            tls_make(&(tls_spec){.scheme = TLS_NONE, .cert = spec_of(&s, TLS_NONE).cert}).der,
            RATLS_E_MALFORMED, "certificate.format", "request: the version");
    must_be(&s, "nothing", BYTES_EMPTY, RATLS_E_MALFORMED, "certificate.format", "request: ");
    vendor debug = s.v;
    debug.quote.body[SGX_AT_ATTRIBUTES] |= 2;
    t = tls_spec_of(&debug, TLS_INTEROPERABLE, thief);
    q = request_of(&t);
    must_be(&s, "a debug enclave", request_make(&q), RATLS_E_POLICY, "policy.debug", "");
    /* A request is no certificate, and the other way round. */
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
    assert_int_equal(ratls_verify_certificate(s.verifier, request_make(&good), &o, s.r, &s.e),
                     RATLS_E_MALFORMED);
    must_be(&s, "and right again", request_make(&good), RATLS_OK, "", "");
    end(&s);
}

static void a_policy_demands_level_and_identity(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX, 4);
    tls_spec t = spec_of(&s, TLS_INTEROPERABLE);
    t.has_nonce = true;
    t.nonce = bytes_text(NONCE);
    request_spec q = request_of(&t);
    bytes der = request_make(&q);
    demand(&s, "\"binding\": {\"minimum\": \"nonce\"}");
    must_be(&s, "no nonce was asked", der, RATLS_E_BINDING, "policy.binding", "");
    assert_int_equal(judge_with(&s, der, bytes_text(NONCE)), RATLS_OK);
    assert_string_equal(ratls_result_binding_level(s.r), "nonce");
    assert_int_equal(judge_with(&s, der, bytes_text("f" NONCE)), RATLS_E_BINDING);
    assert_string_equal(ratls_result_failure(s.r)->id, "binding.nonce");
    assert_int_equal(judge_with(&s, request(&s, TLS_INTEROPERABLE), bytes_text(NONCE)),
                     RATLS_E_BINDING);
    demand(&s, "\"binding\": {\"identity\": \"ca\"}");
    assert_int_equal(ratls_verifier_set_ca(s.verifier, cert_make(&s.v.ca), &s.e), RATLS_OK);
    must_be(&s, "no CA has signed it", der, RATLS_E_POLICY, "policy.peer", "");
    const ratls_verify_options o = {
        .time = VENDOR_T0, .time_is_explicit = true, .caller_checks_ca = true};
    assert_int_equal(ratls_verify_request(s.verifier, der, &o, s.r, &s.e), RATLS_E_POLICY);
    demand(&s, "");
    must_be(&s, "a CA is not asked", der, RATLS_OK, "", "");
    end(&s);
}

/* Property: no part of a request is accepted, nor one with any byte changed. */
static void only_the_whole_request_is_accepted(void **state)
{
    (void)state;
    scene s = scene_of(QUOTE_SGX, 3);
    bytes der = request(&s, TLS_INTEROPERABLE);
    must_be(&s, "right", der, RATLS_OK, "", "");
    for (size_t at = 0; at < der.n; at++) {
        arena_mark mark = arena_here();
        bytes cut = bytes_cut(der, at), flipped = bytes_flipped(der, at, (unsigned)at % 8);
        if (judge_with(&s, cut, BYTES_NONE) == RATLS_OK || ratls_result_accepted(s.r) ||
            judge_with(&s, flipped, BYTES_NONE) == RATLS_OK || ratls_result_accepted(s.r))
            fail_msg("byte %zu of %zu does not count", at, der.n);
        arena_back(mark);
    }
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_scheme_can_ask),
        cmocka_unit_test(the_checks_speak_of_a_request),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(a_policy_demands_level_and_identity),
        cmocka_unit_test(only_the_whole_request_is_accepted),
    };
    return cmocka_run_group_tests_name("verify_request", tests, NULL, NULL);
}
