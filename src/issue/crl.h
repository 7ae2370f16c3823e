#ifndef ISSUE_CRL_H
#define ISSUE_CRL_H

#include "base/error.h"
#include "crypto/private.h"
#include "issue/der_writer.h"

typedef struct issue_revoked {
    bytes serial; /* positive, big-endian */
    int64_t date;
} issue_revoked;

/* A v2 CRL to be made, with AuthorityKeyIdentifier and CRLNumber [RFC 5280 5]. */
typedef struct issue_crl_spec {
    bytes issuer; /* Name, with tag and length */
    int64_t this_update, next_update;
    const issue_revoked *revoked;
    size_t revoked_n; /* 0: no list at all, as RFC 5280 5.1.2.6 asks */
    uint64_t number;
    bytes authority_key_id; /* key identifier */
} issue_crl_spec;

/* As issue_certificate. */
RATLS_MUST_USE ratls_code issue_crl(const issue_crl_spec *spec, const crypto_private *signer,
                                    writer *out, ratls_error *e);

#endif
