/* Whole certificates: every field, properties of all truncations and flips, public certificates. */
#include "testing.h"

#include <jansson.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "assemble.h"
#include "base/base64.h"
#include "vectors.h"
#include "x509/certificate.h"
#include "x509_maker.h"

#define NOW 1700000000
#define DAY 86400

static bytes assembled(const char *text)
{
    bytes block = assemble(text), kept = arena_copy(block);
    bytes_free(block);
    return kept;
}

static cert_spec good_spec(void)
{
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "self");
    cert_spec c = cert_spec_of("CN=peer,O=ratls tests,C=US", key, NOW - DAY, NOW + DAY);
    ext_set(&c.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
    ext_set(&c.ext, OID_KEY_USAGE, true, ext_usage(USAGE_SIGNATURE));
    ext_set(&c.ext, OID_SUBJECT_KEY_ID, false, ext_subject_key_id(key));
    ext_set(&c.ext, OID_AUTHORITY_KEY_ID, false, ext_authority_key_id(key));
    return c;
}

/* As refused parsers are given it: a block of exactly its size, so that a sanitizer sees one byte
 * too many. */
static ratls_code parse_exactly(bytes der, ratls_error *e)
{
    certificate c;
    bytes block = bytes_resized(der, der.n);
    ratls_code code = certificate_parse(block, &c, e);
    bytes_free(block);
    return code;
}

static void reads_every_field(void **state)
{
    (void)state;
    cert_spec s = good_spec();
    EVP_PKEY *key = s.key;
    s.serial = assembled("00 80 01");
    s.subject = mk_name("CN=leaf,O=ratls tests");
    s.not_after = 253402300799;
    ext_set(&s.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 3));
    ext_set(&s.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN | USAGE_CRL_SIGN));
    ext_set(&s.ext, OID_CRL_DISTRIBUTION, false, ext_crl_distribution("https://crl.test/a"));
    (void)ext_add(&s.ext, "1.2.3.4", true, assembled("05 00"));
    (void)ext_add(&s.ext, "1.2.3.5", true, assembled("01"));
    bytes der = cert_make(&s);
    certificate c;
    ratls_error e;
    assert_int_equal(certificate_parse(der, &c, &e), RATLS_OK);
    cert_layout l = cert_layout_of(der);
    assert_true(bytes_equal(c.der, der));
    assert_true(bytes_equal(c.tbs, bytes_of(der.p + l.tbs_at, l.tbs_n)));
    assert_int_equal(c.version, 3);
    assert_true(bytes_equal(c.serial, s.serial));
    assert_true(bytes_equal(c.issuer, s.issuer));
    assert_true(bytes_equal(c.subject, s.subject));
    assert_int_equal(c.not_before, s.not_before);
    assert_int_equal(c.not_after, s.not_after);
    assert_true(bytes_equal(c.spki, key_spki(key)));
    assert_true(bytes_equal(c.point, key_point(key)));
    assert_int_equal(c.kind, KEY_P256);
    assert_int_equal(c.key_bits, 256);
    assert_int_equal(c.signature_algorithm, CRYPTO_ECDSA_SHA256);
    assert_int_equal(c.extensions_n, 7);
    assert_true(c.has_basic_constraints && c.is_ca);
    assert_int_equal(c.path_len, 3);
    assert_true(c.has_key_usage);
    assert_int_equal(c.key_usage, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
    assert_true(bytes_equal(c.subject_key_id, key_id(key)));
    assert_true(bytes_equal(c.authority_key_id, key_id(key)));
    assert_false(c.authority_by_serial);
    assert_true(c.has_crl_distribution_points);
    assert_int_equal(c.unknown_critical_n, 2);
    assert_true(bytes_equal(c.unknown_critical, oid_contents("1.2.3.4")));
    const extension *x = certificate_extension(&c, oid_contents("1.2.3.5"));
    assert_non_null(x);
    assert_true(x->critical && bytes_equal(x->value, assembled("01")));
    assert_null(certificate_extension(&c, oid_contents("1.2.3.6")));
    crypto_key *k = crypto_key_from_p256(c.point);
    assert_true(crypto_verify(k, c.signature_algorithm, c.tbs, c.signature));
    crypto_key_free(k);
}

/* Version 4 is read like version 3, by the reader of TLS certificates only. */
static void version_4_in_tls_certificates(void **state)
{
    (void)state;
    static const struct {
        int encoded;
        unsigned version;
        ratls_code strict, tls;
    } rows[] = {
        {2, 3, RATLS_OK, RATLS_OK},
        {3, 4, RATLS_E_UNSUPPORTED, RATLS_OK},
        {4, 5, RATLS_E_UNSUPPORTED, RATLS_E_UNSUPPORTED},
        {1, 2, RATLS_E_MALFORMED, RATLS_E_MALFORMED}, /* with extensions */
        {0, 1, RATLS_E_MALFORMED, RATLS_E_MALFORMED},
        {65535, 65536, RATLS_E_UNSUPPORTED, RATLS_E_UNSUPPORTED},
        {65536, 65537, RATLS_E_MALFORMED, RATLS_E_MALFORMED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cert_spec s = good_spec();
        s.version = rows[i].encoded;
        bytes der = cert_make(&s);
        certificate strict, tls;
        ratls_error e = {.text = ""};
        assert_int_equal(certificate_parse(der, &strict, &e), rows[i].strict);
        assert_int_equal(certificate_parse_tls(der, &tls, &e), rows[i].tls);
        if (rows[i].tls == RATLS_OK) {
            assert_int_equal(tls.version, rows[i].version);
            assert_int_equal(tls.extensions_n, s.ext.n);
        }
    }
}

static void absent_fields_are_empty(void **state)
{
    (void)state;
    cert_spec s = good_spec();
    s.version = -1;
    s.no_extensions = true;
    certificate c;
    ratls_error e;
    assert_int_equal(certificate_parse(cert_make(&s), &c, &e), RATLS_OK);
    assert_int_equal(c.version, 1);
    assert_int_equal(c.extensions_n, 0);
    assert_false(c.has_basic_constraints || c.is_ca || c.has_key_usage ||
                 c.has_crl_distribution_points);
    assert_int_equal(c.path_len, -1);
    assert_int_equal(c.subject_key_id.n + c.authority_key_id.n + c.unknown_critical.n, 0);
    assert_int_equal(c.unknown_critical_n, 0);
}

static void every_truncation_is_malformed(void **state)
{
    (void)state;
    cert_spec s = good_spec();
    bytes der = cert_make(&s);
    for (size_t n = 0; n < der.n; n++) {
        ratls_error e;
        if (parse_exactly(bytes_cut(der, n), &e) != RATLS_E_MALFORMED)
            fail_msg("the first %zu bytes", n);
    }
}

/* Also where the outer lengths are right: the tbs, cut inside and framed anew. */
static void every_truncated_tbs_is_refused(void **state)
{
    (void)state;
    cert_spec s = good_spec();
    bytes der = cert_make(&s);
    cert_layout l = cert_layout_of(der);
    bytes tbs = bytes_of(der.p + l.tbs_at + 4, l.tbs_n - 4);
    bytes rest = bytes_of(der.p + l.algorithm_at, der.n - l.algorithm_at);
    size_t accepted = 0;
    for (size_t n = 0; n < tbs.n; n++) {
        arena_mark mark = arena_here();
        ratls_error e;
        bytes cut = mk_seq(mk_tlv(DER_SEQUENCE, bytes_cut(tbs, n)), rest);
        if (parse_exactly(cut, &e) == RATLS_OK)
            accepted++;
        arena_back(mark);
    }
    /* Only the one that ends with the public key: extensions are optional. */
    assert_int_equal(accepted, 1);
}

static void every_flip_is_refused_or_breaks_the_signature(void **state)
{
    (void)state;
    cert_spec s = good_spec();
    bytes der = cert_make(&s);
    uint8_t *p = arena_alloc(der.n);
    memcpy(p, der.p, der.n);
    size_t parsed = 0;
    for (size_t at = 0; at < der.n; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            certificate c;
            p[at] ^= (uint8_t)(1U << bit);
            if (certificate_parse(bytes_of(p, der.n), &c, NULL) == RATLS_OK) {
                parsed++;
                crypto_key *key = crypto_key_from_spki(c.spki);
                bool good = crypto_verify(key, c.signature_algorithm, c.tbs, c.signature);
                crypto_key_free(key);
                if (good)
                    fail_msg("bit %u of byte %zu", bit, at);
            }
            p[at] ^= (uint8_t)(1U << bit);
        }
    }
    assert_true(parsed > 1000); /* else the property says nothing */
}

static void serials_are_judged_apart(void **state)
{
    (void)state;
    static const struct {
        const char *serial;
        bool ok;
    } cases[] = {{"01", true},     {"00", false},       {"ff", false},     {"80*20", false},
                 {"00 80", true},  {"7f*20", true},     {"", false},       {"00 ff*20", true},
                 {"01*21", false}, {"00 ff*21", false}, {"00 ff*19", true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        certificate c = {.serial = assembled(cases[i].serial)};
        if (certificate_serial_ok(&c) != cases[i].ok)
            fail_msg("serial %s", cases[i].serial);
    }
}

/* Public certificates, compared with OpenSSL's reading of the same bytes. */

static int64_t seconds_of(const ASN1_TIME *t)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch, t), 1);
    ASN1_TIME_free(epoch);
    return (int64_t)days * 86400 + seconds;
}

static bytes octets_of(const ASN1_STRING *s)
{
    return s == NULL ? BYTES_NONE
                     : bytes_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
}

static void assert_name(bytes name, const X509_NAME *expected)
{
    const unsigned char *p;
    size_t n;
    assert_int_equal(X509_NAME_get0_der(expected, &p, &n), 1);
    assert_true(bytes_equal(name, bytes_of(p, n)));
}

static void assert_like_openssl(const certificate *c, X509 *x)
{
    unsigned char *p = NULL;
    assert_int_equal(c->version, X509_get_version(x) + 1);
    int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(x), &p);
    assert_true(n > 2 && bytes_equal(c->serial, bytes_of(p + 2, (size_t)n - 2)));
    OPENSSL_free(p);
    assert_name(c->issuer, X509_get_issuer_name(x));
    assert_name(c->subject, X509_get_subject_name(x));
    assert_int_equal(c->not_before, seconds_of(X509_get0_notBefore(x)));
    assert_int_equal(c->not_after, seconds_of(X509_get0_notAfter(x)));
    p = NULL;
    n = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &p);
    assert_true(n > 0 && bytes_equal(c->spki, bytes_of(p, (size_t)n)));
    OPENSSL_free(p);
    crypto_key *key = crypto_key_from_spki(c->spki);
    assert_int_equal(key != NULL, X509_get0_pubkey(x) != NULL);
    if (key != NULL)
        assert_int_equal(c->key_bits, EVP_PKEY_get_bits(X509_get0_pubkey(x)));
    const ASN1_BIT_STRING *signature;
    X509_get0_signature(&signature, NULL, x);
    assert_true(bytes_equal(c->signature, octets_of(signature)));
    assert_int_equal(c->extensions_n, (size_t)X509_get_ext_count(x));
    assert_true(bytes_equal(c->subject_key_id, octets_of(X509_get0_subject_key_id(x))));
    assert_true(bytes_equal(c->authority_key_id, octets_of(X509_get0_authority_key_id(x))));
    assert_int_equal(c->is_ca, X509_check_ca(x) == 1);
    assert_int_equal(c->path_len, X509_get_pathlen(x));
    uint32_t usage = X509_get_key_usage(x);
    assert_int_equal(c->has_key_usage, usage != UINT32_MAX);
    if (c->has_key_usage) {
        assert_int_equal(c->key_usage & KEY_USAGE_DIGITAL_SIGNATURE,
                         (usage & KU_DIGITAL_SIGNATURE) != 0);
        assert_int_equal((c->key_usage & KEY_USAGE_CERT_SIGN) != 0,
                         (usage & KU_KEY_CERT_SIGN) != 0);
        assert_int_equal((c->key_usage & KEY_USAGE_CRL_SIGN) != 0, (usage & KU_CRL_SIGN) != 0);
    }
    assert_int_equal(c->has_crl_distribution_points,
                     X509_get_ext_by_NID(x, NID_crl_distribution_points, -1) >= 0);
    if (key != NULL && bytes_equal(c->issuer, c->subject))
        assert_int_equal(crypto_verify(key, c->signature_algorithm, c->tbs, c->signature),
                         X509_verify(x, X509_get0_pubkey(x)) == 1);
    crypto_key_free(key);
}

static void check_public(const char *source, bytes der)
{
    certificate c;
    ratls_error e;
    if (certificate_parse(der, &c, &e) != RATLS_OK)
        fail_msg("%s: %s", source, e.text);
    const unsigned char *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    assert_non_null(x);
    assert_ptr_equal(p, der.p + der.n);
    assert_like_openssl(&c, x);
    X509_free(x);
}

static bytes after(bytes text, const char *mark)
{
    size_t at = bytes_find(text, bytes_text(mark));
    return at == text.n ? BYTES_NONE
                        : bytes_of(text.p + at + strlen(mark), text.n - at - strlen(mark));
}

/* All blocks wherever they begin: in quotes not at a line, and in one right after another. */
static size_t check_public_pem(const char *source, bytes text)
{
    static uint8_t der[CERTIFICATE_MAX];
    size_t n, count = 0;
    for (text = after(text, "-----BEGIN "); text.n > 0; text = after(text, "-----BEGIN ")) {
        bytes body = after(text, "CERTIFICATE-----");
        bytes base64 = bytes_of(body.p, bytes_find(body, bytes_text("-----END ")));
        if (!base64_decode(base64, der, sizeof der, &n))
            fail_msg("%s: not base64 after %zu certificates", source, count);
        check_public(source, bytes_of(der, n));
        count++;
    }
    return count;
}

static void public_certificates_are_read_as_openssl_reads_them(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file;
        size_t n; /* PEM blocks; 0: DER */
    } files[] = {
        {"interop-certs/gramine-cert.pem", 1},
        {"interop-certs/intel-sgxsdk-cert.pem", 1},
        {"interop-certs/rats-tls-cert.pem", 1},
        {"sgxsdk/intel-sgxsdk-cert.der", 0},
        {"sgxsdk/pckcertselection/pck0_sample.pem", 1},
        {"snp/chain-milan-vcek.pem", 2},
        {"snp/chain-milan-vlek.pem", 2},
        {"snp/chain-genoa-vcek.pem", 2},
        {"snp/chain-turin-vcek.pem", 2},
        {"snp/milan-v2-vcek.der", 0},
        {"snp/milan-v3-vcek.der", 0},
        {"snp/milan-v3-vlek.der", 0},
        {"snp/genoa-v3-tls-vcek.der", 0},
        {"snp/genoa-v3-tls-servercert.pem", 1},
        {"snp/turin-v5-vcek.der", 0},
        {"tpm/azure-snp-genoa-vcek.der", 0},
        {"nitro/AWS_NitroEnclaves_Root-G1.pem", 1},
        {"nitro/ratls-san-cert-2023.der", 0},
        {"nvidia/hopper-580-chain.pem", 5},
        {"oe/sgx_cert_ec_bad.der", 0}, /* bad is the quote in it, and the self-signature */
        {"oe/sgx_cert_rsa_bad.der", 0},
        {"oe/sgx-2022/endorsements-fields/TCB_ISSUER_CHAIN.bin", 2},
        {"oe/sgx-2022/endorsements-fields/CRL_ISSUER_CHAIN_PCK_CERT.bin", 2},
        {"oe/sgx-2022/evidence.bin", 3},
        {"dcap/quotes/sgx3-00906ed5-maa-oldroot.bin", 3},
        {"dcap/quotes/tdx5-90c06f-google.bin", 3},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bytes b = vector_read(files[i].file);
        if (files[i].n == 0)
            check_public(files[i].file, b);
        else if (check_public_pem(files[i].file, b) != files[i].n)
            fail_msg("%s: not %zu certificates", files[i].file, files[i].n);
    }
    json_t *pki = json_load_file(vectors_path("dcap/pki.json"), JSON_REJECT_DUPLICATES, NULL);
    const char *key;
    json_t *entry;
    assert_int_equal(json_object_size(pki), 7);
    json_object_foreach(pki, key, entry)
    {
        const char *pem = json_string_value(json_object_get(entry, "pem"));
        assert_non_null(pem);
        assert_int_equal(check_public_pem(key, bytes_text(pem)), 1);
    }
    json_decref(pki);
}

/* The PCK chains inside 79 more quotes; one holds a root whose key is not on its
 * curve any more. */
static void certificates_of_public_quotes_are_read(void **state)
{
    (void)state;
    vectors_need();
    json_t *quotes = json_load_file(vectors_path("dcap/quotes-more.json"), 0, NULL);
    const char *name;
    json_t *entry;
    size_t n = 0;
    assert_non_null(quotes);
    json_object_foreach(quotes, name, entry)
    {
        arena_mark mark = arena_here();
        bytes quote = bytes_from_hex(json_string_value(json_object_get(entry, "hex")));
        n += check_public_pem(name, quote);
        arena_back(mark);
    }
    json_decref(quotes);
    assert_int_equal(n, 73 * 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_field),
        cmocka_unit_test(version_4_in_tls_certificates),
        cmocka_unit_test(absent_fields_are_empty),
        cmocka_unit_test(every_truncation_is_malformed),
        cmocka_unit_test(every_truncated_tbs_is_refused),
        cmocka_unit_test(every_flip_is_refused_or_breaks_the_signature),
        cmocka_unit_test(serials_are_judged_apart),
        cmocka_unit_test(public_certificates_are_read_as_openssl_reads_them),
        cmocka_unit_test(certificates_of_public_quotes_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
