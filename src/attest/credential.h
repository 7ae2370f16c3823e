#ifndef ATTEST_CREDENTIAL_H
#define ATTEST_CREDENTIAL_H

#include "base/bytes.h"
#include "ratls/attest.h"

/* What a credential is made of; all is copied, in one block. */
typedef struct credential_parts {
    bytes chain[2];
    bytes request;
    bytes key_pem;
    bytes quote;
    int64_t not_before, not_after;
} credential_parts;

/* With one reference; NULL if memory is out. */
ratls_credential *credential_new(const credential_parts *parts);

#endif
