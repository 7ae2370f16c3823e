#ifndef EVIDENCE_LEGACY_H
#define EVIDENCE_LEGACY_H

#include "evidence/evidence.h"

/* How evidence came in certificates before the common format, and beside it. */
typedef struct legacy_carrier {
    uint8_t oid_n;
    uint8_t oid[11]; /* contents */
    bool prefix;     /* any OID that begins so */
    evidence_scheme scheme;
    evidence_kind kind; /* what the value holds if it is not read for it */
    unsigned group;     /* not 0: extensions that make up one piece of evidence together */
    const char *what;
} legacy_carrier;

/* All carriers in the order of choice; *n is their number. */
const legacy_carrier *legacy_carriers(size_t *n);

bool legacy_carries(const legacy_carrier *carrier, bytes oid);

/* Reads an extension's value as `carrier` says. MISSING if it is no evidence at all: the SGX
 * extension of a PCK certificate has the OID of an old TLS certificate's quote. */
RATLS_MUST_USE ratls_code legacy_read(const legacy_carrier *carrier, bytes value, evidence *out,
                                      ratls_error *e);

#endif
