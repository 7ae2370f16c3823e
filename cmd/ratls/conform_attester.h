#ifndef RATLS_CMD_CONFORM_ATTESTER_H
#define RATLS_CMD_CONFORM_ATTESTER_H

#include "conform_probe.h"
#include "conform_report.h"
#include "evidence/claims.h"
#include "evidence/endorsements.h"
#include "evidence/evidence.h"
#include "evidence/intel_quote.h"
#include "ratls/verify.h"

/* A live attester as it showed itself, and what is required of it. */

typedef enum handshake {
    SHAKE_TLS13,
    SHAKE_TLS12,
    SHAKE_OTHER_NAME, /* asked for a name that is not its own */
    SHAKE_RSA,        /* by a client that takes RSA only */
    SHAKES
} handshake;

typedef struct attester_view {
    const probe *shakes; /* SHAKES of them */
    bool shows_client;   /* we had a certificate to show */
    bool has_policy;
    const probe *shown;  /* the one whose certificate is judged; NULL: there is none */
    bool is_certificate; /* the certificate could be read */
    certificate certificate;
    const extension *extension; /* of the common format; NULL: it has none */
    bool is_evidence, is_claims, is_quote, is_endorsements, has_endorsements;
    evidence evidence; /* of the common format */
    evidence_set set;
    claims claims;
    intel_quote quote;
    endorsements endorsements;
    const extension *endorsements_extension;
    ratls_error certificate_error, evidence_error, claims_error, quote_error, endorsements_error;
    const ratls_result *result; /* NULL: nothing was verified */
    ratls_verify_options when;
} attester_view;

/* Reads what the handshakes brought; `shakes` must outlive the view. */
void attester_look(const probe *shakes, attester_view *v);

/*
 * The verdict on each requirement on attesters, into as many items as there are requirements at
 * most; returns how many there are. That about the policy is among them if there is a policy.
 */
size_t attester_judge(const attester_view *v, report_item *items);

#endif
