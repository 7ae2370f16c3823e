/* What an application may change under the adapter for OpenSSL: the context of an SSL, by a
 * servername or ClientHello callback; the adapter's callbacks; the certificate of a channel. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <openssl/err.h>

#include "openssl_case.h"
#include "session_tls.h"

static machines m;

static const ratls_openssl_options resuming = {
    .now = the_time, .time_is_explicit = true, .resumption = true};

static int by_name(SSL *ssl, int *alert, void *to)
{
    (void)alert;
    assert_ptr_equal(SSL_set_SSL_CTX(ssl, to), to);
    return SSL_TLSEXT_ERR_OK;
}

static int by_hello(SSL *ssl, int *alert, void *to)
{
    (void)alert;
    assert_ptr_equal(SSL_set_SSL_CTX(ssl, to), to);
    return SSL_CLIENT_HELLO_SUCCESS;
}

/* Whoever comes to `from` is put into `to`: by the ClientHello callback, which is the earlier one,
 * or by that for the server's name. */
static void switch_to(SSL_CTX *from, SSL_CTX *to, bool early)
{
    if (early) {
        SSL_CTX_set_client_hello_cb(from, by_hello, to);
        return;
    }
    assert_int_equal(SSL_CTX_set_tlsext_servername_callback(from, by_name), 1);
    assert_int_equal(SSL_CTX_set_tlsext_servername_arg(from, to), 1);
}

static SSL_SESSION **session_place;

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(*session_place);
    *session_place = session;
    return 1;
}

static void keep_sessions(setting *s)
{
    session_place = &s->session;
    (void)SSL_CTX_set_session_cache_mode(s->client,
                                         SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(s->client, keep_session);
}

/* With the same certificate as the others of the setting. */
static SSL_CTX *another_server(const setting *s, int version, const vendor *accepts)
{
    tls_spec t = tls_spec_of(&s->v, TLS_INTEROPERABLE, NULL);
    SSL_CTX *ctx = tls_context(true, version, tls_make(&t).der, t.cert.key);
    verify_with(ctx, accepts, &resuming);
    return ctx;
}

/* From a whole handshake; one of TLS 1.3 is for one time. */
static void renew_session(setting *s)
{
    SSL_SESSION_free(s->session);
    s->session = NULL;
    first(s);
    assert_non_null(s->session);
}

static void must_resume(const setting *s)
{
    tls_pair p = pair_of(s);
    assert_true(pair_handshake(&p));
    assert_true(SSL_session_reused(p.server));
    assert_true(ratls_openssl_accepted(p.server));
    assert_true(pair_talk(&p));
    pair_free(&p);
}

/* A session that one context's verifier accepted is none of another's, whatever that one thinks of
 * the peer. */
static void test_resumed_elsewhere(void **state)
{
    (void)state;
    static const bool yes_no[] = {false, true};
    EACH(k, versions)
    EACH(early, yes_no)
    EACH(strict, yes_no)
    {
        setting s = setting_judging(versions[k], NULL, &resuming);
        vendor accepts = s.v;
        accepts.quote.body[SGX_AT_MRENCLAVE] ^= yes_no[strict];
        SSL_CTX *other = another_server(&s, versions[k], &accepts);
        keep_sessions(&s);
        renew_session(&s);
        must_resume(&s);
        renew_session(&s);
        switch_to(s.server, other, yes_no[early]);
        tls_pair p = pair_of(&s);
        (void)pair_handshake(&p);
        assert_ptr_equal(SSL_get_SSL_CTX(p.server), other);
        assert_true(SSL_session_reused(p.server));
        assert_false(ratls_openssl_accepted(p.server));
        assert_null(ratls_openssl_result(p.server));
        assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_MISSING);
        assert_string_equal(ratls_openssl_error(p.server)->text,
                            "tls: the handshake ended without evidence of the peer");
        assert_true(pair_is_silent(p.server));
        pair_free(&p);

        /* A whole handshake there has a verdict of its own. */
        SSL_SESSION_free(s.session);
        s.session = NULL;
        p = pair_of(&s);
        assert_int_equal(pair_handshake(&p), !yes_no[strict]);
        assert_ptr_equal(SSL_get_SSL_CTX(p.server), other);
        if (yes_no[strict])
            must_refuse("in the other", p.server, p.client, RATLS_E_POLICY, CERTIFICATE_UNKNOWN,
                        p.client_got);
        else
            assert_accepted(p.server);
        pair_free(&p);
        SSL_CTX_free(other);
        setting_free(&s);
    }
}

static int set_up(void **state)
{
    (void)state;
    machines_make(&m);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    machines_end(&m);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resumed_elsewhere),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
