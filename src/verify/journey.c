/* The steps that all verifications have in common. The policy only sees evidence that is genuine.
 */
#include "verify/journey.h"

#include <assert.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/time.h"
#include "evidence/claims.h"
#include "tee/intel_facts.h"

/* Years that can be written; so that no difference of two times overflows. */
#define TIME_MAX INT64_C(253402300799)

ratls_code journey_begin(journey *j, const ratls_verifier *v, const ratls_verify_options *options,
                         ratls_result *result, ratls_error *error)
{
    assert(v != NULL && options != NULL);
    ratls_result *r = result != NULL ? result : ratls_result_new();
    if (r == NULL)
        return refuse(error, RATLS_E_SYSTEM, 0, "out of memory");
    result_reset(r);
    r->time = options->time;
    *j = (journey){.v = v,
                   .o = options,
                   .r = r,
                   .owns_result = result == NULL,
                   .held = held_take(v->collateral)};
    return RATLS_OK;
}

ratls_code journey_end(journey *j, ratls_code code, ratls_error *error)
{
    held_give_back(j->v->collateral, j->held);
    free(j->space);
    const ratls_check *failure = checks_failure(&j->r->checks);
    if (failure != NULL)
        code = refuse(error, failure->code, 0, "%s", failure->text);
    else if (code != RATLS_OK)
        (void)refuse(error, code, 0, "refused by a check that is not in the list");
    if (j->owns_result)
        ratls_result_free(&j->r);
    return code;
}

ratls_code journey_check_time(const journey *j)
{
    const ratls_verify_options *o = j->o;
    check_list *checks = &j->r->checks;
    if (o->time < 0 || o->time > TIME_MAX)
        return check_fail(checks, CHECK_TIME, RATLS_E_STALE,
                          "time: %lld seconds is not between 1970 and 9999", (long long)o->time);
    if (!o->time_is_explicit && o->time < ratls_build_time())
        return check_fail(
            checks, CHECK_TIME, RATLS_E_STALE,
            "time: the clock says %s, before this build of %s; set the clock, or give a time "
            "explicitly",
            ISO(o->time), ISO(ratls_build_time()));
    int64_t passed = ratls_verifier_time(j->v);
    if (!o->time_is_explicit && o->time < passed - (int64_t)o->skew_seconds)
        return check_fail(
            checks, CHECK_TIME, RATLS_E_STALE,
            "time: the clock says %s, but genuine collateral or an earlier run shows that %s has "
            "passed; set the clock, or give a time explicitly",
            ISO(o->time), ISO(passed));
    check_passf(checks, CHECK_TIME, "judged at %s, skew %u s", ISO(o->time),
                (unsigned)o->skew_seconds);
    return RATLS_OK;
}

ratls_code journey_check_kind(const journey *j, const evidence *ev)
{
    check_list *checks = &j->r->checks;
    if (ev->kind != EVIDENCE_INTEL_QUOTE)
        return check_fail(checks, CHECK_EVIDENCE_FORMAT, RATLS_E_UNSUPPORTED,
                          "evidence: %s can't be judged here%s", ev->what,
                          ev->kind == EVIDENCE_RETIRED ? ": Intel has retired it"
                          : ev->kind == EVIDENCE_OTHER
                              ? ""
                              : ": only code on the same platform can check its MAC");
    check_pass(checks, CHECK_EVIDENCE_FORMAT, "well-formed, and holds a quote");
    return RATLS_OK;
}

ratls_code journey_read_quote(const journey *j, const evidence *ev, intel_quote *q)
{
    ratls_error e;
    ratls_result *r = j->r;
    if (intel_quote_parse(ev->payload, q, &e) != RATLS_OK)
        return check_fail_error(&r->checks, CHECK_QUOTE_FORMAT, &e);
    check_passf(&r->checks, CHECK_QUOTE_FORMAT, "%s quote, version %u",
                q->tee_type == TEE_TYPE_TDX ? "TDX" : "SGX", q->version);
    intel_quote_facts(q, &r->facts);
    if (ev->tee != RATLS_TEE_NONE && ev->tee != r->facts.tee)
        return check_fail(&r->checks, CHECK_QUOTE_FORMAT, RATLS_E_MALFORMED,
                          "quote: of another TEE than its carrier is for (%s)", ev->what);
    return RATLS_OK;
}

ratls_code journey_read_endorsements(journey *j, const evidence *ev, bytes value)
{
    endorsements found;
    ratls_error e;
    check_list *checks = &j->r->checks;
    if (value.n == 0 || ev->scheme != SCHEME_INTEROPERABLE) {
        check_skip(checks, CHECK_ENDORSEMENTS, "none came with the evidence");
        return RATLS_OK;
    }
    if (endorsements_parse(value, &found, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_ENDORSEMENTS, &e);
    if (found.tag != ev->tag)
        return check_fail(checks, CHECK_ENDORSEMENTS, RATLS_E_MALFORMED,
                          "endorsements: CBOR tag %llu, that of the evidence is %llu",
                          (unsigned long long)found.tag, (unsigned long long)ev->tag);
    j->space = malloc(2 * value.n);
    if (j->space == NULL)
        return check_fail(checks, CHECK_ENDORSEMENTS, RATLS_E_SYSTEM, "out of memory");
    if (intel_collateral_from(&found, j->space, 2 * value.n, &j->stapled, &e) != RATLS_OK)
        return check_fail_error(checks, CHECK_ENDORSEMENTS, &e);
    j->has_stapled = true;
    check_passf(checks, CHECK_ENDORSEMENTS, "%zu bytes came with the evidence", value.n);
    return RATLS_OK;
}

void journey_note_claims(const journey *j, const evidence *ev)
{
    claims said;
    ratls_error e;
    if (ev->scheme != SCHEME_INTEROPERABLE || claims_parse(ev->claims, &said, &e) != RATLS_OK)
        return;
    if (said.has_nonce)
        result_add_claim(j->r, bytes_text("nonce"), said.nonce);
    for (size_t i = 0; i < said.other_n; i++)
        result_add_claim(j->r, said.other[i].name, said.other[i].value);
}

intel_input journey_input(const journey *j, const intel_quote *q)
{
    return (intel_input){
        .quote = q,
        .collateral = j->held->all,
        .collateral_n = j->held->n,
        .crls_dropped = j->held->crls_dropped,
        .stapled = j->has_stapled ? &j->stapled : NULL,
        .stapled_crls_suffice = policy_stapled_crls_suffice(j->v->policy),
        .gets_crls = j->v->source.want != NULL,
        .root = &j->v->root.anchor,
        .time = j->o->time,
        .skew = j->o->skew_seconds,
        .memo = j->v->platforms,
    };
}

/*
 * Asks the verifier's source for what is lacking. Only for platforms that Intel certified: nobody
 * else makes it work.
 */
static bool get_collateral(journey *j, const intel_quote *q, ratls_error *e)
{
    const ratls_verifier *v = j->v;
    const ratls_facts *f = &j->r->facts;
    *e = (ratls_error){.code = RATLS_OK};
    if (v->source.want == NULL || !f->has_pck)
        return false;
    if (!intel_is_genuine_pck(q, &v->root.anchor)) {
        (void)refuse(
            e, RATLS_E_UNTRUSTED, 0,
            "nobody is asked for it, since its PCK chain does not lead to the trusted root");
        return false;
    }
    ratls_platform platform = {.tee = f->tee, .processor_ca = f->pck.processor_ca};
    memcpy(platform.fmspc, f->pck.fmspc, sizeof platform.fmspc);
    if (v->source.want(v->source.state, v->self, &platform, e) != RATLS_OK)
        return false;
    held_give_back(v->collateral, j->held);
    j->held = held_take(v->collateral);
    return true;
}

void journey_note_time(const journey *j)
{
    if (j->r->evidence_valid && !j->o->time_is_explicit)
        ratls_verifier_raise_time(j->v, j->r->facts.latest_issue);
}

ratls_code journey_judge_quote(journey *j, const intel_quote *q)
{
    ratls_result *r = j->r;
    ratls_error e;
    intel_input in = journey_input(j, q);
    ratls_code code = intel_verify(&in, &r->checks, &r->facts, &j->basis);
    if (code == RATLS_E_MISSING && get_collateral(j, q, &e)) {
        checks_forget(&r->checks, CHECK_PCK_FORMAT);
        memset(&r->facts, 0, sizeof r->facts);
        in = journey_input(j, q);
        code = intel_verify(&in, &r->checks, &r->facts, &j->basis);
    } else if (code == RATLS_E_MISSING && e.code != RATLS_OK) {
        checks_explain_failure(&r->checks, e.text);
    }
    r->facts.other_root = j->v->root.der != NULL;
    r->evidence_valid = code == RATLS_OK;
    journey_note_time(j);
    return code;
}

ratls_code journey_appraise(const journey *j, bool answer_follows)
{
    ratls_result *r = j->r;
    const policy *p = j->v->policy;
    ratls_code code = appraise(p, &r->facts, j->o->time, &r->checks, &r->insecure);
    ratls_code peer = appraise_peer(p, &r->facts, &r->identity, j->o->time, &r->checks);
    ratls_code bound = RATLS_OK;
    if (answer_follows && p != NULL)
        check_skip(&r->checks, CHECK_POLICY_BINDING, "judged with the answer that is to follow");
    else
        bound = appraise_binding(p, r->binding, &r->checks);
    if (code == RATLS_OK)
        code = bound;
    return code == RATLS_OK ? peer : code;
}
