#ifndef TEE_INTEL_COLLATERAL_H
#define TEE_INTEL_COLLATERAL_H

#include "evidence/endorsements.h"
#include "tee/intel_tcb.h"

/*
 * The endorsements that a verdict on an SGX or TDX quote needs, as bytes. Nothing here is trusted:
 * intel_verify checks every signature and date. An item that is absent is empty, and is refused
 * when it is needed.
 */
#define INTEL_COLLATERAL_MAX (256 * 1024)

typedef enum intel_item { ITEM_TCB_INFO, ITEM_QE_IDENTITY, ITEM_PCK_CRL, ITEM_ROOT_CRL } intel_item;
#define INTEL_ITEMS 4

/* "TCB info", …; "SGX", "TDX". Static. */
const char *intel_item_name(intel_item item);
const char *intel_tee_name(ratls_tee tee);

/* What chooses an item among several; unverified. */
typedef struct intel_glance {
    bool present;    /* there are bytes */
    bool readable;   /* the next are set */
    int64_t date;    /* issueDate or thisUpdate */
    uint32_t number; /* tcbEvaluationDataNumber; of a CRL 0 */
    ratls_tee tee;   /* of TCB info and QE identity */
    uint8_t fmspc[6];
    uint8_t issuer[32]; /* of a CRL: SHA-256 of its issuer's Name */
    uint8_t digest[32]; /* SHA-256 of all its bytes with their lengths */
} intel_glance;

typedef struct intel_collateral {
    bytes tcb_info, tcb_info_signature; /* the signed JSON body; 128 hex digits */
    bytes tcb_info_issuer_chain;        /* PEM */
    bytes qe_identity, qe_identity_signature, qe_identity_issuer_chain;
    bytes pck_crl, root_ca_crl; /* DER */
    bytes pck_crl_issuer_chain; /* PEM; may be empty */
    intel_glance glance[INTEL_ITEMS];
} intel_collateral;

/* What collateral is chosen for: a platform, and the issuers of the CRLs that it needs, as SHA-256
 * of their Names. */
typedef struct intel_wanted {
    ratls_tee tee;
    uint8_t fmspc[6];
    uint8_t issuer[INTEL_ITEMS][32]; /* of ITEM_PCK_CRL and ITEM_ROOT_CRL; else zero */
} intel_wanted;

/*
 * Reads the JSON object with the keys tcb_info, tcb_info_signature, … (JSON bodies and PEM as
 * strings, CRLs as hex of DER), or Open Enclave's SGX endorsements. Texts are unescaped and CRLs
 * decoded into `space` (twice as many bytes as `in` has suffice). The views point into `in` and
 * `space`.
 */
RATLS_MUST_USE ratls_code intel_collateral_read(bytes in, uint8_t *space, size_t space_n,
                                                intel_collateral *out, ratls_error *e);

/* From endorsements in a certificate or of Open Enclave. */
RATLS_MUST_USE ratls_code intel_collateral_from(const endorsements *in, uint8_t *space,
                                                size_t space_n, intel_collateral *out,
                                                ratls_error *e);

#endif
