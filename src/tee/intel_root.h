#ifndef TEE_INTEL_ROOT_H
#define TEE_INTEL_ROOT_H

#include "x509/chain.h"

/* The pinned trust anchor of Intel's PKI: by name and key. `key` is intel_root_key's and must
 * outlive it. */
anchor intel_root(const crypto_key *key);

/* A new key object, the caller's to free; NULL if memory is out. */
crypto_key *intel_root_key(void);

#endif
