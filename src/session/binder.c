#include "session/binder.h"

#include "crypto/crypto.h"
#include "evidence/claims.h"

void binder_claims(writer *w, const binder *b)
{
    claim more[3] = {{bytes_text("ratls-role"), bytes_text(b->server ? "server" : "client")}};
    size_t n = 1;
    if (b->exporter != NULL)
        more[n++] = (claim){bytes_text("ratls-exporter"), bytes_of(b->exporter, BINDER_EXPORTER)};
    more[n++] = (claim){bytes_text("ratls-transcript"), bytes_of(b->transcript, BINDER_HASH)};
    claims_write(w, CRYPTO_SHA256, bytes_of(b->key_hash, BINDER_HASH), b->nonce, more, n);
}

bool binder_begin(bytes client_hello, bytes server_hello, uint8_t transcript[BINDER_HASH])
{
    const bytes pieces[] = {bytes_text("ratls/1"), client_hello, server_hello};
    return crypto_digest(CRYPTO_SHA256, pieces, 3, transcript);
}

bool binder_go_on(bytes challenge, uint8_t transcript[BINDER_HASH])
{
    uint8_t before[BINDER_HASH];
    memcpy(before, transcript, sizeof before);
    const bytes pieces[] = {bytes_of(before, sizeof before), challenge};
    return crypto_digest(CRYPTO_SHA256, pieces, 2, transcript);
}
