#ifndef RATLS_OPENSSL_H
#define RATLS_OPENSSL_H

#include <stdbool.h>
#include <stdint.h>

#include "ratls/attest.h"
#include "ratls/error.h"
#include "ratls/result.h"
#include "ratls/session.h"
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
    /* How many peers are verified in a handshake at once, and how long another waits for its turn
     * before it is refused. A wait holds the thread. Answers in ratls/1 are not counted. */
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
 * session is resumed, by the verifier that was the context's at that time. Where ratls/1 is spoken
 * (below): if also the peer's last answer was accepted.
 */
bool ratls_openssl_accepted(const SSL *ssl);
/* What was found out about the peer; valid until the SSL handshakes again, reads or is freed. NULL
 * if nothing was judged, in a resumed session for instance. The peer has proven that it holds the
 * certificate's key only when ratls_openssl_accepted. */
const ratls_result *ratls_openssl_result(const SSL *ssl);
/* Why handshake or session failed on this side; NULL if nothing of ratls made it fail. Valid as
 * above. */
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

/*
 * The protocol ratls/1 (ratls/session.h), by which a peer answers for this very connection.
 *
 * Zeroed, these are right for most. The protocols are copied.
 */
typedef struct ratls_openssl_session_options {
    /* What peers are asked for, and refused without: "nonce" or "session"; "key": they are not
     * asked. NONE: what the verifier's policy demands, or "session" with again_seconds. */
    ratls_binding level;
    /* The application's, as in ratls_session_options. They are also what ALPN is offered, or chosen
     * from, where the peer does not know ratls/1. */
    const char *const *protocols;
    size_t protocols_n;
    /* Answers the peer's questions, for whatever certificate the context shows, one of a CA without
     * evidence for instance. NULL: the context's attester, if it has one. Must outlive the context.
     */
    ratls_attester *attester;
    uint32_t again_seconds, interval_seconds; /* as in ratls_session_options, also the next */
    bool unframed;
    /* The own evidence for this SSL is ready: call what wanted RATLS_WANT_EVIDENCE again. From
     * another thread, until the SSL is freed. Must not touch the SSL itself, and must not wait for
     * a lock that a thread holds which calls anything on this SSL, or frees it. NULL: see
     * ratls_openssl_wait. */
    void (*ready)(void *context, SSL *ssl);
    void *context;
} ratls_openssl_session_options;

/*
 * Offer ratls/1 in ALPN, and speak it with peers that know it: if the context has a verifier, the
 * peer is asked after each handshake; if there is an attester, the peer's questions are answered.
 * With a peer that does not know ratls/1 the level is "key"; where `level` or the policy demands
 * more it is refused in the handshake, with that reason. With one that knows it, a certificate
 * without evidence is no failure, since its answer brings evidence.
 *
 * Takes the context's ALPN (SSL_CTX_set_alpn_protos, SSL_CTX_set_alpn_select_cb), and turns
 * resumption, early data, renegotiation and certificates after the handshake off. `options` may be
 * NULL. Errors: UNSUPPORTED (resumption was asked for; it is set already; to ask again
 * without frames), LIMIT (protocols, interval), SYSTEM.
 *
 * After the handshake nothing goes through such an SSL but by the functions below: until the
 * session is open SSL_read and SSL_write fail, and an SSL_write that has done the handshake itself
 * makes the connection fail with it. If the session is unframed they are as ever from then on; else
 * the functions below have to be used for good, and the SSL in between for nothing else but
 * SSL_shutdown, which ends the connection well: without it the peer takes it for broken off.
 */
RATLS_MUST_USE ratls_code ratls_openssl_use_session(SSL_CTX *ctx,
                                                    const ratls_openssl_session_options *options,
                                                    ratls_error *error);

/* Why a function has not done all: call it again, with the same arguments, when one of these is so.
 */
enum {
    RATLS_WANT_READ = 1,    /* the connection can be read */
    RATLS_WANT_WRITE = 2,   /* … or written */
    RATLS_WANT_EVIDENCE = 4 /* the own evidence is ready: `ready`, ratls_openssl_wait */
};

/*
 * Does what is left of handshake and opening; SSL_set_connect_state or SSL_set_accept_state comes
 * before. RATLS_OK with *want 0: done, the peer is accepted as far as it was asked; with *want not
 * 0: not yet. Any error ends the connection: nothing more goes in or out, the peer is told a code,
 * and ratls_openssl_error has the sentence too. On a socket that blocks, deadlines are kept only as
 * far as it has timeouts. Errors: those of handshakes, of ratls_session_receive and
 * ratls_session_step; UNSUPPORTED (TLS 1.2 without extended master secret or without ephemeral
 * keys); SYSTEM.
 */
RATLS_MUST_USE ratls_code ratls_openssl_open(SSL *ssl, unsigned *want, ratls_error *error);

/*
 * Reads up to `cap` bytes of the application's, and does what the peer asks meanwhile. *n is how
 * many came. 0 with *want 0: the peer has ended the connection. Also where the level is "key" or
 * the stream is unframed.
 */
RATLS_MUST_USE ratls_code ratls_openssl_read(SSL *ssl, void *out, size_t cap, size_t *n,
                                             unsigned *want, ratls_error *error);
/*
 * Writes some of `n` bytes, *written of them, at least one unless *want is not 0. Then it has to be
 * called again with the same bytes, or with these and more behind them; where they are may change.
 */
RATLS_MUST_USE ratls_code ratls_openssl_write(SSL *ssl, const void *data, size_t n, size_t *written,
                                              unsigned *want, ratls_error *error);
/*
 * Asks the peer again, by the verifier that the context has now: ratls_openssl_read brings the
 * answer. An answer that fails or comes too late ends the connection. Errors that change nothing:
 * those of ratls_session_ask; UNSUPPORTED (ratls/1 is not spoken here).
 */
RATLS_MUST_USE ratls_code ratls_openssl_ask(SSL *ssl, ratls_error *error);
/* In how many milliseconds ratls_openssl_read or _open is to be called, whatever comes; -1: no need
 * to. */
int ratls_openssl_due(const SSL *ssl);
/*
 * For programs without an event loop: waits until what is wanted is so, at most `ms` milliseconds
 * (-1: no limit) and no longer than until something is due. False if `ms` passed. The SSL needs a
 * file descriptor.
 */
bool ratls_openssl_wait(const SSL *ssl, unsigned want, int ms);
/* Which of the protocols named in the options the application speaks on this connection: as agreed
 * in ratls/1, else in ALPN. NULL: none. Valid while the SSL lives. */
const char *ratls_openssl_protocol(const SSL *ssl);

#ifdef __cplusplus
}
#endif

#endif
