#ifndef SIM_QUOTE_H
#define SIM_QUOTE_H

#include "crypto/private.h"
#include "sim/platform.h"

/* What signs and certifies the quotes of a platform. */
typedef struct quote_signer {
    const crypto_private *attestation, *pck; /* P-256 */
    bytes chain;                             /* PEM: PCK leaf, CA, root */
    uint8_t qe_signature[64];                /* set by quote_sign_qe */
} quote_signer;

/* Signs the QE report, once for all quotes: a quoting enclave is certified when its key is made. */
RATLS_MUST_USE ratls_code quote_sign_qe(const sim_platform *p, quote_signer *signer,
                                        ratls_error *e);

/* A quote [DCAP 1.1] over 64 bytes of report data. Sets *n to its length; `out` may be NULL to
 * measure. Errors: LIMIT (cap is short), SYSTEM. */
RATLS_MUST_USE ratls_code quote_write(const sim_platform *p, const quote_signer *signer,
                                      const uint8_t report_data[64], uint8_t *out, size_t cap,
                                      size_t *n, ratls_error *e);

#endif
