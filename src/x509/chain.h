#ifndef X509_CHAIN_H
#define X509_CHAIN_H

#include "x509/certificate.h"
#include "x509/crl.h"

/*
 * Steps of path validation for closed vendor PKIs: one pinned root, P-256 keys, ecdsa-with-SHA256
 * everywhere. Name constraints, policies and cross-signing do not occur there and are not handled:
 * a critical extension that says otherwise is refused.
 */

/* A trusted root: name and key decide, not the encoding of its certificate. */
typedef struct anchor {
    bytes name;  /* Name, with tag and length */
    bytes point; /* x||y */
    const crypto_key *key;
    /* SHA-256 of encodings whose self-signature need not be verified again. */
    uint8_t known[2][32];
    size_t known_n;
} anchor;

/*
 * In all of these `what` begins the sentence, e.g. "PCK leaf". Codes: UNSUPPORTED for what such a
 * PKI does not use (version, key, algorithm, a critical extension that is not known, name
 * constraints), MALFORMED for what RFC 5280 forbids a CA to issue (serial, empty subject, key
 * identifiers absent or critical), UNTRUSTED for the rest.
 */

/* As an issuer: CA bit, keyCertSign and cRLSign, path length >= below (number of CAs under it), v3,
 * P-256, ecdsa-with-SHA256, serial form, key identifiers, no unknown critical extension. */
RATLS_MUST_USE ratls_code chain_check_ca(const certificate *c, int below, const char *what,
                                         ratls_error *e);
/* As a leaf that signs: not a CA, digitalSignature without keyCertSign, and the rest as above. */
RATLS_MUST_USE ratls_code chain_check_leaf(const certificate *c, const char *what, ratls_error *e);

/* c is the anchor: name and key equal, key ids agree; self-signature good (or the encoding known).
 * UNTRUSTED otherwise. */
RATLS_MUST_USE ratls_code chain_check_root(const certificate *c, const anchor *a, const char *what,
                                           ratls_error *e);

/* Issuer's name is the subject's issuer (raw bytes), key ids agree where both are there, signature
 * good. UNTRUSTED otherwise. `issuer_key` is the caller's import of the issuer's key. */
RATLS_MUST_USE ratls_code chain_check_issued(const certificate *c, const certificate *issuer,
                                             const crypto_key *issuer_key, const char *what,
                                             ratls_error *e);

/* The CRL is this issuer's: name, key ids, CRLNumber and AuthorityKeyId present, signature good.
 * Dates are the caller's. */
RATLS_MUST_USE ratls_code chain_check_crl(const crl *l, bytes issuer_name, bytes issuer_key_id,
                                          const crypto_key *issuer_key, const char *what,
                                          ratls_error *e);

#endif
