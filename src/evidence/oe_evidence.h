#ifndef EVIDENCE_OE_EVIDENCE_H
#define EVIDENCE_OE_EVIDENCE_H

#include "base/writer.h"
#include "evidence/evidence.h"

/* Open Enclave's two wrappings of a quote: a report (16-byte header) and evidence (32-byte header
 * with a format UUID). */
RATLS_MUST_USE ratls_code oe_report_parse(bytes in, evidence *out, ratls_error *e);
RATLS_MUST_USE ratls_code oe_evidence_parse(bytes in, evidence *out, ratls_error *e);

/* A remote report around an SGX quote, as oe_report_parse reads it. */
void oe_report_write(writer *w, bytes quote);

/* Custom claims as Open Enclave writes them outside certificates: u64 version, u64 count, then
 * named values. */
typedef struct oe_claim {
    bytes name, value; /* name without its NUL */
} oe_claim;
RATLS_MUST_USE ratls_code oe_custom_claims_parse(bytes in, oe_claim *out, size_t max, size_t *n,
                                                 ratls_error *e);

#endif
