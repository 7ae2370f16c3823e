#ifndef TEE_INTEL_MEMO_H
#define TEE_INTEL_MEMO_H

#include "base/check.h"
#include "crypto/crypto.h"
#include "tee/intel_chain.h"
#include "tee/intel_collateral.h"
#include "tee/intel_qe.h"

/*
 * What intel_verify found genuine before, by digest of the exact bytes: collateral with the PCK CA
 * that it is about, so that a new platform needs three signatures; and platforms with their quoting
 * enclave, so that a second quote of one needs one. A memo belongs to one root. Bounded, safe under
 * threads. It knows no time and no refusal: a hit is good only after its dates were compared again,
 * and then gives the very result of a full verification.
 */
#define INTEL_MEMO_PLATFORMS  10000
#define INTEL_MEMO_COLLATERAL 64

typedef struct intel_memo intel_memo;

/* One choice of collateral, verified and read under one PCK CA. Immutable. */
typedef struct memo_collateral {
    crypto_key *pck_ca_key;
    tcb_info tcb;
    qe_identity qe;
    uint32_t evaluation_number;
    intel_dates dates; /* of all that this rests on, PCK CA and root too */
    check_list checks; /* as the full verification marked them */
} memo_collateral;

/* A PCK chain, a quoting enclave's report under it, and the attestation key that it vouches for. */
typedef struct memo_platform {
    ratls_pck_facts pck;
    intel_wanted wanted;    /* by it the collateral is chosen again */
    uint8_t choice[32];     /* intel_choice_key of the collateral it was verified with */
    uint8_t collateral[32]; /* the same with its PCK CA: where the memo has it */
    intel_dates dates;      /* of everything that this rests on */
    crypto_key *attestation_key;
} memo_platform;

intel_memo *intel_memo_new(void);    /* NULL if memory is out */
void intel_memo_free(intel_memo *m); /* NULL is fine */

/* Verified collateral; NULL if it is not known. Give it back with intel_memo_release. */
const memo_collateral *intel_memo_collateral(intel_memo *m, const uint8_t key[32]);
void intel_memo_release(intel_memo *m, const memo_collateral *c); /* NULL is fine */

/* False if it is not known; else platform->attestation_key is a reference to be freed. */
bool intel_memo_platform(intel_memo *m, const uint8_t digest[32], memo_platform *platform);

/*
 * These keep a copy, quietly not if memory is out. Of `known`, tcb and qe are read anew from copies
 * of the bodies, and the key is made anew from `pck_ca` (x||y); a platform's key is shared.
 */
void intel_memo_keep_collateral(intel_memo *m, const uint8_t key[32], const memo_collateral *known,
                                bytes tcb_body, bytes qe_body, const crypto_key *root,
                                bytes pck_ca);
void intel_memo_keep_platform(intel_memo *m, const uint8_t digest[32],
                              const memo_platform *platform);

#endif
