#ifndef SUPPORT_JUDGE_H
#define SUPPORT_JUDGE_H

#include <openssl/x509.h>

#include "arena.h"

/* What tests of the makers ask OpenSSL. These fail the running test where they can't answer. */
#define assert_bytes(a, b) assert_true(bytes_equal(a, b))

/* All of `der` is one certificate; the caller frees it. */
X509 *x509_of(bytes der);
/* n bytes at `at`, which must be there. */
bytes part(bytes b, size_t at, size_t n);
uint64_t le_at(bytes b, size_t at, unsigned width);
/* ECDSA over SHA-256 with a key x||y and a signature r||s. */
bool verify_p256(bytes point, bytes data, bytes raw);
/* Contents of extnValue of the first extension with this OID, BYTES_NONE if absent; how many. */
bytes extension_value(const X509 *x, const char *oid);
int extension_count(const X509 *x, const char *oid);
/* Certificates that PEM text holds. */
size_t certificates_in(bytes pem);

#endif
