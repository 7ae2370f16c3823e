/* How a context is set up, and what its threads share: verifiers, turns, certificates. */
#include "testing.h"

#include "openssl_case.h"
#include "tls/openssl_context.h"

/* More peers at once than are allowed. */
static void test_too_many(void **state)
{
    (void)state;
    ratls_openssl_options o = plain;
    o.verifying_max = 3;
    o.wait_ms = 20;
    setting s = setting_judging(TLS1_3_VERSION, &o, NULL);
    adapter *a = adapter_of(s.client);
    a->verifying = 3; /* as if other threads were at it */
    tls_pair p = pair_of(&s);
    assert_false(pair_handshake(&p));
    assert_int_equal(ratls_openssl_error(p.client)->code, RATLS_E_SYSTEM);
    assert_non_null(strstr(ratls_openssl_error(p.client)->text, "3 peers are being verified"));
    assert_int_equal(p.server_got, INTERNAL_ERROR);
    assert_int_equal(a->verifying, 3);
    pair_free(&p);
    a->verifying = 2;
    first(&s);
    assert_int_equal(a->verifying, 2);
    setting_free(&s);
}

static void test_attester(void **state)
{
    (void)state;
    ratls_error e = {.text = ""};
    world w = world_of(QUOTE_SGX, 3, false);
    const ratls_attester_options ao = world_options(&w);
    ratls_attester *attester = world_attester(&ao);
    setting s = setting_judging(TLS1_3_VERSION, &plain, &plain);
    assert_int_equal(ratls_openssl_use_attester(s.client, attester, &e), RATLS_OK);
    assert_int_equal(ratls_openssl_use_attester(s.server, attester, &e), RATLS_OK);
    assert_int_equal(ratls_openssl_use_attester(s.server, attester, &e), RATLS_E_UNSUPPORTED);

    tls_pair p = pair_of(&s);
    assert_false(pair_handshake(&p));
    assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_MISSING);
    assert_string_equal(ratls_openssl_error(p.server)->text,
                        "tls: the attester has no certificate yet");
    assert_int_equal(p.client_got, INTERNAL_ERROR);
    pair_free(&p);

    X509 *before = NULL;
    for (int i = 0; i < 3; i++) {
        unsigned quotes = w.quotes;
        assert_int_equal(ratls_attester_renew(attester, NOW, &e), RATLS_OK);
        quotes = w.quotes;
        for (int k = 0; k < 3; k++) {
            p = pair_of(&s);
            assert_true(pair_handshake(&p));
            assert_true(ratls_openssl_accepted(p.client));
            assert_true(ratls_openssl_accepted(p.server));
            X509 *peer = SSL_get0_peer_certificate(p.client);
            ratls_credential *c = ratls_attester_certificate(attester);
            unsigned char *der = NULL;
            int n = i2d_X509(peer, &der);
            assert_true(bytes_equal(bytes_of(der, (size_t)n), ratls_credential_chain(c, 0)));
            OPENSSL_free(der);
            ratls_credential_free(&c);
            assert_true(before == NULL || k > 0 || X509_cmp(before, peer) != 0);
            X509_free(before);
            assert_int_equal(X509_up_ref(peer), 1);
            before = peer;
            pair_free(&p);
        }
        assert_int_equal(w.quotes, quotes); /* no handshake makes a quote */
    }
    /* A renewal that fails leaves the one before in service. */
    w.fail = RATLS_E_SYSTEM;
    assert_int_equal(ratls_attester_renew(attester, NOW, &e), RATLS_E_SYSTEM);
    first(&s);
    X509_free(before);
    setting_free(&s);
    ratls_attester_free(&attester);
}

static void test_attester_with_ca(void **state)
{
    (void)state;
    ratls_error e = {.text = ""};
    world w = world_of(QUOTE_SGX, 3, false);
    cert_spec ca = cert_spec_of("CN=Test TLS CA", key_named(KEY_TYPE_P256, "tls ca"),
                                NOW - VENDOR_DAY, NOW + 365 * (int64_t)VENDOR_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    ratls_attester_options ao = world_options(&w);
    ao.ca_certificate = cert_make(&ca);
    ao.ca_key_pem = key_private_pem(ca.key);
    ratls_attester *attester = world_attester(&ao);
    assert_int_equal(ratls_attester_renew(attester, NOW, &e), RATLS_OK);
    setting s = setting_judging(TLS1_3_VERSION, &plain, NULL);
    assert_int_equal(ratls_openssl_use_attester(s.server, attester, &e), RATLS_OK);
    tls_pair p = pair_of(&s);
    assert_true(pair_handshake(&p));
    assert_int_equal(sk_X509_num(SSL_get_peer_cert_chain(p.client)), 2);
    pair_free(&p);
    setting_free(&s);
    ratls_attester_free(&attester);
}

static void test_set_up(void **state)
{
    (void)state;
    ratls_error e = {.text = ""};
    setting s = setting_judging(TLS1_3_VERSION, &plain, NULL);
    ratls_verifier *r = world_verifier(&s.v), *kept = r;
    assert_int_equal(ratls_openssl_use_verifier(s.client, &r, &plain, &e), RATLS_E_UNSUPPORTED);
    assert_ptr_equal(r, kept);
    assert_int_equal(ratls_openssl_set_verifier(s.server, &r, &e), RATLS_E_MISSING);
    assert_ptr_equal(r, kept);
    ratls_openssl_options o = plain;
    o.host = "";
    assert_int_equal(ratls_openssl_use_verifier(s.server, &r, &o, &e), RATLS_E_MALFORMED);
    assert_ptr_equal(r, kept);
    assert_int_equal(SSL_CTX_set_cipher_list(s.server, "ALL:aNULL:@SECLEVEL=0"), 1);
    assert_int_equal(ratls_openssl_use_verifier(s.server, &r, &plain, &e), RATLS_E_UNSUPPORTED);
    assert_ptr_equal(r, kept);

    SSL_CTX *old = SSL_CTX_new(TLS_method());
    assert_int_equal(SSL_CTX_set_min_proto_version(old, TLS1_VERSION), 1);
    assert_int_equal(ratls_openssl_use_verifier(old, &r, NULL, &e), RATLS_OK);
    assert_null(r);
    assert_int_equal(SSL_CTX_get_min_proto_version(old), TLS1_2_VERSION);
    assert_int_equal(SSL_CTX_get_verify_mode(old),
                     SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT);
    SSL *ssl = SSL_new(old), *copy = SSL_dup(ssl);
    assert_null(ratls_openssl_result(ssl));
    assert_null(ratls_openssl_error(ssl));
    assert_false(ratls_openssl_accepted(ssl));
    SSL_free(ssl);
    SSL_free(copy);
    SSL_CTX_free(old);
    setting_free(&s);
}

/* A verifier without policy is no way in. */
static void test_empty_verifier(void **state)
{
    (void)state;
    ratls_error e = {.text = ""};
    setting s = setting_judging(TLS1_3_VERSION, &plain, NULL);
    ratls_verifier *r = ratls_verifier_new();
    assert_int_equal(ratls_openssl_set_verifier(s.client, &r, &e), RATLS_OK);
    tls_pair p = pair_of(&s);
    assert_false(pair_handshake(&p));
    assert_int_equal(ratls_openssl_error(p.client)->code, RATLS_E_MISSING);
    pair_free(&p);
    setting_free(&s);
}

/* Each code but RATLS_OK is told to OpenSSL as some error, one that does not exist too. */
static void test_verify_errors(void **state)
{
    (void)state;
    static const struct {
        ratls_code code;
        int error;
    } rows[] = {
        {RATLS_OK, X509_V_OK},
        {RATLS_E_MALFORMED, X509_V_ERR_CERT_REJECTED},
        {RATLS_E_UNSUPPORTED, X509_V_ERR_INVALID_PURPOSE},
        {RATLS_E_BINDING, X509_V_ERR_CERT_SIGNATURE_FAILURE},
        {RATLS_E_UNTRUSTED, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE},
        {RATLS_E_REVOKED, X509_V_ERR_CERT_REVOKED},
        {RATLS_E_STALE, X509_V_ERR_CERT_HAS_EXPIRED},
        {RATLS_E_POLICY, X509_V_ERR_NO_EXPLICIT_POLICY},
        {RATLS_E_MISSING, X509_V_ERR_APPLICATION_VERIFICATION},
        {RATLS_E_LIMIT, X509_V_ERR_CERT_REJECTED},
        {RATLS_E_SYSTEM, X509_V_ERR_OUT_OF_MEM},
        {(ratls_code)99, X509_V_ERR_OUT_OF_MEM},
    };
    EACH(i, rows)
    assert_int_equal(ratls_openssl_verify_error(rows[i].code), rows[i].error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_many),         cmocka_unit_test(test_attester),
        cmocka_unit_test(test_attester_with_ca), cmocka_unit_test(test_set_up),
        cmocka_unit_test(test_verify_errors),    cmocka_unit_test(test_empty_verifier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
