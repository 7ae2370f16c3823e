/* Endorsements in a certificate: which item counts, where it came from, and that a memo changes
 * nothing of that. */
#include "testing.h"

#include "ratls/verify.h"
#include "stapling_world.h"

#include "equal_results.h"

typedef struct row {
    const char *text; /* see stapling_world.h */
    ratls_code code;
    const char *check; /* "" if accepted */
    const char *from;  /* TCB info, QE identity, PCK CRL, root CRL: held, stapled or - */
} row;

static const row rows[] = {
    /* Who has what. */
    {"sgx3", RATLS_OK, "", "HHHH"},
    {"sgx3 s", RATLS_OK, "", "HHHH"},
    {"sgx3 h", RATLS_OK, "", "SSSS"},
    {"sgx3 h s", RATLS_E_MISSING, "collateral.present", "----"},
    {"sgx4 h", RATLS_OK, "", "SSSS"},
    {"sgx5 h", RATLS_OK, "", "SSSS"},
    {"tdx4 h", RATLS_OK, "", "SSSS"},
    {"tdx15 h", RATLS_OK, "", "SSSS"},
    {"tdx4 s.all:+60", RATLS_OK, "", "SSSS"},
    {"tdx4 s.all:-60", RATLS_OK, "", "HHHH"},
    {"sgx3 h.tcb:none", RATLS_OK, "", "SHHH"},
    {"sgx3 h.qe:none", RATLS_OK, "", "HSHH"},
    {"sgx3 h.pck:none", RATLS_OK, "", "HHSH"},
    {"sgx3 h.root:none", RATLS_OK, "", "HHHS"},
    {"sgx3 h.tcb:none s", RATLS_E_MISSING, "tcb_info.signature", "-HHH"},
    {"sgx3 h.qe:none s", RATLS_E_MISSING, "qe_identity.signature", "H-HH"},
    {"sgx3 h.pck:none s", RATLS_E_MISSING, "pck_crl", "HH-H"},
    {"sgx3 h.root:none s", RATLS_E_MISSING, "root_crl", "HHH-"},

    /* The newer wins, item by item; of the same date the verifier's own. */
    {"sgx3 s.all:+1", RATLS_OK, "", "SSSS"},
    {"sgx3 s.all:-1", RATLS_OK, "", "HHHH"},
    {"sgx3 s.tcb:+1", RATLS_OK, "", "SHHH"},
    {"sgx3 s.qe:+1", RATLS_OK, "", "HSHH"},
    {"sgx3 s.pck:+1", RATLS_OK, "", "HHSH"},
    {"sgx3 s.root:+1", RATLS_OK, "", "HHHS"},
    {"sgx3 s.tcb:+1 s.root:+1", RATLS_OK, "", "SHHS"},
    {"sgx3 h.tcb:OutOfDate s.tcb:+1", RATLS_OK, "", "SHHH"},
    {"sgx3 h.tcb:OutOfDate", RATLS_E_POLICY, "policy.tcb_status", "HHHH"},
    {"sgx3 h.tcb:OutOfDate s.tcb:-1", RATLS_E_POLICY, "policy.tcb_status", "HHHH"},
    {"sgx3 s.tcb:OutOfDate s.tcb:+1", RATLS_E_POLICY, "policy.tcb_status", "SHHH"},
    {"sgx3 s.qe:OutOfDate s.qe:+1", RATLS_E_POLICY, "policy.tcb_status", "HSHH"},
    {"sgx3 h.qe:OutOfDate", RATLS_E_POLICY, "policy.tcb_status", "HHHH"},

    /* Not with a lower evaluation number, though of a later day. */
    {"sgx3 h.tcb:OutOfDate s.tcb:+60 s.tcb:#19", RATLS_E_POLICY, "policy.tcb_status", "HHHH"},
    {"sgx3 h.qe:OutOfDate s.qe:+60 s.qe:#19", RATLS_E_POLICY, "policy.tcb_status", "HHHH"},
    {"tdx4 h.tcb:OutOfDate s.tcb:+60 s.tcb:#19", RATLS_E_POLICY, "policy.tcb_status", "HHHH"},
    {"sgx3 s.tcb:+60 s.tcb:#21", RATLS_OK, "", "SHHH"},
    {"sgx3 s.tcb:-60 s.tcb:#21", RATLS_OK, "", "HHHH"},
    {"sgx3 h s.tcb:#19", RATLS_OK, "", "SSSS"},
    {"sgx3 h.tcb:future s.tcb:#19", RATLS_OK, "", "SHHH"},

    /* What is chosen gets every check; what is not, gets none. */
    {"sgx3 s.tcb:+1 s.tcb:forged", RATLS_E_UNTRUSTED, "tcb_info.signature", "SHHH"},
    {"sgx3 s.qe:+1 s.qe:forged", RATLS_E_UNTRUSTED, "qe_identity.signature", "HSHH"},
    {"sgx3 s.pck:+1 s.pck:forged", RATLS_E_UNTRUSTED, "pck_crl", "HHSH"},
    {"sgx3 s.root:+1 s.root:forged", RATLS_E_UNTRUSTED, "root_crl", "HHHS"},
    {"sgx3 s.all:forged", RATLS_OK, "", "HHHH"},
    {"sgx3 h s.tcb:forged", RATLS_E_UNTRUSTED, "tcb_info.signature", "SSSS"},
    {"sgx3 s.tcb:OutOfDate s.tcb:+1 s.tcb:laundered", RATLS_E_UNTRUSTED, "tcb_info.signature",
     "SHHH"},
    {"sgx3 s.tcb:+1 s.tcb:chain", RATLS_E_UNTRUSTED, "tcb_info.signature", "SHHH"},
    {"sgx3 s.qe:+1 s.qe:chain", RATLS_E_UNTRUSTED, "qe_identity.signature", "HSHH"},
    {"sgx3 s.pck:+1 s.pck:chain", RATLS_E_UNTRUSTED, "pck_crl", "HHSH"},
    {"sgx3 s.tcb:+1 s.tcb:expired", RATLS_E_STALE, "policy.expiry", "SHHH"},
    {"sgx3 s.qe:+1 s.qe:expired", RATLS_E_STALE, "policy.expiry", "HSHH"},
    {"sgx3 s.pck:+1 s.pck:expired", RATLS_E_STALE, "policy.expiry", "HHSH"},
    {"sgx3 s.root:+1 s.root:expired", RATLS_E_STALE, "policy.expiry", "HHHS"},
    {"sgx3 s.all:expired", RATLS_OK, "", "HHHH"},

    /* What lies ahead serves only if there is nothing else. */
    {"sgx3 s.all:future", RATLS_OK, "", "HHHH"},
    {"sgx3 h.all:future", RATLS_E_STALE, "policy.expiry", "SSSS"},
    {"sgx3 h.tcb:future", RATLS_OK, "", "SHHH"},
    {"sgx3 h s.tcb:future", RATLS_E_STALE, "tcb_info.validity", "SSSS"},
    {"sgx3 h s.qe:future", RATLS_E_STALE, "qe_identity.validity", "SSSS"},
    {"sgx3 h s.pck:future", RATLS_E_STALE, "policy.expiry", "SSSS"},
    {"sgx3 h s.root:future", RATLS_E_STALE, "policy.expiry", "SSSS"},

    /* Either list revokes; the verifier's own must be good and of its time too. */
    {"sgx3 h.pck:revokes", RATLS_E_REVOKED, "pck.revocation", "HHHH"},
    {"sgx3 h.pck:revokes s.pck:+1", RATLS_E_REVOKED, "pck.revocation", "HHSH"},
    {"sgx3 s.pck:revokes s.pck:+1", RATLS_E_REVOKED, "pck.revocation", "HHSH"},
    {"sgx3 h.pck:revokes s.pck:revokes s.pck:+1", RATLS_E_REVOKED, "pck.revocation", "HHSH"},
    {"sgx3 h s.pck:revokes", RATLS_E_REVOKED, "pck.revocation", "SSSS"},
    {"sgx3 s.pck:revokes", RATLS_OK, "", "HHHH"},
    {"sgx3 s.pck:revokes s.pck:-1", RATLS_OK, "", "HHHH"},
    {"sgx3 h.root:revokes s.root:+1", RATLS_E_REVOKED, "pck.revocation", "HHHS"},
    {"sgx3 s.root:revokes s.root:+1", RATLS_E_REVOKED, "pck.revocation", "HHHS"},
    {"sgx3 h.root:revokes-signer s.root:+1", RATLS_E_REVOKED, "tcb_info.signature", "HHHS"},
    {"sgx3 s.root:revokes-signer s.root:+1", RATLS_E_REVOKED, "tcb_info.signature", "HHHS"},
    {"sgx3 h.root:revokes-signer s.all:+1", RATLS_E_REVOKED, "tcb_info.signature", "SSSS"},
    {"tdx4 h.pck:revokes s.pck:+1", RATLS_E_REVOKED, "pck.revocation", "HHSH"},
    {"sgx3 h.pck:forged s.pck:+1", RATLS_E_UNTRUSTED, "pck_crl", "HHSH"},
    {"sgx3 h.root:forged s.root:+1", RATLS_E_UNTRUSTED, "root_crl", "HHHS"},
    {"sgx3 h.pck:expired s.pck:+1", RATLS_E_STALE, "policy.expiry", "HHSH"},
    {"sgx3 h.root:expired s.root:+1", RATLS_E_STALE, "policy.expiry", "HHHS"},
    {"sgx3 h.pck:future", RATLS_E_STALE, "policy.expiry", "HHSH"},

    /* A policy that lets the peer's list suffice. */
    {"sgx3 insecure h.pck:revokes s.pck:+1", RATLS_OK, "", "HHSH"},
    {"sgx3 insecure h.root:revokes s.root:+1", RATLS_OK, "", "HHHS"},
    {"sgx3 insecure h.pck:revokes", RATLS_E_REVOKED, "pck.revocation", "HHHH"},
    {"sgx3 insecure s.pck:revokes s.pck:+1", RATLS_E_REVOKED, "pck.revocation", "HHSH"},
    {"sgx3 insecure h.pck:expired s.pck:+1", RATLS_OK, "", "HHSH"},
    {"sgx3 insecure h.pck:forged s.pck:+1", RATLS_OK, "", "HHSH"},
    {"sgx3 insecure s.pck:forged s.pck:+1", RATLS_E_UNTRUSTED, "pck_crl", "HHSH"},

    /* Of another platform: refused, needed or not. */
    {"sgx3 s.tcb:other", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 h s.tcb:other", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 s.tcb:tee", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"tdx4 s.tcb:tee", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 s.qe:tee", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"tdx4 s.qe:tee", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 s.pck:other", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx4 s.pck:other", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 s.root:other", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 c.swap=34", RATLS_E_UNTRUSTED, "collateral.present", "----"},
    {"sgx3 s.tcb:garbage", RATLS_E_MALFORMED, "collateral.present", "----"},
    {"sgx3 s.qe:garbage", RATLS_E_MALFORMED, "collateral.present", "----"},
    {"sgx3 s.pck:garbage", RATLS_E_MALFORMED, "collateral.present", "----"},
    {"sgx3 s.root:garbage", RATLS_E_MALFORMED, "collateral.present", "----"},
    /* What the verifier holds of another platform is of no concern. */
    {"sgx3 h.tcb:other", RATLS_OK, "", "SHHH"},
    {"sgx3 h.pck:other", RATLS_OK, "", "HHSH"},
    {"tdx4 h.qe:tee", RATLS_OK, "", "HSHH"},

    /* Form. */
    {"sgx3 h c.items=9", RATLS_OK, "", "SSSS"},
    {"sgx3 c.items=7", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.items=10", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.version=4103", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.version=20", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 h c.version=03", RATLS_OK, "", "SSSS"},
    {"sgx3 c.tag=60001", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.tag=60003", RATLS_E_UNSUPPORTED, "endorsements.format", "----"},
    {"sgx3 c.empty=1", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.empty=2", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.empty=3", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.empty=4", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.empty=5", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.empty=6", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.empty=7", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.object=1", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.object=6", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 c.swap=16", RATLS_E_MALFORMED, "endorsements.format", "----"},
    {"sgx3 h c.crl=pem", RATLS_OK, "", "SSSS"},
    {"sgx3 h c.crl=hex", RATLS_OK, "", "SSSS"},
    {"sgx3 h c.crl=der-nul", RATLS_OK, "", "SSSS"},
    {"sgx3 h c.crl=pem-nul", RATLS_OK, "", "SSSS"},
    {"sgx3 h c.crl=hex-nul", RATLS_OK, "", "SSSS"},
    {"sgx3 c.crl=cert", RATLS_E_MALFORMED, "collateral.present", "----"},
    {"sgx3 c.crl=der-junk", RATLS_E_MALFORMED, "collateral.present", "----"},
    {"sgx3 c.crl=hex-cut", RATLS_E_MALFORMED, "collateral.present", "----"},
    {"sgx3 h c.nul=1 c.nul=2 c.nul=5 c.nul=6 c.nul=7", RATLS_OK, "", "SSSS"},
};

static ratls_verifier *verifier_of(const stapling *s)
{
    ratls_error e = {.text = ""};
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    assert_int_equal(ratls_verifier_set_root(v, vendor_root(&s->v), &e), RATLS_OK);
    if (ratls_verifier_set_policy(v, s->policy, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    if (s->held.n > 0 && ratls_verifier_add_collateral(v, s->held, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    return v;
}

static ratls_code judge(const ratls_verifier *v, bytes der, ratls_result *r)
{
    ratls_error e;
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
    return ratls_verify_certificate(v, der, &o, r, &e);
}

static bool is_as_said(const row *x, ratls_code code, const ratls_result *r)
{
    const ratls_check *failure = ratls_result_failure(r);
    const ratls_facts *f = ratls_result_facts(r);
    char from[STAPLE_ITEMS + 1] = "";
    for (size_t i = 0; i < STAPLE_ITEMS; i++)
        from[i] = "-HS"[f->collateral_from[i]];
    if (code == x->code && strcmp(failure != NULL ? failure->id : "", x->check) == 0 &&
        strcmp(from, x->from) == 0)
        return true;
    print_error("%s: %s %s from %s (%s), expected %s %s from %s\n", x->text, ratls_code_name(code),
                failure != NULL ? failure->id : "", from, failure != NULL ? failure->text : "",
                ratls_code_name(x->code), x->check, x->from);
    return false;
}

/* Certificates of the same platform that a verifier has met before, to be remembered. */
static const char *const met_before[] = {"s", "", "s.all:+1", "s.pck:+1 s.tcb:+1", "s.all:-1"};

static void rows_hold_with_and_without_memo(void **state)
{
    (void)state;
    size_t bad = 0;
    ratls_result *cold = ratls_result_new(), *warm = ratls_result_new();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const row *x = &rows[i];
        arena_mark mark = arena_here();
        stapling s = stapling_of(x->text);
        ratls_verifier *v = verifier_of(&s);
        ratls_code code = judge(v, s.certificate, cold);
        bad += !is_as_said(x, code, cold);
        assert_int_equal(judge(v, s.certificate, warm), code);
        must_equal(x->text, warm, cold);
        ratls_verifier_free(&v);

        v = verifier_of(&s);
        for (size_t k = 0; k < sizeof met_before / sizeof *met_before; k++) {
            const char *text =
                (const char *)arena_format("%s %s", word_of(x->text, 0), met_before[k]).p;
            bytes value = k == 0 ? BYTES_NONE : staple_value(&s.v, text);
            (void)judge(v, staple_certificate(&s.v, "another", value), warm);
            (void)judge(v, staple_certificate(&s.v, "peer", value), warm);
            assert_int_equal(judge(v, s.certificate, warm), code);
            must_equal(x->text, warm, cold);
        }
        ratls_verifier_free(&v);
        arena_back(mark);
    }
    if (bad > 0)
        fail_msg("%zu rows differ", bad);
    ratls_result_free(&cold);
    ratls_result_free(&warm);
}

static bool names_it(const ratls_result *r)
{
    size_t n;
    const char *const *names = ratls_result_insecure(r, &n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], "insecure_stapled_crls") == 0)
            return true;
    return false;
}

static void what_is_insecure_is_named(void **state)
{
    (void)state;
    ratls_result *r = ratls_result_new();
    ratls_error e;
    stapling s = stapling_of("sgx3 h.pck:revokes s.pck:+1");
    stapling lax = stapling_of("sgx3 insecure h.pck:revokes s.pck:+1");
    ratls_verifier *v = verifier_of(&lax);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
        assert_true(names_it(r));
        /* The policy may change while the memo is full. */
        assert_int_equal(ratls_verifier_set_policy(v, s.policy, &e), RATLS_OK);
        assert_int_equal(judge(v, s.certificate, r), RATLS_E_REVOKED);
        assert_false(names_it(r));
        assert_int_equal(ratls_verifier_set_policy(v, lax.policy, &e), RATLS_OK);
    }
    ratls_verifier_free(&v);
    static const char *const wrong[] = {"1", "null", "\"true\"", "[]"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        v = ratls_verifier_new();
        bytes bad = text_replaced(lax.policy, "\"insecure_stapled_crls\": true",
                                  (const char *)join(bytes_text("\"insecure_stapled_crls\": "),
                                                     bytes_text(wrong[i]), bytes_of("", 1))
                                      .p);
        assert_int_equal(ratls_verifier_set_policy(v, bad, &e), RATLS_E_MALFORMED);
        ratls_verifier_free(&v);
    }
    ratls_result_free(&r);
}

/* Only the common format has endorsements: beside another scheme they are no part of it. */
static void other_schemes_have_none(void **state)
{
    (void)state;
    static const tls_scheme schemes[] = {TLS_GRAMINE_LEGACY, TLS_SGX_SDK_LEGACY, TLS_OE_EVIDENCE};
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        stapling s = stapling_of("sgx3 h");
        tls_spec t = tls_spec_of(&s.v, schemes[i], NULL);
        t.endorsements_raw = s.stapled;
        ratls_verifier *v = verifier_of(&s);
        assert_int_equal(judge(v, tls_make(&t).der, r), RATLS_E_MISSING);
        assert_string_equal(ratls_result_failure(r)->id, "collateral.present");
        ratls_verifier_free(&v);
    }
    ratls_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold_with_and_without_memo),
        cmocka_unit_test(what_is_insecure_is_named),
        cmocka_unit_test(other_schemes_have_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
