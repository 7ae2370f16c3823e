/* Every path of a PCS and of its caches [DCAP 2.1, 2.2]: status, headers and body of each answer.
 */
#define _POSIX_C_SOURCE 200809L
#include "testing.h"

#include <stdio.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/hex.h"
#include "pccs_case.h"
#include "sim_dir.h"

/* Percent-encoded, with nothing in it that must not stand in a header, and upper-case digits. */
static void assert_encoded(const char *value, const char *chain)
{
    for (; *value != '\0'; value++, chain++) {
        char c = *value;
        uint8_t decoded;
        if (c == '%') {
            assert_true(hex_decode(bytes_of(value + 1, 2), &decoded, 1));
            assert_true(strspn(value + 1, "0123456789ABCDEF") >= 2);
            assert_null(
                strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-", decoded));
            value += 2;
            c = (char)decoded;
        }
        assert_int_equal(c, *chain);
    }
    assert_int_equal(*chain, '\0');
}

typedef enum body_kind {
    TCB_INFO,
    IDENTITY,
    NUMBERS,
    CRL_HEX,
    CRL_DER,
    CRL_PEM,
    PCK,
    ALL_FMSPCS,
    NO_FMSPCS
} body_kind;

static const struct {
    const char *member, *key, *chain; /* of signed bodies */
    const char *type;
} kinds[] = {
    [TCB_INFO] = {"tcbInfo", "tcb_info", "tcb_info_issuer_chain", "application/json"},
    [IDENTITY] = {"enclaveIdentity", "qe_identity", "qe_identity_issuer_chain", "application/json"},
    [NUMBERS] = {"tcbEvaluationDataNumbers", "tcb_evaluation_data_numbers",
                 "tcb_evaluation_data_numbers_issuer_chain", "application/json"},
    [CRL_HEX] = {NULL, NULL, "pck_crl_issuer_chain", NULL},
    [CRL_DER] = {NULL, NULL, "pck_crl_issuer_chain", "application/pkix-crl"},
    [CRL_PEM] = {NULL, NULL, "pck_crl_issuer_chain", "application/x-pem-file"},
    [PCK] = {NULL, NULL, "pck_certificate_issuer_chain", "application/x-pem-file"},
    [ALL_FMSPCS] = {NULL, NULL, NULL, "application/json"},
    [NO_FMSPCS] = {NULL, NULL, NULL, "application/json"},
};

static void check_signed(const pccs_reply *r, body_kind kind, json_t *item)
{
    char expected[16384], signature[64];
    (void)snprintf(signature, sizeof signature, "%s_signature", kinds[kind].key);
    int n =
        snprintf(expected, sizeof expected, "{\"%s\":%s,\"signature\":\"%s\"}", kinds[kind].member,
                 item_string(item, kinds[kind].key), item_string(item, signature));
    assert_int_equal(r->body.n, n);
    assert_memory_equal(r->body.p, expected, r->body.n);
    json_t *parsed = json_loadb((const char *)r->body.p, r->body.n, 0, NULL);
    assert_int_equal(json_object_size(parsed), 2);
    json_decref(parsed);
}

static void check_crl(const pccs_reply *r, body_kind kind, json_t *item)
{
    json_t *pck = json_object_get(item, "pck_crl");
    const char *hex = pck != NULL ? json_string_value(pck) : item_string(item, "root_ca_crl");
    uint8_t der[2048];
    size_t n = strlen(hex) / 2;
    assert_true(n <= sizeof der && hex_decode(bytes_text(hex), der, n));
    if (kind == CRL_HEX) {
        assert_int_equal(r->body.n, 2 * n);
        assert_memory_equal(r->body.p, hex, 2 * n);
        assert_header(r, "Content-Type",
                      pck != NULL ? "application/x-pem-file" : "application/pkix-crl");
    } else if (kind == CRL_DER) {
        assert_int_equal(r->body.n, n);
        assert_memory_equal(r->body.p, der, n);
    } else {
        BIO *bio = BIO_new_mem_buf(r->body.p, (int)r->body.n);
        X509_CRL *crl = PEM_read_bio_X509_CRL(bio, NULL, NULL, NULL);
        unsigned char *again = NULL;
        assert_non_null(crl);
        assert_int_equal(i2d_X509_CRL(crl, &again), n);
        assert_memory_equal(again, der, n);
        OPENSSL_free(again);
        X509_CRL_free(crl);
        BIO_free(bio);
    }
}

static void check_pck(const pccs_reply *r, json_t *item)
{
    char upper[37];
    const char *pem = item_string(item, "pck_certificate"), *tcbm = item_string(item, "tcbm");
    assert_int_equal(r->body.n, strlen(pem));
    assert_memory_equal(r->body.p, pem, r->body.n);
    for (size_t i = 0; i <= 36; i++)
        upper[i] = (char)(tcbm[i] >= 'a' ? tcbm[i] - 'a' + 'A' : tcbm[i]);
    assert_header(r, "SGX-TCBm", upper);
    for (size_t i = 0; i <= 12; i++)
        upper[i] = (char)(fmspc[i] >= 'a' ? fmspc[i] - 'a' + 'A' : fmspc[i]);
    assert_header(r, "SGX-FMSPC", upper);
    assert_header(r, "SGX-PCK-Certificate-CA-Type", "platform");
}

static void check_fmspcs(const pccs_reply *r, bool none)
{
    char expected[64], text[64];
    (void)snprintf(expected, sizeof expected, "[{\"fmspc\":\"%s\",\"platform\":\"e5\"}]", fmspc);
    assert_true(r->body.n < sizeof text);
    for (size_t i = 0; i < r->body.n; i++)
        text[i] = (char)(r->body.p[i] >= 'A' && r->body.p[i] <= 'Z' ? r->body.p[i] - 'A' + 'a'
                                                                    : r->body.p[i]);
    text[r->body.n] = '\0';
    assert_string_equal(text, none ? "[]" : expected);
}

static void check_body(const pccs_reply *r, body_kind kind, json_t *item)
{
    switch (kind) {
    case TCB_INFO:
    case IDENTITY:
    case NUMBERS:
        check_signed(r, kind, item);
        break;
    case CRL_HEX:
    case CRL_DER:
    case CRL_PEM:
        check_crl(r, kind, item);
        break;
    case PCK:
        check_pck(r, item);
        break;
    case ALL_FMSPCS:
    case NO_FMSPCS:
        check_fmspcs(r, kind == NO_FMSPCS);
        break;
    }
}

static void check_reply(const pccs_reply *r, body_kind kind, const char *name,
                        const char *chain_header)
{
    char item_name[RATLS_ITEM_NAME_SIZE];
    bool has_item = kind != ALL_FMSPCS && kind != NO_FMSPCS;
    assert_int_equal(r->status, 200);
    (void)snprintf(item_name, sizeof item_name, "%s", has_item ? expand(name) : "");
    json_t *item = has_item ? item_load(item_name) : NULL;
    check_body(r, kind, item);
    if (kinds[kind].type != NULL)
        assert_header(r, "Content-Type", kinds[kind].type);
    if (chain_header != NULL) {
        assert_non_null(reply_header(r, chain_header));
        assert_encoded(reply_header(r, chain_header), item_string(item, kinds[kind].chain));
    }
    assert_header(r, "Request-ID", "abcd000000000000000000000000000f");
    if (has_item)
        assert_header(r, "Cache-Control", "max-age=86400");
    else
        assert_null(reply_header(r, "Cache-Control"));
    json_decref(item);
}

static const struct {
    const char *target;
    body_kind kind;
    const char *item, *chain_header;
} answered[] = {
    {SGX_V(4) "/tcb?fmspc={F}", TCB_INFO, "sgx-tcb-{F}", "TCB-Info-Issuer-Chain"},
    {SGX_V(4) "/tcb?fmspc={F}&update=early", TCB_INFO, "sgx-tcb-{F}", "TCB-Info-Issuer-Chain"},
    {SGX_V(4) "/tcb?update=STANDARD&fmspc={F}", TCB_INFO, "sgx-tcb-{F}", "TCB-Info-Issuer-Chain"},
    {SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=1", TCB_INFO, "sgx-tcb-{F}",
     "TCB-Info-Issuer-Chain"},
    {SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=0000000000000001", TCB_INFO, "sgx-tcb-{F}",
     "TCB-Info-Issuer-Chain"},
    {SGX_V(4) "/tcb?customParameter=x%3D%zz&customParameter=y&fmspc={F}&&=", TCB_INFO,
     "sgx-tcb-{F}", "TCB-Info-Issuer-Chain"},
    {TDX_V(4) "/tcb?fmspc={F}", TCB_INFO, "tdx-tcb-{F}", "TCB-Info-Issuer-Chain"},
    {TDX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=1", TCB_INFO, "tdx-tcb-{F}",
     "TCB-Info-Issuer-Chain"},
    {SGX_V(3) "/tcb?fmspc={F}", TCB_INFO, "sgx-tcb-v2-{F}", "SGX-TCB-Info-Issuer-Chain"},
    {SGX_V(3) "/tcb?fmspc={F}&update=early", TCB_INFO, "sgx-tcb-v2-{F}",
     "SGX-TCB-Info-Issuer-Chain"},
    {SGX_V(4) "/qe/identity", IDENTITY, "sgx-qe", "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(4) "/qe/identity?", IDENTITY, "sgx-qe", "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(4) "/qe/identity?update=standard", IDENTITY, "sgx-qe",
     "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(4) "/qe/identity?tcbEvaluationDataNumber=1", IDENTITY, "sgx-qe",
     "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(3) "/qe/identity", IDENTITY, "sgx-qe", "SGX-Enclave-Identity-Issuer-Chain"},
    {TDX_V(4) "/qe/identity", IDENTITY, "tdx-qe", "SGX-Enclave-Identity-Issuer-Chain"},
    {TDX_V(4) "/qe/identity?update=early", IDENTITY, "tdx-qe", "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(4) "/qve/identity", IDENTITY, "sgx-qve", "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(3) "/qve/identity?update=early", IDENTITY, "sgx-qve",
     "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(4) "/qae/identity?update=standard", IDENTITY, "sgx-qae",
     "SGX-Enclave-Identity-Issuer-Chain"},
    {SGX_V(4) "/pckcrl?ca=platform", CRL_HEX, "pck-crl-platform", "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(4) "/pckcrl?ca=PLATFORM&encoding=DER", CRL_DER, "pck-crl-platform",
     "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(4) "/pckcrl?ca=platform&encoding=pem", CRL_PEM, "pck-crl-platform",
     "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(3) "/pckcrl?ca=platform", CRL_HEX, "pck-crl-platform", "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(3) "/pckcrl?encoding=der&ca=platform", CRL_DER, "pck-crl-platform",
     "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(4) "/rootcacrl", CRL_HEX, "root-ca-crl", NULL},
    {SGX_V(3) "/rootcacrl?ca=nonsense", CRL_HEX, "root-ca-crl", NULL},
    {"/IntelSGXRootCA.der", CRL_DER, "root-ca-crl", NULL},
    {SGX_V(4) "/crl?uri=" DP_ROOT, CRL_DER, "root-ca-crl", NULL},
    {SGX_V(3) "/crl?uri=https%3A%2F%2Fsimulated.invalid%2fSimulatedSGXRootCA.crl", CRL_DER,
     "root-ca-crl", NULL},
    {SGX_V(4) "/crl?uri=" DP_PCK "&encoding=der", CRL_DER, "pck-crl-platform",
     "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(4) "/crl?uri=https%3a//x.y/sgx/certification/v3/pckcrl%3Fencoding=der%26ca=Platform",
     CRL_DER, "pck-crl-platform", "SGX-PCK-CRL-Issuer-Chain"},
    {SGX_V(4) "/pckcert?qeid={Q}&encrypted_ppid={P}" SVNS, PCK, "pck-{Q}-0000",
     "SGX-PCK-Certificate-Issuer-Chain"},
    {SGX_V(3) "/pckcert?qeid={Q}" SVNS, PCK, "pck-{Q}-0000", "SGX-PCK-Certificate-Issuer-Chain"},
    {SGX_V(4) "/pckcert?qeid={Q}&cpusvn=ffffffffffffffffffffffffffffffff&pcesvn=0001&pceid=0000",
     PCK, "pck-{Q}-0000", "SGX-PCK-Certificate-Issuer-Chain"},
    {SGX_V(4) "/tcbevaluationdatanumbers", NUMBERS, "sgx-evaluation-numbers",
     "TCB-Evaluation-Data-Numbers-Issuer-Chain"},
    {TDX_V(4) "/tcbevaluationdatanumbers", NUMBERS, "tdx-evaluation-numbers",
     "TCB-Evaluation-Data-Numbers-Issuer-Chain"},
    {SGX_V(4) "/fmspcs", ALL_FMSPCS, NULL, NULL},
    {SGX_V(4) "/fmspcs?platform=all", ALL_FMSPCS, NULL, NULL},
    {SGX_V(4) "/fmspcs?platform=E5", ALL_FMSPCS, NULL, NULL},
    {SGX_V(3) "/fmspcs?platform=client", NO_FMSPCS, NULL, NULL},
    {SGX_V(4) "/fmspcs?platform=E3", NO_FMSPCS, NULL, NULL},
};

static void test_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof answered / sizeof *answered; i++) {
        print_message("%s\n", answered[i].target);
        pccs_reply r = ask(answered[i].target);
        check_reply(&r, answered[i].kind, answered[i].item, answered[i].chain_header);
        bool old = bytes_starts(bytes_text(answered[i].target), SGX_V(3));
        assert_int_equal(reply_header(&r, "Warning") != NULL, old);
        r = ask_at("HEAD", expand(answered[i].target), SIM_NOW);
        assert_int_equal(r.status, 200);
    }
}

static const struct {
    const char *method, *target;
    unsigned status;
    const char *text;
} refused[] = {
    /* No such path. */
    {"GET", "", 404, "expected a path of"},
    {"GET", "/", 404, "expected a path of"},
    {"POST", "/", 404, "expected a path of"},
    {"GET", "/sgx/certification/v4/", 404, "expected a path of"},
    {"GET", "/sgx/certification/v4", 404, "expected a path of"},
    {"GET", "/sgx/certification/v", 404, "expected a path of"},
    {"GET", SGX_V(2) "/qe/identity", 404, "expected a path of"},
    {"GET", SGX_V(5) "/qe/identity", 404, "expected a path of"},
    {"GET", SGX_V(44) "/qe/identity", 404, "expected a path of"},
    {"GET", SGX_V(4) "/qe/identity/", 404, "expected a path of"},
    {"GET", SGX_V(4) "/QE/identity", 404, "expected a path of"},
    {"GET", SGX_V(4) "//qe/identity", 404, "expected a path of"},
    {"GET", SGX_V(4) "/../v4/qe/identity", 404, "expected a path of"},
    {"GET", "/svn/certification/v4/qe/identity", 404, "expected a path of"},
    {"GET", TDX_V(3) "/qe/identity", 404, "expected a path of"},
    {"GET", TDX_V(4) "/pckcrl?ca=platform", 404, "expected a path of"},
    {"GET", TDX_V(4) "/qve/identity", 404, "expected a path of"},
    {"GET", SGX_V(3) "/qae/identity", 404, "expected a path of"},
    {"GET", SGX_V(3) "/tcbevaluationdatanumbers", 404, "expected a path of"},
    {"POST", SGX_V(4) "/platforms", 404, "expected a path of"},
    {"GET", "/IntelSGXRootCA.pem", 404, "expected a path of"},
    /* Another method. */
    {"POST", SGX_V(4) "/tcb?fmspc={F}", 405, "GET or HEAD"},
    {"PUT", SGX_V(4) "/pckcert", 405, "GET or HEAD"},
    {"DELETE", TDX_V(4) "/qe/identity", 405, "GET or HEAD"},
    {"get", SGX_V(4) "/qe/identity", 405, "GET or HEAD"},
    {"", "/IntelSGXRootCA.der", 405, "GET or HEAD"},
    /* Queries. */
    {"GET", SGX_V(4) "/tcb", 400, "fmspc: expected 12 hex digits"},
    {"GET", SGX_V(4) "/tcb?fmspc", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?FMSPC={F}", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed5000", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed500000", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed5000g", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed500%", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed5000%3", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed5000%3g", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed5000%00", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc=+0906ed50000", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&fmspc={F}", 400, "fmspc: expected it once"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}?update=early", 400, "fmspc: expected 12"},
    {"GET", SGX_V(4) "/tcb?customParameter=x%3D&fmspc={F}&&=&update", 400,
     "update: expected early"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&update=late", 400, "update: expected early or standard"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&update=all", 400, "update: expected early or standard"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&update=early&tcbEvaluationDataNumber=1", 400, "not both"},
    {"GET", TDX_V(4) "/qe/identity?tcbEvaluationDataNumber=1&update=early", 400, "not both"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=", 400, "expected a number"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=-1", 400, "expected a number"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=1e2", 400, "expected a number"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=1000000000000000000", 400,
     "expected a number"},
    {"GET", SGX_V(4) "/qe/identity?update=early&update=early", 400, "update: expected it once"},
    {"GET", SGX_V(4) "/pckcrl", 400, "ca: expected processor or platform"},
    {"GET", SGX_V(4) "/pckcrl?ca=root", 400, "ca: expected processor or platform"},
    {"GET", SGX_V(4) "/pckcrl?ca=platform&encoding=hex", 400, "encoding: expected der or pem"},
    {"GET", SGX_V(4) "/crl", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=http://x/IntelSGXRootCA.der", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://IntelSGXRootCA.der", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https:///IntelSGXRootCA.der", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/y/IntelSGXRootCA.der", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/?IntelSGXRootCA.der", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x%40y/IntelSGXRootCA.der", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/IntelSGXRootCAder", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/sgx/certification/v0/pckcrl?ca=platform", 400,
     "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/sgx/certification/v4/pckcrl", 400, "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/sgx/certification/v4/pckcrl?ca=root", 400,
     "uri: expected"},
    {"GET", SGX_V(4) "/crl?uri=https://x/sgx/certification/v4/pckcrl?cb=platform", 400,
     "uri: expected"},
    {"GET", SGX_V(4) "/pckcert", 400, "cpusvn: expected 32 hex digits"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn={C}&pceid=0000", 400, "pcesvn: expected 4"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn={C}&pcesvn=0d00", 400, "pceid: expected 4"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn=00&pcesvn=0d00&pceid=0000", 400, "cpusvn: expected"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn={C}&pcesvn=0d0&pceid=0000", 400, "pcesvn: expected"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn={C}&pcesvn=0d00&pceid=00", 400, "pceid: expected"},
    {"GET", SGX_V(4) "/pckcert?cpusvn={C}&pcesvn=0d00&pceid=0000", 400, "qeid: expected 32"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}0" SVNS, 400, "qeid: expected 32"},
    {"GET", SGX_V(4) "/pckcert?qeid=../../../../../../../../../../xx" SVNS, 400,
     "qeid: expected 32"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&encrypted_ppid=00" SVNS, 400,
     "encrypted_ppid: expected 768 hex digits"},
    {"GET", SGX_V(4) "/fmspcs?platform=E7", 400, "platform: expected all, client, E3 or E5"},
    /* Not held. */
    {"GET", SGX_V(4) "/tcb?fmspc=00906ed50000", 404, "sgx-tcb-00906ed50000: it is not held"},
    {"GET", TDX_V(4) "/tcb?fmspc=00906ED50000", 404, "tdx-tcb-00906ed50000: it is not held"},
    {"GET", SGX_V(3) "/tcb?fmspc=00906ed50000", 404, "sgx-tcb-00906ed50000: it is not held"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=2", 404,
     "not held with evaluation number 2"},
    {"GET", SGX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=0", 410,
     "sgx-tcb-{F}: of evaluation number 1, later than 0"},
    {"GET", TDX_V(4) "/tcb?fmspc={F}&tcbEvaluationDataNumber=0", 410, "later than 0"},
    {"GET", SGX_V(4) "/qe/identity?tcbEvaluationDataNumber=0", 410, "later than 0"},
    {"GET", SGX_V(4) "/qae/identity?tcbEvaluationDataNumber=999999999999999999", 404,
     "not held with evaluation number 999999999999999999"},
    {"GET", SGX_V(4) "/pckcrl?ca=processor", 404, "pck-crl-processor: it is not held"},
    {"GET", SGX_V(4) "/crl?uri=https://x/sgx/certification/v4/pckcrl?ca=processor", 404,
     "pck-crl-processor: it is not held"},
    {"GET", SGX_V(4) "/pckcert?encrypted_ppid={P}" SVNS, 404, "by qeid"},
    {"GET", SGX_V(4) "/pckcert?qeid=00112233445566778899AABBCCDDEEFF" SVNS, 461,
     "pck-00112233445566778899aabbccddeeff-0000: the platform is not known"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn={C}&pcesvn=0d00&pceid=0001", 461, "is not known"},
    {"GET",
     SGX_V(4) "/pckcert?qeid={Q}&cpusvn=00000000000000000000000000000000&pcesvn=0d00"
              "&pceid=0000",
     462, "for a later TCB"},
    {"GET", SGX_V(4) "/pckcert?qeid={Q}&cpusvn={C}&pcesvn=0c00&pceid=0000", 462, "for a later TCB"},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        print_message("%s %s\n", refused[i].method, refused[i].target);
        pccs_reply r = ask_at(refused[i].method, expand(refused[i].target), SIM_NOW);
        check_sentence(&r, refused[i].status, refused[i].text);
        if (refused[i].status == 405)
            assert_header(&r, "Allow", "GET, HEAD");
    }
}

static void test_long_queries(void **state)
{
    static const char head[] = SGX_V(4) "/tcb?fmspc={F}&x=", uri[] = SGX_V(4) "/crl?uri=https://x/";
    char target[8192];
    (void)state;
    (void)snprintf(target, sizeof target, "%s", expand(head));
    size_t path = strlen(SGX_V(4) "/tcb?"), n = strlen(target);
    memset(target + n, 'a', 4096);
    target[path + 4096] = '\0';
    pccs_reply r = ask_at("GET", target, SIM_NOW);
    assert_int_equal(r.status, 200);
    target[path + 4096] = 'a';
    target[path + 4097] = '\0';
    r = ask_at("GET", target, SIM_NOW);
    check_sentence(&r, 414, "expected a shorter query");
    /* The longest URI, and one byte more. */
    (void)snprintf(target, sizeof target, "%s", uri);
    size_t begin = strlen(SGX_V(4) "/crl?uri=");
    memset(target + strlen(uri), 'a', 4096);
    memcpy(target + begin + 2048 - strlen("SGXRootCA.der"), "SGXRootCA.der", 14);
    r = ask_at("GET", target, SIM_NOW);
    assert_int_equal(r.status, 200);
    memcpy(target + begin + 2048 - strlen("SGXRootCA.de"), "SGXRootCA.der", 14);
    target[begin + 2048 - strlen("SGXRootCA.de") - 1] = 'a';
    r = ask_at("GET", target, SIM_NOW);
    assert_int_equal(r.status, 400);
}

/* nextUpdate is in 30 days, and the PCK certificate ends in 7 years. */
static void test_max_age(void **state)
{
    static const struct {
        const char *target;
        int64_t end;
    } rows[] = {
        {SGX_V(4) "/tcb?fmspc={F}", SIM_NOW + 30 * SIM_DAY},
        {SGX_V(3) "/tcb?fmspc={F}", SIM_NOW + 30 * SIM_DAY},
        {SGX_V(4) "/qae/identity", SIM_NOW + 30 * SIM_DAY},
        {TDX_V(4) "/tcbevaluationdatanumbers", SIM_NOW + 30 * SIM_DAY},
        {SGX_V(4) "/pckcrl?ca=platform", SIM_NOW + 30 * SIM_DAY},
        {"/IntelSGXRootCA.der", SIM_NOW + 30 * SIM_DAY},
        {SGX_V(4) "/pckcert?qeid={Q}" SVNS, SIM_NOW - 3600 + (int64_t)7 * 365 * SIM_DAY},
    };
    static const struct {
        int64_t before;
        const char *expected;
    } times[] = {{2 * SIM_DAY, "max-age=86400"},
                 {86401, "max-age=86400"},
                 {86399, "max-age=86399"},
                 {1, "max-age=1"},
                 {0, "max-age=0"},
                 {-5, "max-age=0"}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (size_t k = 0; k < sizeof times / sizeof *times; k++) {
            pccs_reply r = ask_at("GET", expand(rows[i].target), rows[i].end - times[k].before);
            assert_int_equal(r.status, 200);
            assert_header(&r, "Cache-Control", times[k].expected);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_answered, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_refused, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_long_queries, pccs_set_up, pccs_tear_down),
        cmocka_unit_test_setup_teardown(test_max_age, pccs_set_up, pccs_tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
