#ifndef X509_ALGORITHM_H
#define X509_ALGORITHM_H

#include "base/error.h"
#include "codec/der.h"
#include "crypto/crypto.h"

/*
 * Reads the AlgorithmIdentifier of a signature [RFC 5280 4.1.1.2]: *whole with tag and length, *alg
 * what it says. UNSUPPORTED for algorithms other than crypto_sig's, and for RSASSA-PSS parameters
 * other than one hash for both and a salt as long as it. `what` begins the sentence.
 */
RATLS_MUST_USE ratls_code signature_algorithm_read(reader *r, bytes *whole, crypto_sig *alg,
                                                   const char *what, ratls_error *e);

/* The algorithm that a signed object repeats outside: MALFORMED unless it is the same bytes. */
RATLS_MUST_USE ratls_code signature_algorithm_again(reader *r, bytes inside, const char *what,
                                                    ratls_error *e);

#endif
