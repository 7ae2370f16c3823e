/* Keys, CAs, requests, and options that do not go together. */
#include "testing.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cert_maker.h"
#include "evidence/evidence.h"
#include "judge.h"
#include "world.h"

#define NOW            VENDOR_T0
#define EACH(i, table) for (size_t i = 0; i < sizeof(table) / sizeof *(table); i++)

static cert_spec ca_spec(EVP_PKEY *key)
{
    cert_spec c = cert_spec_of("CN=test CA,O=Test", key, NOW - VENDOR_DAY, NOW + 1000);
    (void)ext_add(&c.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
    (void)ext_add(&c.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN));
    (void)ext_add(&c.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    return c;
}

static void keys(void **state)
{
    (void)state;
    static const struct {
        ratls_key_type type;
        key_type made;
        ratls_peer peer;
        key_kind kind;
    } rows[] = {
        {RATLS_KEY_DEFAULT, KEY_TYPE_P256, RATLS_PEER_ANY, KEY_P256},
        {RATLS_KEY_DEFAULT, KEY_TYPE_P384, RATLS_PEER_GRAMINE, KEY_P384},
        {RATLS_KEY_DEFAULT, KEY_TYPE_P256, RATLS_PEER_SGX_SDK, KEY_P256},
        {RATLS_KEY_DEFAULT, KEY_TYPE_P256, RATLS_PEER_RATS_TLS, KEY_P256},
        {RATLS_KEY_DEFAULT, KEY_TYPE_P256, RATLS_PEER_OPEN_ENCLAVE, KEY_P256},
        {RATLS_KEY_P256, KEY_TYPE_P256, RATLS_PEER_GRAMINE, KEY_P256},
        {RATLS_KEY_P256, KEY_TYPE_P256, RATLS_PEER_ANY, KEY_P256},
        {RATLS_KEY_P384, KEY_TYPE_P384, RATLS_PEER_GRAMINE, KEY_P384},
        {RATLS_KEY_RSA3072, KEY_TYPE_RSA, RATLS_PEER_SGX_SDK, KEY_RSA},
        {RATLS_KEY_RSA3072, KEY_TYPE_RSA, RATLS_PEER_OPEN_ENCLAVE, KEY_RSA},
    };
    EACH(i, rows)
    {
        world w = world_of(QUOTE_SGX, 3, false);
        ratls_verifier *r = world_verifier(&w.vendor);
        for (int given = 0; given < 2; given++) {
            EVP_PKEY *key = key_named(rows[i].made, "given");
            ratls_attester_options o = world_options(&w);
            o.peer = rows[i].peer;
            o.key_type = given ? RATLS_KEY_P256 : rows[i].type;
            if (given)
                o.key_pem = key_private_pem(key);
            ratls_credential *c = world_certificate(&o, NOW);
            ratls_error e = {.text = ""};
            if (world_judge(r, ratls_credential_chain(c, 0), NOW, &e) != RATLS_OK)
                fail_msg("%s", e.text);
            certificate cert;
            assert_int_equal(certificate_parse(ratls_credential_chain(c, 0), &cert, &e), RATLS_OK);
            assert_int_equal(cert.kind, rows[i].kind);
            assert_int_equal(bytes_equal(cert.spki, key_spki(key)), given);
            if (given)
                assert_bytes(ratls_credential_key_pem(c), key_private_pem(key));
            ratls_credential_free(&c);
        }
        ratls_verifier_free(&r);
    }
}

static void signed_by_ca(void **state)
{
    (void)state;
    static const struct {
        ratls_peer peer;
        bool alone;
    } rows[] = {{RATLS_PEER_ANY, false},
                {RATLS_PEER_GRAMINE, true},
                {RATLS_PEER_SGX_SDK, false},
                {RATLS_PEER_OPEN_ENCLAVE, false}};
    static const key_type types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA};
    EACH(i, rows)
    EACH(k, types)
    {
        EVP_PKEY *key = key_named(types[k], "ca");
        cert_spec spec = ca_spec(key);
        bytes ca = cert_make(&spec);
        world w = world_of(QUOTE_SGX, 3, false);
        ratls_attester_options o = world_options(&w);
        o.peer = rows[i].peer;
        o.ca_certificate = k == 0 ? ca : pem_of("CERTIFICATE", ca);
        o.ca_key_pem = key_private_pem(key);
        ratls_credential *c = world_certificate(&o, NOW);
        ratls_error e = {.text = ""};
        ratls_verifier *r = world_verifier(&w.vendor);
        assert_int_equal(ratls_verifier_set_ca(r, ca, &e), RATLS_OK);
        if (world_judge(r, ratls_credential_chain(c, 0), NOW, &e) != RATLS_OK)
            fail_msg("%s", e.text);
        X509 *leaf = x509_of(ratls_credential_chain(c, 0)), *issuer = x509_of(ca);
        assert_int_equal(X509_check_issued(issuer, leaf), X509_V_OK);
        X509_free(leaf);
        X509_free(issuer);
        if (rows[i].alone)
            assert_int_equal(ratls_credential_chain(c, 1).n, 0);
        else
            assert_bytes(ratls_credential_chain(c, 1), ca);
        assert_int_equal(ratls_credential_chain(c, 2).n, 0);
        assert_int_equal(ratls_credential_not_after(c), NOW + 1000);
        ratls_credential_free(&c);
        ratls_verifier_free(&r);
    }
}

/* What a request asks for is what a certificate would hold, but for the issuer's part. */
static void request(void **state)
{
    (void)state;
    static const char *const names[] = {"web.example"};
    world w = world_of(QUOTE_TDX, 4, false);
    ratls_attester_options o = world_options(&w);
    o.subject = "CN=asks";
    o.names = names;
    o.names_n = 1;
    ratls_attester *a = world_attester(&o);
    ratls_credential *c = NULL;
    ratls_error e = {.text = ""};
    if (ratls_attester_request(a, &c, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    assert_null(ratls_attester_certificate(a));
    assert_int_equal(ratls_credential_chain(c, 0).n, 0);
    bytes der = ratls_credential_request(c);
    const unsigned char *p = der.p;
    X509_REQ *req = d2i_X509_REQ(NULL, &p, (long)der.n);
    assert_non_null(req);
    assert_ptr_equal(p, der.p + der.n);
    EVP_PKEY *key = X509_REQ_get0_pubkey(req);
    assert_int_equal(X509_REQ_verify(req, key), 1);
    STACK_OF(X509_EXTENSION) *x = X509_REQ_get_extensions(req);
    ASN1_OBJECT *oid = OBJ_txt2obj(OID_EVIDENCE, 1);
    int at = X509v3_get_ext_by_OBJ(x, oid, -1);
    assert_true(at >= 0);
    assert_true(X509v3_get_ext_by_NID(x, NID_subject_alt_name, -1) >= 0);
    assert_int_equal(X509v3_get_ext_by_NID(x, NID_authority_key_identifier, -1), -1);
    const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(X509v3_get_ext(x, at));
    evidence ev;
    bytes held = bytes_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    assert_int_equal(evidence_parse(held, &ev, &e), RATLS_OK);
    assert_bytes(ev.payload, ratls_credential_quote(c));
    /* A CA that copies them makes a certificate that is accepted. */
    cert_spec spec = cert_spec_of("CN=asks", key_named(KEY_TYPE_P256, "unused"), NOW, NOW + 60);
    cert_spec ca = ca_spec(key_named(KEY_TYPE_P256, "ca"));
    cert_issued_by(&spec, &ca);
    unsigned char *spki = NULL;
    int n = i2d_PUBKEY(key, &spki);
    spec.spki = arena_copy(bytes_of(spki, (size_t)n));
    OPENSSL_free(spki);
    (void)ext_add(&spec.ext, OID_EVIDENCE, false, arena_copy(held));
    ratls_verifier *r = world_verifier(&w.vendor);
    if (world_judge(r, cert_make(&spec), NOW, &e) != RATLS_OK)
        fail_msg("%s", e.text);
    ratls_verifier_free(&r);
    sk_X509_EXTENSION_pop_free(x, X509_EXTENSION_free);
    ASN1_OBJECT_free(oid);
    X509_REQ_free(req);
    ratls_credential_free(&c);
    ratls_attester_free(&a);
}

static void bad_key(ratls_attester_options *o)
{
    o->key_pem = bytes_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
}

static void p521_key(ratls_attester_options *o)
{
    o->key_pem = key_private_pem(key_named(KEY_TYPE_P521, "x"));
}

static void rsa_for_gramine(ratls_attester_options *o)
{
    o->key_type = RATLS_KEY_RSA3072;
    o->peer = RATLS_PEER_GRAMINE;
}

static void rsa_key_for_gramine(ratls_attester_options *o)
{
    o->key_pem = key_private_pem(key_named(KEY_TYPE_RSA, "x"));
    o->peer = RATLS_PEER_GRAMINE;
}

static void bad_subject(ratls_attester_options *o)
{
    o->subject = "web";
}

static void bad_name(ratls_attester_options *o)
{
    static const char *const names[] = {"ok.example", "not ok"};
    o->names = names;
    o->names_n = 2;
}

static void many_names(ratls_attester_options *o)
{
    static const char *names[100];
    EACH(i, names)
    names[i] = "a123456789a123456789a123456789a123456789a123456789a123456789."
               "b123456789a123456789a123456789a123456789a123456789a123456789.example";
    o->names = names;
    o->names_n = 100;
}

static void no_collateral(ratls_attester_options *o)
{
    o->staple = true;
    o->source.collateral = NULL;
}

static void staple_for_gramine(ratls_attester_options *o)
{
    o->staple = true;
    o->peer = RATLS_PEER_GRAMINE;
}

static void staple_for_oe(ratls_attester_options *o)
{
    o->staple = true;
    o->peer = RATLS_PEER_OPEN_ENCLAVE;
}

static void good_ca(ratls_attester_options *o)
{
    cert_spec spec = ca_spec(key_named(KEY_TYPE_P256, "ca"));
    o->ca_certificate = cert_make(&spec);
    o->ca_key_pem = key_private_pem(spec.key);
}

static void ca_for_rats_tls(ratls_attester_options *o)
{
    good_ca(o);
    o->peer = RATLS_PEER_RATS_TLS;
}

static void ca_without_key(ratls_attester_options *o)
{
    good_ca(o);
    o->ca_key_pem = BYTES_NONE;
}

static void key_without_ca(ratls_attester_options *o)
{
    good_ca(o);
    o->ca_certificate = BYTES_NONE;
}

static void key_of_another(ratls_attester_options *o)
{
    good_ca(o);
    o->ca_key_pem = key_private_pem(key_named(KEY_TYPE_P256, "another"));
}

static void bad_ca_key(ratls_attester_options *o)
{
    good_ca(o);
    o->ca_key_pem = bytes_text("no key");
}

static void ca_no_certificate(ratls_attester_options *o)
{
    good_ca(o);
    o->ca_certificate = bytes_text("no certificate");
}

static void ca_broken_pem(ratls_attester_options *o)
{
    good_ca(o);
    o->ca_certificate = bytes_text("-----BEGIN CERTIFICATE-----\nAAAA\n");
}

static void ca_is_leaf(ratls_attester_options *o)
{
    cert_spec spec = ca_spec(key_named(KEY_TYPE_P256, "ca"));
    ext_set(&spec.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    good_ca(o);
    o->ca_certificate = cert_make(&spec);
}

static void ca_may_not_sign(ratls_attester_options *o)
{
    cert_spec spec = ca_spec(key_named(KEY_TYPE_P256, "ca"));
    ext_set(&spec.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CRL_SIGN));
    good_ca(o);
    o->ca_certificate = cert_make(&spec);
}

static void refused_options(void **state)
{
    (void)state;
    static const struct {
        void (*set)(ratls_attester_options *o);
        ratls_code code;
        const char *says;
    } rows[] = {
        {bad_key, RATLS_E_MALFORMED, "the key is not a PEM private key"},
        {p521_key, RATLS_E_MALFORMED, "the key is not a PEM private key"},
        {rsa_for_gramine, RATLS_E_UNSUPPORTED, "gramine peers read P-256 and P-384"},
        {rsa_key_for_gramine, RATLS_E_UNSUPPORTED, "gramine peers read P-256 and P-384"},
        {bad_subject, RATLS_E_MALFORMED, "name: no attribute at character 1"},
        {bad_name, RATLS_E_MALFORMED, "name 2, \"not ok\""},
        {many_names, RATLS_E_LIMIT, "subject alternative names take"},
        {no_collateral, RATLS_E_MISSING, "world has no collateral"},
        {staple_for_gramine, RATLS_E_UNSUPPORTED, "gramine peers do not read them"},
        {staple_for_oe, RATLS_E_UNSUPPORTED, "open-enclave peers do not read them"},
        {ca_for_rats_tls, RATLS_E_UNSUPPORTED, "rats-tls peers take self-signed"},
        {ca_without_key, RATLS_E_MISSING, "found only the certificate"},
        {key_without_ca, RATLS_E_MISSING, "found only the key"},
        {key_of_another, RATLS_E_MALFORMED, "is not that of its certificate"},
        {bad_ca_key, RATLS_E_MALFORMED, "the CA's key is not"},
        {ca_no_certificate, RATLS_E_MALFORMED, "certificate"},
        {ca_broken_pem, RATLS_E_MALFORMED, "broken PEM"},
        {ca_is_leaf, RATLS_E_MALFORMED, "not one that may sign"},
        {ca_may_not_sign, RATLS_E_MALFORMED, "not one that may sign"},
    };
    EACH(i, rows)
    {
        world w = world_of(QUOTE_SGX, 3, false);
        ratls_attester_options o = world_options(&w);
        rows[i].set(&o);
        ratls_attester *a;
        ratls_error e = {.text = ""};
        ratls_code code = ratls_attester_new(&a, &o, &e);
        if (code != rows[i].code || e.code != code || strstr(e.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s, %s", i, ratls_code_name(code), e.text);
        assert_null(a);
        assert_false(w.freed); /* still the caller's */
    }
}

/* A quote that grew beyond what some peers read. */
static ratls_code large_quote(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                              size_t *n, ratls_error *e)
{
    (void)e;
    const vendor *v = state;
    vendor big = *v;
    big.quote.auth = bytes_of(arena_alloc(5000), 5000);
    bytes q = vendor_quote(&big, bytes_of(report_data, 64)).quote;
    assert_true(q.n <= cap);
    memcpy(out, q.p, q.n);
    *n = q.n;
    return RATLS_OK;
}

static void larger_than_the_peer_reads(void **state)
{
    (void)state;
    static const struct {
        ratls_peer peer;
        ratls_code code;
        const char *says;
    } rows[] = {
        {RATLS_PEER_ANY, RATLS_OK, ""},
        {RATLS_PEER_GRAMINE, RATLS_E_LIMIT, "gramine peers read at most 8192"},
        {RATLS_PEER_SGX_SDK, RATLS_E_LIMIT, "sgx-sdk peers read at most 8192"},
    };
    EACH(i, rows)
    {
        world w = world_of(QUOTE_SGX, 3, false);
        ratls_attester_options o = world_options(&w);
        o.source = (ratls_source){.name = "large", .state = &w.vendor, .quote = large_quote};
        o.peer = rows[i].peer;
        ratls_attester *a = world_attester(&o);
        ratls_error e = {.text = ""};
        ratls_code code = ratls_attester_renew(a, NOW, &e);
        if (code != rows[i].code || strstr(e.text, rows[i].says) == NULL)
            fail_msg("row %zu: %s", i, e.text);
        ratls_attester_free(&a);
    }
}

/* Sources that say more than there is room for, or carry a chain that cannot be read. */
static ratls_code boasts(void *state, const uint8_t report_data[64], uint8_t *out, size_t cap,
                         size_t *n, ratls_error *e)
{
    (void)state, (void)report_data, (void)out, (void)e;
    *n = cap + 1;
    return RATLS_OK;
}

static ratls_code boasts_of_collateral(void *state, uint8_t *out, size_t cap, size_t *n,
                                       ratls_error *e)
{
    return boasts(state, NULL, out, cap, n, e);
}

static void renew_must(const ratls_attester_options *o, ratls_code expected, const char *says)
{
    ratls_attester *a = world_attester(o);
    ratls_error e = {.text = ""};
    ratls_code code = ratls_attester_renew(a, NOW, &e);
    if (code != expected || strstr(e.text, says) == NULL)
        fail_msg("%s: %s", says, e.text);
    ratls_attester_free(&a);
}

static void more_than_there_is_room(void **state)
{
    (void)state;
    world w = world_of(QUOTE_SGX, 3, false);
    ratls_attester_options o = world_options(&w);
    o.source.quote = boasts;
    renew_must(&o, RATLS_E_LIMIT, "world: a quote of 65537 bytes");
    o = world_options(&w);
    o.source.collateral = boasts_of_collateral;
    renew_must(&o, RATLS_OK, "");
    o.staple = true;
    renew_must(&o, RATLS_E_LIMIT, "world: collateral of 262145 bytes");
    /* Read, and too long for a certificate. */
    bytes chain = vendor_pck_chain(&w.vendor);
    buf much = {0};
    while (much.n < 70000)
        buf_put(&much, bytes_cut(chain, chain.n - 1)); /* without its NUL */
    collateral_set set = vendor_collateral(&w.vendor);
    set.pck_crl_issuer_chain = buf_bytes(&much);
    w.collateral = collateral_json(&set);
    o.source.collateral = world_options(&w).source.collateral;
    renew_must(&o, RATLS_E_LIMIT, "a certificate holds at most 65536");
}

static void chains_in_the_quote(void **state)
{
    (void)state;
    static const struct {
        unsigned type;
        const char *data;
        ratls_code code;
        const char *says;
    } rows[] = {
        {5, "no PEM", RATLS_E_MALFORMED, "the certificate chain in the quote is not PEM"},
        {5, "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n", RATLS_E_MALFORMED,
         "the certificate chain in the quote: "},
        {1, "an encrypted PPID, which has no dates", RATLS_OK, ""},
    };
    EACH(i, rows)
    {
        world w = world_of(QUOTE_SGX, 3, false);
        w.vendor.quote.cert_type = rows[i].type;
        w.vendor.quote.cert_data = bytes_text(rows[i].data);
        ratls_attester_options o = world_options(&w);
        renew_must(&o, rows[i].code, rows[i].says);
    }
}

static void peer_names(void **state)
{
    (void)state;
    static const char *const names[] = {"any", "gramine", "sgx-sdk", "rats-tls", "open-enclave"};
    EACH(i, names)
    {
        ratls_peer peer;
        assert_string_equal(ratls_peer_name((ratls_peer)i), names[i]);
        assert_true(ratls_peer_from_name(names[i], &peer));
        assert_int_equal(peer, i);
    }
    ratls_peer peer = RATLS_PEER_ANY;
    assert_null(ratls_peer_name((ratls_peer)5));
    assert_false(ratls_peer_from_name("gramin", &peer));
    assert_false(ratls_peer_from_name("", &peer));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(signed_by_ca),
        cmocka_unit_test(request),
        cmocka_unit_test(refused_options),
        cmocka_unit_test(larger_than_the_peer_reads),
        cmocka_unit_test(more_than_there_is_room),
        cmocka_unit_test(chains_in_the_quote),
        cmocka_unit_test(peer_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
