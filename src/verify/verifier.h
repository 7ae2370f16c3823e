#ifndef VERIFY_VERIFIER_H
#define VERIFY_VERIFIER_H

#include "appraise/policy.h"
#include "ratls/verify.h"
#include "tee/intel_verify.h"
#include "verify/certificate_memo.h"

#define VERIFIER_COLLATERAL_MAX INTEL_MEMO_SETS

/* Immutable while it verifies, but for the memos, which have locks of their own. */
struct ratls_verifier {
    policy *policy; /* NULL: nothing is accepted */
    anchor root;
    crypto_key *root_key;
    uint8_t *root_der; /* what `root` points into if it is not Intel's; else NULL */
    uint8_t *ca_der;   /* NULL: none is demanded */
    size_t ca_n;
    size_t collateral_n;
    intel_collateral collateral[VERIFIER_COLLATERAL_MAX];
    uint8_t *collateral_bytes[VERIFIER_COLLATERAL_MAX]; /* what the views point into */
    /* What was verified with this root and these sets. */
    intel_memo *platforms;
    certificate_memo *certificates;
};

#endif
