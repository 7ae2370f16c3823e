#ifndef CRYPTO_CRYPTO_H
#define CRYPTO_CRYPTO_H

#include "base/bytes.h"

/*
 * The whole of cryptography that ratls uses, in terms of its needs. Not a general interface. One
 * file implements it per library, chosen at link time: openssl.c.
 */
typedef enum crypto_hash { CRYPTO_SHA256, CRYPTO_SHA384, CRYPTO_SHA512 } crypto_hash;

#define CRYPTO_HASH_MAX 64

static inline size_t crypto_hash_size(crypto_hash h)
{
    return h == CRYPTO_SHA256 ? 32 : h == CRYPTO_SHA384 ? 48 : 64;
}

/* Digest of n pieces in sequence. False only if the library fails (out of memory). */
bool crypto_digest(crypto_hash hash, const bytes *pieces, size_t n, uint8_t *out);

/* A public key, imported once and used many times, by several threads at once. */
typedef struct crypto_key crypto_key;

/* From x||y, 64 bytes. NULL if the point is not on P-256 or memory is out. */
crypto_key *crypto_key_from_p256(bytes point);
/*
 * The same at a fraction of the cost: the curve's parameters are copied from another P-256 key
 * instead of being looked up again (5 against 17 us with OpenSSL 3.0).
 */
crypto_key *crypto_key_like(const crypto_key *p256, bytes point);
/* From a DER SubjectPublicKeyInfo whose algorithm x509 has read. NULL if it is no valid key. */
crypto_key *crypto_key_from_spki(bytes spki);
/* Another reference to the same key, to be freed too; NULL if that fails. */
crypto_key *crypto_key_share(crypto_key *key);
void crypto_key_free(crypto_key *key); /* NULL is fine */

/* ECDSA P-256 with SHA-256 over `data`; sig is r||s, 64 bytes big-endian; 0 < r, s < n. */
bool crypto_verify_p256(const crypto_key *key, bytes data, bytes sig);

/* Signature algorithms of X.509 certificates. */
typedef enum crypto_sig {
    CRYPTO_SIG_NONE,
    CRYPTO_ECDSA_SHA256,
    CRYPTO_ECDSA_SHA384,
    CRYPTO_ECDSA_SHA512,
    CRYPTO_RSA_PKCS1_SHA256,
    CRYPTO_RSA_PKCS1_SHA384,
    CRYPTO_RSA_PKCS1_SHA512,
    CRYPTO_RSA_PSS_SHA256, /* MGF1 with the same hash, salt as long as the hash */
    CRYPTO_RSA_PSS_SHA384,
    CRYPTO_RSA_PSS_SHA512,
    CRYPTO_ED25519
} crypto_sig;

/* As in X.509: ECDSA signatures are DER. False also if key and algorithm do not fit. */
bool crypto_verify(const crypto_key *key, crypto_sig alg, bytes data, bytes sig);

/* The same over n pieces in sequence. False for Ed25519, which needs its data in one piece. */
bool crypto_verify_pieces(const crypto_key *key, crypto_sig alg, const bytes *pieces, size_t n,
                          bytes sig);

#endif
