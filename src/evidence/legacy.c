/*
 * Older carriers of evidence and those of others: Gramine, SGX SDK before 2.22, RATS-TLS before
 * 2023, Open Enclave; and what is recognised only to be named.
 */
#include "evidence/legacy.h"

#include "evidence/oe_evidence.h"

#define INTEL_1337 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x8a, 0x39       /* 1.2.840.113741.1337 */
#define DSTACK     0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xe7, 0x3d, 0x01 /* 1.3.6.1.4.1.62397.1 */
#define OE_OLD     0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x0a, 0x01       /* 1.2.840.113556.10.1 */
#define OE_NEW     0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69       /* 1.3.6.1.4.1.311.105 */

enum { GROUP_NONE, GROUP_IAS, GROUP_DSTACK, GROUP_9900 };

static const char quote[] = "SGX or TDX quote";
static const char ias[] = "EPID evidence from Intel's attestation service (RATS-TLS)";
static const char dstack[] = "dstack evidence";

static const legacy_carrier carriers[] = {
    /* Gramine's own encoding holds tag and length of the OID that was meant. */
    {11, {0x06, 0x09, INTEL_1337, 6}, false, SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, 0, quote},
    {9, {INTEL_1337, 6}, false, SCHEME_GRAMINE_LEGACY, EVIDENCE_INTEL_QUOTE, 0, quote},
    {9,
     {0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01},
     false,
     SCHEME_SGX_SDK_LEGACY,
     EVIDENCE_INTEL_QUOTE,
     0,
     quote},
    {9, {INTEL_1337, 8}, false, SCHEME_RATS_TLS_LEGACY, EVIDENCE_INTEL_QUOTE, 0, "TDX quote"},
    {9, {OE_OLD, 1}, false, SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, 0, quote},
    {9, {OE_NEW, 1}, false, SCHEME_OE_REPORT, EVIDENCE_INTEL_QUOTE, 0, quote},
    {9, {OE_OLD, 2}, false, SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, 0, quote},
    {9, {OE_NEW, 2}, false, SCHEME_OE_EVIDENCE, EVIDENCE_INTEL_QUOTE, 0, quote},
    {9,
     {INTEL_1337, 14},
     false,
     SCHEME_RATS_TLS_LEGACY,
     EVIDENCE_SGX_REPORT,
     0,
     "SGX report (EREPORT)"},
    {9, {INTEL_1337, 2}, false, SCHEME_RATS_TLS_LEGACY, EVIDENCE_RETIRED, GROUP_IAS, ias},
    {9, {INTEL_1337, 3}, false, SCHEME_RATS_TLS_LEGACY, EVIDENCE_RETIRED, GROUP_IAS, ias},
    {9, {INTEL_1337, 4}, false, SCHEME_RATS_TLS_LEGACY, EVIDENCE_RETIRED, GROUP_IAS, ias},
    {9, {INTEL_1337, 5}, false, SCHEME_RATS_TLS_LEGACY, EVIDENCE_RETIRED, GROUP_IAS, ias},
    {9,
     {INTEL_1337, 20},
     false,
     SCHEME_RATS_TLS_LEGACY,
     EVIDENCE_OTHER,
     0,
     "SEV-SNP report (older RATS-TLS)"},
    {9,
     {INTEL_1337, 22},
     false,
     SCHEME_RATS_TLS_LEGACY,
     EVIDENCE_OTHER,
     0,
     "SEV report (older RATS-TLS)"},
    {9,
     {INTEL_1337, 24},
     false,
     SCHEME_RATS_TLS_LEGACY,
     EVIDENCE_OTHER,
     0,
     "Hygon CSV report (older RATS-TLS)"},
    {8,
     {0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x01, 0x23}, /* 1.3.6.1.5.5.7.1.35 */
     false,
     SCHEME_OTHER,
     EVIDENCE_OTHER,
     0,
     "conceptual message wrapper (RFC 9999)"},
    {10, {DSTACK, 1}, false, SCHEME_OTHER, EVIDENCE_OTHER, GROUP_DSTACK, dstack},
    {10, {DSTACK, 8}, false, SCHEME_OTHER, EVIDENCE_OTHER, GROUP_DSTACK, dstack},
    {10, {DSTACK, 2}, false, SCHEME_OTHER, EVIDENCE_OTHER, GROUP_DSTACK, dstack},
    {10, {DSTACK, 9}, false, SCHEME_OTHER, EVIDENCE_OTHER, GROUP_DSTACK, dstack},
    {3,
     {0x2b, 0xcd, 0x2c}, /* 1.3.9900 */
     true,
     SCHEME_OTHER,
     EVIDENCE_OTHER,
     GROUP_9900,
     "attestation document of Constellation or Flashbots"},
};

const legacy_carrier *legacy_carriers(size_t *n)
{
    *n = sizeof carriers / sizeof *carriers;
    return carriers;
}

bool legacy_carries(const legacy_carrier *carrier, bytes oid)
{
    if (carrier->prefix && oid.n > carrier->oid_n)
        oid.n = carrier->oid_n;
    return bytes_equal(oid, bytes_of(carrier->oid, carrier->oid_n));
}

/* An EPID quote has version 1 or 2 [SGX quote: sgx_quote_t]; the same extension carried both kinds.
 */
static bool is_epid(bytes payload)
{
    reader r = rd_of(payload);
    unsigned version = rd_le16(&r);
    return version == 1 || version == 2;
}

ratls_code legacy_read(const legacy_carrier *carrier, bytes value, evidence *out, ratls_error *e)
{
    if (carrier->scheme == SCHEME_OE_REPORT)
        return oe_report_parse(value, out, e);
    if (carrier->scheme == SCHEME_OE_EVIDENCE)
        return oe_evidence_parse(value, out, e);
    if (carrier->scheme == SCHEME_SGX_SDK_LEGACY && value.n > 0 && value.p[0] == DER_SEQUENCE)
        return refuse(e, RATLS_E_MISSING, 0,
                      "the extension 1.2.840.113741.1.13.1 describes a PCK certificate's platform, "
                      "it holds no quote");
    memset(out, 0, sizeof *out);
    out->scheme = carrier->scheme;
    out->kind = carrier->kind;
    out->tee = carrier->scheme == SCHEME_RATS_TLS_LEGACY ? RATLS_TEE_TDX : RATLS_TEE_NONE;
    out->what = carrier->what;
    out->payload = value;
    if (out->kind == EVIDENCE_INTEL_QUOTE && is_epid(value)) {
        out->kind = EVIDENCE_RETIRED;
        out->what = "EPID quote";
    }
    return RATLS_OK;
}
