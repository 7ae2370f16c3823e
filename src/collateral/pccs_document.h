#ifndef COLLATERAL_PCCS_DOCUMENT_H
#define COLLATERAL_PCCS_DOCUMENT_H

#include "base/bytes.h"

/*
 * What a server of collateral must know of the documents that it hands out: the parts of an item in
 * its JSON form, and some of what these say. Nothing is verified here; who asks does that.
 */

/* The strings of up to three members of a JSON object, as they stand there, escapes included.
 * False if it is no JSON object or lacks one. */
bool document_parts(bytes json, const char *const keys[3], bytes out[3]);

/* Of a signed body, the JSON object in which TCB info and the like come [DCAP 1.4, 1.5]. */
typedef struct signed_body {
    unsigned version;
    int64_t next_update;
    bool has_number;
    uint64_t number; /* tcbEvaluationDataNumber */
} signed_body;
bool document_body(bytes json, signed_body *out);

/* nextUpdate of a CRL [RFC 5280 5.1.2.5]. */
bool document_crl(bytes der, int64_t *next_update);

typedef struct pck_certificate {
    int64_t not_after;
    uint8_t fmspc[6];
    bool processor_ca;
} pck_certificate;
/* [DCAP 1.3] */
bool document_pck(bytes der, pck_certificate *out);

#endif
