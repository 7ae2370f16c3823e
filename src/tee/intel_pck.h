#ifndef TEE_INTEL_PCK_H
#define TEE_INTEL_PCK_H

#include "ratls/result.h"
#include "x509/certificate.h"

/*
 * The SGX extension of a PCK leaf [DCAP 1.3]: PPID, TCB, PCE-ID, FMSPC, SGX type, and of a
 * multi-package platform its instance id and configuration. MISSING if there is none, MALFORMED if
 * an item is absent, twice, or out of its range.
 */
RATLS_MUST_USE ratls_code intel_pck_read(const certificate *leaf, ratls_pck_facts *out,
                                         ratls_error *e);

#endif
