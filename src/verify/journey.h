#ifndef VERIFY_JOURNEY_H
#define VERIFY_JOURNEY_H

#include "appraise/result.h"
#include "evidence/evidence.h"
#include "verify/verifier.h"

/*
 * One verification: what it is given, and what it found. The steps that certificates, requests,
 * quotes and answers have in common. Each marks its checks in the result and returns the code of
 * the one that failed.
 */
typedef struct journey {
    const ratls_verifier *v;
    const ratls_verify_options *o;
    ratls_result *r;
    bool owns_result;
    const held *held;
    bool has_stapled;
    intel_collateral stapled; /* what came with the evidence */
    uint8_t *space;           /* of `stapled` */
    intel_basis basis;
} journey;

/* `result` is overwritten; NULL: the caller wants none. After RATLS_OK comes journey_end. */
RATLS_MUST_USE ratls_code journey_begin(journey *j, const ratls_verifier *v,
                                        const ratls_verify_options *options, ratls_result *result,
                                        ratls_error *error);

/* `code` is that of the steps. The list of checks is the verdict: a failure in it always refuses.
 */
RATLS_MUST_USE ratls_code journey_end(journey *j, ratls_code code, ratls_error *error);

/* Marks CHECK_TIME. */
RATLS_MUST_USE ratls_code journey_check_time(const journey *j);

/* Only quotes are judged. Marks CHECK_EVIDENCE_FORMAT. */
RATLS_MUST_USE ratls_code journey_check_kind(const journey *j, const evidence *ev);

/* Reads the quote of this evidence, whose carrier must be for its TEE, and notes what it says.
 * Marks CHECK_QUOTE_FORMAT. */
RATLS_MUST_USE ratls_code journey_read_quote(const journey *j, const evidence *ev, intel_quote *q);

/* Reads what came beside the evidence of the common format, if anything: the value of the
 * endorsements extension. Marks CHECK_ENDORSEMENTS. */
RATLS_MUST_USE ratls_code journey_read_endorsements(journey *j, const evidence *ev, bytes value);

/* The claims that are only said: neither the key's hash nor proven by anything. */
void journey_note_claims(const journey *j, const evidence *ev);

/* What the judge of quotes is given. */
intel_input journey_input(const journey *j, const intel_quote *q);

/* Is the quote genuine? Gets collateral that is lacking. Marks CHECK_PCK_FORMAT and what follows,
 * up to the policy. */
RATLS_MUST_USE ratls_code journey_judge_quote(journey *j, const intel_quote *q);

/* Dates of genuine evidence have passed. */
void journey_note_time(const journey *j);

/*
 * The policy over what was found, who the peer is, and the level that was reached: that not if an
 * answer on the connection is to follow. Marks CHECK_POLICY_….
 */
RATLS_MUST_USE ratls_code journey_appraise(const journey *j, bool answer_follows);

#endif
