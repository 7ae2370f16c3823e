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

typedef struct crl_glance {
    bool readable;
    bytes issuer; /* Name, with tag and length */
    int64_t this_update;
} crl_glance;

typedef struct intel_collateral {
    bytes tcb_info, tcb_info_signature; /* the signed JSON body; 128 hex digits */
    bytes tcb_info_issuer_chain;        /* PEM */
    bytes qe_identity, qe_identity_signature, qe_identity_issuer_chain;
    bytes pck_crl, root_ca_crl; /* DER */
    bytes pck_crl_issuer_chain; /* PEM; may be empty */
    bool has_glance;            /* the TCB info shows what it is for */
    tcb_info_glance glance;
    crl_glance pck_crl_glance, root_ca_crl_glance; /* unverified, like `glance` */
} intel_collateral;

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
