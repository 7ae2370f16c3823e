#ifndef VERIFY_VERIFIER_H
#define VERIFY_VERIFIER_H

#include <stdatomic.h>

#include "appraise/policy.h"
#include "ratls/verify.h"
#include "tee/intel_verify.h"
#include "verify/certificate_memo.h"
#include "verify/held.h"
#include "verify/root.h"

/* Immutable while it verifies, but for `time`, and what has locks of its own: collateral and memos.
 */
struct ratls_verifier {
    policy *policy; /* NULL: nothing is accepted */
    trusted_root root;
    uint8_t *ca_der; /* NULL: none is demanded */
    size_t ca_n;
    held_pool *collateral;
    /* What was verified with this root. */
    intel_memo *platforms;
    certificate_memo *certificates;
    ratls_collateral_source source; /* want is NULL: there is none */
    _Atomic int64_t time;           /* has certainly passed */
    /* The verifier itself, for those who hold it as a constant: a verification may raise the time
     * and have collateral added. */
    ratls_verifier *self;
};

#endif
