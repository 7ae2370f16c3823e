#ifndef VERIFY_CERTIFICATE_MEMO_H
#define VERIFY_CERTIFICATE_MEMO_H

#include "appraise/result.h"
#include "tee/intel_collateral.h"

/*
 * Certificates whose evidence was found genuine before, by digest of their DER, so that the very
 * same one costs a digest and the policy. Like intel_memo it belongs to one root, is bounded, safe
 * under threads, and knows no time, no policy and no refusal: those are judged anew on every use,
 * and whether the same collateral would be chosen.
 */
#define CERTIFICATE_MEMO_MAX 1024

typedef struct certificate_memo certificate_memo;

typedef struct known_certificate {
    int64_t not_before, not_after; /* of the certificate itself */
    intel_wanted wanted;           /* by it the collateral is chosen again */
    uint8_t choice[32];            /* intel_choice_key of that it was verified with */
    bool has_stapled;
    intel_glance stapled[INTEL_ITEMS]; /* what the peer stapled, for the choice */
    ratls_result result;               /* as it was before appraisal */
} known_certificate;

certificate_memo *certificate_memo_new(void);    /* NULL if memory is out */
void certificate_memo_free(certificate_memo *m); /* NULL is fine */

/* Copies what is known into *out; false if nothing is. */
bool certificate_memo_recall(certificate_memo *m, const uint8_t digest[32], known_certificate *out);
/* Keeps a copy; quietly not if memory is out. */
void certificate_memo_keep(certificate_memo *m, const uint8_t digest[32],
                           const known_certificate *known);

#endif
