#ifndef SIM_PARTY_H
#define SIM_PARTY_H

#include "crypto/private.h"
#include "ratls/result.h"
#include "x509/certificate.h"

/*
 * Those who hold a key in a simulated vendor's PKI, with their certificates, and their files:
 * root.pem and root-key.pem, and so on.
 */
typedef enum party_role {
    PARTY_ROOT,
    PARTY_CA,         /* PCK Platform CA */
    PARTY_TCB_SIGNER, /* TCB Signing */
    PARTY_PCK,        /* the platform */
    PARTIES
} party_role;

#define PARTY_DER_MAX 2048

typedef struct party {
    crypto_private *key;
    uint8_t der[PARTY_DER_MAX];
    size_t der_n;
    certificate cert; /* views into der: a party is not copied */
} party;

/* From which all keys of a vendor follow. Who makes one wipes it. */
typedef struct party_secret {
    uint8_t b[32];
} party_secret;

/* A seed of the user's, or, if it is empty, a random one. SYSTEM. */
RATLS_MUST_USE ratls_code party_secret_of(bytes seed, party_secret *out, ratls_error *e);
/* At most 32 bytes that follow from the secret and `name`. */
RATLS_MUST_USE bool party_derive(const party_secret *s, const char *name, uint8_t *out, size_t n);
/* The P-256 key of that name; NULL if the crypto library fails. */
crypto_private *party_derive_key(const party_secret *s, const char *name);

/*
 * Key and certificate of a party; `issuer` is NULL for the root, `pck` for all but the platform.
 * Certificates begin at `since`.
 */
RATLS_MUST_USE ratls_code party_make(party *p, party_role role, const party_secret *s,
                                     const party *issuer, const ratls_pck_facts *pck, int64_t since,
                                     ratls_error *e);

RATLS_MUST_USE ratls_code party_write(const party *p, party_role role, const char *dir,
                                      ratls_error *e);
/* Errors: MISSING, MALFORMED, UNTRUSTED (the key is not that of the certificate), SYSTEM. */
RATLS_MUST_USE ratls_code party_read(party *p, party_role role, const char *dir, ratls_error *e);

/* A key alone: NAME-key.pem. */
RATLS_MUST_USE ratls_code party_write_key(const crypto_private *key, const char *name,
                                          const char *dir, ratls_error *e);
RATLS_MUST_USE ratls_code party_read_key(crypto_private **key, const char *name, const char *dir,
                                         ratls_error *e);

void party_clear(party *p);

#endif
