#ifndef APPRAISE_RESULT_H
#define APPRAISE_RESULT_H

#include "appraise/appraise.h"
#include "base/check.h"

/* What one verification found; ratls/result.h is the view of it that users have. */
struct ratls_result {
    check_list checks;
    ratls_facts facts;
    bool evidence_valid, accepted;
    const char *scheme;     /* static, or NULL */
    ratls_binding binding;  /* RATLS_BINDING_NONE until it was checked */
    const char *binding_by; /* static; NULL with RATLS_BINDING_NONE */
    int64_t time;           /* at which it was judged */
    peer_identity identity;
    const char *binding_hash;
    size_t claims_n;
    ratls_claim claims[RATLS_CLAIMS_MAX];
    insecure_list insecure;
};

void result_reset(ratls_result *r);

/* This level was reached, by `by`, which is static. */
void result_bind(ratls_result *r, ratls_binding level, const char *by);

/* Copies what the peer says, cut to the sizes of ratls_claim; more than RATLS_CLAIMS_MAX are passed
 * over. */
void result_add_claim(ratls_result *r, ratls_bytes name, ratls_bytes value);

#endif
