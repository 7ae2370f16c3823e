#ifndef ISSUE_CSR_H
#define ISSUE_CSR_H

#include "crypto/private.h"
#include "issue/extensions.h"

/*
 * A certification request [RFC 2986] for this key, asking for these extensions [RFC 2985 5.4.2].
 * Errors as of issue_certificate.
 */
RATLS_MUST_USE ratls_code issue_csr(bytes subject, const issue_extensions *extensions,
                                    const crypto_private *key, writer *out, ratls_error *e);

#endif
