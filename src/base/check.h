#ifndef BASE_CHECK_H
#define BASE_CHECK_H

#include "base/error.h"
#include "ratls/result.h"

/*
 * The list of all checks, in the order of the verify journey. Each starts as "not run"; the rooms
 * below mark the ones they make. The first that failed is the verdict.
 */
typedef enum check_id {
    CHECK_TIME,
    CHECK_CERTIFICATE_FORMAT,
    CHECK_CERTIFICATE_VALIDITY,
    CHECK_EVIDENCE_PRESENT,
    CHECK_EVIDENCE_FORMAT,
    CHECK_ENDORSEMENTS,
    CHECK_EVIDENCE_AGREEMENT,
    CHECK_QUOTE_FORMAT,
    CHECK_BINDING_KEY,
    CHECK_BINDING_REPORT_DATA,
    CHECK_BINDING_NONCE,
    CHECK_BINDING_SESSION,
    CHECK_CERTIFICATE_SIGNATURE,
    CHECK_PCK_FORMAT,
    CHECK_COLLATERAL_PRESENT,
    CHECK_PCK_VALIDITY,
    CHECK_QE_REPORT_DATA,
    CHECK_PCK_CHAIN,
    CHECK_ROOT_CRL,
    CHECK_PCK_CRL,
    CHECK_PCK_REVOCATION,
    CHECK_TCB_INFO_SIGNATURE,
    CHECK_TCB_INFO_FORMAT,
    CHECK_TCB_INFO_VALIDITY,
    CHECK_TCB_INFO_MATCH,
    CHECK_QE_IDENTITY_SIGNATURE,
    CHECK_QE_IDENTITY_FORMAT,
    CHECK_QE_IDENTITY_VALIDITY,
    CHECK_TDX_MODULE,
    CHECK_QE_REPORT_SIGNATURE,
    CHECK_QE_IDENTITY_MATCH,
    CHECK_QUOTE_SIGNATURE,
    CHECK_TCB_LEVEL,
    CHECK_COLLATERAL_EXPIRY,
    CHECK_POLICY_PRESENT,
    CHECK_POLICY_IDENTITY,
    CHECK_POLICY_ATTRIBUTES,
    CHECK_POLICY_DEBUG,
    CHECK_POLICY_TCB_STATUS,
    CHECK_POLICY_ADVISORIES,
    CHECK_POLICY_EVALUATION,
    CHECK_POLICY_EXPIRY,
    CHECK_POLICY_PLATFORM,
    CHECK_POLICY_BINDING,
    CHECK_POLICY_PEER,
    CHECK_COUNT
} check_id;

typedef struct check_list {
    ratls_check all[CHECK_COUNT];
} check_list;

/* All "not run". */
void checks_init(check_list *list);

/* Text by printf format; the most common, a constant sentence, costs a copy only. */
void check_pass(check_list *list, check_id id, const char *text);
__attribute__((format(printf, 3, 4))) void check_passf(check_list *list, check_id id,
                                                       const char *format, ...);

/* Says why a check was not run. */
void check_skip(check_list *list, check_id id, const char *text);

/* Marks the failure and returns `code`. */
__attribute__((format(printf, 4, 5))) ratls_code
check_fail(check_list *list, check_id id, ratls_code code, const char *format, ...);

/* Tells analysers, which do not see into the function, that what it returns is `code`. */
#define check_fail(list, id, code, ...) ((void)check_fail(list, id, code, __VA_ARGS__), (code))

/* The same with the code and sentence of an error. */
ratls_code check_fail_error(check_list *list, check_id id, const ratls_error *error);

/* This one and all after it are "not run" again. */
void checks_forget(check_list *list, check_id first);

/* Adds to the sentence of the first failure, as far as it fits. */
void checks_explain_failure(check_list *list, const char *more);

/* The first failure in the order above, or NULL. */
const ratls_check *checks_failure(const check_list *list);

#endif
