#ifndef TEE_INTEL_MEMO_H
#define TEE_INTEL_MEMO_H

#include "base/check.h"
#include "tee/intel_chain.h"
#include "tee/intel_qe.h"

/*
 * What intel_verify found genuine before, by digest of the exact bytes, so that a second quote of
 * one platform needs one signature. It belongs to one root and one list of collateral sets: whoever
 * changes these makes a new one. Bounded, safe under threads. It knows no time and no refusal: a
 * hit is good only after its dates were compared again, and then gives the very result of a full
 * verification.
 */
#define INTEL_MEMO_PLATFORMS 10000
#define INTEL_MEMO_SETS      64

typedef struct intel_memo intel_memo;

/* One set of collateral, verified and read; immutable, and there until the memo is freed. */
typedef struct memo_collateral {
    tcb_info tcb;
    qe_identity qe;
    uint32_t evaluation_number;
    check_list checks; /* as the full verification marked them */
} memo_collateral;

/* A PCK chain, a quoting enclave's report under it, and the attestation key that it vouches for. */
typedef struct memo_platform {
    ratls_pck_facts pck;
    size_t set;        /* index of the collateral set it was verified with */
    intel_dates dates; /* of everything that this rests on */
} memo_platform;

intel_memo *intel_memo_new(void);    /* NULL if memory is out */
void intel_memo_free(intel_memo *m); /* NULL is fine */

/* False if it is not known. */
bool intel_memo_recall(intel_memo *m, const uint8_t digest[32], memo_platform *platform,
                       const memo_collateral **set);

/* Keeps a platform, and its set if that is not there yet; quietly not if memory is out. `set` is
 * copied. */
void intel_memo_keep(intel_memo *m, const uint8_t digest[32], const memo_platform *platform,
                     const tcb_info *tcb, const qe_identity *qe, uint32_t evaluation_number,
                     const check_list *checks);

#endif
