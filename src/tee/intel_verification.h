#ifndef TEE_INTEL_VERIFICATION_H
#define TEE_INTEL_VERIFICATION_H

#include "tee/intel_chain.h"
#include "tee/intel_choose.h"
#include "tee/intel_facts.h"
#include "tee/intel_qe.h"
#include "tee/intel_verify.h"

/* Inside intel_verify: the steps that have files of their own. */
#define VERIFICATION_CRLS 2 /* the second: the verifier's own beside the peer's */

/* One verification: what its steps hand on. Keys are freed in intel_verify. */
typedef struct verification {
    const intel_input *in;
    check_list *checks;
    ratls_facts *facts;
    intel_dates dates, leaf_dates; /* of all but the PCK certificate; of that alone */
    intel_wanted wanted;
    intel_choice choice;
    const memo_collateral *known; /* the choice was verified before; NULL: it was not */
    intel_chain *pck;
    crypto_key *pck_ca_key, *pck_key, *signer_key, *attestation_key;
    crl root_crl[VERIFICATION_CRLS], pck_crl[VERIFICATION_CRLS];
    tcb_info *read_tcb; /* where a full verification reads to */
    qe_identity *read_qe;
    const tcb_info *tcb; /* the above, or the memo's */
    const qe_identity *qe;
    bool fell_back;     /* what was chosen is not all that the verdict rests on */
    bool memorable;     /* the next three are set */
    uint8_t digest[32]; /* of the platform */
    uint8_t choice_key[32], collateral_key[32];
} verification;

/* The time lies ahead of that of the verification, by more than its skew. */
bool verification_is_ahead(const verification *v, int64_t t);

/* notBefore and issueDate are not checked by Intel; a date ahead means a wrong clock or a forged
 * collection. */
RATLS_MUST_USE ratls_code verification_check_not_before(verification *v, check_id id,
                                                        const certificate *c, const char *what);

/* Checks that do not depend on the platform, as the memo has them. */
void verification_copy_checks(verification *v, check_id first, check_id last);

/* Marks CHECK_ROOT_CRL to CHECK_PCK_REVOCATION. */
RATLS_MUST_USE ratls_code verification_check_revocation(verification *v);

/* Either of these CRLs lists the serial. */
bool verification_revoked(const crl l[VERIFICATION_CRLS], bytes serial);

/* Each marks the checks of its name. After the revocation, in this order. */
RATLS_MUST_USE ratls_code verification_check_tcb_info(verification *v);
RATLS_MUST_USE ratls_code verification_check_tcb_info_match(verification *v);
RATLS_MUST_USE ratls_code verification_check_qe_identity(verification *v);

#endif
