/* Names and CAs that are demanded beside the evidence. */
#include "testing.h"

#include <limits.h>

#include "openssl_case.h"

static SSL_CTX *server_of(bytes der, EVP_PKEY *key)
{
    return tls_context(true, TLS1_3_VERSION, der, key);
}

static SSL_CTX *named_server(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    /* DNS db.example, IP 192.0.2.7 */
    (void)ext_add(&t.cert.ext, OID_SUBJECT_ALT_NAME, false,
                  bytes_from_hex("3012820a64622e6578616d706c658704c0000207"));
    return server_of(tls_make(&t).der, t.cert.key);
}

static const struct {
    const char *context, *ssl;
    bool needed;
    ratls_code code;
} names[] = {
    {NULL, NULL, false, RATLS_OK},
    {"db.example", NULL, false, RATLS_OK},
    {"db.example", NULL, true, RATLS_OK},
    {"DB.Example", NULL, true, RATLS_OK},
    {"192.0.2.7", NULL, true, RATLS_OK},
    {NULL, "db.example", true, RATLS_OK},
    {"www.example", "db.example", true, RATLS_OK}, /* the SSL's counts */
    {NULL, NULL, true, RATLS_E_MISSING},
    {"www.example", NULL, false, RATLS_E_POLICY},
    {"b.example", NULL, false, RATLS_E_POLICY},
    {"192.0.2.8", NULL, false, RATLS_E_POLICY},
    {"2001:db8::7", NULL, false, RATLS_E_POLICY},
    {NULL, "www.example", false, RATLS_E_POLICY},
    {"db.example", "www.example", false, RATLS_E_POLICY},
};

/* [hostile A13] */
static void test_names(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    EACH(k, names)
    {
        ratls_openssl_options o = plain;
        o.host = names[k].context;
        o.need_name = names[k].needed;
        SSL_CTX *client = tls_context(false, TLS1_3_VERSION, BYTES_NONE, NULL);
        SSL_CTX *server = named_server(&v);
        verify_with(client, &v, &o);
        tls_pair p = pair_new(client, server);
        if (names[k].ssl != NULL)
            assert_int_equal(SSL_set1_host(p.client, names[k].ssl), 1);
        if (pair_handshake(&p) != (names[k].code == RATLS_OK))
            fail_msg("%s, %s", names[k].context, names[k].ssl);
        if (names[k].code != RATLS_OK) {
            must_refuse("name", p.client, p.server, names[k].code, BAD_CERTIFICATE, p.server_got);
            /* the evidence is told apart */
            assert_true(ratls_result_accepted(ratls_openssl_result(p.client)));
        }
        pair_free(&p);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

static cert_spec ca_spec(void)
{
    cert_spec ca = cert_spec_of("CN=Test TLS CA", key_named(KEY_TYPE_P256, "tls ca"),
                                NOW - VENDOR_DAY, NOW + 365 * (int64_t)VENDOR_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    (void)ext_add(&ca.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN | USAGE_CRL_SIGN));
    return ca;
}

static int always(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

static int never(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 0;
}

static int oddly(int ok, X509_STORE_CTX *store)
{
    (void)store;
    return ok ? INT_MIN : 2;
}

static void test_ca(void **state)
{
    (void)state;
    static const struct {
        bool signed_by_ca;
        int (*callback)(int, X509_STORE_CTX *);
        bool accepted;
    } rows[] = {{true, NULL, true},   {true, always, true},   {true, never, false},
                {false, NULL, false}, {false, always, false}, {false, never, false},
                {false, oddly, false}};
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    cert_spec ca = ca_spec();
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
    bytes alone = tls_make(&t).der;
    cert_issued_by(&t.cert, &ca);
    bytes issued = tls_make(&t).der;
    bytes der = cert_make(&ca);
    const uint8_t *at = der.p;
    X509 *root = d2i_X509(NULL, &at, (long)der.n);
    ratls_openssl_options o = plain;
    o.need_ca = true;
    EACH(k, rows)
    {
        SSL_CTX *client = tls_context(false, TLS1_3_VERSION, BYTES_NONE, NULL);
        SSL_CTX *server = server_of(rows[k].signed_by_ca ? issued : alone, t.cert.key);
        assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(client), root), 1);
        SSL_CTX_set_verify(client, SSL_VERIFY_PEER, rows[k].callback);
        verify_with(client, &v, &o);
        tls_pair p = pair_new(client, server);
        assert_int_equal(pair_handshake(&p), rows[k].accepted);
        if (rows[k].accepted)
            assert_accepted(p.client);
        else
            assert_int_equal(ratls_openssl_error(p.client)->code, RATLS_E_UNTRUSTED);
        if (!rows[k].accepted && !rows[k].signed_by_ca)
            assert_int_equal(p.server_got, UNKNOWN_CA);
        pair_free(&p);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
    X509_free(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_ca),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
