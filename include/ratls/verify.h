#ifndef RATLS_VERIFY_H
#define RATLS_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/bytes.h"
#include "ratls/error.h"
#include "ratls/item.h"
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

/* The level that the policy demands; without a policy, which accepts nobody, the highest. */
ratls_binding ratls_verifier_minimum(const ratls_verifier *verifier);

/*
 * A CA that must have signed the TLS certificate (one certificate, DER or PEM). Without one, the
 * signature of a certificate that is not self-signed is "not run". `certificate` is copied. Errors:
 * MALFORMED, SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_verifier_set_ca(ratls_verifier *verifier, ratls_bytes certificate,
                                                ratls_error *error);

/*
 * More collateral: the JSON object with tcb_info, qe_identity, CRLs and chains (ratls(1)), all of
 * them or some, or Open Enclave's SGX endorsements. `data` is copied. Nothing of it is trusted:
 * signatures and dates are checked in each verification. Of several items for one purpose the one
 * that says it was issued last is used; what is older than all that is held has no effect. So give
 * items of a source that you trust to deliver, since a forged one can make a verification fail,
 * though never succeed. Unlike the functions above this one may be called while other threads
 * verify. Errors: MALFORMED, LIMIT (256 KiB each, 256 that are not superseded), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_verifier_add_collateral(ratls_verifier *verifier, ratls_bytes data,
                                                        ratls_error *error);

/*
 * Changes whenever collateral is added that was not there: a verdict of an earlier epoch may not be
 * that of now. Any thread may call this.
 */
uint64_t ratls_verifier_epoch(const ratls_verifier *verifier);

/*
 * Who is asked in a verification when the verifier lacks collateral for a platform. `want` may call
 * ratls_verifier_add_collateral and return RATLS_OK, and then the verification goes on with what
 * there is; else its sentence becomes part of the refusal. It runs in the thread that verifies, as
 * often as collateral is lacking, and many at once. A verifier with such a source can get
 * revocation lists of its own, so those that a peer staples to its certificate do not suffice.
 */
typedef struct ratls_collateral_source {
    void *state;
    ratls_code (*want)(void *state, ratls_verifier *verifier, const ratls_platform *platform,
                       ratls_error *error);
    /* The verifier is about to be freed and must not be used any more; NULL: nobody is told. */
    void (*gone)(void *state, ratls_verifier *verifier);
} ratls_collateral_source;

/* Set up before any thread verifies; NULL: none. Copied; `state` must outlive the verifier. */
void ratls_verifier_set_source(ratls_verifier *verifier, const ratls_collateral_source *source);

/*
 * A time that has certainly passed: what is verified "now" (time_is_explicit is false) at an
 * earlier one is refused, because the clock is wrong. The verifier raises it by itself to the dates
 * in genuine collateral. It never goes down. Any thread may call these.
 */
void ratls_verifier_raise_time(const ratls_verifier *verifier, int64_t time);
/* The latest of these times; at least ratls_build_time(). */
int64_t ratls_verifier_time(const ratls_verifier *verifier);

#define RATLS_NONCE_MIN 16
#define RATLS_NONCE_MAX 64

/* Zeroed options refuse everything: there is no default time. */
typedef struct ratls_verify_options {
    int64_t time;          /* when to judge, Unix seconds */
    bool time_is_explicit; /* the caller means this time; else one before ratls_verifier_time() is
                              refused, but for skew_seconds */
    uint32_t
        skew_seconds; /* by how much notBefore, issueDate and thisUpdate may lie ahead of `time` */
    /* A challenge, RATLS_NONCE_MIN to RATLS_NONCE_MAX bytes that nobody could foresee: the evidence
     * must hold exactly it. Empty: none is demanded, and the binding is to the key only. */
    ratls_bytes nonce;
    /* The caller refuses the peer unless a CA of his own signed the certificate: counts as identity
     * "ca". */
    bool caller_checks_ca;
    /*
     * The caller demands an answer on this very connection before any byte of the application's
     * (ratls/session.h). So ratls_verify_certificate does not judge the level that the policy
     * demands, and takes a certificate without evidence, if no nonce is demanded; evidence that is
     * there is judged as ever. RATLS_OK then means "go on", and ratls_result_accepted stays false.
     * Other functions pass over this.
     */
    bool answer_follows;
} ratls_verify_options;

/*
 * Judge a certificate (DER): its format, validity and self-signature, that its evidence
 * speaks for its key, the evidence itself, and the policy. RATLS_OK means accepted; any other code
 * is that of the first check that failed, whose sentence is also in *error. `result` may be NULL,
 * and is overwritten otherwise.
 *
 * Not checked: that the peer holds the private key (the TLS handshake does), the peer's name,
 * without a nonce freshness of the evidence beyond the dates of certificate and collateral.
 */
RATLS_MUST_USE ratls_code ratls_verify_certificate(const ratls_verifier *verifier, ratls_bytes der,
                                                   const ratls_verify_options *options,
                                                   ratls_result *result, ratls_error *error);

/*
 * The same for a certification request (PKCS#10, DER) whose requested extensions carry evidence,
 * for a CA that is about to certify its key. The self-signature shows that whoever made it held the
 * private key; the checks are those of a certificate, but for its dates (certificate.validity is
 * not run). The verifier's CA is not asked, and a policy that demands identity "ca" refuses every
 * request: no CA has signed one.
 *
 * Not checked: names in the request, which are whatever its sender likes.
 */
RATLS_MUST_USE ratls_code ratls_verify_request(const ratls_verifier *verifier, ratls_bytes der,
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
