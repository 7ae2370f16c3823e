#ifndef ATTEST_QUOTE_H
#define ATTEST_QUOTE_H

#include "crypto/crypto.h"
#include "evidence/intel_quote.h"
#include "ratls/attest.h"

/* A quote from a source, in a buffer of its own. */
typedef struct attest_quote {
    uint8_t buffer[INTEL_QUOTE_MAX];
    bytes quote;        /* without what may follow the signature data */
    intel_quote fields; /* views into it */
} attest_quote;

/*
 * Asks for a quote whose report data is hash(data), then zeros, and reads it. Errors: the source's
 * own; MALFORMED (not a quote, cut off), BINDING (over other report data), SYSTEM.
 */
RATLS_MUST_USE ratls_code attest_quote_over(const ratls_source *source, crypto_hash hash,
                                            bytes data, attest_quote *out, ratls_error *e);

#endif
