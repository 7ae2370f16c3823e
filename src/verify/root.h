#ifndef VERIFY_ROOT_H
#define VERIFY_ROOT_H

#include "tee/intel_root.h"

/* A trust anchor with the memory that it stands on. */
typedef struct trusted_root {
    anchor anchor;
    crypto_key *key;
    uint8_t *der; /* what the anchor points into; NULL: it is Intel's */
} trusted_root;

/* False if memory is out. */
bool root_intel(trusted_root *out);

/* From one self-signed certificate, DER or PEM. Errors: MALFORMED, UNSUPPORTED, UNTRUSTED (its own
 * signature), LIMIT, SYSTEM. */
RATLS_MUST_USE ratls_code root_read(bytes in, trusted_root *out, ratls_error *e);

void root_free(trusted_root *root);

/* A copy of one certificate's DER, from DER or PEM, and the certificate as views of it; *der is the
 * caller's to free. `what` begins the sentence. Errors: MALFORMED, LIMIT, SYSTEM. */
RATLS_MUST_USE ratls_code root_copy_certificate(bytes in, const char *what, uint8_t **der,
                                                size_t *n, certificate *c, ratls_error *e);

#endif
