#ifndef EVIDENCE_CLAIMS_H
#define EVIDENCE_CLAIMS_H

#include "base/error.h"
#include "base/writer.h"
#include "crypto/crypto.h"

/* The claims-buffer of the common format: a CBOR map of text keys and byte strings [RATLS]. */
#define CLAIMS_MAX 16

typedef struct claim {
    bytes name, value;
} claim;

typedef struct claims {
    crypto_hash hash_alg; /* of pubkey_hash */
    bytes pubkey_hash;    /* 32, 48 or 64 bytes */
    bool has_nonce;
    bytes nonce;
    size_t other_n; /* what the peer says beside, in the order of the buffer */
    claim other[CLAIMS_MAX];
} claims;

/*
 * Refused: no or two pubkey-hash, any key twice, empty map, more than CLAIMS_MAX claims, indefinite
 * lengths, trailing bytes after map or hash-entry, an unknown hash algorithm, a hash of another
 * length than its algorithm's.
 */
RATLS_MUST_USE ratls_code claims_parse(bytes buffer, claims *out, ratls_error *e);

/* The claims-buffer for a key; `nonce` may be empty (then there is none); `more` follow in their
 * order. */
void claims_write(writer *w, crypto_hash hash, bytes pubkey_hash, bytes nonce, const claim *more,
                  size_t more_n);

#endif
