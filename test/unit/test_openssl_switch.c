/* What an application may change under the adapter for OpenSSL: the context of an SSL, by a
 * servername or ClientHello callback; the adapter's callbacks; the certificate of a channel. */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <openssl/err.h>

#include "openssl_case.h"
#include "session_tls.h"
#include "session_tls_foreign.h"

static machines m;
static const bool yes_no[] = {false, true};

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

/* From a context that knows nothing of ratls into one that speaks ratls/1: what that one has set
 * for its connections is set for this one. */
static void test_into_ratls(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(k, versions)
    EACH(early, yes_no)
    EACH(mutual, yes_no)
    {
        const end_spec c = {
            .attests = e, .verifier = machines_verifier_at(&m, "session"), .speaks = true};
        const end_spec s = {.attests = f,
                            .verifier = yes_no[mutual] ? machines_verifier_at(&m, "session") : NULL,
                            .speaks = true};
        SSL_CTX *from = bare_context(true, versions[k], ordinary_identity(NULL), NULL);
        SSL_CTX *to = end_context(true, versions[k], &s);
        switch_to(from, to, yes_no[early]);
        wire w = wire_new(end_context(false, versions[k], &c), from, 0, 0);
        wire_must_open(&w);
        assert_ptr_equal(SSL_get_SSL_CTX(w.server), to);
        assert_true((SSL_get_options(w.server) & SSL_OP_NO_RENEGOTIATION) != 0);
        assert_accepted(w.client);
        if (yes_no[mutual])
            assert_accepted(w.server);
        wire_say(&w, w.client, "there");
        wire_say(&w, w.server, "and back");
        wire_free(&w);
        SSL_CTX_free(to);
    }
    enclave_free(e);
    enclave_free(f);
}

static int content_with_all(X509_STORE_CTX *store, void *arg)
{
    (void)store;
    (void)arg;
    return 1;
}

static void no_info(const SSL *ssl, int where, int value)
{
    (void)ssl;
    (void)where;
    (void)value;
}

static void must_be_shut(SSL *ssl)
{
    char byte;
    size_t n;
    unsigned want;
    ratls_error e = {.text = ""};
    assert_false(ratls_openssl_accepted(ssl));
    assert_true(pair_is_silent(ssl));
    ratls_code code = ratls_openssl_read(ssl, &byte, 1, &n, &want, &e);
    assert_true(n == 0 && (code != RATLS_OK || want == 0)); /* an error, or an end */
    assert_int_not_equal(ratls_openssl_write(ssl, "x", 1, &n, &want, &e), RATLS_OK);
    assert_int_equal(n, 0);
}

/* Without its callbacks the adapter has judged nobody, and says so. */
static void test_callbacks_replaced(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL);
    EACH(server, yes_no)
    EACH(k, versions)
    EACH(speaks, yes_no)
    EACH(asked, yes_no)
    {
        const end_spec spec = {.verifier =
                                   machines_verifier_at(&m, yes_no[asked] ? "session" : "key"),
                               .speaks = yes_no[asked]};
        SSL_CTX *own = end_context(yes_no[server], versions[k], &spec);
        SSL_CTX *other = bare_context(!yes_no[server], versions[k], ordinary_identity(NULL),
                                      yes_no[speaks] ? "ratls/1" : NULL);
        SSL_CTX_set_cert_verify_callback(own, content_with_all, NULL);
        SSL_CTX_set_info_callback(own, no_info);
        wire w = yes_no[server] ? wire_new(other, own, 0, 0) : wire_new(own, other, 0, 0);
        SSL *judge = yes_no[server] ? w.server : w.client;
        foreign f = foreign_new(yes_no[server] ? w.client : w.server, e);
        progress at = {.done = false};
        for (int step = 0; step < 20; step++) {
            (void)open_step(judge, &at);
            (void)wire_move(&w);
            if (yes_no[speaks])
                foreign_step(&f);
            else
                (void)SSL_do_handshake(f.ssl);
            (void)wire_move(&w);
        }
        assert_true(at.done);
        assert_int_equal(at.code, RATLS_E_MISSING);
        assert_string_equal(at.error.text, "tls: the peer was not judged, a callback of the "
                                           "adapter's was replaced");
        must_be_shut(judge);
        foreign_free(&f);
        wire_free(&w);
    }
    enclave_free(e);
}

/* One judges the other at level "session", and what ratls/1 turns off is turned on again. */
static wire open_to_more(int version, bool server_judges, enclave *at_client, enclave *at_server)
{
    ratls_verifier *v = machines_verifier_at(&m, "session");
    const end_spec c = {.attests = at_client, .verifier = server_judges ? NULL : v, .speaks = true};
    const end_spec s = {.attests = at_server, .verifier = server_judges ? v : NULL, .speaks = true};
    SSL_CTX *client = end_context(false, version, &c), *server = end_context(true, version, &s);
    SSL_CTX_set_post_handshake_auth(client, 1);
    wire w = wire_new(client, server, 0, 0);
    wire_must_open(&w);
    wire_say(&w, w.client, "by the first certificate");
    (void)SSL_clear_options(w.client, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_clear_options(w.server, SSL_OP_NO_RENEGOTIATION);
    (void)SSL_set_options(w.server, SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
    return w;
}

/* A channel is for the certificate that it began with: no other one is judged under it. */
static void must_refuse_another(wire *w, SSL *judge)
{
    progress client, server;
    const ratls_result *before = ratls_openssl_result(judge);
    for (int i = 0; i < 8; i++) {
        (void)SSL_do_handshake(w->client);
        (void)wire_move(w);
        (void)SSL_do_handshake(w->server);
        (void)wire_move(w);
    }
    ERR_clear_error();
    wire_settle(w, &client, &server);
    assert_ptr_equal(ratls_openssl_result(judge), before);
    assert_false(ratls_openssl_accepted(judge));
    const progress *refused = judge == w->client ? &client : &server;
    const progress *told = judge == w->client ? &server : &client;
    assert_true(refused->done && refused->code != RATLS_OK);
    assert_true(told->done && told->code != RATLS_OK);
    assert_string_equal(told->error.text, "tls: the peer refused: alert \"handshake failure\"");
    must_be_shut(judge);
}

static void test_certificate_after_handshake(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    wire w = open_to_more(TLS1_3_VERSION, true, e, f);
    assert_int_equal(SSL_verify_client_post_handshake(w.server), 1);
    must_refuse_another(&w, w.server);
    wire_free(&w);
    enclave_free(e);
    enclave_free(f);
}

static void test_renegotiation(void **state)
{
    (void)state;
    enclave *e = enclave_new(&m, 0, NULL), *f = enclave_new(&m, 1, NULL);
    EACH(server, yes_no)
    {
        wire w = open_to_more(TLS1_2_VERSION, yes_no[server], e, f);
        assert_int_equal(SSL_renegotiate(w.client), 1);
        must_refuse_another(&w, yes_no[server] ? w.server : w.client);
        wire_free(&w);
    }
    enclave_free(e);
    enclave_free(f);
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
        cmocka_unit_test(test_into_ratls),
        cmocka_unit_test(test_callbacks_replaced),
        cmocka_unit_test(test_certificate_after_handshake),
        cmocka_unit_test(test_renegotiation),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
