#ifndef TEE_INTEL_CHOOSE_H
#define TEE_INTEL_CHOOSE_H

#include "tee/intel_verify.h"

/*
 * Which items a verdict rests on: of all that the verifier holds and the peer stapled, item by
 * item, the newest that is not from the future. Chosen by what the items say of themselves,
 * unverified.
 */

/* False if the library of cryptography fails. */
bool intel_wanted_of(ratls_tee tee, const uint8_t fmspc[6], bytes pck_ca, bytes root,
                     intel_wanted *out);

typedef struct intel_choice {
    const intel_collateral *from[INTEL_ITEMS]; /* NULL: there is none */
    bool stapled[INTEL_ITEMS];                 /* it is the peer's */
    /* Beside a newer CRL of the peer's, the verifier's own: both must be good, and either revokes.
     * A peer would staple the list from before its revocation. NULL otherwise. */
    const intel_collateral *own[INTEL_ITEMS];
    bool withheld[INTEL_ITEMS]; /* the peer's CRL is the only one and does not suffice */
} intel_choice;

/* All that the peer stapled is readable and for this platform; or it stapled nothing. */
bool intel_stapled_fits(const intel_input *in, const intel_wanted *wanted);

void intel_choose(const intel_input *in, const intel_wanted *wanted, intel_choice *out);

/*
 * The same, marked as CHECK_COLLATERAL_PRESENT and noted in facts->collateral_from. Errors: MISSING
 * (no TCB info), UNTRUSTED and MALFORMED (what the peer stapled is not about its platform, or
 * unreadable).
 */
RATLS_MUST_USE ratls_code intel_choose_checked(const intel_input *in, const intel_wanted *wanted,
                                               intel_choice *out, check_list *checks,
                                               ratls_facts *facts);

void intel_note_origins(const intel_choice *c, ratls_facts *facts);

/* What tells this choice from every other: which items, and whose. False if the library of
 * cryptography fails. */
bool intel_choice_key(const intel_choice *c, uint8_t key[32]);

/* Is `t` later than the given time by more than the skew? */
static inline bool intel_ahead(const intel_input *in, int64_t t)
{
    return t > in->time && t - in->time > (int64_t)in->skew;
}

#endif
