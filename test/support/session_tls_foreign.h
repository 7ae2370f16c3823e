#ifndef SUPPORT_SESSION_TLS_FOREIGN_H
#define SUPPORT_SESSION_TLS_FOREIGN_H

#include "session_tls.h"

/* An end that speaks ratls/1 as on another stack: OpenSSL alone, and the session by hand. It shows
 * what certificate it likes, and asks nothing. */
typedef struct foreign {
    SSL *ssl;  /* of bare_context, with ALPN "ratls/1" */
    bytes key; /* that it says it has shown; empty: that of its certificate */
    enclave *attests;
    ratls_session *session; /* NULL: the handshake is not done */
    ratls_code code;        /* of the first call that failed */
    bool ended;
} foreign;

foreign foreign_new(SSL *ssl, enclave *attests);
/* As far as it gets; waits for its evidence. */
void foreign_step(foreign *f);
bool foreign_is_open(const foreign *f);
void foreign_free(foreign *f);

/* The SubjectPublicKeyInfo in a certificate. */
bytes spki_of(const X509 *certificate);

#endif
