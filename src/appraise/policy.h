#ifndef APPRAISE_POLICY_H
#define APPRAISE_POLICY_H

#include <stdbool.h>

#include "base/error.h"
#include "ratls/policy.h"
#include "ratls/result.h"

/* An appraisal policy: reference values and rules, read from JSON once; immutable then. */
typedef struct policy policy;

/* NULL on failure, with *e filled (MALFORMED, POLICY, LIMIT, SYSTEM). */
policy *policy_new(ratls_bytes json, ratls_error *e);
void policy_free(policy *p); /* NULL is fine */

/* May a peer's own CRLs stand for the verifier's? Not without a policy. */
bool policy_stapled_crls_suffice(const policy *p);

/* The least level of binding; without a policy the highest. */
ratls_binding policy_minimum(const policy *p);

/* An entry accepts evidence of this TEE. Without entries any does: nobody is accepted then. */
bool policy_names_tee(const policy *p, ratls_tee tee);

#endif
