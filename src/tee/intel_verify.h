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
    const intel_collateral *const *collateral; /* any number: what is for this platform is chosen */
    size_t collateral_n;
    int64_t crls_dropped; /* CRLs up to this date are not there any more, though newer than some */
    const intel_collateral *stapled; /* what came with the evidence; NULL: nothing did */
    bool stapled_crls_suffice;       /* a policy says so */
    bool gets_crls; /* the verifier can get CRLs of its own: then stapled ones alone do not suffice
                     */
    const anchor *root;
    int64_t time;
    uint32_t skew;    /* seconds by which notBefore, issueDate and thisUpdate may lie ahead */
    intel_memo *memo; /* of this root; NULL: nothing is remembered */
} intel_input;

/* What a verdict rests on: the collateral that is chosen for this; and on nothing else, or a CRL
 * that is not genuine was passed over. */
typedef struct intel_basis {
    intel_wanted wanted;
    bool as_chosen;
} intel_basis;

/*
 * Judges a quote as Intel's verifier does, and stricter where that costs nothing (doc/DCAP.md).
 * Marks CHECK_PCK_FORMAT to CHECK_COLLATERAL_EXPIRY and fills `facts`. RATLS_OK: genuine, at
 * facts->tcb_status (not Revoked). Expiry does not fail it: it is in facts->collateral_expired for
 * the policy. `basis` may be NULL. Not checked: report data, identity, debug: they are the
 * caller's.
 */
RATLS_MUST_USE ratls_code intel_verify(const intel_input *in, check_list *checks,
                                       ratls_facts *facts, intel_basis *basis);

/*
 * Does the PCK chain of the quote lead to the root? For those who are to do more for genuine
 * platforms than for anybody.
 */
bool intel_is_genuine_pck(const intel_quote *quote, const anchor *root);

#endif
