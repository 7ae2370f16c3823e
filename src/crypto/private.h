#ifndef CRYPTO_PRIVATE_H
#define CRYPTO_PRIVATE_H

#include "base/writer.h"
#include "crypto/crypto.h"

/* What making evidence and certificates needs beside crypto.h: key pairs, signatures, randomness.
 */

/* A key pair, made once and used many times, by several threads at once. */
typedef struct crypto_private crypto_private;

typedef enum crypto_type { CRYPTO_P256, CRYPTO_P384, CRYPTO_RSA3072 } crypto_type;

/* A new one; NULL if the library fails. */
crypto_private *crypto_private_new(crypto_type type);
/* PKCS#8, SEC 1 or PKCS#1, without a passphrase. NULL unless it is a whole key pair of one of the
 * three types. */
crypto_private *crypto_private_from_pem(bytes pem);
/* P-256 from its 32 bytes, big-endian. NULL unless 0 < scalar < n. */
crypto_private *crypto_private_from_scalar(bytes scalar);
void crypto_private_free(crypto_private *key); /* NULL is fine */

crypto_type crypto_private_type(const crypto_private *key);
/* DER SubjectPublicKeyInfo, with a named curve and an uncompressed point. */
bool crypto_private_spki(const crypto_private *key, writer *w);
/* P-256: x||y. False for another type. */
bool crypto_private_point(const crypto_private *key, uint8_t point[64]);
/* PKCS#8 in PEM. The caller wipes the buffer. */
bool crypto_private_pem(const crypto_private *key, writer *w);

/* ECDSA P-256 with SHA-256: r||s, as in quotes and collateral. False for another type. */
bool crypto_sign_p256(const crypto_private *key, bytes data, uint8_t sig[64]);

/* The most that crypto_sign_x509 writes. */
#define CRYPTO_SIGNATURE_MAX 384

/* As in X.509, with the algorithm that crypto_private_algorithm tells. */
bool crypto_sign_x509(const crypto_private *key, bytes data, writer *sig);
/* P-256: ecdsa-with-SHA256; P-384: ecdsa-with-SHA384; RSA: sha256WithRSAEncryption. */
crypto_sig crypto_private_algorithm(const crypto_private *key);

bool crypto_random(uint8_t *out, size_t n);
/* Overwrites with zeros; no compiler leaves it out. */
void crypto_wipe(void *p, size_t n);

#endif
