#ifndef ISSUE_ORDINARY_H
#define ISSUE_ORDINARY_H

#include "issue/certificate.h"
#include "x509/request.h"

/*
 * The ordinary certificate, without evidence, that a CA gives to the key of an attested request
 * which was accepted. Nothing of the request gets into it but its key and the names that were
 * allowed: all else in a request is what its sender likes.
 */
#define ORDINARY_NAMES_MAX 32

/* Bytes of DER that suffice for it. */
#define ORDINARY_MAX 32768

typedef struct ordinary_order {
    const certificate *ca; /* ordinary_check_ca accepted it */
    const crypto_private *ca_key;
    const certificate *request; /* ratls_verify_request accepted it */
    bytes serial;               /* ISSUE_SERIAL_SIZE bytes, random */
    bytes subject;              /* Name; empty: CN= and the SHA-256 of the key in hex */
    const char *const *allowed; /* DNS names and IP addresses, of which a request may ask for any */
    size_t allowed_n;
    int64_t now;
    uint32_t seconds;       /* how long it is good at most */
    int64_t evidence_until; /* and never beyond: when the collateral expires */
} ordinary_order;

typedef struct ordinary_made {
    int64_t not_before, not_after;
    size_t names_n;
    const char *names[ORDINARY_NAMES_MAX]; /* of `allowed`, those that were asked for */
} ordinary_made;

/* May this certificate sign others, and is the key its own? Errors: UNTRUSTED. */
RATLS_MUST_USE ratls_code ordinary_check_ca(const certificate *ca, const crypto_private *key,
                                            ratls_error *e);

/*
 * Makes it, DER appended to `out`. A name is allowed if it is the same text, case aside; a wildcard
 * only allows itself. Errors: POLICY (a name that is not allowed, or of another kind; a request to
 * be a CA; the subject of the CA), STALE (CA or collateral have ended, or the CA has not begun),
 * MALFORMED (`allowed` holds what is no name), LIMIT, SYSTEM.
 */
RATLS_MUST_USE ratls_code issue_ordinary(const ordinary_order *o, writer *out, ordinary_made *made,
                                         ratls_error *e);

#endif
