#define _POSIX_C_SOURCE 200809L
/*
 * What a simulated platform makes, held against a second implementation of the same layouts (the
 * makers of these tests) byte for byte, and its certificates against OpenSSL's strictest reading.
 */
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "judge.h"
#include "ratls/sim.h"
#include "vendor.h"

#define DIR "test-sim-layout"

static const char *const roles[] = {"root", "platform-ca", "tcb-signer", "pck"};
enum { ROOT, CA, SIGNER, PCK, ROLES };

typedef struct world {
    ratls_sim *sim;
    const ratls_facts *facts;
    X509 *certs[ROLES];
    EVP_PKEY *keys[ROLES], *attestation;
    json_t *collateral;
} world;

static const char *path_of(const char *name, const char *suffix)
{
    static char path[128];
    (void)snprintf(path, sizeof path, DIR "/%s%s", name, suffix);
    return path;
}

static X509 *read_cert(const char *name)
{
    FILE *f = fopen(path_of(name, ".pem"), "rb");
    assert_non_null(f);
    X509 *x = PEM_read_X509(f, NULL, NULL, NULL);
    (void)fclose(f);
    assert_non_null(x);
    return x;
}

static EVP_PKEY *read_key(const char *name)
{
    FILE *f = fopen(path_of(name, "-key.pem"), "rb");
    assert_non_null(f);
    EVP_PKEY *key = PEM_read_PrivateKey(f, NULL, NULL, NULL);
    (void)fclose(f);
    assert_non_null(key);
    return key;
}

static void clean(void)
{
    for (size_t i = 0; i < ROLES; i++) {
        (void)remove(path_of(roles[i], ".pem"));
        (void)remove(path_of(roles[i], "-key.pem"));
    }
    (void)remove(path_of("attestation", "-key.pem"));
    (void)remove(path_of("collateral", ".json"));
    (void)remove(path_of("platform", ".json"));
    (void)rmdir(DIR);
}

static world world_of(ratls_tee tee, uint16_t version, bool td15)
{
    world w;
    ratls_error e;
    ratls_sim_options o;
    ratls_sim_defaults(tee, &o);
    o.quote_version = version;
    o.td15 = td15;
    o.sgx.config_svn = 7;
    memset(o.sgx.isv_family_id, 0xfa, 16);
    clean();
    assert_int_equal(ratls_sim_new(DIR, &o, VENDOR_T0, &e), RATLS_OK);
    w.sim = ratls_sim_open(DIR, &e);
    assert_non_null(w.sim);
    w.facts = ratls_sim_facts(w.sim);
    for (size_t i = 0; i < ROLES; i++) {
        w.certs[i] = read_cert(roles[i]);
        w.keys[i] = read_key(roles[i]);
    }
    w.attestation = read_key("attestation");
    w.collateral = json_load_file(path_of("collateral", ".json"), JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(w.collateral);
    return w;
}

static void world_end(world *w)
{
    ratls_sim_free(&w->sim);
    for (size_t i = 0; i < ROLES; i++) {
        X509_free(w->certs[i]);
        EVP_PKEY_free(w->keys[i]);
    }
    EVP_PKEY_free(w->attestation);
    json_decref(w->collateral);
    clean();
}

static const char *text_of(const world *w, const char *key)
{
    const char *s = json_string_value(json_object_get(w->collateral, key));
    assert_non_null(s);
    return s;
}

static X509_CRL *crl_of(const world *w, const char *key)
{
    long n;
    unsigned char *der = OPENSSL_hexstr2buf(text_of(w, key), &n);
    assert_non_null(der);
    const unsigned char *p = der;
    X509_CRL *l = d2i_X509_CRL(NULL, &p, n);
    assert_non_null(l);
    assert_ptr_equal(p, der + n);
    OPENSSL_free(der);
    return l;
}

/* X509_verify_cert with CRL checks of the whole chain; the X509_V_ code. */
static int verdict(const world *w, X509 *leaf)
{
    X509_CRL *crls[2] = {crl_of(w, "root_ca_crl"), crl_of(w, "pck_crl")};
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    STACK_OF(X509) *others = sk_X509_new_null();
    assert_true(store != NULL && ctx != NULL && others != NULL);
    assert_int_equal(X509_STORE_add_cert(store, w->certs[ROOT]), 1);
    assert_int_equal(X509_STORE_add_crl(store, crls[0]), 1);
    assert_int_equal(X509_STORE_add_crl(store, crls[1]), 1);
    assert_true(sk_X509_push(others, w->certs[CA]) > 0);
    assert_int_equal(X509_STORE_CTX_init(ctx, store, leaf, others), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, VENDOR_T0);
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL |
                                                 X509_V_FLAG_X509_STRICT |
                                                 X509_V_FLAG_CHECK_SS_SIGNATURE);
    int code = X509_verify_cert(ctx) == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    sk_X509_free(others);
    X509_CRL_free(crls[0]);
    X509_CRL_free(crls[1]);
    return code;
}

static void test_certificates(void **state)
{
    (void)state;
    static const int order[] = {NID_authority_key_identifier, NID_crl_distribution_points,
                                NID_subject_key_identifier, NID_key_usage, NID_basic_constraints};
    world w = world_of(RATLS_TEE_SGX, 3, false);
    assert_int_equal(verdict(&w, w.certs[PCK]), X509_V_OK);
    assert_int_equal(verdict(&w, w.certs[SIGNER]), X509_V_OK);
    for (size_t i = 0; i < ROLES; i++) {
        char subject[256];
        (void)X509_NAME_oneline(X509_get_subject_name(w.certs[i]), subject, sizeof subject);
        assert_non_null(strstr(subject, "/CN=SIMULATED SGX "));
        assert_non_null(strstr(subject, "/O=SIMULATED/"));
        assert_int_equal(X509_get_ext_count(w.certs[i]), i == PCK ? 6 : 5);
        for (int k = 0; k < 5; k++) {
            X509_EXTENSION *x = X509_get_ext(w.certs[i], k);
            assert_int_equal(OBJ_obj2nid(X509_EXTENSION_get_object(x)), order[k]);
            assert_int_equal(X509_EXTENSION_get_critical(x), k >= 3);
        }
        const ASN1_INTEGER *serial = X509_get0_serialNumber(w.certs[i]);
        assert_int_equal(ASN1_STRING_length(serial), 20);
    }
    world_end(&w);
}

static void test_pck_extension(void **state)
{
    (void)state;
    world w = world_of(RATLS_TEE_SGX, 4, false);
    const ratls_pck_facts *f = &w.facts->pck;
    pck_spec spec = {.pcesvn = f->pce_svn,
                     .sgx_type = 1,
                     .platform = true,
                     .dynamic_platform = true,
                     .cached_keys = true,
                     .smt_enabled = true};
    memcpy(spec.ppid, f->ppid, 16);
    memcpy(spec.components, f->tcb_components, 16);
    memcpy(spec.fmspc, f->fmspc, 6);
    memcpy(spec.platform_instance_id, f->platform_instance_id, 16);
    assert_true(
        bytes_equal(extension_value(w.certs[PCK], PCK_EXTENSION_OID), pck_extension(&spec)));
    assert_int_equal(extension_count(w.certs[PCK], PCK_EXTENSION_OID), 1);
    assert_memory_equal(f->fmspc, "SIM", 3);
    world_end(&w);
}

static void fill_levels(tcb_info_spec *s, const ratls_pck_facts *f)
{
    static const struct {
        const char *date, *status, *advisory;
    } levels[7] = {
        {"2025-08-13", "UpToDate", NULL},
        {"2025-08-13", "SWHardeningNeeded", "SIMULATED-SA-00001"},
        {"2025-08-13", "ConfigurationNeeded", "SIMULATED-SA-00002"},
        {"2025-08-13", "ConfigurationAndSWHardeningNeeded", "SIMULATED-SA-00003"},
        {"2024-03-13", "OutOfDate", "SIMULATED-SA-00004"},
        {"2023-08-09", "OutOfDateConfigurationNeeded", "SIMULATED-SA-00005"},
        {"2018-01-04", "Revoked", "SIMULATED-SA-00006"},
    };
    static const uint8_t tdx[16] = {5, 0, 4};
    for (size_t i = 0; i < 7; i++) {
        tcb_level *l = &s->levels[s->n++];
        bytes date = arena_format("%sT00:00:00Z", levels[i].date);
        *l = (tcb_level){.pcesvn = f->pce_svn,
                         .date = (const char *)date.p,
                         .status = levels[i].status,
                         .advisories = {levels[i].advisory}};
        memcpy(l->sgx, f->tcb_components, 16);
        memcpy(l->tdx, tdx, 16);
        l->sgx[0] = (uint8_t)(l->sgx[0] - i);
        l->sgx[1] = (uint8_t)(l->sgx[1] - i);
    }
}

static const isv_level module_levels[2] = {
    {5, "2025-08-13T00:00:00Z", "UpToDate", {NULL}},
    {2, "2024-03-13T00:00:00Z", "OutOfDate", {"SIMULATED-SA-00007"}}};
static const isv_level qe_levels[2] = {
    {8, "2025-08-13T00:00:00Z", "UpToDate", {NULL}},
    {6, "2024-03-13T00:00:00Z", "OutOfDate", {"SIMULATED-SA-00008"}}};

static void label(uint8_t *out, size_t n, const char *name)
{
    memset(out, '.', n);
    memcpy(out, name, strlen(name));
}

static const char *qe_signer(bool tdx)
{
    return tdx ? "SIMULATED TD_QE MRSIGNER" : "SIMULATED QE MRSIGNER";
}

static void check_json(bool tdx)
{
    world w = world_of(tdx ? RATLS_TEE_TDX : RATLS_TEE_SGX, 4, false);
    tcb_info_spec t = {.version = 3,
                       .id = tdx ? "TDX" : "SGX",
                       .issue_date = VENDOR_T0 - 3600,
                       .next_update = VENDOR_T0 + 30 * VENDOR_DAY,
                       .evaluation_number = 1,
                       .has_module = tdx,
                       .has_identities = tdx,
                       .tdx_components = tdx};
    memcpy(t.fmspc, w.facts->pck.fmspc, 6);
    memset(t.module.mask, 0xff, 8);
    t.identities[0] = t.module;
    t.identities[0].id = "TDX_01";
    memcpy(t.identities[0].levels, module_levels, sizeof module_levels);
    t.identities[0].n = 2;
    t.identities_n = 1;
    fill_levels(&t, &w.facts->pck);
    assert_true(bytes_is(tcb_info_json(&t), text_of(&w, "tcb_info")));

    qe_identity_spec q = {.version = 2,
                          .id = tdx ? "TD_QE" : "QE",
                          .issue_date = t.issue_date,
                          .next_update = t.next_update,
                          .evaluation_number = 1,
                          .attributes = {0x11},
                          .isvprodid = tdx ? 2 : 1,
                          .n = 2};
    memset(q.misc_select_mask, 0xff, 4);
    memset(q.attributes_mask, 0xff, 8);
    q.attributes_mask[0] = 0xfb;
    label(q.mrsigner, 32, qe_signer(tdx));
    memcpy(q.levels, qe_levels, sizeof qe_levels);
    assert_true(bytes_is(qe_identity_json(&q), text_of(&w, "qe_identity")));
    world_end(&w);
}

static void test_json(void **state)
{
    (void)state;
    check_json(false);
    check_json(true);
}

static bytes chain_of(const world *w)
{
    static const size_t order[] = {PCK, CA, ROOT};
    buf text = {0};
    for (size_t i = 0; i < 3; i++) {
        unsigned char *der = NULL;
        int n = i2d_X509(w->certs[order[i]], &der);
        assert_true(n > 0);
        buf_put(&text, pem_of("CERTIFICATE", bytes_of(der, (size_t)n)));
        OPENSSL_free(der);
    }
    buf_u8(&text, 0);
    return buf_bytes(&text);
}

/* The bodies as the facts have them, into the spec of the other implementation. */
static void fill_bodies(quote_spec *q, const ratls_facts *f, const uint8_t report_data[64])
{
    memset(q->body, 0, sizeof q->body);
    memset(q->qe_report, 0, sizeof q->qe_report);
    memset(q->user_data, 0, sizeof q->user_data);
    uint8_t *b = q->body;
    if (f->tee == RATLS_TEE_SGX) {
        memcpy(b + SGX_AT_CPUSVN, f->pck.cpu_svn, 16);
        memcpy(b + SGX_AT_ISVFAMILYID, f->sgx.isv_family_id, 16);
        memcpy(b + SGX_AT_ATTRIBUTES, f->sgx.attributes, 16);
        memcpy(b + SGX_AT_MRENCLAVE, f->sgx.mrenclave, 32);
        memcpy(b + SGX_AT_MRSIGNER, f->sgx.mrsigner, 32);
        b[SGX_AT_ISVPRODID] = 1;
        b[SGX_AT_ISVSVN] = 2;
        b[SGX_AT_CONFIGSVN] = 7;
    } else {
        memcpy(b + TD_AT_TEE_TCB_SVN, f->tdx.tee_tcb_svn, 16);
        memcpy(b + TD_AT_MRSEAM, f->tdx.mrseam, 48);
        memcpy(b + TD_AT_TDATTRIBUTES, f->tdx.td_attributes, 8);
        memcpy(b + TD_AT_XFAM, f->tdx.xfam, 8);
        memcpy(b + TD_AT_MRTD, f->tdx.mrtd, 48);
        memcpy(b + TD_AT_RTMR0, f->tdx.rtmr, 4 * 48);
        memcpy(b + TD_AT_TEE_TCB_SVN2, f->tdx.tee_tcb_svn2, 16);
    }
    uint8_t *qe = q->qe_report;
    memcpy(qe + SGX_AT_CPUSVN, f->pck.cpu_svn, 16);
    qe[SGX_AT_ATTRIBUTES] = 0x15;
    qe[SGX_AT_ATTRIBUTES + 8] = 0xe7;
    label(qe + SGX_AT_MRENCLAVE, 32, "SIMULATED QE MRENCLAVE");
    label(qe + SGX_AT_MRSIGNER, 32, qe_signer(f->tee == RATLS_TEE_TDX));
    qe[SGX_AT_ISVPRODID] = f->tee == RATLS_TEE_TDX ? 2 : 1;
    qe[SGX_AT_ISVSVN] = 8;
    quote_set_report_data(q, bytes_of(report_data, 64));
}

static void check_quote(ratls_tee tee, uint16_t version, bool td15)
{
    enum { USER_DATA_AT = 28 };
    static uint8_t quote[65536];
    uint8_t report_data[64];
    ratls_error e;
    size_t n;
    for (size_t i = 0; i < 64; i++)
        report_data[i] = (uint8_t)(0xc0 + i);
    world w = world_of(tee, version, td15);
    assert_int_equal(ratls_sim_quote(w.sim, report_data, quote, sizeof quote, &n, &e), RATLS_OK);
    quote_spec q = quote_spec_of(tee == RATLS_TEE_TDX ? QUOTE_TDX : QUOTE_SGX, version, td15);
    q.attestation_key = w.attestation;
    q.pck_key = w.keys[PCK];
    q.cert_data = chain_of(&w);
    fill_bodies(&q, w.facts, report_data);
    memcpy(q.user_data, quote + USER_DATA_AT, 16); /* the QE's id, drawn at random */
    quote_made m = quote_make(&q);
    assert_int_equal(n, m.quote.n);
    memcpy(quote + m.signature_at, m.quote.p + m.signature_at, 64);
    memcpy(quote + m.qe_signature_at, m.quote.p + m.qe_signature_at, 64);
    assert_memory_equal(quote, m.quote.p, n);
    world_end(&w);
}

static void test_quotes(void **state)
{
    (void)state;
    check_quote(RATLS_TEE_SGX, 3, false);
    check_quote(RATLS_TEE_SGX, 4, false);
    check_quote(RATLS_TEE_SGX, 5, false);
    check_quote(RATLS_TEE_TDX, 4, false);
    check_quote(RATLS_TEE_TDX, 5, false);
    check_quote(RATLS_TEE_TDX, 5, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_certificates),
        cmocka_unit_test(test_pck_extension),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_quotes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
