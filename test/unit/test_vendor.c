#include "testing.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "judge.h"
#include "vectors.h"
#include "vendor.h"

/* The vendor is judged here by OpenSSL and by public vectors that the makers rebuild: not by the
 * code that they exist to test. */

static X509_CRL *crl_of(bytes der)
{
    const unsigned char *p = der.p;
    X509_CRL *l = d2i_X509_CRL(NULL, &p, (long)der.n);
    assert_non_null(l);
    assert_ptr_equal(p, der.p + der.n);
    return l;
}

/* X509_verify_cert with CRL checks of the whole chain; the X509_V_ code. */
static int openssl_verdict(const vendor *v, bytes leaf_der)
{
    X509 *root = x509_of(vendor_root(v)), *ca = x509_of(cert_make(&v->ca)),
         *leaf = x509_of(leaf_der);
    X509_CRL *root_crl = crl_of(crl_make(&v->root_crl)), *pck_crl = crl_of(crl_make(&v->pck_crl));
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    assert_true(store != NULL && ctx != NULL && others != NULL);
    assert_int_equal(X509_STORE_add_cert(store, root), 1);
    assert_int_equal(X509_STORE_add_crl(store, root_crl), 1);
    assert_int_equal(X509_STORE_add_crl(store, pck_crl), 1);
    assert_true(sk_X509_push(others, ca) > 0);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, others), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)v->now);
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                                 X509_V_FLAG_X509_STRICT |
                                                 X509_V_FLAG_CHECK_SS_SIGNATURE);
    int verdict = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(others);
    X509_free(root);
    X509_free(ca);
    X509_free(leaf);
    X509_CRL_free(root_crl);
    X509_CRL_free(pck_crl);
    return verdict;
}

static EVP_PKEY *other_key(void)
{
    return key_named(KEY_TYPE_P256, "other");
}

static void leaf_expired(vendor *v)
{
    v->pck.not_after = v->now - 1;
}
static void leaf_not_yet(vendor *v)
{
    v->pck.not_before = v->now + 1;
}
static void leaf_by_another(vendor *v)
{
    v->pck.signer = other_key();
}
static void leaf_broken(vendor *v)
{
    v->pck.break_signature = true;
}
static void leaf_revoked(vendor *v)
{
    crl_revoke(&v->pck_crl, &v->pck);
}
static void ca_revoked(vendor *v)
{
    crl_revoke(&v->root_crl, &v->ca);
}
static void ca_is_none(vendor *v)
{
    ext_set(&v->ca.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(false, -1));
}
static void root_pathlen_zero(vendor *v)
{
    ext_set(&v->root.ext, OID_BASIC_CONSTRAINTS, true, ext_basic(true, 0));
}
static void leaf_unknown_critical(vendor *v)
{
    (void)ext_add(&v->pck.ext, "1.2.3.4.5", true, mk_null());
}
static void ca_wrong_issuer(vendor *v)
{
    v->ca.issuer = mk_name("CN=Somebody,O=Else");
}
static void ca_without_cert_sign(vendor *v)
{
    ext_set(&v->ca.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CRL_SIGN));
}
static void ca_without_crl_sign(vendor *v)
{
    ext_set(&v->ca.ext, OID_KEY_USAGE, true, ext_usage(USAGE_CERT_SIGN));
}
static void pck_crl_expired(vendor *v)
{
    v->pck_crl.next_update = v->now - 1;
}
static void pck_crl_not_yet(vendor *v)
{
    v->pck_crl.this_update = v->now + 1;
}
static void pck_crl_by_another(vendor *v)
{
    v->pck_crl.signer = other_key();
}
static void root_crl_of_another(vendor *v)
{
    v->root_crl.issuer = mk_name("CN=Somebody,O=Else");
}
static void leaf_without_aki(vendor *v)
{
    ext_remove(&v->pck.ext, OID_AUTHORITY_KEY_ID);
}

static void test_openssl_judges_chain(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*change)(vendor *v);
        int expected;
    } cases[] = {
        {"as it is", NULL, X509_V_OK},
        {"leaf expired", leaf_expired, X509_V_ERR_CERT_HAS_EXPIRED},
        {"leaf not yet valid", leaf_not_yet, X509_V_ERR_CERT_NOT_YET_VALID},
        {"leaf signed by another key", leaf_by_another, X509_V_ERR_CERT_SIGNATURE_FAILURE},
        {"leaf with a broken signature", leaf_broken, X509_V_ERR_CERT_SIGNATURE_FAILURE},
        {"leaf revoked", leaf_revoked, X509_V_ERR_CERT_REVOKED},
        {"CA revoked", ca_revoked, X509_V_ERR_CERT_REVOKED},
        {"CA bit clear", ca_is_none, X509_V_ERR_INVALID_CA},
        {"path length of the root 0", root_pathlen_zero, X509_V_ERR_PATH_LENGTH_EXCEEDED},
        {"unknown critical extension", leaf_unknown_critical,
         X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION},
        {"issuer name", ca_wrong_issuer, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY},
        {"CA without keyCertSign", ca_without_cert_sign, X509_V_ERR_INVALID_CA},
        {"CA without cRLSign", ca_without_crl_sign, X509_V_ERR_KEYUSAGE_NO_CRL_SIGN},
        {"PCK CRL expired", pck_crl_expired, X509_V_ERR_CRL_HAS_EXPIRED},
        {"PCK CRL not yet valid", pck_crl_not_yet, X509_V_ERR_CRL_NOT_YET_VALID},
        {"PCK CRL by another key", pck_crl_by_another, X509_V_ERR_CRL_SIGNATURE_FAILURE},
        {"root CRL of another", root_crl_of_another, X509_V_ERR_UNABLE_TO_GET_CRL},
        {"leaf without AKI", leaf_without_aki, X509_V_ERR_MISSING_AUTHORITY_KEY_IDENTIFIER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (int platform = 0; platform < 2; platform++) {
            vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
            vendor_use_ca(&v, platform != 0);
            if (cases[i].change != NULL)
                cases[i].change(&v);
            int verdict = openssl_verdict(&v, vendor_pck(&v));
            if (verdict != cases[i].expected)
                fail_msg("%s: OpenSSL says \"%s\"", cases[i].name,
                         X509_verify_cert_error_string(verdict));
        }
    }
}

static void test_openssl_judges_tcb_signer(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_TDX, 4, false, VENDOR_T0);
    assert_int_equal(openssl_verdict(&v, cert_make(&v.tcb_signer)), X509_V_OK);
    crl_revoke(&v.root_crl, &v.tcb_signer);
    assert_int_equal(openssl_verdict(&v, cert_make(&v.tcb_signer)), X509_V_ERR_CERT_REVOKED);
}

static void test_names(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_TDX, 4, false, VENDOR_T0);
    vendor_use_names(&v, "Intel", "Intel Corporation");
    assert_int_equal(openssl_verdict(&v, vendor_pck(&v)), X509_V_OK);
    X509 *leaf = x509_of(vendor_pck(&v));
    char name[200];
    (void)X509_NAME_oneline(X509_get_subject_name(leaf), name, sizeof name);
    assert_string_equal(
        name, "/CN=Intel SGX PCK Certificate/O=Intel Corporation/L=Santa Clara/ST=CA/C=US");
    (void)X509_NAME_oneline(X509_get_issuer_name(leaf), name, sizeof name);
    assert_string_equal(
        name, "/CN=Intel SGX PCK Platform CA/O=Intel Corporation/L=Santa Clara/ST=CA/C=US");
    X509_free(leaf);
}

static bool quote_good(const quote_made *m, EVP_PKEY *pck)
{
    bytes q = m->quote;
    bytes key = part(q, m->key_at, 64), qe = part(q, m->qe_report_at, SGX_BODY_N);
    bytes auth = part(q, m->auth_at, m->cert_type_at - m->auth_at);
    bytes hash = digest_of(EVP_sha256(), join(key, auth));
    return verify_p256(key, part(q, 0, m->signed_n), part(q, m->signature_at, 64)) &&
           verify_p256(key_point(pck), qe, part(q, m->qe_signature_at, 64)) &&
           bytes_equal(hash, part(qe, SGX_AT_REPORTDATA, 32)) &&
           bytes_all_zero(part(qe, SGX_AT_REPORTDATA + 32, 32));
}

static const struct {
    const char *name;
    quote_tee tee;
    unsigned version;
    bool td15;
    size_t body_at, signed_n;
} kinds[] = {
    {"SGX v3", QUOTE_SGX, 3, false, 48, 432}, {"SGX v4", QUOTE_SGX, 4, false, 48, 432},
    {"SGX v5", QUOTE_SGX, 5, false, 54, 438}, {"TDX v4", QUOTE_TDX, 4, false, 48, 632},
    {"TDX v5", QUOTE_TDX, 5, false, 54, 638}, {"TDX v5 1.5", QUOTE_TDX, 5, true, 54, 702},
};
#define KINDS_N (sizeof kinds / sizeof kinds[0])

static vendor vendor_of_kind(size_t i)
{
    return vendor_of(kinds[i].tee, kinds[i].version, kinds[i].td15, VENDOR_T0);
}

static bytes some_report_data(void)
{
    return digest_of(EVP_sha512(), bytes_text("report data"));
}

static void test_quotes(void **state)
{
    (void)state;
    for (size_t i = 0; i < KINDS_N; i++) {
        vendor v = vendor_of_kind(i);
        quote_made m = vendor_quote(&v, some_report_data());
        assert_int_equal(m.body_at, kinds[i].body_at);
        assert_int_equal(m.signed_n, kinds[i].signed_n);
        assert_int_equal(m.sig_end, m.quote.n);
        assert_bytes(part(m.quote, m.report_data_at, 64), some_report_data());
        assert_true(quote_good(&m, v.pck.key));

        /* A patch breaks it; signing anew mends it. */
        quote_made patched = m;
        patched.quote = bytes_flipped(m.quote, m.report_data_at, 3);
        assert_false(quote_good(&patched, v.pck.key));
        patched.quote = quote_resigned(&m, patched.quote, v.quote.attestation_key);
        assert_true(quote_good(&patched, v.pck.key));
    }
}

static void set_debug(uint8_t *signed_part, size_t n, void *context)
{
    size_t *seen = context;
    *seen = n;
    signed_part[48 + SGX_AT_ATTRIBUTES] |= 2;
}

static void test_quote_knobs(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    size_t seen = 0;
    v.quote.edit = set_debug;
    v.quote.edit_context = &seen;
    v.quote.trailing = bytes_from_hex("deadbeef");
    v.quote.auth = bytes_of("", 0);
    v.quote.cert_size_delta = -1;
    v.quote.sig_len_delta = 1;
    quote_made m = vendor_quote(&v, some_report_data());
    assert_int_equal(seen, 432);
    assert_int_equal(m.quote.p[48 + SGX_AT_ATTRIBUTES], 0x07);
    assert_int_equal(m.sig_end + 4, m.quote.n);
    assert_int_equal(m.cert_type_at, m.auth_at);
    assert_true(quote_good(&m, v.pck.key));
    uint8_t lengths[4];
    size_t cert_n = m.sig_end - m.cert_at - 1, sig_n = m.sig_end - m.signature_at + 1;
    for (size_t i = 0; i < 4; i++)
        lengths[i] = (uint8_t)(cert_n >> 8 * i);
    assert_bytes(part(m.quote, m.cert_size_at, 4), bytes_of(lengths, 4));
    for (size_t i = 0; i < 4; i++)
        lengths[i] = (uint8_t)(sig_n >> 8 * i);
    assert_bytes(part(m.quote, m.signed_n, 4), bytes_of(lengths, 4));
    /* The same case twice gives the same bytes. */
    assert_bytes(m.quote, vendor_quote(&v, some_report_data()).quote);
}

/* Public quotes are rebuilt from their fields, byte by byte the same. */
static void rebuild(const char *file, quote_tee tee, unsigned version, bool td15)
{
    bytes in = vector_read(file);
    quote_spec q = quote_spec_of(tee, version, td15);
    size_t body_at = version == 5 ? 54 : 48;
    size_t body_n = tee == QUOTE_SGX ? SGX_BODY_N : (td15 ? TD15_BODY_N : TD10_BODY_N);
    size_t at = body_at + body_n + 4;
    size_t qe_at = at + 128 + (version >= 4 ? 6 : 0);
    q.qe_svn = (unsigned)le_at(in, 8, 2);
    q.pce_svn = (unsigned)le_at(in, 10, 2);
    memcpy(q.user_data, part(in, 28, 20).p, 20);
    memcpy(q.body, part(in, body_at, body_n).p, body_n);
    q.signature = part(in, at, 64);
    q.attestation_point = part(in, at + 64, 64);
    memcpy(q.qe_report, part(in, qe_at, SGX_BODY_N).p, SGX_BODY_N);
    q.qe_signature = part(in, qe_at + SGX_BODY_N, 64);
    size_t auth_at = qe_at + SGX_BODY_N + 64;
    q.auth = part(in, auth_at + 2, le_at(in, auth_at, 2));
    size_t cert_at = auth_at + 2 + q.auth.n;
    q.cert_data = part(in, cert_at + 6, le_at(in, cert_at + 2, 4));
    size_t end = cert_at + 6 + q.cert_data.n;
    q.trailing = part(in, end, in.n - end);
    /* qe_report_data_given stays false: the hash of the key is computed here. */
    assert_bytes(quote_make(&q).quote, in);
}

static void test_rebuilds_public_quotes(void **state)
{
    (void)state;
    vectors_need();
    rebuild("dcap/quotes/sgx3-00606a-integritee.bin", QUOTE_SGX, 3, false);
    rebuild("dcap/quotes/sgx3-00906ed5-oe.bin", QUOTE_SGX, 3, false);
    rebuild("dcap/quotes/tdx4-b0c06f-dcapqvl.bin", QUOTE_TDX, 4, false);
    rebuild("dcap/quotes/tdx5-90c06f-google.bin", QUOTE_TDX, 5, true);
}

/* Contents of the value that follows an OID below the PCK extension's prefix. */
static bytes pck_value(bytes ext, const char *suffix)
{
    bytes oid = mk_oid((const char *)arena_format("%s.%s", PCK_EXTENSION_OID, suffix).p);
    size_t at = bytes_find(ext, oid) + oid.n;
    bytes head = part(ext, at, 2);
    return part(ext, at + 2, head.p[1]);
}

static bytes real_pck_extension(const char *file)
{
    bytes quote = vector_read(file);
    size_t at = bytes_find(quote, bytes_text("-----BEGIN"));
    BIO *bio = BIO_new_mem_buf(part(quote, at, quote.n - at).p, (int)(quote.n - at));
    X509 *leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    assert_non_null(leaf);
    bytes value = extension_value(leaf, PCK_EXTENSION_OID);
    X509_free(leaf);
    BIO_free(bio);
    return value;
}

static void test_rebuilds_public_pck_extensions(void **state)
{
    (void)state;
    vectors_need();
    static const struct {
        const char *file;
        bool platform;
    } cases[] = {{"dcap/quotes/sgx3-00906ed5-oe.bin", false},
                 {"dcap/quotes/sgx3-00606a-integritee.bin", true},
                 {"dcap/quotes/tdx4-b0c06f-dcapqvl.bin", true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bytes real = real_pck_extension(cases[i].file);
        pck_spec p = {.platform = cases[i].platform};
        memcpy(p.ppid, pck_value(real, "1").p, 16);
        memcpy(p.components, pck_value(real, "2.18").p, 16);
        p.pcesvn = pck_value(real, "2.17").p[0];
        memcpy(p.pce_id, pck_value(real, "3").p, 2);
        memcpy(p.fmspc, pck_value(real, "4").p, 6);
        p.sgx_type = pck_value(real, "5").p[0];
        if (p.platform) {
            memcpy(p.platform_instance_id, pck_value(real, "6").p, 16);
            p.dynamic_platform = pck_value(real, "7.1").p[0] != 0;
            p.cached_keys = pck_value(real, "7.2").p[0] != 0;
            p.smt_enabled = pck_value(real, "7.3").p[0] != 0;
        }
        assert_bytes(pck_extension(&p), real);
        /* Left out, and twice. */
        p.omit = 1 << 3;
        assert_int_equal(pck_extension(&p).n, real.n - 18);
        p.twice = 1 << 4;
        assert_int_equal(pck_extension(&p).n, real.n - 18 + 22);
        p.omit_component = 18;
        assert_true(pck_extension(&p).n < real.n - 18);
    }
}

static void test_pck_chain_text(void **state)
{
    (void)state;
    vendor v = vendor_of(QUOTE_SGX, 3, false, VENDOR_T0);
    bytes chain = vendor_pck_chain(&v);
    assert_int_equal(certificates_in(chain), 3);
    assert_int_equal(chain.p[chain.n - 1], 0);
    bytes leaf = pem_of("CERTIFICATE", vendor_pck(&v));
    assert_int_equal(bytes_find(chain, leaf), 0);
    v.chain_order = CHAIN_LEAF_ROOT_CA;
    assert_int_equal(bytes_find(vendor_pck_chain(&v), join(leaf, vendor_root_pem(&v))), 0);
    v.chain_order = CHAIN_ROOT_FIRST;
    v.chain_nul = false;
    v.chain_crlf = true;
    chain = vendor_pck_chain(&v);
    assert_int_equal(certificates_in(chain), 3);
    assert_bytes(part(chain, chain.n - 7, 7), bytes_text("-----\r\n"));
}

/* With the example of RFC 6979 A.2.5, SHA-256, message "sample". */
static void test_signatures_are_deterministic(void **state)
{
    (void)state;
    EVP_PKEY *key = key_named(KEY_TYPE_P256, "root");
    assert_ptr_equal(key, key_named(KEY_TYPE_P256, "root"));
    assert_ptr_not_equal(key, key_named(KEY_TYPE_P256, "ca"));
    bytes data = bytes_text("sample"), sig = sign_raw(key, data);
    assert_bytes(sig, sign_raw(key, data));
    assert_true(verify_p256(key_point(key), data, sig));
    assert_false(verify_p256(key_point(other_key()), data, sig));
    bytes x = bytes_from_hex("c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721");
    EVP_PKEY *rfc = key_from_private(KEY_TYPE_P256, x);
    assert_bytes(
        sign_raw(rfc, data),
        bytes_from_hex("efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
                       "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8"));
    EVP_PKEY_free(rfc);
}

static void test_arena(void **state)
{
    (void)state;
    arena_mark m = arena_here();
    for (size_t i = 0; i < 40; i++)
        assert_true(bytes_all_zero(bytes_of(arena_alloc(100000), 100000)));
    arena_back(m);
    bytes a = arena_copy(bytes_text("abc"));
    arena_mark again = arena_here();
    assert_bytes(bytes_spliced(a, 1, 1, bytes_text("xyz")), bytes_text("axyzc"));
    assert_bytes(bytes_patched(a, 2, bytes_text("d")), bytes_text("abd"));
    assert_bytes(bytes_flipped(a, 0, 1), bytes_text("cbc"));
    assert_bytes(text_replaced(a, "bc", ""), bytes_text("a"));
    arena_back(again);
    assert_bytes(a, bytes_text("abc"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openssl_judges_chain),
        cmocka_unit_test(test_openssl_judges_tcb_signer),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_quote_knobs),
        cmocka_unit_test(test_rebuilds_public_quotes),
        cmocka_unit_test(test_rebuilds_public_pck_extensions),
        cmocka_unit_test(test_pck_chain_text),
        cmocka_unit_test(test_signatures_are_deterministic),
        cmocka_unit_test(test_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
