#ifndef ISSUE_SIGNED_H
#define ISSUE_SIGNED_H

#include "base/error.h"
#include "crypto/private.h"

/*
 * What certificates, CRLs and requests have in common [RFC 5280 4.1.1]: the bytes from `at` on are
 * signed, and become SEQUENCE { signed part, algorithm, signature }. `what` begins the sentence.
 * Errors: LIMIT (`out` is full), SYSTEM.
 */
RATLS_MUST_USE ratls_code issue_sign(writer *out, size_t at, const crypto_private *signer,
                                     const char *what, ratls_error *e);

#endif
