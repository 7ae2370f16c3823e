#ifndef RATLS_POLICY_H
#define RATLS_POLICY_H

#include <stdbool.h>

#include "ratls/bytes.h"
#include "ratls/error.h"
#include "ratls/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes a policy (JSON, ratls-policy(5)) that accepts exactly the identity in `facts`, to start
 * from: its measurements and attributes, and only the TCB status UpToDate and no debug, whatever
 * the facts say. `verified` false puts a comment field into it that says UNVERIFIED. Sets *n to the
 * length needed without the final NUL; `out` may be NULL to measure. Errors: LIMIT (cap is short),
 * UNSUPPORTED (no TEE in `facts`), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_policy_write(char *out, size_t cap, size_t *n,
                                             const ratls_facts *facts, bool verified,
                                             ratls_error *error);

#ifdef __cplusplus
}
#endif

#endif
