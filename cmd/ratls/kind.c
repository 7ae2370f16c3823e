#include "kind.h"

#include "codec/cbor.h"
#include "codec/der.h"
#include "codec/json.h"
#include "codec/pem.h"
#include "evidence/dice.h"

static file_kind named(const char *phrase, const char **what)
{
    *what = phrase;
    return FILE_NAMED;
}

/* TBSCertificate and TBSCertList differ in what follows the issuer: Validity, or a time
 * [RFC 5280 4.1, 5.1]. */
static file_kind der_kind(bytes in, const char **what)
{
    reader r = rd_of(in);
    reader outer = der_enter(&r, DER_SEQUENCE);
    reader tbs = der_enter(&outer, DER_SEQUENCE);
    if (der_peek(&tbs) == DER_CONTEXT_CONSTRUCTED(0))
        (void)der_element(&tbs, NULL);
    else if (der_peek(&tbs) == DER_INTEGER && rd_left(&tbs) > 2 && tbs.base[tbs.pos + 1] == 1)
        (void)der_element(&tbs, NULL); /* the version of a CRL */
    if (der_peek(&tbs) == DER_SEQUENCE) {
        (void)der_element(&tbs, NULL);
        (void)der_element(&tbs, NULL);
        if (der_peek(&tbs) == DER_UTC_TIME || der_peek(&tbs) == DER_GENERALIZED_TIME) {
            *what = "a certificate revocation list";
            return FILE_CRL;
        }
    }
    *what = "an X.509 certificate";
    return FILE_CERTIFICATE;
}

static file_kind cbor_kind(bytes in, const char **what)
{
    ratls_error e;
    reader r;
    if (dice_open(in, "file", &r, &e) != RATLS_OK)
        return FILE_UNKNOWN;
    if (cbor_peek(&r) == CBOR_MAP) {
        *what = "a claims-buffer";
        return FILE_CLAIMS;
    }
    enum { ONE_BYTE_TAGS = 24 }; /* too small for evidence, and text often begins so */
    if (cbor_peek(&r) != CBOR_TAG || (rd_peek(&r) & 0x1f) < ONE_BYTE_TAGS)
        return FILE_UNKNOWN;
    (void)cbor_tag(&r);
    if (cbor_array(&r, 2, 9) >= 8) {
        *what = "endorsements (CBOR)";
        return FILE_ENDORSEMENTS;
    }
    *what = "evidence (CBOR)";
    return FILE_EVIDENCE;
}

static const struct {
    const char *key;
    file_kind kind;
    const char *what;
} json_keys[] = {
    {"tcb_info", FILE_COLLATERAL, "collateral (JSON)"},
    {"qe_identity", FILE_COLLATERAL, "collateral (JSON)"},
    {"pck_crl_issuer_chain", FILE_COLLATERAL, "collateral (JSON)"},
    {"pck_crl", FILE_COLLATERAL, "collateral (JSON)"},
    {"root_ca_crl", FILE_COLLATERAL, "collateral (JSON)"},
    {"tcbInfo", FILE_TCB_INFO, "TCB info as served (JSON)"},
    {"fmspc", FILE_TCB_INFO, "a TCB info body (JSON)"},
    {"tcbType", FILE_TCB_INFO, "a TCB info body (JSON)"},
    {"enclaveIdentity", FILE_QE_IDENTITY, "an enclave identity as served (JSON)"},
    {"miscselect", FILE_QE_IDENTITY, "an enclave identity body (JSON)"},
    {"accept", FILE_NAMED, "a policy of ratls; see: ratls policy check"},
    {"evidence_valid", FILE_NAMED, "the result of an earlier ratls verify --json"},
};

static file_kind json_kind(bytes in, const char **what)
{
    json_reader j = jr_of(in);
    json_scope scope;
    bytes key;
    jr_object(&j, &scope);
    while (jr_key(&j, &scope, &key)) {
        for (size_t i = 0; i < sizeof json_keys / sizeof *json_keys; i++)
            if (bytes_is(key, json_keys[i].key)) {
                *what = json_keys[i].what;
                return json_keys[i].kind;
            }
        jr_skip(&j);
    }
    return jr_ok(&j) ? named("a JSON object without a key that ratls knows", what) : FILE_UNKNOWN;
}

/* Quotes and Open Enclave's structures: little-endian versions and types at the front. */
static file_kind binary_kind(bytes in, const char **what)
{
    enum { OE_ENDORSEMENTS_ITEMS = 9, SNP_SIZE = 1184, REPORT_SIZE = 1024, EREPORT_SIZE = 432 };
    reader r = rd_of(in);
    uint32_t w0 = rd_le32(&r), w1 = rd_le32(&r), w2 = rd_le32(&r), w3 = rd_le32(&r);
    unsigned version = w0 & 0xffff, type = w0 >> 16;
    if (in.n == SNP_SIZE && w0 >= 2 && w0 <= 5)
        return named("a SEV-SNP attestation report, which this version of ratls does not read",
                     what);
    if (in.n == REPORT_SIZE && (w0 & 0xff) == 0x81)
        return named("a TDX report (TDREPORT), which only code on its own platform can check",
                     what);
    /* Told by its size and by reserved bytes [SDM REPORT]. */
    if (in.n == EREPORT_SIZE && bytes_all_zero(bytes_of(in.p + 20, 12)))
        return named("an SGX report (EREPORT), which only code on its own platform can check",
                     what);
    if (!rd_ok(&r))
        return FILE_UNKNOWN;
    if (w0 == 1 && w3 == OE_ENDORSEMENTS_ITEMS) {
        *what = "Open Enclave endorsements";
        return FILE_OE_ENDORSEMENTS;
    }
    if ((w0 == 3 || w0 == 4) && w1 == 0x81 && type == 0)
        return named("Open Enclave's TDX endorsements (a flattened structure of C), which ratls "
                     "does not read",
                     what);
    if (w0 == 1 && (w1 == 1 || w1 == 2) && w2 == in.n - 16) {
        *what = "an Open Enclave report";
        return FILE_OE_REPORT;
    }
    if ((version == 1 || version == 2) && type <= 1)
        return named("an EPID quote, which Intel retired: nothing can verify it any more", what);
    if (version == 3 && type == 0) {
        *what = "Open Enclave evidence";
        return FILE_OE_EVIDENCE;
    }
    if (version >= 3 && version <= 5 && type <= 3) {
        *what = "an SGX or TDX quote";
        return FILE_QUOTE;
    }
    return FILE_UNKNOWN;
}

static bool has_pem(bytes in)
{
    return bytes_find(in, bytes_text("-----BEGIN ")) < in.n;
}

static bytes skip_space(bytes in)
{
    while (in.n > 0 && (in.p[0] == ' ' || (in.p[0] >= '\t' && in.p[0] <= '\r')))
        in = bytes_of(in.p + 1, in.n - 1);
    return in;
}

file_kind kind_of(bytes in, const char **what)
{
    static const uint8_t cose_sign1[] = {0x84, 0x44, 0xa1, 0x01, 0x38, 0x22};
    *what = NULL;
    bytes text = skip_space(in);
    if (text.n > 0 && text.p[0] == '{')
        return json_kind(text, what);
    if (in.n > 0 && in.p[0] == DER_SEQUENCE && in.n > 1 && (in.p[1] & 0x80) != 0)
        return der_kind(in, what);
    if (in.n > sizeof cose_sign1 &&
        bytes_equal(bytes_of(in.p, sizeof cose_sign1), bytes_of(cose_sign1, sizeof cose_sign1)))
        return named("an AWS Nitro attestation document, which this version of ratls does not read",
                     what);
    file_kind kind = binary_kind(in, what);
    if (kind == FILE_UNKNOWN && in.n > 0 && (in.p[0] >> 5 >= 5 || in.p[0] == DER_OCTET_STRING))
        kind = cbor_kind(in, what);
    if (kind == FILE_UNKNOWN && has_pem(in)) {
        *what = "PEM text";
        return FILE_PEM;
    }
    return kind;
}
