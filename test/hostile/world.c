#include "hostile.h"
#include "ratls/policy.h"
#include "ratls/verify.h"

static int64_t judged_at = VENDOR_T0;

int64_t hostile_time(void)
{
    return judged_at;
}

void hostile_set_time(int64_t t)
{
    judged_at = t;
}

bytes hostile_policy(const vendor *v)
{
    const given_platform *given = vendor_given();
    if (given != NULL)
        return given->policy;
    ratls_error e;
    size_t n;
    ratls_verifier *verifier = ratls_verifier_new();
    ratls_result *r = ratls_result_new();
    const ratls_verify_options o = {.time = v->now, .time_is_explicit = true};
    MUST(verifier != NULL && r != NULL);
    MUST(ratls_verifier_set_root(verifier, vendor_root(v), &e) == RATLS_OK);
    MUST(ratls_verifier_add_collateral(verifier, vendor_collateral_json(v), &e) == RATLS_OK);
    bytes quote = vendor_quote(v, BYTES_NONE).quote;
    if (ratls_verify_quote(verifier, quote, &o, r, &e) != RATLS_OK)
        arena_die("a policy for a quote that is not genuine: %s", e.text);
    const ratls_facts *facts = ratls_result_facts(r);
    MUST(ratls_policy_write(NULL, 0, &n, facts, true, &e) == RATLS_OK);
    char *text = arena_alloc(n + 1);
    MUST(ratls_policy_write(text, n + 1, &n, facts, true, &e) == RATLS_OK);
    ratls_result_free(&r);
    ratls_verifier_free(&verifier);
    return bytes_of(text, n);
}

hostile_case hostile_of(const vendor *v, bytes input, bytes policy)
{
    return (hostile_case){.input = input,
                          .collateral = vendor_collateral_json(v),
                          .policy = policy,
                          .root = vendor_root_pem(v),
                          .time = v->now};
}

hostile_tls *hostile_tls_of(tls_scheme scheme, quote_tee tee, unsigned version)
{
    hostile_tls *w = arena_alloc(sizeof *w);
    const given_platform *given = vendor_given();
    w->v = given != NULL ? vendor_of(given->tee, given->tee == QUOTE_TDX ? 4 : 3, false, judged_at)
                         : vendor_of(tee, version, false, judged_at);
    w->policy = hostile_policy(&w->v);
    w->t = tls_spec_of(&w->v, scheme, NULL);
    return w;
}

hostile_case hostile_tls_case_of(const hostile_tls *w, bytes certificate)
{
    return hostile_of(&w->v, certificate, w->policy);
}

hostile_case hostile_tls_case(const hostile_tls *w)
{
    return hostile_tls_case_of(w, tls_make(&w->t).der);
}
