#ifndef EVIDENCE_INTEL_QUOTE_H
#define EVIDENCE_INTEL_QUOTE_H

#include "base/error.h"
#include "evidence/sgx_report.h"
#include "evidence/td_report.h"

/* An SGX or TDX ECDSA quote, version 3, 4 or 5 [DCAP 1.1]. */
#define INTEL_QUOTE_MIN 1020
#define INTEL_QUOTE_MAX 65536

enum { TEE_TYPE_SGX = 0x00, TEE_TYPE_TDX = 0x81 };

/* Views into the quote. */
typedef struct intel_quote {
    unsigned version;
    uint32_t tee_type;
    bytes header;       /* 48 bytes */
    bytes signed_bytes; /* header, descriptor, body */
    bytes body;
    sgx_report sgx;        /* if tee_type is TEE_TYPE_SGX */
    td_report td;          /* if tee_type is TEE_TYPE_TDX */
    bytes report_data;     /* 64 */
    bytes signature;       /* r||s */
    bytes attestation_key; /* x||y */
    sgx_report qe;
    bytes qe_signature; /* r||s */
    bytes qe_auth;
    unsigned cert_type;
    bytes cert_data;
    bytes trailing; /* after the signature data: allowed, not interpreted */
} intel_quote;

/*
 * Refused: any length that does not fit exactly, another version, key type, TEE type or QE vendor,
 * body types that do not fit. Any certification data type that Intel defines for a leaf is read (1
 * to 5); whether it can be judged is the verifier's.
 */
RATLS_MUST_USE ratls_code intel_quote_parse(bytes in, intel_quote *q, ratls_error *e);

#endif
