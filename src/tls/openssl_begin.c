/* How ratls/1 begins on an SSL: what it demands of the connection, and what it takes from it. */
#include <openssl/x509.h>

#include "base/bytes.h"
#include "tls/openssl_channel.h"

/* RFC 9266, and what keeps its value one connection's own. */
static ratls_code check_tls(SSL *ssl, ratls_error *e)
{
    int kx = SSL_CIPHER_get_kx_nid(SSL_get_current_cipher(ssl));
    if (SSL_session_reused(ssl) == 1)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "tls: the connection resumes an older one, and ratls/1 needs a handshake of "
                      "its own");
    if (SSL_version(ssl) == TLS1_3_VERSION)
        return RATLS_OK;
    if (SSL_version(ssl) != TLS1_2_VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0, "tls: %s, ratls/1 needs TLS 1.3 or 1.2",
                      SSL_get_version(ssl));
    if (SSL_get_extms_support(ssl) != 1)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "tls: %s without extended master secret, ratls/1 needs it or TLS 1.3",
                      SSL_get_version(ssl));
    if (kx != NID_kx_ecdhe && kx != NID_kx_dhe)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "tls: %s has no ephemeral keys, ratls/1 needs them or TLS 1.3",
                      SSL_get_cipher_name(ssl));
    return RATLS_OK;
}

/* SubjectPublicKeyInfo, to be freed; empty if there is no certificate. */
static ratls_bytes key_of(X509 *certificate)
{
    unsigned char *der = NULL;
    int n = certificate != NULL ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der) : 0;
    return n > 0 ? bytes_of(der, (size_t)n) : BYTES_NONE;
}

static void free_key(ratls_bytes key)
{
    const union {
        const uint8_t *given;
        void *wanted;
    } same = {.given = key.p};
    OPENSSL_free(same.wanted);
}

static void on_ready(void *context)
{
    const connection *c = context;
    if (c->on->session.ready != NULL)
        c->on->session.ready(c->on->session.context, c->ssl);
}

static ratls_code new_session(const adapter *a, SSL *ssl, connection *c, ratls_moment now,
                              ratls_error *e)
{
    static const char label[] = RATLS_SESSION_EXPORTER;
    uint8_t exporter[RATLS_SESSION_EXPORTER_SIZE];
    if (SSL_export_keying_material(ssl, exporter, sizeof exporter, label, sizeof label - 1, NULL, 0,
                                   1) != 1)
        return refuse(e, RATLS_E_SYSTEM, 0, "tls: OpenSSL gives no exporter value");
    ratls_bytes own = key_of(c->shown ? SSL_get_certificate(ssl) : NULL);
    ratls_bytes peer = key_of(SSL_get0_peer_certificate(ssl));
    const ratls_session_options o = {.server = SSL_is_server(ssl) == 1,
                                     .own_key = own,
                                     .peer_key = peer,
                                     .exporter = bytes_of(exporter, sizeof exporter),
                                     .verifier = c->asks ? c->by->verifier : NULL,
                                     .level = c->level,
                                     .time_is_explicit = a->options.time_is_explicit,
                                     .skew_seconds = a->options.skew_seconds,
                                     .handshake = c->result,
                                     .result = c->result,
                                     .again_seconds = c->asks ? a->session.again_seconds : 0,
                                     .attester = a->session.attester != NULL ? a->session.attester
                                                                             : a->attester,
                                     .interval_seconds = a->session.interval_seconds,
                                     .ready = on_ready,
                                     .context = c,
                                     .protocols = a->session.protocols,
                                     .protocols_n = a->session.protocols_n,
                                     .unframed = a->session.unframed};
    c->on = a;
    c->ssl = ssl;
    ratls_code code = ratls_session_new(&c->channel, &o, now, e);
    free_key(own);
    free_key(peer);
    return code;
}

ratls_code channel_begin(const adapter *a, SSL *ssl, connection *c, ratls_moment now,
                         ratls_error *e)
{
    ratls_code code = check_tls(ssl, e);
    if (code == RATLS_OK)
        code = new_session(a, ssl, c, now, e);
    if (code != RATLS_OK)
        return code;
    /* What is written again is the same, though not where it was. */
    c->mode = SSL_get_mode(ssl);
    (void)SSL_set_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_clear_mode(ssl, SSL_MODE_ENABLE_PARTIAL_WRITE);
    return RATLS_OK;
}

void channel_give_back_mode(SSL *ssl, const connection *c)
{
    (void)SSL_clear_mode(ssl, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_set_mode(ssl, c->mode);
}
