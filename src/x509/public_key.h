#ifndef X509_PUBLIC_KEY_H
#define X509_PUBLIC_KEY_H

#include "x509/certificate.h"

/*
 * Reads the SubjectPublicKeyInfo that comes next into spki, kind, key_bits and point of *c. Refused
 * as certificate_parse says. Errors: MALFORMED, UNSUPPORTED.
 */
RATLS_MUST_USE ratls_code public_key_read(reader *signed_part, certificate *c, ratls_error *e);

#endif
