#ifndef TEE_INTEL_JUDGE_H
#define TEE_INTEL_JUDGE_H

#include "base/check.h"
#include "tee/intel_qe.h"

/*
 * Chooses the levels that the platform reaches (facts: PCK, and tee_tcb_svn of a TD), merges their
 * statuses and the module's (NULL: none to be judged), applies the relaunch rule, and sets status,
 * date and advisories in `facts`. Marks CHECK_TCB_LEVEL: UNTRUSTED if no level is reached, REVOKED,
 * LIMIT for too many advisories.
 */
RATLS_MUST_USE ratls_code intel_judge_tcb(const tcb_info *tcb, const qe_identity *identity,
                                          const sgx_report *qe_report, const svn_level *module,
                                          check_list *checks, ratls_facts *facts);

#endif
