#ifndef RATLS_VERIFY_H
#define RATLS_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/bytes.h"
#include "ratls/error.h"
#include "ratls/result.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A verifier holds an appraisal policy, a trust anchor and collateral. A new one trusts the Intel
 * SGX Root CA and accepts nothing, since it has no policy. Set it up in one thread; after that any
 * number of threads may verify with it at once.
 */
typedef struct ratls_verifier ratls_verifier;

/* NULL if memory is out. */
ratls_verifier *ratls_verifier_new(void);
/* Frees *verifier and sets it to NULL; NULL inside is fine. */
void ratls_verifier_free(ratls_verifier **verifier);

/*
 * The appraisal policy, JSON as in ratls-policy(5); replaces an earlier one, which stays if this
 * fails. `json` is copied. Errors: MALFORMED (not JSON, unknown key, bad value), POLICY (an entry
 * that would accept too much, with the key that is missing), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_verifier_set_policy(ratls_verifier *verifier, ratls_bytes json,
                                                    ratls_error *error);

/*
 * Trust this root (one certificate, DER or PEM, P-256, self-signed) instead of Intel's. The result
 * names it as other_root. `certificate` is copied. Errors: MALFORMED, UNTRUSTED (its own
 * signature), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_verifier_set_root(ratls_verifier *verifier, ratls_bytes certificate,
                                                  ratls_error *error);

/*
 * A CA that must have signed the TLS certificate (one certificate, DER or PEM). Without one, the
 * signature of a certificate that is not self-signed is "not run". `certificate` is copied. Errors:
 * MALFORMED, SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_verifier_set_ca(ratls_verifier *verifier, ratls_bytes certificate,
                                                ratls_error *error);

/*
 * One more set of collateral for one platform family: the JSON object with tcb_info, qe_identity,
 * CRLs and chains, or Open Enclave's SGX endorsements. `data` is copied. Nothing of it is trusted:
 * signatures and dates are checked in each verification. Of several sets for one platform the one
 * that says it was issued last is used, and the newest CRL of all: so give sets of a source that
 * you trust to deliver, since a forged one can make a verification fail, though never succeed.
 * Errors: MALFORMED, LIMIT (256 KiB a set, 64 sets), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_verifier_add_collateral(ratls_verifier *verifier, ratls_bytes data,
                                                        ratls_error *error);

/* Zeroed options refuse everything: there is no default time. */
typedef struct ratls_verify_options {
    int64_t time;          /* when to judge, Unix seconds */
    bool time_is_explicit; /* the caller means this time; else one before ratls_build_time() is
                              refused */
    uint32_t
        skew_seconds; /* by how much notBefore, issueDate and thisUpdate may lie ahead of `time` */
} ratls_verify_options;

/*
 * Judge a certificate (DER): its format, validity and self-signature, that its evidence
 * speaks for its key, the evidence itself, and the policy. RATLS_OK means accepted; any other code
 * is that of the first check that failed, whose sentence is also in *error. `result` may be NULL,
 * and is overwritten otherwise.
 *
 * Not checked: that the peer holds the private key (the TLS handshake does), the peer's name,
 * freshness of the evidence beyond the dates of certificate and collateral.
 */
RATLS_MUST_USE ratls_code ratls_verify_certificate(const ratls_verifier *verifier, ratls_bytes der,
                                                   const ratls_verify_options *options,
                                                   ratls_result *result, ratls_error *error);

/*
 * Judge a bare SGX or TDX quote, without a policy; the common format's CBOR or Open Enclave's
 * wrapping around it is taken off, and claims in it are not judged. RATLS_OK means that the
 * evidence is genuine: NOT that its TCB status, its dates (collateral_expired) or its identity are
 * acceptable, and not that it speaks for any key. The verifier's policy, if any, is ignored.
 */
RATLS_MUST_USE ratls_code ratls_verify_quote(const ratls_verifier *verifier, ratls_bytes quote,
                                             const ratls_verify_options *options,
                                             ratls_result *result, ratls_error *error);

/* Unix seconds of this build: a clock that shows an earlier time cannot be right. */
int64_t ratls_build_time(void);

#ifdef __cplusplus
}
#endif

#endif
