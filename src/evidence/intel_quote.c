/*
 * SGX and TDX ECDSA quotes, versions 3 to 5 [DCAP 1.1]. Exact in every length inside the signature
 * data; what follows it is left alone, since genuine quotes come with padding.
 */
#include "evidence/intel_quote.h"

#include <inttypes.h>

#include "base/hex.h"

enum {
    HEADER_SIZE = 48,
    KEY_TYPE_ECDSA_P256 = 2,
    BODY_SGX = 1,
    BODY_TD10 = 2,
    BODY_TD15 = 3,
    CERT_PPID_CLEAR = 1,
    CERT_PCK_CHAIN = 5,
    CERT_QE_REPORT = 6,
};

static const uint8_t intel_qe_vendor[16] = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                            0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};

static ratls_code short_of(size_t offset, size_t needed, size_t left, const char *what,
                           ratls_error *e)
{
    return refuse(e, RATLS_E_MALFORMED, offset,
                  "quote: %s needs %zu bytes at offset %zu, %zu remain", what, needed, offset,
                  left);
}

static ratls_code read_header(reader *r, intel_quote *q, ratls_error *e)
{
    q->header = rd_take(r, HEADER_SIZE);
    reader h = rd_of(q->header);
    q->version = rd_le16(&h);
    unsigned key_type = rd_le16(&h);
    q->tee_type = rd_le32(&h);
    (void)rd_take(
        &h, 4); /* v3: QE and PCE SVN, informative; later: reserved. Non-zero in genuine quotes. */
    bytes vendor = rd_take(&h, sizeof intel_qe_vendor);

    if (q->version < 3 || q->version > 5)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "quote: version %u at offset 0, expected 3, 4 or 5", q->version);
    if (key_type != KEY_TYPE_ECDSA_P256)
        return refuse(e, RATLS_E_UNSUPPORTED, 2,
                      "quote: attestation key type %u at offset 2%s, expected 2 (ECDSA P-256)",
                      key_type, key_type < 2 ? " (EPID, retired)" : "");
    if (q->tee_type != TEE_TYPE_SGX && q->tee_type != TEE_TYPE_TDX)
        return refuse(e, RATLS_E_UNSUPPORTED, 4,
                      "quote: TEE type 0x%" PRIx32 " at offset 4, expected 0 (SGX) or 0x81 (TDX)",
                      q->tee_type);
    if (q->version == 3 && q->tee_type != TEE_TYPE_SGX)
        return refuse(e, RATLS_E_MALFORMED, 4,
                      "quote: version 3 with TEE type 0x%" PRIx32 " at offset 4, expected 0 (SGX)",
                      q->tee_type);
    if (!bytes_equal(vendor, bytes_of(intel_qe_vendor, sizeof intel_qe_vendor)))
        return refuse(
            e, RATLS_E_UNSUPPORTED, 12,
            "quote: QE vendor id %s at offset 12 is not Intel's 939a7233f79c4ca9940a0db3957f0607",
            HEX(vendor));
    return RATLS_OK;
}

/* v5 says body type and size before the body; v3 and v4 imply them by the TEE type. */
static ratls_code read_body(reader *r, intel_quote *q, ratls_error *e)
{
    bool tdx = q->tee_type == TEE_TYPE_TDX;
    unsigned type = tdx ? BODY_TD10 : BODY_SGX;
    size_t at = r->pos;
    if (q->version == 5) {
        if (rd_left(r) < 6)
            return short_of(at, 6, rd_left(r), "the body descriptor", e);
        type = rd_le16(r);
        uint32_t size = rd_le32(r);
        if (type < BODY_SGX || type > BODY_TD15 || tdx != (type != BODY_SGX))
            return refuse(e, RATLS_E_UNSUPPORTED, at,
                          "quote: body type %u at offset %zu, expected %s for TEE type 0x%" PRIx32,
                          type, at, tdx ? "2 or 3" : "1", q->tee_type);
        uint32_t expected = type == BODY_SGX    ? SGX_REPORT_BODY_SIZE
                            : type == BODY_TD10 ? TD_REPORT10_BODY_SIZE
                                                : TD_REPORT15_BODY_SIZE;
        if (size != expected)
            return refuse(e, RATLS_E_MALFORMED, at + 2,
                          "quote: body size %" PRIu32 " at offset %zu, expected %" PRIu32
                          " for body type %u",
                          size, at + 2, expected, type);
    }
    size_t start = r->pos;
    if (tdx) {
        td_report_read(r, type == BODY_TD15, &q->td);
        q->body = q->td.raw;
        q->report_data = q->td.report_data;
    } else {
        sgx_report_read(r, &q->sgx);
        q->body = q->sgx.raw;
        q->report_data = q->sgx.report_data;
    }
    if (!rd_ok(r))
        return refuse(e, RATLS_E_MALFORMED, start,
                      "quote: ends inside the report body at offset %zu", start);
    return RATLS_OK;
}

/* QE report, its signature, authentication data and certification data: v3 inline, v4 and v5 nested
 * as type 6. */
static ratls_code read_certification(reader *r, intel_quote *q, ratls_error *e)
{
    sgx_report_read(r, &q->qe);
    q->qe_signature = rd_take(r, 64);
    unsigned auth_size = rd_le16(r);
    size_t at = r->pos;
    if (!rd_ok(r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "quote: the signature data ends inside the QE report or its signature");
    if (auth_size > rd_left(r))
        return short_of(at, auth_size, rd_left(r), "the QE authentication data", e);
    q->qe_auth = rd_take(r, auth_size);

    at = r->pos;
    if (rd_left(r) < 6)
        return short_of(at, 6, rd_left(r), "the head of the certification data", e);
    q->cert_type = rd_le16(r);
    uint32_t cert_size = rd_le32(r);
    if (q->cert_type < CERT_PPID_CLEAR || q->cert_type > CERT_PCK_CHAIN)
        return refuse(e, RATLS_E_UNSUPPORTED, at,
                      "quote: certification data type %u at offset %zu, expected 1 to 5",
                      q->cert_type, at);
    if (cert_size != rd_left(r))
        return refuse(e, RATLS_E_MALFORMED, at + 2,
                      "quote: certification data says %" PRIu32 " bytes at offset %zu, %zu remain",
                      cert_size, at + 2, rd_left(r));
    q->cert_data = rd_rest(r);
    return RATLS_OK;
}

ratls_code intel_quote_parse(bytes in, intel_quote *q, ratls_error *e)
{
    memset(q, 0, sizeof *q);
    if (in.n < INTEL_QUOTE_MIN)
        return refuse(e, RATLS_E_MALFORMED, in.n, "quote: %zu bytes, the smallest quote has %d",
                      in.n, INTEL_QUOTE_MIN);
    if (in.n > INTEL_QUOTE_MAX)
        return refuse(e, RATLS_E_LIMIT, 0, "quote: %zu bytes, at most %d are read", in.n,
                      INTEL_QUOTE_MAX);

    reader r = rd_of(in);
    ratls_code code = read_header(&r, q, e);
    if (code == RATLS_OK)
        code = read_body(&r, q, e);
    if (code != RATLS_OK)
        return code;
    q->signed_bytes = bytes_of(in.p, r.pos);

    size_t at = r.pos;
    uint32_t sig_size = rd_le32(&r);
    if (sig_size > rd_left(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "quote: signature data says %" PRIu32 " bytes at offset %zu, %zu remain",
                      sig_size, at, rd_left(&r));
    reader sig = rd_sub(&r, sig_size);
    q->trailing = rd_rest(&r);

    q->signature = rd_take(&sig, 64);
    q->attestation_key = rd_take(&sig, 64);
    if (!rd_ok(&sig))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "quote: signature data of %" PRIu32
                      " bytes at offset %zu holds no signature and key",
                      sig_size, at);
    if (q->version > 3) {
        at = sig.pos;
        if (rd_left(&sig) < 6)
            return short_of(at, 6, rd_left(&sig), "the head of the outer certification data", e);
        unsigned type = rd_le16(&sig);
        uint32_t size = rd_le32(&sig);
        if (type != CERT_QE_REPORT)
            return refuse(e, RATLS_E_UNSUPPORTED, at,
                          "quote: outer certification data type %u at offset %zu, expected 6", type,
                          at);
        if (size != rd_left(&sig))
            return refuse(e, RATLS_E_MALFORMED, at + 2,
                          "quote: outer certification data says %" PRIu32
                          " bytes at offset %zu, %zu remain",
                          size, at + 2, rd_left(&sig));
    }
    return read_certification(&sig, q, e);
}
