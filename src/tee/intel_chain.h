#ifndef TEE_INTEL_CHAIN_H
#define TEE_INTEL_CHAIN_H

#include "x509/chain.h"

/*
 * Certificate chains of Intel's PKI as PEM text, in any order: a leaf, or no leaf, a CA or signer,
 * and the root. Roles are told by names, as in [DCAP 1.2 A1]; nothing is trusted yet.
 */
#define INTEL_CHAIN_MAX     3
#define INTEL_CHAIN_DER_MAX 12288 /* bytes of DER of all certificates of one chain */

typedef struct intel_chain {
    uint8_t der[INTEL_CHAIN_DER_MAX];
    certificate certs[INTEL_CHAIN_MAX];
    const certificate *leaf, *issuer, *root; /* leaf is NULL in a chain of two */
} intel_chain;

/* Exactly three certificates: PCK leaf, PCK CA, root. */
RATLS_MUST_USE ratls_code intel_chain_read_pck(intel_chain *c, bytes pem, const char *what,
                                               ratls_error *e);
/* Exactly two: `issuer`, whose common name must contain `name`, and the root. */
RATLS_MUST_USE ratls_code intel_chain_read_issuer(intel_chain *c, bytes pem, const char *name,
                                                  const char *what, ratls_error *e);

/* Is the PCK CA of this Name the Processor CA? Else it is the Platform CA [DCAP 2.1]. */
bool intel_is_processor_ca(bytes name);

/* Dates of everything that a verdict rests on [DCAP 1.9]. Zero-initialised: nothing seen yet. */
typedef struct intel_dates {
    bool any;
    int64_t earliest_issue, latest_issue, earliest_expiration;
} intel_dates;

void intel_dates_add(intel_dates *d, int64_t issue, int64_t expiration);
void intel_dates_merge(intel_dates *d, const intel_dates *more);

#endif
