#ifndef ATTEST_PEER_H
#define ATTEST_PEER_H

#include "attest/quote.h"
#include "crypto/private.h"
#include "issue/extensions.h"
#include "x509/certificate.h"

/* What each peer wants to find in a certificate [formats of Gramine, SGX SDK, RATS-TLS, Open
 * Enclave; RATLS quirks]. */
typedef struct peer_rules {
    const char *name;
    size_t quote_max;     /* bytes; 0: none but our own limit */
    size_t evidence_max;  /* bytes of the extension's value; 0: none */
    crypto_type key_type; /* of keys for which the user named none */
    bool no_rsa;          /* it reads EC keys only */
    bool self_signed;     /* it takes no other */
    bool alone;           /* the TLS message may hold one certificate only */
    bool no_endorsements; /* it reads none, and large certificates badly */
} peer_rules;

const peer_rules *peer_rules_of(ratls_peer peer);

/* Room for the evidence of one certificate. */
typedef struct peer_work {
    attest_quote first, second;
    bytes nonce;          /* for the claims; empty: none */
    uint8_t claims[2048]; /* claims-buffer, or the public key in PEM */
    uint8_t evidence[CERTIFICATE_MAX];
} peer_work;

/*
 * Asks the source for what this peer needs and adds the evidence extensions for this key. Errors:
 * those of attest_quote_over; UNSUPPORTED (a TEE or quote version that the peer does not read, a
 * nonce that its evidence has no place for), LIMIT (longer than it reads).
 */
RATLS_MUST_USE ratls_code peer_add_evidence(ratls_peer peer, bytes spki, const ratls_source *source,
                                            peer_work *work, issue_extensions *x, ratls_error *e);

#endif
