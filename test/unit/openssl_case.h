#ifndef UNIT_OPENSSL_CASE_H
#define UNIT_OPENSSL_CASE_H

#include "cert_maker.h"
#include "ratls/openssl.h"
#include "tls_pair.h"
#include "world.h"

/* What the tests of the adapter for OpenSSL have in common. Include testing.h first. */
#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

/* RFC 8446 6 */
enum {
    ALERT_NONE = -1,
    HANDSHAKE_FAILURE = 40,
    BAD_CERTIFICATE = 42,
    UNSUPPORTED_CERTIFICATE = 43,
    CERTIFICATE_REVOKED = 44,
    CERTIFICATE_EXPIRED = 45,
    CERTIFICATE_UNKNOWN = 46,
    UNKNOWN_CA = 48,
    DECRYPT_ERROR = 51,
    INTERNAL_ERROR = 80,
    CERTIFICATE_REQUIRED = 116
};

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* What the clock of a test shows, when it asks for this clock. */
static inline int64_t the_time(void *context)
{
    const int64_t *shown = context;
    return shown != NULL ? *shown : NOW;
}

static const ratls_openssl_options plain = {.now = the_time, .time_is_explicit = true};

static inline void verify_with(SSL_CTX *ctx, const vendor *v, const ratls_openssl_options *o)
{
    ratls_error e = {.text = ""};
    ratls_verifier *r = world_verifier(v);
    if (ratls_openssl_use_verifier(ctx, &r, o, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_null(r);
}

/* Two contexts of one world. */
typedef struct setting {
    vendor v;
    SSL_CTX *client, *server;
    SSL_SESSION *session; /* that the client shall offer, if it is kept */
} setting;

static inline void setting_free(setting *s)
{
    SSL_SESSION_free(s->session);
    SSL_CTX_free(s->client);
    SSL_CTX_free(s->server);
}

/* Both show the same evidence; who has options judges the other's. */
static inline setting setting_judging(int version, const ratls_openssl_options *client,
                                      const ratls_openssl_options *server)
{
    setting s = {.v = vendor_of(QUOTE_SGX, 3, false, NOW)};
    tls_spec t = tls_spec_of(&s.v, TLS_INTEROPERABLE, NULL);
    bytes der = tls_make(&t).der;
    s.client = tls_context(false, version, der, t.cert.key);
    s.server = tls_context(true, version, der, t.cert.key);
    if (client != NULL)
        verify_with(s.client, &s.v, client);
    if (server != NULL)
        verify_with(s.server, &s.v, server);
    return s;
}

static inline tls_pair pair_of(const setting *s)
{
    tls_pair p = pair_new(s->client, s->server);
    if (s->session != NULL)
        assert_int_equal(SSL_set_session(p.client, s->session), 1);
    return p;
}

/* A first handshake; the client then has a session if the server gives one. */
static inline void first(const setting *s)
{
    char byte;
    tls_pair p = pair_of(s);
    assert_true(pair_handshake(&p));
    assert_false(SSL_session_reused(p.client));
    (void)SSL_read(p.client, &byte, 1);
    assert_true(pair_talk(&p));
    pair_free(&p);
}

static inline void assert_accepted(const SSL *side)
{
    assert_true(ratls_openssl_accepted(side));
    assert_null(ratls_openssl_error(side));
    assert_true(ratls_result_accepted(ratls_openssl_result(side)));
    assert_int_equal(SSL_get_verify_result(side), X509_V_OK);
}

static inline void must_refuse(const char *name, SSL *judge, const SSL *peer, ratls_code code,
                               int alert, int peer_got)
{
    const ratls_error *e = ratls_openssl_error(judge);
    if (e == NULL || e->code != code || alert != peer_got)
        fail_msg("%s: %s (%s), alert %d, expected %s and %d", name,
                 e != NULL ? ratls_code_name(e->code) : "no error", e != NULL ? e->text : "",
                 peer_got, ratls_code_name(code), alert);
    assert_true(strlen(e->text) > 10);
    assert_false(ratls_openssl_accepted(judge));
    assert_true(pair_is_silent(judge));
    assert_null(ratls_openssl_error(peer));
}

#endif
