/*
 * Evidence of the common format [RATLS evidence formats]: tag([bstr quote-or-report, bstr
 * claims-buffer]). Reads the wrapping only; quote, report and claims have readers of their own.
 */
#include "evidence/dice.h"

#include <inttypes.h>

#include "codec/cbor.h"
#include "codec/der.h"
#include "evidence/evidence.h"

enum {
    TAG_REPORT = 60001,
    TAG_LEGACY_REPORT = 60002,
    /* Not registered; RATS-TLS and librats use them. */
    TAG_SEV_SNP = 0x1a7504,
    TAG_SEV = 0x1a7505,
    TAG_CSV = 0x1a7506,
    /* Content formats as tags [RFC 9277 4.3]; a CMW's tag form [RFC 9999]. */
    TAG_CMW_FIRST = 1668546817,
    TAG_CMW_LAST = 1668612095,

    REPORT_SIZE = 1024, /* TDREPORT and SGX report type 2 [SDM REPORTMACSTRUCT] */
    REPORT_TYPE_TDX = 0x81,
    REPORT_TYPE_SGX = 0x00,
    EREPORT_SIZE = 432 /* [SDM EREPORT] */
};

ratls_code dice_open(bytes value, const char *what, reader *out, ratls_error *e)
{
    *out = rd_of(value);
    /* No CBOR that is meant here begins with 04: that is the integer 4. */
    if (rd_peek(out) != DER_OCTET_STRING)
        return RATLS_OK;
    reader outer = *out;
    *out = der_enter(&outer, DER_OCTET_STRING);
    if (!rd_done(&outer))
        return refuse(e, RATLS_E_MALFORMED, 0,
                      "%s: begins with an OCTET STRING that does not fill its %zu bytes in DER",
                      what, value.n);
    return RATLS_OK;
}

static bool looks_like_quote(bytes payload)
{
    reader r = rd_of(payload);
    unsigned version = rd_le16(&r), key_type = rd_le16(&r);
    return rd_ok(&r) && version >= 3 && version <= 5 && (key_type == 2 || key_type == 3);
}

/* A conceptual message wrapper has no tag of ours; NULL if it is none. By first bytes only, for the
 * sentence: it is refused either way. */
static const char *wrapper_form(reader r)
{
    int first = rd_peek(&r);
    if (first == '[' || first == '{')
        return "JSON";
    cbor_major major = cbor_peek(&r);
    if (major == CBOR_MAP)
        return "a collection";
    if (major != CBOR_ARRAY)
        return NULL;
    (void)cbor_array(&r, 2, 3);
    major = cbor_peek(&r);
    return major == CBOR_UINT || major == CBOR_TEXT ? "a record" : NULL;
}

static ratls_code refuse_wrapper(size_t at, const char *form, ratls_error *e)
{
    return refuse(e, RATLS_E_UNSUPPORTED, at,
                  "evidence: a conceptual message wrapper (RFC 9999, %s) at offset %zu, expected "
                  "tag 60000, 60001 or 60002",
                  form, at);
}

static const struct {
    uint64_t tag;
    evidence_kind kind;
    const char *what;
} tags[] = {
    {DICE_TAG_QUOTE, EVIDENCE_INTEL_QUOTE, "SGX or TDX quote"},
    {TAG_REPORT, EVIDENCE_TDX_REPORT, "TDX report"},
    {TAG_LEGACY_REPORT, EVIDENCE_SGX_REPORT, "SGX report (EREPORT)"},
    {TAG_SEV_SNP, EVIDENCE_OTHER, "SEV-SNP report (RATS-TLS tag)"},
    {TAG_SEV, EVIDENCE_OTHER, "SEV report (RATS-TLS tag)"},
    {TAG_CSV, EVIDENCE_OTHER, "Hygon CSV report (RATS-TLS tag)"},
};

static ratls_code read_tag(reader *r, evidence *out, ratls_error *e)
{
    size_t at = r->pos;
    const char *form = wrapper_form(*r);
    if (form != NULL)
        return refuse_wrapper(at, form, e);
    if (cbor_peek(r) != CBOR_TAG)
        return refuse(e, RATLS_E_MALFORMED, at,
                      "evidence: no CBOR tag at offset %zu, expected 60000, 60001 or 60002", at);
    out->tag = cbor_tag(r);
    if (!rd_ok(r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "evidence: the CBOR tag at offset %zu is cut off or not in its shortest form",
                      at);
    if (out->tag >= TAG_CMW_FIRST && out->tag <= TAG_CMW_LAST)
        return refuse_wrapper(at, "a tag", e);
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tags[i].tag == out->tag) {
            out->kind = tags[i].kind;
            out->what = tags[i].what;
            return RATLS_OK;
        }
    return refuse(e, RATLS_E_UNSUPPORTED, at,
                  "evidence: CBOR tag %" PRIu64 " at offset %zu, expected 60000, 60001 or 60002",
                  out->tag, at);
}

static ratls_code refuse_report(size_t at, bytes payload, const char *expected, ratls_error *e)
{
    if (looks_like_quote(payload))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "evidence: a quote of %zu bytes at offset %zu under a report's tag, expected "
                      "%s (a quote has tag 60000)",
                      payload.n, at, expected);
    return refuse(e, RATLS_E_MALFORMED, at,
                  "evidence: %zu bytes that begin with 0x%02x at offset %zu, expected %s",
                  payload.n, payload.n > 0 ? payload.p[0] : 0u, at, expected);
}

/* A report is told by size and type byte; a quote by its own reader. */
static ratls_code check_report(evidence *out, size_t at, ratls_error *e)
{
    bytes p = out->payload;
    if (out->tag == TAG_LEGACY_REPORT && p.n != EREPORT_SIZE)
        return refuse_report(at, p, "an SGX report (EREPORT) of 432 bytes", e);
    if (out->tag != TAG_REPORT)
        return RATLS_OK;
    if (p.n != REPORT_SIZE || (p.p[0] != REPORT_TYPE_TDX && p.p[0] != REPORT_TYPE_SGX))
        return refuse_report(at, p, "a TDX report or SGX report type 2 of 1024 bytes", e);
    if (p.p[0] == REPORT_TYPE_SGX) {
        out->kind = EVIDENCE_SGX_REPORT2;
        out->what = "SGX report type 2";
    }
    return RATLS_OK;
}

ratls_code evidence_parse(bytes cbor, evidence *out, ratls_error *e)
{
    memset(out, 0, sizeof *out);
    out->scheme = SCHEME_INTEROPERABLE;
    reader r;
    ratls_code code = dice_open(cbor, "evidence", &r, e);
    if (code == RATLS_OK)
        code = read_tag(&r, out, e);
    if (code != RATLS_OK)
        return code;

    size_t at = r.pos;
    (void)cbor_array(&r, 2, 2);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "evidence: expected a definite CBOR array of quote and claims-buffer at "
                      "offset %zu",
                      at);
    at = r.pos;
    out->payload = cbor_bytes(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "evidence: the quote or report at offset %zu is not a definite byte string "
                      "within the %zu bytes",
                      at, cbor.n);
    size_t payload_at = r.pos - out->payload.n;
    at = r.pos;
    out->claims = cbor_bytes(&r);
    if (!rd_ok(&r))
        return refuse(e, RATLS_E_MALFORMED, at,
                      "evidence: the claims-buffer at offset %zu is not a definite byte string "
                      "within the %zu bytes",
                      at, cbor.n);
    if (!rd_done(&r))
        return refuse(e, RATLS_E_MALFORMED, r.pos,
                      "evidence: %zu bytes follow the claims-buffer at offset %zu, expected none",
                      rd_left(&r), r.pos);
    return check_report(out, payload_at, e);
}

void dice_write_evidence(writer *w, bytes quote, bytes claims)
{
    cbor_put_head(w, CBOR_TAG, DICE_TAG_QUOTE);
    cbor_put_head(w, CBOR_ARRAY, 2);
    cbor_put_bytes(w, quote);
    cbor_put_bytes(w, claims);
}
