/* Facts that need no judgement: what a quote shows, and what has expired. */
#include "tee/intel_facts.h"

#include <stdio.h>

#include "base/time.h"

void intel_quote_facts(const intel_quote *q, ratls_facts *facts)
{
    facts->quote_version = (uint16_t)q->version;
    memcpy(facts->report_data, q->report_data.p, sizeof facts->report_data);
    if (q->tee_type == TEE_TYPE_TDX) {
        facts->tee = RATLS_TEE_TDX;
        facts->tdx = q->td.facts;
        /* Any bit of the TUD group means: under debug, do not trust [TDX module, TD attributes]. */
        facts->debug = q->td.facts.td_attributes[0] != 0;
    } else {
        facts->tee = RATLS_TEE_SGX;
        facts->sgx = q->sgx.facts;
        facts->debug = (q->sgx.facts.attributes[0] & SGX_ATTRIBUTE_DEBUG) != 0;
    }
}

/* Expiry is a fact for the policy, not a failure: Intel's verifier reports it beside the verdict.
 */
bool intel_is_expired(const ratls_facts *f, int64_t time)
{
    return f->crl_not_yet || (f->earliest_expiration != 0 && f->earliest_expiration <= time);
}

void intel_note_expiry(int64_t time, check_list *checks, ratls_facts *f)
{
    char text[RATLS_TEXT_SIZE];
    f->collateral_expired = intel_is_expired(f, time);
    if (!f->collateral_expired) {
        check_passf(checks, CHECK_COLLATERAL_EXPIRY, "all collateral is good until %s",
                    ISO(f->earliest_expiration));
        return;
    }
    if (f->crl_not_yet)
        (void)snprintf(text, sizeof text, "a CRL is not yet valid at %s: a policy has to decide",
                       ISO(time));
    else
        (void)snprintf(text, sizeof text, "collateral expired on %s: a policy has to decide",
                       ISO(f->earliest_expiration));
    check_skip(checks, CHECK_COLLATERAL_EXPIRY, text);
}
