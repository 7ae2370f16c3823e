/* Who is asked when a verifier lacks collateral, and when nobody is. */
#include "testing.h"

#include "ratls/verify.h"
#include "stapling_world.h"

#include "equal_results.h"

typedef struct source {
    unsigned calls;
    ratls_platform asked;
    bytes gives[2];
    ratls_code fails;
} source;

static ratls_code want(void *state, ratls_verifier *v, const ratls_platform *platform,
                       ratls_error *e)
{
    source *s = state;
    s->calls++;
    s->asked = *platform;
    for (size_t i = 0; i < 2; i++)
        if (s->gives[i].n > 0 && ratls_verifier_add_collateral(v, s->gives[i], e) != RATLS_OK)
            return e->code;
    return s->fails == RATLS_OK
               ? RATLS_OK
               : refuse(e, s->fails, 0, "source: the service at example.invalid is away");
}

static void use(ratls_verifier *v, source *s)
{
    const ratls_collateral_source asked = {.state = s, .want = want};
    ratls_verifier_set_source(v, &asked);
}

static ratls_verifier *verifier_of(const stapling *s, source *from)
{
    ratls_error e = {.text = ""};
    ratls_verifier *v = ratls_verifier_new();
    assert_non_null(v);
    assert_int_equal(ratls_verifier_set_root(v, vendor_root(&s->v), &e), RATLS_OK);
    assert_int_equal(ratls_verifier_set_policy(v, s->policy, &e), RATLS_OK);
    if (s->held.n > 0)
        assert_int_equal(ratls_verifier_add_collateral(v, s->held, &e), RATLS_OK);
    if (from != NULL)
        use(v, from);
    return v;
}

static ratls_code judge(const ratls_verifier *v, bytes der, ratls_result *r)
{
    ratls_error e = {.text = ""};
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
    ratls_code code = ratls_verify_certificate(v, der, &o, r, &e);
    const ratls_check *failure = ratls_result_failure(r);
    assert_int_equal(failure == NULL, code == RATLS_OK);
    if (failure != NULL)
        assert_string_equal(failure->text, e.text);
    return code;
}

static const char *origins(const ratls_result *r)
{
    char *from = arena_alloc(STAPLE_ITEMS + 1);
    for (size_t i = 0; i < STAPLE_ITEMS; i++)
        from[i] = "-HS"[ratls_result_facts(r)->collateral_from[i]];
    return from;
}

static void must_fail_at(const char *text, const ratls_result *r, const char *check)
{
    const ratls_check *failure = ratls_result_failure(r);
    if (failure == NULL || strcmp(failure->id, check) != 0)
        fail_msg("%s: %s (%s), expected %s", text, failure != NULL ? failure->id : "accepted",
                 failure != NULL ? failure->text : "", check);
}

/* What is lacking, what a source that has all gives for it, and where the verdict's items then
 * come from. */
static void what_it_adds_is_used(void **state)
{
    (void)state;
    static const struct {
        const char *text, *without, *from;
        unsigned calls;
    } cases[] = {
        {"sgx3", "", "HHHH", 0},
        {"sgx3 s", "", "HHHH", 0},
        {"sgx3 s.all:+1", "", "SSSS", 0},
        {"sgx3 h s", "collateral.present", "HHHH", 1},
        {"sgx4 h s", "collateral.present", "HHHH", 1},
        {"tdx4 h s", "collateral.present", "HHHH", 1},
        {"tdx15 h s", "collateral.present", "HHHH", 1},
        {"sgx3 s h.tcb:none", "tcb_info.signature", "HHHH", 1},
        {"sgx3 s h.qe:none", "qe_identity.signature", "HHHH", 1},
        {"sgx3 s h.pck:none", "pck_crl", "HHHH", 1},
        {"sgx3 s h.root:none", "root_crl", "HHHH", 1},
        {"sgx3 s h.tcb:other", "collateral.present", "HHHH", 1},
        /* A list from the peer does not suffice where there could be one of one's own. */
        {"sgx3 h", "root_crl", "HHHH", 1},
        {"tdx4 h", "root_crl", "HHHH", 1},
        {"sgx3 h s.all:+1", "root_crl", "SSSS", 1},
        {"sgx3 h.pck:none", "pck_crl", "HHHH", 1},
        {"sgx3 h.root:none s.root:+1", "root_crl", "HHHS", 1},
        {"sgx3 insecure h", "", "SSSS", 0},
        /* But TCB info and QE identity do. */
        {"sgx3 h.tcb:none", "", "SHHH", 0},
        {"sgx3 h.qe:none", "", "HSHH", 0},
    };
    ratls_result *r = ratls_result_new(), *whole = ratls_result_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *text = cases[i].text;
        arena_mark mark = arena_here();
        stapling s = stapling_of(text);
        bool tdx = s.v.quote.tee == QUOTE_TDX;

        source none = {.fails = RATLS_OK};
        ratls_verifier *v = verifier_of(&s, &none);
        ratls_code code = judge(v, s.certificate, r);
        assert_int_equal(code, cases[i].calls > 0 ? RATLS_E_MISSING : RATLS_OK);
        if (cases[i].calls > 0)
            must_fail_at(text, r, cases[i].without);
        assert_int_equal(none.calls, cases[i].calls);
        ratls_verifier_free(&v);

        source all = {.gives = {vendor_collateral_json(&s.v)}};
        v = verifier_of(&s, &all);
        if (judge(v, s.certificate, r) != RATLS_OK || strcmp(origins(r), cases[i].from) != 0)
            fail_msg("%s: %s from %s", text, ratls_result_failure(r)->text, origins(r));
        assert_int_equal(all.calls, cases[i].calls);
        if (all.calls > 0) {
            assert_int_equal(all.asked.tee, tdx ? RATLS_TEE_TDX : RATLS_TEE_SGX);
            assert_memory_equal(all.asked.fmspc, s.v.pck_ext.fmspc, 6);
            assert_int_equal(all.asked.processor_ca, !s.v.pck_ext.platform);
        }
        /* From now on there is all. */
        assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
        assert_int_equal(judge(v, staple_certificate(&s.v, "another", s.stapled), r), RATLS_OK);
        assert_int_equal(all.calls, cases[i].calls);
        ratls_verifier_free(&v);

        /* The very result of one that had all from the start. */
        all.calls = 0;
        v = verifier_of(&s, &all);
        ratls_verifier *had = verifier_of(&s, &all);
        if (cases[i].calls > 0) {
            ratls_error e;
            assert_int_equal(ratls_verifier_add_collateral(had, all.gives[0], &e), RATLS_OK);
        }
        assert_int_equal(judge(had, s.certificate, whole), RATLS_OK);
        assert_int_equal(all.calls, 0);
        assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
        must_equal(text, r, whole);
        ratls_verifier_free(&v);
        ratls_verifier_free(&had);
        arena_back(mark);
    }
    ratls_result_free(&r);
    ratls_result_free(&whole);
}

/* Only platforms that the vendor certified make a verifier work, and only what lacks collateral. */
static void nobody_else_makes_it_work(void **state)
{
    (void)state;
    ratls_result *r = ratls_result_new();
    for (int i = 0; i < 12; i++) {
        stapling s = stapling_of("sgx3 h s");
        vendor w = s.v;
        if (i == 0)
            w.pck.signer = other_key();
        else if (i == 1)
            w.ca.signer = other_key();
        else if (i == 2)
            vendor_use_names(&w, "Other", "Other");
        else if (i == 3)
            w.pck.break_signature = true;
        else if (i == 4)
            w.quote.cert_type = 3;
        else if (i == 5)
            w.quote.cert_data = bytes_text("no PEM");
        else if (i == 6)
            w.pck_ext.omit = 1u << 4; /* no FMSPC */
        else if (i == 7)
            w.quote.cert_data = bytes_cut(vendor_pck_chain(&w), 2000);
        bytes der = staple_certificate(&w, "peer", BYTES_NONE);
        if (i == 8)
            der = bytes_flipped(der, der.n - 1, 0);
        source from = {.gives = {vendor_collateral_json(&s.v)}};
        ratls_verifier *v = verifier_of(&s, &from);
        if (i == 9) { /* another key than the evidence speaks for */
            tls_spec t = tls_spec_of(&w, TLS_INTEROPERABLE, NULL);
            t.report_data = bytes_of(arena_alloc(64), 64);
            der = tls_make(&t).der;
        } else if (i == 10) { /* stapled for another platform */
            der = staple_certificate(&w, "peer", staple_value(&w, "sgx3 s.tcb:other"));
        } else if (i == 11) { /* malformed endorsements */
            der = staple_certificate(&w, "peer", staple_value(&w, "sgx3 c.items=7"));
        }
        if (judge(v, der, r) == RATLS_OK || from.calls != 0)
            fail_msg("case %d: asked %u times", i, from.calls);
        ratls_verifier_free(&v);
    }

    /* Nor a clock that can't be right, nor a quote that fails in something else. */
    stapling s = stapling_of("sgx3 s");
    source from = {.fails = RATLS_E_SYSTEM};
    ratls_verifier *v = verifier_of(&s, &from);
    ratls_error e;
    ratls_verify_options o = {.time = 1};
    assert_int_equal(ratls_verify_certificate(v, s.certificate, &o, r, &e), RATLS_E_STALE);
    vendor w = s.v;
    w.quote.signature = bytes_of(arena_alloc(64), 64);
    assert_int_equal(judge(v, staple_certificate(&w, "peer", BYTES_NONE), r), RATLS_E_UNTRUSTED);
    assert_int_equal(from.calls, 0);
    ratls_verifier_free(&v);
    ratls_result_free(&r);
}

static void its_sentence_is_in_the_refusal(void **state)
{
    (void)state;
    static const char *const texts[] = {"sgx3 h s", "sgx3 h", "tdx4 s h.qe:none",
                                        "sgx3 s h.pck:none"};
    static const ratls_code codes[] = {RATLS_E_MISSING, RATLS_E_SYSTEM, RATLS_E_LIMIT,
                                       RATLS_E_MALFORMED};
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 4; k++) {
            arena_mark mark = arena_here();
            stapling s = stapling_of(texts[i]);
            source from = {.fails = codes[k]};
            ratls_verifier *v = verifier_of(&s, &from);
            assert_int_equal(judge(v, s.certificate, r), RATLS_E_MISSING);
            const char *text = ratls_result_failure(r)->text;
            if (strstr(text, "; source: the service at example.invalid is away") == NULL)
                fail_msg("%s: \"%s\"", texts[i], text);
            /* Each time anew: a refusal is never remembered. */
            assert_int_equal(judge(v, s.certificate, r), RATLS_E_MISSING);
            assert_int_equal(from.calls, 2);
            from.fails = RATLS_OK;
            from.gives[0] = vendor_collateral_json(&s.v);
            assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
            ratls_verifier_free(&v);
            arena_back(mark);
        }

    /* A bare quote asks too. */
    stapling s = stapling_of("tdx15 h s");
    source from = {.fails = RATLS_E_SYSTEM};
    ratls_verifier *v = verifier_of(&s, &from);
    bytes quote = vendor_quote(&s.v, BYTES_NONE).quote;
    const ratls_verify_options o = {.time = VENDOR_T0, .time_is_explicit = true};
    ratls_error e = {.text = ""};
    assert_int_equal(ratls_verify_quote(v, quote, &o, r, &e), RATLS_E_MISSING);
    assert_non_null(strstr(e.text, "is away"));
    from = (source){.gives = {vendor_collateral_json(&s.v)}};
    assert_int_equal(ratls_verify_quote(v, quote, &o, r, &e), RATLS_OK);
    assert_int_equal(from.calls, 1);
    ratls_verifier_free(&v);
    ratls_result_free(&r);
}

/* What a source gives is as untrusted as everything else. */
static void it_is_not_trusted(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        ratls_code code;
        const char *check;
    } cases[] = {
        {"sgx3 h.tcb:forged", RATLS_E_UNTRUSTED, "tcb_info.signature"},
        {"sgx3 h.qe:forged", RATLS_E_UNTRUSTED, "qe_identity.signature"},
        {"sgx3 h.pck:forged", RATLS_E_UNTRUSTED, "pck_crl"},
        {"sgx3 h.root:forged", RATLS_E_UNTRUSTED, "root_crl"},
        {"sgx3 h.pck:revokes", RATLS_E_REVOKED, "pck.revocation"},
        {"sgx3 h.tcb:expired", RATLS_E_STALE, "policy.expiry"},
        {"sgx3 h.tcb:other", RATLS_E_MISSING, "collateral.present"},
        {"sgx3 h.pck:other", RATLS_E_UNTRUSTED, "pck_crl"},
        {"sgx3 h.qe:none", RATLS_E_MISSING, "qe_identity.signature"},
        {"sgx3 h.tcb:OutOfDate h.tcb:laundered", RATLS_E_UNTRUSTED, "tcb_info.signature"},
    };
    ratls_result *r = ratls_result_new();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        stapling s = stapling_of("sgx3 h s");
        const char *text = cases[i].text;
        source from = {.gives = {staple_held(&s.v, text)}};
        ratls_verifier *v = verifier_of(&s, &from);
        assert_int_equal(judge(v, s.certificate, r), cases[i].code);
        must_fail_at(text, r, cases[i].check);
        assert_int_equal(from.calls, 1);
        ratls_verifier_free(&v);
    }
    ratls_result_free(&r);
}

/* A memo that was filled before is no way around what a source changes. */
static void a_source_may_come_later(void **state)
{
    (void)state;
    stapling s = stapling_of("sgx3 h");
    ratls_result *r = ratls_result_new();
    source from = {.fails = RATLS_E_SYSTEM};
    ratls_verifier *v = verifier_of(&s, NULL);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
        assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
        use(v, &from);
        assert_int_equal(judge(v, s.certificate, r), RATLS_E_MISSING);
        assert_int_equal(judge(v, staple_certificate(&s.v, "another", s.stapled), r),
                         RATLS_E_MISSING);
        assert_int_equal(from.calls, 2 * (i + 1));
        ratls_verifier_set_source(v, NULL);
    }
    ratls_verifier_free(&v);

    /* What the source adds revokes. */
    v = verifier_of(&s, NULL);
    assert_int_equal(judge(v, s.certificate, r), RATLS_OK);
    from = (source){.gives = {staple_held(&s.v, "sgx3 h.pck:revokes h.pck:-60")}};
    use(v, &from);
    assert_int_equal(judge(v, s.certificate, r), RATLS_E_REVOKED);
    ratls_verifier_set_source(v, NULL);
    assert_int_equal(judge(v, s.certificate, r), RATLS_E_REVOKED);
    ratls_verifier_free(&v);
    ratls_result_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_adds_is_used),
        cmocka_unit_test(nobody_else_makes_it_work),
        cmocka_unit_test(its_sentence_is_in_the_refusal),
        cmocka_unit_test(it_is_not_trusted),
        cmocka_unit_test(a_source_may_come_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
