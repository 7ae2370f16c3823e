#include "count_signatures.h"

#include "crypto/crypto.h"

unsigned signatures_verified;

bool __real_crypto_verify(const crypto_key *key, crypto_sig alg, bytes data, bytes sig);
bool __wrap_crypto_verify(const crypto_key *key, crypto_sig alg, bytes data, bytes sig);
bool __real_crypto_verify_p256(const crypto_key *key, bytes data, bytes sig);
bool __wrap_crypto_verify_p256(const crypto_key *key, bytes data, bytes sig);

bool __wrap_crypto_verify(const crypto_key *key, crypto_sig alg, bytes data, bytes sig)
{
    signatures_verified++;
    return __real_crypto_verify(key, alg, data, sig);
}

bool __wrap_crypto_verify_p256(const crypto_key *key, bytes data, bytes sig)
{
    signatures_verified++;
    return __real_crypto_verify_p256(key, data, sig);
}
