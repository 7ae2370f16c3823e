#ifndef RATLS_OPENSSL_H
#define RATLS_OPENSSL_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/attest.h"
#include "ratls/error.h"
#include "ratls/result.h"
#include "ratls/verify.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * RA-TLS on an application's own SSL_CTX, for clients and servers, one way or mutual, blocking or
 * not: library libratls-openssl, for OpenSSL 3. Set a context up in one thread, before the first
 * SSL is made of it; after that it may be used by many.
 *
 * The adapter takes the context's certificate callback (SSL_CTX_set_cert_cb), its certificate
 * verification callback (SSL_CTX_set_cert_verify_callback) and its info callback; an info callback
 * that was set before is still called. Setting one of them afterwards, on the context or an SSL,
 * takes the adapter out: ratls_openssl_accepted() still tells the truth then.
 */
typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

/*
 * Serve the certificate that the attester has in service at each handshake, so a renewal needs no
 * restart, and no handshake makes a quote. Certificates that the context holds are not sent. While
 * the attester has none, handshakes that need one fail. The attester must outlive the context.
 * Errors: UNSUPPORTED (the context has an attester already), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_openssl_use_attester(SSL_CTX *ctx, ratls_attester *attester,
                                                     ratls_error *error);

/* Zeroed, these are right for most. Everything but context is copied. */
typedef struct ratls_openssl_options {
    /* The name or IP address that the certificate must carry as well, for all peers of this
     * context. A name that an SSL is given by SSL_set1_host is demanded in any case. */
    const char *host;
    bool need_name; /* refuse where no name is demanded, so none can be forgotten */
    bool need_ca; /* OpenSSL's own verification against the context's store must succeed as well */
    /* All three are off unless asked for. A session is resumed only while the verifier is the same
     * one that accepted it, and has no other collateral since; then there is no result to read, for
     * there was no certificate. */
    bool resumption;          /* sessions, by ticket or by id; the context's own settings count */
    bool early_data;          /* TLS 1.3; of resumed sessions only */
    bool renegotiation;       /* TLS 1.2; verified like a first handshake */
    uint32_t session_seconds; /* how long a session may be resumed; 0: 3600. Never past the expiry
                                 of the certificate or of the collateral */
    /* How many peers are verified at once, and how long another waits for its turn before it is
     * refused. A wait holds the thread. */
    uint32_t verifying_max; /* 0: 64 */
    uint32_t wait_ms;       /* 0: 1000 */
    int64_t (*now)(
        void *context); /* Unix seconds; NULL: the system's clock. Called by any thread */
    void *context;
    bool time_is_explicit; /* as in ratls_verify_options, also the next */
    uint32_t skew_seconds;
} ratls_openssl_options;

/*
 * Demand evidence of every peer: a client of its server, a server of its clients. A peer without
 * certificate is refused. The verifier belongs to the context from then on if this succeeds, and
 * *verifier is set to NULL. `options` may be NULL. TLS 1.2 is the oldest version from then on.
 * Errors: UNSUPPORTED (the context has a verifier already, or takes ciphers without certificates),
 * MALFORMED (host), SYSTEM.
 *
 * Refused handshakes fail in SSL_connect, SSL_accept or SSL_do_handshake, the peer gets an alert,
 * and no byte of the application's has been sent or handed over by then. A server must not write
 * by SSL_write_early_data, which does not wait for the client.
 */
RATLS_MUST_USE ratls_code ratls_openssl_use_verifier(SSL_CTX *ctx, ratls_verifier **verifier,
                                                     const ratls_openssl_options *options,
                                                     ratls_error *error);

/*
 * Put another verifier in the place of the context's, say one with a new policy, while handshakes
 * go on; as above it belongs to the context then. Handshakes that judge their peer from now on use
 * the new one; the old one is freed when the last of its judgements ends. No session that it
 * accepted is resumed. Connections that exist are not touched. Any thread may call this. Errors:
 * MISSING (the context has no verifier), SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_openssl_set_verifier(SSL_CTX *ctx, ratls_verifier **verifier,
                                                     ratls_error *error);

/*
 * True if the handshake is complete and the peer's evidence was accepted in it, or in the one whose
 * session is resumed, by the verifier that was the context's at that time.
 */
bool ratls_openssl_accepted(const SSL *ssl);
/* What was found out about the peer; valid until the SSL handshakes again or is freed. NULL if
 * nothing was judged, in a resumed session for instance. The peer has proven that it holds the
 * certificate's key only when ratls_openssl_accepted. */
const ratls_result *ratls_openssl_result(const SSL *ssl);
/* Why the handshake failed on this side; NULL if nothing of ratls made it fail. Valid as above. */
const ratls_error *ratls_openssl_error(const SSL *ssl);

/*
 * How a refusal is told to OpenSSL: an X509_V_ERR_… value, as in SSL_get_verify_result. The peer
 * gets the alert that OpenSSL makes of it:
 *   MALFORMED, LIMIT  bad_certificate            REVOKED  certificate_revoked
 *   UNSUPPORTED       unsupported_certificate    STALE    certificate_expired
 *   BINDING           decrypt_error              POLICY   certificate_unknown
 *   UNTRUSTED         unknown_ca                 MISSING  handshake_failure
 *   SYSTEM            internal_error
 * A wrong name gets bad_certificate, and what need_ca finds what OpenSSL sends for it.
 * OpenSSL has no access_denied to give for POLICY. A client without certificate gets what OpenSSL
 * sends: certificate_required in TLS 1.3, handshake_failure in TLS 1.2.
 */
int ratls_openssl_verify_error(ratls_code code);

#ifdef __cplusplus
}
#endif

#endif
