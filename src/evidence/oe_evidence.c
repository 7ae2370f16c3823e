/*
 * Open Enclave's wrappings [openenclave internal/report.h, internal/plugin.h]: a report header of
 * 16 bytes, an attestation header of 32 bytes, and custom claims. All little-endian.
 */
#include "evidence/oe_evidence.h"

#include <inttypes.h>

#include "base/hex.h"

enum {
    REPORT_VERSION = 1,
    REPORT_LOCAL = 1,
    REPORT_REMOTE = 2,
    EVIDENCE_VERSION = 3,
    CUSTOM_CLAIMS_VERSION = 1,
    EREPORT_SIZE = 432 /* [SDM EREPORT] */
};

ratls_code oe_report_parse(bytes in, evidence *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    out->scheme = SCHEME_OE_REPORT;
    reader r = rd_of(in);
    uint32_t version = rd_le32(&r), type = rd_le32(&r);
    uint64_t size = rd_le(&r, 8);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, in.n,
                      "Open Enclave report: %zu bytes, its header has 16", in.n);
    if (version != REPORT_VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "Open Enclave report: version %" PRIu32 " at offset 0, expected 1", version);
    if (type != REPORT_LOCAL && type != REPORT_REMOTE)
        return refuse(e, RATLS_E_UNSUPPORTED, 4,
                      "Open Enclave report: type %" PRIu32
                      " at offset 4, expected 1 (local) or 2 (remote)",
                      type);
    if (size != rd_left(&r))
        return refuse(e, RATLS_E_MALFORMED, 8,
                      "Open Enclave report: the header says %" PRIu64
                      " bytes at offset 8, %zu remain",
                      size, rd_left(&r));
    out->payload = rd_rest(&r);
    if (type == REPORT_REMOTE) {
        out->kind = EVIDENCE_INTEL_QUOTE;
        out->what = "SGX quote";
        return RATLS_OK;
    }
    if (out->payload.n != EREPORT_SIZE)
        return refuse(e, RATLS_E_MALFORMED, 8,
                      "Open Enclave report: a local report of %zu bytes, expected 432",
                      out->payload.n);
    out->kind = EVIDENCE_SGX_REPORT;
    out->what = "SGX report (Open Enclave local report)";
    return RATLS_OK;
}

typedef struct format {
    uint8_t uuid[16];
    evidence_kind kind;
    ratls_tee tee;
    const char *what;
} format;

static const format formats[] = {
    {{0xa3, 0xa2, 0x1e, 0x87, 0x1b, 0x4d, 0x40, 0x14, 0xb7, 0x0a, 0xa1, 0x25, 0xd2, 0xfb, 0xcd,
      0x8c},
     EVIDENCE_INTEL_QUOTE,
     RATLS_TEE_SGX,
     "SGX quote"},
    {{0x8b, 0xa7, 0x02, 0x86, 0xc1, 0xcf, 0x11, 0xed, 0xaf, 0xa1, 0x02, 0x42, 0xac, 0x12, 0x00,
      0x02},
     EVIDENCE_INTEL_QUOTE,
     RATLS_TEE_TDX,
     "TDX quote"},
    {{0x09, 0x26, 0x8c, 0x33, 0x6e, 0x0b, 0x45, 0xe5, 0x8a, 0x27, 0x15, 0x64, 0x4d, 0x0e, 0xf8,
      0x9a},
     EVIDENCE_SGX_REPORT,
     RATLS_TEE_NONE,
     "SGX report (Open Enclave local attestation)"},
    {{0x19, 0x23, 0xd9, 0x1e, 0x12, 0xd2, 0x4c, 0x72, 0xb2, 0x20, 0x25, 0xcd, 0x8d, 0xac, 0xe8,
      0x71},
     EVIDENCE_OTHER,
     RATLS_TEE_NONE,
     "bare SGX quote without claims (Open Enclave evidence)"},
    {{0xc8, 0x30, 0x34, 0x54, 0xd9, 0x23, 0x4c, 0x2c, 0xa6, 0x91, 0xdf, 0x7d, 0xef, 0x46, 0x0a,
      0x76},
     EVIDENCE_OTHER,
     RATLS_TEE_NONE,
     "Open Enclave report without claims (Open Enclave evidence)"},
    {{0xf2, 0x28, 0xaa, 0x3f, 0xde, 0x4d, 0x49, 0xd3, 0x88, 0x4c, 0xb2, 0xaa, 0x87, 0xa5, 0x0d,
      0xa6},
     EVIDENCE_RETIRED,
     RATLS_TEE_NONE,
     "EPID quote, linkable (Open Enclave)"},
    {{0x5c, 0x35, 0xd2, 0x90, 0xa2, 0xc2, 0x4c, 0x55, 0x9e, 0x13, 0x5a, 0xd7, 0x32, 0x74, 0x6c,
      0x88},
     EVIDENCE_RETIRED,
     RATLS_TEE_NONE,
     "EPID quote, unlinkable (Open Enclave)"},
};

static const format *format_of(bytes uuid)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (bytes_equal(uuid, bytes_of(formats[i].uuid, sizeof formats[i].uuid)))
            return &formats[i];
    return NULL;
}

/*
 * Where the quote ends and the custom claims begin, by the quote's own lengths [DCAP 1.1]. All of
 * `data` if they do not fit: then the quote's reader refuses it, with the better sentence.
 */
static size_t quote_size(bytes data)
{
    reader r = rd_of(data);
    unsigned version = rd_le16(&r);
    (void)rd_le16(&r);
    uint32_t tee_type = rd_le32(&r);
    (void)rd_take(&r, 40);
    uint32_t body = version == 3 || tee_type == 0 ? 384 : 584;
    if (version == 5) {
        (void)rd_le16(&r);
        body = rd_le32(&r);
    }
    (void)rd_take(&r, body);
    (void)rd_take(&r, rd_le32(&r));
    return rd_ok(&r) ? r.pos : data.n;
}

/* Evidence, then custom claims: what the evidence's report data is the digest of. */
static ratls_code split(bytes data, evidence *out, ratls_error *e)
{
    size_t size = data.n;
    if (out->kind == EVIDENCE_INTEL_QUOTE)
        size = quote_size(data);
    if (out->kind == EVIDENCE_SGX_REPORT) {
        size = EREPORT_SIZE;
        if (data.n < size)
            return refuse(
                e, RATLS_E_MALFORMED, 24,
                "Open Enclave evidence: a local report of %zu bytes, expected 432 or more", data.n);
    }
    reader r = rd_of(data);
    out->payload = rd_take(&r, size);
    out->claims = rd_rest(&r);
    return RATLS_OK;
}

ratls_code oe_evidence_parse(bytes in, evidence *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    out->scheme = SCHEME_OE_EVIDENCE;
    reader r = rd_of(in);
    uint32_t version = rd_le32(&r);
    bytes uuid = rd_take(&r, 16);
    (void)rd_take(&r, 4); /* padding of a C struct: whatever was there */
    uint64_t size = rd_le(&r, 8);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, in.n,
                      "Open Enclave evidence: %zu bytes, its header has 32", in.n);
    if (version != EVIDENCE_VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "Open Enclave evidence: version %" PRIu32 " at offset 0, expected 3",
                      version);
    const format *f = format_of(uuid);
    if (f == NULL)
        return refuse(e, RATLS_E_UNSUPPORTED, 4,
                      "Open Enclave evidence: unknown format id %s at offset 4", HEX(uuid));
    if (size != rd_left(&r))
        return refuse(e, RATLS_E_MALFORMED, 24,
                      "Open Enclave evidence: the header says %" PRIu64
                      " bytes at offset 24, %zu remain",
                      size, rd_left(&r));
    out->kind = f->kind;
    out->tee = f->tee;
    out->what = f->what;
    return split(rd_rest(&r), out, e);
}

void oe_report_write(writer *w, bytes quote)
{
    wr_le(w, REPORT_VERSION, 4);
    wr_le(w, REPORT_REMOTE, 4);
    wr_le(w, quote.n, 8);
    wr_put(w, quote);
}

static ratls_code read_claim(reader *r, oe_claim *out, size_t i, ratls_error *e)
{
    size_t at = r->pos;
    uint64_t name_size = rd_le(r, 8), value_size = rd_le(r, 8);
    /* Compared apart, so that no sum can wrap. */
    if (!rd_ok(r) || name_size > rd_left(r) || value_size > rd_left(r) - name_size)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "custom claims: claim %zu at offset %zu is longer than what remains", i + 1,
                      at);
    bytes name = rd_take(r, (size_t)name_size);
    out->value = rd_take(r, (size_t)value_size);
    static const uint8_t nul = 0;
    if (bytes_find(name, bytes_of(&nul, 1)) + 1 != name.n)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "custom claims: the name of claim %zu at offset %zu is not text that ends in "
                      "its only NUL",
                      i + 1, at);
    out->name = bytes_of(name.p, name.n - 1);
    return RATLS_OK;
}

ratls_code oe_custom_claims_parse(bytes in, oe_claim *out, size_t max, size_t *n, ratls_error *e)
{
    *n = 0;
    reader r = rd_of(in);
    uint64_t version = rd_le(&r, 8), count = rd_le(&r, 8);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, in.n, "custom claims: %zu bytes, the header has 16",
                      in.n);
    if (version != CUSTOM_CLAIMS_VERSION)
        return refuse(e, RATLS_E_UNSUPPORTED, 0,
                      "custom claims: version %" PRIu64 " at offset 0, expected 1", version);
    if (count > rd_left(&r) / 16)
        return refuse(e, RATLS_E_MALFORMED, 8,
                      "custom claims: %" PRIu64 " claims at offset 8, %zu bytes remain", count,
                      rd_left(&r));
    if (count > max)
        return refuse(e, RATLS_E_LIMIT, 8,
                      "custom claims: %" PRIu64 " claims at offset 8, at most %zu are read", count,
                      max);
    for (size_t i = 0; i < count; i++) {
        size_t at = r.pos;
        ratls_code code = read_claim(&r, &out[i], i, e);
        if (code != RATLS_OK)
            return code;
        for (size_t k = 0; k < i; k++)
            if (bytes_equal(out[k].name, out[i].name))
                return refuse(e, RATLS_E_MALFORMED, at,
                              "custom claims: claims %zu and %zu have the same name", k + 1, i + 1);
    }
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, r.pos,
                      "custom claims: %zu bytes follow the last claim at offset %zu, expected none",
                      rd_left(&r), r.pos);
    *n = (size_t)count;
    return RATLS_OK;
}
