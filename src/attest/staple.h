#ifndef ATTEST_STAPLE_H
#define ATTEST_STAPLE_H

#include "attest/expiry.h"
#include "ratls/attest.h"
#include "x509/certificate.h"

/* Collateral as it was given, read, and as the endorsements extension's value. */
typedef struct staple {
    uint8_t json[INTEL_COLLATERAL_MAX], space[2 * INTEL_COLLATERAL_MAX];
    intel_collateral collateral;
    uint8_t served[INTEL_COLLATERAL_MAX]; /* the two signed objects as Intel serves them */
    uint8_t buffer[CERTIFICATE_MAX];
    bytes value;
} staple;

/* Fills the rest from the first `n` bytes of `json`, which this source gave. Errors: MISSING (an
 * item is absent), MALFORMED, LIMIT (more than fits into a certificate). */
RATLS_MUST_USE ratls_code staple_read(const char *source, size_t n, staple *out, ratls_error *e);

#endif
