#include "testing.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "cert_maker.h"
#include "judge.h"
#include "vectors.h"

/* TLS certificates of the maker, judged by OpenSSL and by what formats say about their bytes. */

static bool self_signed(X509 *x)
{
    return X509_verify(x, X509_get0_pubkey(x)) == 1;
}

static bytes spki_in(const X509 *x)
{
    unsigned char *p = NULL;
    int n = i2d_PUBKEY(X509_get0_pubkey(x), &p);
    assert_true(n > 0);
    bytes b = arena_copy(bytes_of(p, (size_t)n));
    OPENSSL_free(p);
    return b;
}

/* The public key as OpenSSL writes it in PEM, with its NUL. */
static bytes pem_in(const X509 *x)
{
    BIO *bio = BIO_new(BIO_s_mem());
    assert_int_equal(PEM_write_bio_PUBKEY(bio, X509_get0_pubkey(x)), 1);
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    bytes b = join(bytes_of(p, (size_t)n), bytes_of("", 1));
    BIO_free(bio);
    return b;
}

static bytes padded(const EVP_MD *md, bytes data)
{
    static const uint8_t zeros[64];
    bytes digest = digest_of(md, data);
    return join(digest, bytes_of(zeros, 64 - digest.n));
}

static bytes report_data_in(bytes quote, quote_tee tee)
{
    return part(quote, 48 + (size_t)(tee == QUOTE_TDX ? TD_AT_REPORTDATA : SGX_AT_REPORTDATA), 64);
}

static size_t be16(bytes b, size_t at)
{
    bytes p = part(b, at, 2);
    return (size_t)p.p[0] << 8 | p.p[1];
}

static const key_type key_types[] = {KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_RSA};

/* tag 60000, [bstr quote (two bytes of length), bstr claims]; report data binds the claims, the
 * claims the key [formats 1, 5]. */
static void check_common(const X509 *x, quote_tee tee, bool sha384)
{
    bytes e = extension_value(x, OID_EVIDENCE);
    assert_bytes(part(e, 0, 5), bytes_from_hex("d9ea608259"));
    size_t quote_n = be16(e, 5), at = 7 + quote_n;
    bytes quote = part(e, 7, quote_n), claims = part(e, at + 2, e.n - at - 2);
    assert_int_equal(e.p[at], 0x58);
    assert_int_equal(e.p[at + 1], claims.n);
    bytes hash = digest_of(sha384 ? EVP_sha384() : EVP_sha256(), spki_in(x));
    bytes head = bytes_from_hex(sha384 ? "a16b7075626b65792d6861736858348207"
                                         "5830"
                                       : "a16b7075626b65792d6861736858248201"
                                         "5820");
    assert_bytes(claims, join(head, hash));
    assert_bytes(report_data_in(quote, tee), padded(sha384 ? EVP_sha384() : EVP_sha256(), claims));
}

static void test_common(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (int tdx = 0; tdx < 2; tdx++) {
            quote_tee tee = tdx ? QUOTE_TDX : QUOTE_SGX;
            vendor v = vendor_of(tee, tdx ? 4 : 3, false, VENDOR_T0);
            tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, key_named(key_types[i], "tls"));
            X509 *x = x509_of(tls_make(&t).der);
            assert_true(self_signed(x));
            assert_int_equal(X509_get_version(x), 2);
            time_t now = VENDOR_T0;
            assert_int_equal(X509_cmp_time(X509_get0_notBefore(x), &now), -1);
            assert_int_equal(X509_cmp_time(X509_get0_notAfter(x), &now), 1);
            check_common(x, tee, false);
            X509_free(x);
        }
    }
}

static void test_two_extensions(void **state)
{
    (void)state;
    for (int tdx = 0; tdx < 2; tdx++) {
        quote_tee tee = tdx ? QUOTE_TDX : QUOTE_SGX;
        vendor v = vendor_of(tee, tdx ? 4 : 3, false, VENDOR_T0);
        tls_spec t = tls_spec_of(&v, TLS_SGX_SDK, NULL);
        X509 *x = x509_of(tls_make(&t).der);
        assert_true(self_signed(x));
        check_common(x, tee, tdx != 0);
        bytes e = extension_value(x, OID_EVIDENCE);
        assert_bytes(extension_value(x, OID_SGX_SDK), part(e, 7, be16(e, 5)));
        assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(x)), V_ASN1_GENERALIZEDTIME);
        X509_free(x);

        t = tls_spec_of(&v, TLS_GRAMINE, NULL);
        x = x509_of(tls_make(&t).der);
        assert_true(self_signed(x));
        check_common(x, tee, false);
        bytes legacy = extension_value(x, OID_GRAMINE_AS_ENCODED);
        assert_bytes(report_data_in(legacy, tee), padded(EVP_sha256(), spki_in(x)));
        const X509_ALGOR *alg;
        X509_get0_signature(NULL, &alg, x);
        int type;
        X509_ALGOR_get0(NULL, &type, NULL, alg);
        assert_int_equal(type, V_ASN1_NULL);
        X509_free(x);
    }
}

static void test_older_schemes(void **state)
{
    (void)state;
    static const struct {
        tls_scheme scheme;
        const char *oid, *oid_tdx;
        size_t quote_at;
        bool pem;
    } cases[] = {
        {TLS_GRAMINE_LEGACY, OID_GRAMINE_AS_ENCODED, OID_GRAMINE_AS_ENCODED, 0, false},
        {TLS_GRAMINE_LEGACY_OID, OID_GRAMINE_AS_MEANT, OID_GRAMINE_AS_MEANT, 0, false},
        {TLS_SGX_SDK_LEGACY, OID_SGX_SDK, OID_SGX_SDK, 0, true},
        {TLS_RATS_TLS_LEGACY, OID_GRAMINE_AS_MEANT, OID_RATS_TLS_TDX, 0, false},
        {TLS_OE_REPORT_OLD, OID_OE_REPORT_OLD, OID_OE_REPORT_OLD, 16, true},
        {TLS_OE_REPORT, OID_OE_REPORT, OID_OE_REPORT, 16, true},
        {TLS_OE_EVIDENCE_OLD, OID_OE_EVIDENCE_OLD, OID_OE_EVIDENCE_OLD, 32, true},
        {TLS_OE_EVIDENCE, OID_OE_EVIDENCE, OID_OE_EVIDENCE, 32, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int tdx = 0; tdx < 2; tdx++) {
            quote_tee tee = tdx ? QUOTE_TDX : QUOTE_SGX;
            vendor v = vendor_of(tee, tdx ? 4 : 3, false, VENDOR_T0);
            tls_spec t = tls_spec_of(&v, cases[i].scheme, NULL);
            tls_made m = tls_make(&t);
            X509 *x = x509_of(m.der);
            assert_true(self_signed(x));
            assert_int_equal(extension_count(x, OID_EVIDENCE), 0);
            bytes value = extension_value(x, tdx ? cases[i].oid_tdx : cases[i].oid);
            bytes quote = part(value, cases[i].quote_at, m.quote.quote.n), key = spki_in(x);
            if (cases[i].pem)
                key = pem_in(x);
            bool sha384 = tdx && cases[i].scheme == TLS_SGX_SDK_LEGACY;
            assert_bytes(quote, m.quote.quote);
            assert_bytes(report_data_in(quote, tee),
                         padded(sha384 ? EVP_sha384() : EVP_sha256(), key));
            bytes rest =
                part(value, cases[i].quote_at + quote.n, value.n - cases[i].quote_at - quote.n);
            assert_bytes(rest, cases[i].quote_at == 32 ? key : BYTES_NONE);
            X509_free(x);
        }
    }
}

static void test_oe_headers(void **state)
{
    (void)state;
    bytes quote = bytes_text("quote");
    assert_bytes(oe_report_of(1, 2, quote),
                 join(bytes_from_hex("01000000020000000500000000000000"), quote));
    assert_bytes(
        oe_evidence_of(3, OE_UUID_SGX_ECDSA, quote, bytes_text("xyz")),
        join(bytes_from_hex("03000000a3a21e871b4d4014b70aa125d2fbcd8c000000000800000000000000"),
             quote, bytes_text("xyz")));
    assert_bytes(oe_custom_claims_of("a", bytes_text("bc")), bytes_from_hex("0100000000000000"
                                                                            "0100000000000000"
                                                                            "0200000000000000"
                                                                            "0200000000000000"
                                                                            "6100"
                                                                            "6263"));
}

static void test_rebuilds_public_evidence(void **state)
{
    (void)state;
    vectors_need();
    bytes pem = vector_read("interop-certs/rats-tls-cert.pem");
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *x = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(x);
    bytes e = extension_value(x, OID_EVIDENCE);
    size_t quote_n = be16(e, 5), at = 7 + quote_n;
    size_t claims_at = at + (e.p[at] == 0x58 ? 2 : 3);
    bytes quote = part(e, 7, quote_n), claims = part(e, claims_at, e.n - claims_at);
    assert_bytes(evidence_of(60000, 0, quote, claims), e);
    /* Its pubkey-hash comes first: the claims-buffer begins as ours. */
    bytes entry = hash_entry_of(1, digest_of(EVP_sha256(), spki_in(x)));
    claim_spec one = claim_of("pubkey-hash", entry);
    bytes ours = claims_of(&one, 1);
    assert_bytes(part(claims, 1, ours.n - 1), part(ours, 1, ours.n - 1));
    X509_free(x);
    BIO_free(bio);
}

static void test_claims_knobs(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
    t.hash_alg = 8;
    t.hash_alg_width = 4;
    t.has_nonce = true;
    t.nonce = bytes_text("n");
    t.extra[t.extra_n++] = claim_of("x", bytes_text("y"));
    t.tag_width = 4;
    t.evidence_after = bytes_text("!");
    t.inner_octet_string = true;
    tls_made m = tls_make(&t);
    bytes hash = digest_of(EVP_sha512(), key_spki(t.cert.key));
    assert_bytes(m.claims,
                 join(bytes_from_hex("a36b7075626b65792d686173685848821a000000085840"), hash,
                      bytes_from_hex("656e6f6e6365416e"
                                     "61784179")));
    X509 *x = x509_of(m.der);
    bytes value = extension_value(x, OID_EVIDENCE);
    assert_bytes(part(value, 0, 2), bytes_from_hex("0482"));
    assert_int_equal(be16(value, 2), value.n - 4);
    assert_bytes(part(value, 4, 6), bytes_from_hex("da0000ea6082"));
    assert_int_equal(value.p[value.n - 1], '!');
    X509_free(x);

    t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
    t.claims = bytes_of("", 0);
    t.report_data = digest_of(EVP_sha512(), bytes_text("other"));
    m = tls_make(&t);
    assert_int_equal(m.evidence.p[m.evidence.n - 1], 0x40);
    assert_bytes(report_data_in(m.quote.quote, QUOTE_SGX), t.report_data);
    t.evidence = bytes_text("anything");
    x = x509_of(tls_make(&t).der);
    assert_bytes(extension_value(x, OID_EVIDENCE), bytes_text("anything"));
    X509_free(x);
}

static void test_endorsements(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_TDX, 5, true, VENDOR_T0);
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
    t.endorsements = true;
    tls_made m = tls_make(&t);
    X509 *x = x509_of(m.der);
    assert_bytes(extension_value(x, OID_ENDORSEMENTS), m.endorsements);
    assert_bytes(part(m.endorsements, 0, 9), bytes_from_hex("d9ea60881a00000003"));
    X509_free(x);
}

static void test_certificate_knobs(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);

    tls_made m = tls_prepare(&t);
    m.cert.break_signature = true;
    X509 *x = x509_of(cert_make(&m.cert));
    assert_false(self_signed(x));
    X509_free(x);

    m = tls_prepare(&t);
    ext_spec *e = ext_find(&m.cert.ext, OID_EVIDENCE);
    (void)ext_add_oid(&m.cert.ext, e->oid, false, e->value);
    x = x509_of(cert_make(&m.cert));
    assert_true(self_signed(x));
    assert_int_equal(extension_count(x, OID_EVIDENCE), 2);
    X509_free(x);

    m = tls_prepare(&t);
    ext_find(&m.cert.ext, OID_EVIDENCE)->critical_raw = bytes_from_hex("010101");
    bytes der = cert_make(&m.cert);
    bytes odd = join(mk_oid(OID_EVIDENCE), bytes_from_hex("010101"));
    assert_true(bytes_find(der, odd) < der.n);
    m = tls_prepare(&t);
    ext_set(&m.cert.ext, OID_EVIDENCE, true, bytes_text("x"));
    x = x509_of(cert_make(&m.cert));
    assert_bytes(extension_value(x, OID_EVIDENCE), bytes_text("x"));
    X509_free(x);

    m = tls_prepare(&t);
    m.cert.version = 0;
    m.cert.serial = bytes_from_hex("ff");
    m.cert.not_before_raw = mk_generalized_time(VENDOR_T0);
    x = x509_of(cert_make(&m.cert));
    assert_true(self_signed(x));
    assert_int_equal(X509_get_version(x), 0);
    assert_int_equal(ASN1_INTEGER_get(X509_get0_serialNumber(x)), -1);
    assert_int_equal(ASN1_STRING_type(X509_get0_notBefore(x)), V_ASN1_GENERALIZEDTIME);
    X509_free(x);

    t.evidence_len_width = 4;
    m = tls_make(&t);
    der = join(mk_oid(OID_EVIDENCE), bytes_from_hex("0484"));
    assert_true(bytes_find(m.der, der) < m.der.n);
}

static void test_issued_by_ca(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    cert_spec ca = cert_spec_of("CN=Test TLS CA", key_named(KEY_TYPE_P384, "tls ca"),
                                VENDOR_T0 - VENDOR_DAY, VENDOR_T0 + VENDOR_DAY);
    (void)ext_add(&ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, -1));
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, NULL);
    cert_issued_by(&t.cert, &ca);
    X509 *x = x509_of(tls_make(&t).der), *issuer = x509_of(cert_make(&ca));
    assert_false(self_signed(x));
    assert_int_equal(X509_check_issued(issuer, x), X509_V_OK);
    assert_int_equal(X509_verify(x, X509_get0_pubkey(issuer)), 1);
    X509_free(x);
    X509_free(issuer);
}

static void test_signing_anew(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    static const tls_scheme schemes[] = {TLS_INTEROPERABLE, TLS_GRAMINE};
    for (size_t i = 0; i < 2; i++) {
        for (size_t k = 0; k < 3; k++) {
            tls_spec t = tls_spec_of(&v, schemes[i], key_named(key_types[k], "tls"));
            tls_made m = tls_make(&t);
            size_t at = bytes_find(m.der, m.quote.quote) + 100;
            assert_true(at < m.der.n);
            X509 *x = x509_of(bytes_flipped(m.der, at, 0));
            assert_false(self_signed(x));
            X509_free(x);
            uint8_t flipped = m.der.p[at] ^ 1;
            x = x509_of(cert_patched(m.der, at, bytes_of(&flipped, 1), t.cert.key));
            assert_true(self_signed(x));
            X509_free(x);
            assert_bytes(cert_resigned(m.der, t.cert.key), m.der);
        }
    }
}

static void test_odd_keys(void **state)
{
    (void)state;
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "tls");
    bytes explicit_curve = key_spki_explicit(key), compressed = key_spki_compressed(key);
    assert_true(explicit_curve.n > 200);
    assert_int_equal(compressed.n, key_spki(key).n - 32);
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    bytes const spkis[2] = {explicit_curve, compressed};
    for (size_t i = 0; i < 2; i++) {
        tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, key);
        t.cert.spki = spkis[i];
        tls_made m = tls_make(&t);
        X509 *x = x509_of(m.der);
        assert_true(self_signed(x));
        assert_true(bytes_find(m.claims, digest_of(EVP_sha256(), spkis[i])) < m.claims.n);
        X509_free(x);
    }
    assert_int_equal(EVP_PKEY_get_bits(key_rsa(1024)), 1024);
    tls_spec t = tls_spec_of(&v, TLS_INTEROPERABLE, key);
    t.cert.spki = spki_rsa_of(16384);
    X509 *x = x509_of(tls_make(&t).der);
    assert_int_equal(EVP_PKEY_get_bits(X509_get0_pubkey(x)), 16384);
    X509_free(x);
    bytes point = join(bytes_of("\x04", 1), key_point(key));
    assert_bytes(spki_ec_of("1.2.840.10045.3.1.7", point), key_spki(key));
}

static void test_der(void **state)
{
    (void)state;
    assert_bytes(mk_uint(0), bytes_from_hex("020100"));
    assert_bytes(mk_uint(128), bytes_from_hex("02020080"));
    assert_bytes(mk_tlv_width(0x04, bytes_text("a"), 2), bytes_from_hex("0482000161"));
    assert_bytes(mk_tlv_indefinite(0x24, bytes_text("a")), bytes_from_hex("2480610000"));
    assert_bytes(mk_oid(OID_EVIDENCE), bytes_from_hex("0606678105050409"));
    assert_bytes(mk_oid(OID_GRAMINE_AS_ENCODED), bytes_from_hex("060b06092a864886f84d8a3906"));
    assert_bytes(mk_oid(PCK_EXTENSION_OID), bytes_from_hex("06092a864886f84d010d01"));
    assert_bytes(mk_time(2524607999), join(bytes_from_hex("170d"), bytes_text("491231235959Z")));
    assert_bytes(mk_time(2524608000), join(bytes_from_hex("180f"), bytes_text("20500101000000Z")));
    assert_bytes(mk_time(253402300799),
                 join(bytes_from_hex("180f"), bytes_text("99991231235959Z")));
    assert_bytes(ext_usage(USAGE_CERT_SIGN | USAGE_CRL_SIGN), bytes_from_hex("03020106"));
    assert_bytes(ext_usage(USAGE_SIGNATURE | USAGE_NON_REPUDIATION), bytes_from_hex("030206c0"));
    assert_bytes(ext_basic(true, 1), bytes_from_hex("30060101ff020101"));
    assert_bytes(mk_cbor_head(CBOR_TAG, 60000, 8), bytes_from_hex("db000000000000ea60"));
    assert_bytes(mk_cbor_indefinite(CBOR_ARRAY, mk_cbor_uint(24)), bytes_from_hex("9f1818ff"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_common),
        cmocka_unit_test(test_two_extensions),
        cmocka_unit_test(test_older_schemes),
        cmocka_unit_test(test_oe_headers),
        cmocka_unit_test(test_rebuilds_public_evidence),
        cmocka_unit_test(test_claims_knobs),
        cmocka_unit_test(test_endorsements),
        cmocka_unit_test(test_certificate_knobs),
        cmocka_unit_test(test_issued_by_ca),
        cmocka_unit_test(test_signing_anew),
        cmocka_unit_test(test_odd_keys),
        cmocka_unit_test(test_der),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
