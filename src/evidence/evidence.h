#ifndef EVIDENCE_EVIDENCE_H
#define EVIDENCE_EVIDENCE_H

#include "base/error.h"
#include "ratls/result.h"
#include "x509/certificate.h"

/* How a certificate carries evidence, newest first. See doc/ARCHITECTURE.md for the list with OIDs.
 */
typedef enum evidence_scheme {
    SCHEME_NONE,
    SCHEME_INTEROPERABLE,   /* DICE OID, tagged CBOR: the common format */
    SCHEME_GRAMINE_LEGACY,  /* 1.2.840.113741.1337.6, either encoding: raw quote */
    SCHEME_SGX_SDK_LEGACY,  /* 1.2.840.113741.1.13.1 in a TLS certificate: raw quote */
    SCHEME_RATS_TLS_LEGACY, /* 1.2.840.113741.1337.8 (TD quote), .14 (EREPORT), … */
    SCHEME_OE_REPORT,       /* Open Enclave, 16-byte header */
    SCHEME_OE_EVIDENCE,     /* Open Enclave, 32-byte header with a format UUID */
    SCHEME_OTHER            /* recognised, not judged: see `what` */
} evidence_scheme;

typedef enum evidence_kind {
    EVIDENCE_INTEL_QUOTE, /* payload is an SGX or TDX quote */
    EVIDENCE_TDX_REPORT,  /* 60001: TDREPORT, MACed for its own platform */
    EVIDENCE_SGX_REPORT2, /* 60001: SGX report type 2 */
    EVIDENCE_SGX_REPORT,  /* 60002, EREPORT: MACed for its own platform */
    EVIDENCE_RETIRED,     /* EPID or IAS */
    EVIDENCE_OTHER        /* another TEE or wrapper: `what` names it */
} evidence_kind;

/* Views into the certificate. */
typedef struct evidence {
    evidence_scheme scheme;
    evidence_kind kind;
    ratls_tee tee; /* that the carrier is for; RATLS_TEE_NONE if it is for any */
    const char
        *what; /* for people, static: "SGX or TDX quote", "SEV-SNP report (RATS-TLS tag)", … */
    bytes
        oid; /* contents of the extension's OID; empty for evidence that is not in a certificate */
    bytes payload; /* the quote or report; what follows a quote's signature data is still in it */
    bytes claims; /* common: the claims-buffer. Open Enclave evidence: the custom claims. Else empty
                   */
    uint64_t tag; /* common: the CBOR tag */
} evidence;

/* "interoperable", "gramine-legacy", … Static. */
const char *evidence_scheme_name(evidence_scheme scheme);

/* All evidence of one certificate or request: the common one and older ones beside it. */
#define EVIDENCE_MAX 4
typedef struct evidence_set {
    size_t n;
    evidence all[EVIDENCE_MAX]; /* all[0] is the one to judge: the common one if there is one */
    bytes endorsements; /* value of the endorsements extension (inner OCTET STRING removed); empty
                           if none */
} evidence_set;

/*
 * Finds and reads every evidence extension, also among those that a request asks for.
 * RATLS_E_MISSING if there is none (with the reason, e.g. an attester that makes none), MALFORMED
 * or UNSUPPORTED if the one to judge can't be read: a bad common extension never falls back to an
 * older one. Kinds that can't be judged (EPID, reports, other TEEs) are found and returned with
 * RATLS_OK: refusing them is the caller's, with `what`. Order of choice: common; Gramine, SGX SDK
 * and RATS-TLS legacy; Open Enclave report-old, report-new, evidence-old, evidence-new; then the
 * ones not judged.
 */
RATLS_MUST_USE ratls_code evidence_find(const certificate *c, evidence_set *set, ratls_error *e);

/* Reads the value of the common evidence extension, or a file with the same CBOR; accepts the inner
 * OCTET STRING form. */
RATLS_MUST_USE ratls_code evidence_parse(bytes cbor, evidence *out, ratls_error *e);

#endif
