#ifndef VERIFY_CERTIFICATE_SIGNATURE_H
#define VERIFY_CERTIFICATE_SIGNATURE_H

#include "base/check.h"
#include "verify/verifier.h"

/* Both mark CHECK_CERTIFICATE_SIGNATURE. */

/*
 * By the verifier's CA if it has one, else by the certificate's own key; one that a CA signed,
 * where none was given, is not run. Proves nothing about trust, but a certificate whose own
 * signature is broken was not made by its key.
 */
RATLS_MUST_USE ratls_code certificate_check_signature(const ratls_verifier *v, const certificate *c,
                                                      const ratls_verify_options *o,
                                                      check_list *checks);

/* A request is signed by the key that it is for, so its sender holds that key [RFC 2986 3]. */
RATLS_MUST_USE ratls_code request_check_signature(const ratls_verifier *v, const certificate *c,
                                                  check_list *checks);

#endif
