#ifndef TLS_OPENSSL_SESSION_H
#define TLS_OPENSSL_SESSION_H

#include "tls/openssl_context.h"

/*
 * Ties the session that is being made to the verifier that accepted the peer, and to the end of
 * what it accepted.
 */
RATLS_MUST_USE ratls_code session_bind(adapter *a, connection *c, SSL *ssl, X509 *leaf,
                                       int64_t now);

#endif
