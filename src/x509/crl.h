#ifndef X509_CRL_H
#define X509_CRL_H

#include "x509/certificate.h"

/* A v2 CRL read strictly [RFC 5280 5], as views into its DER. The entries are walked, never stored.
 */
#define CRL_MAX (1024 * 1024) /* bytes of DER */

typedef struct crl {
    bytes der, tbs;
    bytes issuer;
    int64_t this_update, next_update;
    bytes entries; /* contents of revokedCertificates; empty if absent */
    size_t entries_n;
    crypto_sig signature_algorithm;
    bytes signature;
    bytes number;             /* CRLNumber, INTEGER contents; empty if absent */
    bytes authority_key_id;   /* empty if absent */
    bool authority_by_serial; /* AuthorityKeyIdentifier also names issuer and serial */
} crl;

/*
 * Checks every entry's form once. Refused: version 1, no nextUpdate, an empty list of entries,
 * unknown critical extensions of the list and of entries, and, critical or not, those that make a
 * list partial or indirect; the reason removeFromCRL; trailing bytes. Errors: MALFORMED,
 * UNSUPPORTED (version, algorithm, extension), LIMIT.
 */
RATLS_MUST_USE ratls_code crl_parse(bytes der, crl *l, ratls_error *e);

/* Is this serial (INTEGER contents) listed? Whatever the reason code: "removeFromCRL" is refused by
 * crl_parse. */
bool crl_lists(const crl *l, bytes serial);

#endif
