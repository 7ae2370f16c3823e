/* Verdicts in the handshake: who is accepted, who is refused, by which alert, and how silently. */
#include "testing.h"

#include <malloc.h>
#include <openssl/core_names.h>
#include <openssl/param_build.h>
#include <openssl/x509v3.h>

#include "openssl_case.h"

/* A vendor whose platforms may also be at a level that is revoked. */
static vendor the_vendor(void)
{
    vendor v = vendor_of(QUOTE_SGX, 3, false, NOW);
    v.tcb_info.levels[3] = v.tcb_info.levels[2];
    v.tcb_info.levels[3].sgx[0]--;
    v.tcb_info.levels[3].status = "Revoked";
    v.tcb_info.n = 4;
    return v;
}

/* Certificates to show. */
typedef struct identity {
    bytes der, ca; /* ca: sent behind it */
    EVP_PKEY *key;
} identity;

static identity made(tls_spec *t)
{
    return (identity){.der = tls_make(t).der, .key = t->cert.key};
}

static identity honest(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    return made(&t);
}

static identity no_evidence(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_NONE, NULL);
    return made(&t);
}

static identity wrong_measurement(const vendor *v)
{
    vendor other = *v;
    other.quote.body[SGX_AT_MRENCLAVE] ^= 1;
    return honest(&other);
}

static identity debug(const vendor *v)
{
    vendor other = *v;
    other.quote.body[SGX_AT_ATTRIBUTES] |= 2;
    return honest(&other);
}

static identity out_of_date(const vendor *v)
{
    vendor other = *v;
    other.pck_ext.components[0] = v->tcb_info.levels[2].sgx[0];
    return honest(&other);
}

static identity revoked(const vendor *v)
{
    vendor other = *v;
    other.pck_ext.components[0] = v->tcb_info.levels[3].sgx[0];
    return honest(&other);
}

static identity other_key(const vendor *v)
{
    tls_spec theirs = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "thief"));
    t.evidence = tls_make(&theirs).evidence;
    return made(&t);
}

static identity flipped_quote(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    tls_made m = tls_make(&t);
    size_t at = bytes_find(m.der, m.quote.quote) + m.quote.body_at + SGX_AT_MRENCLAVE;
    return (identity){.der = cert_resigned(bytes_flipped(m.der, at, 0), t.cert.key),
                      .key = t.cert.key};
}

static identity broken_evidence(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    t.evidence_after = bytes_text("x");
    return made(&t);
}

static identity expired(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    t.cert.not_before = NOW - VENDOR_DAY;
    t.cert.not_after = NOW - 1;
    return made(&t);
}

static const char oid_ext_key_usage[] = "2.5.29.37";

/* For neither side of TLS: code signing [RFC 5280 4.2.1.12]. */
static identity other_usage(const vendor *v)
{
    tls_spec t = tls_spec_of(v, TLS_INTEROPERABLE, NULL);
    (void)ext_add(&t.cert.ext, oid_ext_key_usage, false,
                  bytes_from_hex("300a06082b06010505070303"));
    return made(&t);
}

/* [hostile A14] */
static identity evidence_in_ca(const vendor *v)
{
    tls_spec ca = tls_spec_of(v, TLS_INTEROPERABLE, key_named(KEY_TYPE_P256, "attested ca"));
    ca.cert.subject = ca.cert.issuer = mk_name("CN=Attested CA");
    ext_set(&ca.cert.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    tls_made attested = tls_make(&ca);
    tls_spec leaf = tls_spec_of(v, TLS_NONE, key_named(KEY_TYPE_P256, "leaf"));
    cert_issued_by(&leaf.cert, &attested.cert);
    identity i = made(&leaf);
    i.ca = attested.der;
    return i;
}

/* A key that claims to be `shown` and signs as somebody else: OpenSSL would not pair them. */
static EVP_PKEY *pretender(EVP_PKEY *shown)
{
    BIGNUM *d = NULL;
    uint8_t point[65];
    size_t n;
    EVP_PKEY *key = NULL, *thief = key_named(KEY_TYPE_P256, "thief");
    MUST(EVP_PKEY_get_bn_param(thief, OSSL_PKEY_PARAM_PRIV_KEY, &d) == 1);
    MUST(EVP_PKEY_get_octet_string_param(shown, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &n) ==
         1);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    MUST(OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
         OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_PRIV_KEY, d) == 1 &&
         OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, n) == 1);
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    MUST(EVP_PKEY_fromdata_init(ctx) == 1 &&
         EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_KEYPAIR, params) == 1);
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(params);
    OSSL_PARAM_BLD_free(build);
    BN_free(d);
    return key;
}

static const struct {
    const char *name;
    identity (*make)(const vendor *);
    ratls_code code;
    int alert;
} refusals[] = {
    {"no evidence", no_evidence, RATLS_E_MISSING, HANDSHAKE_FAILURE},
    {"wrong measurement", wrong_measurement, RATLS_E_POLICY, CERTIFICATE_UNKNOWN},
    {"debug", debug, RATLS_E_POLICY, CERTIFICATE_UNKNOWN},
    {"out of date", out_of_date, RATLS_E_POLICY, CERTIFICATE_UNKNOWN},
    {"revoked", revoked, RATLS_E_REVOKED, CERTIFICATE_REVOKED},
    {"evidence of another key", other_key, RATLS_E_BINDING, DECRYPT_ERROR},
    {"flipped quote", flipped_quote, RATLS_E_UNTRUSTED, UNKNOWN_CA},
    {"broken evidence", broken_evidence, RATLS_E_MALFORMED, BAD_CERTIFICATE},
    {"expired", expired, RATLS_E_STALE, CERTIFICATE_EXPIRED},
    {"other usage", other_usage, RATLS_E_UNSUPPORTED, UNSUPPORTED_CERTIFICATE},
    {"evidence in the CA's certificate", evidence_in_ca, RATLS_E_MISSING, HANDSHAKE_FAILURE},
};

static SSL_CTX *context_for(bool server, int version, const identity *i)
{
    SSL_CTX *ctx = tls_context(server, version, i->der, i->key);
    if (i->ca.n > 0) {
        const uint8_t *p = i->ca.p;
        MUST(SSL_CTX_add_extra_chain_cert(ctx, d2i_X509(NULL, &p, (long)i->ca.n)) == 1);
    }
    return ctx;
}

/* Each side that shows something is judged by the other. */
static setting setting_of(int version, const vendor *v, const identity *client,
                          const identity *server)
{
    static const identity nobody = {.key = NULL};
    setting s = {.client = context_for(false, version, client != NULL ? client : &nobody),
                 .server = context_for(true, version, server)};
    verify_with(s.client, v, &plain);
    if (client != NULL)
        verify_with(s.server, v, &plain);
    return s;
}

static void test_accepted(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity i = honest(&v);
    EACH(k, versions)
    {
        setting s = setting_of(versions[k], &v, NULL, &i);
        tls_pair p = pair_new(s.client, s.server);
        assert_false(ratls_openssl_accepted(p.client));
        assert_true(pair_handshake(&p));
        assert_accepted(p.client);
        assert_int_equal(ratls_result_facts(ratls_openssl_result(p.client))->tcb_status,
                         RATLS_TCB_UP_TO_DATE);
        assert_null(ratls_openssl_result(p.server));
        assert_false(ratls_openssl_accepted(p.server));
        assert_true(pair_talk(&p));
        pair_free(&p);
        setting_free(&s);

        s = setting_of(versions[k], &v, &i, &i);
        p = pair_new(s.client, s.server);
        assert_true(pair_handshake(&p));
        assert_accepted(p.client);
        assert_accepted(p.server);
        assert_true(pair_talk(&p));
        pair_free(&p);
        setting_free(&s);
    }
}

static void test_refused(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity good = honest(&v);
    EACH(i, refusals)
    EACH(k, versions)
    {
        identity bad = refusals[i].make(&v);
        setting s = setting_of(versions[k], &v, NULL, &bad);
        tls_pair p = pair_new(s.client, s.server);
        assert_false(pair_handshake(&p));
        must_refuse(refusals[i].name, p.client, p.server, refusals[i].code, refusals[i].alert,
                    p.server_got);
        assert_true(pair_is_silent(p.server));
        pair_free(&p);
        setting_free(&s);

        s = setting_of(versions[k], &v, &bad, &good);
        p = pair_new(s.client, s.server);
        assert_false(pair_handshake(&p));
        must_refuse(refusals[i].name, p.server, p.client, refusals[i].code, refusals[i].alert,
                    p.client_got);
        pair_free(&p);
        setting_free(&s);
    }
}

/* The client of TLS 1.3 is done before the server has judged it: what it writes is not handed over,
 * and nothing is sent to it. */
static void test_bytes_before_verdict(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity good = honest(&v), bad = debug(&v);
    setting s = setting_of(TLS1_3_VERSION, &v, &bad, &good);
    tls_pair p = pair_new(s.client, s.server);
    char byte;
    assert_int_equal(SSL_do_handshake(p.client), -1);
    assert_int_equal(SSL_write(p.server, "early", 5), -1); /* not before it has the verdict */
    assert_int_equal(SSL_do_handshake(p.client), 1);
    assert_int_equal(SSL_write(p.client, "secret", 6), 6);
    assert_int_equal(SSL_read(p.client, &byte, 1), -1);
    assert_int_equal(SSL_get_error(p.client, -1), SSL_ERROR_WANT_READ);
    assert_int_equal(SSL_read(p.server, &byte, 1), -1);
    assert_int_equal(SSL_get_error(p.server, -1), SSL_ERROR_SSL);
    assert_true(pair_is_silent(p.server));
    assert_int_equal(SSL_read(p.client, &byte, 1), 0);
    assert_int_equal(SSL_get_error(p.client, 0), SSL_ERROR_SSL); /* the alert, and no byte */
    pair_free(&p);
    setting_free(&s);
}

static void test_no_client_certificate(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity good = honest(&v);
    EACH(k, versions)
    {
        setting s = setting_of(versions[k], &v, NULL, &good);
        verify_with(s.server, &v, &plain);
        tls_pair p = pair_new(s.client, s.server);
        assert_false(pair_handshake(&p));
        must_refuse("no certificate", p.server, p.client, RATLS_E_MISSING,
                    versions[k] == TLS1_3_VERSION ? CERTIFICATE_REQUIRED : HANDSHAKE_FAILURE,
                    p.client_got);
        pair_free(&p);
        setting_free(&s);
    }
}

/* The evidence is right, the peer has not the key: another's certificate, or one's own reflected
 * [hostile A19, C48]. */
static void test_key_not_held(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity good = honest(&v), thief = good;
    thief.key = pretender(good.key);
    EACH(k, versions)
    {
        setting s = setting_of(versions[k], &v, &good, &thief);
        tls_pair p = pair_new(s.client, s.server);
        assert_false(pair_handshake(&p));
        must_refuse("server", p.client, p.server, RATLS_E_BINDING, DECRYPT_ERROR, p.server_got);
        pair_free(&p);
        setting_free(&s);

        s = setting_of(versions[k], &v, &thief, &good);
        p = pair_new(s.client, s.server);
        assert_false(pair_handshake(&p));
        must_refuse("client", p.server, p.client, RATLS_E_BINDING, DECRYPT_ERROR, p.client_got);
        pair_free(&p);
        setting_free(&s);
    }
    EVP_PKEY_free(thief.key);
}

/* A certificate for servers is not taken from a client, nor the other way round [hostile C49]. */
static void test_role(void **state)
{
    (void)state;
    static const struct {
        const char *usage;
        bool as_server, as_client;
    } usages[] = {{"300a06082b06010505070301", true, false},
                  {"300a06082b06010505070302", false, true},
                  {"301406082b0601050507030106082b06010505070302", true, true},
                  {"30060604551d2500", true, true}};
    vendor v = the_vendor();
    identity good = honest(&v);
    EACH(i, usages)
    {
        tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
        (void)ext_add(&t.cert.ext, oid_ext_key_usage, false, bytes_from_hex(usages[i].usage));
        identity limited = made(&t);
        setting s = setting_of(TLS1_3_VERSION, &v, NULL, &limited);
        tls_pair p = pair_new(s.client, s.server);
        assert_int_equal(pair_handshake(&p), usages[i].as_server);
        if (!usages[i].as_server)
            must_refuse("server", p.client, p.server, RATLS_E_UNSUPPORTED, UNSUPPORTED_CERTIFICATE,
                        p.server_got);
        pair_free(&p);
        setting_free(&s);

        s = setting_of(TLS1_3_VERSION, &v, &limited, &good);
        p = pair_new(s.client, s.server);
        assert_int_equal(pair_handshake(&p), usages[i].as_client);
        if (!usages[i].as_client)
            must_refuse("client", p.server, p.client, RATLS_E_UNSUPPORTED, UNSUPPORTED_CERTIFICATE,
                        p.client_got);
        pair_free(&p);
        setting_free(&s);
    }
}

static int always(int ok, X509_STORE_CTX *store)
{
    (void)ok, (void)store;
    return 1;
}

/* What an application sets on an SSL does not open it [hostile F88]. */
static void test_overridden(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity good = honest(&v), bad = debug(&v);
    EACH(k, versions)
    {
        setting s = setting_of(versions[k], &v, &bad, &bad);
        tls_pair p = pair_new(s.client, s.server);
        SSL_set_verify(p.client, SSL_VERIFY_NONE, always);
        assert_false(pair_handshake(&p));
        must_refuse("client", p.client, p.server, RATLS_E_POLICY, CERTIFICATE_UNKNOWN,
                    p.server_got);
        pair_free(&p);
        setting_free(&s);

        s = setting_of(versions[k], &v, &bad, &good);
        p = pair_new(s.client, s.server);
        SSL_set_verify(p.server, SSL_VERIFY_NONE, always);
        assert_false(pair_handshake(&p));
        must_refuse("server", p.server, p.client, RATLS_E_POLICY, CERTIFICATE_UNKNOWN,
                    p.client_got);
        pair_free(&p);
        setting_free(&s);
    }
}

static void test_odd_times(void **state)
{
    (void)state;
    static const int64_t times[] = {-1, 0, INT64_MIN, INT64_MAX, NOW - VENDOR_DAY * 400};
    vendor v = the_vendor();
    identity i = honest(&v);
    ratls_openssl_options o = plain;
    EACH(k, times)
    {
        int64_t shown = times[k];
        o.context = &shown;
        SSL_CTX *client = tls_context(false, TLS1_3_VERSION, BYTES_NONE, NULL);
        SSL_CTX *server = context_for(true, TLS1_3_VERSION, &i);
        verify_with(client, &v, &o);
        tls_pair p = pair_new(client, server);
        assert_false(pair_handshake(&p));
        must_refuse("time", p.client, p.server, RATLS_E_STALE, CERTIFICATE_EXPIRED, p.server_got);
        pair_free(&p);
        SSL_CTX_free(client);
        SSL_CTX_free(server);
    }
}

/* The system's clock, which shows a time long after that of this world. */
static void test_default_clock(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, ratls_build_time() - 90 * (int64_t)VENDOR_DAY);
    vendor judge = vendor_of(QUOTE_SGX, 3, false, NOW);
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
    t.cert.not_after = ratls_build_time() - 1;
    identity i = made(&t);
    SSL_CTX *client = tls_context(false, TLS1_3_VERSION, BYTES_NONE, NULL);
    SSL_CTX *server = context_for(true, TLS1_3_VERSION, &i);
    verify_with(client, &judge, NULL);
    tls_pair p = pair_new(client, server);
    assert_false(pair_handshake(&p));
    must_refuse("clock", p.client, p.server, RATLS_E_STALE, CERTIFICATE_EXPIRED, p.server_got);
    pair_free(&p);
    SSL_CTX_free(client);
    SSL_CTX_free(server);
}

static void test_slow(void **state)
{
    (void)state;
    vendor v = the_vendor();
    identity good = honest(&v), bad = other_key(&v);
    EACH(k, versions)
    {
        setting s = setting_of(versions[k], &v, &good, &good);
        tls_pair p = pair_new(s.client, s.server);
        assert_true(pair_handshake_slow(&p));
        assert_accepted(p.client);
        assert_accepted(p.server);
        pair_free(&p);
        setting_free(&s);

        s = setting_of(versions[k], &v, &bad, &good);
        p = pair_new(s.client, s.server);
        assert_false(pair_handshake_slow(&p));
        assert_int_equal(ratls_openssl_error(p.server)->code, RATLS_E_BINDING);
        assert_int_equal(p.client_got, versions[k] == TLS1_2_VERSION ? DECRYPT_ERROR : ALERT_NONE);
        pair_free(&p);
        setting_free(&s);
    }
}

/* [hostile F91] */
static void test_flat_memory(void **state)
{
    (void)state;
    enum { WARM = 100, REFUSED = 1000, SLACK = 65536 /* what the allocator keeps */ };
    vendor v = the_vendor();
    identity good = honest(&v), bad = other_key(&v);
    setting s = setting_of(TLS1_3_VERSION, &v, &bad, &good);
    size_t before = 0;
    for (int i = 0; i < REFUSED + WARM; i++) {
        if (i == WARM)
            before = mallinfo2().uordblks;
        tls_pair p = pair_new(s.client, s.server);
        assert_false(pair_handshake(&p));
        pair_free(&p);
    }
    size_t after = mallinfo2().uordblks;
    if (after > before + SLACK)
        fail_msg("%zu bytes in use after %d handshakes, %zu after %d", after, REFUSED + WARM,
                 before, WARM);
    setting_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bytes_before_verdict),
        cmocka_unit_test(test_no_client_certificate),
        cmocka_unit_test(test_key_not_held),
        cmocka_unit_test(test_role),
        cmocka_unit_test(test_overridden),
        cmocka_unit_test(test_odd_times),
        cmocka_unit_test(test_default_clock),
        cmocka_unit_test(test_slow),
        cmocka_unit_test(test_flat_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
