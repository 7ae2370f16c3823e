#ifndef TEE_INTEL_FACTS_H
#define TEE_INTEL_FACTS_H

#include "base/check.h"
#include "evidence/intel_quote.h"

/* The facts that the quote itself shows, judged or not. */
void intel_quote_facts(const intel_quote *q, ratls_facts *facts);

/* Something that the facts rest on has expired at `time`, or is a CRL from the future. */
bool intel_is_expired(const ratls_facts *f, int64_t time);

/* Judges the dates in `facts` by this time: facts->collateral_expired and CHECK_COLLATERAL_EXPIRY.
 */
void intel_note_expiry(int64_t time, check_list *checks, ratls_facts *facts);

#endif
