#ifndef TEE_INTEL_VERIFY_H
#define TEE_INTEL_VERIFY_H

#include "base/check.h"
#include "evidence/intel_quote.h"
#include "tee/intel_collateral.h"
#include "tee/intel_memo.h"
#include "tee/intel_root.h"

/* Everything that a verdict depends on. Two calls with equal input give equal results. */
typedef struct intel_input {
    const intel_quote *quote;
    const intel_collateral
        *collateral; /* any number of sets: the one for this platform is chosen */
    size_t collateral_n;
    const anchor *root;
    int64_t time;
    uint32_t skew;    /* seconds by which notBefore, issueDate and thisUpdate may lie ahead */
    intel_memo *memo; /* of this root and these sets of collateral; NULL: nothing is remembered */
} intel_input;

/*
 * Judges a quote as Intel's verifier does, and stricter where that costs nothing (doc/DCAP.md).
 * Marks CHECK_PCK_FORMAT to CHECK_COLLATERAL_EXPIRY and fills `facts`. RATLS_OK: genuine, at
 * facts->tcb_status (not Revoked). Expiry does not fail it: it is in facts->collateral_expired for
 * the policy. Not checked: report data, identity, debug: they are the caller's.
 */
RATLS_MUST_USE ratls_code intel_verify(const intel_input *in, check_list *checks,
                                       ratls_facts *facts);

/*
 * Of a verdict that intel_verify came to with this root and these sets: which set it rests on at
 * in->time (in->quote is not used). False if it has to be verified anew then. The verdict is the
 * same at two times that give the same set, but for expiry.
 */
bool intel_standing(const intel_input *in, const ratls_facts *facts, size_t *set);

/* Judges the dates in `facts` by this time: facts->collateral_expired and CHECK_COLLATERAL_EXPIRY.
 */
void intel_note_expiry(int64_t time, check_list *checks, ratls_facts *facts);

/* The facts that the quote itself shows, judged or not. */
void intel_quote_facts(const intel_quote *q, ratls_facts *facts);

#endif
