/* How evidence is bound and who the peer is: levels, nonces, identity, pinned platforms. */
#include "testing.h"

#include <stdlib.h>

#include "appraise/result.h"
#include "base/hex.h"
#include "cert_maker.h"
#include "ratls/policy.h"
#include "ratls/verify.h"

#define NONCE "0123456789abcdef0123456789abcdef"

typedef struct world {
    vendor v;
    char *policy; /* without its closing brace */
    ratls_verifier *verifier;
    ratls_result *r;
} world;

static const char *id_text(const uint8_t *p, size_t n)
{
    char *text = arena_alloc(2 * n + 1);
    hex_encode(bytes_of(p, n), text);
    return text;
}

static char *open_policy(const ratls_facts *facts)
{
    size_t n;
    ratls_error e;
    assert_int_equal(ratls_policy_write(NULL, 0, &n, facts, true, &e), RATLS_OK);
    char *text = malloc(n + 1);
    assert_non_null(text);
    assert_int_equal(ratls_policy_write(text, n + 1, &n, facts, true, &e), RATLS_OK);
    text[n] = '\0';
    *strrchr(text, '}') = '\0';
    return text;
}

static ratls_code judge(const world *w, bytes der, bytes nonce, int64_t time)
{
    ratls_error e;
    const ratls_verify_options o = {.time = time, .time_is_explicit = true, .nonce = nonce};
    return ratls_verify_certificate(w->verifier, der, &o, w->r, &e);
}

static bytes certificate(world *w, tls_scheme scheme, const char *nonce)
{
    tls_spec t = tls_spec_of(&w->v, scheme, key_named(KEY_TYPE_P256, "server"));
    t.has_nonce = nonce != NULL;
    t.nonce = nonce != NULL ? bytes_text(nonce) : BYTES_NONE;
    return tls_make(&t).der;
}

/* A verifier under the policy that fits, with these members beside the others. */
static void demand(world *w, const char *members)
{
    ratls_error e;
    bytes text = arena_format("%s%s%s}", w->policy, members[0] != '\0' ? ", " : "", members);
    ratls_verifier_free(&w->verifier);
    w->verifier = ratls_verifier_new();
    assert_int_equal(ratls_verifier_set_root(w->verifier, vendor_root(&w->v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(w->verifier, vendor_collateral_json(&w->v), &e),
                     RATLS_OK);
    if (ratls_verifier_set_policy(w->verifier, text, &e) != RATLS_OK)
        fail_msg("%s", e.text);
}

static world world_of(void)
{
    world w = {.v = vendor_of(QUOTE_SGX, 4, false, VENDOR_T0), .r = ratls_result_new()};
    ratls_error e;
    w.verifier = ratls_verifier_new();
    assert_int_equal(ratls_verifier_set_root(w.verifier, vendor_root(&w.v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_add_collateral(w.verifier, vendor_collateral_json(&w.v), &e),
                     RATLS_OK);
    (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0);
    assert_true(ratls_result_evidence_valid(w.r));
    w.policy = open_policy(ratls_result_facts(w.r));
    demand(&w, "");
    return w;
}

static void end(world *w)
{
    ratls_verifier_free(&w->verifier);
    ratls_result_free(&w->r);
    free(w->policy);
}

static void must_be(const world *w, const char *what, ratls_code code, const char *check,
                    const char *level)
{
    const ratls_check *failure = ratls_result_failure(w->r);
    const char *found = failure != NULL ? failure->id : "none";
    const char *reached = ratls_result_binding_level(w->r);
    if ((failure != NULL ? failure->code : RATLS_OK) != code || strcmp(found, check) != 0 ||
        strcmp(reached != NULL ? reached : "none", level) != 0)
        fail_msg("%s: %s at %s, level %s (%s)", what,
                 ratls_code_name(failure != NULL ? failure->code : RATLS_OK), found,
                 reached != NULL ? reached : "none", failure != NULL ? failure->text : "");
    assert_int_equal(ratls_result_accepted(w->r), code == RATLS_OK);
}

/* C45: absent though demanded, wrong, empty, too long, a prefix. */
static void a_nonce_is_compared_whole(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        tls_scheme scheme;
        const char *said, *demanded;
        ratls_code code;
        const char *check, *level;
    } cases[] = {
        {"none of either", TLS_INTEROPERABLE, NULL, "", RATLS_OK, "none", "key"},
        {"not asked for", TLS_INTEROPERABLE, NONCE, "", RATLS_OK, "none", "key"},
        {"right", TLS_INTEROPERABLE, NONCE, NONCE, RATLS_OK, "none", "nonce"},
        {"absent", TLS_INTEROPERABLE, NULL, NONCE, RATLS_E_BINDING, "binding.nonce", "key"},
        {"other", TLS_INTEROPERABLE, "1" NONCE, NONCE, RATLS_E_BINDING, "binding.nonce", "key"},
        {"empty", TLS_INTEROPERABLE, "", NONCE, RATLS_E_BINDING, "binding.nonce", "key"},
        {"a prefix", TLS_INTEROPERABLE, "0123456789abcdef", NONCE, RATLS_E_BINDING, "binding.nonce",
         "key"},
        {"longer", TLS_INTEROPERABLE, NONCE "0", NONCE, RATLS_E_BINDING, "binding.nonce", "key"},
        {"older evidence", TLS_GRAMINE_LEGACY, NULL, NONCE, RATLS_E_BINDING, "binding.nonce",
         "key"},
        {"15 bytes", TLS_INTEROPERABLE, NONCE, "0123456789abcde", RATLS_E_LIMIT, "binding.nonce",
         "none"},
        {"65 bytes", TLS_INTEROPERABLE, NONCE, NONCE NONCE "0", RATLS_E_LIMIT, "binding.nonce",
         "none"},
        {"64 bytes", TLS_INTEROPERABLE, NONCE NONCE, NONCE NONCE, RATLS_OK, "none", "nonce"},
        {"16 bytes", TLS_INTEROPERABLE, "0123456789abcdef", "0123456789abcdef", RATLS_OK, "none",
         "nonce"},
    };
    world w = world_of();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned again = 0; again < 2; again++) {
            bytes der = certificate(&w, cases[i].scheme, cases[i].said);
            (void)judge(&w, der, bytes_text(cases[i].demanded), VENDOR_T0);
            must_be(&w, cases[i].what, cases[i].code, cases[i].check, cases[i].level);
        }
    end(&w);
}

/* What was accepted without a nonce, and is remembered, answers no question. */
static void a_memo_answers_no_nonce(void **state)
{
    (void)state;
    world w = world_of();
    bytes der = certificate(&w, TLS_INTEROPERABLE, NONCE);
    (void)judge(&w, der, BYTES_NONE, VENDOR_T0);
    must_be(&w, "key", RATLS_OK, "none", "key");
    (void)judge(&w, der, bytes_text("f" NONCE), VENDOR_T0);
    must_be(&w, "other nonce", RATLS_E_BINDING, "binding.nonce", "key");
    (void)judge(&w, der, bytes_text(NONCE), VENDOR_T0);
    must_be(&w, "nonce", RATLS_OK, "none", "nonce");
    (void)judge(&w, der, BYTES_NONE, VENDOR_T0);
    must_be(&w, "key again", RATLS_OK, "none", "key");
    end(&w);
}

static void a_policy_demands_a_level(void **state)
{
    (void)state;
    static const struct {
        const char *minimum;
        bool nonce;
        ratls_code code;
    } cases[] = {
        {"key", false, RATLS_OK},
        {"key", true, RATLS_OK},
        {"nonce", false, RATLS_E_BINDING},
        {"nonce", true, RATLS_OK},
        {"session", false, RATLS_E_BINDING},
        {"session", true, RATLS_E_BINDING},
    };
    world w = world_of();
    bytes der = certificate(&w, TLS_INTEROPERABLE, NONCE);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        demand(
            &w,
            (const char *)arena_format("\"binding\": {\"minimum\": \"%s\"}", cases[i].minimum).p);
        (void)judge(&w, der, cases[i].nonce ? bytes_text(NONCE) : BYTES_NONE, VENDOR_T0);
        must_be(&w, cases[i].minimum, cases[i].code,
                cases[i].code == RATLS_OK ? "none" : "policy.binding",
                cases[i].nonce ? "nonce" : "key");
    }
    end(&w);
}

static bytes ca_signed(world *w, const cert_spec *ca)
{
    tls_spec t = tls_spec_of(&w->v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "server"));
    cert_issued_by(&t.cert, ca);
    return tls_make(&t).der;
}

static void an_identity_is_demanded(void **state)
{
    (void)state;
    world w = world_of();
    const cert_spec *ca = &w.v.ca, *stranger = &w.v.root;
    ratls_error e;
    demand(&w, "\"binding\": {\"identity\": \"ca\"}");
    (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0);
    must_be(&w, "self-signed", RATLS_E_POLICY, "policy.peer", "key");
    assert_string_equal(ratls_result_identity(w.r), "none");
    (void)judge(&w, ca_signed(&w, ca), BYTES_NONE, VENDOR_T0);
    must_be(&w, "by a CA that nobody named", RATLS_E_POLICY, "policy.peer", "key");
    assert_int_equal(ratls_verifier_set_ca(w.verifier, cert_make(ca), &e), RATLS_OK);
    (void)judge(&w, ca_signed(&w, ca), BYTES_NONE, VENDOR_T0);
    must_be(&w, "by the CA", RATLS_OK, "none", "key");
    assert_string_equal(ratls_result_identity(w.r), "ca");
    (void)judge(&w, ca_signed(&w, stranger), BYTES_NONE, VENDOR_T0);
    must_be(&w, "by another CA", RATLS_E_UNTRUSTED, "certificate.signature", "none");
    assert_string_equal(ratls_result_identity(w.r), "none");
    /* Checked by the caller, as a TLS library does. */
    demand(&w, "\"binding\": {\"identity\": \"ca\"}");
    const ratls_verify_options o = {
        .time = VENDOR_T0, .time_is_explicit = true, .caller_checks_ca = true};
    assert_int_equal(ratls_verify_certificate(w.verifier, ca_signed(&w, ca), &o, w.r, &e),
                     RATLS_OK);
    assert_string_equal(ratls_result_identity(w.r), "ca");
    end(&w);
}

/* F: lists that can be rolled over; a platform is accepted from `added` to `retire_after`. */
static void platforms_are_pinned_for_a_time(void **state)
{
    (void)state;
    world w = world_of();
    const ratls_pck_facts *pck = &ratls_result_facts(w.r)->pck;
    (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0);
    assert_true(pck->has_platform);
    const char *ppid = id_text(pck->ppid, 16);
    const char *instance = id_text(pck->platform_instance_id, 16);
    static const char other[] = "00112233445566778899aabbccddeeff";
    const struct {
        const char *what, *key, *id, *dates;
        ratls_code code;
        const char *says;
    } cases[] = {
        {"PPID", "ppid", ppid, "\"added\": \"2025-12-01T00:00:00Z\"", RATLS_OK, ""},
        {"instance", "platform_instance_id", instance, "\"added\": \"2026-01-01T00:00:00Z\"",
         RATLS_OK, ""},
        {"other PPID", "ppid", other, "\"added\": \"2025-12-01T00:00:00Z\"", RATLS_E_POLICY,
         "not among the 1 pinned"},
        {"instance id as PPID", "ppid", instance, "\"added\": \"2025-12-01T00:00:00Z\"",
         RATLS_E_POLICY, "not among"},
        {"PPID as instance id", "platform_instance_id", ppid, "\"added\": \"2025-12-01T00:00:00Z\"",
         RATLS_E_POLICY, "not among"},
        {"not yet", "ppid", ppid, "\"added\": \"2026-01-01T00:00:01Z\"", RATLS_E_POLICY,
         "accepted from 2026-01-01T00:00:01Z on"},
        {"last second", "ppid", ppid,
         "\"added\": \"2025-12-01T00:00:00Z\", \"retire_after\": \"2026-01-01T00:00:00Z\"",
         RATLS_OK, ""},
        {"retired", "ppid", ppid,
         "\"added\": \"2025-12-01T00:00:00Z\", \"retire_after\": \"2025-12-31T23:59:59Z\"",
         RATLS_E_POLICY, "retired on 2025-12-31T23:59:59Z"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (unsigned demanded = 0; demanded < 2; demanded++) {
            demand(&w, (const char *)arena_format(
                           "\"platforms\": {\"pinned\": [{\"%s\": \"%s\", %s}]}%s", cases[i].key,
                           cases[i].id, cases[i].dates,
                           demanded != 0 ? ", \"binding\": {\"identity\": \"platform\"}" : "")
                           .p);
            (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0);
            must_be(&w, cases[i].what, cases[i].code,
                    cases[i].code == RATLS_OK ? "none" : "policy.platform", "key");
            assert_string_equal(ratls_result_identity(w.r),
                                cases[i].code == RATLS_OK ? "platform" : "none");
            if (cases[i].code != RATLS_OK)
                assert_non_null(strstr(ratls_result_failure(w.r)->text, cases[i].says));
        }
    end(&w);
}

/* The same platform for two times, with a gap between: a roll-over that went wrong shows. */
static void a_platform_may_be_pinned_twice(void **state)
{
    (void)state;
    world w = world_of();
    (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0);
    const char *ppid = id_text(ratls_result_facts(w.r)->pck.ppid, 16);
    demand(&w,
           (const char *)arena_format("\"platforms\": {\"pinned\": ["
                                      "{\"ppid\": \"%s\", \"added\": \"2025-12-20T00:00:00Z\", "
                                      "\"retire_after\": \"2025-12-31T23:30:00Z\"},"
                                      "{\"ppid\": \"%s\", \"added\": \"2026-01-01T00:00:00Z\"}]}",
                                      ppid, ppid)
               .p);
    static const int good[] = {-45 * 60, -30 * 60, 0, 60};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0 + good[i]);
        must_be(&w, "pinned", RATLS_OK, "none", "key");
    }
    (void)judge(&w, certificate(&w, TLS_INTEROPERABLE, NULL), BYTES_NONE, VENDOR_T0 - 1);
    must_be(&w, "between", RATLS_E_POLICY, "policy.platform", "key");
    end(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_nonce_is_compared_whole),
        cmocka_unit_test(a_memo_answers_no_nonce),
        cmocka_unit_test(a_policy_demands_a_level),
        cmocka_unit_test(an_identity_is_demanded),
        cmocka_unit_test(platforms_are_pinned_for_a_time),
        cmocka_unit_test(a_platform_may_be_pinned_twice),
    };
    return cmocka_run_group_tests_name("levels", tests, NULL, NULL);
}
