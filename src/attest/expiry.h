#ifndef ATTEST_EXPIRY_H
#define ATTEST_EXPIRY_H

#include "evidence/intel_quote.h"
#include "tee/intel_collateral.h"

/* The earliest end of all that a certificate rests on, and what ends then. */
typedef struct expiry {
    int64_t at;
    const char *what; /* static */
} expiry;

void expiry_add(expiry *x, int64_t at, const char *what);
/* The PCK certificate chain inside the quote, if it is there as PEM. */
RATLS_MUST_USE ratls_code expiry_add_quote(expiry *x, const intel_quote *q, ratls_error *e);
/* TCB info, QE identity, CRLs, and the certificates that sign them. Nothing of it is verified. */
RATLS_MUST_USE ratls_code expiry_add_collateral(expiry *x, const intel_collateral *c,
                                                ratls_error *e);

#endif
