#ifndef SUPPORT_KEY_MAKER_H
#define SUPPORT_KEY_MAKER_H

#include "arena.h"

typedef enum key_type { KEY_TYPE_P256, KEY_TYPE_P384, KEY_TYPE_P521, KEY_TYPE_RSA } key_type;

/*
 * The key of that name, which follows from it: the same in every run. RSA has 3072 bits. Keys live
 * until the program ends.
 */
EVP_PKEY *key_named(key_type type, const char *name);
/* An EC key from its private scalar; the caller frees it. */
EVP_PKEY *key_from_private(key_type type, bytes scalar);
EVP_PKEY *key_rsa(unsigned bits); /* of another size, a multiple of 16 */

bytes key_spki(EVP_PKEY *key);  /* DER SubjectPublicKeyInfo */
bytes key_point(EVP_PKEY *key); /* x||y of an EC key */
bytes key_pem(EVP_PKEY *key);   /* "BEGIN PUBLIC KEY", without NUL */
bytes key_private_pem(EVP_PKEY *key);
bytes key_pkcs1(EVP_PKEY *key); /* RSAPublicKey */
/* SubjectPublicKeyInfo of an EC key in forms that RFC 5480 forbids or discourages. */
bytes key_spki_explicit(EVP_PKEY *key);
bytes key_spki_compressed(EVP_PKEY *key);

/* ECDSA with the nonce of RFC 6979: the same key and data give the same signature. */
bytes sign_raw(EVP_PKEY *p256, bytes data);                  /* r||s over SHA-256 */
bytes sign_der(EVP_PKEY *key, const EVP_MD *md, bytes data); /* as in X.509 */

#endif
