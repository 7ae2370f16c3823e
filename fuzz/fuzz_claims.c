#include <stdlib.h>

#include "evidence/claims.h"

/* What is read can be written, and reads back the same. */
static void write_and_read_back(const claims *c)
{
    size_t cap = c->pubkey_hash.n + c->nonce.n + 64;
    uint8_t *out = malloc(cap);
    if (out == NULL)
        return;
    writer w = wr_of(out, cap);
    claims_write(&w, c->hash_alg, c->pubkey_hash, c->nonce, NULL, 0);
    claims again;
    if (!wr_ok(&w) || claims_parse(wr_bytes(&w), &again, NULL) != RATLS_OK ||
        again.hash_alg != c->hash_alg || !bytes_equal(again.pubkey_hash, c->pubkey_hash) ||
        !bytes_equal(again.nonce, c->nonce) || again.has_nonce != (c->nonce.n > 0) ||
        again.other_n != 0)
        abort();
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    claims c;
    ratls_error e = {0};
    ratls_code code = claims_parse(bytes_of(data, size), &c, &e);
    if (code == RATLS_OK)
        write_and_read_back(&c);
    else if (e.code != code || e.offset > size || e.text[0] == '\0')
        abort();
    return 0;
}
