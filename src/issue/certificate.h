#ifndef ISSUE_CERTIFICATE_H
#define ISSUE_CERTIFICATE_H

#include "crypto/private.h"
#include "issue/extensions.h"

/* An X.509 v3 certificate to be made [RFC 5280 4.1]. */
typedef struct issue_spec {
    bytes serial;          /* positive, big-endian, at most 20 bytes as an INTEGER */
    bytes issuer, subject; /* Name, with tag and length */
    int64_t not_before, not_after;
    bytes spki; /* SubjectPublicKeyInfo, with tag and length */
    const issue_extensions *extensions;
} issue_spec;

/* Bytes of DER that a certificate needs beside names, key, and values of extensions; with room for
 * any signature that is made here. */
#define ISSUE_CERTIFICATE_OVERHEAD 1024

/*
 * DER, signed with the signer's usual algorithm, appended to `out` (with room: out->out must not be
 * NULL). Errors: LIMIT (`out` is full), SYSTEM (the crypto library failed).
 */
RATLS_MUST_USE ratls_code issue_certificate(const issue_spec *spec, const crypto_private *signer,
                                            writer *out, ratls_error *e);

#define ISSUE_SERIAL_SIZE 16
/* 128 random bits, not all zero. False if the crypto library fails. */
bool issue_serial(uint8_t serial[ISSUE_SERIAL_SIZE]);

#endif
