#ifndef ISSUE_EXTENSIONS_H
#define ISSUE_EXTENSIONS_H

#include "base/error.h"
#include "issue/der_writer.h"
#include "x509/extension.h"

/* The extensions of a certificate to be made, in the order in which they are added. */
#define ISSUE_EXTENSIONS_MAX 16

typedef struct issue_extensions {
    extension all[ISSUE_EXTENSIONS_MAX];
    size_t n;
    writer values; /* a buffer of the caller's for the values that are made here */
} issue_extensions;

static inline issue_extensions issue_extensions_of(void *buffer, size_t cap)
{
    return (issue_extensions){.n = 0, .values = wr_of(buffer, cap)};
}

/* Any extension; `oid` (contents) and `value` are views and must outlive the list. */
void issue_add(issue_extensions *x, bytes oid, bool critical, bytes value);

/* Those of RFC 5280 4.2.1. basicConstraints and keyUsage are critical, the others not. */
void issue_add_basic_constraints(issue_extensions *x, bool ca, int path_len); /* -1: no limit */
void issue_add_key_usage(issue_extensions *x, unsigned usage); /* 1 << bit number, e.g.
                                                                  KEY_USAGE_DIGITAL_SIGNATURE */
void issue_add_server_and_client(issue_extensions *x); /* extKeyUsage: serverAuth, clientAuth */
void issue_add_subject_key_id(issue_extensions *x, bytes id);
void issue_add_authority_key_id(issue_extensions *x, bytes id);
void issue_add_crl_distribution_point(issue_extensions *x, bytes uri);
/* DNS names and IP addresses, text, n of them; "192.0.2.1" and "2001:db8::1" are addresses.
 * MALFORMED if one is neither. */
RATLS_MUST_USE ratls_code issue_add_subject_alt_names(issue_extensions *x, const char *const *names,
                                                      size_t n, ratls_error *e);

/* Extensions, the SEQUENCE: as in certificates and requests. */
void issue_put_extensions(writer *w, const issue_extensions *x);

/* A key identifier: the first 160 bits of SHA-256 over subjectPublicKey [RFC 7093 2 (1)]. False if
 * the crypto library fails. */
#define ISSUE_KEY_ID_SIZE 20
bool issue_key_id(bytes spki, uint8_t id[ISSUE_KEY_ID_SIZE]);

#endif
